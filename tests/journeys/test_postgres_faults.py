"""The log in PostgreSQL while servers, sessions and wires give way; on the oldest release too."""

import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event, Thread

import psycopg
import pytest

from journeys.errors import FencedError, LogAwayError, LogError
from journeys.event_log import EventLog, SourcePosition
from journeys.touchpoint import Touchpoint
from tests.journeys.conftest import NOW
from tests.postgres import GUARDED, PASSWORD, PostgresServer

SIZE = 20
Build = Callable[..., Touchpoint]


@pytest.fixture(params=["oldest_postgres", "postgres"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    server: PostgresServer = request.getfixturevalue(request.param)
    return server


def batch(begin: int) -> list[Touchpoint]:
    numbers = range(begin, begin + SIZE)
    return [
        Touchpoint(source="s", id=str(n), service="a", occurred_at=NOW, name="form")
        for n in numbers
    ]


def write(url: str, until: int, on_batch: Callable[[int], None]) -> None:
    """Write batches as a stream does: after any trouble on from where the log says."""
    with EventLog.open(url) as log:
        while True:
            try:
                at = log.position_of("s")
                while (at or 0) < until:
                    begin = at or 0
                    at = begin + SIZE
                    position = SourcePosition("s", at, begin or None)
                    log.append_batch(batch(begin), recorded_at=NOW, positions=[position])
                    on_batch(at)
            except LogAwayError:
                time.sleep(0.02)
            else:
                return


def recorded(url: str) -> list[int]:
    with EventLog.open(url, create=False) as log:
        frame = log.read_touchpoints()
        assert frame["position"].to_list() == list(range(1, len(frame) + 1))
        assert log.position_of("s") == len(frame)
        return [int(i) for i in frame["id"]]


def test_of_eight_writers_with_one_position_one_wins(server: PostgresServer) -> None:
    url = server.new_database()
    start = Barrier(8)

    def race(_: int) -> int:
        with EventLog.open(url) as log:
            won = 0
            for begin in range(0, 5 * SIZE, SIZE):
                start.wait()
                with suppress(FencedError):
                    position = SourcePosition("s", begin + SIZE, begin or None)
                    log.append_batch(batch(begin), recorded_at=NOW, positions=[position])
                    won += 1
            return won

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(8)))

    assert sum(won) == 5
    assert recorded(url) == list(range(5 * SIZE))


@pytest.mark.parametrize("seed", range(2))
def test_a_server_stopped_at_once_loses_and_doubles_nothing(
    oldest_postgres: PostgresServer, seed: int
) -> None:
    url = oldest_postgres.new_database()
    begun = Event()
    delay = random.Random(seed).uniform(0, 0.05)  # noqa: S311 - no secret
    answered: list[int] = []

    def note(at: int) -> None:
        answered.append(at)
        begun.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write, url, 60 * SIZE, note)
        assert begun.wait(30)
        time.sleep(delay)
        oldest_postgres.stop_immediately()
        promised = answered[-1]
        oldest_postgres.start()
        with EventLog.open(url, create=False) as log:
            kept = log.position_of("s")
        writing.result()

    assert kept is not None
    assert kept >= promised
    assert recorded(url) == list(range(60 * SIZE))


@pytest.mark.parametrize("seed", [7])
def test_sessions_ended_at_any_moment_lose_and_double_nothing(
    server: PostgresServer, seed: int
) -> None:
    url = server.new_database()
    chance = random.Random(seed)  # noqa: S311 - no secret
    begun, done = Event(), Event()

    def end_sessions() -> None:
        begun.wait()
        with psycopg.connect(url, autocommit=True) as killer:
            while not done.wait(chance.uniform(0.002, 0.08)):
                killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name = 'polku log'"
                )

    killing = Thread(target=end_sessions)
    killing.start()
    try:
        write(url, 40 * SIZE, lambda _: begun.set())
    finally:
        begun.set()
        done.set()
        killing.join()

    assert recorded(url) == list(range(40 * SIZE))


class Wire:
    """The way to a server, which can be cut behind a commit: the answer never comes."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.cut_next_commit = Event()
        self.is_cut = Event()
        self._pairs: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def shut_the_door(self) -> None:
        """Let nobody else in; who is connected stays so."""
        with suppress(OSError):  # it may be shut already
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def close(self) -> None:
        self.shut_the_door()
        for end in self._pairs:
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self._pairs += [client, server]
                Thread(target=self._forward, args=(client, server), daemon=True).start()
                Thread(target=self._back, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT" in data and self.cut_next_commit.is_set():
                    self.cut_next_commit.clear()
                    self.is_cut.set()
                    client.shutdown(socket.SHUT_RDWR)
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)


@pytest.fixture
def wire(postgres: PostgresServer) -> Iterator[Wire]:
    wire = Wire(postgres.port)
    yield wire
    wire.close()


def through(wire: Wire, url: str) -> str:
    return re.sub(r":\d+/", f":{wire.port}/", url) + "?sslmode=disable&gssencmode=disable"


def test_a_commit_whose_answer_is_lost_on_the_way_counts_once(
    wire: Wire, postgres_url: str, touchpoint: Build
) -> None:
    with EventLog.open(through(wire, postgres_url)) as log:
        wire.cut_next_commit.set()

        appended = log.append_batch(
            [touchpoint(1)], recorded_at=NOW, positions=[SourcePosition("a", 5, None)]
        )

        assert wire.is_cut.is_set()
        assert (appended.recorded, appended.position) == (1, 1)
        assert (log.head(), log.position_of("a")) == (1, 5)


def test_a_commit_whose_answer_is_lost_without_a_source_to_tell_can_be_repeated(
    wire: Wire, postgres_url: str, touchpoint: Build
) -> None:
    with EventLog.open(through(wire, postgres_url)) as log:
        wire.cut_next_commit.set()
        with pytest.raises(LogAwayError):
            log.append_batch([touchpoint(1)], recorded_at=NOW)

        again = log.append_batch([touchpoint(1)], recorded_at=NOW)

        assert (again.recorded, again.duplicates, again.position) == (0, 1, 1)


def test_a_lost_answer_from_a_server_that_is_gone_is_an_error_to_begin_anew_from(
    wire: Wire, postgres_url: str, touchpoint: Build
) -> None:
    log = EventLog.open(through(wire, postgres_url))
    log.head()
    wire.cut_next_commit.set()
    wire.shut_the_door()

    with pytest.raises(LogAwayError):
        log.append_batch([touchpoint(1)], recorded_at=NOW, positions=[SourcePosition("a", 5, None)])
    log.close()


@pytest.mark.parametrize(
    ("break_it", "says", "away"),
    [
        ("", "Connection refused|connection failed", True),
        ("ALTER ROLE weak CONNECTION LIMIT 0", "too many connections .*max_connections", True),
        ("ALTER ROLE weak NOLOGIN", "not permitted to log in", False),
        ("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", "permission denied .*GRANT CONNECT", False),
    ],
)
def test_what_lets_nobody_in_is_told_with_what_to_do(
    postgres: PostgresServer, postgres_url: str, break_it: str, says: str, *, away: bool
) -> None:
    name = postgres_url.rpartition("/")[2]
    postgres.run("DROP ROLE IF EXISTS weak", "CREATE ROLE weak LOGIN")
    url = postgres.url(name, user="weak")
    if break_it:
        postgres.run(break_it.format(name))
    else:
        url = url.replace(f":{postgres.port}/", ":1/")

    with pytest.raises(LogError, match=says) as refused:
        EventLog.open(url)

    assert isinstance(refused.value, LogAwayError) is away


def test_a_wrong_password_is_told_and_not_shown(
    postgres: PostgresServer, postgres_url: str
) -> None:
    name = postgres_url.rpartition("/")[2]
    EventLog.open(postgres.url(name, user=GUARDED, password=PASSWORD)).close()

    with pytest.raises(LogError, match="Hint: check the user and the password") as refused:
        EventLog.open(postgres.url(name, user=GUARDED, password=PASSWORD[::-1]))

    assert not isinstance(refused.value, LogAwayError)
    assert PASSWORD[::-1] not in str(refused.value)
