"""How a rejection stops waiting: once, and with what it turned out to say."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from uuid import UUID

import pytest

from journeys import versions
from journeys.batches import Batch
from journeys.errors import LogError
from journeys.event_log import EventLog
from journeys.records import RejectionResolved, TouchpointRejected
from journeys.resolutions import dismiss, rejection_at, resolution_of, settled_streams
from journeys.touchpoint import Touchpoint

Build = Callable[..., Touchpoint]

REJECTION = TouchpointRejected(
    origin="file:a", place=7, reason="bad_time", detail="", digest="abc", service="parking"
)
RETRIED = RejectionResolved(originator_id=REJECTION.originator_id, how="retried")


@pytest.fixture
def log_with_one(log: EventLog, now: datetime) -> EventLog:
    """A log with one rejection, at position 1."""
    log.append_batch([], [REJECTION], recorded_at=now)
    return log


def settling(touchpoint: Touchpoint, now: datetime) -> Batch:
    """A touchpoint that settles the rejection."""
    coordinates = [(REJECTION.origin, REJECTION.place, REJECTION.digest)]
    return Batch(
        [touchpoint], [], recorded_at=now, coordinates=coordinates, settling=[(0, RETRIED)]
    )


def test_touchpoint_settles_its_rejection_in_its_own_transaction(
    log_with_one: EventLog, touchpoint: Build, now: datetime
) -> None:
    later = now + timedelta(days=1)

    appended = log_with_one.append(settling(touchpoint(1), later))

    assert (appended.recorded, appended.resolved, appended.position) == (1, 1, 3)
    assert log_with_one.rejections(unresolved=True) == []
    (item,) = log_with_one.rejections()
    assert (item.position, item.resolved) == (1, True)
    assert resolution_of(log_with_one, item) == (3, "retried", "", later)
    ((_, event),) = log_with_one.read(2)
    assert isinstance(event, RejectionResolved)
    assert (event.originator_id, event.originator_version) == (REJECTION.originator_id, 2)


def test_streams_of_settled_rejections_are_told_from_others(
    log_with_one: EventLog, touchpoint: Build, now: datetime
) -> None:
    streams = [REJECTION.originator_id, UUID(int=0)]
    waiting = settled_streams(log_with_one, streams)

    log_with_one.append(settling(touchpoint(1), now))

    assert waiting == set()
    assert settled_streams(log_with_one, streams) == {REJECTION.originator_id}


def test_rejection_is_settled_once_whoever_comes_second(
    log_with_one: EventLog, touchpoint: Build, now: datetime
) -> None:
    log_with_one.append(settling(touchpoint(1), now))

    again = log_with_one.append(settling(touchpoint(1), now))
    dismissed = dismiss(log_with_one, log_with_one.rejections(), why="lost", recorded_at=now)

    assert (again.duplicates, again.resolved, again.position, dismissed) == (1, 0, 3, 0)


def test_touchpoint_that_contradicts_another_settles_nothing(
    log_with_one: EventLog, touchpoint: Build, now: datetime
) -> None:
    log_with_one.append_batch([touchpoint(1)], recorded_at=now)

    appended = log_with_one.append(settling(touchpoint(1, name="other"), now))

    assert (appended.conflicts, appended.resolved) == (1, 0)
    (item,) = log_with_one.rejections(unresolved=True)
    assert item.rejection.reason == "bad_time"  # the same bytes at the same place: put down once


def test_settled_rejection_stays_so_when_it_is_read_again(
    log_with_one: EventLog, now: datetime
) -> None:
    dismissed = dismiss(log_with_one, log_with_one.rejections(), why="unwanted", recorded_at=now)

    again = log_with_one.append_batch([], [REJECTION], recorded_at=now)

    (item,) = log_with_one.rejections()
    resolution = resolution_of(log_with_one, item)
    assert (dismissed, again.rejected) == (1, 0)
    assert resolution == (2, "dismissed", "unwanted", now)
    assert log_with_one.newest_recorded_at() == now
    assert log_with_one.recorded_at(2) == now


def test_of_several_settled_each_has_its_own_resolution(
    log_with_one: EventLog, now: datetime
) -> None:
    other = TouchpointRejected(origin="file:b", place=1, reason="bad_row", detail="", digest="d")
    log_with_one.append_batch([], [other], recorded_at=now)
    first, second = log_with_one.rejections()
    dismiss(log_with_one, [first], why="lost", recorded_at=now)

    assert resolution_of(log_with_one, second) is None
    dismiss(log_with_one, [first, second], why="mended", recorded_at=now)

    assert resolution_of(log_with_one, first) == (3, "dismissed", "lost", now)
    assert resolution_of(log_with_one, second) == (4, "dismissed", "mended", now)


def test_two_writers_at_once_settle_it_once(
    log_with_one: EventLog, log_url: str, touchpoint: Build, now: datetime
) -> None:
    appended = []

    def settle() -> None:
        with EventLog.open(log_url) as own:
            appended.append(own.append(settling(touchpoint(1), now)))

    threads = [Thread(target=settle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((a.recorded, a.resolved) for a in appended) == [(0, 0)] * 3 + [(1, 1)]
    assert log_with_one.head() == 3


def test_release_that_does_not_know_resolutions_refuses_the_log(
    log_with_one: EventLog, now: datetime
) -> None:
    before = kinds(log_with_one)
    dismiss(log_with_one, log_with_one.rejections(), why="lost", recorded_at=now)

    (new,) = kinds(log_with_one) - before
    assert new == ("resolution", 1)
    with pytest.raises(LogError, match="a newer release has written to it"):
        versions.refuse_unknown([("resolution-of-tomorrow", 1)])


def kinds(log: EventLog) -> set[versions.Kind]:
    recorder = log.application.recorder
    with recorder.reading() as c:
        return recorder.kinds(c)


def test_rejection_is_found_by_its_position(log_with_one: EventLog, now: datetime) -> None:
    dismiss(log_with_one, log_with_one.rejections(), why="lost", recorded_at=now)

    assert rejection_at(log_with_one, 1).rejection.place == 7
    assert rejection_at(log_with_one, 1).resolved
    for nothing_there in (2, 3):
        with pytest.raises(LogError, match="no rejection is there"):
            rejection_at(log_with_one, nothing_there)
