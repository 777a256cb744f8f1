"""How times spread."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.distribution import EDGES_S, Times, spent
from analysis.sections import Spent

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def spread(
    seconds: Sequence[float | None], people: Sequence[int] | None = None, k: int = 1
) -> Spent:
    times = [None if value is None else round(value * 1_000_000) for value in seconds]
    whose = pl.Series(people if people is not None else range(len(times)), dtype=pl.UInt32)
    return spent(Times(pl.Series(times, dtype=pl.Int64), whose), k=k)


def buckets(found: Spent) -> list[tuple[float, float | None, int]]:
    return [
        (bucket.from_s, bucket.to_s, bucket.count) for bucket in found.histogram if bucket.count
    ]


def test_quantiles_lie_between_the_order_statistics() -> None:
    found = spread([10.0, 20.0, 30.0, 40.0, 50.0, None])

    assert found.n == 5
    assert (found.p10_s, found.p25_s, found.median_s, found.p75_s, found.p90_s) == (
        14.0,
        20.0,
        30.0,
        40.0,
        46.0,
    )


def test_a_bucket_holds_its_lower_bound_and_not_its_upper() -> None:
    found = spread([0.0, 59.999999, 60.0, 29 * DAY, 28 * DAY])

    assert buckets(found) == [(0.0, MINUTE, 2), (MINUTE, 5 * MINUTE, 1), (28 * DAY, None, 2)]
    assert len(found.histogram) == len(EDGES_S) + 1
    assert [bucket.from_s for bucket in found.histogram] == [0.0, *EDGES_S]


def test_a_bucket_of_few_joins_the_smaller_neighbour_that_anybody_is_in() -> None:
    # 9 below a minute, 2 in 1-5 min, 6 in 1-4 h: the 2 join the 6, over the empty ones between.
    found = spread([1.0] * 9 + [90.0] * 2 + [2 * HOUR] * 6, k=5)

    assert buckets(found) == [(0.0, MINUTE, 9), (MINUTE, 4 * HOUR, 8)]
    assert found.histogram[2].from_s == 4 * HOUR


def test_buckets_of_few_join_each_other_until_they_are_enough() -> None:
    found = spread([1.0] * 3 + [90.0] * 4 + [2 * DAY] * 20, k=5)

    assert buckets(found) == [(0.0, 5 * MINUTE, 7), (DAY, 3 * DAY, 20)]


def test_people_are_counted_in_a_bucket_and_not_their_times() -> None:
    # Eight stays of one person below a minute, two of others there too, and 6 people for hours.
    people = [0] * 8 + [1, 2] + [10, 11, 12, 13, 14, 15]

    assert buckets(spread([1.0] * 10 + [2 * HOUR] * 6, people, k=5)) == [(0.0, 4 * HOUR, 16)]
    # Those of two buckets may be the same person.
    same = spread([1.0] * 4 + [90.0] * 4 + [2 * HOUR] * 9, [0, 1, 2, 3] * 2 + [*range(10, 19)], k=5)
    assert buckets(same) == [(0.0, 4 * HOUR, 17)]


def test_fewer_than_k_people_have_no_times() -> None:
    found = spread([1.0] * 9, [0, 1, 2] * 3, k=5)

    assert (found.n, found.median_s, found.p10_s, found.histogram) == (9, None, None, [])


@given(
    times=st.lists(st.tuples(st.floats(0, 40 * DAY), st.integers(0, 12)), max_size=60),
    k=st.sampled_from([1, 2, 5]),
)
def test_every_bucket_is_of_enough_people_and_they_add_up(
    times: list[tuple[float, int]], k: int
) -> None:
    seconds = [round(time, 6) for time, _ in times]
    found = spread(seconds, [person for _, person in times], k=k)

    assert found.n == len(times)
    if len({person for _, person in times}) < k:
        assert found.histogram == []
        return
    if times:
        assert found.p90_s == pytest.approx(float(np.quantile(seconds, 0.9)))
    assert sum(bucket.count for bucket in found.histogram) == len(times)
    bounds = [bucket.from_s for bucket in found.histogram] + [None]
    assert bounds[0] == 0.0
    assert [bucket.to_s for bucket in found.histogram] == bounds[1:]
    for bucket in found.histogram:
        inside = [
            person
            for second, (_, person) in zip(seconds, times, strict=True)
            if bucket.from_s <= second and (bucket.to_s is None or second < bucket.to_s)
        ]
        assert len(inside) == bucket.count
        assert not inside or len(set(inside)) >= k


def test_what_a_filter_leaves_out_joins_the_buckets_too() -> None:
    # In the report without the filter 9 take under a minute: beside the 6 here, that are 3 others.
    people = pl.Series(range(60), dtype=pl.UInt32)
    seconds = [30] * 6 + [100] * 9 + [600] * 15 + [30] * 3 + [100] * 12 + [600] * 15
    times = Times(pl.Series([second * 1_000_000 for second in seconds], dtype=pl.Int64), people)
    ours = Times(*(some.slice(0, 30) for some in times))
    others = Times(*(some.slice(30) for some in times))

    assert buckets(spent(ours, k=5)) == [(0.0, 60.0, 6), (60.0, 300.0, 9), (300.0, 900.0, 15)]
    assert buckets(spent(ours, k=5, beside=[others])) == [(0.0, 300.0, 15), (300.0, 900.0, 15)]


def test_times_that_differ_from_others_by_those_of_few_are_missing() -> None:
    ours = Times(pl.Series([1] * 9), pl.Series(range(9)))
    few = Times(pl.Series([1] * 3), pl.Series(range(20, 23)))

    found = spent(ours, k=5, beside=[few])

    assert (found.n, found.median_s, found.histogram) == (9, None, [])
