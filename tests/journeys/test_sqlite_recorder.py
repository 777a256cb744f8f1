import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Timer
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError, StoredEvent, Tracking
from eventsourcing.sqlite import SQLiteDatastore

from journeys.datastores import SQLiteLogDatastore
from journeys.errors import LogError
from journeys.event_log import EventLog
from journeys.recorders import Cursor
from journeys.sqlite_recorder import SQLiteLogRecorder
from tests.journeys.library_cases import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
from tests.journeys.stored import event, read_from


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


def test_vacuum_leaves_positions_alone(recorder: SQLiteLogRecorder, tmp_path: Path) -> None:
    recorder.insert_events([event(state=b"%d" % n) for n in range(3)])
    with recorder.writing() as c:
        c.execute("UPDATE stored_events SET rowid=rowid+10 WHERE rowid > 1")

    raw = sqlite3.connect(tmp_path / "log.db")
    raw.execute("VACUUM")
    raw.close()

    assert [n.id for n in recorder.select_notifications(1, 10)] == [1, 12, 13]


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


def test_a_new_file_that_another_process_is_at_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE begun (x)")
    other.execute("BEGIN IMMEDIATE")  # not yet with a write-ahead log
    leaving = Timer(0.3, lambda: other.execute("COMMIT"))
    leaving.start()
    try:
        with EventLog.open(path) as log:
            assert log.head() == 0
    finally:
        leaving.join()
        other.close()


def test_a_writer_that_waits_too_long_gives_up(recorder: SQLiteLogRecorder, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(OperationalError, match="locked"):
        recorder.insert_events([event()])

    other.rollback()
    other.close()
    recorder.insert_events([event()])
    assert recorder.max_notification_id() == 1


def test_a_plain_datastore_is_refused(tmp_path: Path) -> None:
    plain = SQLiteDatastore(str(tmp_path / "log.db"))

    with pytest.raises(LogError, match="Hint: SQLiteLogDatastore"):
        SQLiteLogRecorder(plain)


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
