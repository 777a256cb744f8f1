"""Time lines of journeys as pictures, for a page that says in words what they show.

A solid line is the customer's turn, a dashed one the city's; a ring with a sign is a visit; each
way to end has a shape of its own. Colours come from the page. Drawn twice, for a wide page and a
narrow one: letters keep their size.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from delivery.report.chart_svg import NARROW, WIDE
from delivery.report.language import DAY, HOUR, MINUTE, Language
from delivery.report.lettering import width
from delivery.report.time_line import Mark, TimeLine, places, rows_for

RADIUS = 9
_LEAST = 2 * RADIUS + 2
_EDGE = RADIUS + 1
_ROW, _TOP, _TICK = 46, 12, 15
_LETTERS = 11
_ROUND_S = (
    *(1, 5, 10, 30, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR),
    *(12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 365 * DAY),
    *(730 * DAY, 1825 * DAY, 3650 * DAY),
)

_SHAPES = {
    "succeeded": '<circle class="finished" r="9"/><path class="cut" d="M-4 0L-1 3L4 -3"/>',
    "refused": '<path class="finished" d="M-8 -8H8V8H-8Z"/><path class="cut" d="M-4 0H4"/>',
    "cancelled": '<path class="stop" d="M-6 -6L6 6M-6 6L6 -6"/>',
    "expired": '<path class="full" d="M0 -9L9 7H-9Z"/><path class="cut" d="M0 -4V1M0 3.5V4.5"/>',
    "abandoned": '<circle class="stop" r="7" stroke-dasharray="3 2.5"/>',
    "open": '<path class="on" d="M-6 -8L7 0L-6 8Z"/>',
}
_CLASSES = {"customer": "ours", "city": "theirs"}


class _Sheet(NamedTuple):
    """A page of some width: how long a row of it is, and how many rows a time line takes."""

    across: int
    row: float
    rows: int

    def spot(self, place: float) -> tuple[float, float]:
        """Say where a place of the whole line is."""
        row = min(int(place // self.row), self.rows - 1)
        return _EDGE + place - row * self.row, _TOP + row * _ROW


def line_svg(
    line: TimeLine, *, outcome: str, signs: Mapping[str, str], says: str, language: Language
) -> str:
    """Draw a time line in both widths.

    Args:
        line: What is to be drawn.
        outcome: Where the journey stands.
        signs: Of the steps.
        says: What a reader who does not see it is told.
        language: Names the times.
    """
    return "".join(
        _drawn(line, outcome, signs, says, language, kind=kind, across=across)
        for kind, across in (("wide", WIDE), ("narrow", NARROW))
    )


def turn_svg(turn: str) -> str:
    """Draw the line of the legend: whose turn it is."""
    return _swatch(f'<path class="{_CLASSES[turn]}" d="M-14 0H14"/>')


def end_svg(outcome: str) -> str:
    """Draw the shape of the legend: where a journey stands."""
    return _swatch(_SHAPES[outcome])


def step_svg(sign: str) -> str:
    """Draw the ring of the legend: a visit to a step."""
    return _swatch(_ring(sign))


def _drawn(  # noqa: PLR0913 - as `line_svg`
    line: TimeLine,
    outcome: str,
    signs: Mapping[str, str],
    says: str,
    language: Language,
    *,
    kind: str,
    across: int,
) -> str:
    row = across - 2 * _EDGE
    sheet = _Sheet(across, row, rows_for(line, room=row, least=_LEAST))
    at = places(line, length=sheet.rows * row, least=_LEAST)
    down = sheet.rows * _ROW
    parts = [
        *_scale(line, at[line.end], sheet, language),
        *_turns(line.marks, at, sheet),
        *_marks(line.marks, at, sheet, outcome, signs),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart line {kind}" role="img" '
        f'aria-label="{escape(says)}" viewBox="0 0 {across} {down}" '
        f'width="{across}" height="{down}">{"".join(parts)}</svg>'
    )


def _turns(marks: Sequence[Mark], at: Sequence[float], sheet: _Sheet) -> Iterator[str]:
    """Draw whose turn it is, from mark to mark; a line goes on in the next row."""
    for (mark, begin), (_, end) in pairwise(zip(marks, at, strict=True)):
        if mark.turn is None:
            continue
        place = begin
        while place < end:
            x, y = sheet.spot(place)
            stop = min(end, (place // sheet.row + 1) * sheet.row)
            yield f'<path class="{_CLASSES[mark.turn]}" d="M{x:.1f} {y}H{x + stop - place:.1f}"/>'
            place = stop


def _marks(
    marks: Sequence[Mark],
    at: Sequence[float],
    sheet: _Sheet,
    outcome: str,
    signs: Mapping[str, str],
) -> Iterator[str]:
    for mark, place in zip(marks, at, strict=True):
        x, y = sheet.spot(place)
        shape = _SHAPES[outcome] if mark.step is None else _ring(signs[mark.step])
        yield f'<g transform="translate({x:.1f} {y})">{shape}</g>'


def _scale(line: TimeLine, end: float, sheet: _Sheet, language: Language) -> Iterator[str]:
    """Mark round times below the line, as many as there is room for."""
    if not line.length_s:
        return
    one_s = end / line.length_s
    for part in _ROUND_S:
        room = part * one_s
        many = int(line.length_s // part)
        names = [language.duration(part * number) for number in range(1, min(many, 99) + 1)]
        if many > 99 or any(width(name, _LETTERS) + 16 > room for name in names):
            continue
        for number, name in enumerate(names, start=1):
            x, y = sheet.spot(min(number * room, end))
            half = width(name, _LETTERS) / 2
            middle = min(max(x, half), sheet.across - half)
            yield (
                f'<path class="tick" d="M{x:.1f} {y}V{y + _TICK}"/>'
                f'<text class="time" x="{middle:.1f}" y="{y + _TICK + 11}">{escape(name)}</text>'
            )
        return


def _ring(sign: str) -> str:
    return f'<circle class="visit" r="{RADIUS}"/><text class="sign" y="4">{escape(sign)}</text>'


def _swatch(shape: str) -> str:
    return (
        '<svg class="swatch line" viewBox="-15 -11 30 22" width="30" height="22" '
        f'aria-hidden="true">{shape}</svg>'
    )
