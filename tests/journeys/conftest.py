"""A log in a file of its own, and touchpoints to put into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(log_path: Path) -> Iterator[EventLog]:
    with EventLog.open(log_path) as opened:
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
