"""The journeys of a report beside others, on a page: figure by figure, and said in words."""

from analysis.compared_rows import DIFFERS, NO_CLEAR_DIFFERENCE, TOO_FEW
from analysis.journey_report import JourneyReport, Window
from analysis.sections import ComparedRow
from delivery.report.endings import Endings
from delivery.report.language import NOTHING, Language, marked
from delivery.report.page import Leaf
from delivery.report.sentences import window_sentence
from delivery.report.wording import Names, readable

SHOWN_MOVES = 12

VERDICTS = {
    DIFFERS: marked("differs"),
    NO_CLEAR_DIFFERENCE: marked("no clear difference"),
    TOO_FEW: marked("too few to compare"),
}
"""By the keys of the report."""

_SHARES = {
    "completion": marked("completion"),
    "reached": marked("came to step"),
    "moved": marked("move"),
}
_TIMES = {
    "time": marked("time to completion"),
    "customer_time": marked("with the customer"),
    "city_time": marked("waiting for the city"),
    "stay": marked("time in step"),
}


def write_comparison(
    page: Leaf, report: JourneyReport, names: Names, words: Endings, language: Language
) -> None:
    """Write the tables of a comparison, if one was asked for."""
    found, say = report.comparison, language.text
    if not found.sides:
        return
    page.heading(say("Beside other journeys"))
    base, other = found.sides
    window = window_sentence(Window(from_=other.from_, to=other.to), language)
    page.line(say("The others: {which}", which=window))
    if other.where:
        chosen = ", ".join(f"{name} = {value}" for name, value in other.where.items())
        page.line(say("Only {conditions}.", conditions=readable(chosen)))
    if found.rest:
        page.line(say("They are part of the report, so they stand beside the rest of it."))
    page.line(
        say(
            "Beside {others} others stand {own} of the report.",
            others=language.count(other.started),
            own=language.count(base.started),
        )
    )
    _shares(page, report, names, words, language)
    _times(page, report, names, language)
    differing = sum(row.verdict == DIFFERS for row in found.rows)
    page.line(
        language.plural(
            "Of {all} figures compared, {n} differs.",
            "Of {all} figures compared, {n} differ.",
            differing,
            all=language.count(len(found.rows)),
        )
    )
    page.line(
        say(
            "Both sides are read at one day after the start, so that younger journeys do not look "
            "worse. Of what differs, at most one in twenty is expected to be chance. A difference "
            "does not say why."
        )
    )


def _shares(
    page: Leaf, report: JourneyReport, names: Names, words: Endings, language: Language
) -> None:
    say, found = language.text, report.comparison.rows
    figures = {**_SHARES, "drop_off": words.rate}
    moves = [row for row in found if row.what == "moved"][:SHOWN_MOVES]
    others = [row for row in found if row.what in figures and row.what != "moved"]
    page.table(
        say("Shares beside each other, difference in percentage points"),
        (
            say("figure"),
            say("report"),
            "n",
            say("others"),
            "n",
            say("difference"),
            "95 %",
            say("day"),
            say("verdict"),
        ),
        [
            (
                _named(row, say(figures[row.what]), names),
                language.percent(row.base),
                language.count(row.base_n),
                language.percent(row.other),
                language.count(row.other_n),
                _points(row.difference, language),
                _between(_points(row.low, language), _points(row.high, language), language),
                NOTHING if row.day is None else language.count(row.day),
                say(VERDICTS[row.verdict]),
            )
            for row in (*others, *moves)
        ],
        left=1,
        last_is_words=True,
    )


def _times(page: Leaf, report: JourneyReport, names: Names, language: Language) -> None:
    say = language.text
    page.table(
        say("Times beside each other, medians"),
        (
            say("figure"),
            say("report"),
            "n",
            say("others"),
            "n",
            say("difference (95 %)"),
            say("verdict"),
        ),
        [
            (
                _named(row, say(_TIMES[row.what]), names),
                language.duration(row.base),
                language.count(row.base_n),
                language.duration(row.other),
                language.count(row.other_n),
                _between(_apart(row.low, language), _apart(row.high, language), language),
                say(VERDICTS[row.verdict]),
            )
            for row in report.comparison.rows
            if row.what in _TIMES
        ],
        left=1,
        last_is_words=True,
    )


def _named(row: ComparedRow, figure: str, names: Names) -> str:
    steps = " > ".join(names.step(step) for step in (row.step, row.to) if step is not None)
    return f"{figure}: {steps}" if steps else figure


def _points(difference: float | None, language: Language) -> str:
    return NOTHING if difference is None else language.signed(100 * difference)


def _apart(seconds: float | None, language: Language) -> str:
    if seconds is None or not round(seconds):
        return language.duration(seconds)
    sign = language.signed(1 if seconds > 0 else -1, 0)[0]
    return sign + language.duration(abs(seconds))


def _between(low: str, high: str, language: Language) -> str:
    if low == high == NOTHING:
        return NOTHING
    return language.text("{low} to {high}", low=low, high=high)
