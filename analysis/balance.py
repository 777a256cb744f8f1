"""What a reader could work out of missing flows, because flows balance.

Rows of a report can be flows between nodes: journeys start at a step, move from step to step, end
at a step with an outcome. At each step as many come as leave, and how many start and how many have
each outcome is shown. So a missing flow can often be worked out from those around it.

A missing flow is safe if a closed way leads through it along which one journey more or less (one
more where the way follows a flow, one less where it goes against it) leaves every balance, every
shown row and the set of missing rows as they are: for then the reader cannot tell that table from
the true one. In the graph of missing flows that means that it is no bridge. Where there is no such
way, the cheapest is made by hiding further rows, the fewest people first.

A flow that is a bridge of the whole graph has no way round. A reader does not know, however, where
the missing flows are, only how many. So then a table is sought in which another flow of the same
kind is there in its place. Only if there is none either, all flows are left out.

Source: Gusfield (1988), A graph theoretic approach to statistical data security.
"""

from collections.abc import Collection, Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple


class Flow(NamedTuple):
    """One row: `size` units of `people` people go from `tail` to `head`.

    Rows of one `kind` are a list of the report, and the number missing from it is shown. A
    `fixed` row is not to be hidden for the sake of others.
    """

    kind: str
    tail: str
    head: str
    size: int
    people: int
    fixed: bool = False

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from others."""
        return self.kind, self.tail, self.head


class _Way(NamedTuple):
    people: int
    rows: tuple[int, ...]


def hidden_flows(flows: Sequence[Flow], *, k: int, already: Collection[int] = ()) -> frozenset[int]:
    """Choose the flows to leave out.

    Args:
        flows: All there are, in an order that does not depend on chance; no two of one kind have
            the same ends.
        k: Least number of people of a flow that is shown.
        already: Flows left out for another reason.

    Returns:
        Indices: `already`, the flows of fewer than k people, and those that would give one of these
        away.
    """
    small = [i for i, flow in enumerate(flows) if flow.people < k]
    hidden = {*already, *small}
    graph = _Graph(flows)
    for row in sorted(small, key=lambda i: (flows[i].people, i)):
        way = graph.way_round(row, hidden) or graph.way_elsewhere(row, hidden)
        if way is None:
            return frozenset(i for i, flow in enumerate(flows) if i in hidden or not flow.fixed)
        hidden.update(way.rows)
    return frozenset(hidden)


class _Graph:
    """Flows by the nodes they touch."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self._flows = flows
        self._touching: dict[str, list[int]] = {}
        for i, flow in enumerate(flows):
            self._touching.setdefault(flow.tail, []).append(i)
            self._touching.setdefault(flow.head, []).append(i)

    def way_round(self, row: int, hidden: Collection[int]) -> _Way | None:
        """Find the cheapest way on which the flow can grow by one, or shrink by one and remain."""
        flow = self._flows[row]
        ways = [self._cheapest(flow.head, flow.tail, row, hidden)]
        if flow.size > 1:
            ways.append(self._cheapest(flow.tail, flow.head, row, hidden))
        return min((way for way in ways if way is not None), default=None)

    def way_elsewhere(self, row: int, hidden: Collection[int]) -> _Way | None:
        """Find the cheapest way by which the flow could be another one of its kind."""
        flow = self._flows[row]
        return self._cheapest(flow.tail, flow.head, row, hidden, stand_in=flow)

    def _cheapest(
        self,
        start: str,
        goal: str,
        row: int,
        hidden: Collection[int],
        *,
        stand_in: Flow | None = None,
    ) -> _Way | None:
        """Search by number of people to be hidden; a way may not use `row` itself.

        With a `stand_in` the way carries all of it, and leads once over a flow of its kind that
        there is not. Since it may then pass a row twice, twice as much must remain there.
        """
        spare = 1 if stand_in is None else 2 * stand_in.size
        done: set[tuple[str, bool]] = set()
        heap: list[tuple[int, int, tuple[int, ...], str, bool]] = [
            (0, 0, (), start, stand_in is not None)
        ]
        while heap:
            people, length, rows, node, owes = heappop(heap)
            if node == goal and not owes:
                return _Way(people, rows)
            if (node, owes) in done:
                continue
            done.add((node, owes))
            for i, there in self._onward(node, spare):
                if i in hidden and i != row:
                    heappush(heap, (people, length + 1, rows, there, owes))
                elif i != row and not self._flows[i].fixed:
                    cost = people + self._flows[i].people
                    heappush(heap, (cost, length + 1, (*rows, i), there, owes))
            if owes and stand_in is not None:
                for there in self._absent(node, stand_in):
                    heappush(heap, (people, length + 1, rows, there, False))
        return None

    def _onward(self, node: str, spare: int) -> Iterator[tuple[int, str]]:
        """Yield the flows that can take more from this node on, or less towards it."""
        for i in self._touching[node]:
            flow = self._flows[i]
            if flow.tail == node:
                yield i, flow.head
            elif flow.size > spare:
                yield i, flow.tail

    def _absent(self, tail: str, like: Flow) -> list[str]:
        """Where a flow of the kind of `like` could lead from here, and none does."""
        alike = [flow for flow in self._flows if flow.kind == like.kind]
        if tail not in {flow.tail for flow in alike}:
            return []
        taken = {flow.head for flow in alike if flow.tail == tail}
        return sorted({flow.head for flow in alike} - taken - {tail})
