"""Pages in HTML: one file that needs no script and fetches nothing, for screens and for paper."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from delivery.report.html_parts import HtmlPage
from delivery.report.language import Language
from delivery.report.map_svg import MAP_STYLE

_TEMPLATES = PackageLoader("delivery.report")


def html_of(page: HtmlPage, language: Language) -> str:
    """Write a page as HTML; the same bytes for the same page."""
    return (
        _environment()
        .get_template("page.html")
        .render(page=page, code=language.code, say=language.text, style=_style())
        + "\n"
    )


@cache
def _environment() -> Environment:
    return Environment(
        autoescape=True,
        loader=_TEMPLATES,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


@cache
def _style() -> str:
    """Return the rules of our own pages; no word from elsewhere is in them."""
    rules, _, _ = _TEMPLATES.get_source(_environment(), "page.css")
    return MAP_STYLE.strip() + "\n" + rules.strip()
