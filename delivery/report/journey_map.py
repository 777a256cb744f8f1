"""The map of the journey before it is drawn: what is on it, where, and what is folded.

Steps stand below one another in their intended order: that is their *rank*. Bent flows run in
*lanes* beside them. What is folded, `delivery.report.map_folding` says; nothing is lost: at each
step starts + flows in + from elsewhere = flows out + to elsewhere + ends, as far as the report
itself lists them all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from analysis.journey_report import End, JourneyCounts, JourneyReport, StepRow, Transition
from delivery.report.map_folding import (
    Course,
    course_of,
    intended_order,
    worth_drawing,
    worth_showing,
)
from delivery.report.map_signs import Pair, Signs, signs_of

TABLE_ROWS = 60
TOO_FEW_FOR_A_SHARE = 10

Kind = Literal["start", "move", "end"]


@dataclass(frozen=True, slots=True)
class MapFlow:
    """Moves from one step on the map to another.

    Attributes:
        from_: Key of a step.
        to: Key of a step.
        count: Moves.
        median_s: Between the two visits.
        course: Its way.
        lane: 0 is next to the steps; a straight flow and a loop need none.
        sign: In a comparison, as `delivery.report.map_signs` has it.
    """

    from_: str
    to: str
    count: int
    median_s: float | None
    course: Course
    lane: int = 0
    sign: int | None = None


class MapStep(NamedTuple):
    """A step on the map.

    Attributes:
        step: Its key.
        row: Its row in the report's table of steps; None where that is left out.
        starts: Journeys that start here.
        ends: Journeys whose last visit is here, by where they stand.
        from_elsewhere: Moves to here that have no arrow of their own.
        to_elsewhere: Moves from here that have none.
        sign: Of its drop-off, as of `MapFlow`.
    """

    step: str
    row: StepRow | None
    starts: int
    ends: tuple[End, ...]
    from_elsewhere: int
    to_elsewhere: int
    sign: int | None = None


class OtherSteps(NamedTuple):
    """The steps that are not on the map, together.

    Attributes:
        steps: How many they are.
        starts: Journeys that start there.
        moves: Moves from, to or between them.
        ends: Journeys that end there.
    """

    steps: int
    starts: int
    moves: int
    ends: int


@dataclass(frozen=True, slots=True)
class MapRow:
    """A row of the table beside the map.

    Attributes:
        kind: What it counts.
        from_: Key of a step; None at a start, and where rows are taken together.
        to: Key of a step; None at an end, and where rows are taken together.
        outcome: Where journeys stand that end here; None in other rows.
        count: Moves, or journeys that start or end.
        share: Of all listed moves, starts or ends; None where these are under ten.
        median_s: Of a move.
        together: How many rows of the report this one is.
        sign: As of `MapFlow`.
    """

    kind: Kind
    from_: str | None
    to: str | None
    outcome: str | None
    count: int
    share: float | None
    median_s: float | None = None
    together: int = 1
    sign: int | None = None


class MapLayout(NamedTuple):
    """The map.

    Attributes:
        steps: In rank order.
        flows: Most frequent first.
        others: The steps that are folded.
        journeys: All journeys, by where they stand.
        draft: Nobody has confirmed the outcomes, so nobody knows who dropped off.
        moves: All moves that the report lists.
        coverage: Share of them that has an arrow of its own; None where there are under ten.
        hidden: Rows of starts, transitions and ends that the report leaves out.
        rows: The same as a table.
        compared: Whether flows and steps may have signs.
    """

    steps: tuple[MapStep, ...]
    flows: tuple[MapFlow, ...]
    others: OtherSteps
    journeys: JourneyCounts
    draft: bool
    moves: int
    coverage: float | None
    hidden: int
    rows: tuple[MapRow, ...]
    compared: bool


def lay_out(report: JourneyReport) -> MapLayout:
    """Choose what the map of a report shows, and where.

    Args:
        report: Its starts, transitions and ends, in any order.

    Returns:
        The same for the same numbers. No steps where no journey has any.
    """
    signs = signs_of(report.comparison)
    moves = sorted(report.transitions, key=lambda move: (-move.count, move.from_, move.to))
    order = intended_order(report)
    shown = worth_showing(order, report)
    rank = {step: place for place, step in enumerate(shown)}
    drawn = worth_drawing([m for m in moves if m.from_ in rank and m.to in rank], rank)
    flows = _in_lanes(drawn, rank, signs)
    total = sum(move.count for move in moves)
    return MapLayout(
        steps=_steps(report, shown, drawn, signs),
        flows=flows,
        others=_others(report, order, rank),
        journeys=report.journeys,
        draft=report.draft,
        moves=total,
        coverage=_share(sum(flow.count for flow in flows), total),
        hidden=sum(report.hidden.get(kind, 0) for kind in ("starts", "transitions", "ends")),
        rows=_rows(report, moves, signs),
        compared=signs is not None,
    )


def map_rows(layout: MapLayout) -> tuple[MapRow, ...]:
    """Give the content of the map as rows: starts, moves, ends, each most frequent first.

    Of more than `TABLE_ROWS` of a kind the rarest are one row, so that each kind adds up.
    """
    return layout.rows


def _in_lanes(
    moves: Sequence[Transition], rank: Mapping[str, int], signs: Signs | None
) -> tuple[MapFlow, ...]:
    """Give each bent flow the nearest lane that is free between its steps, the shortest first."""
    taken: dict[Course, list[list[tuple[int, int]]]] = {Course.SKIP: [], Course.RETURN: []}
    flows = []
    for move in sorted(moves, key=lambda move: _span(move, rank)):
        course, lane = course_of(move, rank), 0
        if course in taken:
            lanes = taken[course]
            top, bottom = sorted((rank[move.from_], rank[move.to]))
            while lane < len(lanes) and any(a < bottom and top < b for a, b in lanes[lane]):
                lane += 1
            if lane == len(lanes):
                lanes.append([])
            lanes[lane].append((top, bottom))
        sign = _sign(move, signs)
        flows.append(
            MapFlow(move.from_, move.to, move.count, move.median_s, course, lane=lane, sign=sign)
        )
    return tuple(sorted(flows, key=lambda flow: (-flow.count, rank[flow.from_], rank[flow.to])))


def _span(move: Transition, rank: Mapping[str, int]) -> tuple[int, int, int]:
    """Sort short flows before long ones, then from above, then returns first."""
    down = rank[move.to] - rank[move.from_]
    return abs(down), min(rank[move.from_], rank[move.to]), down


def _steps(
    report: JourneyReport,
    shown: Sequence[str],
    drawn: Sequence[Transition],
    signs: Signs | None,
) -> tuple[MapStep, ...]:
    rows = {row.step: row for row in report.steps}
    starts = Counter({start.step: start.count for start in report.starts})
    out, into = Counter[str](), Counter[str]()
    for move in report.transitions:
        out[move.from_] += move.count
        into[move.to] += move.count
    for move in drawn:
        out[move.from_] -= move.count
        into[move.to] -= move.count
    return tuple(
        MapStep(
            step=step,
            row=rows.get(step),
            starts=starts[step],
            ends=tuple(
                sorted(
                    (end for end in report.ends if end.step == step),
                    key=lambda end: (-end.count, end.outcome),
                )
            ),
            from_elsewhere=into[step],
            to_elsewhere=out[step],
            sign=None if signs is None else signs.drop_offs.get(step),
        )
        for step in shown
    )


def _others(report: JourneyReport, order: Sequence[str], rank: Mapping[str, int]) -> OtherSteps:
    return OtherSteps(
        steps=len(order) - len(rank),
        starts=sum(start.count for start in report.starts if start.step not in rank),
        moves=sum(
            move.count
            for move in report.transitions
            if move.from_ not in rank or move.to not in rank
        ),
        ends=sum(end.count for end in report.ends if end.step not in rank),
    )


def _rows(
    report: JourneyReport, moves: Sequence[Transition], signs: Signs | None
) -> tuple[MapRow, ...]:
    starts = [
        MapRow("start", None, start.step, None, start.count, None)
        for start in sorted(report.starts, key=lambda start: (-start.count, start.step))
    ]
    between = [
        MapRow(
            "move",
            move.from_,
            move.to,
            None,
            move.count,
            None,
            median_s=move.median_s,
            sign=_sign(move, signs),
        )
        for move in moves
    ]
    ends = [
        MapRow("end", end.step, None, end.outcome, end.count, None)
        for end in sorted(report.ends, key=lambda end: (-end.count, end.step, end.outcome))
    ]
    return (*_together(starts), *_together(between), *_together(ends))


def _sign(move: Transition, signs: Signs | None) -> int | None:
    pair: Pair = (move.from_, move.to)
    return None if signs is None else signs.moves.get(pair)


def _together(rows: Sequence[MapRow]) -> list[MapRow]:
    """Share out the whole; take the rarest rows together where a page has no room for them."""
    total = sum(row.count for row in rows)
    shown, rest = rows[:TABLE_ROWS], rows[TABLE_ROWS:]
    if len(rest) > 1:
        over = sum(row.count for row in rest)
        folded = MapRow(rest[0].kind, None, None, None, over, None, together=len(rest))
        shown = [*shown, folded]
    else:
        shown = rows
    return [replace(row, share=_share(row.count, total)) for row in shown]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole >= TOO_FEW_FOR_A_SHARE else None
