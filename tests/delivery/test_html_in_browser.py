"""Reports in HTML as a reader has them: in Chromium, on a telephone, on paper, read aloud."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from analysis.listing import list_journeys
from delivery.report.html_listing import listing_html
from delivery.report.html_report import report_html
from delivery.report.language import LANGUAGES, Language
from tests.browser import chromium
from tests.delivery.command_line import LAST_DAY, SERVICES, answer
from tests.delivery.conftest import City
from tests.delivery.hostile import HOSTILE, hostile_frames, hostile_names, hostile_report

pytestmark = pytest.mark.xdist_group("browser")

AT = ("--as-of", LAST_DAY, "--format", "html")
GROUPS = ("--by", "lang", "--compare", "device=mobile")
Pages = Callable[[str], Path]
A4 = 794
"""Its width in CSS pixels."""

EACH_KIND = {
    "varaamo-booking fi": ("report", "varaamo-booking", "--lang", "fi", *AT),
    "groups sv": ("report", "varaamo-booking", "--lang", "sv", *GROUPS, *AT),
    "overview en": ("overview", "--lang", "en", *AT),
    "journeys sv": ("journeys", "youth-summer-voucher", "--limit", "25", "--lang", "sv", *AT),
    "nothing": ("report", "varaamo-booking", "--to", "2020-01-05", *AT),
}
ASKED = {
    **{f"{service} fi": ("report", service, "--lang", "fi", *AT) for service in SERVICES},
    "booking en": ("report", "varaamo-booking", "--lang", "en", *AT),
    **{f"overview {code}": ("overview", "--lang", code, *AT) for code in LANGUAGES},
    **EACH_KIND,
}
PAGES = (
    *(*EACH_KIND, "hostile", "hostile journeys"),
    *(pytest.param(name, marks=pytest.mark.slow) for name in ASKED if name not in EACH_KIND),
)
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, .picture.map, .aside, .skip, pattern'))
  .filter(e => getComputedStyle(e).display !== 'none')
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page_of(city: City, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Write a page that is asked for by its name; each is written once."""
    folder = tmp_path_factory.mktemp("pages")

    @cache
    def written(name: str) -> Path:
        if name == "hostile":
            text = report_html(hostile_report(), hostile_names(), Language("en"))
        elif name == "hostile journeys":
            listed = list_journeys(hostile_frames(), limit=10)
            text = listing_html(listed, hostile_names(), Language("en"))
        else:
            text = answer(*ASKED[name], "--data", city.data)
        file = folder / f"{name.replace(' ', '-')}.html"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def opened(browser: Browser, file: Path, *, width: int = 1280, **options: Any) -> Page:  # noqa: ANN401
    page = browser.new_page(viewport={"width": width, "height": 900}, **options)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_fits_and_fetches_nothing(
    browser: Browser, page_of: Pages, name: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_of(name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    for width in (1280, 768, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TOO_WIDE) == []
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= A4
    assert asked == [page_of(name).as_uri()]
    assert said == []
    page.close()


@pytest.mark.parametrize("name", ["varaamo-booking fi", "overview en", "journeys sv"])
def test_dark_page_has_as_much_contrast(browser: Browser, page_of: Pages, name: str) -> None:
    page = opened(browser, page_of(name), color_scheme="dark")

    found = Axe().run(page, options={"runOnly": ["color-contrast"]})

    assert found.violations_count == 0, found.generate_report()
    page.close()


@pytest.mark.parametrize("name", ["varaamo-booking fi", "journeys sv"])
def test_paper_cuts_nothing_off(browser: Browser, page_of: Pages, name: str) -> None:
    page = opened(browser, page_of(name))
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4 - 106, "height": 900})  # margins of 14 mm

    wide = page.evaluate(
        """() => [...document.querySelectorAll('table, svg.chart, svg.journey-map, dl')]
          .filter(e => getComputedStyle(e).display !== 'none')
          .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
          .map(e => e.outerHTML.slice(0, 200))"""
    )

    assert wide == []
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
    page.close()


def test_hostile_names_are_text(browser: Browser, page_of: Pages) -> None:
    page = opened(browser, page_of("hostile"))

    told = page.inner_text("body")

    assert page.locator("script, b, iframe, img").count() == 0
    for name in HOSTILE:
        assert name.replace("\u202e", "\N{REPLACEMENT CHARACTER}") in told
    page.close()
