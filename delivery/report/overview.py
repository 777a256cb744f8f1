"""The overview of all services as text."""

from collections.abc import Mapping

from analysis.journey_report import Overview
from delivery.moments import start_of
from delivery.report.page import Page, window_sentence
from delivery.report.wording import Names, bar, count, duration, interval, moment, percent, rate

RANKED = 12


def overview_text(overview: Overview, names: Mapping[str, Names]) -> str:
    """Write the overview of all services and the city's drop-off ranking."""
    page = Page()
    page.title("All services")
    page.line(
        f"As of {moment(start_of(overview.as_of))} (Helsinki), log position "
        f"{count(overview.position)}. {window_sentence(overview.window.from_, overview.window.to)}"
    )
    if not overview.services:
        page.line("No data: no journey of any service is recorded in this selection.")
        return page.text()
    started = sum(line.started for line in overview.services)
    lost = sum(line.lost for line in overview.services)
    still = sum(line.open for line in overview.services)
    page.line(
        f"{count(started)} journeys started at {len(overview.services)} services; "
        f"{count(lost)} were lost, {count(still)} are still open."
    )
    page.table(
        "How the services do",
        ("service", "started", "lost", "open", "complete", "95 % interval", "by day", "typically"),
        [
            (
                names[line.service].service,
                count(line.started),
                count(line.lost),
                count(line.open),
                percent(line.rate) if line.rate is not None else (line.note or "-"),
                interval(line.low, line.high),
                "-" if line.day is None else str(line.day),
                duration(line.median_s),
            )
            for line in overview.services
        ],
        left=1,
    )
    page.note(
        '"complete" is the share that succeeds or is refused within so many days; "typically" is '
        "the median time to that. Open journeys are not counted as lost."
    )
    _recent(page, overview, names)
    page.table(
        "Where the city loses most journeys",
        ("", "service", "step", "lost", "", "drop-off rate", "n", "day"),
        [
            (
                f"{place}.",
                names[row.service].service,
                names[row.service].step(row.step),
                count(row.dropped),
                bar(row.dropped / overview.drop_offs[0].dropped, 10),
                rate(row.drop_off_rate, row.low, row.high),
                count(row.n),
                "-" if row.day is None else str(row.day),
            )
            for place, row in enumerate(overview.drop_offs[:RANKED], 1)
        ],
        left=3,
    )
    page.hidden(overview.hidden, overview.k)
    return page.text()


def _recent(page: Page, overview: Overview, names: Mapping[str, Names]) -> None:
    page.table(
        "Completion lately: the last four mature weeks against the four before them",
        ("service", "lately", "n", "before", "n"),
        [
            (
                names[line.service].service,
                percent(line.recent_rate),
                _shown(line.recent_n),
                percent(line.earlier_rate),
                _shown(line.earlier_n),
            )
            for line in overview.services
        ],
        left=1,
    )


def _shown(number: int | None) -> str:
    return "-" if number is None else count(number)
