from datetime import datetime, timedelta

import pytest
from eventsourcing.persistence import StoredEvent

from journeys.event_log import EventLog
from journeys.records import TouchpointRejected

NOW = datetime.fromisoformat("2026-11-20T12:00:00Z")


def rejected(place: int, reason: str, service: str = "") -> TouchpointRejected:
    return TouchpointRejected(
        origin="file:a", place=place, reason=reason, detail="", digest=str(place), service=service
    )


@pytest.fixture
def log_with_rejections(log: EventLog) -> EventLog:
    """Five rejections in two days, the one of line 2 settled."""
    log.append_batch(
        [], [rejected(1, "bad_time"), rejected(2, "bad_time", "parking")], recorded_at=NOW
    )
    log.append_batch(
        [],
        [rejected(3, "too_deep"), rejected(4, "bad_row", "parking"), rejected(5, "bad_time")],
        recorded_at=NOW + timedelta(days=1),
    )
    settled = rejected(2, "bad_time").originator_id
    log.application.recorder.insert_events([StoredEvent(settled, 2, "RejectionResolved", b"{}")])
    return log


def places(log: EventLog, **which: object) -> list[int]:
    return [q.rejection.place for q in log.rejections(**which)]  # type: ignore[arg-type]


def test_rejections_are_listed_in_the_order_of_recording(log_with_rejections: EventLog) -> None:
    listed = log_with_rejections.rejections()

    assert [(q.position, q.rejection.place, q.resolved) for q in listed] == [
        (1, 1, False),
        (2, 2, True),
        (3, 3, False),
        (4, 4, False),
        (5, 5, False),
    ]
    assert listed[1].rejection.service == "parking"
    assert listed[1].rejection.originator_id == rejected(2, "").originator_id


def test_rejections_are_selected(log_with_rejections: EventLog) -> None:
    log = log_with_rejections
    next_day = NOW + timedelta(days=1)

    assert places(log, reason="bad_time") == [1, 2, 5]
    assert places(log, service="parking") == [2, 4]
    assert places(log, service="") == [1, 3, 5]
    assert places(log, since=next_day) == [3, 4, 5]
    assert places(log, since=next_day + timedelta(microseconds=1)) == []
    assert places(log, unresolved=True) == [1, 3, 4, 5]
    assert places(log, unresolved=True, reason="bad_time", since=next_day) == [5]


def test_rejections_are_counted_by_reason_the_most_frequent_first(
    log_with_rejections: EventLog,
) -> None:
    log = log_with_rejections

    assert list(log.count_rejections().items()) == [
        ("bad_time", 3),
        ("bad_row", 1),
        ("too_deep", 1),
    ]
    assert log.count_rejections(unresolved=True)["bad_time"] == 2
    assert log.count_rejections(service="parking") == {"bad_row": 1, "bad_time": 1}
    assert log.count_rejections(since=NOW + timedelta(days=2)) == {}


def test_a_log_without_rejections_has_none(log: EventLog) -> None:
    assert log.rejections() == []
    assert log.count_rejections() == {}
