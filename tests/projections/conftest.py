"""A log in a file, and read models in each of the databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

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


@pytest.fixture(scope="module")
def postgres_models(postgres: PostgresServer) -> Iterator[ReadModels]:
    """Read models on a server, for examples of a law that clear them."""
    with ReadModels.open(postgres.new_database()) as models:
        yield models
