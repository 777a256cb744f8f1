"""The overview of all services as text."""

from collections.abc import Mapping

from analysis.journey_report import Overview
from delivery.moments import start_of
from delivery.report.page import Page, window_sentence
from delivery.report.wording import (
    Names,
    bar,
    count,
    counted,
    duration,
    endings,
    interval,
    moment,
    percent,
    rate,
    told,
)

RANKED = 12


def overview_text(overview: Overview, names: Mapping[str, Names]) -> str:
    """Write the overview of all services and the city's drop-off ranking."""
    drafts = {line.service for line in overview.services if line.draft}
    called = {
        key: f"{own.service} (draft)" if key in drafts else own.service
        for key, own in names.items()
    }
    words = endings(draft=bool(drafts))
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
        f"{counted(started, 'journey')} started at "
        f"{counted(len(overview.services), 'service')}; "
        f"{told(lost, words.were_lost)}, {told(still, 'are still open')}."
    )
    if drafts:
        page.note(
            f'Draft services: nobody has confirmed yet how their journeys end. "{words.lost}" are '
            f"journeys that were lost or, at a draft, {words.abandoned}. "
            f"Hint: see the top of polku report {min(drafts)}"
        )
    page.table(
        "How the services do",
        (
            "service",
            "started",
            words.lost,
            "open",
            "complete",
            "95 % interval",
            "by day",
            "typically",
        ),
        [
            (
                called[line.service],
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
        f"the median time to that. Open journeys are not counted as {words.lost}."
    )
    _recent(page, overview, called)
    page.table(
        words.ranking,
        ("", "service", "step", words.lost, "", words.rate, "n", "day"),
        [
            (
                f"{place}.",
                called[row.service],
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


def _recent(page: Page, overview: Overview, called: Mapping[str, str]) -> None:
    page.table(
        "Completion lately: the last four mature weeks against the four before them",
        ("service", "lately", "n", "before", "n"),
        [
            (
                called[line.service],
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
