"""The journeys of a report beside others on a page in HTML, in the section that each figure is in.

There are no blocks where nothing is compared.
"""

from analysis.compared_rows import DIFFERS
from analysis.journey_report import JourneyReport
from analysis.sections import ComparedRow
from delivery.report.compared import Beside, rows_of
from delivery.report.endings import Endings
from delivery.report.html_parts import Apart, Block, Cell, How, Strong, table
from delivery.report.language import Language
from delivery.report.wording import Names


class Comparing:
    """The blocks of a comparison.

    Args:
        report: With a comparison, or without.
        names: Of the service.
        words: What to call journeys that ended without success.
        language: The reader's.
    """

    def __init__(
        self, report: JourneyReport, names: Names, words: Endings, language: Language
    ) -> None:
        self._report = report
        self._beside = Beside(report, names, words, language)
        self._language = language

    def whole(self) -> tuple[Block, ...]:
        """Say what is compared with what, how much of it differs, and how completion does."""
        if not self._report.comparison.sides:
            return ()
        heading = self._language.text("Beside other journeys")
        (block,) = self._shares(heading, "completion")
        return (block._replace(lines=(" ".join(self._beside.who()),), notes=self._notes()),)

    def stops(self) -> tuple[Block, ...]:
        """Compare how many come to each step, and how many stop there."""
        heading = self._language.text("Where people stop, beside the others")
        return self._shares(heading, "reached", "drop_off")

    def moves(self) -> tuple[Block, ...]:
        """Compare how many move from step to step."""
        return self._shares(self._language.text("Moves, beside the others"), "moved")

    def times(self) -> tuple[Block, ...]:
        """Compare how long it takes."""
        beside, say = self._beside, self._language.text
        rows = rows_of(self._report, "time", "customer_time", "city_time", "stay")
        if not rows:
            return ()
        heading = say("Times, beside the others")
        how = How(
            say(
                "The median of both sides, and how much longer (+) or shorter (-) it is for the "
                "others: the interval of the difference."
            ),
            say("n: the completed journeys of a side, or the stays at a step."),
            " ".join(
                [
                    say("95 % interval by bootstrap, which draws people anew with a fixed seed."),
                    self._tested(),
                ]
            ),
        )
        cells = [(*beside.time(row)[:-1], self._verdict(row)) for row in rows]
        found = table(heading, beside.time_heads(), cells, self._language, last_is_words=True)
        return (Block(heading, how, tables=(found,)),)

    def _shares(self, heading: str, *kinds: str) -> tuple[Block, ...]:
        beside, say = self._beside, self._language.text
        rows = rows_of(self._report, *kinds)
        if not rows:
            return ()
        how = How(
            say(
                "The share of both sides, and the difference in percentage points: the others "
                "less the report. Of steps and moves it is the share of journeys that came there; "
                "of a drop-off that of those who entered the step."
            ),
            say("n: the journeys of a side that are old enough on the day of the row."),
            " ".join([say("Newcombe 95 % interval of the difference."), self._tested()]),
        )
        ends = [abs(end) for row in rows for end in (row.low, row.high) if end is not None]
        widest = max(ends, default=0.0) or 1.0
        cells = [self._share(row, widest) for row in rows]
        found = table(heading, beside.share_heads(), cells, self._language, last_is_words=True)
        return (Block(heading, how, tables=(found,)),)

    def _share(self, row: ComparedRow, widest: float) -> tuple[Cell, ...]:
        *cells, interval, day, _ = self._beside.share(row)
        drawn: Cell = interval
        if row.difference is not None and row.low is not None and row.high is not None:
            drawn = Apart(interval, row.low / widest, row.difference / widest, row.high / widest)
        return (*cells, drawn, day, self._verdict(row))

    def _verdict(self, row: ComparedRow) -> Cell:
        said = self._beside.verdict(row)
        return Strong(said) if row.verdict == DIFFERS else said

    def _tested(self) -> str:
        return self._language.text(
            "A figure differs if the Benjamini-Hochberg adjusted p-value, over everything that "
            "this report compares, is below 0.05. With fewer than 30 people on a side it is too "
            "few to compare."
        )

    def _notes(self) -> tuple[str, ...]:
        return tuple(self._beside.found())
