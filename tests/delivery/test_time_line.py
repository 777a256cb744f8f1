"""Time lines of listed journeys: in proportion, in order, readable, and as many as the number."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.listing import list_journeys
from delivery.report.html_listing import listing_html
from delivery.report.language import LANGUAGES, Language
from delivery.report.listing import listing_text
from delivery.report.time_line import Mark, TimeLine, places, rows_for, signs_of, time_line
from delivery.report.time_line_text import drawn_line
from delivery.report.wording import Names
from projections.frames import Frames
from tests.analysis.conftest import build_world
from tests.delivery.hostile import HOSTILE, hostile_frames, hostile_names

ENGLISH = Language("en")
SIGNS = {"form": "f", "pay": "p", "call": "c"}
TWENTY = """
    12 * search.0 form.0.1 pay.0.2 handling.1 granted.2
    6 * week=1 search.0 form.0.1
    2 * week=1 search.0 call.0.05 form.0.1 pay.0.2 handling.1 granted.2
"""


def line_of(*marks: tuple[float, str | None, str | None]) -> TimeLine:
    end = next(place for place, (_, step, _) in enumerate(marks) if step is None)
    return TimeLine(tuple(Mark(*mark) for mark in marks), end)


def text(frames: Frames, *, width: int = 80, **options: object) -> str:
    found = list_journeys(frames, **options)  # type: ignore[arg-type]
    return listing_text(found, Names(frames.service, "en"), ENGLISH, width=width)


def page(frames: Frames, **options: object) -> str:
    found = list_journeys(frames, **options)  # type: ignore[arg-type]
    return listing_html(found, Names(frames.service, "en"), ENGLISH)


def test_marks_stand_in_proportion_to_time() -> None:
    line = line_of((0, "form", "customer"), (30, "pay", "city"), (100, None, None))

    assert places(line, length=50, least=1) == [0, 15, 50]
    rows, one_s = drawn_line(line, outcome="succeeded", signs=SIGNS, room=51)
    assert rows == ["f" + 14 * "─" + "p" + 34 * "·" + "✓"]
    assert one_s == 2.0


def test_visits_too_close_together_stand_side_by_side() -> None:
    line = line_of(
        (0, "form", "customer"), (1, "pay", "customer"), (2, "form", "customer"), (1e6, None, None)
    )

    rows, _ = drawn_line(line, outcome="abandoned", signs=SIGNS, room=40)

    assert rows == ["fpf" + 36 * "─" + "?"]


def test_what_comes_after_the_end_takes_no_room_from_what_came_before() -> None:
    line = line_of((0, "form", "city"), (100, None, None), (1e9, "call", None))

    rows, _ = drawn_line(line, outcome="refused", signs=SIGNS, room=40)

    assert rows == ["f" + 36 * "·" + "■ c"]


def test_journey_of_no_time_is_drawn_without_a_scale() -> None:
    rows, one_s = drawn_line(
        line_of((0, "form", "city"), (0, None, None)), outcome="open", signs=SIGNS, room=40
    )

    assert (rows, one_s) == (["f>"], 0.0)


def test_line_of_many_visits_takes_several_rows() -> None:
    marks = [(float(at), "form" if at % 2 else "pay", "customer") for at in range(90)]
    line = line_of(*marks, (100.0, None, None))

    rows, _ = drawn_line(line, outcome="open", signs=SIGNS, room=40)

    assert len(rows) == 3
    assert max(map(len, rows)) <= 40
    assert len(re.sub("[─ ]", "", "".join(rows))) == 91


def test_no_two_signs_look_alike() -> None:
    signs = signs_of(["Liitteet", "Ilmoitus", "Ilta", *[""] * 47])

    assert signs[:3] == ["L", "i", "t"]
    assert not {"l", "I"} & {*signs}


def test_signs_of_several_letters_do_not_touch() -> None:
    signs = {"form": "01", "pay": "02"}
    line = line_of((0, "form", "customer"), (0, "pay", "city"), (9, None, None))

    rows, _ = drawn_line(line, outcome="open", signs=signs, room=30)

    assert rows == ["01─02·" + 21 * "·" + ">"]


@given(names=st.lists(st.text(max_size=3), max_size=60))
def test_every_step_has_a_sign_of_its_own(names: list[str]) -> None:
    signs = signs_of(names)

    assert len(set(signs)) == len(names)
    assert len({len(sign) for sign in signs}) <= 1
    assert all(sign.isascii() and sign.isalnum() for sign in signs)


@given(
    gaps=st.lists(st.floats(0, 1e8), min_size=1, max_size=60),
    end=st.integers(0, 59),
    room=st.integers(10, 120),
)
def test_marks_keep_their_order_and_their_distance(gaps: list[float], end: int, room: int) -> None:
    at, marks = 0.0, list[tuple[float, str | None, str | None]]()
    for gap in gaps:
        at += gap
        marks.append((at, "form", "customer"))
    end = min(end, len(marks) - 1)
    marks[end] = (marks[end][0], None, None)
    line = line_of(*marks)
    rows = rows_for(line, room=room, least=1)

    found = [int(place) for place in places(line, length=rows * room - 1, least=1)]

    assert found == sorted(set(found))
    assert found[0] >= 0
    assert found[-1] < rows * room


def test_turn_of_a_time_line_is_that_of_the_journey() -> None:
    frames = build_world("5 * form.0 pay.0.5 handling.1 granted.2 form.2.5", at=10)
    (journey, *_) = list_journeys(frames).journeys

    line = time_line(journey, as_of="2026-02-01T00:00:00Z")

    assert line is not None
    assert [(mark.step, mark.turn) for mark in line.marks][:3] == [
        ("form", "customer"),
        ("pay", "city"),
        ("handling", "city"),
    ]


def test_every_listed_journey_has_its_line_or_is_rare() -> None:
    written = text(build_world(TWENTY))

    assert "20 journeys as of" in written
    assert written.count("(1 character = ") == 18
    assert written.count("(rare)") == 2
    assert len(re.findall(r"^  s.*[✓?]$", written, re.MULTILINE)) == 18
    assert "s = search, f = form, p = pay, h = handling." in written


@pytest.mark.parametrize("width", [40, 80, 160])
def test_list_fits_the_terminal(width: int) -> None:
    frames = build_world(TWENTY + "5 * " + " ".join(f"form.{at} search.{at}.5" for at in range(40)))

    written = text(frames, width=width)

    assert max(map(len, written.splitlines())) <= width


def test_page_draws_each_journey_and_says_what_was_asked_for() -> None:
    written = page(build_world(TWENTY), dropped_at="form", where={}, outcome="abandoned")

    assert written.count('role="img"') == 2 * 6  # for a wide page and a narrow one
    assert written.count("<tbody>") == 6
    assert "Only those that stand so: abandoned." in written
    assert "after this as the last thing: form." in written
    assert "Time line: search after 0 s, form after 2 h 24 min. abandoned after 1 d 2 h." in written


def test_rare_journey_is_on_the_page_with_week_and_outcome_alone() -> None:
    written = page(build_world(TWENTY))

    entries = re.findall(r'<p class="facts">(.*?)</p>\n(.*?)</li>', written, re.DOTALL)
    rare = [rest for facts, rest in entries if "(rare)" in facts]
    assert len(entries) == 20
    assert [rest.strip() for rest in rare] == ["", ""]


def test_page_without_journeys_says_so() -> None:
    written = page(build_world("6 * form.0"), outcome="refused")

    assert "0 journeys as of" in written
    assert "<ol" not in written


def test_hostile_names_are_shown_as_text() -> None:
    found = list_journeys(hostile_frames())

    written = listing_text(found, hostile_names(), ENGLISH)
    on_page = listing_html(found, hostile_names(), ENGLISH)

    assert "\u202e" not in written + on_page
    assert max(map(len, written.splitlines())) <= 80
    assert "<script" not in on_page
    for name in HOSTILE[:2]:
        assert f" = {name}" in " ".join(written.split())


@pytest.mark.parametrize("code", LANGUAGES)
def test_long_journey_is_told_in_short(code: str) -> None:
    frames = build_world("5 * " + " ".join(f"form.{at} search.{at}.5" for at in range(9)), at=9)
    found = list_journeys(frames)

    written = listing_html(found, Names(frames.service, code), Language(code))

    rest = {"en": "6 more visits", "fi": "vielä 6 käyntiä", "sv": "ytterligare 6 besök"}[code]
    assert rest in written
