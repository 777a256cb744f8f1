"""Charts as SVG, by Altair: one form for each question, all of them read from top to bottom.

A chart is drawn for two widths, and the page shows the one that fits. Its colours are those of
`INKS`, by which `templates/page.css` finds its parts: it gives them the colours of light, dark and
paper, and the patterns that say the same without a colour. A chart has no id and fetches no font.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import NamedTuple

import altair as alt
import vl_convert

from delivery.report.chart_ticks import Tick, axis_of, scale_of
from delivery.report.lettering import beside_each_other, fitted, width

WIDE, NARROW = 640, 268
"""CSS pixels: on a page of A4 or a screen, and on a small telephone."""

INKS: Mapping[str, str] = {
    "ink": "#16202b",
    "quiet": "#46535f",
    "grid": "#d3dae1",
    "on": "#3f6ea5",
    "finished": "#20693f",
    "lost": "#a3264f",
    "open": "#4a5a6b",
    "city": "#a4622c",
    "band": "#c9d8ea",
    "optional": "#cad9eb",
}

NAME, SMALL = 14, 12
_ROW, _TIGHT, _BAR = 54, 70, 18
_LABEL_UP, _MARK_DOWN = -16, 7
_NAME_UP, _FIGURES_UP = -27, -11
_EDGE = 44
_HEAD = re.compile(r"<svg [^>]*?width=\"([\d.]+)\" height=\"([\d.]+)\"[^>]*>")

_TAG = re.compile(r"<[a-z][^>]*>")
_SPOKEN = re.compile(r" (?:role|aria-[a-z]+|class)=\"[^\"]*\"")
"""What Vega says of its parts to a screen reader, which is told of the whole."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart
Drawing = Callable[[int], Chart]


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


def drawn(draw: Drawing, says: str) -> str:
    """Draw a chart in both widths.

    Args:
        draw: Draws it in a width.
        says: What a reader who does not see it is told.

    Returns:
        Two `svg` elements; the same bytes for the same chart.
    """
    return _svg(draw(WIDE), "wide", says) + _svg(draw(NARROW), "narrow", says)


def drawn_small(draw: Drawing, says: str) -> str:
    """Draw a chart that is small enough for any page; as `drawn`."""
    return _svg(draw(NARROW), "small", says)


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
                order="part:O",
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
            x=x, x2=alt.datum(0), y=_place(), color=alt.Color("ink:N", scale=None)
        )
        told = base.mark_text(align="left", xOffset=6, fontSize=SMALL, color=INKS["ink"]).encode(
            x=x, y=_place(), text="told:N"
        )
        called = base.mark_text(align="left", fontSize=SMALL, color=INKS["quiet"]).encode(
            x=alt.value(0), y=_place(), text="name:N"
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
            x=alt.X("low:Q", **x), x2="high:Q", y=_place()
        )
        points = base.mark_point(
            filled=True, opacity=1, size=70, yOffset=_MARK_DOWN, color=INKS["ink"]
        ).encode(x="value:Q", y=_place())
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
            x=alt.X("t10:Q", **x), x2="t90:Q", y=_place(), color=alt.Color("ink:N", scale=None)
        )
        half = base.mark_rule(strokeWidth=12, yOffset=_MARK_DOWN).encode(
            x="t25:Q", x2="t75:Q", y=_place(), color=alt.Color("ink:N", scale=None)
        )
        median = base.mark_tick(
            thickness=3, size=_BAR + 2, yOffset=_MARK_DOWN, color=INKS["ink"]
        ).encode(x="t50:Q", y=_place())
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
                x=x, y=alt.Y("low:Q", title=None), y2="high:Q", detail="stretch:N"
            ),
            known.mark_line(color=INKS["on"], strokeWidth=2).encode(x=x, y=y, detail="stretch:N"),
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
    ).encode(x=alt.value(0), y=_place(), text="name:N")
    figures = base.mark_text(
        align="left" if tight else "right",
        yOffset=beside,
        fontSize=SMALL,
        color=INKS["quiet"],
    ).encode(x=alt.value(0 if tight else across), y=_place(), text="told:N")
    height = len(rows) * (_TIGHT if tight else _ROW)
    return alt.layer(*marks, names, figures).properties(width=across, height=height)


def _place() -> alt.Y:
    return alt.Y("row:O", axis=None, scale=alt.Scale(padding=0))


def _data(rows: Sequence[Mapping[str, object]]) -> alt.InlineData:
    return alt.InlineData(values=[dict(row) for row in rows])


def _svg(chart: Chart, kind: str, says: str) -> str:
    quiet = {"labelColor": INKS["quiet"], "labelFontSize": SMALL}
    specification = (
        chart.configure(aria=False, font="sans-serif", background="transparent", padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            domain=False, ticks=False, gridColor=INKS["grid"], labelLimit=0, labelPadding=6, **quiet
        )
        .to_json(indent=None)
    )
    picture = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    found = _HEAD.match(picture)
    assert found is not None, "an svg says how large it is"  # noqa: S101
    across, down = found.groups()
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {kind}" role="img" '
        f'aria-label="{escape(says, quote=True)}" viewBox="0 0 {across} {down}" '
        f'width="{across}" height="{down}" preserveAspectRatio="xMinYMin">'
    )
    return opening + _TAG.sub(lambda tag: _SPOKEN.sub("", tag[0]), picture[found.end() :])
