"""A log and read models, each in a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.event_log import EventLog
from projections.read_models import ReadModels
from tests.projections.stored import folder


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
