"""Numbers and dates as each language writes them, and sentences with both in them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from delivery.report.language import LANGUAGES, NO_BREAK, Language

LOCALES = {"fi": "fi_FI", "sv": "sv_FI", "en": "en_GB"}
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
in_each_language = pytest.mark.parametrize("code", LANGUAGES)
shares = st.floats(min_value=0, max_value=1)


def read(code: str, text: str) -> float:
    """Babel does not read the minus that it writes."""
    return float(parse_decimal(text.replace(MINUS, "-"), locale=LOCALES[code], strict=True))


@in_each_language
@given(number=st.integers(min_value=0, max_value=10**12))
def test_count_is_read_back_as_it_was(code: str, number: int) -> None:
    assert read(code, Language(code).count(number)) == number


@in_each_language
@given(number=st.floats(min_value=-1e6, max_value=1e6), decimals=st.integers(0, 3))
def test_decimal_is_read_back_rounded(code: str, number: float, decimals: int) -> None:
    assert read(code, Language(code).decimal(number, decimals)) == round(number, decimals)


@in_each_language
@given(share=shares)
def test_percent_is_read_back_rounded(code: str, share: float) -> None:
    gap = " " if code == "en" else NO_BREAK
    written = Language(code).percent(share)
    sign, number, unit = ["", *written.split(gap)][-3:]

    near = 0.05 if get_decimal_symbol(LOCALES[code]) in number else 0.5
    assert unit == "%"
    assert sign == ("<" if 0 < share < 0.0005 else ">" if 0.9995 <= share < 1 else "")
    assert read(code, number) == pytest.approx(100 * share, abs=2 * near if sign else near + 1e-9)


@in_each_language
@given(ends=st.tuples(shares, shares).map(sorted))
def test_interval_is_read_back_rounded(code: str, ends: list[float]) -> None:
    language = Language(code)

    numbers = language.interval(*ends).rstrip(f"% {NO_BREAK}")

    low, high = numbers.split("-" if code == "en" else DASH)
    assert [read(code, low), read(code, high)] == pytest.approx(
        [100 * end for end in ends], abs=0.5 + 1e-9
    )


@in_each_language
def test_marks_are_those_of_the_language(code: str) -> None:
    written = Language(code).decimal(1234567.5, 1)

    group, decimal = get_group_symbol(LOCALES[code]), get_decimal_symbol(LOCALES[code])
    assert written == f"1{group}234{group}567{decimal}5"


@pytest.mark.parametrize("month", range(1, 13))
def test_english_names_the_month(month: int) -> None:
    day = date(2026, month, 9)

    assert Language("en").day(day) == format_date(day, "d MMMM y", locale="en_GB")


@pytest.mark.parametrize(
    ("code", "written"),
    [("fi", "1.1.2027 klo 0.05"), ("sv", "1.1.2027 kl. 0.05"), ("en", "1 January 2027 00:05")],
)
def test_moment_is_helsinki_s(code: str, written: str) -> None:
    assert Language(code).moment(datetime(2026, 12, 31, 22, 5, tzinfo=UTC)) == written


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("fi", ["0 s", "59 s", "1 min", "1 min 30 s", "1 h", "13 h", "1 vrk 1 h", "45 vrk"]),
        ("sv", ["0 s", "59 s", "1 min", "1 min 30 s", "1 h", "13 h", "1 dygn 1 h", "45 dygn"]),
        ("en", ["0 s", "59 s", "1 min", "1 min 30 s", "1 h", "13 h", "1 d 1 h", "45 d"]),
    ],
)
def test_duration_is_in_units_of_the_language(code: str, written: list[str]) -> None:
    times = [0.2, 59, 60, 90, 3600, 12.6 * 3600, 25.5 * 3600, 45.2 * 86400]

    assert [Language(code).duration(seconds).replace(NO_BREAK, " ") for seconds in times] == written


@given(seconds=st.floats(min_value=0, max_value=1e9))
def test_duration_is_near_what_it_was(seconds: float) -> None:
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}

    words = Language("en").duration(seconds).replace(",", "").split()

    told = [int(number) * sizes[unit] for number, unit in zip(words[::2], words[1::2], strict=True)]
    least = sizes[words[-1]]
    assert abs(sum(told) - seconds) <= max(least, timedelta(seconds=seconds).total_seconds() / 10)


def test_rate_says_in_words_why_there_is_none() -> None:
    english = Language("en")

    assert english.rate(0.314, 0.27, 0.354) == "31 % (27-35 %)"
    assert english.rate(None, None, None, "too few") == "too few to tell"
    assert english.rate(None, None, None, "not a customer step") == ""
    assert english.rate(None, None, None) == "-"
    assert (
        english.rate(None, None, None, "a note of a later version") == "a note of a later version"
    )


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("fi", f"{MINUS}1 234,6 prosenttiyksikköä"),
        ("sv", f"{MINUS}1 234,6 procentenheter"),
        ("en", "-1,234.6 percentage points"),
    ],
)
def test_difference_has_its_sign(code: str, written: str) -> None:
    language = Language(code)

    assert language.points(-12.3456).replace(NO_BREAK, " ") == written
    assert language.points(0.01).startswith("+1")
    assert language.points(-0.0001).startswith("0")
    assert language.points(None) == "-"


def test_sentence_has_its_numbers_as_the_language_writes_them() -> None:
    english = Language("en")

    assert english.text("{n} of {what}", n=1200, what="{n} <b>") == "1,200 of {n} <b>"
    assert english.plural("{n} step of {all}", "{n} steps of {all}", 1, all=2000) == (
        "1 step of 2,000"
    )
    assert english.plural("{n} step", "{n} steps", 1200) == "1,200 steps"
    assert english.word("outcome", "open") == "open"


def test_no_other_language_is_known() -> None:
    with pytest.raises(KeyError):
        Language("de")
