"""What the map of the journey shows, and what it folds: a map that shows everything shows nothing.

A flow to the next step runs *straight* down; one further down is a *skip*, one upwards a *return*,
and a *loop* leads from a step to itself. What is folded has no arrow, but is counted at its steps
as moves from and to elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from heapq import heapify, heappop, heappush

from analysis.journey_report import JourneyReport, Transition

MAX_STEPS = 15
MANY_STEPS = 8
"""Above this, steps are folded that have less than `RARE_STEP` to do with the journeys."""

RARE_STEP = 0.02
"""Starts, ends and moves of a step, as a share of all journeys."""

MAX_BENT = 20
"""Skips, returns and loops that are drawn at most."""

RARE_FLOW = 0.02
"""Share of the most frequent flow under which a flow is folded."""


class Course(StrEnum):
    """Which way a flow takes on the page."""

    STRAIGHT = "straight"
    SKIP = "skip"
    RETURN = "return"
    LOOP = "loop"


def intended_order(report: JourneyReport) -> list[str]:
    """Order the steps as intended; those whose row is left out come last."""
    listed = dict.fromkeys(row.step for row in report.steps)
    named = {step for move in report.transitions for step in (move.from_, move.to)}
    named |= {start.step for start in report.starts} | {end.step for end in report.ends}
    return [*listed, *sorted(named - set(listed))]


def worth_showing(order: Sequence[str], report: JourneyReport) -> list[str]:
    """Choose the steps that have most to do with each other, with starts and with ends.

    Of many, the one with the fewest starts, ends and moves from and to what is still on the map is
    taken off, again and again.

    Returns:
        At most `MAX_STEPS`, in their order.
    """
    place = {step: at for at, step in enumerate(order)}
    beside = _neighbours(report.transitions)
    busy = Counter({step: beside[step].total() if step in beside else 0 for step in order})
    busy.update(_at_the_rim(report))
    kept = set(order)
    heap = [(count, -place[step], step) for step, count in busy.items()]
    heapify(heap)
    rare = RARE_STEP * report.journeys.started
    while len(kept) > MANY_STEPS:
        count, _, step = heappop(heap)
        if step not in kept or count != busy[step]:
            continue  # it has fewer by now, and stands in the heap again
        if len(kept) <= MAX_STEPS and count >= rare:
            break
        kept.remove(step)
        for neighbour in beside.get(step, Counter()).keys() & kept:
            busy[neighbour] -= beside[step][neighbour]
            heappush(heap, (busy[neighbour], -place[neighbour], neighbour))
    return [step for step in order if step in kept]


def worth_drawing(moves: Sequence[Transition], rank: Mapping[str, int]) -> list[Transition]:
    """Choose flows that are not rare: all straight ones, and the most frequent of the bent ones.

    Args:
        moves: Between steps on the map, most frequent first.
        rank: Places of the steps.
    """
    rare = RARE_FLOW * max((move.count for move in moves), default=0)
    often = [move for move in moves if move.count >= rare]
    straight = [move for move in often if course_of(move, rank) is Course.STRAIGHT]
    bent = [move for move in often if course_of(move, rank) is not Course.STRAIGHT]
    return [*straight, *bent[:MAX_BENT]]


def course_of(move: Transition, rank: Mapping[str, int]) -> Course:
    """Say which way a flow takes."""
    down = rank[move.to] - rank[move.from_]
    if down == 1:
        return Course.STRAIGHT
    if down == 0:
        return Course.LOOP
    return Course.SKIP if down > 0 else Course.RETURN


def _neighbours(moves: Iterable[Transition]) -> dict[str, Counter[str]]:
    """Count the moves between each two steps, either way."""
    beside: dict[str, Counter[str]] = {}
    for move in moves:
        if move.from_ != move.to:
            beside.setdefault(move.from_, Counter())[move.to] += move.count
            beside.setdefault(move.to, Counter())[move.from_] += move.count
    return beside


def _at_the_rim(report: JourneyReport) -> Counter[str]:
    """Count starts and ends by step."""
    counts = Counter[str]()
    for start in report.starts:
        counts[start.step] += start.count
    for end in report.ends:
        counts[end.step] += end.count
    return counts
