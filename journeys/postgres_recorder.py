"""The log in the schema `log` of a PostgreSQL database.

The eventsourcing library's PostgreSQL recorder, with what `recorders` says, and these differences:

* **A batch is one COPY**, straight into the table. Where the key refuses a row of it, the log is
  asked which ones it knows, and the others go in.
* **Positions are counted, without a sequence**: whoever writes has the table locked, and goes on
  from the newest. So they have no gaps, and grow in the order of commits.
* **Nothing is tried twice behind one's back.** The library repeats what failed up to ten times,
  also a transaction whose commit was not answered; here the positions of its sources tell
  (`EventLog.append`), or the key.
* **No row can be changed or deleted**; a trigger sees to it, whoever asks.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from inspect import unwrap
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ProcessRecorder, StoredEvent
from eventsourcing.postgres import (
    BasePostgresFactory,
    PostgresDatastore,
    PostgresFactory,
    PostgresProcessRecorder,
)
from eventsourcing.utils import Environment, EnvType
from psycopg import errors
from psycopg.rows import tuple_row

from journeys.databases import ADDRESS
from journeys.errors import LogError
from journeys.migrations import make
from journeys.postgres_address import PostgresAddress
from journeys.postgres_datastore import PostgresLogDatastore
from journeys.recorders import (
    ARRIVAL_HOURS,
    TIMED_TOPICS,
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

ZOMBIE_S = 30
"""How long a writer may do nothing before the server gives its lock to others."""

_LAST = 2**63 - 1

_Library = PostgresProcessRecorder


class PostgresLogRecorder(FencedRecorder, LogRecorder, PostgresProcessRecorder):
    """The fenced recorder on PostgreSQL; the sessions' search path leads to its tables."""

    begin_writing = (
        f"SET LOCAL idle_in_transaction_session_timeout = '{ZOMBIE_S}s'; "
        "LOCK TABLE stored_events IN EXCLUSIVE MODE; "
        "NOTIFY stored_events"
    )
    begin_source = (
        "INSERT INTO tracking VALUES (%(application_name)s, %(notification_id)s) "
        "ON CONFLICT DO NOTHING RETURNING notification_id"
    )
    move_source = (
        "UPDATE tracking SET notification_id=%(notification_id)s "
        "WHERE application_name=%(application_name)s AND notification_id=%(expected)s "
        "RETURNING notification_id"
    )
    select_sources = (
        "SELECT application_name, notification_id FROM tracking "
        "WHERE starts_with(application_name, %(prefix)s)"
    )
    copy_events = (
        "COPY stored_events "
        "(originator_id, originator_version, topic, state, notification_id) "
        "FROM STDIN (FORMAT binary)"
    )
    insert_as_arrays = (
        "INSERT INTO stored_events "
        "(originator_id, originator_version, topic, state, notification_id) "
        "SELECT stream, version, topic, state, head + place FROM "
        "(SELECT coalesce(max(notification_id), 0) AS head FROM stored_events) newest, "
        "unnest(%s::uuid[], %s::bigint[], %s::text[], %b::bytea[]) "
        "WITH ORDINALITY AS given (stream, version, topic, state, place) "
        "ORDER BY place RETURNING notification_id"
    )
    # OFFSET 0, here and below, keeps the planner from going through the table where each stream is
    # to be looked up.
    select_known = (
        "SELECT wanted.stream, wanted.version "
        "FROM unnest(%s::text[], %s::bigint[]) AS wanted (stream, version) "
        "CROSS JOIN LATERAL (SELECT 1 FROM stored_events "
        "WHERE originator_id=wanted.stream::uuid AND originator_version=wanted.version "
        "OFFSET 0) event"
    )
    select_states = (
        "SELECT wanted.stream, event.state "
        "FROM unnest(%s::text[], %s::bigint[]) AS wanted (stream, version) "
        "CROSS JOIN LATERAL (SELECT state FROM stored_events "
        "WHERE originator_id=wanted.stream::uuid AND originator_version=wanted.version "
        "AND notification_id<=%s OFFSET 0) event"
    )
    # The index of the rare events is found by the very words it was made with.
    select_rare = (
        "SELECT notification_id, originator_id, originator_version, state, EXISTS ("
        "SELECT 1 FROM stored_events later WHERE later.originator_id=event.originator_id "
        "AND later.originator_version>event.originator_version) "
        "FROM stored_events event WHERE topic <> 'touchpoint' AND topic=%s "
        "AND notification_id>%s AND notification_id<=%s ORDER BY notification_id"
    )
    # Two values for many rows, so that Python makes no object for each.
    select_lines = (
        "SELECT string_agg(state, '\\x0a'::bytea), "
        "string_agg(int8send(notification_id), ''::bytea) FROM ("
        "SELECT notification_id, state FROM stored_events "
        "WHERE notification_id>%(after)s AND notification_id<=%(until)s AND topic='touchpoint' "
        "AND (%(source)b::bytea IS NULL OR position(%(source)b::bytea IN state)>0) "
        "AND (%(service)b::bytea IS NULL OR position(%(service)b::bytea IN state)>0) "
        "ORDER BY notification_id LIMIT %(limit)s) line"
    )
    select_state_from = (
        "SELECT state FROM stored_events WHERE topic=ANY(%s) AND notification_id>=%s "
        "ORDER BY notification_id LIMIT 1"
    )
    select_newest_state = (
        "SELECT state FROM stored_events WHERE topic=ANY(%s) ORDER BY notification_id DESC LIMIT 1"
    )
    select_arrivals = (
        "SELECT source, hour FROM stream_arrival JOIN ("
        "SELECT source, max(hour) AS last FROM stream_arrival GROUP BY source) newest "
        'USING (source) WHERE hour > last - %s ORDER BY source COLLATE "C", hour'
    )

    def __init__(self, datastore: PostgresDatastore) -> None:
        if not isinstance(datastore, PostgresLogDatastore):
            raise LogError(
                "log recorder: a plain PostgresDatastore lets the server decide what survives a "
                "power cut. Hint: PostgresLogDatastore"
            )
        super().__init__(datastore, tracking_table_name="tracking")
        self._log = datastore

    insert_events = unwrap(_Library.insert_events)
    select_events = unwrap(_Library.select_events)
    select_notifications = unwrap(_Library.select_notifications)
    max_notification_id = unwrap(_Library.max_notification_id)
    insert_tracking = unwrap(_Library.insert_tracking)
    max_tracking_id = unwrap(_Library.max_tracking_id)
    has_tracking_id = unwrap(_Library.has_tracking_id)

    def create_table(self) -> None:
        """Create the schema where there is none.

        Raises:
            LogError: There is one of another release.
        """
        make(self._log.address)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with (
            self._log.get_connection() as session,
            session.transaction(),
            session.cursor(binary=True, row_factory=tuple_row) as c,
        ):
            session.execute(self.begin_writing)
            yield c

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with (
            self._log.get_connection() as session,
            session.transaction(),
            session.cursor(binary=True, row_factory=tuple_row) as c,
        ):
            c.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield c

    def insert_rows(self, c: Cursor, rows: Sequence[Row]) -> int:
        if not rows:
            return 0
        try:
            with c.connection.transaction():
                self._copy(c, rows)
        except errors.UniqueViolation:
            rows = self._unknown(c, rows)
            self._copy(c, rows)
        return len(rows)

    def insert_touchpoints(self, c: Cursor, rows: Sequence[Row]) -> int:
        return self.insert_rows(c, rows)

    def note_kinds(self, c: Cursor, kinds: Iterable[Kind]) -> None:
        noted = sorted(kinds)
        if noted:
            c.execute(
                "INSERT INTO event_kind SELECT * FROM unnest(%s::text[], %s::bigint[]) "
                "ON CONFLICT DO NOTHING",
                _columns(noted),
            )

    def kinds(self, c: Cursor) -> set[Kind]:
        c.execute("SELECT topic, class_version FROM event_kind")
        return set(c.fetchall())

    def note_arrivals(self, c: Cursor, sources: Iterable[str], hour: int) -> None:
        c.execute(
            "INSERT INTO stream_arrival SELECT unnest(%s::text[]), %s::bigint "
            "ON CONFLICT DO NOTHING",
            (sorted(sources), hour),
        )

    def arrivals(self, c: Cursor) -> list[Arrival]:
        c.execute(self.select_arrivals, (ARRIVAL_HOURS,))
        found: list[Arrival] = c.fetchall()
        return found

    def head(self, c: Cursor) -> int:
        c.execute(self.max_notification_id_statement)
        (newest,) = c.fetchone()
        return newest or 0

    def states(self, c: Cursor, versions: Mapping[str, int], *, until: int) -> dict[str, bytes]:
        c.execute(self.select_states, (list(versions), list(versions.values()), until))
        return dict(c.fetchall())

    def rare_events(
        self, c: Cursor, topic: str, *, after: int = 0, until: int | None = None
    ) -> list[PlacedEvent]:
        c.execute(self.select_rare, (topic, after, _LAST if until is None else until))
        return [
            PlacedEvent(position, followed, StoredEvent(stream, version, topic, state))
            for position, stream, version, state, followed in c.fetchall()
        ]

    def touchpoint_lines(self, c: Cursor, wanted: WantedTouchpoints, *, limit: int) -> Lines:
        c.execute(
            self.select_lines,
            {
                "after": wanted.after,
                "until": _LAST if wanted.until is None else wanted.until,
                "source": words_in_state(b"source", wanted.source),
                "service": words_in_state(b"service", wanted.service),
                "limit": limit,
            },
        )
        states, positions = c.fetchone()
        numbers = array("q", positions or b"")
        numbers.byteswap()  # the network's order
        return Lines(states or b"", numbers.tolist())

    def state_from(self, c: Cursor, position: int) -> bytes | None:
        c.execute(self.select_state_from, (list(TIMED_TOPICS), position))
        return _only(c.fetchone())

    def newest_state(self, c: Cursor) -> bytes | None:
        c.execute(self.select_newest_state, (list(TIMED_TOPICS),))
        return _only(c.fetchone())

    def _insert_events(  # type: ignore[override]  # the library's here returns nothing
        self,
        c: Cursor,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ANN401 - the library's own arguments
    ) -> Sequence[int] | None:
        self._lock_table(c)  # before any source: so that no two writers wait for each other
        ids = super()._insert_events(c, stored_events, **kwargs)
        self.note_kinds(c, {(e.topic, class_version_of(e.state)) for e in stored_events})
        return ids

    def _insert_stored_events(
        self,
        curs: Cursor,
        stored_events: Sequence[StoredEvent],
        **_: Any,  # noqa: ANN401 - the library's own arguments
    ) -> None:
        self._notify_channel(curs)
        rows = [
            (e.originator_id.hex, e.originator_version, e.topic, e.state)
            for e in stored_events
            if isinstance(e.originator_id, UUID)
        ]
        curs.execute(self.insert_as_arrays, _columns(rows))

    def _copy(self, c: Cursor, rows: Sequence[Row]) -> None:
        packed = _packed(rows, after=self.head(c))
        with c.copy(self.copy_events) as copy:
            copy.write(packed)

    def _unknown(self, c: Cursor, rows: Sequence[Row]) -> list[Row]:
        """The rows whose (stream, version) is new, of two with the same one the first."""
        new: dict[tuple[str, int], Row] = {}
        for row in rows:
            new.setdefault(row[:2], row)
        c.execute(self.select_known, _columns(new))
        for known in c.fetchall():
            del new[known]
        return list(new.values())


class PostgresLogFactory(PostgresFactory):
    """Builds the library's parts on the fenced recorder; none of the library's settings counts."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super(BasePostgresFactory, self).__init__(env)
        self.datastore = PostgresLogDatastore(PostgresAddress.of(self.env[ADDRESS]))

    def process_recorder(self) -> ProcessRecorder:
        """The log's recorder, its tables made."""
        recorder = PostgresLogRecorder(self.datastore)
        recorder.create_table()
        return recorder


def _packed(rows: Sequence[Row], *, after: int) -> bytes:
    """Rows as COPY takes them: each column's length before it, the network's order."""
    parts = [b"PGCOPY\n\xff\r\n\0", bytes(8)]
    for position, (stream, version, topic, state) in enumerate(rows, after + 1):
        parts += (
            b"\0\5\0\0\0\x10",
            bytes.fromhex(stream),
            _packed_between(version, topic),
            len(state).to_bytes(4, "big"),
            state,
            b"\0\0\0\x08",
            position.to_bytes(8, "big"),
        )
    parts.append(b"\xff\xff")
    return b"".join(parts)


@lru_cache
def _packed_between(version: int, topic: str) -> bytes:
    name = topic.encode()
    return b"".join((b"\0\0\0\x08", version.to_bytes(8, "big"), len(name).to_bytes(4, "big"), name))


def _columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _only(row: Sequence[bytes] | None) -> bytes | None:
    return None if row is None else row[0]
