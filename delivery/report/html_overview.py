"""The overview of all services as a page in HTML, made from the overview alone."""

from collections.abc import Mapping

from analysis.journey_report import Overview
from delivery.moments import start_of
from delivery.report.chart_svg import drawn
from delivery.report.chart_ticks import percents
from delivery.report.charts import Bar, Range, bars, ranges
from delivery.report.endings import Endings
from delivery.report.html import html_of
from delivery.report.html_parts import Block, How, HtmlPage, Legend, Picture, Section, Tables, Tile
from delivery.report.language import Language
from delivery.report.overview import (
    RANKED,
    drafts_sentence,
    names_of_services,
    overview_headline,
    words_of,
    write_ranking,
    write_recent,
    write_services,
)
from delivery.report.sentences import hidden_sentence, scope
from delivery.report.wording import Names


def overview_html(overview: Overview, names: Mapping[str, Names], language: Language) -> str:
    """Write the overview of all services as HTML."""
    say, words = language.text, words_of(overview)
    called = names_of_services(overview, names, language)
    blocks: tuple[Section, ...] = ()
    lead = say("No data: no journey of any service is recorded in this selection.")
    if overview.services:
        lead = overview_headline(overview, words, language)
        blocks = (
            Section(
                "services",
                say("The services"),
                (
                    _services(overview, called, words, language),
                    _recent(overview, called, language),
                ),
            ),
            Section(
                "ranking",
                say("Where people stop"),
                (_ranking(overview, called, names, words, language),),
            ),
        )
    drafts = drafts_sentence(overview, language)
    left_out = hidden_sentence(overview.hidden, overview.k, language)
    return html_of(
        HtmlPage(
            kind=say("Overview"),
            title=say("All services"),
            key="",
            scope=scope(overview.as_of, overview.position, overview.window, language, {}),
            as_of=language.moment(start_of(overview.as_of)),
            position=language.count(overview.position),
            warnings=(drafts,) if drafts else (),
            lead=lead,
            tiles=_tiles(overview, words, language) if overview.services else (),
            sections=blocks,
            footnotes=(left_out,) if left_out else (),
        ),
        language,
    )


def _tiles(overview: Overview, words: Endings, language: Language) -> tuple[Tile, ...]:
    say, services = language.text, overview.services
    started = sum(line.started for line in services)
    of_all = language.plural("of {n} journey", "of {n} journeys", started)
    return (
        Tile(say("started"), language.count(started), say("journeys")),
        Tile(say(words.lost), language.count(sum(line.lost for line in services)), of_all),
        Tile(say("still open"), language.count(sum(line.open for line in services)), of_all),
    )


def _services(
    overview: Overview, called: Mapping[str, str], words: Endings, language: Language
) -> Block:
    say, services = language.text, overview.services
    tables = Tables(language)
    write_services(tables, overview, called, words, language)
    pictures: tuple[Picture, ...] = ()
    if any(line.rate is not None for line in services):
        drawing = ranges(
            [
                Range(
                    called[line.service],
                    language.rate(line.rate, line.low, line.high, line.note),
                    line.rate,
                    line.low,
                    line.high,
                )
                for line in services
            ],
            percents(max(line.high or 0 for line in services), language),
        )
        pictures = (
            Picture(
                drawn(
                    drawing,
                    say(
                        "Chart: the completion rate of each service with its 95 % interval. The "
                        "table has the figures."
                    ),
                ),
                (
                    Legend("ink", say("completion rate"), "dot"),
                    Legend("on", say("95 % interval"), "thick"),
                ),
            ),
        )
    return Block(
        say("How the services do"),
        How(
            say(
                "Complete are the journeys that succeeded or were refused, for then the service "
                "did its work. Open journeys are neither complete nor stopped."
            ),
            say("Counts: the journeys that started in this selection. Rates: their report says n."),
            say(
                "Each rate is read by the day in its row, at the service's own horizon, with its "
                "95 % interval: services differ in what they do, so compare each with itself."
            ),
        ),
        lines=(say(words.not_open),),
        pictures=pictures,
        tables=tuple(tables.taken),
    )


def _recent(overview: Overview, called: Mapping[str, str], language: Language) -> Block:
    say = language.text
    tables = Tables(language)
    write_recent(tables, overview, called, language)
    return Block(
        say("Completion lately"),
        How(
            say("Whether a service does as it did: four weeks of starts against the four before."),
            say("n: the journeys that started in those weeks."),
            say(
                "Weeks whose journeys are all older than the horizon. A difference between two "
                "such rates may be chance."
            ),
        ),
        tables=tuple(tables.taken),
    )


def _ranking(
    overview: Overview,
    called: Mapping[str, str],
    names: Mapping[str, Names],
    words: Endings,
    language: Language,
) -> Block:
    say = language.text
    tables = Tables(language)
    write_ranking(tables, overview, called, names, words, language, most=len(overview.drop_offs))
    shown = overview.drop_offs[:RANKED]
    pictures: tuple[Picture, ...] = ()
    if shown:
        drawing = bars(
            [
                Bar(
                    f"{names[row.service].step(row.step)} \N{MIDDLE DOT} {called[row.service]}",
                    language.count(row.dropped),
                    [("lost", row.dropped)],
                )
                for row in shown
            ]
        )
        pictures = (
            Picture(
                drawn(
                    drawing,
                    say("Chart: how many journeys stopped at each place. The table has it all."),
                ),
                (Legend("lost", say(words.lost)),),
            ),
        )
    return Block(
        say(words.ranking),
        How(
            say(
                "Journeys that ended without success and did nothing after this step: cancelled, "
                "expired, or silent beyond the deadline."
            ),
            say("n: the journeys that entered the step and are old enough to tell."),
            say(
                "Ranked by how many stopped. The rate is read so many days after the step was "
                "entered as stand in its row, with its 95 % interval."
            ),
        ),
        pictures=pictures,
        tables=tuple(tables.taken),
    )
