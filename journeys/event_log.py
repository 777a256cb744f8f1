"""The log: the one truth, which only grows.

```python
with EventLog.open("polku-data/log.db") as log:
    position = SourcePosition("file:a.jsonl", next=500, expected=None)
    log.append_batch(touchpoints, recorded_at=now, positions=[position])
    frame = log.read_touchpoints()
```

A *position* is an event's place in the log. A *batch* is all or nothing: touchpoints, rejections,
and the positions of the sources they came from. A touchpoint is its own stream (`records`), so a
second copy has no place to go: it is dropped and counted, whoever brings it and however late. If a
second message with a touchpoint's identity says something else, the first stands, and the second is
put down as a rejection with the reason `conflict`.

Nothing is ever deleted. Several processes may use one log: writers wait for each other, readers for
nobody.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, cast
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    Mapper,
    OperationalError,
    PersistenceError,
    ProcessRecorder,
)
from eventsourcing.utils import Environment, EnvType

from journeys.batches import Appended, Batch
from journeys.databases import environment_of
from journeys.definition_log import changed_definitions, histories_of
from journeys.errors import FencedError, LogError
from journeys.quarantine import Quarantined, Wanted, count_rejections, list_rejections
from journeys.recorders import Cursor, SourceMovedError, SourceTracking, SQLiteLogRecorder
from journeys.records import DefinitionRecorded, TouchpointRejected, moment_of
from journeys.service import Service, ServiceHistory
from journeys.touchpoint import Touchpoint
from journeys.versions import CarefulMapper, kind_of, refuse_unknown

if TYPE_CHECKING:
    import polars as pl

CHUNK_ROWS = 500_000
"""Touchpoints in one frame of `touchpoint_chunks`: about 150 MB."""


class SourcePosition(NamedTuple):
    """Where a source has been read to.

    Attributes:
        name: The source and its part, e.g. `file:touchpoints.jsonl`.
        next: The position to read from next, once the batch is stored.
        expected: The position the batch was read from; None if the log has none yet.
    """

    name: str
    next: int
    expected: int | None


class EventLog:
    """The log, opened. A context manager; the threads of a process may share one."""

    def __init__(self, application: "TouchpointLog", location: str) -> None:
        self.application = application
        self.location = location
        self._recorder = application.recorder

    @classmethod
    def open(
        cls,
        url: str | Path,
        *,
        create: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> Self:
        """Open the log.

        Args:
            url: Path of its file, or `sqlite:///` and the path.
            create: Make it where there is none; its folder must exist.
            settings: Settings meant for the eventsourcing library: refused where dangerous, never
                used.

        Raises:
            LogError: It cannot be opened, a setting is dangerous, or it was written by a newer
                release.
        """
        environment = environment_of(url, settings)
        location = environment["SQLITE_DBNAME"]
        if not create and not Path(location).exists():
            raise LogError(
                f"log {location}: there is none. Hint: polku demo, or polku ingest first"
            )
        with _explained(location):
            log = cls(TouchpointLog(environment), location)
        try:
            with log._reading() as c:
                refuse_unknown(log._recorder.kinds(c))
        except LogError:
            log.close()
            raise
        return log

    def close(self) -> None:
        """Let go of the file."""
        self.application.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def append_batch(
        self,
        touchpoints: Sequence[Touchpoint],
        rejections: Sequence[TouchpointRejected] = (),
        *,
        recorded_at: datetime,
        positions: Sequence[SourcePosition] = (),
        coordinates: Sequence[tuple[str, int, str]] = (),
    ) -> Appended:
        """Record a batch, all or nothing.

        Args:
            touchpoints: In the order they arrived: of two with one identity the first is kept.
            rejections: What could not be read; their `recorded_at` is set here.
            recorded_at: The moment of recording, aware.
            positions: Positions of the sources, moved in the same transaction.
            coordinates: Origin, place and keyed digest of each touchpoint, parallel to
                `touchpoints`, for those that turn out to conflict. Without it: its source, 0 and a
                digest of its content.

        Raises:
            FencedError: A source is not where it was expected; nothing was stored.
            LogError: The batch could not be stored. Nothing of it was, or it is not known; either
                way it is safe to give it again.
        """
        batch = Batch(touchpoints, rejections, recorded_at=recorded_at, coordinates=coordinates)
        return self.append(batch, positions=positions)

    def append(self, batch: Batch, *, positions: Sequence[SourcePosition] = ()) -> Appended:
        """Record a batch that is encoded already, as `append_batch` does."""
        appended: Appended | None = None
        with _explained(self.location):
            try:
                with self._recorder.writing() as c:
                    self._recorder.move_sources(c, map(_tracking_of, positions))
                    appended = batch.store(self._recorder, c)
            except SourceMovedError as moved:
                raise self._fenced(positions) from moved
            except OperationalError:
                # The answer to the commit was lost, perhaps not the commit: the positions tell.
                if appended is None or not self._stand_at(positions):
                    raise
        return appended

    def position_of(self, name: str) -> int | None:
        """Look up where a source is to be read from next; None if it has not been read."""
        with _explained(self.location):
            return self._recorder.max_tracking_id(name)

    def head(self) -> int:
        """Look up the newest position; 0 if nothing is recorded."""
        with self._reading() as c:
            return self._recorder.head(c)

    def read(
        self, after: int = 0, limit: int = 1000, *, until: int | None = None
    ) -> list[tuple[int, DomainEventProtocol[UUID]]]:
        """Read events with their positions, in order, through the library's mapper.

        Raises:
            LogError: An event is newer than this release.
        """
        with _explained(self.location):
            notifications = self._recorder.select_notifications(
                after, limit, until, inclusive_of_start=False
            )
            return [(n.id, self.application.mapper.to_domain_event(n)) for n in notifications]

    def read_touchpoints(
        self, *, after: int = 0, until: int | None = None, service: str | None = None
    ) -> "pl.DataFrame":
        """Read touchpoints as one frame, sorted by position.

        Args:
            after: Position to start behind.
            until: Last position; None is the head at the time of the call.
            service: Key of a service; None is all of them.

        Returns:
            `position, source, id, service, occurred_at, name, channel, error, case, person,
            attributes`; `case` and `person` may be null.
        """
        import polars as pl  # noqa: PLC0415 - `polku --help` must not wait for polars

        from journeys.touchpoint_frame import empty_frame  # noqa: PLC0415

        chunks = self.touchpoint_chunks(after=after, until=until, service=service)
        return pl.concat([empty_frame(), *chunks])

    def touchpoint_chunks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        service: str | None = None,
        rows: int = CHUNK_ROWS,
    ) -> "Iterator[pl.DataFrame]":
        """Read touchpoints as frames of at most `rows`, in one snapshot; see `read_touchpoints`."""
        from journeys.touchpoint_frame import read_chunks  # noqa: PLC0415

        with _explained(self.location):
            yield from read_chunks(
                self._recorder, after=after, until=until, service=service, rows=rows
            )

    def record_definitions(
        self, services: Mapping[str, Sequence[Service]], *, recorded_at: datetime
    ) -> int:
        """Record definitions that differ from the last one of their service and `valid_from`.

        Returns:
            How many those were.
        """
        with _explained(self.location), self._recorder.writing() as c:
            recorded = self._definition_events(c)
            rows = changed_definitions(recorded, services, recorded_at=recorded_at)
            if rows:
                self._recorder.note_kinds(c, {kind_of(DefinitionRecorded)})
            return self._recorder.insert_rows(c, rows)

    def definitions(self, until: int | None = None) -> dict[str, ServiceHistory]:
        """The definitions known at a position (None: the head), by service."""
        with self._reading() as c:
            return histories_of(self._definition_events(c, until=until))

    def definition_changes(self, after: int, until: int) -> set[str]:
        """The services whose definition was recorded in (after, until]."""
        with self._reading() as c:
            return {e.service for e in self._definition_events(c, after=after, until=until)}

    def rejections(
        self,
        *,
        reason: str | None = None,
        service: str | None = None,
        since: datetime | None = None,
        unresolved: bool = False,
    ) -> list[Quarantined]:
        """List rejections in the order of recording.

        Args:
            reason: Only those with this reason.
            service: Only those of this service, `""` for those without one.
            since: Only those recorded at or after this moment.
            unresolved: Leave out those that have been settled since.
        """
        with self._reading() as c:
            return list_rejections(self._recorder, c, Wanted(reason, service, since, unresolved))

    def count_rejections(
        self, *, service: str | None = None, since: datetime | None = None, unresolved: bool = False
    ) -> dict[str, int]:
        """Count rejections by reason, the most frequent first; arguments as in `rejections`."""
        with self._reading() as c:
            return count_rejections(self._recorder, c, Wanted(None, service, since, unresolved))

    def newest_recorded_at(self) -> datetime | None:
        """The moment of the newest record; None if there is none."""
        with self._reading() as c:
            return _recorded_at(self._recorder.newest_state(c))

    def recorded_at(self, position: int) -> datetime | None:
        """The moment of the first record at or after a position; None if there is none."""
        with self._reading() as c:
            return _recorded_at(self._recorder.state_from(c, position))

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        with _explained(self.location), self._recorder.reading() as c:
            yield c

    def _definition_events(
        self, c: Cursor, *, after: int = 0, until: int | None = None
    ) -> list[DefinitionRecorded]:
        placed = self._recorder.rare_events(c, DefinitionRecorded.TOPIC, after=after, until=until)
        return [
            cast(DefinitionRecorded, self.application.mapper.to_domain_event(p.stored))
            for p in placed
        ]

    def _stand_at(self, positions: Sequence[SourcePosition]) -> bool:
        return bool(positions) and all(self.position_of(p.name) == p.next for p in positions)

    def _fenced(self, positions: Sequence[SourcePosition]) -> FencedError:
        found = [(p, self.position_of(p.name)) for p in positions]
        moved = "; ".join(
            f"source {p.name!r} is at {_words(at)} instead of {_words(p.expected)}"
            for p, at in found
            if at != p.expected
        )
        return FencedError(
            f"batch refused by {self.location}: {moved}. Nothing of it was stored: another writer "
            "was first. Hint: go on from the position in the log"
        )


class TouchpointLog(Application[UUID]):
    """The library's application on the log; people's decisions are its aggregates."""

    recorder: SQLiteLogRecorder

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Take the given settings alone: only `delivery` reads the environment."""
        return Environment(name, env)

    def construct_mapper(self) -> Mapper[UUID]:
        """Use the mapper that refuses newer events."""
        return CarefulMapper(self.construct_transcoder())

    def construct_recorder(self) -> ProcessRecorder:
        """Use a recorder that keeps source positions."""
        return self.factory.process_recorder()


def _tracking_of(position: SourcePosition) -> SourceTracking:
    return SourceTracking(position.name, position.next, expected=position.expected)


def _words(position: int | None) -> str:
    return "no position" if position is None else str(position)


class _Timed(msgspec.Struct):
    recorded_at: int


def _recorded_at(state: bytes | None) -> datetime | None:
    return None if state is None else moment_of(msgspec.json.decode(state, type=_Timed).recorded_at)


_HINTS = {
    "locked": "another process has held the log for long; try again once it is done",
    "full": "free some space and run it again; nothing of the batch was stored",
    "readonly": "the file and its folder must be writable",
    "unable to open": "the folder must exist and be readable",
    "not a database": "name a file that Polku made, or a new one",
}


@contextmanager
def _explained(location: str) -> Iterator[None]:
    try:
        yield
    except (PersistenceError, sqlite3.Error) as error:
        why = str(error)
        hint = next(
            (hint for word, hint in _HINTS.items() if word in why), "polku status tells more"
        )
        raise LogError(f"log {location}: {why}. Hint: {hint}") from error
