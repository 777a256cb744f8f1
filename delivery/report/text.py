"""The journey report on a page: a plain sentence first, then tables.

The same on every kind of page: plain text, Markdown.
"""

from collections.abc import Callable, Sequence

from analysis.journey_report import FunnelStep, JourneyReport, StepRow
from delivery.report.circumstances import (
    write_channels,
    write_histograms,
    write_next,
    write_quality,
    write_times,
)
from delivery.report.compared import write_comparison
from delivery.report.endings import Endings, endings
from delivery.report.group_tables import write_groups
from delivery.report.language import Language
from delivery.report.map_signs import signs_of
from delivery.report.map_speech import sign_words
from delivery.report.missing import write_missing
from delivery.report.page import Cell, Leaf, Page
from delivery.report.sentences import (
    about_the_data,
    causes,
    draft_sentence,
    funnel_rules,
    headline,
    hidden_sentence,
    no_data,
    outside_funnel,
    public_log,
    scope,
    waiting_and_back,
    which_paths,
)
from delivery.report.wording import Names, bar, titled

SHOWN = 12
NOT_A_CUSTOMER_STEP = "not a customer step"


def report_text(report: JourneyReport, names: Names, language: Language) -> str:
    """Write the journey report of one service as plain text.

    Args:
        report: What to say.
        names: The service's names in the reader's language.
        language: The reader's.

    Returns:
        Lines of at most 100 columns, ending with a line break.
    """
    return written_report(Page(), report, names, language)


def written_report(page: Leaf, report: JourneyReport, names: Names, language: Language) -> str:
    """Write the journey report of one service on a page; its text."""
    _Writing(page, report, names, language).write()
    return page.text()


class _Writing:
    """One report being written on one page."""

    def __init__(self, page: Leaf, report: JourneyReport, names: Names, language: Language) -> None:
        self._page = page
        self._report = report
        self._names = names
        self._language = language
        self._words: Endings = endings(draft=report.draft)

    def write(self) -> None:
        report, language = self._report, self._language
        self._page.title(titled(self._names.service, report.service))
        if report.draft:
            self._page.line(draft_sentence(report.service, language))
        self._page.line(scope(report.as_of, report.position, report.window, language, report.where))
        self._page.line(headline(report, self._names, self._words, language))
        if report.public_log:
            self._page.line(public_log(report.k, language))
        if not report.journeys.started:
            self._page.line(no_data(language))
            return
        sections: Sequence[Callable[[], None]] = (
            self._where_they_stand,
            self._funnels,
            self._drop_off,
            self._groups,
            self._comparison,
            self._trend,
            self._moves,
            self._variants,
            self._circumstances,
            self._notes,
        )
        for section in sections:
            section()

    def _where_they_stand(self) -> None:
        journeys, say = self._report.journeys, self._language.text
        rows = (
            (say("succeeded"), journeys.succeeded),
            (say("refused (counts as completed)"), journeys.refused),
            (say("cancelled"), journeys.cancelled),
            (say("expired"), journeys.expired),
            (say(self._words.abandoned), journeys.abandoned),
            (say("still open"), journeys.open),
        )
        self._page.table(
            say("Where the journeys stand"),
            (say("outcome"), say("journeys"), say("share"), ""),
            [
                (
                    stands,
                    self._language.count(number),
                    self._language.percent(number / journeys.started),
                    bar(number / journeys.started, 30),
                )
                for stands, number in rows
            ],
            left=1,
        )
        self._page.line(waiting_and_back(self._report, self._words, self._language))

    def _funnels(self) -> None:
        report, say = self._report, self._language.text
        self._funnel(say("Where people stop: the steps in their intended order"), report.funnel)
        if rules := funnel_rules(report, self._names, self._language):
            self._page.line(rules)
        if report.outside_funnel:
            self._page.line(outside_funnel(report.outside_funnel, self._language))
        self._page.line(say(self._words.funnel))
        for route in report.routes:
            heading = self._language.plural(
                "Route {route}: {n} journey",
                "Route {route}: {n} journeys",
                route.started,
                route=route.route,
            )
            self._funnel(heading, route.funnel)

    def _funnel(self, heading: str, funnel: Sequence[FunnelStep]) -> None:
        say = self._language.text
        self._page.table(
            heading,
            (
                say("step"),
                say("reached"),
                "",
                say("of entry"),
                "95 %",
                say(self._words.lost),
                say("open"),
                say("finished"),
                say("typical time"),
            ),
            [self._funnel_row(step) for step in funnel],
            left=1,
        )

    def _funnel_row(self, step: FunnelStep) -> tuple[Cell, ...]:
        language, name = self._language, self._names.step(step.step)
        if not isinstance(step.lost, int):
            optional = self._language.text("{step} (opt.)", step=name)
            return (optional, language.count(step.reached), *("",) * 7)
        share = step.of_entry if isinstance(step.of_entry, float) else None
        low = step.low if isinstance(step.low, float) else None
        high = step.high if isinstance(step.high, float) else None
        median = step.median_s if isinstance(step.median_s, float) else None
        return (
            name,
            language.count(step.reached),
            bar(share, 10),
            language.percent(share),
            language.interval(low, high),
            language.count(step.lost),
            language.count(step.open if isinstance(step.open, int) else 0),
            language.count(step.finished if isinstance(step.finished, int) else 0),
            language.duration(median),
        )

    def _drop_off(self) -> None:
        report, say, words = self._report, self._language.text, self._words
        self._page.table(
            say(words.drop_off),
            (
                say("step"),
                say("entered"),
                say(words.lost),
                self._rate_head(),
                "n",
                say("day"),
                say("of all"),
                say("open"),
                say("stay"),
            ),
            [self._drop_off_row(row) for row in report.steps],
            left=1,
        )
        if report.before_first_step:
            self._page.line(
                self._language.plural(*words.before_first_step, report.before_first_step)
            )
        if ended := causes(report, self._names, words, self._language):
            self._page.line(ended)
        write_next(self._page, report, self._names, words, self._language)

    def _drop_off_row(self, row: StepRow) -> tuple[Cell, ...]:
        language = self._language
        of_customers = row.note != NOT_A_CUSTOMER_STEP
        return (
            self._names.step(row.step),
            language.count(row.entered),
            language.count(row.dropped) if of_customers else "",
            language.rate(row.drop_off_rate, row.low, row.high, row.note),
            language.count(row.n) if of_customers else "",
            self._day(row.day),
            language.percent(row.contribution) if of_customers else "",
            language.count(row.open),
            language.duration(row.median_s),
        )

    def _rate_head(self) -> str:
        return f"{self._language.text(self._words.rate)} (95 %)"

    def _day(self, day: int | None) -> str:
        return "" if day is None else self._language.count(day)

    def _groups(self) -> None:
        write_groups(self._page, self._report.by, self._names, self._words, self._language)

    def _comparison(self) -> None:
        write_comparison(self._page, self._report, self._names, self._words, self._language)

    def _trend(self) -> None:
        weeks, language, say = self._report.trend, self._language, self._language.text
        shown = weeks[-SHOWN - 4 :]
        heading = say("Completion by week of start")
        if shown != weeks:
            heading = say(
                "Completion by week of start, the latest {shown} of {all} weeks",
                shown=len(shown),
                all=len(weeks),
            )
        self._page.table(
            heading,
            (
                say("week"),
                say("started"),
                say("completed so far"),
                say("by the horizon (95 %)"),
                "",
            ),
            [
                (
                    language.week(week.week),
                    language.count(week.started),
                    language.count(week.completed),
                    language.rate(week.rate, week.low, week.high, week.note),
                    bar(week.rate, 20) if week.rate is not None else "",
                )
                for week in shown
            ],
            left=1,
        )

    def _moves(self) -> None:
        moves, language, say = self._report.transitions, self._language, self._language.text
        heading = say("From step to step")
        if len(moves) > SHOWN:
            heading = say(
                "From step to step, the {shown} most frequent of {all}",
                shown=SHOWN,
                all=len(moves),
            )
        signs = signs_of(self._report.comparison)
        self._page.table(
            heading,
            (
                *(say("from"), say("to"), say("journeys moved"), say("median"), say("90 % within")),
                *([] if signs is None else [say("share of the others")]),
            ),
            [
                (
                    self._names.step(move.from_),
                    self._names.step(move.to),
                    language.count(move.count),
                    language.duration(move.median_s),
                    language.duration(move.p90_s),
                    *(
                        []
                        if signs is None
                        else [sign_words(signs.moves.get((move.from_, move.to)), language)]
                    ),
                )
                for move in moves[:SHOWN]
            ],
            left=2,
            last_is_words=signs is not None,
        )

    def _variants(self) -> None:
        shown, say = self._report.variants[:6], self._language.text
        self._page.table(
            which_paths(shown, self._report.variants_total, self._language),
            (say("journeys"), say("share"), say("path")),
            [
                (
                    self._language.count(variant.count),
                    self._language.percent(variant.share),
                    " > ".join(self._names.step(step) for step in variant.steps),
                )
                for variant in shown
            ],
            left=0,
            last_is_words=True,
        )

    def _circumstances(self) -> None:
        page, report, language = self._page, self._report, self._language
        write_times(page, report, language)
        write_histograms(page, report, language)
        write_channels(page, report, self._words, language)
        write_quality(page, report, language)
        write_missing(page, report, language)

    def _notes(self) -> None:
        self._page.heading(self._language.text("About the data"))
        for sentence in about_the_data(self._report, self._names, self._language):
            self._page.line(sentence)
        if left_out := hidden_sentence(self._report.hidden, self._report.k, self._language):
            self._page.line(left_out)
