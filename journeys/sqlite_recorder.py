"""The log in an SQLite file.

The eventsourcing library's SQLite recorder, with what `recorders` says, and two differences more:

* **Positions are for ever**: a declared key, which VACUUM leaves alone; and no row can be deleted,
  for its position would be given to another.
* **A batch is one statement**: SQLite works through it without Python's lock, so that another
  thread can decode the next batch meanwhile.

Durability is the database's own: a write-ahead log, synchronous=FULL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteDatastore, SQLiteProcessRecorder

from journeys.datastores import SQLiteLogDatastore
from journeys.errors import LogError
from journeys.recorders import (
    ARRIVAL_HOURS,
    Arrival,
    Cursor,
    FencedRecorder,
    Lines,
    LogRecorder,
    PlacedEvent,
    WantedTouchpoints,
    words_in_state,
)
from journeys.rows import Row
from journeys.versions import Kind, class_version_of


class SQLiteLogRecorder(FencedRecorder, LogRecorder, SQLiteProcessRecorder):
    """The fenced recorder on SQLite."""

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
    # Made when first written to: a log of before it has none, and reads as if nothing had arrived.
    create_arrivals = (
        "CREATE TABLE IF NOT EXISTS stream_arrival ("
        "source TEXT, hour INTEGER, PRIMARY KEY (source, hour)) WITHOUT ROWID"
    )
    select_arrivals = (
        "SELECT source, hour FROM stream_arrival JOIN ("
        "SELECT source, max(hour) AS last FROM stream_arrival GROUP BY source) USING (source) "
        "WHERE hour > last - ? ORDER BY source, hour"
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
    select_sources = (
        "SELECT application_name, notification_id FROM tracking "
        "WHERE substr(application_name, 1, length(:prefix)) = :prefix"
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
            if self._has_table(c, "event_kind"):
                return
        with self.writing() as c:
            if not self._has_table(c, "event_kind"):  # another process may have been quicker
                self._create_table(c)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self.datastore.transaction(commit=True) as c:
            yield c

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self.datastore.transaction(commit=False) as c:
            yield c

    def insert_rows(self, c: Cursor, rows: Sequence[Row]) -> int:
        if not rows:
            return 0
        c.executemany(f"{self.insert_event} ON CONFLICT DO NOTHING", rows)
        return int(c.rowcount)

    def insert_touchpoints(self, c: Cursor, rows: Sequence[Row]) -> int:
        return sum(
            self._insert_alike(c, list(alike), version)
            for version, alike in groupby(rows, key=itemgetter(1))  # nearly always one
        )

    def note_kinds(self, c: Cursor, kinds: Iterable[Kind]) -> None:
        c.executemany("INSERT INTO event_kind VALUES (?,?) ON CONFLICT DO NOTHING", sorted(kinds))

    def kinds(self, c: Cursor) -> set[Kind]:
        c.execute("SELECT topic, class_version FROM event_kind")
        return {(topic, version) for topic, version in c.fetchall()}

    def note_arrivals(self, c: Cursor, sources: Iterable[str], hour: int) -> None:
        c.execute(self.create_arrivals)
        c.executemany(
            "INSERT INTO stream_arrival VALUES (?,?) ON CONFLICT DO NOTHING",
            [(source, hour) for source in sorted(sources)],
        )

    def arrivals(self, c: Cursor) -> list[Arrival]:
        if not self._has_table(c, "stream_arrival"):
            return []
        c.execute(self.select_arrivals, (ARRIVAL_HOURS,))
        return [(source, hour) for source, hour in c.fetchall()]

    def head(self, c: Cursor) -> int:
        return self._max_notification_id(c) or 0

    def states(self, c: Cursor, versions: Mapping[str, int], *, until: int) -> dict[str, bytes]:
        c.execute(
            self.select_states,
            {"versions": msgspec.json.encode(versions).decode(), "until": until},
        )
        return dict(c.fetchall())

    def rare_events(
        self, c: Cursor, topic: str, *, after: int = 0, until: int | None = None
    ) -> list[PlacedEvent]:
        c.execute(self.select_rare, (topic, after, self.head(c) if until is None else until))
        return [
            PlacedEvent(position, bool(followed), StoredEvent(UUID(stream), version, topic, state))
            for position, stream, version, state, followed in c.fetchall()
        ]

    def touchpoint_lines(self, c: Cursor, wanted: WantedTouchpoints, *, limit: int) -> Lines:
        c.execute(
            self.select_lines,
            {
                "after": wanted.after,
                "until": self.head(c) if wanted.until is None else wanted.until,
                "source": words_in_state(b"source", wanted.source),
                "service": words_in_state(b"service", wanted.service),
                "limit": limit,
            },
        )
        states, positions = c.fetchone()
        return Lines(states or b"", _decode_positions(b"[%b]" % (positions or b"")))

    def state_from(self, c: Cursor, position: int) -> bytes | None:
        c.execute(self.select_state_from, (position,))
        return _only(c.fetchone())

    def newest_state(self, c: Cursor) -> bytes | None:
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

    def _has_table(self, c: Cursor, name: str) -> bool:
        c.execute("SELECT 1 FROM sqlite_master WHERE name=?", (name,))
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


def _only(row: Sequence[bytes] | None) -> bytes | None:
    return None if row is None else row[0]
