"""The groups of a breakdown on a page in HTML, in the section that each figure is in.

There are no blocks where no breakdown was asked for.
"""

from analysis.journey_report import JourneyReport
from delivery.report.chart_svg import drawn
from delivery.report.chart_ticks import percents
from delivery.report.charts import Range, ranges
from delivery.report.endings import Endings
from delivery.report.group_tables import (
    attribute_of,
    group_name,
    write_group_ends,
    write_group_funnels,
    write_group_steps,
    write_group_times,
)
from delivery.report.html_parts import Block, How, Legend, Picture, Tables
from delivery.report.language import Language
from delivery.report.wording import Names

DRAWN = 20
"""Of the groups, at most so many are drawn; the tables have them all."""


class Grouping:
    """The blocks of a breakdown.

    Args:
        report: With a breakdown, or without.
        names: Of the service.
        words: What to call journeys that ended without success.
        language: The reader's.
    """

    def __init__(
        self, report: JourneyReport, names: Names, words: Endings, language: Language
    ) -> None:
        self._by = report.by
        self._names = names
        self._words = words
        self._language = language

    def heading(self) -> str:
        """Say by what."""
        return self._language.text(
            "By {attribute}", attribute=attribute_of(self._by, self._language)
        )

    def ends(self) -> tuple[Block, ...]:
        """Say how the groups do."""
        say, language = self._language.text, self._language
        tables = Tables(language)
        write_group_ends(tables, self._by, self._words, language)
        how = How(
            say(
                "The journeys that have one value in common, and how many of them complete: they "
                "succeeded or were refused."
            ),
            say("n: the journeys of the group that can tell."),
            say(
                "The rates are read at one day for all groups, so that they can be compared. "
                "Groups of too few people are left out."
            ),
        )
        heading = say("Completion, by {attribute}", attribute=attribute_of(self._by, language))
        return self._block(heading, how, tables, self._picture())

    def stops(self) -> tuple[Block, ...]:
        """Say how far the groups come and where they stop."""
        say, language = self._language.text, self._language
        tables = Tables(language)
        write_group_funnels(tables, self._by, self._names, language)
        write_group_steps(tables, self._by, self._names, self._words, language)
        heading = say(
            "Where people stop, by {attribute}", attribute=attribute_of(self._by, language)
        )
        how = How(
            say(
                "The funnel and the last steps of each group: the same figures as those of all "
                "journeys, of the journeys that have one value in common."
            ),
            say(
                "Of entry: the journeys of the group that came to the first step. n: those that "
                "entered the step and are old enough to tell."
            ),
            say(
                "As in the funnel of all journeys. Last steps are read at one day for all groups; "
                "what too few people of a group share is left out."
            ),
        )
        return self._block(heading, how, tables)

    def times(self) -> tuple[Block, ...]:
        """Say how long the journeys of the groups take."""
        say, language = self._language.text, self._language
        tables = Tables(language)
        write_group_times(tables, self._by, language)
        heading = say("Time, by {attribute}", attribute=attribute_of(self._by, language))
        how = How(
            say(
                "From a journey's first touchpoint to its outcome. It is the customer's time "
                "while the next move is theirs, and the city's while it is staff's or a "
                "system's."
            ),
            say("n: the completed journeys of the group."),
            say("Medians. Groups of too few people have none."),
        )
        return self._block(heading, how, tables)

    def _block(
        self, heading: str, how: How, tables: Tables, pictures: tuple[Picture, ...] = ()
    ) -> tuple[Block, ...]:
        if self._by.attribute is None or not tables.taken:
            return ()
        return (Block(heading, how, pictures=pictures, tables=tuple(tables.taken)),)

    def _picture(self) -> tuple[Picture, ...]:
        say, language = self._language.text, self._language
        shown = self._by.groups[:DRAWN]
        if all(group.rate is None for group in shown):
            return ()
        rows = [
            Range(
                group_name(group.value, self._by, language),
                language.rate(group.rate, group.low, group.high, group.note),
                group.rate,
                group.low,
                group.high,
            )
            for group in shown
        ]
        drawing = ranges(rows, percents(max(group.high or 0 for group in shown), language))
        says = say(
            "Chart: the completion rate of each group with its 95 % interval. The table has the "
            "figures."
        )
        legend = (
            Legend("ink", say("completion rate"), "dot"),
            Legend("on", say("95 % interval"), "thick"),
        )
        return (Picture(drawn(drawing, says), legend),)
