"""Where events are kept, and how a batch gets in whole or not at all.

The eventsourcing library's recorder of a database, with these differences:

* **The fence.** A source's position is moved by compare-and-swap, in the transaction of the events
  read from it. The library's own tracking only refuses to go back, so that a writer that has lost
  its source could store everything twice.
* **A writing transaction begins with the write lock**: what it reads before it writes still holds,
  and the order of positions is the order of commits, so that no reader passes an event by.
* **Rows by the thousand**: one statement for a batch, streams that exist left alone.

A committed batch survives `kill -9` and a power cut; a batch cut short leaves nothing.

All SQL of the log is in the classes that make a `LogRecorder` of one kind of database:
`sqlite_recorder` and `postgres_recorder`.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from eventsourcing.persistence import IntegrityError, ProcessRecorder, StoredEvent, Tracking

from journeys.rows import Row
from journeys.versions import Kind

Cursor = Any
"""A database's own cursor; its rows can be taken apart as tuples."""

Arrival = tuple[str, int]
"""A source of touchpoints, and an hour since 1970 UTC in which a stream brought something of it."""

ARRIVAL_HOURS = 28 * 24
"""How far back arrivals are told, from the last one of each source."""

TIMED_TOPICS = ("touchpoint", "rejection", "resolution", "definition", "retraction", "gap")
"""Events that say when they were recorded: all but those of the library's aggregates."""


@dataclass(frozen=True)
class SourceTracking(Tracking):
    """A source's next position, with the one its batch was read from.

    Attributes:
        expected: The position the source must still have; None if it must have none yet.
    """

    expected: int | None = None


class SourceMovedError(IntegrityError):
    """A source's position is not the one its batch was read from."""


class FencedRecorder:
    """Mixin for a process recorder: `insert_events(..., trackings=[SourceTracking(...), ...])`.

    It overrides underscore methods of the library, because no others are within the transaction;
    tests assert that they are called.
    """

    move_source: str
    begin_source: str
    select_sources: str

    def move_sources(self, c: Cursor, trackings: Iterable[SourceTracking]) -> None:
        """Move the positions of sources, by name: so two writers wait for each other in turn.

        Raises:
            SourceMovedError: One is not where it was expected.
        """
        for tracking in sorted(trackings, key=lambda tracking: tracking.application_name):
            self._insert_tracking(c, tracking)

    def source_positions(self, c: Cursor, prefix: str) -> dict[str, int]:
        """The position of every source whose name begins so."""
        c.execute(self.select_sources, {"prefix": prefix})
        return dict(c.fetchall())

    def _insert_tracking(self, c: Cursor, tracking: Tracking) -> None:
        if not isinstance(tracking, SourceTracking):
            super()._insert_tracking(c, tracking)  # type: ignore[misc]
            return
        c.execute(
            self.begin_source if tracking.expected is None else self.move_source,
            {
                "application_name": tracking.application_name,
                "notification_id": tracking.notification_id,
                "expected": tracking.expected,
            },
        )
        if c.fetchone() is None:
            raise SourceMovedError(f"fenced: {tracking}")

    def _insert_events(
        self,
        c: Cursor,
        stored_events: Sequence[StoredEvent],
        *,
        trackings: Iterable[SourceTracking] = (),
        **kwargs: Any,  # noqa: ANN401 - the library's own arguments
    ) -> Sequence[int] | None:
        self.move_sources(c, trackings)
        ids: Sequence[int] | None = super()._insert_events(c, stored_events, **kwargs)  # type: ignore[misc]
        return ids


class PlacedEvent(NamedTuple):
    """An event with its place in the log.

    Attributes:
        position: Its place.
        followed: Whether its stream goes on.
        stored: The event as the library knows it.
    """

    position: int
    followed: bool
    stored: StoredEvent


class WantedTouchpoints(NamedTuple):
    """Which touchpoints to read.

    Attributes:
        after: Those behind this position.
        until: Those up to this position; None is the head.
        source: Those of this source; None is any.
        service: Those of this service; None is any.
    """

    after: int = 0
    until: int | None = None
    source: str | None = None
    service: str | None = None


class Lines(NamedTuple):
    """Events by the thousand.

    Attributes:
        states: One state a line, JSON.
        positions: Of each line.
    """

    states: bytes
    positions: list[int]


class LogRecorder(ProcessRecorder):
    """What the log needs of a database, beside the library's own methods.

    Methods that take a cursor are called within `writing()` or `reading()`, one transaction each.
    """

    @abstractmethod
    def writing(self) -> AbstractContextManager[Cursor]:
        """One transaction that holds the write lock from its beginning."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Cursor]:
        """One transaction that sees one state of the log, whoever writes meanwhile."""

    @abstractmethod
    def move_sources(self, c: Cursor, trackings: Iterable[SourceTracking]) -> None:
        """Move the positions of sources; see `FencedRecorder`."""

    @abstractmethod
    def source_positions(self, c: Cursor, prefix: str) -> dict[str, int]:
        """The position of every source whose name begins so; see `FencedRecorder`."""

    @abstractmethod
    def insert_rows(self, c: Cursor, rows: Sequence[Row]) -> int:
        """Insert the rows whose (stream, version) is new; return how many those were."""

    @abstractmethod
    def insert_touchpoints(self, c: Cursor, rows: Sequence[Row]) -> int:
        """Insert touchpoints, as `insert_rows` does."""

    @abstractmethod
    def note_kinds(self, c: Cursor, kinds: Iterable[Kind]) -> None:
        """Remember which kinds of events the log holds."""

    @abstractmethod
    def kinds(self, c: Cursor) -> set[Kind]:
        """Every kind of event the log holds."""

    @abstractmethod
    def note_arrivals(self, c: Cursor, sources: Iterable[str], hour: int) -> None:
        """Remember that a stream brought something of these sources in an hour since 1970 UTC."""

    @abstractmethod
    def arrivals(self, c: Cursor) -> list[Arrival]:
        """The hours of each source up to its last one, sorted; `ARRIVAL_HOURS` at most."""

    @abstractmethod
    def head(self, c: Cursor) -> int:
        """The newest position, 0 if there is none."""

    @abstractmethod
    def states(self, c: Cursor, versions: Mapping[str, int], *, until: int) -> dict[str, bytes]:
        """The states of given streams at a version each, recorded at or before a position."""

    @abstractmethod
    def rare_events(
        self, c: Cursor, topic: str, *, after: int = 0, until: int | None = None
    ) -> list[PlacedEvent]:
        """Events of one kind other than touchpoints, in order; they have an index of their own."""

    @abstractmethod
    def touchpoint_lines(self, c: Cursor, wanted: WantedTouchpoints, *, limit: int) -> Lines:
        """The first of the touchpoints wanted, at most `limit`, retracted or not."""

    @abstractmethod
    def state_from(self, c: Cursor, position: int) -> bytes | None:
        """The state of the first record at or after a position."""

    @abstractmethod
    def newest_state(self, c: Cursor) -> bytes | None:
        """The state of the newest record."""


def words_in_state(field: bytes, value: str | None) -> bytes | None:
    """What stands in a state at this field alone: quotation marks within values are escaped."""
    return None if value is None else b'"%b":%b,' % (field, msgspec.json.encode(value))
