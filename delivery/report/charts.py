"""Charts by Altair: one form for each question, all of them read from top to bottom."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt

from delivery.report.chart_svg import INKS, SMALL, Chart, Drawing
from delivery.report.chart_ticks import Tick, axis_of, scale_of
from delivery.report.lettering import beside_each_other, fitted, width

NAME = 14
_ROW, _TIGHT, _BAR = 54, 70, 18
_LABEL_UP, _MARK_DOWN = -16, 7
_NAME_UP, _FIGURES_UP = -27, -11
_EDGE = 44


class Bar(NamedTuple):
    """A bar of parts beside each other.

    Attributes:
        name: Whose it is.
        told: What its figures are.
        parts: How long each part is, by its ink.
    """

    name: str
    told: str
    parts: Sequence[tuple[str, float]]


class Range(NamedTuple):
    """A value between two bounds; None where there is none.

    Attributes:
        name: Whose it is.
        told: The same in figures, or why there is none.
        value: From 0 to 1.
        low: Lower bound.
        high: Upper bound.
    """

    name: str
    told: str
    value: float | None
    low: float | None
    high: float | None


class Spread(NamedTuple):
    """How times spread.

    Attributes:
        name: Of what.
        told: What its figures are.
        ink: Of the box.
        times_s: The quantiles .1, .25, .5, .75 and .9, in seconds.
    """

    name: str
    told: str
    ink: str
    times_s: Sequence[float]


class Week(NamedTuple):
    """One week of a row of weeks without a gap.

    Attributes:
        name: What it is called, unlike the others.
        started: Journeys.
        rate: From 0 to 1; None where there is none.
        low: Lower bound of the rate.
        high: Upper bound of the rate.
        mature: Whether its rate will not change any more.
    """

    name: str
    started: int
    rate: float | None
    low: float | None
    high: float | None
    mature: bool


def bars(rows: Sequence[Bar]) -> Drawing:
    """Draw bars below one another, each under its name; at least one."""
    parts = [
        {"row": place, "part": part, "size": size, "ink": INKS[ink]}
        for place, row in enumerate(rows)
        for part, (ink, size) in enumerate(row.parts)
        if size
    ]

    def draw(across: int) -> Chart:
        stacked = (
            alt.Chart(_data(parts))
            .mark_bar(size=_BAR, yOffset=_MARK_DOWN)
            .encode(
                x=alt.X("size:Q", stack="zero", axis=None, scale=alt.Scale(nice=False)),
                y=_place(),
                order=alt.Order("part:O"),
                color=alt.Color("ink:N", scale=None),
            )
        )
        return _under_names([stacked], rows, across)

    return draw


def counts(rows: Sequence[Bar]) -> Drawing:
    """Draw close bars, each between its name and its figures; at least one."""
    names = max(width(row.name, SMALL) for row in rows) + 8
    figures = max(width(row.told, SMALL) for row in rows) + 8
    content = [
        {
            "row": place,
            "name": row.name,
            "told": row.told,
            "size": sum(size for _, size in row.parts),
            "ink": INKS[row.parts[0][0]],
        }
        for place, row in enumerate(rows)
    ]
    most = max(1, *(sum(size for _, size in row.parts) for row in rows))

    def draw(across: int) -> Chart:
        base = alt.Chart(_data(content))
        scale = alt.Scale(domain=[0, most], range=[names, across - figures], nice=False)
        x = alt.X("size:Q", axis=None, scale=scale)
        lines = base.mark_bar(size=_BAR - 2).encode(
            x=x, x2=alt.X2Datum(0), y=_place(), color=alt.Color("ink:N", scale=None)
        )
        told = base.mark_text(align="left", xOffset=6, fontSize=SMALL, color=INKS["ink"]).encode(
            x=x, y=_place(), text=alt.Text("told:N")
        )
        called = base.mark_text(align="left", fontSize=SMALL, color=INKS["quiet"]).encode(
            x=_at(0), y=_place(), text=alt.Text("name:N")
        )
        return alt.layer(lines, told, called).properties(
            width=across, height=len(rows) * (_BAR + 4)
        )

    return draw


def ranges(rows: Sequence[Range], ticks: Sequence[Tick]) -> Drawing:
    """Draw values with their bounds below one another, at least one.

    Args:
        rows: From top to bottom.
        ticks: Of the scale; the last one is not under any bound.
    """
    known = [
        {"row": place, "value": row.value, "low": row.low, "high": row.high}
        for place, row in enumerate(rows)
        if row.value is not None
    ]

    def draw(across: int) -> Chart:
        x = scale_of(ticks, alt.Scale(domain=[0, ticks[-1].at], nice=False))
        base = alt.Chart(_data(known))
        bounds = base.mark_rule(strokeWidth=7, yOffset=_MARK_DOWN, color=INKS["on"]).encode(
            x=alt.X("low:Q", **x), x2=alt.X2("high:Q"), y=_place()
        )
        points = base.mark_point(
            filled=True, opacity=1, size=70, yOffset=_MARK_DOWN, color=INKS["ink"]
        ).encode(x=alt.X("value:Q"), y=_place())
        return _under_names([bounds, points], rows, across)

    return draw


def spreads(rows: Sequence[Spread], ticks: Sequence[Tick]) -> Drawing:
    """Draw how times spread: a line for the middle 80 %, a box for the middle half, the median.

    Args:
        rows: From top to bottom, at least one.
        ticks: Of the scale, which is one of ratios and begins and ends with them.
    """
    least, most = ticks[0].at, ticks[-1].at
    content = [
        {
            "row": place,
            "ink": INKS[row.ink],
            **{
                f"t{level}": min(max(time, least), most)
                for level, time in zip((10, 25, 50, 75, 90), row.times_s, strict=True)
            },
        }
        for place, row in enumerate(rows)
    ]

    def draw(across: int) -> Chart:
        x = scale_of(ticks, alt.Scale(type="log", domain=[least, most], nice=False))
        base = alt.Chart(_data(content))
        most_of_them = base.mark_rule(strokeWidth=2, yOffset=_MARK_DOWN).encode(
            x=alt.X("t10:Q", **x),
            x2=alt.X2("t90:Q"),
            y=_place(),
            color=alt.Color("ink:N", scale=None),
        )
        half = base.mark_rule(strokeWidth=12, yOffset=_MARK_DOWN).encode(
            x=alt.X("t25:Q"), x2=alt.X2("t75:Q"), y=_place(), color=alt.Color("ink:N", scale=None)
        )
        median = base.mark_tick(
            thickness=3, size=_BAR + 2, yOffset=_MARK_DOWN, color=INKS["ink"]
        ).encode(x=alt.X("t50:Q"), y=_place())
        return _under_names([most_of_them, half, median], rows, across)

    return draw


def weeks(rows: Sequence[Week], *, rates: Sequence[Tick], counts: Sequence[Tick]) -> Drawing:
    """Draw the rate of each week with its bounds, and below it how many journeys started.

    A week that is not mature has no rate and a dotted bar.

    Args:
        rows: At least one, in order.
        rates: Ticks of the upper half, up to its end.
        counts: Ticks of the lower half, up to its end.
    """
    order = [row.name for row in rows]
    content, stretch = [], 0
    for row in rows:
        rate = row.rate if row.mature else None
        stretch += rate is None
        content.append(
            {
                "week": row.name,
                "started": row.started,
                "rate": rate,
                "low": row.low,
                "high": row.high,
                "stretch": stretch,
                "ink": INKS["on" if row.mature else "open"],
            }
        )

    def draw(across: int) -> Chart:
        room = across - _EDGE
        named = beside_each_other(order, room, SMALL)
        known = alt.Chart(_data([row for row in content if row["rate"] is not None]))
        x = alt.X("week:N", sort=order, scale=alt.Scale(domain=order, paddingOuter=0), axis=None)
        y = alt.Y(
            "rate:Q",
            axis=axis_of(rates, grid=True, minExtent=_EDGE, maxExtent=_EDGE),
            scale=alt.Scale(domain=[0, rates[-1].at], nice=False),
            title=None,
        )
        upper = alt.layer(
            known.mark_area(color=INKS["band"], opacity=1).encode(
                x=x,
                y=alt.Y("low:Q", title=None),
                y2=alt.Y2("high:Q"),
                detail=alt.Detail("stretch:N"),
            ),
            known.mark_line(color=INKS["on"], strokeWidth=2).encode(
                x=x, y=y, detail=alt.Detail("stretch:N")
            ),
            known.mark_point(filled=True, opacity=1, size=24, color=INKS["ink"]).encode(x=x, y=y),
        ).properties(width=room, height=180)
        lower = (
            alt.Chart(_data(content))
            .mark_bar()
            .encode(
                x=alt.X(
                    "week:N",
                    sort=order,
                    scale=alt.Scale(domain=order, paddingOuter=0),
                    axis=alt.Axis(values=named, labelAngle=0, title=None, ticks=True),
                ),
                y=alt.Y(
                    "started:Q",
                    axis=axis_of(counts, grid=True, minExtent=_EDGE, maxExtent=_EDGE),
                    scale=alt.Scale(domain=[0, counts[-1].at], nice=False),
                    title=None,
                ),
                color=alt.Color("ink:N", scale=None),
            )
            .properties(width=room, height=70)
        )
        return alt.vconcat(upper, lower, spacing=14)

    return draw


def _under_names(
    marks: Sequence[alt.Chart], rows: Sequence[Bar | Range | Spread], across: int
) -> Chart:
    """Lay marks over each other, and over each row its name and its figures.

    Where they have no room beside each other in every row, the figures have a line of their own.
    """
    rooms = [across - width(row.told, SMALL) - 12 for row in rows]
    tight = any(
        width(row.name, NAME, bold=True) > room for row, room in zip(rows, rooms, strict=True)
    )
    told = [
        {
            "row": place,
            "name": fitted(row.name, NAME, across if tight else room, bold=True),
            "told": row.told,
        }
        for place, (row, room) in enumerate(zip(rows, rooms, strict=True))
    ]
    base = alt.Chart(_data(told))
    above, beside = (_NAME_UP, _FIGURES_UP) if tight else (_LABEL_UP, _LABEL_UP)
    names = base.mark_text(
        align="left", yOffset=above, fontSize=NAME, fontWeight=600, color=INKS["ink"]
    ).encode(x=_at(0), y=_place(), text=alt.Text("name:N"))
    figures = base.mark_text(
        align="left" if tight else "right",
        yOffset=beside,
        fontSize=SMALL,
        color=INKS["quiet"],
    ).encode(x=_at(0 if tight else across), y=_place(), text=alt.Text("told:N"))
    height = len(rows) * (_TIGHT if tight else _ROW)
    return alt.layer(*marks, names, figures).properties(width=across, height=height)


def _at(across: int) -> alt.XValue:
    return alt.XValue(across)  # type: ignore[no-untyped-call]


def _place() -> alt.Y:
    return alt.Y("row:O", axis=None, scale=alt.Scale(padding=0))


def _data(rows: Sequence[Mapping[str, object]]) -> alt.InlineData:
    return alt.InlineData(values=tuple(map(dict, rows)))  # of a list Altair makes copies
