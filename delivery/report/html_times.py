"""How long journeys take, and whose time that is, on a page in HTML."""

from analysis.journey_report import JourneyReport
from analysis.sections import Spent
from delivery.report.chart_svg import drawn, drawn_small
from delivery.report.chart_ticks import durations
from delivery.report.charts import Bar, Spread, counts, spreads
from delivery.report.circumstances import bucket_name, write_histograms, write_times
from delivery.report.html_parts import Block, How, Legend, Picture, Tables, foremost, table
from delivery.report.language import Language
from delivery.report.wording import Names


def times(report: JourneyReport, names: Names, language: Language) -> tuple[Block, ...]:
    """Say how long completed journeys took, and how long the stays at each step."""
    say = language.text
    time = report.time
    tables = Tables(language)
    write_times(tables, report, language)
    histograms = Tables(language)
    write_histograms(histograms, report, language)
    pictures = tuple(
        Picture(
            drawn_small(
                counts(
                    [_bucket(spent, place, ink, language) for place in range(len(spent.histogram))]
                ),
                say("Chart: how many journeys took how long. The tables have the figures."),
            ),
            heading=heading,
        )
        for heading, spent, ink in (
            (say("start to outcome"), time.total, "on"),
            (say("with the customer"), time.customer, "finished"),
            (say("waiting for the city"), time.city, "city"),
        )
        if spent.histogram
    )
    whole = Block(
        say("Time of completed journeys, and whose it was"),
        How(
            say(
                "From a journey's first touchpoint to its outcome. It is the customer's time "
                "while the next move is theirs, and the city's while it is staff's or a "
                "system's."
            ),
            say("The {n} completed journeys.", n=time.total.n),
            say(
                "Quantiles by linear interpolation. In the charts a bar holds the times from "
                "its first value up to the second; bars of too few people are joined."
            ),
        ),
        pictures=pictures,
        tables=(*tables.taken, *(found.folded(language) for found in histograms.taken)),
    )
    at_steps = _step_times(report, names, language)
    return (whole, at_steps) if at_steps else (whole,)


def _step_times(report: JourneyReport, names: Names, language: Language) -> Block | None:
    say = language.text
    rows = [
        (names.step(step.step), whose, ink, spent)
        for step in report.time.steps
        for whose, ink, spent in (
            (say("customer"), "finished", step.customer),
            (say("city"), "city", step.city),
        )
        if spent.median_s is not None
    ]
    if not rows:
        return None
    shown = foremost(rows, lambda row: row[-1].n)
    quantiles = [_quantiles(spent) for _, _, _, spent in shown]
    drawing = spreads(
        [
            Spread(f"{step} \N{MIDDLE DOT} {whose}", language.duration(spent.median_s), ink, of)
            for (step, whose, ink, spent), of in zip(shown, quantiles, strict=True)
        ],
        durations([time for times in quantiles for time in times], language),
    )
    return Block(
        say("Time at each step"),
        How(
            say(
                "How long a stay at a step lasts, from its first touchpoint to the first of the "
                "next step, as far as it was the customer's or the city's turn."
            ),
            say("n: stays in which the customer, or the city, had a part."),
            say("Quantiles by linear interpolation. The scale is one of ratios."),
        ),
        lines=()
        if len(shown) == len(rows)
        else (say("The chart shows the {n} rows of the table with the largest n.", n=len(shown)),),
        pictures=(
            Picture(
                drawn(
                    drawing,
                    say("Chart: how the times at each step spread. The table has the figures."),
                ),
                (
                    Legend("ink", say("median"), "tick"),
                    Legend("finished", say("the middle half, with the customer"), "thick"),
                    Legend("city", say("the middle half, waiting for the city"), "thick"),
                    Legend("quiet", say("line: the middle 80 %"), "thin"),
                ),
            ),
        ),
        tables=(
            table(
                say("Time at each step"),
                (
                    say("step"),
                    say("whose"),
                    say("10 % within"),
                    say("25 % within"),
                    say("median"),
                    say("75 % within"),
                    say("90 % within"),
                    "n",
                ),
                [
                    (
                        step,
                        whose,
                        *(language.duration(time) for time in _quantiles(spent)),
                        language.count(spent.n),
                    )
                    for step, whose, _, spent in rows
                ],
                language,
                left=2,
            ),
        ),
    )


def _bucket(spent: Spent, place: int, ink: str, language: Language) -> Bar:
    bucket = spent.histogram[place]
    name = bucket_name(bucket, language)
    return Bar(name, language.count(bucket.count), [(ink, bucket.count)])


def _quantiles(spent: Spent) -> list[float]:
    quantiles = (spent.p10_s, spent.p25_s, spent.median_s, spent.p75_s, spent.p90_s)
    return [time for time in quantiles if time is not None]
