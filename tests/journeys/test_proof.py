"""What the log can prove of itself."""

from collections.abc import Callable
from datetime import datetime

import pytest

from journeys.event_log import EventLog
from journeys.proof import (
    differing_from_recorded,
    look_for_misplaced,
    mark_of,
    recorded_gaps,
    rejected_streams,
)
from journeys.records import EPOCH, SourceGapRecorded, TouchpointRejected
from journeys.rows import Row, row_of, touchpoint_rows
from journeys.touchpoint import Touchpoint

Build = Callable[..., Touchpoint]


def put(log: EventLog, *rows: Row) -> None:
    """Write rows as nobody should."""
    recorder = log.application.recorder
    with recorder.writing() as c:
        assert recorder.insert_rows(c, rows) == len(rows)


def misplaced(log: EventLog, rows: int = 2) -> list[int]:
    return [position for looked in look_for_misplaced(log, rows=rows) for position in looked[2]]


def test_touchpoint_is_compared_with_the_one_of_its_identity(
    log: EventLog, touchpoint: Build, now: datetime
) -> None:
    log.append_batch([touchpoint(1), touchpoint(2)], recorded_at=now)
    other = touchpoint(2, name="other", channel="phone")
    attributed = touchpoint(1, attributes={"lang": "sv"})

    found = differing_from_recorded(log, [touchpoint(3), other, touchpoint(1), attributed])

    assert found == [None, ["name", "channel"], [], []]
    assert differing_from_recorded(log, []) == []


def test_touchpoint_is_found_before_and_behind_a_retraction_of_its_source(
    log: EventLog, touchpoint: Build, now: datetime
) -> None:
    log.append_batch([touchpoint(1), touchpoint(2), touchpoint(3)], recorded_at=now)
    log.retract(touchpoint(1).source, recorded_at=now)
    mended = touchpoint(2, name="mended")
    log.append_batch([mended, touchpoint(4)], recorded_at=now)

    everyone = [touchpoint(1), touchpoint(2), mended, touchpoint(4), touchpoint(5)]
    other = touchpoint(2, name="third", status="error")

    assert differing_from_recorded(log, everyone) == [[], [], [], [], None]
    assert differing_from_recorded(log, [other]) == [["name", "status"]]


def test_streams_of_rejections_are_told_from_others(log: EventLog, now: datetime) -> None:
    rejection = TouchpointRejected(origin="file:a", place=1, reason="bad_row", detail="", digest="")
    log.append_batch([], [rejection], recorded_at=now)
    stream = rejection.originator_id.hex

    assert rejected_streams(log, [stream, "0" * 32]) == {stream}
    assert rejected_streams(log, []) == set()


def test_mark_of_an_event_is_its_own_and_where_no_event_is_there_is_none(
    log: EventLog, touchpoint: Build, now: datetime
) -> None:
    log.append_batch([touchpoint(1), touchpoint(2)], recorded_at=now)

    marks = [mark_of(log, position) for position in (1, 2, 1, 3)]

    assert marks[0] == marks[2] != marks[1]
    assert marks[3] == ""


def test_gaps_of_a_topic_are_those_recorded_for_it(log: EventLog, now: datetime) -> None:
    first = SourceGapRecorded(
        source="kafka/c/t/0", topic="t", partition=0, begin=1, end=3, reason="retention"
    )
    other = SourceGapRecorded(
        source="kafka/c/u/0", topic="u", partition=0, begin=1, end=3, reason="retention"
    )
    put(log, row_of(first, recorded_at=now), row_of(other, recorded_at=now))

    assert [(gap.begin, gap.end) for gap in recorded_gaps(log, "t")] == [(1, 3)]
    assert recorded_gaps(log, "nothing") == []


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_touchpoints_of_an_orderly_log_are_all_where_they_belong(
    log: EventLog, touchpoint: Build, now: datetime, rows: int
) -> None:
    one, other = touchpoint(1), touchpoint(1, source="urn:other")
    log.append_batch([one, other, touchpoint(2)], recorded_at=now)
    for _ in range(2):
        log.retract(one.source, recorded_at=now)
        log.append_batch([one, other, touchpoint(2)], recorded_at=now)

    looked = list(look_for_misplaced(log, rows=rows))

    assert sum(part.touchpoints for part in looked) == 7
    assert misplaced(log, rows) == []
    assert looked[-1].position == log.head() == 9


def test_empty_log_has_nothing_misplaced(log: EventLog) -> None:
    assert list(look_for_misplaced(log)) == []


def test_touchpoint_in_a_foreign_stream_or_of_a_version_of_its_own_is_found(
    log: EventLog, touchpoint: Build, now: datetime
) -> None:
    log.append_batch([touchpoint(1)], recorded_at=now)
    (row,) = touchpoint_rows([touchpoint(1)], recorded_at=EPOCH)
    stream, _, topic, state = row

    put(log, ("f" * 32, 1, topic, state), (stream, 2, topic, state))
    log.append_batch([touchpoint(2)], recorded_at=now)

    assert misplaced(log) == [2, 3]


def test_second_version_recorded_before_the_retraction_is_found(
    log: EventLog, touchpoint: Build, now: datetime
) -> None:
    log.append_batch([touchpoint(1)], recorded_at=now)
    (row,) = touchpoint_rows([touchpoint(2)], recorded_at=EPOCH)
    put(log, (row[0], 2, row[2], row[3]))
    log.retract(touchpoint(1).source, recorded_at=now)

    assert misplaced(log) == [2]
