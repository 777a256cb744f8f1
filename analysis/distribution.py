"""How times spread: quantiles, and a histogram whose buckets a person would name.

Quantiles are by linear interpolation. In the histogram a bucket of fewer than k people becomes one
with the smaller of its neighbours that anybody is in, so that nothing is missing from the sum.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from analysis.rates import quantiles
from analysis.sections import Spent, TimeBucket

_MICROSECONDS = 1_000_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

EDGES_S = (
    *(minutes * _MINUTE for minutes in (1, 5, 15)),
    *(hours * _HOUR for hours in (1, 4, 24)),
    *(days * _DAY for days in (3, 7, 14, 28)),
)
"""Seconds; the first bucket has no lower bound but 0, the last one no upper bound."""

_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


class _Bucket(NamedTuple):
    """Places `first` to `last` among the buckets; `people` are told of fewer than k alone."""

    first: int
    last: int
    units: int
    people: frozenset[object] | None


def spent(microseconds: pl.Series, people: pl.Series, *, k: int) -> Spent:
    """Describe how times spread.

    Args:
        microseconds: Whole, not negative; null is no time and counts nowhere.
        people: Whose each is.
        k: Least number of people of times that are shown, and of a bucket.
    """
    known = microseconds.is_not_null()
    times, whose = microseconds.filter(known), people.filter(known)
    shown = whose.n_unique() >= k
    seconds = (times / _MICROSECONDS).sort() if shown else pl.Series(dtype=pl.Float64)
    p10, p25, median, p75, p90 = quantiles(seconds, _LEVELS)
    return Spent(
        n=len(times),
        p10_s=p10,
        p25_s=p25,
        median_s=median,
        p75_s=p75,
        p90_s=p90,
        histogram=_histogram(times, whose, k=k) if shown else [],
    )


def _histogram(times: pl.Series, people: pl.Series, *, k: int) -> list[TimeBucket]:
    edges = pl.Series([edge * _MICROSECONDS for edge in EDGES_S], dtype=pl.Int64)
    place = edges.search_sorted(times.cast(pl.Int64), side="right")
    members = pl.DataFrame({"place": place, "people": people})
    sizes = members.group_by("place").agg(pl.len(), pl.col("people").n_unique().alias("size"))
    few = members.join(sizes.filter(pl.col("size") < k), on="place", how="semi").unique()
    whose = {place: frozenset(part["people"]) for (place,), part in few.group_by("place")}
    filled = [
        _Bucket(place, place, count, whose.get(place))
        for place, count in sizes.select("place", "len").sort("place").iter_rows()
    ]
    merged = _merged(filled, k=k)
    taken = {place for bucket in merged for place in range(bucket.first, bucket.last + 1)}
    empty = [_Bucket(i, i, 0, None) for i in range(len(EDGES_S) + 1) if i not in taken]
    bounds = [0.0, *map(float, EDGES_S), None]
    return [
        TimeBucket(
            from_s=bounds[bucket.first] or 0.0, to_s=bounds[bucket.last + 1], count=bucket.units
        )
        for bucket in sorted([*merged, *empty])
    ]


def _merged(buckets: Sequence[_Bucket], *, k: int) -> list[_Bucket]:
    """Join each bucket of few to the smaller of its neighbours, those of the fewest first."""
    result = list(buckets)
    while True:
        small = [i for i, bucket in enumerate(result) if bucket.people is not None]
        if not small:
            return result
        place = min(small, key=lambda i: (result[i].units, i))
        beside = [i for i in (place - 1, place + 1) if 0 <= i < len(result)]
        other = min(beside, key=lambda i: (result[i].units, i))
        left, right = sorted((place, other))
        result[left : right + 1] = [_joined(result[left], result[right], k=k)]


def _joined(left: _Bucket, right: _Bucket, *, k: int) -> _Bucket:
    people = None
    if left.people is not None and right.people is not None:
        both = left.people | right.people
        people = both if len(both) < k else None
    return _Bucket(left.first, right.last, left.units + right.units, people)
