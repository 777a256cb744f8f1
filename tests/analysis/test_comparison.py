"""Two groups of journeys beside each other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from analysis.compared_rows import (
    DIFFERS,
    MIN_COMPARED,
    NO_CLEAR_DIFFERENCE,
    TOO_FEW,
    common_day,
)
from analysis.comparison import Compared, Segment, compare
from analysis.rates import DAY_S
from analysis.report import journey_report
from analysis.sections import ComparedRow
from analysis.selection import EVER, Period
from journeys.errors import DisclosureError, SettingsError
from journeys.service import Service
from projections.frames import Frames
from tests.analysis.cities import HEAVY, ROUTES, STEPS, K, cities, with_enough_people
from tests.analysis.conftest import build_world

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]
At = Callable[[float], datetime]
Key = tuple[str, str | None, str | None]

SWEDISH = Segment("lang", "sv")
FINNISH = {"lang": "fi"}
MIXED = """
    60 * form.0 pay.0.1 granted.1
    50 * form.0 files.0.2 form.0.4 pay.0.6 handling.1 granted.2
    40 * form.0
    30 * form.0 files.0.1
    30 * form.0 call.0.1@phone pay.0.3 refused.3
    25 * form.0 pay.0.1 cancelled.0.2
    20 * form.0 pay.0.7
"""


def rows(found: Compared) -> dict[Key, ComparedRow]:
    return {(row.what, row.step, row.to): row for row in found.comparison.rows}


def fi_and_sv(frames: Frames, *, k: int = K) -> Compared:
    return compare(frames, window=EVER, where=FINNISH, other=SWEDISH, k=k)


def test_each_figure_is_read_on_both_sides(world: World) -> None:
    frames = world(
        "60 * lang=fi form.0 pay.0.1 granted.1\n 40 * lang=fi form.0\n"
        "30 * lang=sv form.0 pay.0.1 granted.2\n 60 * lang=sv form.0 files.0.5"
    )

    found = rows(fi_and_sv(frames))

    figures = {key: (row.base, row.base_n, row.other, row.other_n) for key, row in found.items()}
    assert figures == {
        ("completion", None, None): (0.6, 100, 30 / 90, 90),
        ("drop_off", "form", None): (0.4, 100, 0.0, 90),
        ("drop_off", "files", None): (None, 0, None, 60),
        ("drop_off", "pay", None): (0.0, 60, 0.0, 30),
        ("reached", "form", None): (1.0, 100, 1.0, 90),
        ("reached", "files", None): (0.0, 100, 60 / 90, 90),
        ("reached", "pay", None): (0.6, 100, 30 / 90, 90),
        ("moved", "form", "pay"): (0.6, 100, 30 / 90, 90),
        ("moved", "form", "files"): (0.0, 100, 60 / 90, 90),
        ("time", None, None): (DAY_S, 60, 2 * DAY_S, 30),
        ("customer_time", None, None): (0.1 * DAY_S, 60, 0.1 * DAY_S, 30),
        ("city_time", None, None): (0.9 * DAY_S, 60, 1.9 * DAY_S, 30),
        ("stay", "form", None): (0.1 * DAY_S, 60, 0.5 * DAY_S, 90),
        ("stay", "pay", None): (0.9 * DAY_S, 60, 1.9 * DAY_S, 30),
    }


def test_a_planted_difference_is_found_and_no_other(world: World) -> None:
    same = "100 * lang={} form.0 pay.0.1 granted.1\n 100 * lang={} form.0 files.0.1 granted.1\n"
    frames = world(
        same.format("fi", "fi")
        + same.format("sv", "sv")
        + "20 * lang=fi form.0 files.0.1\n 80 * lang=fi form.0 pay.0.1 granted.1\n"
        + "80 * lang=sv form.0 files.0.1\n 20 * lang=sv form.0 pay.0.1 granted.1\n"
    )

    found = rows(fi_and_sv(frames))

    differing = {key for key, row in found.items() if row.verdict == DIFFERS}
    assert ("completion", None, None) in differing
    assert ("drop_off", "files", None) in differing
    assert not differing & {("drop_off", "form", None), ("drop_off", "pay", None)}
    done = found["completion", None, None]
    assert done.difference is not None
    assert done.low is not None
    assert done.high is not None
    assert done.difference == pytest.approx(-60 / 300)
    assert done.low < done.difference < done.high < 0


def test_the_younger_side_does_not_look_worse(world: World, at_day: At) -> None:
    frames = world(
        "100 * form.0 pay.0.1 granted.5\n 100 * week=3 form.0 pay.0.1 granted.5", at=24.0
    )

    found = compare(
        frames, window=Period(end=at_day(10)), where={}, other=Period(start=at_day(10)), k=K
    )

    # The younger have been seen for three days, and at that day nobody had completed.
    done = rows(found)["completion", None, None]
    assert (done.base, done.other, done.day) == (0.0, 0.0, 3)
    assert {row.verdict for row in found.comparison.rows} == {NO_CLEAR_DIFFERENCE}


def test_others_of_the_report_are_compared_with_the_rest_of_it(world: World) -> None:
    frames = world("40 * lang=sv form.0 granted.1\n 70 * lang=fi form.0")

    found = compare(frames, window=EVER, where={}, other=SWEDISH, k=K).comparison

    assert found.rest
    assert [(side.side, side.where, side.started) for side in found.sides] == [
        ("base", {}, 70),
        ("other", {"lang": "sv"}, 40),
    ]
    assert (found.rows[0].base, found.rows[0].other) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("where", "other"), [({}, EVER), (FINNISH, Segment("lang", "fi")), ({}, Segment("lang", "fi"))]
)
def test_journeys_do_not_differ_from_themselves(
    where: dict[str, str], other: Period | Segment, world: World
) -> None:
    frames = world(MIXED.replace("* ", "* lang=fi "))

    found = compare(frames, window=EVER, where=where, other=other, k=K).comparison

    assert not found.rest
    assert {row.verdict for row in found.rows if min(row.base_n, row.other_n) >= 30} == {
        NO_CLEAR_DIFFERENCE
    }
    assert {row.difference for row in found.rows} <= {0.0, None}


@HEAVY
@given(text=cities().map(with_enough_people))
def test_no_period_differs_from_itself(text: str, world: World, service_of: ServiceOf) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)

    report = journey_report(frames, beside=EVER, k=K)

    assert all(row.verdict != DIFFERS for row in report.comparison.rows)


def test_below_thirty_there_are_too_few_to_compare(world: World) -> None:
    frames = world("29 * lang=fi form.0 granted.1\n 90 * lang=sv form.0")

    found = fi_and_sv(frames).comparison.rows

    assert {row.verdict for row in found} == {TOO_FEW}
    assert {(row.difference, row.low, row.high, row.q) for row in found} == {(None,) * 4}


def test_one_person_counts_once(world: World) -> None:
    frames = world("90 * lang=fi person=P form.0 granted.1\n 29 * lang=fi form.0\n"
                   "90 * lang=sv form.0 granted.1")  # fmt: skip

    done = rows(fi_and_sv(frames))["completion", None, None]

    # 119 journeys of 30 people: Newcombe's interval is as wide as that of 30.
    assert (done.base_n, done.verdict) == (119, DIFFERS)
    assert done.low is not None
    assert done.high is not None
    assert done.high - done.low > 0.25


def test_without_journeys_there_is_nothing_to_compare(world: World) -> None:
    found = compare(world("9 * form.0"), window=EVER, where={}, other=SWEDISH, k=K)

    assert [side.started for side in found.comparison.sides] == [9, 0]
    assert {row.verdict for row in found.comparison.rows} == {TOO_FEW}


def test_a_report_that_asks_for_none_has_no_comparison(world: World) -> None:
    report = journey_report(world("9 * form.0"), k=K)

    assert (report.comparison.sides, report.comparison.rows) == ([], [])


@pytest.mark.parametrize(
    ("window", "other"),
    [((0, 10), (5, 15)), ((0, 10), (0, 9)), ((None, None), (0, 9)), ((5, None), (0, 6))],
)
def test_periods_that_overlap_are_not_compared(
    window: tuple[float | None, float | None],
    other: tuple[float | None, float | None],
    world: World,
    at_day: At,
) -> None:
    def period(bounds: tuple[float | None, float | None]) -> Period:
        return Period(*(None if day is None else at_day(day) for day in bounds))

    with pytest.raises(SettingsError, match="overlap"):
        compare(world(MIXED), window=period(window), where={}, other=period(other), k=K)


def test_a_period_before_or_after_is_compared(world: World, at_day: At) -> None:
    frames = world("40 * form.0 granted.1\n 50 * week=1 form.0 granted.1")
    early, late = Period(at_day(0), at_day(5)), Period(at_day(5), at_day(15))

    there = compare(frames, window=early, where={}, other=late, k=K).comparison
    back = compare(frames, window=late, where={}, other=early, k=K).comparison

    assert [side.started for side in there.sides] == [40, 50]
    assert [side.started for side in back.sides] == [50, 40]
    assert there.sides[0].to == there.sides[1].from_ == "2026-01-10T09:00:00Z"


# --- one common day -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([100.0] * 40, 7),
        ([3.5] * 40, 3),
        ([100.0] * 29 + [5.2, 1.0], 5),
        ([0.9] * 40, None),
        ([100.0] * 29, None),
        ([], None),
    ],
)
def test_both_sides_are_read_at_the_last_day_that_thirty_have_reached(
    ages: list[float], expected: int | None
) -> None:
    old = pl.Series([100.0 * DAY_S] * MIN_COMPARED)
    young = pl.Series([age * DAY_S for age in ages], dtype=pl.Float64)

    assert common_day([old, young], horizon=7) == common_day([young, old], horizon=7) == expected


# --- nothing about too few ----------------------------------------------------------------------


def test_a_row_of_few_on_one_side_is_left_out_and_counted(world: World) -> None:
    frames = world(
        "40 * lang=fi form.0 pay.0.1\n 9 * lang=fi form.0\n"
        "40 * lang=sv form.0\n 3 * lang=sv form.0 pay.0.1"
    )

    found = fi_and_sv(frames)

    assert ("drop_off", "pay", None) not in rows(found)
    assert ("moved", "form", "pay") not in rows(found)
    assert found.hidden > 0


def test_a_segment_of_few_cannot_be_had_by_comparing(world: World) -> None:
    frames = world("40 * lang=fi form.0\n 3 * lang=sv form.0\n 40 * lang=en form.0")

    with pytest.raises(DisclosureError, match="lang=sv"):
        compare(frames, window=EVER, where={}, other=SWEDISH, k=K)
    # Both sides are enough, but what is on neither is the three.
    with pytest.raises(DisclosureError, match="lang=en"):
        compare(frames, window=EVER, where=FINNISH, other=Segment("lang", "en"), k=K)


@HEAVY
@given(text=cities().map(with_enough_people))
def test_no_row_is_about_few_on_either_side(text: str, world: World, service_of: ServiceOf) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)
    try:
        shown = compare(frames, window=EVER, where=FINNISH, other=SWEDISH, k=K)
    except DisclosureError:
        return

    for row in shown.comparison.rows:
        for n, value in ((row.base_n, row.base), (row.other_n, row.other)):
            # How many journeys a row is about; a share of journeys is about those that it counts.
            about = n if value is None or row.what not in {"reached", "moved"} else n * value
            assert not 0 < round(about) < K


# --- chance -------------------------------------------------------------------------------------


def halvings(frames: Frames, number: int) -> int:
    """Count the random halvings of which any figure is said to differ."""
    random = np.random.default_rng(7)
    differing = 0
    for _ in range(number):
        half = random.integers(0, 2, frames.journeys.height)
        values = pl.Series([f'{{"half":"{"ab"[side]}"}}' for side in half])
        halved = replace(frames, journeys=frames.journeys.with_columns(attributes=values))
        found = compare(
            halved, window=EVER, where={"half": "a"}, other=Segment("half", "b"), k=K
        ).comparison
        differing += any(row.verdict == DIFFERS for row in found.rows)
    return differing


def test_random_halves_of_a_city_rarely_differ() -> None:
    # 5 % of 40 are 2; 7 or more have a chance of 1 in 300.
    assert halvings(build_world(MIXED), 40) <= 6


@pytest.mark.slow
def test_at_most_eight_per_cent_of_random_halvings_differ() -> None:
    assert halvings(build_world(MIXED), 200) <= 16
