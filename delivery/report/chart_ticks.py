"""Ticks of the scales of charts, called as the reader's language calls them."""

import json
from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

import altair as alt

from delivery.report.language import DAY, HOUR, MINUTE, Language

_TIMES_S = (
    *(1, 10, MINUTE, 10 * MINUTE),
    *(HOUR, 4 * HOUR, DAY, 7 * DAY, 28 * DAY, 100 * DAY, 365 * DAY, 3650 * DAY),
)
_MOST = 5
"""How many parts a scale has at most."""


class Tick(NamedTuple):
    """A line across a chart, and what it is called."""

    at: float
    name: str


def percents(reach: float, language: Language) -> list[Tick]:
    """Mark a scale of shares that begins at 0 and is no shorter than `reach`, at most 1."""
    part = next(
        part for part in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25) if part * _MOST >= min(reach, 1)
    )
    parts = max(1, ceil(round(reach / part, 9)))
    marks = (round(place * part, 2) for place in range(parts + 1))
    return [Tick(at, language.text("{n} %", n=round(100 * at))) for at in marks]


def numbers(reach: int, language: Language) -> list[Tick]:
    """Mark a scale of counts that begins at 0 and is no shorter than `reach`: its ends."""
    size = 1
    while not any(reach <= size * part for part in (1, 2, 5)):
        size *= 10
    end = next(size * part for part in (1, 2, 5) if reach <= size * part)
    return [Tick(at, language.count(at)) for at in (0, end)]


def durations(times_s: Sequence[float], language: Language) -> list[Tick]:
    """Mark a scale of ratios that has these times on it, at least one; under a second is one."""
    least, most = max(1.0, min(times_s)), max(1.0, *times_s)
    begin = max((at for at in _TIMES_S if at <= least), default=_TIMES_S[0])
    end = min((at for at in _TIMES_S if at >= most and at > begin), default=_TIMES_S[-1])
    between = [at for at in _TIMES_S if begin <= at <= end]
    step = ceil((len(between) - 1) / _MOST)
    kept = [*between[:-1][::step], between[-1]]
    if len(kept) > 2 and between.index(kept[-1]) - between.index(kept[-2]) < step:
        del kept[-2]
    return [Tick(at, language.duration(at)) for at in kept]


def scale_of(ticks: Sequence[Tick], scale: alt.Scale) -> dict[str, Any]:
    """Lay ticks on a scale, each with a line across the chart."""
    return {"scale": scale, "axis": axis_of(ticks, grid=True), "title": None}


def axis_of(ticks: Sequence[Tick], **more: Any) -> alt.Axis:  # noqa: ANN401 - as Altair's
    """Make an axis whose ticks are called as the reader's language does."""
    values = [tick.at for tick in ticks]
    names = json.dumps([tick.name for tick in ticks])
    called = f"{names}[indexof({json.dumps(values)}, datum.value)]"
    # Without a count Vega leaves out every other tick where it finds them too many.
    return alt.Axis(values=values, tickCount=len(values), labelExpr=called, **more)
