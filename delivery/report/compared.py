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


class Beside:
    """The words of a comparison.

    Args:
        report: With a comparison.
        names: Of the service.
        words: What to call journeys that ended without success.
        language: The reader's.
    """

    def __init__(
        self, report: JourneyReport, names: Names, words: Endings, language: Language
    ) -> None:
        self._report = report
        self._names = names
        self._language = language
        self._figures = {**_SHARES, **_TIMES, "drop_off": words.rate}

    def who(self) -> list[str]:
        """Say who the others are, and how many stand on either side."""
        say, found = self._language.text, self._report.comparison
        base, other = found.sides
        window = window_sentence(Window(from_=other.from_, to=other.to), self._language)
        said = [say("The others: {which}", which=window)]
        if other.where:
            chosen = ", ".join(f"{name} = {value}" for name, value in other.where.items())
            said.append(say("Only {conditions}.", conditions=readable(chosen)))
        if found.rest:
            said.append(say("They are part of the report, so they stand beside the rest of it."))
        beside = say(
            "Beside {others} others stand {own} of the report.",
            others=self._language.count(other.started),
            own=self._language.count(base.started),
        )
        return [*said, beside]

    def found(self) -> list[str]:
        """Say how much differs, and how that is to be read."""
        rows = self._report.comparison.rows
        return [
            self._language.plural(
                "Of {all} figures compared, {n} differs.",
                "Of {all} figures compared, {n} differ.",
                sum(row.verdict == DIFFERS for row in rows),
                all=self._language.count(len(rows)),
            ),
            self._language.text(
                "Both sides are read at one day after the start, so that younger journeys do not "
                "look worse. Of what differs, at most one in twenty is expected to be chance. A "
                "difference does not say why."
            ),
        ]

    def share_heads(self) -> tuple[str, ...]:
        """Head the columns of `share`."""
        say = self._language.text
        return (
            *self._sides(),
            say("difference"),
            "95 %",
            say("day"),
            say("verdict"),
        )

    def share(self, row: ComparedRow) -> tuple[str, ...]:
        """Write a share of both sides; the difference in percentage points."""
        language = self._language
        return (
            self._named(row),
            language.percent(row.base),
            language.count(row.base_n),
            language.percent(row.other),
            language.count(row.other_n),
            _points(row.difference, language),
            _between(_points(row.low, language), _points(row.high, language), language),
            NOTHING if row.day is None else language.count(row.day),
            self.verdict(row),
        )

    def time_heads(self) -> tuple[str, ...]:
        """Head the columns of `time`."""
        say = self._language.text
        return (*self._sides(), say("difference (95 %)"), say("verdict"))

    def time(self, row: ComparedRow) -> tuple[str, ...]:
        """Write a median of both sides."""
        language = self._language
        return (
            self._named(row),
            language.duration(row.base),
            language.count(row.base_n),
            language.duration(row.other),
            language.count(row.other_n),
            _between(_apart(row.low, language), _apart(row.high, language), language),
            self.verdict(row),
        )

    def verdict(self, row: ComparedRow) -> str:
        """Say whether a row differs."""
        return self._language.text(VERDICTS[row.verdict])

    def _sides(self) -> tuple[str, ...]:
        say = self._language.text
        return say("figure"), say("report"), "n", say("others"), "n"

    def _named(self, row: ComparedRow) -> str:
        figure = self._language.text(self._figures[row.what])
        keys = (row.step, row.to)
        steps = " > ".join(self._names.step(step) for step in keys if step is not None)
        return f"{figure}: {steps}" if steps else figure


def rows_of(report: JourneyReport, *kinds: str) -> list[ComparedRow]:
    """Choose the rows of a comparison that say this, in the order of the report."""
    return [row for row in report.comparison.rows if row.what in kinds]


def write_comparison(
    page: Leaf, report: JourneyReport, names: Names, words: Endings, language: Language
) -> None:
    """Write the tables of a comparison, if one was asked for."""
    if not report.comparison.sides:
        return
    say, beside = language.text, Beside(report, names, words, language)
    page.heading(say("Beside other journeys"))
    for line in beside.who():
        page.line(line)
    others = rows_of(report, "completion", "drop_off", "reached")
    moves = rows_of(report, "moved")[:SHOWN_MOVES]
    page.table(
        say("Shares beside each other, difference in percentage points"),
        beside.share_heads(),
        [beside.share(row) for row in (*others, *moves)],
        left=1,
        last_is_words=True,
    )
    page.table(
        say("Times beside each other, medians"),
        beside.time_heads(),
        [beside.time(row) for row in rows_of(report, *_TIMES)],
        left=1,
        last_is_words=True,
    )
    for line in beside.found():
        page.line(line)


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
