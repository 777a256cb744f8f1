"""How text is broken without a browser."""

from hypothesis import given
from hypothesis import strategies as st

from delivery.report.lettering import ELLIPSIS, broken, fitted, one_line, width


@given(text=st.text(max_size=400), lines=st.integers(1, 4), bold=st.booleans())
def test_no_line_is_wider_than_its_room(text: str, lines: int, *, bold: bool) -> None:
    written = broken(text, 12, 100, lines=lines, bold=bold)

    assert 1 <= len(written) <= lines
    assert all(width(line, 12, bold=bold) <= 100 for line in written)


@given(st.text(st.characters(categories=["Lu", "Ll"]), max_size=12), st.integers(1, 4))
def test_what_fits_is_written_in_full(text: str, lines: int) -> None:
    assert broken(text, 12, 500, lines=lines) == [text]


def test_lines_are_broken_between_words() -> None:
    assert broken("Check confirmation of receipt", 12, 100, lines=3) == [
        "Check",
        "confirmation of",
        "receipt",
    ]


def test_word_wider_than_a_line_is_broken_anywhere() -> None:
    first, second = broken("n" * 40, 10, 100, lines=2)

    assert set(first) == {"n"}
    assert second.endswith(ELLIPSIS)


def test_number_is_not_broken_in_its_groups() -> None:
    assert broken("n = 1\xa0234", 12, 45, lines=2) == ["n =", "1\xa0234"]


def test_joined_letters_are_cut_together() -> None:
    family = "\U0001f469\N{ZERO WIDTH JOINER}\U0001f467"

    assert fitted(family * 9, 10, 60).removesuffix(ELLIPSIS).replace(family, "") == ""


def test_what_no_page_may_hold_is_marked() -> None:
    assert one_line(" a\tb\n\x00\ud800 \uffff ") == "a b \ufffd\ufffd \ufffd"
