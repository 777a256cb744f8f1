"""What is PostgreSQL's own in the log's recorder, on the newest release we support."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import DatabaseError, OperationalError
from eventsourcing.postgres import PostgresDatastore

from journeys.errors import LogError
from journeys.event_log import EventLog, SourcePosition
from journeys.postgres_address import PostgresAddress
from journeys.postgres_datastore import SESSIONS, PostgresLogDatastore
from journeys.postgres_recorder import PostgresLogRecorder
from journeys.touchpoint import Touchpoint
from tests.journeys.conftest import NOW
from tests.journeys.library_cases import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
from tests.journeys.stored import event, read_from
from tests.postgres import PostgresServer

Build = Callable[..., Touchpoint]


class OwnDatabase:
    """A recorder in a database of its own, for the library's test cases."""

    @pytest.fixture(autouse=True)
    def _new_log(self, postgres: PostgresServer, empty_log: str) -> None:
        self.address = PostgresAddress.of(postgres.new_database(empty_log))

    def setUp(self) -> None:
        self.datastore = PostgresLogDatastore(self.address)

    def tearDown(self) -> None:
        self.datastore.close()

    def create_recorder(self) -> PostgresLogRecorder:
        recorder = PostgresLogRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestAsApplicationRecorder(OwnDatabase, ApplicationRecorderTestCase[PostgresLogRecorder]):
    """The library's promises of a recorder of events."""


class TestAsTrackingRecorder(OwnDatabase, TrackingRecorderTestCase):
    """The library's promises of a recorder of positions."""


class TestAsProcessRecorder(OwnDatabase, ProcessRecorderTestCase):
    """The library's promises of a recorder of both in one transaction."""


class TestPositionsDoNotInterleave(OwnDatabase, NonInterleavingNotificationIDsBaseCase):
    """The library's promise that a batch's positions are in one piece."""


@pytest.fixture
def url(postgres: PostgresServer, empty_log: str) -> str:
    return postgres.new_database(empty_log)


@pytest.fixture
def recorder(url: str) -> Iterator[PostgresLogRecorder]:
    datastore = PostgresLogDatastore(PostgresAddress.of(url), lock_timeout=1)
    yield PostgresLogRecorder(datastore)
    datastore.close()


@pytest.fixture
def other(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A session of somebody else."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_a_plain_datastore_is_refused() -> None:
    plain = PostgresDatastore("", "", "", "", "")

    with pytest.raises(LogError, match="Hint: PostgresLogDatastore"):
        PostgresLogRecorder(plain)


def test_sessions_are_durable_and_patient(url: str) -> None:
    wanted = {
        "synchronous_commit": "on",
        "lock_timeout": "1min",
        "statement_timeout": "10min",
        "idle_in_transaction_session_timeout": "10min",
        "client_encoding": "UTF8",
        "search_path": "log",
        "default_transaction_isolation": "read committed",
    }
    datastore = PostgresLogDatastore(PostgresAddress.of(url))

    with datastore.get_connection() as session:
        found = {name: session.execute(f"SHOW {name}").fetchone()[name] for name in wanted}
        patience = session.info.get_parameters()
    datastore.close()

    assert found == wanted
    assert (patience["connect_timeout"], patience["keepalives_idle"]) == ("10", "30")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log.stored_events",
        "UPDATE log.stored_events SET state = ''",
        "TRUNCATE log.stored_events",
    ],
)
def test_no_event_can_be_deleted_or_changed(
    recorder: PostgresLogRecorder,
    other: "psycopg.Connection[tuple[object, ...]]",
    statement: str,
) -> None:
    recorder.insert_events([event()])

    with pytest.raises(psycopg.errors.RaiseException, match="events are never deleted or changed"):
        other.execute(statement.encode())

    assert recorder.max_notification_id() == 1


def test_two_events_at_one_position_are_an_error_and_no_copies(
    recorder: PostgresLogRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.insert_events([event()])
    monkeypatch.setattr(recorder, "head", lambda _: 0)

    with pytest.raises(DatabaseError), recorder.writing() as c:
        recorder.insert_rows(c, [(uuid4().hex, 1, "touchpoint", b"{}")])

    assert recorder.max_notification_id() == 1


def test_a_reader_never_passes_a_writer_that_has_not_committed(
    recorder: PostgresLogRecorder,
) -> None:
    written, go_on = Event(), Event()

    def write_slowly() -> None:
        with recorder.writing() as c:
            recorder.insert_rows(c, [(uuid4().hex, 1, "touchpoint", b"slow")])
            written.set()
            go_on.wait(10)

    slow = Thread(target=write_slowly)
    slow.start()
    written.wait(10)
    quick = Thread(target=lambda: recorder.insert_events([event(state=b"quick")]))
    quick.start()

    quick.join(0.2)
    meanwhile = recorder.select_notifications(1, 10)
    go_on.set()
    slow.join()
    quick.join()

    assert meanwhile == []
    assert [n.state for n in recorder.select_notifications(1, 10)] == [b"slow", b"quick"]


def test_a_writer_that_waits_too_long_gives_up(
    recorder: PostgresLogRecorder, other: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    with other.transaction():
        other.execute("LOCK TABLE log.stored_events IN EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            recorder.insert_events([event()])

    recorder.insert_events([event()])
    assert recorder.max_notification_id() == 1


def test_a_thread_waits_for_one_of_the_sessions(recorder: PostgresLogRecorder) -> None:
    leave = Event()
    inside = Barrier(SESSIONS + 1)

    def read() -> None:
        with recorder.reading():
            inside.wait(10)
            leave.wait(10)

    with ThreadPoolExecutor(SESSIONS) as pool:
        for _ in range(SESSIONS):
            pool.submit(read)
        inside.wait(10)
        with pytest.raises(OperationalError, match="all 8 sessions of this process are in use"):
            recorder.max_notification_id()
        leave.set()

    assert recorder.max_notification_id() is None


def test_a_session_given_back_after_the_log_was_closed_is_ended(url: str) -> None:
    log = EventLog.open(url)
    with log.application.recorder.reading() as c:
        session = c.connection
        log.close()
        assert not session.closed

    assert session.closed


def test_writers_of_both_paths_never_wait_for_each_other_in_turn(url: str) -> None:
    """The library's way takes table and source in the order of ours: no deadlock."""
    with EventLog.open(url) as log:
        recorder = log.application.recorder
        start = Barrier(2)

        def ours() -> None:
            start.wait()
            for n in range(20):
                log.append_batch(
                    [], recorded_at=NOW, positions=[SourcePosition("a", n, n - 1 if n else None)]
                )

        def the_librarys() -> None:
            start.wait()
            for n in range(20):
                recorder.insert_events(
                    [event()], trackings=[read_from(n - 1 if n else None, n, "b")]
                )

        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(ours), pool.submit(the_librarys)]
            for each in done:
                each.result()

        assert (log.position_of("a"), log.position_of("b"), log.head()) == (19, 19, 20)


def test_many_lines_are_read_along_the_key(recorder: PostgresLogRecorder) -> None:
    with recorder.reading() as c:
        c.execute(
            f"EXPLAIN {recorder.select_lines}",
            {"after": 0, "until": 10, "source": None, "service": b"x", "limit": 10},
        )
        plan = " ".join(line for (line,) in c.fetchall())
        c.execute(f"EXPLAIN {recorder.select_rare}", ("rejection", 0, 10))
        rare = " ".join(line for (line,) in c.fetchall())

    assert "Index Scan using stored_events_notification_id_idx" in plan
    assert "Sort" not in plan
    assert "using rare_events" in rare


def end_sessions(other: "psycopg.Connection[tuple[object, ...]]") -> None:
    other.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_sessions_that_the_server_has_ended_are_replaced_unseen(
    url: str, other: "psycopg.Connection[tuple[object, ...]]", touchpoint: Build
) -> None:
    with EventLog.open(url) as log:
        log.append_batch([touchpoint(1)], recorded_at=NOW)
        end_sessions(other)

        appended = log.append_batch([touchpoint(1), touchpoint(2)], recorded_at=NOW)

    assert (appended.recorded, appended.duplicates, appended.position) == (1, 1, 2)


def test_a_session_that_ends_within_a_batch_is_one_error_and_leaves_nothing(
    url: str, other: "psycopg.Connection[tuple[object, ...]]", touchpoint: Build
) -> None:
    with EventLog.open(url) as log:
        recorder = log.application.recorder

        def cut_short() -> None:
            with recorder.writing() as c:
                recorder.insert_rows(c, [(uuid4().hex, 1, "touchpoint", b"{}")])
                end_sessions(other)
                recorder.head(c)

        with pytest.raises(OperationalError, match="terminating connection"):
            cut_short()

        appended = log.append_batch([touchpoint(1)], recorded_at=NOW)

    assert (appended.recorded, appended.position) == (1, 1)
