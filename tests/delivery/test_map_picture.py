"""The map as a picture: nothing lies over anything else, names stay text, bytes stay the same."""

from itertools import combinations, pairwise
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.report.journey_map import lay_out
from delivery.report.language import Language
from delivery.report.map_marks import Area, Letters, Picture, Shape, Stroke
from delivery.report.map_picture import draw
from delivery.report.map_svg import PAGE_SHAPE, PAGE_WIDTH, map_pages, map_svg
from tests.delivery.besides import beside_others
from tests.delivery.test_journey_map import STEPS, shuffled, walks
from tests.delivery.walked import OUTCOMES, Keys, Walk, report_of

ENGLISH = Language("en")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;&#x3c;]]>--><!--",
    "=cmd|' /C calc'!A0",
    "\N{RIGHT-TO-LEFT OVERRIDE}olleh\N{RIGHT-TO-LEFT MARK} עברית العربية",
    "W" * 300,
    "long words without an end " * 12,
    "👩‍👩‍👧‍👦" * 60,
    "e\N{COMBINING ACUTE ACCENT}" * 200,
    "nul\x00 bell\x07 line\nfeed\ttab \ud800 \uffff",
    "",
)

FEWER = settings(max_examples=50)
"""For laws that draw a map: each takes a tenth of a second."""


def boxes(picture: Picture) -> list[Area]:
    """Steps, panels and the entry."""
    kinds = {"box", "panel", "pill"}
    marks = [mark for figure in picture.figures for mark in figure.marks]
    return [mark.area for mark in marks if isinstance(mark, Shape) and mark.kind in kinds]


def letters(picture: Picture) -> list[Letters]:
    marks = [mark for figure in picture.figures for mark in figure.marks]
    return [mark for mark in marks if isinstance(mark, Letters)]


def overlap(one: Area, other: Area) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def inside(one: Area, other: Area) -> bool:
    return (
        other.x <= one.x
        and one.x + one.width <= other.x + other.width
        and other.y <= one.y
        and one.y + one.height <= other.y + other.height
    )


def assert_clear(picture: Picture) -> None:
    """Check that boxes are apart, and that words are apart, on the page, and in or out of boxes."""
    page = Area(0, 0, picture.width, picture.height)
    for one, other in combinations(boxes(picture), 2):
        assert not overlap(one, other)
    for one, other in combinations(letters(picture), 2):
        assert not overlap(one.area, other.area), (one, other)
    for words in letters(picture):
        assert inside(words.area, page), words
        for box in boxes(picture):
            assert inside(words.area, box) or not overlap(words.area, box), (words, box)
    for figure in picture.figures:
        for mark in figure.marks:
            if isinstance(mark, Stroke):
                for x, y in mark.points:
                    half = mark.width / 2
                    assert half <= x <= picture.width - half
                    assert half <= y <= picture.height - half


@FEWER
@given(journeys=walks(), code=st.sampled_from(["fi", "sv", "en"]), draft=st.booleans())
def test_nothing_lies_over_anything_else(journeys: list[Walk], code: str, *, draft: bool) -> None:
    report = report_of(journeys, STEPS, draft=draft, hidden={"ends": 3})

    assert_clear(draw(lay_out(report), Language(code), Keys()))


@FEWER
@given(st.lists(st.text(max_size=300), min_size=2, max_size=6, unique=True), st.randoms())
def test_no_name_breaks_the_picture(names: list[str], chance: Random) -> None:
    journeys: list[Walk] = [
        (chance.choices(names, k=5), chance.choice(OUTCOMES)) for _ in range(30)
    ]
    signs = {(name,): chance.choice([1, 0, -1, None]) for name in names}
    layout = lay_out(beside_others(report_of(journeys, names), signs))

    assert_clear(draw(layout, ENGLISH, Keys()))
    ET.fromstring(map_svg(layout, ENGLISH, Keys()))  # noqa: S314 - ours


@FEWER
@given(walks(), st.integers(0, 9))
def test_same_report_is_the_same_bytes(journeys: list[Walk], seed: int) -> None:
    report = report_of(journeys, STEPS)

    once = map_svg(lay_out(report), ENGLISH, Keys())

    assert map_svg(lay_out(shuffled(report, seed)), ENGLISH, Keys()) == once


def test_hostile_names_are_text() -> None:
    journeys: list[Walk] = [(HOSTILE, "abandoned"), (HOSTILE[::-1], "open")] * 20
    layout = lay_out(report_of(journeys, HOSTILE))

    svg = map_svg(layout, ENGLISH, Keys())

    root = ET.fromstring(svg)  # noqa: S314 - ours
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {
        *("svg", "title", "desc", "style", "defs", "pattern", "g"),
        *("rect", "circle", "path", "polygon", "text"),
    }
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or "href" in name}
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    shown = {step.step for step in layout.steps}
    for name in set(HOSTILE) & shown - {HOSTILE[-2]}:
        assert any(" ".join(name.split()) in title for title in titles)


def test_picture_needs_nothing_from_elsewhere() -> None:
    svg = map_svg(lay_out(report_of([(STEPS, "expired")] * 9, STEPS)), ENGLISH, Keys())

    for reference in ("<script", "@import", "href", "url(http", "src=", "font-face"):
        assert reference not in svg
    assert svg.count("http") == svg.count('xmlns="http://www.w3.org/2000/svg"') == 1


def test_picture_says_what_it_is_and_refers_to_its_own_parts() -> None:
    svg = map_svg(lay_out(report_of([(STEPS, "open")] * 9, STEPS)), ENGLISH, Keys(), key="now")

    root = ET.fromstring(svg)  # noqa: S314 - ours
    ids = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
    assert root.attrib["role"] == "img"
    assert root.attrib["viewBox"] == f"0 0 {root.attrib['width']} {root.attrib['height']}"
    assert root.attrib["aria-labelledby"].split() == ["now-title", "now-desc"]
    assert ids["now-title"].text == "Map of the journey"
    assert "6 steps from top to bottom" in (ids["now-desc"].text or "")
    fills = [fill for e in root.iter() if (fill := e.attrib.get("fill", "")).startswith("url(")]
    assert fills
    assert {fill[5:-1] for fill in fills} <= ids.keys()


def test_numbers_are_written_as_the_language_writes_them() -> None:
    journeys: list[Walk] = [(("form", "pay"), "succeeded")] * 1234
    layout = lay_out(report_of(journeys, ("form", "pay")))

    assert "1,234 journeys begin" in map_svg(layout, ENGLISH, Keys())
    assert "1\xa0234 polkua alkaa" in map_svg(layout, Language("fi"), Keys())


def test_drop_off_is_said_and_striped() -> None:
    journeys: list[Walk] = [(("form", "pay"), "succeeded")] * 15 + [(("form",), "abandoned")] * 5

    picture = draw(lay_out(report_of(journeys, ("form", "pay"))), ENGLISH, Keys())

    words = {line.text for line in letters(picture)}
    assert "drop-off 25 % (15-35 %), n\xa0=\xa020" in words
    assert "abandoned 5" in words
    bars = [
        (mark.kind, mark.area.width)
        for figure in picture.figures
        for mark in figure.marks
        if isinstance(mark, Shape) and mark.kind in {"on", "dropped"}
    ]
    (on, dropped, *_) = bars
    assert on[1] == pytest.approx(3 * dropped[1])


def test_nobody_drops_off_where_nobody_knows_how_journeys_end() -> None:
    report = report_of([(("form",), "abandoned")] * 20, ("form",), draft=True)

    words = {line.text for line in letters(draw(lay_out(report), ENGLISH, Keys()))}

    assert "no known outcome 20" in words
    assert not {text for text in words if text.startswith("drop-off")}


def test_more_and_fewer_have_signs() -> None:
    report = report_of([(("form", "pay", "sign"), "succeeded")] * 20, ("form", "pay", "sign"))
    signs = {("form", "pay"): 1, ("pay", "sign"): -1, ("pay",): 1, ("sign",): -1, ("form",): 0}
    layout = lay_out(beside_others(report, signs))

    svg = map_svg(layout, ENGLISH, Keys())

    assert 'class="flow straight more"' in svg
    assert 'class="flow straight fewer"' in svg
    assert ">(+) 20 · 30 min<" in svg
    assert ">(\N{MINUS SIGN}) 20 · 30 min<" in svg
    assert 'class="step customer more"' in svg
    assert ">(+) drop-off 0" in svg
    assert ">(\N{MINUS SIGN}) drop-off 0" in svg
    assert ">(+) a larger share of the others<" in svg


def test_empty_report_says_so() -> None:
    svg = map_svg(lay_out(report_of([], [])), ENGLISH, Keys())

    assert ">No journey of this selection has a step to show.<" in svg


def test_page_may_hold_the_rules_itself() -> None:
    layout = lay_out(report_of([(STEPS, "open")] * 9, STEPS))

    assert "<style>" not in map_svg(layout, ENGLISH, Keys(), styled=False)


@given(walks())
def test_page_ends_in_no_word_and_no_box(journeys: list[Walk]) -> None:
    picture = draw(lay_out(report_of(journeys, STEPS)), ENGLISH, Keys())

    for cut in picture.cuts:
        for area in (*boxes(picture), *(line.area for line in letters(picture))):
            assert not area.y < cut < area.y + area.height


def test_long_map_is_printed_in_parts_that_fit_a_page() -> None:
    steps = [f"step {n:02}" for n in range(15)]
    journeys: list[Walk] = [(steps, "succeeded"), (steps[:7] + steps[2:4], "abandoned")] * 20
    layout = lay_out(report_of(journeys, steps))

    whole = ET.fromstring(map_svg(layout, ENGLISH, Keys()))  # noqa: S314 - ours
    parts = ET.fromstring(f"<parts>{map_pages(layout, ENGLISH, Keys())}</parts>")  # noqa: S314

    bands = [[float(length) for length in part.attrib["viewBox"].split()] for part in parts]
    assert len(bands) > 1
    assert bands[0][1] == 0
    for above, below in pairwise(bands):
        assert above[1] + above[3] == pytest.approx(below[1], abs=0.11)
    assert bands[-1][1] + bands[-1][3] == pytest.approx(float(whole.attrib["height"]), abs=0.11)
    assert all(tall <= PAGE_SHAPE * max(PAGE_WIDTH, across) for _, _, across, tall in bands)
    texts = [element.text for element in parts.iter(f"{SVG}text")]
    assert {element.text for element in whole.iter(f"{SVG}text")} == set(texts)
    ids = [element.attrib["id"] for element in parts.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))


def test_map_of_one_page_has_no_parts() -> None:
    layout = lay_out(report_of([(("form", "pay"), "open")] * 9, ("form", "pay")))

    assert map_pages(layout, ENGLISH, Keys()) == ""
    assert map_pages(lay_out(report_of([], [])), ENGLISH, Keys()) == ""
