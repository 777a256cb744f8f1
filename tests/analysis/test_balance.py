"""What missing flows a reader could work out, held against an integer programme.

The programme knows what a reader knows: the rows shown, how many rows of each kind are missing,
how many journeys start, how many have each outcome, and that at each step as many come as leave. If
the least and the greatest size it finds for a missing row are both the true one, that row is given
away.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.balance import Flow, hidden_flows

K = 5
Walk = tuple[str, str, int]
"""Steps, outcome, how many people walk it: ("fp", "granted", 20)."""


def flows_of(walks: Sequence[Walk]) -> list[Flow]:
    """Count starts, transitions and ends; every journey is another person's."""
    sizes: Counter[tuple[str, str, str]] = Counter()
    for steps, outcome, journeys in walks:
        sizes["starts", "", steps[0]] += journeys
        sizes["ends", steps[-1], outcome] += journeys
        for step, after in pairwise(steps):
            sizes["transitions", step, after] += journeys
    return [Flow(*ends, size, size) for ends, size in sorted(sizes.items())]


def hidden_names(walks: Sequence[Walk]) -> set[tuple[str, str]]:
    flows = flows_of(walks)
    return {(flows[i].tail, flows[i].head) for i in hidden_flows(flows, k=K)}


class Reader:
    """Somebody with the report and patience: every table that agrees with what is shown."""

    def __init__(self, flows: Sequence[Flow], hidden: frozenset[int]) -> None:
        steps = sorted({f.head for f in flows if f.kind != "ends"})
        outcomes = sorted({f.head for f in flows if f.kind == "ends"})
        rows = [
            *(("starts", "", step) for step in steps),
            *(("transitions", a, b) for a in steps for b in steps),
            *(("ends", step, outcome) for step in steps for outcome in outcomes),
        ]
        self._place = {row: i for i, row in enumerate(rows)}
        n = len(rows)
        most = sum(f.size for f in flows) + 5
        shown = {self._row(f): f.size for i, f in enumerate(flows) if i not in hidden}
        low = np.array([shown.get(i, 0) for i in range(n)] + [0] * n, dtype=float)
        high = np.array([shown.get(i, most) for i in range(n)] + [1] * n, dtype=float)
        self._bounds = Bounds(low, high)
        equal: list[tuple[np.ndarray, float]] = []
        for node in ["", *steps, *outcomes]:
            balance = np.zeros(2 * n)
            for (_, tail, head), i in self._place.items():
                balance[i] += (tail == node) - (head == node)
            equal.append(
                (balance, sum(f.size * ((f.tail == node) - (f.head == node)) for f in flows))
            )
        for kind in ("starts", "transitions", "ends"):
            there = np.zeros(2 * n)
            for (of, _, _), i in self._place.items():
                there[n + i] = (of == kind) and i not in shown
            equal.append((there, sum(flows[i].kind == kind for i in hidden)))
        matrix, values = np.array([row for row, _ in equal]), np.array([v for _, v in equal])
        # A row is there if and only if it has a journey.
        linked = np.hstack([np.eye(n), -most * np.eye(n)])
        present = np.hstack([np.eye(n), -np.eye(n)])
        free = np.array([i not in shown for i in range(n)])
        self._constraints = [
            LinearConstraint(matrix, values, values),
            LinearConstraint(linked[free], -np.inf, 0),
            LinearConstraint(present[free], 0, np.inf),
        ]
        self._n = n

    def can_tell(self, flow: Flow) -> bool:
        return self._extreme(flow, 1) == self._extreme(flow, -1) == flow.size

    def _row(self, flow: Flow) -> int:
        return self._place[flow.kind, flow.tail, flow.head]

    def _extreme(self, flow: Flow, sign: int) -> int:
        wanted = np.zeros(2 * self._n)
        wanted[self._row(flow)] = sign
        found = milp(wanted, integrality=1, bounds=self._bounds, constraints=self._constraints)
        assert found.success, found.message
        return round(sign * found.fun)


def test_without_a_small_row_everything_is_shown() -> None:
    assert hidden_names([("fp", "granted", 20), ("f", "abandoned", 9)]) == set()


def test_a_small_end_takes_the_cheapest_way_round() -> None:
    # f and p both end granted, refused and cancelled. The end (f, cancelled) of 3 lies on the way
    # f - cancelled - p - refused - f of 3 + 6 + 8 + 7; round over granted it would cost more.
    walks = [
        ("fp", "granted", 90),
        ("f", "granted", 50),
        ("fp", "refused", 8),
        ("f", "refused", 7),
        ("fp", "cancelled", 6),
        ("f", "cancelled", 3),
    ]

    assert hidden_names(walks) == {
        ("f", "cancelled"),
        ("p", "cancelled"),
        ("p", "refused"),
        ("f", "refused"),
    }


def test_one_journey_more_or_less_has_to_leave_a_row_that_is_there() -> None:
    # f and p were granted one journey each. With these two rows alone missing, 2 in two rows would
    # be 1 each; so the way goes over the dearer q: (q, granted), (q, refused) and (f, refused).
    walks = [
        ("f", "granted", 1),
        ("p", "granted", 1),
        ("q", "granted", 60),
        ("f", "refused", 50),
        ("p", "refused", 50),
        ("q", "refused", 70),
        ("fpq", "refused", 100),
    ]
    flows = flows_of(walks)

    hidden = hidden_flows(flows, k=K)

    reader = Reader(flows, hidden)
    assert ("q", "granted") in hidden_names(walks)
    assert len(hidden) < len(flows)
    assert [flows[i] for i in hidden if flows[i].people < K and reader.can_tell(flows[i])] == []


def test_a_row_that_is_the_only_link_could_be_another_one_of_its_kind() -> None:
    # All cancelled journeys end at f. If f - p is missing too, they may as well have ended at p.
    walks = [("fp", "granted", 20), ("f", "cancelled", 2)]

    assert hidden_names(walks) == {("f", "cancelled"), ("f", "p")}


def test_if_no_other_table_fits_no_flow_is_shown() -> None:
    # With one step alone there is nothing to mistake it for.
    assert hidden_names([("f", "granted", 20), ("f", "cancelled", 2)]) == {
        ("", "f"),
        ("f", "granted"),
        ("f", "cancelled"),
    }


def test_a_step_after_itself_is_in_no_balance() -> None:
    # What comes back to f at once comes and leaves: only the row itself is missing.
    assert hidden_names([("ffp", "granted", 3), ("fp", "granted", 30)]) == {("f", "f")}


def test_a_fixed_row_is_never_hidden_for_another() -> None:
    # a - b of 2 goes round over x (9) or over y (7), but y is fixed.
    flows = [
        Flow("cells", "a", "b", 2, 2),
        Flow("cells", "a", "x", 9, 9),
        Flow("cells", "x", "b", 9, 9),
        Flow("totals", "a", "y", 7, 7, fixed=True),
        Flow("cells", "y", "b", 7, 7),
    ]

    assert hidden_flows(flows, k=K) == {0, 1, 2}
    assert hidden_flows(flows, k=K, already={3}) == {0, 3, 4}


def test_if_nothing_helps_fixed_rows_stay() -> None:
    flows = [Flow("totals", "all", "a", 9, 9, fixed=True), Flow("cells", "a", "b", 2, 2)]

    assert hidden_flows(flows, k=K) == {1}


WALKS = st.lists(
    st.tuples(
        st.text("fpq", min_size=1, max_size=4),
        st.sampled_from(["granted", "refused", "abandoned"]),
        st.integers(1, 14),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=60)
@given(walks=WALKS)
def test_no_small_row_can_be_worked_out(walks: list[Walk]) -> None:
    flows = flows_of(walks)

    hidden = hidden_flows(flows, k=K)

    reader = Reader(flows, hidden)
    given_away = [flows[i] for i in hidden if flows[i].people < K and reader.can_tell(flows[i])]
    assert all(flow.people >= K for i, flow in enumerate(flows) if i not in hidden)
    assert bool(hidden) == any(flow.people < K for flow in flows)
    # What the outcomes alone say cannot be helped: then no flow is shown at all.
    assert given_away == [] or len(hidden) == len(flows)


@pytest.mark.parametrize("order", [1, -1])
@given(walks=WALKS)
def test_the_same_rows_are_hidden_in_either_direction_of_counting(
    order: int, walks: list[Walk]
) -> None:
    assert hidden_names(walks) == hidden_names(walks[::order])
