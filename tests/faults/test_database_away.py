"""PostgreSQL that stops, ends sessions, loses its answers, or is held by somebody."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from typing import NamedTuple, Self, TypeVar

import pytest
from msgspec.structs import replace

from delivery.commands.project import follow_log
from delivery.settings import Settings
from ingest.patience import until_the_log_answers
from journeys.errors import LogAwayError, ReadModelsAwayError
from journeys.event_log import EventLog
from journeys.postgres_address import PostgresAddress
from journeys.rows import touchpoint_rows
from journeys.touchpoint import Touchpoint
from projections.read_models import ReadModels
from projections.runner import project
from tests.faults.matrix import Ledger
from tests.faults.proxy import Proxy
from tests.faults.workers import Worker, hurry
from tests.ingest.streams import ids, wait_until
from tests.ingest.test_stream import Tape, expected, run
from tests.postgres import PostgresServer
from tests.projections.example_service import EXAMPLE_SERVICE, touchpoints
from tests.projections.stored import NOW, dump, rebuilt, record

T = TypeVar("T")

LENGTH = 60
LATE_S = 5.0
"""Ten times what a follower waits between two looks: the machine may be busy."""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.patience.FIRST_WAIT_S", 0.001)
    monkeypatch.setattr("ingest.patience.LONGEST_WAIT_S", 0.2)


def patiently(call: Callable[[], T]) -> T:
    """Call what needs the database until it answers."""
    may_pass = (LogAwayError, ReadModelsAwayError)
    return until_the_log_answers(call, stop=Event(), say=lambda _words: None, may_pass=may_pass)


class PatientLog:
    """A log whose positions are waited for, as a Kafka source does."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def position_of(self, name: str) -> int | None:
        return patiently(lambda: self._log.position_of(name))


class Troubles:
    """Something bad that is done at moments drawn at random, while a stream is recorded."""

    def __init__(self, do: Callable[[], object], pauses: list[float]) -> None:
        self.made = 0
        self._do = do
        self._pauses = pauses
        self._thread = Thread(target=self._make)

    def _make(self) -> None:
        for pause in self._pauses:
            time.sleep(pause)
            self._do()
            self.made += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def check_recorded(url: str, server: PostgresServer, ledger: Ledger) -> None:
    """All of the tape is there once, whichever way one looks at it."""
    with EventLog.open(url) as log:
        ledger.settle(expected(LENGTH), ids(log))
        assert log.position_of("kafka/c/t/0") == LENGTH
    events = server.run(
        "SELECT count(*) FROM log.stored_events WHERE topic = 'touchpoint'",
        database=url.rpartition("/")[2],
    )
    assert events == [(LENGTH,)]


def end_sessions(server: PostgresServer, url: str) -> int:
    """End every session with a database; how many there were."""
    database = url.rpartition("/")[2]
    ended = server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - our own name
        f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    )
    return len(ended)


@pytest.mark.row(7)
def test_sessions_ended_at_any_moment_lose_and_double_nothing(
    postgres: PostgresServer, ledger: Ledger, chosen: random.Random
) -> None:
    url = postgres.new_database()
    ended = []
    pauses = [chosen.uniform(0, 0.02) for _ in range(chosen.randint(2, 6))]
    with EventLog.open(url) as log:
        tape = Tape(PatientLog(log), LENGTH)
        with Troubles(lambda: ended.append(end_sessions(postgres, url)), pauses):
            run(tape, log)
    ledger.made += sum(ended)
    check_recorded(url, postgres, ledger)


@pytest.mark.row(7)
def test_answer_to_a_commit_that_is_lost_is_looked_up(
    postgres: PostgresServer, ledger: Ledger, chosen: random.Random
) -> None:
    url = postgres.new_database()
    with EventLog.open(url):
        pass  # its tables are made in peace
    losing = set(chosen.sample(range(LENGTH // 2), 3))
    commits = iter(range(1_000_000))

    def is_lost(piece: bytes) -> bool:
        lost = b"COMMIT" in piece and next(commits) in losing
        ledger.made += lost
        return lost

    with Proxy(postgres.port) as network:
        network.watch = is_lost
        through = url.replace(f":{postgres.port}/", f":{network.port}/")
        with patiently(lambda: EventLog.open(through)) as log:
            run(Tape(PatientLog(log), LENGTH), log)
    check_recorded(url, postgres, ledger)


@pytest.mark.row(7, fast=0, seeds=20)
def test_server_that_stops_at_once_loses_and_doubles_nothing(
    oldest_postgres: PostgresServer, ledger: Ledger, chosen: random.Random
) -> None:
    url = oldest_postgres.new_database()

    def restart() -> None:
        oldest_postgres.stop_immediately()
        time.sleep(chosen.uniform(0, 0.2))
        oldest_postgres.start()

    with EventLog.open(url) as log:
        tape = Tape(PatientLog(log), LENGTH)
        with Troubles(restart, [chosen.uniform(0, 0.1)] * 2) as troubles:
            run(tape, log)
    ledger.made += troubles.made
    check_recorded(url, oldest_postgres, ledger)


class Followed(NamedTuple):
    """An installation that one process follows."""

    url: str
    log: EventLog
    models: ReadModels


def _follow(settings: Settings) -> int:
    hurry()
    return follow_log(settings)


@pytest.fixture(scope="module")
def followed(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Followed]:
    url = postgres.new_database()
    settings = Settings(data=tmp_path_factory.mktemp("followed"), database=PostgresAddress.of(url))
    with EventLog.open(url) as log:
        record(log, services=[EXAMPLE_SERVICE])
        with Worker(_follow, settings) as follower, ReadModels.open(url) as models:
            wait_until(lambda: models.position() == log.head())
            yield Followed(url, log, models)
            follower.terminate()
            follower.result()


@pytest.mark.row(8)
def test_follower_whose_sessions_are_ended_goes_on_by_itself(
    followed: Followed, postgres: PostgresServer, ledger: Ledger, chosen: random.Random, seed: int
) -> None:
    for part in range(2):
        some = touchpoints(f"c: form.{chosen.randrange(60)} pay.{chosen.randrange(60)}")
        sent = [replace(one, id=f"{seed}-{part}-{one.id}") for one in some]
        patiently(lambda sent=sent: record(followed.log, sent))  # type: ignore[misc]
        time.sleep(chosen.uniform(0, 0.6))
        ledger.made += end_sessions(postgres, followed.url)
    begun = time.monotonic()

    wait_until(lambda: patiently(followed.models.position) == patiently(followed.log.head))

    assert time.monotonic() - begun < LATE_S
    with followed.models.reading() as connection:
        found = connection.exec_driver_sql("SELECT source, id FROM read_models.touchpoint").all()
    ledger.settle(followed.log.read_touchpoints().select("source", "id").rows(), map(tuple, found))


@pytest.mark.row(9)
def test_transaction_that_is_held_open_is_not_passed_by_any_reader(
    postgres_url: str, ledger: Ledger, chosen: random.Random
) -> None:
    """Of two writers the second waits; what it writes is behind what the first has written."""
    first, second = (touchpoints(f"{who}: form.1 pay.2") for who in "cd")
    second = [replace(one, id=f"later-{one.id}") for one in second]
    with (
        EventLog.open(postgres_url) as log,
        EventLog.open(postgres_url) as other,
        ReadModels.open(postgres_url) as models,
    ):
        head = record(log, services=[EXAMPLE_SERVICE])
        later = Thread(target=lambda: record(other, second))
        rows = touchpoint_rows(first, recorded_at=NOW)
        with log.application.recorder.writing() as held:
            log.application.recorder.insert_touchpoints(held, rows)
            later.start()
            time.sleep(chosen.uniform(0.02, 0.2))
            assert later.is_alive()
            assert project(other, models) == other.head() == head
            ledger.made += 1
        later.join()
        assert project(log, models) == head + 4
        ledger.settle([*ids_of(first), *ids_of(second)], log.read_touchpoints()["id"])
        assert log.read_touchpoints()["id"].to_list() == [*ids_of(first), *ids_of(second)]
        assert dump(models) == rebuilt(log)


def ids_of(sent: Sequence[Touchpoint]) -> list[str]:
    return [one.id for one in sent]
