"""Do two groups differ: of shares, of medians, and over everything that was compared.

One person counts once, however many journeys are theirs: sizes are numbers of people. Where one
has several that is on the careful side.
"""

from collections.abc import Sequence
from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.rates import wilson

DRAWS = 19_999
_SEED = 20_260_105
_LEVEL = (0.025, 0.975)

Floats = npt.NDArray[np.float64]


class Difference(NamedTuple):
    """The second less the first, its 95 % interval, and the p-value of no difference."""

    value: float
    low: float
    high: float
    p: float


def of_shares(first: float, n_first: int, second: float, n_second: int) -> Difference:
    """Compare two shares.

    Args:
        first: 0 to 1.
        n_first: Of so many, at least 1.
        second: As the first.
        n_second: As of the first.

    Returns:
        Newcombe's interval, and the p-value of the score test (pooled, two-sided).

    Source: Newcombe (1998), Interval estimation for the difference between independent
    proportions, method 10.

    Examples:
        >>> [round(figure, 3) for figure in of_shares(56 / 70, 70, 48 / 80, 80)]
        [-0.2, -0.334, -0.052, 0.008]
    """
    low_first, high_first = wilson(first * n_first, n_first)
    low_second, high_second = wilson(second * n_second, n_second)
    value = second - first
    low = value - sqrt((second - low_second) ** 2 + (high_first - first) ** 2)
    high = value + sqrt((high_second - second) ** 2 + (first - low_first) ** 2)
    pooled = (first * n_first + second * n_second) / (n_first + n_second)
    error = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n_first + 1 / n_second))
    p = 1.0 if error == 0 else erfc(abs(value) / error / sqrt(2))
    return Difference(value, low, high, p)


def of_medians(first: Floats, n_first: int, second: Floats, n_second: int) -> Difference:
    """Compare two medians by a bootstrap with a fixed seed.

    The median of n values drawn anew is an order statistic, whose place among the values is drawn
    at once (a beta distribution): so millions of values cost no more than sorting them.

    Args:
        first: Sorted, at least one.
        n_first: How many are drawn: the people whose they are.
        second: As the first.
        n_second: As of the first.

    Returns:
        Percentile interval; two-sided p-value, at least 2 / (draws + 1).

    Source: Efron (1979), Bootstrap methods: another look at the jackknife, section 3; David &
    Nagaraja (2003), Order statistics, 2.1, for the distribution of the place.
    """
    random = np.random.default_rng(_SEED)
    apart = _medians(second, n_second, random) - _medians(first, n_first, random)
    low, high = np.quantile(apart, _LEVEL)
    rarer = min(int(np.sum(apart <= 0)), int(np.sum(apart >= 0)))
    return Difference(
        value=float(np.median(second) - np.median(first)),
        low=float(low),
        high=float(high),
        p=min(1.0, 2 * (rarer + 1) / (DRAWS + 1)),
    )


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for how many were computed: at most q of those below q are false findings.

    Returns:
        In the order of the p-values, each at most 1.

    Source: Benjamini & Hochberg (1995), Controlling the false discovery rate.

    Examples:
        >>> [round(q, 4) for q in benjamini_hochberg([0.04, 0.001, 0.5])]
        [0.06, 0.003, 0.5]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place], reverse=True)
    adjusted = [1.0] * len(p_values)
    least = 1.0
    for rank, place in zip(range(len(p_values), 0, -1), order, strict=True):
        least = min(least, p_values[place] * len(p_values) / rank)
        adjusted[place] = least
    return adjusted


def _medians(values: Floats, n: int, random: np.random.Generator) -> Floats:
    places = random.beta((n + 1) / 2, (n + 1) / 2, size=DRAWS)
    last = len(values) - 1
    drawn: Floats = values[np.minimum((places * len(values)).astype(int), last)]
    return drawn
