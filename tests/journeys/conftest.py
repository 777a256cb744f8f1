"""A log of its own, in a file and in PostgreSQL, and touchpoints to put into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint
from tests.postgres import PostgresServer

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture(scope="session")
def empty_log(postgres: PostgresServer) -> str:
    """The name of a database with an empty log, to be copied."""
    url = postgres.new_database()
    EventLog.open(url).close()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest, log_path: Path) -> str:
    """Where there may be a log: no file yet, or a database with an empty one."""
    if request.param == "sqlite":
        return str(log_path)
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.new_database(request.getfixturevalue("empty_log"))


@pytest.fixture
def log(log_url: str) -> Iterator[EventLog]:
    with EventLog.open(log_url) as opened:
        yield opened


@pytest.fixture
def touchpoint() -> Callable[..., Touchpoint]:
    """Build the touchpoint with a number: a minute earlier each, all else alike."""

    def build(number: int, **changes: object) -> Touchpoint:
        usual: dict[str, Any] = {
            "source": "urn:hel:varaamo",
            "id": f"t-{number}",
            "service": "varaamo-booking",
            "occurred_at": NOW - timedelta(minutes=number),
            "name": "form.details",
            "case": f"case-{number}",
            "attributes": {"lang": "fi"},
        }
        return Touchpoint(**(usual | changes))

    return build
