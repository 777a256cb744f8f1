"""Pages in HTML: one file that needs no script and fetches nothing, for screens and for paper."""

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from delivery.report.html_parts import HtmlPage
from delivery.report.language import Language
from delivery.report.map_svg import MAP_STYLE

_TEMPLATES = PackageLoader("delivery.report")

_NUMBER = r"\d[\d.,\N{NO-BREAK SPACE}]*"
_TIME = rf"{_NUMBER} (?:d|h|min|s)\b"
_SHARE = rf"{_NUMBER}(?:[-\N{{EN DASH}}]{_NUMBER})?[ \N{{NO-BREAK SPACE}}]?%(?:[-:]\w+)?"
_KEPT = re.compile(rf"n = {_NUMBER}|{_TIME}(?: {_TIME})?|{_SHARE}")


def html_of(page: HtmlPage, language: Language) -> str:
    """Write a page as HTML; the same bytes for the same page."""
    return (
        _environment()
        .get_template("page.html")
        .render(page=page, code=language.code, say=language.text, style=_style())
        + "\n"
    )


def kept(words: str) -> Markup:
    """Escape words, and keep in one line what a reader takes for one number.

    Examples:
        >>> str(kept("27-35 % of all"))
        '<span class="kept">27-35 %</span> of all'
    """
    escaped = str(escape(words))
    return Markup(_KEPT.sub(r'<span class="kept">\g<0></span>', escaped))  # noqa: S704 - escaped


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=_TEMPLATES,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["kept"] = kept
    return environment


@cache
def _style() -> str:
    """Return the rules of our own pages; no word from elsewhere is in them."""
    rules, _, _ = _TEMPLATES.get_source(_environment(), "page.css")
    return MAP_STYLE.strip() + "\n" + rules.strip()
