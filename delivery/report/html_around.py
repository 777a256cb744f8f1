"""What surrounds the journeys on a page in HTML: channels, the data."""

from analysis.journey_report import JourneyReport
from delivery.report.chart_svg import drawn
from delivery.report.chart_ticks import percents
from delivery.report.charts import Range, ranges
from delivery.report.circumstances import channel_name, write_channels, write_quality
from delivery.report.endings import Endings
from delivery.report.html_parts import Block, How, Legend, Picture, Tables, table
from delivery.report.language import Language
from delivery.report.missing import missing_lines, missing_tables
from delivery.report.sentences import about_the_data, hidden_sentence
from delivery.report.wording import Names


def channels(report: JourneyReport, words: Endings, language: Language) -> tuple[Block, ...]:
    """Say where journeys begin, and how they move between channels; nothing where none did."""
    say = language.text
    starts = report.channels.starts
    tables = Tables(language)
    write_channels(tables, report, words, language)
    pictures: tuple[Picture, ...] = ()
    if any(row.rate is not None for row in starts):
        pictures = (
            Picture(
                drawn(
                    ranges(
                        [
                            Range(
                                channel_name(row.channel, language),
                                language.rate(row.rate, row.low, row.high, row.note),
                                row.rate,
                                row.low,
                                row.high,
                            )
                            for row in starts
                        ],
                        percents(max(row.high or 0 for row in starts), language),
                    ),
                    say(
                        "Chart: the completion rate by the channel that journeys began in, with "
                        "its 95 % interval. The table has the figures."
                    ),
                ),
                (
                    Legend("ink", say("completion rate"), "dot"),
                    Legend("on", say("95 % interval"), "thick"),
                ),
            ),
        )
    if not tables.taken:
        return ()
    notes: tuple[str, ...] = ()
    if report.channels.moves_total is not None:
        notes = (
            language.plural(
                "{n} move from one channel to another in all.",
                "{n} moves from one channel to another in all.",
                report.channels.moves_total,
            ),
        )
    how = How(
        say(
            "The channel of a journey is that of its first touchpoint, the channel of a visit "
            "that of the visit's first. A move is two visits after each other in two known "
            "channels."
        ),
        say("n: the journeys that can tell; the share is of all visits."),
        say(
            "The rates are read at one day for all channels, so that they can be compared; 95 % "
            "interval as in the completion rate."
        ),
    )
    return (
        Block(
            say("Completion by the channel it began in"),
            how,
            pictures=pictures,
            tables=tuple(tables.taken),
            notes=notes,
        ),
    )


def missing(report: JourneyReport, language: Language) -> tuple[Block, ...]:
    """Say what may be missing; nothing where the log was not asked."""
    say = language.text
    if report.recording is None:
        return ()
    tables = [
        table(found.heading, found.heads, found.rows, language, left=found.words)
        for found in missing_tables(report.recording, language)
    ]
    how = How(
        say(
            "What happened and is not in these numbers, as far as the log knows: of the whole "
            "service, whatever is selected."
        ),
        say(
            "Late: of the touchpoints of the service among the newest 20,000 events of the log. "
            "Records in quarantine and lost ones are of no journey, so there is no n."
        ),
        say(
            "Counted in the log up to the position of this report. A silence is long if it is "
            "three times the gap between two hours with touchpoints that 19 of 20 do not exceed, "
            "unless the four weeks before had such gaps three times."
        ),
    )
    return (
        Block(
            say("What may be missing"),
            how,
            lines=tuple(missing_lines(report.recording, language)),
            tables=tuple(tables),
        ),
    )


def data(report: JourneyReport, names: Names, language: Language) -> Block:
    """Say how far the data can be trusted."""
    say = language.text
    tables = Tables(language)
    write_quality(tables, report, language)
    left_out = hidden_sentence(report.hidden, report.k, language)
    return Block(
        say("How far the data can be trusted"),
        How(
            say(
                "What could not be used or read, and how much of the whole it is. A name is "
                "unknown if no version of the definition covers it."
            ),
            say("n: touchpoints of the journeys and of no journey, or journeys, as stated."),
            say("Counted in the log up to the position of this report."),
        ),
        tables=tuple(tables.taken),
        notes=tuple(filter(None, (*about_the_data(report, names, language), left_out))),
    )
