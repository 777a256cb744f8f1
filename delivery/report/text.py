"""The journey report as text: a plain sentence first, then tables."""

from collections.abc import Sequence

from analysis.journey_report import FunnelStep, JourneyReport, StepRow, Variant
from analysis.likeness import Likeness, likenesses
from delivery.moments import start_of
from delivery.report.page import Cell, Page, window_sentence
from delivery.report.wording import (
    Endings,
    Names,
    agree,
    bar,
    count,
    counted,
    duration,
    endings,
    interval,
    moment,
    percent,
    rate,
    titled,
    told,
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
    words = endings(draft=report.draft)
    page = Page()
    page.title(titled(names.service, report.service))
    _draft(page, report)
    page.line(_scope(report))
    page.line(_headline(report, names, words))
    if report.public_log:
        page.line(
            f"Shown with --public-log and k = {report.k}: for a log that holds nobody's data."
        )
    if not report.journeys.started:
        page.line("No data: no journey started in this selection.")
        return page.text()
    _where_they_stand(page, report, words)
    heading = "Where people stop: the steps in their intended order"
    _funnel(page, heading, report.funnel, names, words)
    if report.outside_funnel:
        page.note(
            f"{counted(report.outside_funnel, 'journey')} never recorded the first step "
            "(begun later on, or in another channel) and "
            f"{agree(report.outside_funnel, 'are')} not in this table."
        )
    page.note(
        f'The {words.lost} here "went no further" than the step; further down they belong to the '
        "step they were last at. The two differ where people go back."
    )
    for route in report.routes:
        heading = f"Route {route.route}: {counted(route.started, 'journey')}"
        _funnel(page, heading, route.funnel, names, words)
    _drop_off(page, report, names, words)
    _groups(page, report, names, words)
    _trend(page, report)
    _moves(page, report, names)
    _variants(page, report, names)
    _times(page, report)
    _notes(page, report, names)
    return page.text()


def _draft(page: Page, report: JourneyReport) -> None:
    if report.draft:
        page.note(
            "Draft: nobody has confirmed yet how these journeys end. Which succeeded is a guess; "
            '"stopped" are those that ended without a known outcome, were cancelled or expired. To '
            f"mend that, edit the definition of {report.service}: check the order of its steps and "
            "who acts in them, sort the outcomes, then write outcomes_confirmed: true."
        )


def _scope(report: JourneyReport) -> str:
    chosen = ", ".join(f"{name} = {value}" for name, value in report.where.items())
    return (
        f"As of {moment(start_of(report.as_of))} (Helsinki), log position "
        f"{count(report.position)}. {window_sentence(report.window.from_, report.window.to)}"
        + (f" Only {chosen}." if chosen else "")
    )


def _headline(report: JourneyReport, names: Names, words: Endings) -> str:
    journeys, done = report.journeys, report.completion
    if not journeys.started:
        return ""
    declared = journeys.cancelled + journeys.expired
    lost = told(declared + journeys.abandoned, words.were_lost)
    if report.draft:
        lost = f"{count(journeys.abandoned)} {words.abandoned}"
        lost += f", {told(declared, 'were cancelled or expired')}" if declared else ""
    stand = (
        f"Of {counted(journeys.started, 'journey')}, {count(journeys.succeeded)} succeeded, "
        f"{told(journeys.refused, 'were refused')}, {lost} and "
        f"{told(journeys.open, 'are still open')}."
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
        return f"{said} {stand}"
    most = f"Most {words.are_lost} at {names.step(worst.step)} ({count(worst.dropped)})."
    return f"{said} {stand} {most}"


def _where_they_stand(page: Page, report: JourneyReport, words: Endings) -> None:
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
            (words.abandoned, journeys.abandoned),
            ("still open", journeys.open),
        )
    ]
    page.table("Where the journeys stand", ("outcome", "journeys", "share", ""), rows, left=1)
    page.note(
        f"Of the open ones, {told(journeys.broken_promise, 'have waited')} for the city longer "
        f"than it promises. {count(journeys.resurrected)} {words.taken_back}, "
        f"{told(journeys.cancelled_afterwards, 'were cancelled')} after they had completed."
    )


def _funnel(
    page: Page, heading: str, funnel: Sequence[FunnelStep], names: Names, words: Endings
) -> None:
    page.table(
        heading,
        ("step", "reached", "", "of entry", "95 %", words.lost, "open", "finished", "typical time"),
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


def _drop_off(page: Page, report: JourneyReport, names: Names, words: Endings) -> None:
    rate_head = f"{words.rate} (95 %)"
    page.table(
        f"{words.drop_off}: of those who enter a step, those who {words.are_lost} with it as the "
        "last thing they did",
        ("step", "entered", words.lost, rate_head, "n", "day", "of all", "open", "stay"),
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
            f"{count(report.before_first_step)} more "
            f"{agree(report.before_first_step, words.are_lost)} before the customer's first step."
        )
    causes = [
        f"{names.step(row.step)}: "
        + ", ".join(
            f"{count(number)} {cause}"
            for cause, number in (
                (words.abandoned, row.causes.abandoned),
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


def _groups(page: Page, report: JourneyReport, names: Names, words: Endings) -> None:
    if report.by.attribute is None:
        return
    page.table(
        f"By {report.by.attribute} (at first touch)",
        (
            report.by.attribute,
            "started",
            "completed",
            words.lost,
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
        f"{words.drop_off} by {report.by.attribute}",
        (report.by.attribute, "step", "entered", words.lost, f"{words.rate} (95 %)", "n", "day"),
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
        "Completion by week of start"
        + ("" if shown == weeks else f", the latest {len(shown)} of {len(weeks)} weeks"),
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
    total = len(report.transitions)
    page.table(
        "From step to step"
        + (f", the {SHOWN} most frequent of {count(total)}" if total > SHOWN else ""),
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
    page.table(
        f"Paths really walked{_which_paths(shown, report.variants_total)}",
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


def _which_paths(shown: Sequence[Variant], total: int) -> str:
    """Say which of the paths are shown, and what they cover where journeys are enough to tell."""
    if len(shown) == total:
        return ""
    number, verb = ("", "covers") if len(shown) == 1 else (f"{len(shown)} ", "cover")
    shares = [variant.share for variant in shown if variant.share is not None]
    covered = f" {verb} {percent(sum(shares))}" if shares else ""
    return f": the {number}most frequent of {count(total)}{covered}"


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


def _notes(page: Page, report: JourneyReport, names: Names) -> None:
    page.line("\nAbout the data")
    page.note(
        f"{counted(report.touchpoints, 'touchpoint')}; "
        f"{told(report.unlinked, 'belong to no journey')}, "
        f"{told(report.unmapped, 'have a name')} that the definition does not cover."
    )
    if report.unmapped_names:
        like = likenesses((row.name for row in report.unmapped_names), names.newest)
        strays = ", ".join(
            f"{row.name} ({count(row.touchpoints)}{_like(like.get(row.name), names)})"
            for row in report.unmapped_names
        )
        page.note(f"Names without a meaning: {strays}.")
    if report.assumed_deadlines:
        page.note(
            "Assumed, for want of a deadline in the definition: 14 days of silence at "
            f"{', '.join(report.assumed_deadlines)}."
        )
    page.hidden(report.hidden, report.k)


def _like(likeness: Likeness | None, names: Names) -> str:
    if likeness is None:
        return ""
    if likeness.step is None:
        return f", like the outcome {likeness.outcome}"
    return f", like the step {names.step(likeness.step)}"
