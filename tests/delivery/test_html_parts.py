"""What a page in HTML is made of: which rows are drawn, and what is kept in one line."""

import pytest

from delivery.report.chart_svg import drawn
from delivery.report.chart_ticks import numbers, percents
from delivery.report.charts import Week, weeks
from delivery.report.html import kept
from delivery.report.html_parts import BROAD, DRAWN, Column, Table, foremost
from delivery.report.language import ENGLISH


@pytest.mark.parametrize("many", [0, 1, DRAWN, DRAWN + DRAWN // 4])
def test_list_that_is_hardly_too_long_is_drawn_whole(many: int) -> None:
    rows = list(range(many))

    drawn = foremost(rows, lambda row: row)

    assert drawn == rows


def test_largest_rows_of_a_long_list_are_drawn_in_its_order() -> None:
    rows = [9, 1, 8, 0, 7, *[5] * DRAWN, 6]

    drawn = foremost(rows, lambda row: row)

    assert drawn == [9, 8, 7, *[5] * (DRAWN - 4), 6]


@pytest.mark.parametrize(
    ("words", "together"),
    [
        ("in all, n = 2,234.", ["n = 2,234."]),
        ("n = 2\N{NO-BREAK SPACE}234", ["n = 2\N{NO-BREAK SPACE}234"]),
        (
            "95 % interval 66\N{EN DASH}70\N{NO-BREAK SPACE}%",
            ["95 %", "66\N{EN DASH}70\N{NO-BREAK SPACE}%"],
        ),
        ("0.4 % (0.2-0.9 %)", ["0.4 %", "0.2-0.9 %"]),
        ("T07-5 in 40 days", []),
        ("within 1 min 54 s, or 3 d", ["1 min 54 s", "3 d"]),
        ("95 %:n v\N{LATIN SMALL LETTER A WITH DIAERESIS}li", ["95 %:n"]),
        ("95 %-intervall", ["95 %-intervall"]),
    ],
)
def test_number_with_what_belongs_to_it_is_kept_in_one_line(
    words: str, together: list[str]
) -> None:
    said = str(kept(words))

    begin, end = '<span class="kept">', "</span>"
    assert [part.split(end)[0] for part in said.split(begin)[1:]] == together
    assert said.replace(begin, "").replace(end, "") == words


def test_markup_in_words_stays_words() -> None:
    assert "<b>" not in kept("<b>5 %</b>")


@pytest.mark.parametrize(
    ("columns", "word", "form"),
    [(BROAD - 1, "a", ""), (BROAD, "a", "broad"), (BROAD, "a" * 40, "endless broad")],
)
def test_table_says_what_it_needs_of_its_form(columns: int, word: str, form: str) -> None:
    table = Table("", (Column("", is_words=True),) * columns, ((word,) * columns,))

    assert table.form == form


def test_every_tick_of_a_chart_of_weeks_is_called() -> None:
    rates = percents(0.99, ENGLISH)
    week = Week("2026-W06", 9, 0.8, 0.7, 0.99, mature=True)

    svg = drawn(weeks([week], rates=rates, counts=numbers(9, ENGLISH)), "of weeks")

    assert all(f">{tick.name}<" in svg for tick in rates)
