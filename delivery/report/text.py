"""The journey report as text: a plain sentence first, then tables."""

from collections.abc import Sequence

from analysis.journey_report import FunnelStep, JourneyReport, StepRow
from delivery.moments import start_of
from delivery.report.page import Cell, Page, window_sentence
from delivery.report.wording import (
    Names,
    bar,
    count,
    duration,
    interval,
    moment,
    percent,
    rate,
)

SHOWN = 12


def report_text(report: JourneyReport, names: Names) -> str:
    """Write the journey report of one service.

    Args:
        report: What to say.
        names: The service's names in the reader's language.

    Returns:
        Lines of at most 100 columns, ending with a line break.
    """
    page = Page()
    page.title(f"{names.service} - {report.service}")
    page.line(_scope(report))
    page.line(_headline(report, names))
    if report.public_log:
        page.line(
            f"Shown with --public-log and k = {report.k}: for a log that holds nobody's data."
        )
    if not report.journeys.started:
        page.line("No data: no journey started in this selection.")
        return page.text()
    _where_they_stand(page, report)
    _funnel(page, "Where people stop: the steps in their intended order", report.funnel, names)
    if report.outside_funnel:
        page.note(
            f"{count(report.outside_funnel)} journeys never recorded the first step "
            "(they began later on, or in another channel) and are not in this table."
        )
    page.note(
        'The lost here "went no further" than the step; drop-off below belongs to the step people '
        "were last at. The two differ where people go back."
    )
    for route in report.routes:
        _funnel(page, f"Route {route.route}: {count(route.started)} journeys", route.funnel, names)
    _drop_off(page, report, names)
    _groups(page, report, names)
    _trend(page, report)
    _moves(page, report, names)
    _variants(page, report, names)
    _times(page, report)
    _notes(page, report)
    return page.text()


def _scope(report: JourneyReport) -> str:
    chosen = ", ".join(f"{name} = {value}" for name, value in report.where.items())
    return (
        f"As of {moment(start_of(report.as_of))} (Helsinki), log position "
        f"{count(report.position)}. {window_sentence(report.window.from_, report.window.to)}"
        + (f" Only {chosen}." if chosen else "")
    )


def _headline(report: JourneyReport, names: Names) -> str:
    journeys, done = report.journeys, report.completion
    if not journeys.started:
        return ""
    lost = journeys.cancelled + journeys.expired + journeys.abandoned
    counted = (
        f"Of {count(journeys.started)} journeys, {count(journeys.succeeded)} succeeded, "
        f"{count(journeys.refused)} were refused, {count(lost)} were lost and "
        f"{count(journeys.open)} are still open."
    )
    if done.rate is None:
        said = f"A completion rate cannot be given yet: {done.note}."
    else:
        said = (
            f"{percent(done.rate)} complete within {done.day} days "
            f"(95 % interval {interval(done.low, done.high)}, n = {count(done.n)})."
        )
    worst = max(report.steps, key=lambda row: row.dropped, default=None)
    if worst is None or not worst.dropped:
        return f"{said} {counted}"
    return f"{said} {counted} Most are lost at {names.step(worst.step)} ({count(worst.dropped)})."


def _where_they_stand(page: Page, report: JourneyReport) -> None:
    journeys = report.journeys
    rows = [
        (
            outcome,
            count(number),
            percent(number / journeys.started),
            bar(number / journeys.started, 30),
        )
        for outcome, number in (
            ("succeeded", journeys.succeeded),
            ("refused (counts as completed)", journeys.refused),
            ("cancelled", journeys.cancelled),
            ("expired", journeys.expired),
            ("abandoned", journeys.abandoned),
            ("still open", journeys.open),
        )
    ]
    page.table("Where the journeys stand", ("outcome", "journeys", "share", ""), rows, left=1)
    page.note(
        f"Of the open ones, {count(journeys.broken_promise)} have waited for the city longer than "
        f"it promises. {count(journeys.resurrected)} came back after they had been given up, "
        f"{count(journeys.cancelled_afterwards)} were cancelled after they had completed."
    )


def _funnel(page: Page, heading: str, funnel: Sequence[FunnelStep], names: Names) -> None:
    page.table(
        heading,
        ("step", "reached", "", "of entry", "95 %", "lost", "open", "finished", "typical time"),
        [_funnel_row(step, names) for step in funnel],
        left=1,
    )


def _funnel_row(step: FunnelStep, names: Names) -> tuple[Cell, ...]:
    if not isinstance(step.lost, int):
        return (f"{names.step(step.step)} (opt.)", count(step.reached), *("",) * 7)
    share = step.of_entry if isinstance(step.of_entry, float) else None
    low = step.low if isinstance(step.low, float) else None
    high = step.high if isinstance(step.high, float) else None
    median = step.median_s if isinstance(step.median_s, float) else None
    return (
        names.step(step.step),
        count(step.reached),
        bar(share, 10),
        percent(share),
        interval(low, high),
        count(step.lost),
        count(step.open if isinstance(step.open, int) else 0),
        count(step.finished if isinstance(step.finished, int) else 0),
        duration(median),
    )


def _drop_off(page: Page, report: JourneyReport, names: Names) -> None:
    page.table(
        "Drop-off: of those who enter a step, who is lost with it as the last thing they did",
        ("step", "entered", "lost", "drop-off rate (95 %)", "n", "day", "of all", "open", "stay"),
        [
            (
                names.step(row.step),
                count(row.entered),
                "" if _of_the_city(row) else count(row.dropped),
                rate(row.drop_off_rate, row.low, row.high, row.note),
                "" if _of_the_city(row) else count(row.n),
                "" if row.day is None else str(row.day),
                "" if _of_the_city(row) else percent(row.contribution),
                count(row.open),
                duration(row.median_s),
            )
            for row in report.steps
        ],
        left=1,
    )
    if report.before_first_step:
        page.note(
            f"{count(report.before_first_step)} more were lost before the customer's first step."
        )
    causes = [
        f"{names.step(row.step)}: "
        + ", ".join(
            f"{count(number)} {cause}"
            for cause, number in (
                ("abandoned", row.causes.abandoned),
                ("expired", row.causes.expired),
                ("cancelled", row.causes.cancelled),
            )
            if number
        )
        for row in sorted(report.steps, key=lambda row: -row.dropped)[:3]
        if row.dropped
    ]
    if causes:
        page.note(f"How they ended: {'; '.join(causes)}.")


def _of_the_city(row: StepRow) -> bool:
    return row.note == "not a customer step"


def _groups(page: Page, report: JourneyReport, names: Names) -> None:
    if report.by.attribute is None:
        return
    page.table(
        f"By {report.by.attribute} (at first touch)",
        (
            report.by.attribute,
            "started",
            "completed",
            "lost",
            "open",
            "completion (95 %)",
            "n",
            "day",
        ),
        [
            (
                group.value,
                count(group.started),
                count(group.completed),
                count(group.lost),
                count(group.open),
                rate(group.rate, group.low, group.high, group.note),
                count(group.n),
                "" if group.day is None else str(group.day),
            )
            for group in report.by.groups
        ],
        left=1,
    )
    page.table(
        f"Drop-off by {report.by.attribute}",
        (report.by.attribute, "step", "entered", "lost", "drop-off rate (95 %)", "n", "day"),
        [
            (
                group.value,
                names.step(step.step),
                count(step.entered),
                count(step.dropped),
                rate(step.drop_off_rate, step.low, step.high, step.note),
                count(step.n),
                "" if step.day is None else str(step.day),
            )
            for group in report.by.groups
            for step in group.steps
        ],
        left=2,
    )


def _trend(page: Page, report: JourneyReport) -> None:
    weeks = report.trend
    shown = weeks[-SHOWN - 4 :]
    page.table(
        f"Completion by week of start, the latest {len(shown)} of {len(weeks)} weeks",
        ("week", "started", "completed so far", "by the horizon (95 %)", ""),
        [
            (
                week.week,
                count(week.started),
                count(week.completed),
                rate(week.rate, week.low, week.high, week.note),
                bar(week.rate, 20) if week.rate is not None else "",
            )
            for week in shown
        ],
        left=1,
    )


def _moves(page: Page, report: JourneyReport, names: Names) -> None:
    page.table(
        f"From step to step, the {min(SHOWN, len(report.transitions))} most frequent of "
        f"{len(report.transitions)}",
        ("from", "to", "journeys moved", "median", "90 % within"),
        [
            (
                names.step(move.from_),
                names.step(move.to),
                count(move.count),
                duration(move.median_s),
                duration(move.p90_s),
            )
            for move in report.transitions[:SHOWN]
        ],
        left=2,
    )


def _variants(page: Page, report: JourneyReport, names: Names) -> None:
    shown = report.variants[:6]
    covered = sum(variant.share or 0.0 for variant in shown)
    page.table(
        f"Paths really walked: the {len(shown)} most frequent of {count(report.variants_total)} "
        f"cover {percent(covered)}",
        ("journeys", "share", "path"),
        [
            (
                count(variant.count),
                percent(variant.share),
                " > ".join(names.step(step) for step in variant.steps),
            )
            for variant in shown
        ],
        left=0,
    )


def _times(page: Page, report: JourneyReport) -> None:
    page.table(
        "Time of completed journeys, and whose it was",
        ("", "median", "90 % within", "n"),
        [
            (whose, duration(spent.median_s), duration(spent.p90_s), count(spent.n))
            for whose, spent in (
                ("start to outcome", report.time.total),
                ("with the customer", report.time.customer),
                ("waiting for the city", report.time.city),
            )
        ],
        left=1,
    )


def _notes(page: Page, report: JourneyReport) -> None:
    page.line("\nAbout the data")
    page.note(
        f"{count(report.touchpoints)} touchpoints; {count(report.unlinked)} belong to no journey, "
        f"{count(report.unmapped)} have a name that the definition does not cover."
    )
    if report.unmapped_names:
        told = ", ".join(f"{row.name} ({count(row.touchpoints)})" for row in report.unmapped_names)
        page.note(f"Names without a meaning: {told}.")
    if report.assumed_deadlines:
        page.note(
            "Assumed, for want of a deadline in the definition: 14 days of silence at "
            f"{', '.join(report.assumed_deadlines)}."
        )
    page.hidden(report.hidden, report.k)
