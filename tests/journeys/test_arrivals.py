"""Which sources a stream brought something of, and when: kept beside the events, by the hour."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from journeys.errors import FencedError
from journeys.event_log import EventLog, SourcePosition
from journeys.touchpoint import Touchpoint

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = 498_660  # of START, since 1970: 20,777 days and 12 hours

Build = Callable[..., Touchpoint]


def position(then: int, expected: int | None) -> SourcePosition:
    return SourcePosition("kafka/c/t/0", then, expected)


def test_a_stream_is_noted_once_an_hour_for_each_source_it_brings(
    log: EventLog, touchpoint: Build
) -> None:
    both = [touchpoint(1), touchpoint(2), touchpoint(3, source="urn:hel:respa")]
    log.append_batch(both, recorded_at=START, positions=[position(3, None)])
    log.append_batch(
        both, recorded_at=START + timedelta(minutes=59), positions=[position(6, 3)]
    )  # nothing of it is new, but it came
    log.append_batch(
        [touchpoint(4)], recorded_at=START + timedelta(minutes=60), positions=[position(7, 6)]
    )

    assert log.arrivals() == [
        ("urn:hel:respa", HOUR),
        ("urn:hel:varaamo", HOUR),
        ("urn:hel:varaamo", HOUR + 1),
    ]


def test_what_comes_without_a_position_is_no_stream(log: EventLog, touchpoint: Build) -> None:
    log.append_batch([touchpoint(1)], recorded_at=START)

    assert log.arrivals() == []


def test_a_batch_that_is_refused_has_not_arrived(log: EventLog, touchpoint: Build) -> None:
    with pytest.raises(FencedError):
        log.append_batch([touchpoint(1)], recorded_at=START, positions=[position(3, 2)])

    assert log.arrivals() == []


def test_arrivals_reach_28_days_back_from_the_last_one_of_each_source(
    log: EventLog, touchpoint: Build
) -> None:
    days = [("old", 0), ("new", 1), ("new", 28), ("new", 29)]
    for number, (source, day) in enumerate(days):
        log.append_batch(
            [touchpoint(number, source=source)],
            recorded_at=START + timedelta(days=day),
            positions=[position(number + 1, number or None)],
        )

    assert log.arrivals() == [
        ("new", HOUR + 28 * 24),
        ("new", HOUR + 29 * 24),
        ("old", HOUR),
    ]


def test_a_log_of_before_arrivals_were_noted_has_none_until_it_is_written(
    log_path: Path, touchpoint: Build
) -> None:
    with EventLog.open(log_path) as log:
        log.append_batch([touchpoint(1)], recorded_at=START, positions=[position(1, None)])
    with closing(sqlite3.connect(log_path)) as raw:
        raw.execute("DROP TABLE stream_arrival")

    with EventLog.open(log_path, create=False) as log:
        before = log.arrivals()
        log.append_batch([touchpoint(2)], recorded_at=START, positions=[position(2, 1)])
        after = log.arrivals()

    assert (before, after) == ([], [("urn:hel:varaamo", HOUR)])
