"""Where events are kept, and how a batch gets in whole or not at all.

The eventsourcing library's SQLite recorder, with four differences:

* **The fence.** A source's position is moved by compare-and-swap, in the transaction of the events
  read from it. The library's own tracking only refuses to go back, so that a writer that has lost
  its source could store everything twice.
* **A writing transaction begins with the write lock**: what it reads before it writes still holds.
* **Positions are for ever**: a declared key, which VACUUM leaves alone; and no row can be deleted,
  for its position would be given to another.
* **Rows by the thousand**: one statement for a batch, streams that exist left alone. SQLite works
  through it without Python's lock, so that another thread can decode the next batch meanwhile.

Durability is the database's own: a write-ahead log, synchronous=FULL. A committed batch survives
`kill -9` and a power cut; a batch cut short leaves nothing.

All SQL of the log is in `SQLiteLogRecorder`; a database of another make gets a class like it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from eventsourcing.sqlite import SQLiteDatastore, SQLiteProcessRecorder

from journeys.datastores import SQLiteLogDatastore
from journeys.errors import LogError
from journeys.rows import Row
from journeys.versions import Kind, class_version_of

Cursor = Any
"""A database's own cursor; on SQLite a `LogCursor`."""


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

    def move_sources(self, c: Cursor, trackings: Iterable[SourceTracking]) -> None:
        """Move the positions of sources, by name: so two writers wait for each other in turn.

        Raises:
            SourceMovedError: One is not where it was expected.
        """
        for tracking in sorted(trackings, key=lambda tracking: tracking.application_name):
            self._insert_tracking(c, tracking)

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


class SQLiteLogRecorder(FencedRecorder, SQLiteProcessRecorder):
    """The fenced recorder on SQLite.

    Methods that take a cursor are called within `writing()` or `reading()`, one transaction each.
    """

    # A column that is really called rowid is what the library's statements select.
    create_statements = (
        (
            "CREATE TABLE stored_events ("
            "rowid INTEGER PRIMARY KEY, "
            "originator_id TEXT NOT NULL, "
            "originator_version INTEGER NOT NULL, "
            "topic TEXT NOT NULL, "
            "state BLOB NOT NULL, "
            "UNIQUE (originator_id, originator_version))"
        ),
        (
            "CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON stored_events "
            "BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END"
        ),
        "CREATE INDEX rare_events ON stored_events (topic) WHERE topic <> 'touchpoint'",
        (
            "CREATE TABLE event_kind ("
            "topic TEXT, class_version INTEGER, PRIMARY KEY (topic, class_version)) WITHOUT ROWID"
        ),
    )
    insert_event = (
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
        "VALUES (?,?,?,?)"
    )
    # A batch in one call; with a call for each row, two threads would hand Python's lock to each
    # other at every one. Streams come as the names in a JSON object, each with the place of its
    # state in one long value: offset and length, 31 bits each.
    insert_many = (
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
        "SELECT key, :version, 'touchpoint', substr(:states, value >> 31, value & 2147483647) "
        "FROM json_each(:places) WHERE true ON CONFLICT DO NOTHING"
    )
    begin_source = (
        "INSERT INTO tracking VALUES (:application_name, :notification_id) "
        "ON CONFLICT DO NOTHING RETURNING notification_id"
    )
    move_source = (
        "UPDATE tracking SET notification_id=:notification_id "
        "WHERE application_name=:application_name AND notification_id=:expected "
        "RETURNING notification_id"
    )
    # The index of the rare events is found by the very words it was made with.
    select_rare = (
        "SELECT rowid, originator_id, originator_version, state, EXISTS ("
        "SELECT 1 FROM stored_events later WHERE later.originator_id=event.originator_id "
        "AND later.originator_version>event.originator_version) "
        "FROM stored_events event "
        "WHERE topic <> 'touchpoint' AND topic=? AND rowid>? AND rowid<=? ORDER BY rowid"
    )
    # CROSS JOIN: each of the given streams is looked up, never the table gone through.
    select_states = (
        "SELECT key, state FROM json_each(:versions) CROSS JOIN stored_events event "
        "ON event.originator_id=key AND event.originator_version=value "
        "WHERE event.rowid<=:until"
    )
    # One text of many rows, so that Python makes one object for all of them.
    select_lines = (
        "SELECT CAST(group_concat(CAST(state AS TEXT), char(10)) AS BLOB), "
        "CAST(group_concat(rowid) AS BLOB) FROM ("
        "SELECT rowid, state FROM stored_events WHERE rowid>:after AND rowid<=:until "
        "AND topic='touchpoint' AND (:source IS NULL OR instr(state, :source)) "
        "AND (:service IS NULL OR instr(state, :service)) "
        "ORDER BY rowid LIMIT :limit)"
    )
    select_state_from = (
        "SELECT state FROM stored_events "
        "WHERE topic IN ('touchpoint', 'rejection', 'resolution', 'definition', 'retraction', "
        "'gap') AND rowid>=? ORDER BY rowid LIMIT 1"
    )
    select_newest_state = (
        "SELECT state FROM stored_events "
        "WHERE topic IN ('touchpoint', 'rejection', 'resolution', 'definition', 'retraction', "
        "'gap') ORDER BY rowid DESC LIMIT 1"
    )

    def __init__(self, datastore: SQLiteDatastore) -> None:
        if not isinstance(datastore, SQLiteLogDatastore):
            raise LogError(
                "log recorder: a plain SQLiteDatastore begins transactions without the write lock "
                "and gives up after 5 s. Hint: SQLiteLogDatastore"
            )
        super().__init__(datastore)
        self.insert_events_statement = self.insert_event

    def construct_create_table_statements(self) -> list[str]:
        """Replace the library's events table; its tracking table stays."""
        _, tracking = super().construct_create_table_statements()
        return [*self.create_statements, tracking]

    def create_table(self) -> None:
        """Create the tables once: a reader need not wait for a writer to learn that they exist."""
        with self.reading() as c:
            if self._has_tables(c):
                return
        with self.writing() as c:
            if not self._has_tables(c):  # another process may have been quicker
                self._create_table(c)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """One transaction that holds the write lock from its beginning."""
        with self.datastore.transaction(commit=True) as c:
            yield c

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """One transaction that sees one state of the log, whoever writes meanwhile."""
        with self.datastore.transaction(commit=False) as c:
            yield c

    def insert_rows(self, c: Cursor, rows: Sequence[Row]) -> int:
        """Insert the rows whose (stream, version) is new; return how many those were."""
        if not rows:
            return 0
        c.executemany(f"{self.insert_event} ON CONFLICT DO NOTHING", rows)
        return int(c.rowcount)

    def insert_touchpoints(self, c: Cursor, rows: Sequence[Row]) -> int:
        """Insert touchpoints, as `insert_rows` does."""
        return sum(
            self._insert_alike(c, list(alike), version)
            for version, alike in groupby(rows, key=itemgetter(1))  # nearly always one
        )

    def note_kinds(self, c: Cursor, kinds: Iterable[Kind]) -> None:
        """Remember which kinds of events the log holds."""
        c.executemany("INSERT INTO event_kind VALUES (?,?) ON CONFLICT DO NOTHING", sorted(kinds))

    def kinds(self, c: Cursor) -> set[Kind]:
        """Every kind of event the log holds."""
        c.execute("SELECT topic, class_version FROM event_kind")
        return {(topic, version) for topic, version in c.fetchall()}

    def head(self, c: Cursor) -> int:
        """The newest position, 0 if there is none."""
        return self._max_notification_id(c) or 0

    def states(self, c: Cursor, versions: Mapping[str, int], *, until: int) -> dict[str, bytes]:
        """The states of given streams at a version each, recorded at or before a position."""
        c.execute(
            self.select_states,
            {"versions": msgspec.json.encode(versions).decode(), "until": until},
        )
        return dict(c.fetchall())

    def rare_events(
        self, c: Cursor, topic: str, *, after: int = 0, until: int | None = None
    ) -> list[PlacedEvent]:
        """Events of one kind other than touchpoints, in order; they have an index of their own."""
        c.execute(self.select_rare, (topic, after, self.head(c) if until is None else until))
        return [
            PlacedEvent(position, bool(followed), StoredEvent(UUID(stream), version, topic, state))
            for position, stream, version, state, followed in c.fetchall()
        ]

    def touchpoint_lines(self, c: Cursor, wanted: WantedTouchpoints, *, limit: int) -> Lines:
        """The first of the touchpoints wanted, at most `limit`, retracted or not."""
        c.execute(
            self.select_lines,
            {
                "after": wanted.after,
                "until": self.head(c) if wanted.until is None else wanted.until,
                "source": _words(b"source", wanted.source),
                "service": _words(b"service", wanted.service),
                "limit": limit,
            },
        )
        states, positions = c.fetchone()
        return Lines(states or b"", _decode_positions(b"[%b]" % (positions or b"")))

    def state_from(self, c: Cursor, position: int) -> bytes | None:
        """The state of the first record at or after a position."""
        c.execute(self.select_state_from, (position,))
        return _only(c.fetchone())

    def newest_state(self, c: Cursor) -> bytes | None:
        """The state of the newest record."""
        c.execute(self.select_newest_state)
        return _only(c.fetchone())

    def _insert_alike(self, c: Cursor, rows: Sequence[Row], version: int) -> int:
        states = [state for _, _, _, state in rows]
        offsets = accumulate(map(len, states), initial=1)
        places = ",".join(
            f'"{row[0]}":{offset << 31 | len(row[3])}'
            for row, offset in zip(rows, offsets, strict=False)
        )
        c.execute(
            self.insert_many,
            {"version": version, "states": b"".join(states), "places": f"{{{places}}}"},
        )
        return int(c.rowcount)

    def _has_tables(self, c: Cursor) -> bool:
        c.execute("SELECT 1 FROM sqlite_master WHERE name='event_kind'")
        return c.fetchone() is not None

    def _insert_events(
        self,
        c: Cursor,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ANN401 - the library's own arguments
    ) -> Sequence[int] | None:
        ids = super()._insert_events(c, stored_events, **kwargs)
        self.note_kinds(c, {(e.topic, class_version_of(e.state)) for e in stored_events})
        return ids


_decode_positions = msgspec.json.Decoder(list[int]).decode


def _words(field: bytes, value: str | None) -> bytes | None:
    """What stands in a state at this field alone: quotation marks within values are escaped."""
    return None if value is None else b'"%b":%b,' % (field, msgspec.json.encode(value))


def _only(row: Sequence[bytes] | None) -> bytes | None:
    return None if row is None else row[0]
