"""Rates against independent libraries, and the laws they obey."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter
from statsmodels.stats.proportion import proportion_confint

from analysis.rates import (
    AALEN_JOHANSEN,
    DAY_S,
    TOO_FEW,
    TOO_YOUNG,
    WILSON,
    Incidence,
    aalen_johansen,
    log_log_interval,
    quantiles,
    rate_at_day,
    rate_at_horizon,
    wilson,
)


def entries(rows: list[tuple[float, float | None, bool]]) -> pl.DataFrame:
    """Age and end in days, and whether the end is the event."""
    return pl.DataFrame(
        rows,
        schema={"age_s": pl.Float64, "end_s": pl.Float64, "event": pl.Boolean},
        orient="row",
    ).with_columns(pl.col("age_s", "end_s") * DAY_S)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_statsmodels(counts: tuple[int, int]) -> None:
    events, n = counts

    low, high = wilson(events, n)

    assert (low, high) == pytest.approx(proportion_confint(events, n, method="wilson"), abs=1e-9)
    assert 0 <= low <= events / n <= high <= 1


@pytest.mark.parametrize("seed", range(5))
def test_aalen_johansen_equals_lifelines(seed: int) -> None:
    # lifelines jitters ties, so these times have none; tolerance 1e-9 for both figures.
    rng = np.random.default_rng(seed)
    times = rng.permutation(np.linspace(0.5, 60, 300))
    causes = rng.choice([0, 1, 2], size=300, p=[0.3, 0.25, 0.45])
    fitter = AalenJohansenFitter(calculate_variance=True)
    fitter.fit(times, causes, event_of_interest=1)

    for at in (10.0, 30.0, 55.0):
        ours = aalen_johansen(times, causes, at=at)

        curve = fitter.cumulative_density_.iloc[:, 0]
        assert ours.value == pytest.approx(curve[curve.index <= at].iloc[-1], abs=1e-9)


def test_the_standard_error_of_the_incidence_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(7)
    times = rng.uniform(0.5, 60, 200)
    causes = rng.choice([0, 1, 2], size=200, p=[0.3, 0.3, 0.4])

    se = aalen_johansen(times, causes, at=40.0).se

    draws = [
        aalen_johansen(times[pick], causes[pick], at=40.0).value
        for pick in (rng.integers(0, 200, 200) for _ in range(1500))
    ]
    assert se == pytest.approx(np.std(draws), rel=0.08)


def test_without_censoring_the_incidence_is_the_share() -> None:
    times = np.array([1.0, 1.0, 2.0, 3.0, 3.0])
    causes = np.array([1, 2, 1, 2, 1])

    assert aalen_johansen(times, causes, at=2.0).value == pytest.approx(2 / 5)
    assert aalen_johansen(times, causes, at=9.0).value == pytest.approx(3 / 5)


def test_endings_come_before_censoring_at_the_same_time() -> None:
    # Two at risk at time 1; one ends there, one is censored there: half.
    assert aalen_johansen(np.array([1.0, 1.0]), np.array([1, 0]), at=1.0).value == 0.5


def test_nothing_ended_means_an_incidence_of_zero() -> None:
    assert aalen_johansen(np.array([3.0, 4.0]), np.array([0, 0]), at=9.0) == Incidence(0.0, 0.0)


def test_the_log_log_interval_holds_its_estimate_and_stays_inside_0_and_1() -> None:
    low, high = log_log_interval(Incidence(0.03, 0.02))

    assert 0 < low < 0.03 < high < 1


def test_a_rate_of_entries_that_all_reached_the_horizon_is_wilson_s() -> None:
    # 12 entries of 30 days; 3 lost within 10 days, 1 lost on day 20, the rest completed.
    rows = [(30.0, 5.0, True)] * 3 + [(30.0, 20.0, True)] + [(30.0, 4.0, False)] * 8

    rate = rate_at_horizon(entries(rows), horizon=10)

    assert (rate.value, rate.n, rate.method, rate.day) == (3 / 12, 12, WILSON, 10)
    assert (rate.low, rate.high) == wilson(3, 12)


def test_open_entries_are_censored_not_lost() -> None:
    # 20 of 60 days, half lost on day 2; 20 of one day, all open: the young say nothing yet.
    rows = [(60.0, 2.0, True)] * 10 + [(60.0, 3.0, False)] * 10 + [(1.0, None, False)] * 20

    rate = rate_at_horizon(entries(rows), horizon=28)

    assert rate.value == pytest.approx(0.5)
    assert (rate.n, rate.method, rate.day) == (40, AALEN_JOHANSEN, 28)


def test_the_rate_is_read_at_the_last_day_that_ten_entries_have_reached() -> None:
    # Nine of 40 days, one of 17.5 days, ten of 3 days.
    rows = (
        [(40.0, 2.0, True)] * 4
        + [(40.0, 3.0, False)] * 5
        + [(17.5, None, False)]
        + [(3.0, None, False)] * 10
    )

    rate = rate_at_horizon(entries(rows), horizon=28)

    assert (rate.day, rate.method) == (17, AALEN_JOHANSEN)


def test_without_any_loss_the_entries_that_are_old_enough_give_wilson_s_interval() -> None:
    rows = [(40.0, 3.0, False)] * 15 + [(3.0, None, False)] * 30

    rate = rate_at_horizon(entries(rows), horizon=28)

    assert (rate.value, rate.n, rate.method, rate.day) == (0.0, 15, WILSON, 28)
    assert (rate.low, rate.high) == wilson(0, 15)


def test_fewer_than_ten_entries_have_no_rate() -> None:
    rate = rate_at_horizon(entries([(40.0, 3.0, True)] * 9), horizon=28)

    assert (rate.value, rate.low, rate.high, rate.n, rate.note) == (None, None, None, 9, TOO_FEW)
    assert rate_at_day(entries([(40.0, 3.0, True)] * 9), day=3).note == TOO_FEW


def test_entries_of_less_than_a_day_are_too_young_for_a_rate() -> None:
    rate = rate_at_horizon(entries([(0.5, None, False)] * 30), horizon=28)

    assert (rate.value, rate.n, rate.note) == (None, 30, TOO_YOUNG)


def test_a_younger_row_is_too_young_at_the_common_day() -> None:
    rows = [(40.0, 3.0, True)] * 9 + [(3.0, None, False)] * 30

    assert rate_at_day(entries(rows), day=28).note == TOO_YOUNG
    assert rate_at_day(entries(rows), day=2).value == 0.0


def test_an_entry_after_its_journey_s_end_ended_otherwise_at_once() -> None:
    # 10 of 25 are gone at once, 5 are censored on day 1, the other 10 are lost on day 2.
    rows = [(40.0, -1.0, False)] * 10 + [(40.0, 2.0, True)] * 10 + [(1.0, None, False)] * 5

    assert rate_at_horizon(entries(rows), horizon=10).value == pytest.approx(15 / 25)


def test_quantiles_interpolate_and_know_that_nothing_has_none() -> None:
    assert quantiles(pl.Series([1.0, 2.0, None, 4.0]), [0.5, 0.9]) == pytest.approx([2.0, 3.6])
    assert quantiles(pl.Series([None], dtype=pl.Float64), [0.5]) == [None]
