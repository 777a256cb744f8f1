"""What the log says of what a report may lack, as it was known at a position."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from journeys.batches import Batch
from journeys.event_log import EventLog
from journeys.missing import newest_arrivals, waiting_records
from journeys.proof import recorded_gaps
from journeys.records import SourceGapRecorded, TouchpointRejected
from journeys.resolutions import dismiss
from journeys.touchpoint import Touchpoint

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SERVICE = "varaamo-booking"

MakeTouchpoint = Callable[..., Touchpoint]


def rejected(place: int, reason: str, service: str) -> TouchpointRejected:
    return TouchpointRejected(
        origin="file:a", place=place, reason=reason, detail="", digest=str(place), service=service
    )


def test_what_waits_is_counted_as_it_was_at_a_position(log: EventLog) -> None:
    of = [(1, "bad_time", SERVICE), (2, "bad_time", ""), (3, "bad_row", SERVICE), (4, "x", "other")]
    log.append_batch([], [rejected(*one) for one in of], recorded_at=NOW)
    then = log.head()
    assert dismiss(log, log.rejections(reason="bad_row"), why="unwanted", recorded_at=NOW) == 1

    now, before = (waiting_records(log, SERVICE, until=until) for until in (log.head(), then))

    assert now == {(SERVICE, "bad_time"): 1, ("", "bad_time"): 1}
    assert before == {**now, (SERVICE, "bad_row"): 1}


def test_late_is_what_was_recorded_more_than_a_day_afterwards(
    log: EventLog, touchpoint: MakeTouchpoint
) -> None:
    day = timedelta(days=1)
    times = [NOW, NOW - day, NOW - day - timedelta(microseconds=1)]
    come = [touchpoint(n, occurred_at=when, person="p") for n, when in enumerate(times)]
    other = touchpoint(9, service="other", occurred_at=NOW - 9 * day)
    log.append_batch([*come, other], recorded_at=NOW)

    found = newest_arrivals(log, SERVICE, as_of=NOW + day, until=log.head())
    before = newest_arrivals(log, SERVICE, as_of=NOW - day, until=log.head())

    assert found.rows() == [("p", False), ("p", False), ("p", True)]
    assert before.rows() == [("p", True)]


def test_of_what_is_retracted_or_unknown_nothing_came(
    log: EventLog, touchpoint: MakeTouchpoint
) -> None:
    log.append_batch([touchpoint(1, person=None)], recorded_at=NOW)
    then = log.head()
    log.retract("urn:hel:varaamo", recorded_at=NOW)

    rows = [
        newest_arrivals(log, service, as_of=NOW, until=until).height
        for service, until in ((SERVICE, then), (SERVICE, log.head()), ("other", then))
    ]

    assert rows == [1, 0, 0]


def test_gaps_are_those_recorded_up_to_a_position(log: EventLog) -> None:
    for begin in (10, 40):
        gap = SourceGapRecorded(
            source="k", topic="t", partition=0, begin=begin, end=begin + 5, reason="retention"
        )
        log.append(Batch([], [], recorded_at=NOW, coordinates=(), gaps=[gap]))

    assert [gap.begin for gap in recorded_gaps(log)] == [10, 40]
    assert [gap.begin for gap in recorded_gaps(log, until=log.head() - 1)] == [10]
