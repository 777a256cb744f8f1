"""How often, and how sure: shares with intervals, and rates while journeys are open.

A journey that is open is *censored* at the as-of time: it has not been lost, and it may yet be. A
rate is therefore read at a day: the share of entries for which the event came within so many days,
with the endings that rule it out as competing risks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Z95 = 1.959963984540054
MIN_JOURNEYS = 10
"""Below this many journeys there are counts and no rate."""

DAY_S = 86_400.0

WILSON = "wilson"
AALEN_JOHANSEN = "aalen-johansen"
TOO_FEW = "too few"
TOO_YOUNG = "too young"

Floats = npt.NDArray[np.float64]


class Rate(NamedTuple):
    """A rate with what it rests on.

    `value`, `low` and `high` are null together, and then `note` says why. `n` is the number of
    entries the rate is estimated from, `day` the day after entry at which it is read.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str | None
    day: int | None
    note: str | None


class Incidence(NamedTuple):
    """A cumulative incidence with its standard error."""

    value: float
    se: float


def wilson(events: float, n: int, *, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion.

    Args:
        events: 0 to `n`; a fraction where units share one person.
        n: At least 1.
        z: Normal quantile; 95 % by default.

    Returns:
        Lower and upper bound, 0 to 1.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference;
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion.

    Examples:
        >>> [round(bound, 4) for bound in wilson(10, 100)]
        [0.0552, 0.1744]
    """
    p = events / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if events == 0 else max(0.0, float(centre - half))
    high = 1.0 if events == n else min(1.0, float(centre + half))
    return low, high


def aalen_johansen(times: Floats, causes: npt.NDArray[np.int64], *, at: float) -> Incidence:
    """Estimate the cumulative incidence of cause 1 at a time, in the presence of cause 2.

    Args:
        times: Time to the ending or to censoring, not negative.
        causes: 1 the event asked about, 2 any other ending, 0 censored. At a tie, endings come
            first.
        at: The time to read the curve at, inclusive.

    Returns:
        The incidence and its standard error (delta method).

    Source: Aalen & Johansen (1978), An empirical transition matrix for non-homogeneous Markov
    chains based on censored observations; variance as in Marubini & Valsecchi (1995), Analysing
    survival data from clinical trials and observational studies, 10.2.
    """
    seen = times <= at
    moments, endings = np.unique(times[seen & (causes > 0)], return_counts=True)
    ended_before = np.cumsum(endings) - endings
    # Few are open and few come to the event asked about: these are cheap to look up.
    censored_before = np.searchsorted(np.sort(times[seen & (causes == 0)]), moments)
    place = np.searchsorted(moments, times[seen & (causes == 1)])
    n = (len(times) - ended_before - censored_before).astype(float)
    d = endings.astype(float)
    d1 = np.bincount(place, minlength=len(moments)).astype(float)
    survival = np.cumprod(1 - d / n)
    before = np.concatenate(([1.0], survival[:-1]))
    incidence = np.cumsum(before * d1 / n)
    if not len(incidence):
        return Incidence(0.0, 0.0)
    ahead = incidence[-1] - incidence
    left = n - d
    # Where nobody is left, nothing lies ahead either, and the first term is 0.
    first = ahead**2 * np.divide(d, n * left, out=np.zeros_like(d), where=left > 0)
    second = before**2 * (n - d1) * d1 / n**3
    third = ahead * before * d1 / n**2
    variance = float(np.sum(first + second - 2 * third))
    return Incidence(float(incidence[-1]), float(np.sqrt(max(variance, 0.0))))


def log_log_interval(incidence: Incidence, *, z: float = Z95) -> tuple[float, float]:
    """Return the complementary log-log interval of an incidence strictly between 0 and 1.

    Source: Kalbfleisch & Prentice (1980), The statistical analysis of failure time data, 1.4;
    Choudhury (2002), Non-parametric confidence interval estimation for competing risks analysis.
    """
    survival = 1 - incidence.value
    width = z * incidence.se / (survival * abs(np.log(survival)))
    low = 1 - survival ** np.exp(-width)
    high = 1 - survival ** np.exp(width)
    return float(low), float(high)


def rate_at_horizon(entries: pl.DataFrame, *, horizon: int) -> Rate:
    """Read the rate of an event at the horizon, or at the last day the entries allow.

    Args:
        entries: One row an entry: `age_s` from entry to the as-of time; `end_s` from entry to the
            journey's end, null while it is open; `event`, whether that end is the event.
        horizon: Whole days.

    Returns:
        Wilson if every entry is that old; else Aalen-Johansen at the horizon or, with fewer than
        ten entries that old, at the last day that ten have reached. Without any event (or with
        nothing else) by that day the log-log interval does not exist: Wilson on the entries that
        old.
    """
    if entries.height < MIN_JOURNEYS:
        return _without(entries.height, TOO_FEW)
    day = horizon
    if _old(entries, horizon) < MIN_JOURNEYS:
        tenth = entries["age_s"].top_k(MIN_JOURNEYS).min()
        day = int(float(tenth) // DAY_S)  # type: ignore[arg-type]
    return rate_at_day(entries, day=day)


def rate_at_day(entries: pl.DataFrame, *, day: int) -> Rate:
    """Read the rate of an event at one given day, as rows that are compared must be.

    Args:
        entries: As for `rate_at_horizon`.
        day: Whole days after entry; 0 stands for no day at all.

    Returns:
        No value, with a note, for fewer than ten entries (too few) or fewer than ten entries that
        old (too young).
    """
    if entries.height < MIN_JOURNEYS:
        return _without(entries.height, TOO_FEW)
    old = _old(entries, day)
    if day < 1 or old < MIN_JOURNEYS:
        return _without(entries.height, TOO_YOUNG)
    if old < entries.height:
        incidence = _incidence(entries, day)
        if 0 < incidence.value < 1 - 1e-12:
            low, high = log_log_interval(incidence)
            return Rate(incidence.value, low, high, entries.height, AALEN_JOHANSEN, day, None)
        entries = entries.filter(pl.col("age_s") >= day * DAY_S)
    events = int((entries["event"] & (entries["end_s"] <= day * DAY_S)).sum())
    low, high = wilson(events, old)
    return Rate(events / old, low, high, old, WILSON, day, None)


def quantiles(values: pl.Series, levels: Sequence[float]) -> list[float | None]:
    """Return quantiles by linear interpolation between order statistics; None for no values."""
    known = values.drop_nulls()  # among nulls it sorts them all
    return [known.quantile(level, "linear") for level in levels]


def _old(entries: pl.DataFrame, day: int) -> int:
    return int((entries["age_s"] >= day * DAY_S).sum())


def _incidence(entries: pl.DataFrame, day: int) -> Incidence:
    ended = entries["end_s"].is_not_null()
    # A visit after the end of its journey has left before it came: it ended otherwise, at once.
    times = entries["end_s"].fill_null(entries["age_s"]).clip(lower_bound=0.0)
    causes = pl.select(
        pl.when(entries["event"]).then(1).when(ended).then(2).otherwise(0).cast(pl.Int64)
    ).to_series()
    return aalen_johansen(times.to_numpy(), causes.to_numpy(), at=day * DAY_S)


def _without(n: int, note: str) -> Rate:
    return Rate(None, None, None, n, None, None, note)
