"""The map of the journey as SVG: no script, nothing fetched, no colour that a page cannot change.

Colours are custom properties with values of their own for light, dark and paper. What a colour
says a pattern, a place or a word says, too.
"""

from collections.abc import Iterable
from html import escape
from itertools import pairwise

from delivery.report.journey_map import MapLayout
from delivery.report.language import Language
from delivery.report.lettering import legible
from delivery.report.map_marks import HEAD, Area, Figure, Letters, Mark, Picture, Shape, Stroke
from delivery.report.map_picture import draw
from delivery.report.map_speech import MapSpeech, StepNames

PAGE_WIDTH, PAGE_SHAPE = 680.0, 1.24
"""Of what is printed on A4: its width, and how much higher than wide it is."""

CURVE = 9.0
CASING = 5.0

MAP_STYLE = """
:where(.journey-map){--map-page:#fff;--map-box:#fff;--map-ink:#16202b;--map-quiet:#45525f;
--map-edge:#8693a1;--map-flow:#7d91ab;--map-back:#a4622c;--map-on:#c9d3de;--map-lost:#a3264f;
--map-good:#20693f;--map-open:#4a5a6b;--map-more:#1f5fae;--map-fewer:#a4622c}
@media (prefers-color-scheme:dark){:where(.journey-map){--map-page:#12171d;--map-box:#1b222b;
--map-ink:#f2f5f8;--map-quiet:#b9c4cf;--map-edge:#74818f;--map-flow:#7186a1;--map-back:#d2915c;
--map-on:#3c4855;--map-lost:#f08aa9;--map-good:#7fce9f;--map-open:#a9b8c7;--map-more:#85b4f0;
--map-fewer:#e0a878}}
@media print{:where(.journey-map){--map-page:#fff;--map-box:#fff;--map-ink:#000;--map-quiet:#333;
--map-edge:#777;--map-flow:#7d91ab;--map-back:#a4622c;--map-on:#c9d3de;--map-lost:#a3264f;
--map-good:#20693f;--map-open:#4a5a6b;--map-more:#1f5fae;--map-fewer:#a4622c}}
.journey-map.page{display:none}
@media print{svg.journey-map:not(.page):has(+ .journey-map.page){display:none}
svg.journey-map.page{display:block;max-width:100%;height:auto;break-inside:avoid}}
.journey-map{font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-size:12px;color:var(--map-flow)}
.journey-map text{fill:var(--map-ink);stroke:none}
.journey-map .note{fill:var(--map-quiet)}
.journey-map .name,.journey-map .number{font-size:15px;font-weight:600}
.journey-map .head{font-weight:600}
.journey-map .number,.journey-map .label{font-variant-numeric:tabular-nums}
.journey-map .sheet{fill:var(--map-page)}
.journey-map .box,.journey-map .panel{fill:var(--map-box);stroke:var(--map-edge)}
.journey-map .box{stroke:none}
.journey-map .rim{fill:none;stroke:var(--map-edge);stroke-width:1.2}
.journey-map .staff .rim,.journey-map .system .rim{stroke-dasharray:1.5 3.5;stroke-width:1.7;
stroke-linecap:round}
.journey-map .pill{fill:var(--map-ink)}
.journey-map .entry .head{fill:var(--map-page)}
.journey-map .others .panel{stroke-dasharray:6 4}
.journey-map path{fill:none;stroke:currentColor}
.journey-map .case{stroke:var(--map-page)}
.journey-map .head-of-arrow{fill:currentColor;stroke:none}
.journey-map .return,.journey-map .loop{color:var(--map-back)}
.journey-map .flow.more,.journey-map .swatch.more{color:var(--map-more)}
.journey-map .flow.fewer,.journey-map .swatch.fewer{color:var(--map-fewer)}
.journey-map .flow.alike,.journey-map .swatch.alike{color:var(--map-edge)}
.journey-map .fewer .line{stroke-dasharray:7 3}
.journey-map .step.more .rim{stroke:var(--map-more);stroke-width:3}
.journey-map .step.fewer .rim{stroke:var(--map-fewer);stroke-width:3;stroke-dasharray:7 3}
.journey-map .swatch.more,.journey-map .swatch.fewer,.journey-map .swatch.alike{stroke:none;
fill:currentColor}
.journey-map .stub-from,.journey-map .stub-to{stroke-dasharray:3 3}
.journey-map .on{fill:var(--map-on)}
.journey-map .stripe{stroke:var(--map-lost);stroke-width:3}
.journey-map .dot{fill:var(--map-open)}
.journey-map .swatch{stroke:var(--map-ink);stroke-width:1}
.journey-map .succeeded{fill:var(--map-good)}
.journey-map .refused{fill:var(--map-box)}
"""
"""Rules of all maps on a page; a map has them in itself unless the page is said to."""


def map_svg(
    layout: MapLayout,
    language: Language,
    names: StepNames,
    *,
    key: str = "map",
    styled: bool = True,
) -> str:
    """Draw the map.

    Args:
        layout: What to draw.
        language: The reader's.
        names: Of the steps.
        key: Begins the ids, where a page holds more than one map: letters, digits, hyphens.
        styled: The rules of `MAP_STYLE` are part of the picture.

    Returns:
        One `svg` element that can stand in a page or, with an XML reader, alone.
    """
    speech = MapSpeech(layout, language, names)
    picture = draw(layout, language, names)
    across, down = _number(picture.width), _number(picture.height)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="journey-map" role="img" '
        f'viewBox="0 0 {across} {down}" width="{across}" height="{down}" '
        f'aria-labelledby="{key}-title {key}-desc">'
    )
    parts = [
        opening,
        f'<title id="{key}-title">{_text(speech.title())}</title>',
        f'<desc id="{key}-desc">{_text(speech.description())}</desc>',
        f"<style>{MAP_STYLE}</style>" if styled else "",
        _patterns(key),
        f'<rect class="sheet" width="{across}" height="{down}"/>',
        *_figures(picture.figures, key),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def map_pages(layout: MapLayout, language: Language, names: StepNames, *, key: str = "map") -> str:
    """Draw the map once more for paper, in parts that fit a page of A4 and end under a step.

    The parts stand right behind the map, which has the rules: they are seen on paper alone, and the
    whole on the screen alone.

    Args:
        layout: As of `map_svg`.
        language: As of `map_svg`.
        names: As of `map_svg`.
        key: As of `map_svg`.

    Returns:
        One `svg` element a page; none where all fits one page.
    """
    picture = draw(layout, language, names)
    tall = PAGE_SHAPE * max(picture.width, PAGE_WIDTH)
    tops = [0.0]
    for cut, after in pairwise((*picture.cuts, picture.height)):
        if after - tops[-1] > tall:
            tops.append(cut)
    if len(tops) == 1:
        return ""
    return "".join(
        _page(picture, Area(0.0, top, picture.width, bottom - top), f"{key}-page-{number}")
        for number, (top, bottom) in enumerate(pairwise((*tops, picture.height)), start=1)
    )


def _page(picture: Picture, part: Area, key: str) -> str:
    across, down = _number(part.width), _number(part.height)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="journey-map page" aria-hidden="true" '
        f'viewBox="0 {_number(part.y)} {across} {down}" width="{across}" height="{down}">'
    )
    figures = (fig for fig in picture.figures if fig.reaches(part.y, part.y + part.height))
    return "\n".join([opening, _patterns(key), *_figures(figures, key), "</svg>\n"])


def _figures(figures: Iterable[Figure], key: str) -> list[str]:
    drawn = []
    for figure in figures:
        title = f"<title>{_text(figure.title)}</title>" if figure.title else ""
        marks = "\n".join(_mark(mark, key) for mark in figure.marks)
        drawn.append(f'<g class="{figure.kind}">{title}\n{marks}\n</g>')
    return drawn


def _patterns(key: str) -> str:
    """Draw what tells parts apart without colour."""

    def pattern(name: str, size: int, inside: str, turn: int = 0) -> str:
        turned = f' patternTransform="rotate({turn})"' if turn else ""
        return (
            f'<pattern id="{key}-{name}" width="{size}" height="{size}" '
            f'patternUnits="userSpaceOnUse"{turned}>'
            f'<rect class="refused" width="{size}" height="{size}"/>{inside}</pattern>'
        )

    stripe = '<path class="stripe" d="M0 0V6"/>'
    return "".join(
        [
            "<defs>",
            pattern("abandoned", 6, stripe, 45),
            pattern("expired", 6, '<path class="stripe" d="M0 3H6"/>'),
            pattern("cancelled", 6, '<path class="stripe" d="M0 0V6"/>'),
            pattern("open", 4, '<circle class="dot" cx="2" cy="2" r="1.1"/>'),
            "</defs>",
        ]
    )


def _mark(mark: Mark, key: str) -> str:
    match mark:
        case Shape():
            return _shape(mark, key)
        case Letters():
            anchor = ' text-anchor="end"' if mark.at_end else ""
            return (
                f'<text class="{mark.kind}" x="{_number(mark.x)}" y="{_number(mark.y)}"{anchor}>'
                f"{_text(mark.text)}</text>"
            )
        case Stroke():
            return _stroke(mark)


_FILLS = {
    "dropped": "abandoned",
    "still": "open",
    "swatch abandoned": "abandoned",
    "swatch expired": "expired",
    "swatch cancelled": "cancelled",
    "swatch open": "open",
}


def _shape(shape: Shape, key: str) -> str:
    area = shape.area
    rounded = f' rx="{_number(shape.round)}"' if shape.round else ""
    fill = f' fill="url(#{key}-{_FILLS[shape.kind]})"' if shape.kind in _FILLS else ""
    return (
        f'<rect class="{shape.kind}" x="{_number(area.x)}" y="{_number(area.y)}" '
        f'width="{_number(area.width)}" height="{_number(area.height)}"{rounded}{fill}/>'
    )


def _stroke(stroke: Stroke) -> str:
    """Draw a line with a head, over a casing that parts it from the lines it crosses."""
    kind = f"stub-{stroke.kind}" if stroke.kind != "line" else "line"
    long, wide = 5 + stroke.width * 0.55, stroke.width / 2 + HEAD
    (x0, y0), (x1, y1) = stroke.points[-2:]
    away_x, away_y = _sign(x1 - x0), _sign(y1 - y0)
    neck = (x1 - away_x * long, y1 - away_y * long)
    way = _rounded((*stroke.points[:-1], neck), CURVE + stroke.width / 2)
    line = f'<path class="{kind}" d="{way}" stroke-width="{_number(stroke.width)}"/>'
    if len(stroke.points) > 2:
        line = (
            f'<path class="case" d="{way}" stroke-width="{_number(stroke.width + CASING)}"/>' + line
        )
    ends = (
        (neck[0] - away_y * wide, neck[1] - away_x * wide),
        (neck[0] + away_y * wide, neck[1] + away_x * wide),
        (x1, y1),
    )
    corners = " ".join(f"{_number(x)},{_number(y)}" for x, y in ends)
    return f'{line}<polygon class="head-of-arrow" points="{corners}"/>'


def _rounded(points: tuple[tuple[float, float], ...], radius: float) -> str:
    """Write a line along the axes, its corners rounded as far as its parts are long."""
    d = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        d.append(
            f"L{_number(start[0])} {_number(start[1])}"
            f"Q{_number(corner[0])} {_number(corner[1])} {_number(end[0])} {_number(end[1])}"
        )
    d.append(f"L{_number(points[-1][0])} {_number(points[-1][1])}")
    return "".join(d)


def _towards(
    corner: tuple[float, float], other: tuple[float, float], radius: float
) -> tuple[float, float]:
    """Go from a corner towards another point, at most half the way."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    step = min(radius, (abs(across) + abs(down)) / 2)
    return corner[0] + _sign(across) * step, corner[1] + _sign(down) * step


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _number(number: float) -> str:
    """Write a length with one decimal at most, always alike."""
    return f"{number:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    return escape(legible(text), quote=True)
