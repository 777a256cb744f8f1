"""Rows of fewer than k people, and those that a shown total would give away."""

from collections import Counter
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.suppression import check_k, hidden_rows
from journeys.errors import DisclosureError


def list_of(**rows: int) -> pl.DataFrame:
    """A list whose rows hold so many units, each of another person."""
    names = [name for name, units in rows.items() for _ in range(units)]
    return pl.DataFrame(
        {"row": names, "people": range(len(names))}, schema_overrides={"row": pl.String}
    )


def test_rows_of_k_people_are_all_shown() -> None:
    assert hidden_rows(list_of(a=5, b=100), row="row", k=5) == set()


def test_a_small_row_takes_the_next_smallest_with_it() -> None:
    # 113 - 100 - 10 would be the 3 of a.
    assert hidden_rows(list_of(a=3, b=10, c=100), row="row", k=5) == {"a", "b"}


def test_two_small_rows_that_are_k_people_together_are_enough() -> None:
    assert hidden_rows(list_of(a=3, b=2, c=10), row="row", k=5) == {"a", "b"}


def test_two_small_rows_that_are_too_few_together_take_a_third() -> None:
    # 113 - 110 would say how the 3 people of a and b fared.
    assert hidden_rows(list_of(a=1, b=2, c=10, d=100), row="row", k=5) == {"a", "b", "c"}


def test_small_rows_of_one_journey_each_take_another() -> None:
    # Five rows are missing and five journeys: one each.
    small = dict.fromkeys("abcde", 1)

    assert hidden_rows(list_of(**small, f=9, g=10), row="row", k=5) == {*"abcdef"}


def test_people_are_counted_once_however_many_journeys_they_have() -> None:
    # a: ten journeys of two people; b: six journeys of five.
    members = pl.DataFrame(
        {"row": ["a"] * 10 + ["b"] * 6, "people": [1, 2] * 5 + [1, 2, 3, 4, 5, 5]}
    )

    assert hidden_rows(members, row="row", k=5) == {"a", "b"}
    assert hidden_rows(members, row="row", k=2) == set()


def test_rows_of_the_same_few_people_are_not_enough_together() -> None:
    # a and b: three journeys each, of the same three people.
    members = pl.DataFrame({"row": [*"aaabbb", *"ccccccc"], "people": [1, 2, 3] * 2 + [*range(7)]})

    assert hidden_rows(members, row="row", k=5) == {"a", "b", "c"}


def test_a_list_that_cannot_be_made_safe_is_left_out() -> None:
    assert hidden_rows(list_of(a=2), row="row", k=5) == {"a"}


def test_an_empty_list_hides_nothing() -> None:
    assert hidden_rows(list_of(), row="row", k=5) == set()


def test_rows_left_out_already_count_as_missing() -> None:
    assert hidden_rows(list_of(a=3, b=10, c=100), row="row", k=5, already={"c"}) == {"a", "c"}
    assert hidden_rows(list_of(b=10, c=100), row="row", k=5, already={"c"}) == {"c"}


def test_a_row_that_no_list_shows_is_missing_for_the_reader_too() -> None:
    assert hidden_rows(list_of(a=3, b=10, c=100), row="row", k=5, unlisted={"b"}) == {"a"}
    assert hidden_rows(list_of(a=30, b=1), row="row", k=5, unlisted={"b"}) == set()
    assert hidden_rows(list_of(a=3, b=1, c=9), row="row", k=5, unlisted={"b"}) == {"a", "c"}


def test_k_may_be_raised() -> None:
    check_k(50, public_log=False)

    assert hidden_rows(list_of(a=30, b=40, c=60), row="row", k=50) == {"a", "b"}


def test_k_below_five_is_for_public_logs_alone() -> None:
    check_k(1, public_log=True)

    with pytest.raises(DisclosureError, match=r"k = 4 would show rows .* Hint: k = 5, or"):
        check_k(4, public_log=False)
    with pytest.raises(DisclosureError, match="k = 0 is no number of people"):
        check_k(0, public_log=True)


@given(
    members=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 30)), max_size=120),
    k=st.integers(1, 8),
)
def test_what_is_missing_can_be_told_neither_apart_nor_as_few(
    members: list[tuple[str, int]], k: int
) -> None:
    frame = pl.DataFrame(members, schema={"row": pl.String, "people": pl.Int64}, orient="row")

    hidden = hidden_rows(frame, row="row", k=k)

    units = Counter(row for row, _ in members)
    people = {row: {who for name, who in members if name == row} for row in units}
    small = {row for row in units if len(people[row]) < k}
    shown = set(units) - hidden
    assert small <= hidden
    assert hidden if small else not hidden
    if hidden and shown:
        assert len(hidden) >= 2
        assert len(set().union(*(people[row] for row in hidden))) >= k
        assert sum(units[row] for row in hidden) > len(hidden)
        # The smallest rows are missing, and no more than are needed.
        assert max(len(people[row]) for row in hidden) <= min(len(people[row]) for row in shown)


@given(
    members=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 12)), max_size=60),
    random=st.randoms(use_true_random=False),
)
def test_the_order_of_the_journeys_does_not_matter(
    members: list[tuple[str, int]], random: Random
) -> None:
    schema = {"row": pl.String, "people": pl.Int64}
    shuffled = list(members)
    random.shuffle(shuffled)

    one = hidden_rows(pl.DataFrame(members, schema=schema, orient="row"), row="row", k=5)
    other = hidden_rows(pl.DataFrame(shuffled, schema=schema, orient="row"), row="row", k=5)

    assert one == other
