"""How times spread: quantiles, and a histogram whose buckets a person would name.

Quantiles are by linear interpolation. In the histogram a bucket of fewer than k people becomes one
with the smaller of its neighbours that anybody is in, so that nothing is missing from the sum.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from analysis.lookup import split
from analysis.rates import quantiles
from analysis.sections import Spent, TimeBucket
from analysis.suppression import are_enough

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


class Times(NamedTuple):
    """Whole microseconds, not negative, and whose each is; null is no time and counts nowhere."""

    microseconds: pl.Series
    people: pl.Series

    def known(self) -> "Times":
        """Leave out what is no time."""
        known = self.microseconds.is_not_null()
        return Times(self.microseconds.filter(known), self.people.filter(known))


def spent(times: Times, *, k: int, beside: Sequence[Times] = ()) -> Spent:
    """Describe how times spread.

    Args:
        times: Of the journeys to report on.
        k: Least number of people of times that are shown, and of a bucket.
        beside: The same times of journeys that a filter leaves out, which a reader has by
            subtraction; people as in `times`.
    """
    own, *others = (some.known() for some in (times, *beside))
    enough = are_enough(own.people, k=k)
    shown = enough and not any(0 < some.people.n_unique() < k for some in others)
    seconds = own.microseconds / _MICROSECONDS if shown else pl.Series(dtype=pl.Float64)
    p10, p25, median, p75, p90 = quantiles(seconds, _LEVELS)
    return Spent(
        n=own.microseconds.len(),
        p10_s=p10,
        p25_s=p25,
        median_s=median,
        p75_s=p75,
        p90_s=p90,
        histogram=_histogram(own, others, k=k) if shown else [],
    )


def _histogram(own: Times, others: Sequence[Times], *, k: int) -> list[TimeBucket]:
    """Count the times of each bucket; what is one bucket anywhere is one here."""
    wholes = [Times(*(pl.concat(pair) for pair in zip(own, some, strict=True))) for some in others]
    filled, *beside = (_filled(some, k=k) for some in (own, *others, *wholes))
    joined = {
        place
        for some in (filled, *beside)
        for bucket in _merged(some, k=k)
        for place in range(bucket.first + 1, bucket.last + 1)
    }
    units = {bucket.first: bucket.units for bucket in filled}
    bounds = [0.0, *map(float, EDGES_S), None]
    begins = [place for place in range(len(EDGES_S) + 1) if place not in joined]
    return [
        TimeBucket(
            from_s=bounds[begin] or 0.0,
            to_s=bounds[end],
            count=sum(units.get(place, 0) for place in range(begin, end)),
        )
        for begin, end in pairwise([*begins, len(EDGES_S) + 1])
    ]


def _filled(times: Times, *, k: int) -> list[_Bucket]:
    """Give the buckets that anybody is in."""
    edges = pl.Series([edge * _MICROSECONDS for edge in EDGES_S], dtype=pl.Int64)
    place = edges.search_sorted(times.microseconds.cast(pl.Int64), side="right")
    members = pl.DataFrame({"place": place, "people": times.people})
    return [
        _Bucket(
            place,
            place,
            part.height,
            None if are_enough(part["people"], k=k) else frozenset(part["people"]),
        )
        for place, part in split(members, "place")
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
