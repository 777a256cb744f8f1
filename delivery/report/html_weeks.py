"""Completion week by week, on a page in HTML."""

from datetime import date, timedelta

from analysis.journey_report import JourneyReport, TrendWeek
from delivery.report.chart_svg import drawn
from delivery.report.chart_ticks import numbers, percents
from delivery.report.charts import Week, weeks
from delivery.report.html_parts import Block, How, Legend, Picture, table
from delivery.report.language import Language

WEEKS = 104
"""Of the weeks, the latest so many are drawn; the table has them all."""


def trend(report: JourneyReport, language: Language) -> Block:
    """Say how the weeks of start compare; those that are too young have no rate."""
    say = language.text
    rows = report.trend
    shown = _without_gaps(rows)[-WEEKS:]
    top = max((week.high or 0 for week in shown), default=0)
    pictures: tuple[Picture, ...] = ()
    if shown:
        pictures = (
            Picture(
                drawn(
                    weeks(
                        [
                            Week(
                                language.week(week.week),
                                week.started,
                                week.rate,
                                week.low,
                                week.high,
                                week.mature,
                            )
                            for week in shown
                        ],
                        rates=percents(top, language),
                        counts=numbers(max(week.started for week in shown), language),
                    ),
                    say(
                        "Chart: above, the completion rate of each week of start with its 95 % "
                        "interval; below, how many started. The table has the figures."
                    ),
                ),
                (
                    Legend("ink", say("completion rate"), "dot"),
                    Legend("band", say("95 % interval")),
                    Legend("on", say("started")),
                    Legend("open", say("started, too young for a rate")),
                ),
            ),
        )
    return Block(
        say("Completion by week of start"),
        How(
            say(
                "Of the journeys that started in a week, the share that succeeded or was "
                "refused by the horizon of {days} days. A week is too young until all its "
                "journeys are that old.",
                days=report.horizon_days,
            ),
            say("n: the journeys of the week that can tell."),
            say(
                "ISO weeks of Helsinki's time; Wilson 95 % interval. Weeks that are too young "
                "have counts and no rate, and are compared with nothing."
            ),
        ),
        pictures=pictures,
        tables=(
            table(
                say("Weeks, the latest first"),
                (
                    say("week"),
                    say("started"),
                    say("completed so far"),
                    say("by the horizon (95 %)"),
                    "n",
                ),
                [
                    (
                        language.week(week.week),
                        language.count(week.started),
                        language.count(week.completed),
                        language.rate(week.rate, week.low, week.high, week.note),
                        language.count(week.n),
                    )
                    for week in reversed(rows)
                ],
                language,
            ),
        ),
    )


def _without_gaps(rows: list[TrendWeek]) -> list[TrendWeek]:
    """Put weeks that nobody started in, or too few, between the others."""
    known = {row.week: row for row in rows}
    if not rows:
        return []
    year, week = (int(part) for part in rows[0].week.split("-W"))
    monday = date.fromisocalendar(year, week, 1)
    filled: list[TrendWeek] = []
    while len(known) > sum(row.week in known for row in filled):
        year, week, _ = monday.isocalendar()
        name = f"{year}-W{week:02}"
        filled.append(known.get(name) or _no_week(name))
        monday += timedelta(days=7)
    return filled


def _no_week(name: str) -> TrendWeek:
    return TrendWeek(
        week=name,
        started=0,
        completed=0,
        rate=None,
        low=None,
        high=None,
        n=0,
        mature=True,
        note=None,
    )
