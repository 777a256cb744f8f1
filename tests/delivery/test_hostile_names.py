"""Names of touchpoints, attributes and steps that mean harm are text, wherever they are shown."""

import csv
import re
from collections.abc import Callable
from functools import cache
from io import StringIO

import pytest
from markdown_it import MarkdownIt

from analysis.listing import list_journeys
from analysis.overview import overview
from delivery.report.html_listing import listing_html
from delivery.report.html_overview import overview_html
from delivery.report.html_report import report_html
from delivery.report.language import Language
from delivery.report.listing import listing_csv, listing_text, written_listing
from delivery.report.machine import (
    OVERVIEW_SECTIONS,
    SECTIONS,
    overview_csv,
    report_csv,
    rows_csv,
)
from delivery.report.markdown import MarkdownPage
from delivery.report.overview import overview_text, written_overview
from delivery.report.text import report_text, written_report
from tests.delivery.hostile import FORMULA, HOSTILE, hostile_frames, hostile_names, hostile_report
from tests.delivery.written_page import WrittenPage

ENGLISH = Language("en")
FRAMES, NAMES = hostile_frames(), hostile_names()
REPORT = hostile_report()
OVERVIEW, CALLED = overview([FRAMES]), {FRAMES.service.key: NAMES}
LISTED = list_journeys(FRAMES, limit=60)
OF_FORMULA = list_journeys(FRAMES, where={"lang": FORMULA})

Write = Callable[[], str]
TEXTS: dict[str, Write] = {
    "report": lambda: report_text(REPORT, NAMES, ENGLISH),
    "overview": lambda: overview_text(OVERVIEW, CALLED, ENGLISH),
    "journeys": lambda: listing_text(LISTED, NAMES, ENGLISH),
    "journeys of a value": lambda: listing_text(OF_FORMULA, NAMES, ENGLISH),
}
MARKDOWN: dict[str, Write] = {
    "report": lambda: written_report(MarkdownPage(), REPORT, NAMES, ENGLISH),
    "overview": lambda: written_overview(MarkdownPage(), OVERVIEW, CALLED, ENGLISH),
    "journeys": lambda: written_listing(MarkdownPage(), LISTED, NAMES, ENGLISH),
    "journeys of a value": lambda: written_listing(MarkdownPage(), OF_FORMULA, NAMES, ENGLISH),
}
HTML: dict[str, Write] = {
    "report": cache(lambda: report_html(REPORT, NAMES, ENGLISH)),
    "overview": lambda: overview_html(OVERVIEW, CALLED, ENGLISH),
    "journeys": lambda: listing_html(LISTED, NAMES, ENGLISH),
    "journeys of a value": lambda: listing_html(OF_FORMULA, NAMES, ENGLISH),
}
OF_PAGES = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section"),
    *("nav", "a", "p", "h1", "h2", "h3", "h4", "ol", "ul", "li", "dl", "dt", "dd", "code", "div"),
    *(
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "span",
        "strong",
    ),
    *("svg", "g", "path", "rect", "line", "circle", "polygon", "text", "tspan", "defs", "use"),
    *("marker", "pattern", "desc", "polyline", "ellipse", "clippath", "symbol"),
}
OF_MARKDOWN = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td"}
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f]")


@pytest.mark.parametrize("what", TEXTS)
def test_text_keeps_its_columns_and_its_direction(what: str) -> None:
    text = TEXTS[what]()

    assert max(map(len, text.splitlines())) <= 100
    assert not TURNING.search(text)


@pytest.mark.parametrize("what", MARKDOWN)
def test_markdown_has_no_element_but_its_own(what: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(MARKDOWN[what]())

    assert set(re.findall(r"<(\w+)", html)) <= OF_MARKDOWN
    assert not TURNING.search(html)


@pytest.mark.parametrize("what", HTML)
def test_html_has_no_element_but_its_own(what: str) -> None:
    html = HTML[what]()

    page = WrittenPage(html)
    assert page.tags <= OF_PAGES
    # The map and the time lines isolate names from each other, and say so.
    isolated = html.replace("\u2068", "").replace("\u2069", "")
    assert not TURNING.search(isolated.replace("\n", ""))
    told = " ".join(page.words)
    assert all(name.replace("\u202e", "\ufffd") in told for name in HOSTILE[:2]) or what != "report"


@pytest.mark.parametrize(
    "tables",
    [
        lambda: [report_csv(REPORT, section) for section in SECTIONS],
        lambda: [overview_csv(OVERVIEW, section) for section in OVERVIEW_SECTIONS],
        lambda: [listing_csv(LISTED), listing_csv(OF_FORMULA)],
        lambda: [rows_csv([{FORMULA: FORMULA, "\u202ename": "\u202ename"}])],
    ],
    ids=["report", "overview", "journeys", "a head"],
)
def test_no_cell_of_a_spreadsheet_is_a_formula(tables: Callable[[], list[str]]) -> None:
    cells = [cell for table in tables() for row in csv.reader(StringIO(table)) for cell in row]

    for cell in cells:
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert not cell.startswith("-") or re.fullmatch(r"-\d.*", cell)
        assert not TURNING.search(cell)


def test_values_are_shown_as_they_are() -> None:
    groups = [group.value for group in REPORT.by.groups]

    assert FORMULA in groups
    assert REPORT.comparison.rows
    assert FORMULA in " ".join(WrittenPage(HTML["report"]()).words)
