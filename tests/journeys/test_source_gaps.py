"""What a stream lost before it was read is in the log, once, with the position moved over it."""

import sqlite3
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from eventsourcing.persistence import InterfaceError, OperationalError, ProgrammingError

from journeys.application import explained
from journeys.batches import Batch
from journeys.errors import FencedError, LogAwayError, LogError
from journeys.event_log import EventLog, SourcePosition
from journeys.postgres_server import trouble_of
from journeys.records import SourceGapRecorded

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GAP = SourceGapRecorded(
    source="kafka/c/t/0", topic="touchpoints", partition=0, begin=10, end=25, reason="retention"
)


def batch_of(gap: SourceGapRecorded) -> Batch:
    return Batch([], [], recorded_at=NOW, coordinates=(), gaps=[gap])


def test_gap_is_recorded_with_the_position_behind_it(log_url: str) -> None:
    with EventLog.open(log_url) as log:
        appended = log.append(batch_of(GAP), positions=[SourcePosition(GAP.source, 25, None)])
        ((position, event),) = log.read()
        assert (appended.position, log.position_of(GAP.source)) == (position, 25)
        assert log.newest_recorded_at() == NOW
    assert isinstance(event, SourceGapRecorded)
    assert (event.begin, event.end, event.reason) == (10, 25, "retention")


def test_gap_is_not_recorded_by_who_has_lost_the_source(log_url: str) -> None:
    with EventLog.open(log_url) as log:
        log.append(batch_of(GAP), positions=[SourcePosition(GAP.source, 25, None)])
        with pytest.raises(FencedError):
            log.append(batch_of(GAP), positions=[SourcePosition(GAP.source, 30, None)])
        assert log.head() == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sqlite3.OperationalError("database is locked"), LogAwayError),
        (sqlite3.OperationalError("database or disk is full"), LogError),
        (OperationalError("connection refused"), LogAwayError),
        (InterfaceError("connection is closed"), LogAwayError),
        (ProgrammingError("no such column"), LogError),
    ],
)
def test_database_that_may_answer_later_is_told_from_one_to_be_seen_to(
    error: Exception, kind: type[LogError]
) -> None:
    with pytest.raises(LogError) as told, explained("somewhere"):
        raise error
    assert type(told.value) is kind


@pytest.mark.parametrize("with_driver", [True, False])
def test_what_no_database_said_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, *, with_driver: bool
) -> None:
    if not with_driver:
        monkeypatch.delitem(sys.modules, "psycopg")

    with pytest.raises(ZeroDivisionError), explained("somewhere"):
        raise ZeroDivisionError
    with pytest.raises(LogAwayError, match="database is locked"), explained("somewhere"):
        raise sqlite3.OperationalError("database is locked")
    with pytest.raises(FencedError, match=r"^as it is$"), explained("somewhere"):
        raise FencedError("as it is")


def test_a_connection_that_was_lost_may_come_back() -> None:
    trouble = trouble_of(psycopg.InterfaceError("the connection is lost"), hint="-", hints={})

    assert trouble == ("the connection is lost", "the connection was lost; try again", True)
