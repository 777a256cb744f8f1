"""A chart of Altair as SVG.

A chart is drawn for two widths, and the page shows the one that fits. Its colours are those of
`INKS`, by which `templates/page.css` finds its parts: it gives them the colours of light, dark and
paper, and the patterns that say the same without a colour. A chart has no id and fetches no font.
"""

import json
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

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

SMALL = 12
"""Font size of what is not a name."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart
Drawing = Callable[[int], Chart]

_CONFIG = {
    "aria": False,
    "font": "sans-serif",
    "background": "transparent",
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": INKS["grid"],
        "labelColor": INKS["quiet"],
        "labelFontSize": SMALL,
        "labelLimit": 0,
        "labelPadding": 6,
    },
}

_HEAD = re.compile(r"<svg [^>]*?width=\"([\d.]+)\" height=\"([\d.]+)\"[^>]*>")
_TAG = re.compile(r"<[a-z][^>]*>")
_SPOKEN = re.compile(r" (?:role|aria-[a-z]+|class)=\"[^\"]*\"")
"""What Vega says of its parts to a screen reader, which is told of the whole."""


def drawn(draw: Drawing, says: str) -> str:
    """Draw a chart in both widths.

    Args:
        draw: Draws it in a width.
        says: What a reader who does not see it is told.

    Returns:
        Two `svg` elements; the same bytes for the same chart.
    """
    return _svg(specification(draw, WIDE), "wide", says) + _svg(
        specification(draw, NARROW), "narrow", says
    )


def drawn_small(draw: Drawing, says: str) -> str:
    """Draw a chart that is small enough for any page; as `drawn`."""
    return _svg(specification(draw, NARROW), "small", says)


def specification(draw: Drawing, across: int) -> dict[str, Any]:
    """Say in Vega-Lite what to draw in a width.

    Altair would hold each part of each chart against its schema, which takes as long as all the
    rest: that is left to the tests.
    """
    with debug_mode(arg=False):
        told: dict[str, Any] = draw(across).to_dict(validate=False)
    return {**told, "config": _CONFIG}


def _svg(told: Mapping[str, Any], kind: str, says: str) -> str:
    picture = vl_convert.vegalite_to_svg(json.dumps(told), allowed_base_urls=[])
    found = _HEAD.match(picture)
    assert found is not None, "an svg says how large it is"  # noqa: S101
    across, down = found.groups()
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {kind}" role="img" '
        f'aria-label="{escape(says, quote=True)}" viewBox="0 0 {across} {down}" '
        f'width="{across}" height="{down}" preserveAspectRatio="xMinYMin">'
    )
    return opening + _TAG.sub(lambda tag: _SPOKEN.sub("", tag[0]), picture[found.end() :])
