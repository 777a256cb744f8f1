"""How one walk goes through a funnel, in each order, with windows and with steps that exclude."""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.passes import NOWHERE, ORDERS, Match, Order, Rules, match

A, B, C, D, HELP = range(5)
NEEDED = [True, True, True, False, False]
"""A, B and C are required, D is not."""


def furthest(walk: list[int], order: Order, until: list[int] | None = None) -> int:
    rules = Rules(order=order, passable=frozenset({HELP}))
    return match(walk, NEEDED, counted=NEEDED, rules=rules, until=until).furthest


@pytest.mark.parametrize(
    ("walk", "ordered", "strict", "in_any"),
    [
        ([A, B, C], C, C, C),
        ([A, C, B], B, A, C),
        ([A, D, B, C], C, A, C),
        ([A, HELP, B, NOWHERE, C], C, C, C),
        ([B, A, C], A, A, C),
        ([C, B], NOWHERE, NOWHERE, NOWHERE),
        ([A, A, B, A, B, C], C, C, C),
        ([], NOWHERE, NOWHERE, NOWHERE),
    ],
)
def test_each_order(walk: list[int], ordered: int, strict: int, in_any: int) -> None:
    assert [furthest(walk, order) for order in ORDERS] == [ordered, strict, in_any]


def test_between_two_steps_strict_allows_the_optional_ones_that_lie_there() -> None:
    needed = [True, False, True]

    def strictly(walk: list[int]) -> int:
        return match(walk, needed, counted=needed, rules=Rules("strict")).furthest

    assert strictly([0, 1, 1, 2]) == 2
    assert strictly([0, 1, 0, 2]) == 2
    assert match([0, 1, 2], [True, True, False], counted=[True] * 3, rules=Rules("strict")).visits


def test_a_window_ends_a_pass_and_a_later_one_may_be_complete() -> None:
    # The first visit reaches to place 2, the second to the end.
    assert furthest([A, A, B, C], "ordered", until=[2, 4, 4, 4]) == C
    assert furthest([A, D, B, C], "ordered", until=[2, 4, 4, 4]) == A


def test_a_step_stops_a_pass_and_a_later_one_may_be_complete() -> None:
    rules = Rules(stopping=frozenset({D}))

    def stopped(walk: list[int]) -> int:
        return match(walk, NEEDED, counted=NEEDED, rules=rules).furthest

    assert stopped([A, D, B, C]) == A
    assert stopped([A, D, A, B, C]) == C
    assert stopped([D, A, B, C, D]) == C


def test_a_step_removes_between_the_first_visit_and_the_last_that_is_needed() -> None:
    rules = Rules(removing=frozenset({D}))

    def removed(walk: list[int]) -> bool:
        return match(walk, NEEDED, counted=NEEDED, rules=rules).removed

    assert removed([A, D, B, C])
    assert removed([A, B, D])
    assert not removed([D, A, B, C, D])
    assert not removed([D, B])


def test_in_any_order_a_row_is_reached_with_the_last_that_it_needs() -> None:
    found = match([B, D, A, C], NEEDED, counted=NEEDED, rules=Rules("any"))

    # A at 2; B was there before it; C at 3. D is optional.
    assert found.visits == [(A, 2, None), (B, 2, 2), (C, 3, 2), (D, 1, 3)]
    assert (found.furthest, found.start) == (C, 0)


def test_in_any_order_a_step_that_this_journey_may_skip_counts_where_it_was_visited() -> None:
    required, counted = [True, False, True, False, False], NEEDED

    def reach(walk: list[int]) -> Match:
        return match(walk, required, counted=counted, rules=Rules("any"))

    assert reach([A, B]).furthest == B
    assert reach([A, C]).visits == [(A, 0, None), (C, 1, 0)]
    assert reach([B]).furthest == NOWHERE
    assert match([B], [False] * 5, counted=counted, rules=Rules("any")).furthest == B


# --- against all passes there are ---------------------------------------------------------------


class Question(NamedTuple):
    walk: list[int]
    times: list[int]
    needed: list[bool]
    window: int | None
    rules: Rules


@st.composite
def questions(draw: st.DrawFn) -> Question:
    walk = draw(st.lists(st.integers(NOWHERE, 4), max_size=7))
    gaps = draw(st.lists(st.integers(0, 3), min_size=len(walk), max_size=len(walk)))
    needed = [*draw(st.lists(st.booleans(), min_size=4, max_size=4)), False]
    free = st.sampled_from([row for row in range(5) if not needed[row]])
    return Question(
        walk=walk,
        times=[sum(gaps[: place + 1]) for place in range(len(walk))],
        needed=needed,
        window=draw(st.sampled_from([None, 0, 2, 4])),
        rules=Rules(
            order=draw(st.sampled_from(ORDERS)),
            passable=frozenset({HELP}),
            stopping=draw(st.frozensets(free, max_size=2)),
            removing=draw(st.frozensets(free, max_size=2)),
        ),
    )


def until(question: Question) -> list[int] | None:
    if question.window is None:
        return None
    return [
        max(place for place, time in enumerate(question.times) if time <= start + question.window)
        + 1
        for start in question.times
    ]


def is_pass(places: tuple[int, ...], wanted: list[int], question: Question) -> bool:
    walk, rules = question.walk, question.rules
    first, last = min(places), max(places)
    if (
        question.window is not None
        and question.times[last] - question.times[first] > question.window
    ):
        return False
    if any(row in rules.stopping for row in walk[first + 1 : last + 1]):
        return False
    if rules.order == "any":
        return True
    if any(one >= other for one, other in pairwise(places)):
        return False
    return rules.order == "ordered" or all(
        row in {NOWHERE, HELP} or wanted[stage] < row < wanted[stage + 1]
        for stage, (one, other) in enumerate(pairwise(places))
        for row in walk[one + 1 : other]
    )


def passes(wanted: list[int], question: Question) -> Iterator[tuple[int, ...]]:
    for length in range(1, len(wanted) + 1):
        at = [[i for i, row in enumerate(question.walk) if row == key] for key in wanted[:length]]
        yield from (places for places in product(*at) if is_pass(places, wanted, question))


def literal(question: Question) -> tuple[int, list[tuple[int, int]], bool]:
    """Try all passes: furthest row, its rows and where each is reached, whether it is removed."""
    wanted = [row for row, needed in enumerate(question.needed) if needed]
    best = min(
        passes(wanted, question),
        key=lambda places: (-len(places), max(places), -min(places), places),
        default=(),
    )
    if not best:
        return NOWHERE, [], False
    reached = [max(best[: stage + 1]) for stage in range(len(best))]
    first, last = min(best), max(best)
    if len(best) < len(wanted):
        within = [
            place
            for place in range(first + 1, len(question.walk))
            if question.window is None
            or question.times[place] - question.times[first] <= question.window
        ]
        stops = [place for place in within if question.walk[place] in question.rules.stopping]
        last = min([*stops, *([within[-1] + 1] if within else [first + 1])])
    removed = any(row in question.rules.removing for row in question.walk[first + 1 : last])
    return wanted[len(best) - 1], list(zip(wanted, reached, strict=False)), removed


@given(question=questions())
def test_the_match_is_the_best_of_all_passes(question: Question) -> None:
    found = match(
        question.walk,
        question.needed,
        counted=question.needed,
        rules=question.rules,
        until=until(question),
    )

    rows = [(row, place) for row, place, _ in found.visits if question.needed[row]]
    assert (found.furthest, rows, found.removed) == literal(question)


@given(question=questions())
def test_what_asks_less_reaches_no_less(question: Question) -> None:
    def depth(order: Order, *, window: bool, stop: bool) -> int:
        return match(
            question.walk,
            question.needed,
            counted=question.needed,
            rules=question.rules._replace(
                order=order, stopping=question.rules.stopping if stop else frozenset()
            ),
            until=until(question) if window else None,
        ).furthest

    strict, ordered, in_any = (
        depth(order, window=True, stop=True) for order in ("strict", "ordered", "any")
    )
    assert strict <= ordered <= in_any
    assert ordered <= depth("ordered", window=False, stop=True)
    assert ordered <= depth("ordered", window=True, stop=False)
