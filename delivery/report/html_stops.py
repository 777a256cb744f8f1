"""Where people stop, on a page in HTML: the funnel, drop-off, and what they did next."""

from collections.abc import Sequence

from msgspec import UnsetType

from analysis.drop_off import NOT_A_CUSTOMER_STEP
from analysis.journey_report import FunnelStep, JourneyReport, StepRow
from delivery.report.chart_svg import drawn
from delivery.report.chart_ticks import percents
from delivery.report.charts import Bar, Range, bars, ranges
from delivery.report.circumstances import write_next
from delivery.report.endings import Endings
from delivery.report.html_parts import (
    Block,
    Drawn,
    How,
    Legend,
    Picture,
    Section,
    Table,
    Tables,
    foremost,
    table,
)
from delivery.report.language import Language
from delivery.report.sentences import causes, funnel_rules, outside_funnel
from delivery.report.wording import Names


def stops(
    report: JourneyReport,
    names: Names,
    words: Endings,
    language: Language,
    beside: tuple[Block, ...],
) -> Section:
    """Say where people stop, how, what they did next, and what is said beside that."""
    blocks = [_funnel(report, names, words, language)]
    if report.routes:
        blocks.append(_routes(report, names, words, language))
    blocks.append(_drop_off(report, names, words, language))
    if after := _next(report, names, words, language):
        blocks.append(after)
    return Section("stops", language.text("Where people stop"), (*blocks, *beside))


def _funnel(report: JourneyReport, names: Names, words: Endings, language: Language) -> Block:
    say = language.text
    heading = say("How far they came")
    entry = report.funnel[0].reached if report.funnel else 0
    lines = [funnel_rules(report, names, language)]
    if report.outside_funnel:
        lines.append(outside_funnel(report.outside_funnel, language))
    lines.append(say(words.funnel))
    shown = foremost(report.funnel, lambda step: step.reached)
    if len(shown) < len(report.funnel):
        lines.append(
            say(
                "The chart shows the {n} steps that most journeys reached; the table has them all.",
                n=len(shown),
            )
        )
    pictures = []
    if shown:
        pictures.append(
            Picture(
                drawn(
                    bars([_bar(step, names, language) for step in shown]),
                    say("Chart: how many journeys reached each step. The table below has it all."),
                ),
                (
                    Legend("on", say("went on")),
                    Legend("finished", say("finished here")),
                    Legend("lost", say(words.lost)),
                    Legend("open", say("still open")),
                    Legend("optional", say("optional step, reached")),
                ),
            )
        )
    return Block(
        heading,
        How(
            say(
                "Each journey counts at every step up to the furthest that it reached in the "
                "intended order. Reached = next step reached + stopped + open + finished; "
                "skipping an optional step is not stopping."
            ),
            language.plural(
                "The {n} journey that reached the first step.",
                "The {n} journeys that reached the first step.",
                entry,
            ),
            say(
                "Counts as they stand at the as-of moment. The interval is the Wilson 95 % "
                "interval of the share of entry; times run from the step before."
            ),
        ),
        lines=tuple(filter(None, lines)),
        pictures=tuple(pictures),
        tables=(_funnel_table(heading, report.funnel, names, words, language),),
    )


def _bar(step: FunnelStep, names: Names, language: Language) -> Bar:
    name, told = names.step(step.step), language.count(step.reached)
    if not isinstance(step.lost, int):
        return Bar(language.text("{step} (opt.)", step=name), told, [("optional", step.reached)])
    finished, still = _whole(step.finished), _whole(step.open)
    on = step.reached - step.lost - finished - still
    if isinstance(step.of_entry, float):
        told = f"{told} \N{MIDDLE DOT} {language.percent(step.of_entry)}"
    parts = [("on", on), ("finished", finished), ("lost", step.lost), ("open", still)]
    return Bar(name, told, parts)


def _funnel_table(
    caption: str, funnel: Sequence[FunnelStep], names: Names, words: Endings, language: Language
) -> Table:
    say = language.text
    heads = (
        say("step"),
        say("reached"),
        say("of entry"),
        "95 %",
        say("of previous"),
        say(words.lost),
        say("open"),
        say("finished"),
        say("typical time"),
        say("90 % within"),
    )
    return table(caption, heads, [_funnel_row(step, names, language) for step in funnel], language)


def _funnel_row(step: FunnelStep, names: Names, language: Language) -> tuple[str, ...]:
    name, reached = names.step(step.step), language.count(step.reached)
    if not isinstance(step.lost, int):
        return (language.text("{step} (opt.)", step=name), reached, *("",) * 8)
    return (
        name,
        reached,
        language.percent(_given(step.of_entry)),
        language.interval(_given(step.low), _given(step.high)),
        language.percent(_given(step.of_previous)),
        language.count(step.lost),
        language.count(_whole(step.open)),
        language.count(_whole(step.finished)),
        language.duration(_given(step.median_s)),
        language.duration(_given(step.p90_s)),
    )


def _routes(report: JourneyReport, names: Names, words: Endings, language: Language) -> Block:
    say = language.text
    return Block(
        say("How far they came, by route"),
        How(
            say(
                "A route is a way through the service that its definition names. A step that a "
                "route lacks counts as optional in it."
            ),
            say("The journeys whose route is known; n stands at each table."),
            say("As in the funnel of all journeys."),
        ),
        tables=tuple(
            _funnel_table(
                language.plural(
                    "Route {route}: {n} journey",
                    "Route {route}: {n} journeys",
                    route.started,
                    route=route.route,
                ),
                route.funnel,
                names,
                words,
                language,
            )
            for route in report.routes
        ),
    )


def _drop_off(report: JourneyReport, names: Names, words: Endings, language: Language) -> Block:
    say = language.text
    of_customers = [row for row in report.steps if row.note != NOT_A_CUSTOMER_STEP]
    shown = foremost(of_customers, lambda row: row.dropped)
    lines = [say(words.drop_off) + "."]
    pictures = []
    if any(row.drop_off_rate is not None for row in shown):
        if len(shown) < len(of_customers):
            lines.append(
                say(
                    "The chart shows the {n} steps where most journeys stopped; the table has "
                    "them all.",
                    n=len(shown),
                )
            )
        pictures.append(
            Picture(
                drawn(
                    ranges(
                        [_range(row, names, language) for row in shown],
                        percents(max(row.high or 0 for row in shown), language),
                    ),
                    say(
                        "Chart: the rate at each step with its 95 % interval. The table below has "
                        "it all."
                    ),
                ),
                (
                    Legend("ink", say("estimate"), "dot"),
                    Legend("on", say("95 % interval"), "thick"),
                ),
            )
        )
    notes = []
    if report.before_first_step:
        notes.append(language.plural(*words.before_first_step, report.before_first_step))
    if ended := causes(report, names, words, language):
        notes.append(ended)
    most = max((row.dropped for row in of_customers), default=0) or 1
    return Block(
        say(words.heading),
        How(
            say(
                "Of those who enter a step, the share whose journey ended without success and who "
                "did nothing after it: cancelled, expired, or silent beyond the deadline. Open "
                "journeys are not among them. Of all: the same journeys as a share of all."
            ),
            say("n: the journeys that entered the step and are old enough to tell."),
            _methods(language),
        ),
        lines=tuple(lines),
        pictures=tuple(pictures),
        tables=(
            table(
                say("Each step: who entered, who stopped, and how often"),
                (
                    say("step"),
                    say("entered"),
                    say(words.lost),
                    f"{say(words.rate)} (95 %)",
                    "n",
                    say("day"),
                    say("of all"),
                    say("open"),
                    say("stay"),
                ),
                [_drop_off_row(row, most, names, language) for row in report.steps],
                language,
            ),
            table(
                say("How they ended"),
                (
                    say("step"),
                    say(words.lost),
                    say("cancelled"),
                    say("expired"),
                    say(words.abandoned),
                ),
                [
                    (
                        names.step(row.step),
                        *map(
                            language.count,
                            (
                                row.dropped,
                                row.causes.cancelled,
                                row.causes.expired,
                                row.causes.abandoned,
                            ),
                        ),
                    )
                    for row in of_customers
                    if row.dropped
                ],
                language,
            ),
        ),
        notes=tuple(notes),
    )


def _range(row: StepRow, names: Names, language: Language) -> Range:
    told = language.rate(row.drop_off_rate, row.low, row.high, row.note)
    return Range(names.step(row.step), told, row.drop_off_rate, row.low, row.high)


def _drop_off_row(
    row: StepRow, most: int, names: Names, language: Language
) -> tuple[str | Drawn, ...]:
    name, entered = names.step(row.step), language.count(row.entered)
    still, stay = language.count(row.open), language.duration(row.median_s)
    if row.note == NOT_A_CUSTOMER_STEP:
        return (name, entered, *("",) * 5, still, stay)
    return (
        name,
        entered,
        Drawn(language.count(row.dropped), row.dropped / most),
        language.rate(row.drop_off_rate, row.low, row.high, row.note),
        language.count(row.n),
        "" if row.day is None else language.count(row.day),
        language.percent(row.contribution),
        still,
        stay,
    )


def _methods(language: Language) -> str:
    say = language.text
    read = say(
        "Each rate is read so many days after the step was entered as stand in its row. Where all "
        "who entered are that old it is a plain share with the Wilson 95 % interval; else the "
        "Aalen-Johansen estimate with the complementary log-log interval, in which open journeys "
        "count for as long as they were watched."
    )
    return f"{read} {say('No rate is given below 10 journeys.')}"


def _next(report: JourneyReport, names: Names, words: Endings, language: Language) -> Block | None:
    say = language.text
    tables = Tables(language)
    write_next(tables, report, names, words, language)
    if not tables.taken:
        return None
    (after,) = tables.taken
    elsewhere = [
        say(
            "{step}, elsewhere: {events}.",
            step=names.step(row.step),
            events=", ".join(
                f"{names.event(event.name)} ({language.count(event.count)})"
                for event in row.next.elsewhere
            ),
        )
        for row in report.steps
        if row.next is not None and row.next.elsewhere
    ]
    days = max(row.next.within_days for row in report.steps if row.next is not None)
    return Block(
        after.caption,
        How(
            say(
                "What this service recorded of a person after they stopped. Each journey "
                "counts once, in the first class that fits: completed in another channel, switched "
                "channel, returned later, went elsewhere, nothing more."
            ),
            say("The journeys that stopped at the step; the classes add up to them."),
            language.plural(
                "Watched for {n} day after the last touchpoint at the step, or up to the as-of "
                "moment.",
                "Watched for {n} days after the last touchpoint at the step, or up to the as-of "
                "moment.",
                days,
            ),
        ),
        tables=(after,),
        notes=tuple(elsewhere),
    )


def _given(number: float | UnsetType | None) -> float | None:
    return number if isinstance(number, float) else None


def _whole(number: int | UnsetType) -> int:
    return number if isinstance(number, int) else 0
