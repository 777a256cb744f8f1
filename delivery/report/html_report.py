"""The journey report as a page in HTML, made from the report alone."""

from analysis.journey_report import JourneyReport
from delivery.moments import start_of
from delivery.report.endings import Endings, endings
from delivery.report.html import html_of
from delivery.report.html_around import channels, data, missing
from delivery.report.html_compared import Comparing
from delivery.report.html_groups import Grouping
from delivery.report.html_map import way
from delivery.report.html_parts import Block, Drawn, How, HtmlPage, Path, Section, Tile, table
from delivery.report.html_stops import stops
from delivery.report.html_times import times
from delivery.report.html_weeks import trend
from delivery.report.language import NOTHING, Language
from delivery.report.sentences import (
    draft_sentence,
    headline,
    hidden_sentence,
    no_data,
    public_log,
    scope,
    waiting_and_back,
    which_paths,
)
from delivery.report.wording import Names

PATHS = 100
"""Of the paths, the most frequent so many are on the page; JSON and CSV have them all."""


def report_html(report: JourneyReport, names: Names, language: Language) -> str:
    """Write the journey report of one service as HTML."""
    return html_of(_Report(report, names, language).page(), language)


class _Report:
    """One report becoming a page."""

    def __init__(self, report: JourneyReport, names: Names, language: Language) -> None:
        self._report = report
        self._names = names
        self._language = language
        self._words: Endings = endings(draft=report.draft)

    def page(self) -> HtmlPage:
        report, language, say = self._report, self._language, self._language.text
        started = report.journeys.started
        warnings = []
        if report.draft:
            warnings.append(draft_sentence(report.service, language))
        if report.public_log:
            warnings.append(public_log(report.k, language))
        lead = headline(report, self._names, self._words, language) or no_data(language)
        return HtmlPage(
            kind=say("Journey report"),
            title=self._names.service,
            key=report.service if self._names.service != report.service else "",
            scope=scope(report.as_of, report.position, report.window, language, report.where),
            as_of=language.moment(start_of(report.as_of)),
            position=language.count(report.position),
            warnings=tuple(warnings),
            lead=lead,
            tiles=self._tiles() if started else (),
            sections=self._sections() if started else (),
            footnotes=self._footnotes(),
        )

    def _footnotes(self) -> tuple[str, ...]:
        left_out = hidden_sentence(self._report.hidden, self._report.k, self._language)
        say = self._language.text
        again = say(
            "The same report can be made again at any time: it depends on the as-of moment, the "
            "log position and the selection alone."
        )
        return tuple(filter(None, (left_out, again)))

    def _tiles(self) -> tuple[Tile, ...]:
        report, language, say = self._report, self._language, self._language.text
        journeys, done, total = report.journeys, report.completion, report.time.total
        lost = journeys.cancelled + journeys.expired + journeys.abandoned
        rate = language.why_no_rate(done.note or "") or NOTHING
        beside = ""
        if done.rate is not None and done.day is not None:
            rate = language.percent(done.rate)
            beside = language.plural(
                "within {n} day; 95 % interval {interval}, n = {entries}",
                "within {n} days; 95 % interval {interval}, n = {entries}",
                done.day,
                interval=language.interval(done.low, done.high),
                entries=done.n,
            )
        of_all = language.plural("of {n} journey", "of {n} journeys", journeys.started)
        return (
            Tile(say("started"), language.count(journeys.started), say("journeys")),
            Tile(say("complete"), rate, beside),
            Tile(say(self._words.lost), language.count(lost), of_all),
            Tile(say("still open"), language.count(journeys.open), of_all),
            Tile(
                say("typically"),
                language.duration(total.median_s),
                say("median time to completion, n = {n}", n=total.n),
            ),
        )

    def _sections(self) -> tuple[Section, ...]:
        report, names, words, language = self._report, self._names, self._words, self._language
        say = language.text
        beside = Comparing(report, names, words, language)
        groups = Grouping(report, names, words, language)
        sections = [
            Section("glance", say("At a glance"), (self._where_they_stand(), *beside.whole())),
            Section("groups", groups.heading(), groups.ends()),
            stops(report, names, words, language, (*groups.stops(), *beside.stops())),
            way(report, names, language, beside.moves()),
            Section(
                "time",
                say("Time"),
                (*times(report, names, language), *groups.times(), *beside.times()),
            ),
            Section("variants", say("Paths really walked"), (_variants(report, names, language),)),
            Section("trend", say("Week by week"), (trend(report, language),)),
            Section("channels", say("Channels"), channels(report, words, language)),
            Section(
                "data",
                say("About the data"),
                (data(report, names, language), *missing(report, language)),
            ),
        ]
        return tuple(section for section in sections if section.blocks)

    def _where_they_stand(self) -> Block:
        report, language, say = self._report, self._language, self._language.text
        journeys = report.journeys
        lines = []
        mature = report.completion.mature
        if mature.rate is not None:
            lines.append(
                language.plural(
                    "In the weeks whose journeys are all old enough: {share} "
                    "({interval}, n = {n}).",
                    "In the weeks whose journeys are all old enough: {share} "
                    "({interval}, n = {n}).",
                    mature.n,
                    share=language.percent(mature.rate),
                    interval=language.interval(mature.low, mature.high),
                )
            )
        rows = (
            (say("succeeded"), journeys.succeeded),
            (say("refused (counts as completed)"), journeys.refused),
            (say("cancelled"), journeys.cancelled),
            (say("expired"), journeys.expired),
            (say(self._words.abandoned), journeys.abandoned),
            (say("still open"), journeys.open),
        )
        return Block(
            say("Where the journeys stand"),
            How(
                say(
                    "Complete are the journeys that succeeded or were refused, for then the "
                    "service did its work. Open journeys are neither complete nor stopped."
                ),
                language.plural(
                    "The {n} journey that started in this selection; a rate has its own n beside "
                    "it.",
                    "The {n} journeys that started in this selection; a rate has its own n beside "
                    "it.",
                    journeys.started,
                ),
                self._completion_method(),
            ),
            tables=(
                table(
                    say("Where the journeys stand"),
                    (say("outcome"), say("journeys"), say("share")),
                    [
                        (
                            stands,
                            language.count(number),
                            Drawn(
                                language.percent(number / journeys.started),
                                number / journeys.started,
                            ),
                        )
                        for stands, number in rows
                    ],
                    language,
                ),
            ),
            notes=(*lines, waiting_and_back(report, self._words, language)),
        )

    def _completion_method(self) -> str:
        say, done = self._language.text, self._report.completion
        if done.method == "wilson":
            return say("A plain share of journeys that are all old enough; Wilson 95 % interval.")
        if done.method == "aalen-johansen":
            return say(
                "Aalen-Johansen estimate: open journeys count for as long as they were watched; "
                "95 % interval by complementary log-log."
            )
        return say("No rate is given below 10 journeys.")


def _variants(report: JourneyReport, names: Names, language: Language) -> Block:
    say = language.text
    shown = report.variants[:PATHS]
    most = max((variant.count for variant in shown), default=1)
    return Block(
        which_paths(shown, report.variants_total, language),
        How(
            say("A path is the sequence of steps that a journey really took, returns included."),
            say("The share is of the journeys that have a step at all."),
            say(
                "Counted, most frequent first. Paths that too few people share are left out; "
                "the share that is shown says how much that leaves."
            ),
        ),
        tables=(
            table(
                say("Paths, most frequent first"),
                (say("journeys"), say("share"), say("path")),
                [
                    (
                        Drawn(language.count(variant.count), variant.count / most),
                        language.percent(variant.share),
                        Path(tuple(names.step(step) for step in variant.steps)),
                    )
                    for variant in shown
                ],
                language,
                left=0,
                last_is_words=True,
            ),
        ),
    )
