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

Nothing is ever deleted. A source whose import was wrong is *retracted*: what it has recorded so far
does not count from there on (`retractions`). Several processes may use one log: writers wait for
each other, readers for nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import InterfaceError, OperationalError

from journeys.application import TouchpointLog, explained
from journeys.batches import Appended, Batch, Compared, compare
from journeys.databases import environment_of, is_there, location_of
from journeys.definition_log import changed_definitions, histories_of, recorded_definitions
from journeys.errors import FencedError, LogError, NoLogError
from journeys.quarantine import Quarantined, Wanted, count_rejections, list_rejections
from journeys.recorders import Arrival, Cursor, SourceMovedError, SourceTracking, WantedTouchpoints
from journeys.records import (
    DefinitionRecorded,
    SourceRetracted,
    TouchpointRejected,
    recorded_moment,
)
from journeys.retractions import count_retractions, newest_retractions, record_retraction
from journeys.service import Service, ServiceHistory
from journeys.touchpoint import Touchpoint
from journeys.versions import kind_of, refuse_unknown

if TYPE_CHECKING:
    import polars as pl

    from journeys.standing import StandingSource

CHUNK_ROWS = 500_000
"""Touchpoints in one frame of `touchpoint_chunks`: about 150 MB."""

SOME_ROWS = 1_000
"""Touchpoints read to learn whether there are any."""


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

    def __init__(self, application: TouchpointLog, location: str) -> None:
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
            url: Path of its file, or `postgresql://user:password@host:port/name`.
            create: Make it where there is none; its folder, or the database, must exist.
            settings: Settings meant for the eventsourcing library: refused where dangerous, never
                used.

        Raises:
            NoLogError: There is none, and none is to be made.
            LogError: It cannot be opened, a setting is dangerous, or it was written by a newer
                release.
        """
        environment = environment_of(url, settings)
        location = location_of(environment)
        with explained(location):
            if not create and not is_there(environment):
                raise NoLogError(
                    f"log {location}: there is none. Hint: polku demo, or polku ingest first"
                )
            log = cls(TouchpointLog(environment), location)
        try:
            with log._reading() as c:
                refuse_unknown(log._recorder.kinds(c))
        except LogError:
            log.close()
            raise
        return log

    def close(self) -> None:
        """Let go of the database."""
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
        with explained(self.location):
            try:
                with self._recorder.writing() as c:
                    self._recorder.move_sources(c, map(_tracking_of, positions))
                    if positions:
                        batch.note_arrivals(self._recorder, c)
                    appended = batch.store(self._recorder, c)
            except SourceMovedError as moved:
                raise self._fenced(positions) from moved
            except (InterfaceError, OperationalError):
                # The answer to the commit was lost, perhaps not the commit: the positions tell.
                if appended is None or not self._stand_at(positions):
                    raise
        return appended

    def compare(self, touchpoints: Sequence[Touchpoint]) -> Compared:
        """Tell which touchpoints the log does not know, and store nothing."""
        with self._reading() as c:
            return compare(self._recorder, c, touchpoints)

    def position_of(self, name: str) -> int | None:
        """Look up where a source is to be read from next; None if it has not been read."""
        with explained(self.location):
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
        with explained(self.location):
            notifications = self._recorder.select_notifications(
                after, limit, until, inclusive_of_start=False
            )
            return [(n.id, self.application.mapper.to_domain_event(n)) for n in notifications]

    def read_touchpoints(
        self, *, after: int = 0, until: int | None = None, service: str | None = None
    ) -> "pl.DataFrame":
        """Read the touchpoints that stand as one frame, sorted by position.

        Args:
            after: Position to start behind.
            until: Last position; None is the head at the time of the call. What was retracted at or
                before it is left out.
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

        wanted = WantedTouchpoints(after, until, service=service)
        with explained(self.location):
            yield from read_chunks(self._recorder, wanted, rows=rows)

    def has_touchpoints(self, service: str) -> bool:
        """Tell whether a touchpoint of a service stands."""
        return any(True for _ in self.touchpoint_chunks(service=service, rows=SOME_ROWS))

    def sources(self, until: int | None = None) -> "list[StandingSource]":
        """Say what stands at a position (None: the head) of each source, by its name."""
        from journeys.standing import standing_sources  # noqa: PLC0415

        with explained(self.location):
            return standing_sources(self._recorder, until=until)

    def standing(self, source: str, until: int | None = None) -> "StandingSource":
        """Say what stands of one source at a position (None: the head).

        Raises:
            UnknownSourceError: The source has recorded no touchpoint.
            LogError: All it has recorded is retracted.
        """
        from journeys.standing import standing_source  # noqa: PLC0415

        with explained(self.location):
            return standing_source(self._recorder, source, until=until)

    def retract(self, source: str, *, recorded_at: datetime) -> int:
        """Record that what a source has recorded so far does not count from here on.

        Returns:
            The position of the retraction.

        Raises:
            UnknownSourceError: The source has recorded no touchpoint.
            LogError: All it has recorded is retracted already.
        """
        with self._reading() as c:
            version = 1 + count_retractions(self._recorder, c)[source]
        self.standing(source)  # looked up before the log is locked: it takes a while
        event = SourceRetracted(source=source, originator_version=version)
        with explained(self.location), self._recorder.writing() as c:
            return record_retraction(self._recorder, c, event, recorded_at=recorded_at)

    def retractions(self, after: int = 0, until: int | None = None) -> dict[str, int]:
        """The position of the newest retraction in (after, until] of each source that has one."""
        with self._reading() as c:
            return newest_retractions(self._recorder, c, after=after, until=until)

    def record_definitions(
        self, services: Mapping[str, Sequence[Service]], *, recorded_at: datetime
    ) -> int:
        """Record definitions that differ from the last one of their service and `valid_from`.

        Returns:
            How many those were.
        """
        with explained(self.location), self._recorder.writing() as c:
            recorded = recorded_definitions(self._recorder, c, self.application.mapper)
            rows = changed_definitions(recorded, services, recorded_at=recorded_at)
            if rows:
                self._recorder.note_kinds(c, {kind_of(DefinitionRecorded)})
            return self._recorder.insert_rows(c, rows)

    def definitions(self, until: int | None = None) -> dict[str, ServiceHistory]:
        """The definitions known at a position (None: the head), by service."""
        return histories_of(self._definition_events(until=until))

    def definition_changes(self, after: int, until: int) -> set[str]:
        """The services whose definition was recorded in (after, until]."""
        return {e.service for e in self._definition_events(after=after, until=until)}

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
            return _moment(self._recorder.newest_state(c))

    def recorded_at(self, position: int) -> datetime | None:
        """The moment of the first record at or after a position; None if there is none."""
        with self._reading() as c:
            return _moment(self._recorder.state_from(c, position))

    def arrivals(self) -> list[Arrival]:
        """The hours since 1970 UTC in which streams brought touchpoints, by source, sorted.

        Of each source the 28 days up to its last hour. What came out of files is not among them.
        """
        with self._reading() as c:
            return self._recorder.arrivals(c)

    def _definition_events(
        self, after: int = 0, until: int | None = None
    ) -> list[DefinitionRecorded]:
        mapper = self.application.mapper
        with self._reading() as c:
            return recorded_definitions(self._recorder, c, mapper, after=after, until=until)

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        with explained(self.location), self._recorder.reading() as c:
            yield c

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


def _tracking_of(position: SourcePosition) -> SourceTracking:
    return SourceTracking(position.name, position.next, expected=position.expected)


def _words(position: int | None) -> str:
    return "no position" if position is None else str(position)


def _moment(state: bytes | None) -> datetime | None:
    return None if state is None else recorded_moment(state)
