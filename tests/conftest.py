"""Hypothesis: fewer examples at the desk, many and always the same ones in CI.

No deadline, as a loaded machine is not a wrong program. A property that opens a store sets its own,
smaller `max_examples`.
"""

import os
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from tests.brokers import MockBroker, RealBroker
    from tests.postgres import PostgresServer

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

MEASURED = {"journeys", "projections", "analysis"}
"""Rooms whose branches their own tests have to cover whole."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> "Generator[None, object, object]":
    """Measure no coverage where it does not count: a measured test takes twice as long."""
    measuring = Coverage.current()
    folders = item.path.relative_to(item.config.rootpath).parts[:2]
    if measuring is None or not MEASURED.isdisjoint(folders):
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


def _started_broker(folder: "Path", *, tls: bool = False) -> "RealBroker":
    from tests.brokers import NoBrokerError, start_real_broker  # noqa: PLC0415 - slow to import

    try:
        return start_real_broker(folder, tls=tls)
    except NoBrokerError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def real_broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RealBroker]":
    """Apache Kafka, one for the session: not to be stopped."""
    broker = _started_broker(tmp_path_factory.mktemp("kafka"), tls=True)
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def mortal_broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RealBroker]":
    """Apache Kafka for tests that kill it: each starts it again."""
    broker = _started_broker(tmp_path_factory.mktemp("mortal-kafka"))
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> "Iterator[RealBroker | MockBroker]":
    """The real broker, or the mock where there is none; says which it is."""
    from tests.brokers import MockBroker  # noqa: PLC0415 - slow to import

    try:
        found: RealBroker | MockBroker = request.getfixturevalue("real_broker")
    except pytest.skip.Exception as missing:
        found = MockBroker()
        print(f"{found}: {missing}")  # noqa: T201 - beside the test that fails
        yield found
        found.stop()
    else:
        print(found)  # noqa: T201 - beside the test that fails
        yield found


def _started_server(start: "Callable[[], PostgresServer]") -> "PostgresServer":
    from tests.postgres import NoPostgresError  # noqa: PLC0415 - slow to import

    try:
        return start()
    except NoPostgresError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """PostgreSQL 18, one for each process of the session: not to be stopped."""
    from tests.postgres import postgres18  # noqa: PLC0415 - slow to import

    server = _started_server(postgres18)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def oldest_postgres() -> "Iterator[PostgresServer]":
    """PostgreSQL 15, one for each process: a test that stops it starts it again."""
    from tests.postgres import postgres15  # noqa: PLC0415 - slow to import

    server = _started_server(postgres15)
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres: "PostgresServer") -> str:
    """A new and empty database on PostgreSQL 18."""
    return postgres.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_urls(request: pytest.FixtureRequest, tmp_path: "Path") -> tuple[str, str]:
    """Where a log and where its read models are: two new files, or one new database."""
    if request.param == "sqlite":
        return str(tmp_path / "log.db"), str(tmp_path / "read-model.db")
    url: str = request.getfixturevalue("postgres_url")
    return url, url
