"""What may be missing of a service."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import polars as pl
import pytest

from analysis.recording import Told, recording_of
from analysis.report import journey_report
from analysis.sections import LostRecords, Recording, WaitingRecords
from projections.frames import Frames
from tests.analysis.conftest import build_world

World = Callable[..., Frames]
DAY = timedelta(days=1)
NOTHING = Told(
    pl.DataFrame(schema={"people": pl.String(), "late": pl.Boolean()}), DAY, waiting={}, lost=[]
)
LOST = LostRecords(
    topic="t",
    partition=0,
    begin=4,
    end=None,
    reason="recreated",
    recorded_at="2026-01-01T00:00:00Z",
)


def arrived(*people_late: tuple[int, int, bool]) -> Told:
    """Each: how many people, touchpoints of each, and whether these came late."""
    rows = [
        (f"{place}-{person}", late)
        for place, (people, times, late) in enumerate(people_late)
        for person in range(people)
        for _ in range(times)
    ]
    return NOTHING._replace(
        arrivals=pl.DataFrame(rows, schema=NOTHING.arrivals.schema, orient="row")
    )


def in_hours(hours: Sequence[int], *, at: float) -> Recording:
    """Report on a service whose touchpoints occur in these hours, at a day."""
    lines = "\n".join(f"form.{hour / 24 + 0.01:.4f}" for hour in hours)
    return recording_of(build_world(lines, at=at), NOTHING, k=5).recording


def test_a_service_without_a_touchpoint_has_nothing(world: World) -> None:
    found = recording_of(world("form.399", at=300.0), NOTHING, k=5).recording

    assert (found.state, found.newest_at, found.silent_hours) == ("nothing", None, None)
    assert (found.silences, found.looked_at, found.late_share) == ([], 0, None)


def test_a_silence_at_the_end_is_told_by_the_habits_of_the_service() -> None:
    every_hour = range(1, 121)

    states = {at: in_hours(every_hour, at=at).state for at in (5.05, 5.1, 6.0, 40.0)}

    assert states == {5.05: "heard", 5.1: "heard", 6.0: "silent", 40.0: "ended"}
    young = in_hours(every_hour[:9], at=1.0)
    assert (young.state, young.newest_at) == ("too_young", None)
    silent = in_hours(every_hour, at=6.0)
    assert (silent.silent_hours, silent.usual_hours) == (24, 3)


def test_silences_before_are_listed_unless_they_are_usual_or_a_season() -> None:
    hours = [*range(1, 61), *range(63, 101), *range(111, 140), *range(1500, 1560)]

    (only,) = in_hours(hours, at=65.0).silences

    assert (only.hours, only.usual_hours) == (11, 3)
    assert (only.from_, only.to) == ("2026-01-09T13:00:00Z", "2026-01-10T00:00:00Z")


def test_late_ones_are_counted_and_shared_out() -> None:
    frames = build_world("5 * form.0")

    found = recording_of(frames, arrived((6, 3, True), (9, 2, False)), k=5)

    assert (found.recording.looked_at, found.recording.late, found.hidden) == (36, 18, 0)
    assert found.recording.late_share == pytest.approx(0.5)
    assert found.recording.late_after_s == 86_400
    few = recording_of(frames, arrived((9, 1, True)), k=5).recording
    assert (few.late, few.late_share) == (9, None)


@pytest.mark.parametrize("told", [((4, 9, True), (9, 9, False)), ((9, 9, True), (4, 9, False))])
def test_neither_few_who_came_late_nor_few_who_did_not_are_told(
    told: tuple[tuple[int, int, bool], ...],
) -> None:
    found = recording_of(build_world("5 * form.0"), arrived(*told), k=5)

    assert (found.recording.late, found.recording.late_share, found.hidden) == (None, None, 1)


def test_a_report_says_what_waits_and_what_is_lost() -> None:
    frames = build_world("20 * form.0 pay.0.1")
    key = frames.service.key
    waiting = {(key, "bad_row"): 1, ("", "bad_time"): 3, (key, "bad_time"): 2}

    told = journey_report(frames, told=NOTHING._replace(waiting=waiting, lost=[LOST])).recording

    assert told is not None
    assert told.waiting == [
        WaitingRecords(reason="bad_time", of_service=2, of_unknown=3),
        WaitingRecords(reason="bad_row", of_service=1, of_unknown=0),
    ]
    assert told.lost == [LOST]
    assert journey_report(frames).recording is None
