"""How the map of the journey is set out on a page, in CSS pixels.

From the left: lanes of returns, a column of what comes in, the steps, a column of what goes out,
lanes of skips. Words stand only in the two columns, in the steps and between them, each in a row of
its own; lanes have none. So nothing lies over anything else but a line over a line.

Where lines end beside each other at a step they are in the order of their lanes, such that those of
one step never cross.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from delivery.report.journey_map import MapFlow, MapLayout, MapStep
from delivery.report.lettering import broken, width
from delivery.report.map_folding import Course
from delivery.report.map_marks import NAME, SMALL
from delivery.report.map_speech import MapSpeech

STEP = 308.0
"""Width of a step."""

PAD, GAP, EDGE = 12.0, 42.0, 8.0
NAME_LINE, SMALL_LINE = 19.0, 17.0
BAR, SWATCH = 9.0, 11.0
STUB = 30.0
ENTRY = 28.0
LINE_LEAST, LINE_MOST = 1.5, 14.0
LANE_GAP = 10.0

RowKind = Literal["out", "in", "loop", "start", "from", "end", "to"]


class Row(NamedTuple):
    """What happens in one row beside a step.

    Attributes:
        kind: A flow that goes `out` or comes `in` by a lane, a `loop`, or a stub: a `start`, an
            `end`, `from` and `to` elsewhere.
        height: Of the row.
        weight: Width of the line.
        label: What stands there.
        flow: Which one it is.
        outcome: Which end it is.
    """

    kind: RowKind
    height: float
    weight: float
    label: str = ""
    flow: MapFlow | None = None
    outcome: str = ""


class Place(NamedTuple):
    """A step, its upper edge, the lines in it, and the rows at its two sides from the top."""

    step: MapStep
    top: float
    name: list[str]
    beneath: list[str]
    left: list[Row]
    right: list[Row]

    @property
    def height(self) -> float:
        """Room for what is in it and what is beside it."""
        own = PAD + len(self.name) * NAME_LINE + len(self.beneath) * SMALL_LINE + PAD / 2 + BAR
        sides = (sum(row.height for row in side) + PAD for side in (self.left, self.right))
        return max(own, *sides)

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    def rows(self) -> list[tuple[Row, float]]:
        """Give each row the height of its line; the rows of a side stand in its middle."""
        placed = []
        for side in (self.left, self.right):
            y = self.top + (self.height - sum(row.height for row in side)) / 2
            for row in side:
                y += row.height
                below_label = y - row.weight / 2 - 2
                placed.append((row, below_label if row.kind == "out" else y - row.height / 2))
        return placed


class Sheet(NamedTuple):
    """What is where.

    Attributes:
        layout: What the map shows.
        speech: What it says.
        scale: How wide lines are.
        places: The steps, from the top.
        left: Left edge of the steps.
        right: Their right edge.
        width: Of the whole.
        lanes: Middles of the lanes of returns and of skips.
    """

    layout: MapLayout
    speech: MapSpeech
    scale: "Scale"
    places: list[Place]
    left: float
    right: float
    width: float
    lanes: Mapping[tuple[Course, int], float]

    @property
    def middle(self) -> float:
        """Where straight flows run."""
        return (self.left + self.right) / 2


class Scale:
    """How wide the line of a number is: the most frequent flow, start or end has the widest.

    Args:
        layout: The map.
    """

    def __init__(self, layout: MapLayout) -> None:
        flows = [flow.count for flow in layout.flows]
        starts = [step.starts for step in layout.steps]
        ends = [end.count for step in layout.steps for end in step.ends]
        self._most = max([*flows, *starts, *ends, 1])

    def __call__(self, count: int) -> float:
        """Give the width, which is never less than can be seen."""
        return LINE_LEAST + (LINE_MOST - LINE_LEAST) * min(1.0, count / self._most)


def set_out(layout: MapLayout, speech: MapSpeech) -> Sheet:
    """Find a place for everything on a map that has steps."""
    scale = Scale(layout)
    places: list[Place] = []
    top = EDGE + ENTRY + GAP
    for step in layout.steps:
        place = _place(step, layout, speech, scale)._replace(top=top)
        places.append(place)
        top = place.bottom + GAP
    left_lanes, left_room = _lanes(layout, Course.RETURN, scale)
    right_lanes, right_room = _lanes(layout, Course.SKIP, scale)
    left_column = _column([row for place in places for row in place.left])
    right_column = _column([row for place in places for row in place.right])
    left = EDGE + left_room + left_column
    right = left + STEP
    straight = [speech.label(flow) for flow in layout.flows if flow.course is Course.STRAIGHT]
    straight += [speech.starts(layout.steps[0].starts)] if layout.steps else []
    words = max((width(label, SMALL) for label in straight), default=0.0)
    return Sheet(
        layout=layout,
        speech=speech,
        scale=scale,
        places=places,
        left=left,
        right=right,
        width=EDGE
        + max(
            right + right_column + right_room,
            (left + right) / 2 + LINE_MOST / 2 + PAD + words,
        ),
        lanes={
            **{
                (Course.RETURN, lane): left - left_column - away
                for lane, away in left_lanes.items()
            },
            **{
                (Course.SKIP, lane): right + right_column + away
                for lane, away in right_lanes.items()
            },
        },
    )


def _place(step: MapStep, layout: MapLayout, speech: MapSpeech, scale: Scale) -> Place:
    number = "" if step.row is None else speech.count(step.row.entered)
    room = STEP - 3 * PAD - width(number, NAME, bold=True)
    goes = sorted(
        (flow for flow in layout.flows if flow.from_ == step.step), key=lambda flow: flow.lane
    )
    comes = sorted(
        (flow for flow in layout.flows if flow.to == step.step), key=lambda flow: flow.lane
    )
    out = [_going_out(flow, speech, scale) for flow in goes]
    into = [Row("in", scale(flow.count) + 6, scale(flow.count), flow=flow) for flow in comes]
    is_first = step.step == layout.steps[0].step
    return Place(
        step=step,
        top=0.0,
        name=broken(speech.name(step.step), NAME, room, lines=3, bold=True),
        beneath=broken(speech.beneath(step), SMALL, STEP - 2 * PAD, lines=3),
        left=[
            *_of(Course.RETURN, out),
            *([] if is_first else _stub("start", step.starts, speech.starts(step.starts), scale)),
            *_of(Course.LOOP, [_going_round(flow, speech, scale) for flow in goes]),
            *_stub("from", step.from_elsewhere, speech.from_elsewhere(step)),
            *reversed(_of(Course.RETURN, into)),
        ],
        right=[
            *_of(Course.SKIP, into),
            *(
                row._replace(outcome=end.outcome)
                for end in step.ends
                for row in _stub("end", end.count, speech.ended(end.outcome, end.count), scale)
            ),
            *_stub("to", step.to_elsewhere, speech.to_elsewhere(step)),
            *reversed(_of(Course.SKIP, out)),
        ],
    )


def _of(course: Course, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.flow is not None and row.flow.course is course]


def _going_out(flow: MapFlow, speech: MapSpeech, scale: Scale) -> Row:
    """A line with its label over it."""
    weight = scale(flow.count)
    return Row("out", SMALL_LINE + weight + 3, weight, label=speech.label(flow), flow=flow)


def _going_round(flow: MapFlow, speech: MapSpeech, scale: Scale) -> Row:
    """A line out and back, with its label beside it."""
    weight = scale(flow.count)
    return Row("loop", 2 * weight + 22, weight, label=speech.label(flow), flow=flow)


def _stub(kind: RowKind, count: int, label: str, scale: Scale | None = None) -> list[Row]:
    """A short line with its label beside it; thin where it stands for many flows."""
    if not count:
        return []
    weight = LINE_LEAST if scale is None else scale(count)
    return [Row(kind, max(weight + 6, SMALL_LINE), weight, label=label)]


def _column(rows: Sequence[Row]) -> float:
    """Give the width of a column: of its longest label, with the line and the sign beside it."""
    beside = {"out": PAD, "in": 0.0, "loop": STUB + LINE_MOST}
    return max(
        (width(row.label, SMALL) + beside.get(row.kind, STUB + SWATCH + PAD) for row in rows),
        default=0.0,
    )


def _lanes(layout: MapLayout, course: Course, scale: Scale) -> tuple[dict[int, float], float]:
    """Place lanes outwards of a column.

    Returns:
        How far away from the column the middle of each is, and the room of all.
    """
    weights: dict[int, float] = {}
    for flow in layout.flows:
        if flow.course is course:
            weights[flow.lane] = max(weights.get(flow.lane, 0.0), scale(flow.count))
    lanes, room = dict[int, float](), LANE_GAP if weights else 0.0
    for lane in sorted(weights):
        lanes[lane] = room + weights[lane] / 2
        room += weights[lane] + LANE_GAP
    return lanes, room
