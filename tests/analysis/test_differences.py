"""Differences of shares and medians against independent libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from analysis.differences import benjamini_hochberg, of_medians, of_shares

shares = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(shares, shares)
def test_the_interval_of_shares_equals_statsmodels(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    # Tolerance 1e-9: only the order of the sums differs.
    (x, n), (y, m) = first, second

    found = of_shares(x / n, n, y / m, m)

    expected = confint_proportions_2indep(y, m, x, n, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    assert found.low - 1e-12 <= found.value <= found.high + 1e-12


@given(shares, shares)
def test_the_p_value_of_shares_equals_statsmodels(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    (x, n), (y, m) = first, second

    found = of_shares(x / n, n, y / m, m)

    if 0 < x + y < n + m:
        _, p = proportions_ztest([x, y], [n, m])
        assert found.p == pytest.approx(p, abs=1e-9)
    else:
        assert found.p == 1


@given(st.lists(st.floats(0, 1), max_size=60))
def test_adjusted_p_values_equal_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="fdr_bh")[1] if p_values else []

    assert benjamini_hochberg(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_the_interval_of_medians_is_that_of_values_drawn_anew() -> None:
    # Tolerance a tenth of the width: both are 20,000 draws.
    random = np.random.default_rng(1)
    first = np.sort(random.lognormal(3.0, 1.0, 301))
    second = np.sort(random.lognormal(3.4, 1.0, 201))

    found = of_medians(first, 301, second, 201)

    drawn = np.median(random.choice(second, (20_000, 201)), axis=1) - np.median(
        random.choice(first, (20_000, 301)), axis=1
    )
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=(high - low) / 10)
    assert found.value == np.median(second) - np.median(first)
    assert found.p < 0.05


def test_fewer_people_than_values_make_an_interval_wider() -> None:
    values = np.arange(400.0)

    of_many = of_medians(values, 400, values, 400)
    of_few = of_medians(values, 40, values, 40)

    assert of_few.high - of_few.low > 2 * (of_many.high - of_many.low)
    assert of_many.p > 0.9


def test_equal_values_do_not_differ() -> None:
    values = np.zeros(50)

    assert of_medians(values, 50, values, 50) == (0.0, 0.0, 0.0, 1.0)


def test_the_same_values_give_the_same_interval() -> None:
    first, second = np.arange(60.0), np.arange(90.0)

    assert of_medians(first, 60, second, 90) == of_medians(first, 60, second, 90)


@pytest.mark.parametrize("n", [30, 100])
def test_a_difference_of_medians_that_is_not_there_is_rarely_found(n: int) -> None:
    random = np.random.default_rng(n)
    draws = [np.sort(random.exponential(size=(2, n))) for _ in range(400)]

    found = [of_medians(first, n, second, n).p < 0.05 for first, second in draws]

    # 5 % of 400 are 20; 35 or more have a chance below 1 in 1,000.
    assert sum(found) < 35
