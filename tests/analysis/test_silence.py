"""The silence after which hardly anybody comes back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from scipy.optimize import brentq

from analysis.silence import (
    FOLLOWED_DAYS,
    LONGEST_DAYS,
    RETURNING,
    SHORTEST_DAYS,
    Booleans,
    Curve,
    Floats,
    chance_of_return,
    silence_curve,
    silence_deadline,
)

GAPS = st.lists(
    st.tuples(st.one_of(st.integers(0, 120).map(float), st.floats(0, 120)), st.booleans()),
    min_size=1,
    max_size=60,
)


def arrays(gaps: list[tuple[float, bool]]) -> tuple[Floats, Booleans]:
    return np.array([days for days, _ in gaps]), np.array([back for _, back in gaps])


def deadline(*gaps: tuple[int, float, bool]) -> int:
    """Of so many people, each (how many, days, whether they came back)."""
    days, returned = arrays([(days, back) for times, days, back in gaps for _ in range(times)])
    return silence_deadline(silence_curve(days, returned))


def at(curve: Curve, day: float) -> float:
    place = int(np.searchsorted(curve.days, day, side="right"))
    return 1.0 if place == 0 else float(curve.silent[place - 1])


@given(GAPS)
def test_curve_equals_lifelines(gaps: list[tuple[float, bool]]) -> None:
    # Tolerance 1e-9 at every length there is, and at the day up to which we look.
    days, returned = arrays(gaps)
    fitter = KaplanMeierFitter().fit(days, returned)

    curve = silence_curve(days, returned)

    for day in {*days[days <= FOLLOWED_DAYS], float(FOLLOWED_DAYS)}:
        assert at(curve, day) == pytest.approx(fitter.predict(day), abs=1e-9)


def test_curve_is_that_of_the_sum_by_hand() -> None:
    # Five gaps: back after 1, 3 and 3 days, cut off at 2, back only after 100.
    curve = silence_curve(np.array([1, 3, 3, 2, 100.0]), np.array([True, True, True, False, True]))

    # Day 1: 1 of 5 is back. Day 3: of the 3 not yet cut off, 2.
    assert curve.days.tolist() == [1, 3]
    assert curve.silent.tolist() == pytest.approx([4 / 5, 4 / 5 * 1 / 3])
    # After 1 day: (F(90) - F(1)) / (1 - F(1)) = (11/15 - 3/15) / (12/15).
    assert chance_of_return(curve).tolist() == pytest.approx([2 / 3, 0])


@pytest.mark.parametrize(
    ("gaps", "days"),
    [
        # 19 of 20 come back after 2 days, the last one after 9.4: only then nobody does later.
        ([(19, 2, True), (1, 9.4, True)], 10),
        # After 3 days 100 are silent, of whom 5 come back: exactly one in twenty.
        ([(100, 3, True), (5, 30, True), (95, 80, False)], 3),
        ([(100, 3, True), (6, 30, True), (94, 80, False)], 30),
        # A gap of whole days is no day longer.
        ([(10, 7, True), (10, 89, False)], 7),
        # Hardly anybody comes back at all.
        ([(5, 30, True), (95, 80, False)], SHORTEST_DAYS),
        ([(30, 40, False)], SHORTEST_DAYS),
        # Back within the hour, or never: a day is the least.
        ([(50, 0.01, True), (50, 80, False)], SHORTEST_DAYS),
        ([(50, 0, True)], SHORTEST_DAYS),
        # Half come back after 70 days.
        ([(50, 70, True), (50, 89, False)], LONGEST_DAYS),
        # Back after 90 days is back, after more is not.
        ([(50, 1, True), (50, 90, True)], LONGEST_DAYS),
        ([(50, 1, True), (50, 90.001, True)], 1),
        # Cut off before it could be seen: the 40 tell nothing about day 20.
        ([(40, 10, False), (9, 20, True), (1, 80, False)], 20),
    ],
)
def test_deadline_is_that_of_the_sum_by_hand(
    gaps: list[tuple[int, float, bool]], days: int
) -> None:
    assert deadline(*gaps) == days


@given(GAPS)
def test_deadline_is_the_first_moment_of_the_rule(gaps: list[tuple[float, bool]]) -> None:
    days, returned = arrays(gaps)
    curve = silence_curve(days, returned)
    plateau = 1 - at(curve, FOLLOWED_DAYS)

    def returns_later(day: float) -> float:
        back = 1 - at(curve, day)
        return 0.0 if back == 1 else (plateau - back) / (1 - back)

    candidates = sorted({0.0, *days[days <= FOLLOWED_DAYS]})
    first = next(day for day in candidates if returns_later(day) <= RETURNING + 1e-9)

    assert silence_deadline(curve) == min(max(int(np.ceil(first)), 1), 60)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("ever", "typical"), [(0.5, 2.0), (0.8, 5.0), (0.9, 10.0)])
def test_deadline_finds_a_known_truth_in_a_log_that_still_runs(
    ever: float, typical: float, seed: int
) -> None:
    # A share `ever` comes back, after an exponential time. The log covers 200 days, so that many
    # are cut off. Tolerance: two days, or 12 % of the truth; of 4,000 gaps few decide the tail.
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random(4000) < ever, rng.exponential(typical, 4000), np.inf)
    seen = rng.uniform(0, 200, 4000)

    def returns_later(day: float) -> float:
        back, in_the_end = (ever * (1 - np.exp(-t / typical)) for t in (day, FOLLOWED_DAYS))
        return float((in_the_end - back) / (1 - back)) - RETURNING

    truth = brentq(returns_later, 0, FOLLOWED_DAYS)
    found = silence_deadline(silence_curve(np.minimum(gaps, seen), gaps <= seen))

    assert truth < LONGEST_DAYS
    assert abs(found - truth) <= max(2.0, 0.12 * truth)
