import sqlite3
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    StoredEvent,
    Tracking,
)
from eventsourcing.sqlite import SQLiteDatastore

from journeys.datastores import SQLiteLogDatastore
from journeys.errors import LogError
from journeys.recorders import Cursor, SourceMovedError, SourceTracking
from journeys.sqlite_recorder import SQLiteLogRecorder

# The library's test cases import its cipher, whose package we neither use nor install.
_cipher = ModuleType("eventsourcing.cipher")
_cipher.AESCipher = object  # type: ignore[attr-defined]
with pytest.MonkeyPatch.context() as _patch:
    _patch.setitem(sys.modules, "eventsourcing.cipher", _cipher)
    from eventsourcing.tests.persistence import (
        ApplicationRecorderTestCase,
        NonInterleavingNotificationIDsBaseCase,
        ProcessRecorderTestCase,
        TrackingRecorderTestCase,
    )


class OwnFile:
    """A recorder in a file of its own, for the library's test cases."""

    def setUp(self) -> None:
        self.folder = TemporaryDirectory()
        self.datastore = SQLiteLogDatastore(f"{self.folder.name}/log.db")

    def tearDown(self) -> None:
        self.datastore.close()
        self.folder.cleanup()

    def create_recorder(self) -> SQLiteLogRecorder:
        recorder = SQLiteLogRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestAsApplicationRecorder(OwnFile, ApplicationRecorderTestCase[SQLiteLogRecorder]):
    """The library's promises of a recorder of events."""


class TestAsTrackingRecorder(OwnFile, TrackingRecorderTestCase):
    """The library's promises of a recorder of positions."""


class TestAsProcessRecorder(OwnFile, ProcessRecorderTestCase):
    """The library's promises of a recorder of both in one transaction."""


class TestPositionsDoNotInterleave(OwnFile, NonInterleavingNotificationIDsBaseCase):
    """The library's promise that a batch's positions are in one piece."""


@pytest.fixture
def datastore(tmp_path: Path) -> Iterator[SQLiteLogDatastore]:
    opened = SQLiteLogDatastore(str(tmp_path / "log.db"), lock_timeout=1)
    yield opened
    opened.close()


@pytest.fixture
def recorder(datastore: SQLiteLogDatastore) -> SQLiteLogRecorder:
    made = SQLiteLogRecorder(datastore)
    made.create_table()
    return made


def event(topic: str = "touchpoint", state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(uuid4(), 1, topic, state)


def read_from(position: int | None, to: int, name: str = "kafka/0") -> SourceTracking:
    return SourceTracking(name, to, expected=position)


def test_the_librarys_transaction_goes_through_the_fence(datastore: SQLiteLogDatastore) -> None:
    called: list[str] = []

    class Watched(SQLiteLogRecorder):
        def _insert_events(
            self,
            c: Cursor,
            stored_events: Sequence[StoredEvent],
            **kwargs: Any,  # noqa: ANN401 - the library's own arguments
        ) -> Sequence[int] | None:
            called.append("_insert_events")
            return super()._insert_events(c, stored_events, **kwargs)

        def _insert_tracking(self, c: Cursor, tracking: Tracking) -> None:
            called.append("_insert_tracking")
            super()._insert_tracking(c, tracking)

    watched = Watched(datastore)
    watched.create_table()
    called.clear()

    watched.insert_events([event()], trackings=[read_from(None, 1), read_from(None, 1, "kafka/1")])
    watched.insert_events([event()], tracking=Tracking("upstream", 1))

    assert called == [
        "_insert_events",
        "_insert_tracking",
        "_insert_tracking",
        "_insert_events",
        "_insert_tracking",
    ]


def test_a_batch_moves_its_source_from_where_it_was_read(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([event()], trackings=[read_from(None, 7)])
    recorder.insert_events([event()], trackings=[read_from(7, 9)])

    assert recorder.max_tracking_id("kafka/0") == 9
    assert recorder.max_notification_id() == 2


@pytest.mark.parametrize("stale", [None, 0, 5, 9])
def test_a_batch_read_from_another_position_stores_nothing(
    recorder: SQLiteLogRecorder, stale: int | None
) -> None:
    recorder.insert_events([event()], trackings=[read_from(None, 7)])

    with pytest.raises(SourceMovedError):
        recorder.insert_events([event()], trackings=[read_from(stale, 12)])

    assert recorder.max_tracking_id("kafka/0") == 7
    assert recorder.max_notification_id() == 1


def test_a_source_at_zero_is_not_one_without_a_position(recorder: SQLiteLogRecorder) -> None:
    with pytest.raises(SourceMovedError):
        recorder.insert_events([event()], trackings=[read_from(0, 3)])

    recorder.insert_events([], trackings=[read_from(None, 0)])
    recorder.insert_events([event()], trackings=[read_from(0, 3)])

    assert recorder.max_tracking_id("kafka/0") == 3


def test_a_source_may_be_sent_back_by_who_knows_where_it_is(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([], trackings=[read_from(None, 7)])

    recorder.insert_events([], trackings=[read_from(7, 2)])

    assert recorder.max_tracking_id("kafka/0") == 2


def test_one_moved_source_stops_the_batch_of_several(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([], trackings=[read_from(None, 5, "b")])

    with pytest.raises(SourceMovedError):
        recorder.insert_events([event()], trackings=[read_from(4, 6, "b"), read_from(None, 6, "a")])

    assert recorder.max_tracking_id("a") is None
    assert recorder.max_notification_id() is None


def test_of_eight_writers_with_one_position_one_wins(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([], trackings=[read_from(None, 100)])
    start = Barrier(8)

    def write(writer: int) -> bool:
        start.wait()
        try:
            recorder.insert_events(
                [event() for _ in range(10)], trackings=[read_from(100, 110 + writer)]
            )
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))

    assert won.count(True) == 1
    assert recorder.max_notification_id() == 10
    assert recorder.max_tracking_id("kafka/0") == 110 + won.index(True)


def test_rows_whose_stream_is_known_are_left_out_and_use_no_position(
    recorder: SQLiteLogRecorder,
) -> None:
    rows = [(uuid4().hex, 1, "touchpoint", b"%d" % n) for n in range(4)]

    with recorder.writing() as c:
        first = recorder.insert_rows(c, rows[:2])
        second = recorder.insert_rows(c, [rows[1], rows[2], rows[2], rows[0], rows[3]])
        none = recorder.insert_rows(c, [])

    assert (first, second, none) == (2, 2, 0)
    assert [n.state for n in recorder.select_notifications(1, 10)] == [b"0", b"1", b"2", b"3"]
    assert [n.id for n in recorder.select_notifications(1, 10)] == [1, 2, 3, 4]


def test_touchpoints_go_in_by_the_batch_as_they_do_by_the_row(recorder: SQLiteLogRecorder) -> None:
    states = [b'{"id":"\\u0000"}', b"\xff\x00 no text", "{ö}".encode(), b"", b"x" * 70_000, b"late"]
    rows = [(uuid4().hex, 1, "touchpoint", state) for state in states]

    with recorder.writing() as c:
        by_row = recorder.insert_rows(c, rows[:1])
        by_batch = recorder.insert_touchpoints(c, [rows[1], rows[0], *rows[1:5], rows[1]])
        again = recorder.insert_touchpoints(c, rows)
        none = recorder.insert_touchpoints(c, [])

    assert (by_row, by_batch, again, none) == (1, 4, 1, 0)
    stored = recorder.select_notifications(1, 10)
    assert [(n.originator_id.hex, n.originator_version, n.topic, n.state) for n in stored] == rows


def test_a_snapshot_does_not_see_what_is_written_meanwhile(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([event()])

    with recorder.reading() as c:
        before = recorder.head(c)
        recorder.insert_events([event()])
        during = recorder.head(c)

    assert (before, during, recorder.max_notification_id()) == (1, 1, 2)


def test_no_event_can_be_deleted(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([event()])

    with pytest.raises(DatabaseError, match="events are never deleted"), recorder.writing() as c:
        c.execute("DELETE FROM stored_events")

    assert recorder.max_notification_id() == 1


def test_vacuum_leaves_positions_alone(recorder: SQLiteLogRecorder, tmp_path: Path) -> None:
    recorder.insert_events([event(state=b"%d" % n) for n in range(3)])
    with recorder.writing() as c:
        c.execute("UPDATE stored_events SET rowid=rowid+10 WHERE rowid > 1")

    raw = sqlite3.connect(tmp_path / "log.db")
    raw.execute("VACUUM")
    raw.close()

    assert [n.id for n in recorder.select_notifications(1, 10)] == [1, 12, 13]


def test_what_the_library_inserts_is_noted_by_kind(recorder: SQLiteLogRecorder) -> None:
    recorder.insert_events([event("a"), event("b", b'{"class_version":3,"x":1}'), event("a")])

    with recorder.reading() as c:
        kinds = recorder.kinds(c)

    assert kinds == {("a", 1), ("b", 3)}


def test_rare_events_are_found_by_their_index(recorder: SQLiteLogRecorder) -> None:
    with recorder.reading() as c:
        c.execute(f"EXPLAIN QUERY PLAN {recorder.select_rare}", ("rejection", 0, 10))
        plan = " ".join(row["detail"] for row in c.fetchall())

    assert "SEARCH event USING INDEX rare_events (topic=? AND rowid>? AND rowid<?)" in plan


def test_connections_are_durable_and_patient(datastore: SQLiteLogDatastore) -> None:
    with datastore.transaction(commit=False) as c:
        found = {}
        for pragma in ("journal_mode", "synchronous", "busy_timeout"):
            c.execute(f"PRAGMA {pragma}")
            found[pragma] = c.fetchone()[0]
    usual = SQLiteLogDatastore("never-opened.db")
    patience = (usual.pool.lock_timeout, usual.pool.pool_timeout)  # type: ignore[attr-defined]

    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 1000}  # 2 is FULL
    assert min(patience) >= 30


def test_a_writer_that_waits_too_long_gives_up(recorder: SQLiteLogRecorder, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(OperationalError, match="locked"):
        recorder.insert_events([event()])

    other.rollback()
    other.close()
    recorder.insert_events([event()])
    assert recorder.max_notification_id() == 1


def test_tables_that_exist_are_left_alone(datastore: SQLiteLogDatastore) -> None:
    start = Barrier(4)

    def open_it(_: int) -> None:
        recorder = SQLiteLogRecorder(datastore)
        start.wait()
        recorder.create_table()
        recorder.insert_events([event()])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_it, range(4)))

    assert SQLiteLogRecorder(datastore).max_notification_id() == 4


def test_a_plain_datastore_is_refused(tmp_path: Path) -> None:
    plain = SQLiteDatastore(str(tmp_path / "log.db"))

    with pytest.raises(LogError, match="Hint: SQLiteLogDatastore"):
        SQLiteLogRecorder(plain)


def test_streams_keep_their_uuids(recorder: SQLiteLogRecorder) -> None:
    stored = event()
    recorder.insert_events([stored])

    (found,) = recorder.select_events(stored.originator_id)

    assert isinstance(found.originator_id, UUID)
    assert found == stored
