"""A log in a file, and read models in each of the databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from journeys.event_log import EventLog
from projections.read_models import ReadModels
from tests.postgres import PostgresServer
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the tests of a module once on each database."""
    if request.param == "postgresql":
        InUse.new_database = request.getfixturevalue("postgres").new_database
    yield request.param
    InUse.new_database = None
    InUse.free.clear()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try a law with a third of its examples, and with all of them among the slow tests."""
    if is_hypothesis_test(metafunc.function):
        shares = [pytest.param(3, id="few"), pytest.param(1, id="all", marks=pytest.mark.slow)]
        metafunc.parametrize("fewer_examples", shares, indirect=True)


@pytest.fixture(autouse=True)
def fewer_examples(request: pytest.FixtureRequest) -> Iterator[None]:
    """Divide the examples of a law; on a server by five more: rows are the same on both."""
    law = request.function
    told = getattr(law, "_hypothesis_internal_use_settings", None)
    share = getattr(request, "param", 1) * (5 if InUse.new_database is not None else 1)
    if told is None or share == 1:
        yield
        return
    few = settings(told, max_examples=max(told.max_examples // share, 4))
    law._hypothesis_internal_use_settings = few
    yield
    law._hypothesis_internal_use_settings = told


@pytest.fixture(scope="module")
def postgres_models(postgres: PostgresServer) -> Iterator[ReadModels]:
    """Read models on a server, for examples of a law that clear them."""
    with ReadModels.open(postgres.new_database()) as models:
        yield models
