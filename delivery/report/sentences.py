"""The sentences of the reports, the same on every kind of page."""

from collections.abc import Mapping, Sequence

from analysis.journey_report import Completion, JourneyReport, Variant, Window
from analysis.likeness import Likeness, likenesses
from delivery.moments import start_of
from delivery.report.endings import OUTCOMES, Endings
from delivery.report.language import Language, marked, marked_plural
from delivery.report.wording import Names, readable

_NO_COMPLETION_RATE = {
    "too few": marked("A completion rate cannot be given yet: too few journeys."),
    "too young": marked("A completion rate cannot be given yet: the journeys are too young."),
}
_HIDDEN = {
    "by": marked_plural("{n} group", "{n} groups"),
    "by_funnel": marked_plural("{n} step of a group's funnel", "{n} steps of groups' funnels"),
    "by_time": marked_plural("{n} group's times", "{n} groups' times"),
    "by_steps": marked_plural("{n} step of a group", "{n} steps of groups"),
    "channels": marked_plural("{n} row of channels", "{n} rows of channels"),
    "comparison": marked_plural("{n} row beside other journeys", "{n} rows beside other journeys"),
    "drop_offs": marked_plural("{n} drop-off point", "{n} drop-off points"),
    "ends": marked_plural("{n} way to end", "{n} ways to end"),
    "funnel": marked_plural("{n} step of the funnel", "{n} steps of the funnel"),
    "next": marked_plural("{n} count of what came next", "{n} counts of what came next"),
    "next_events": marked_plural("{n} contact elsewhere", "{n} contacts elsewhere"),
    "quality": marked_plural("{n} figure about the data", "{n} figures about the data"),
    "route_funnels": marked_plural("{n} step of a route", "{n} steps of routes"),
    "routes": marked_plural("{n} route", "{n} routes"),
    "services": marked_plural("{n} service", "{n} services"),
    "starts": marked_plural("{n} way to begin", "{n} ways to begin"),
    "steps": marked_plural("{n} step", "{n} steps"),
    "time": marked_plural("{n} table of times", "{n} tables of times"),
    "transitions": marked_plural("{n} move from step to step", "{n} moves from step to step"),
    "trend": marked_plural("{n} week", "{n} weeks"),
    "unmapped_names": marked_plural("{n} unmapped name", "{n} unmapped names"),
    "variants": marked_plural("{n} path", "{n} paths"),
    "weeks": marked_plural("{n} stretch of four weeks", "{n} stretches of four weeks"),
}
"""By the lists of the report that something can be left out of."""

_HIDDEN_ROWS = marked_plural("{n} row of {list}", "{n} rows of {list}")


def scope(
    as_of: str, position: int, window: Window, language: Language, where: Mapping[str, str]
) -> str:
    """Say what a report is about: its two clocks, which journeys, and which of those."""
    seen = language.text(
        "As of {moment} (Helsinki), log position {position}.",
        moment=language.moment(start_of(as_of)),
        position=position,
    )
    only = conditions_sentence(where, language)
    return " ".join(filter(None, (seen, window_sentence(window, language), only)))


def conditions_sentence(where: Mapping[str, str], language: Language) -> str:
    """Say what the journeys have in common that were asked for; nothing without a condition."""
    if not where:
        return ""
    chosen = readable(", ".join(f"{name} = {value}" for name, value in where.items()))
    return language.text("Only {conditions}.", conditions=chosen)


def window_sentence(window: Window, language: Language) -> str:
    """Say which journey starts are selected."""
    first = "" if window.from_ is None else language.moment(start_of(window.from_))
    last = "" if window.to is None else language.moment(start_of(window.to))
    if first and last:
        return language.text("Journeys started from {first} until {last}.", first=first, last=last)
    if first:
        return language.text("Journeys started from {first}.", first=first)
    if last:
        return language.text("Journeys started until {last}.", last=last)
    return language.text("All journeys.")


def draft_sentence(service: str, language: Language) -> str:
    """Say at the top of a drafted service's report what it is and how to mend it."""
    return language.text(
        "Draft: nobody has confirmed yet how these journeys end. Which succeeded is a guess; "
        '"stopped" are those that ended without a known outcome, were cancelled or expired. To '
        "mend that, edit the definition of {service}: check the order of its steps and who acts in "
        "them, sort the outcomes, then write outcomes_confirmed: true.",
        service=service,
    )


def headline(report: JourneyReport, names: Names, words: Endings, language: Language) -> str:
    """Say in a few sentences how a service does; nothing where no journey started."""
    journeys = report.journeys
    if not journeys.started:
        return ""
    declared = journeys.cancelled + journeys.expired
    lost = [language.plural(*words.were_lost, declared + journeys.abandoned)]
    if report.draft:
        lost = [language.plural(*words.fell_silent, journeys.abandoned)]
        if declared:
            lost.append(
                language.plural(
                    "{n} was cancelled or expired", "{n} were cancelled or expired", declared
                )
            )
    parts = [
        language.plural("{n} succeeded", "{n} succeeded", journeys.succeeded),
        language.plural("{n} was refused", "{n} were refused", journeys.refused),
        *lost,
        language.plural("{n} is still open", "{n} are still open", journeys.open),
    ]
    said = [
        _completion(report.completion, language),
        language.plural(
            "Of {n} journey, {parts}.",
            "Of {n} journeys, {parts}.",
            journeys.started,
            parts=language.listed(parts),
        ),
    ]
    worst = max(report.steps, key=lambda row: row.dropped, default=None)
    if worst is not None and worst.dropped:
        said.append(language.text(words.most, step=names.step(worst.step), n=worst.dropped))
    return " ".join(said)


def _completion(done: Completion, language: Language) -> str:
    if done.rate is None or done.day is None:
        why = _NO_COMPLETION_RATE["too young" if done.note == "too young" else "too few"]
        return language.text(why)
    return language.plural(
        "{share} complete within {n} day (95 % interval {interval}, n = {entries}).",
        "{share} complete within {n} days (95 % interval {interval}, n = {entries}).",
        done.day,
        share=language.percent(done.rate),
        interval=language.interval(done.low, done.high),
        entries=done.n,
    )


def no_data(language: Language) -> str:
    """Say that there is nothing to report."""
    return language.text("No data: no journey started in this selection.")


def public_log(k: int, language: Language) -> str:
    """Say that less is hidden than usually."""
    return language.text(
        "Shown with --public-log and k = {k}: for a log that holds nobody's data.", k=k
    )


def waiting_and_back(report: JourneyReport, words: Endings, language: Language) -> str:
    """Say how many open journeys wait for the city too long, and how many changed their end."""
    journeys = report.journeys
    waiting = language.plural(
        "Of the open ones, {n} has waited for the city longer than it promises.",
        "Of the open ones, {n} have waited for the city longer than it promises.",
        journeys.broken_promise,
    )
    back = language.plural(*words.taken_back, journeys.resurrected)
    afterwards = language.plural(
        "{n} was cancelled after it had completed",
        "{n} were cancelled after they had completed",
        journeys.cancelled_afterwards,
    )
    return f"{waiting} {back}, {afterwards}."


_ORDERS = {
    "strict": marked(
        "The steps count only right after each other; optional steps may lie between."
    ),
    "any": marked("A step counts with all required steps before it, whichever came first."),
}


def funnel_rules(report: JourneyReport, names: Names, language: Language) -> str:
    """Say how the funnels were asked for, where that is not as usual."""
    options = report.funnel_options
    said = [language.text(_ORDERS[options.order])] if options.order in _ORDERS else []
    if options.window_s is not None:
        window = language.text(
            "From the first step to the last at most {window}.",
            window=language.duration(options.window_s),
        )
        said.append(window)
    if options.complete_p95_s is not None:
        usual = language.text(
            "Without that limit, 95 % of those who came all the way took at most {time}.",
            time=language.duration(options.complete_p95_s),
        )
        said.append(usual)
    if options.stop:
        steps = ", ".join(names.step(step) for step in options.stop)
        said.append(language.text("These steps end a way through: {steps}.", steps=steps))
    if options.remove:
        steps = ", ".join(names.step(step) for step in options.remove)
        said.append(
            language.plural(
                "{n} journey is left out as it came to these steps: {steps}.",
                "{n} journeys are left out as they came to these steps: {steps}.",
                options.removed,
                steps=steps,
            )
        )
    return " ".join(said)


def outside_funnel(number: int, language: Language) -> str:
    """Say how many journeys a funnel leaves out."""
    return language.plural(
        "{n} journey never recorded the first step (begun later on, or in another channel) and is "
        "not in this table.",
        "{n} journeys never recorded the first step (begun later on, or in another channel) and "
        "are not in this table.",
        number,
    )


def causes(report: JourneyReport, names: Names, words: Endings, language: Language) -> str:
    """Say how the journeys ended that were lost at the worst steps; nothing where none was."""
    told = [
        f"{names.step(row.step)}: "
        + ", ".join(
            language.plural(*sentence, number)
            for sentence, number in (
                (words.fell_silent, row.causes.abandoned),
                (marked_plural("{n} expired", "{n} expired"), row.causes.expired),
                (marked_plural("{n} cancelled", "{n} cancelled"), row.causes.cancelled),
            )
            if number
        )
        for row in sorted(report.steps, key=lambda row: -row.dropped)[:3]
        if row.dropped
    ]
    return language.text("How they ended: {causes}.", causes="; ".join(told)) if told else ""


def which_paths(shown: Sequence[Variant], total: int, language: Language) -> str:
    """Head the paths: which of them are shown, and what they cover where enough are known."""
    if len(shown) == total:
        return language.text("Paths really walked")
    shares = [variant.share for variant in shown if variant.share is not None]
    if not shares:
        return language.plural(
            "Paths really walked: the most frequent of {all}",
            "Paths really walked: the {n} most frequent of {all}",
            len(shown),
            all=total,
        )
    return language.plural(
        "Paths really walked: the most frequent of {all} covers {share}",
        "Paths really walked: the {n} most frequent of {all} cover {share}",
        len(shown),
        all=total,
        share=language.percent(sum(shares)),
    )


def about_the_data(report: JourneyReport, names: Names, language: Language) -> list[str]:
    """Say what the numbers rest on, and what could not be used."""
    touchpoints = language.plural("{n} touchpoint", "{n} touchpoints", report.touchpoints)
    unlinked = language.plural(
        "{n} belongs to no journey", "{n} belong to no journey", report.unlinked
    )
    unmapped = language.plural(
        "{n} has a name that the definition does not cover",
        "{n} have a name that the definition does not cover",
        report.unmapped,
    )
    said = [f"{touchpoints}; {unlinked}, {unmapped}."]
    if report.unmapped_names:
        like = likenesses((row.name for row in report.unmapped_names), names.newest)
        strays = ", ".join(
            _stray(row.name, row.touchpoints, like.get(row.name), names, language)
            for row in report.unmapped_names
        )
        said.append(language.text("Names without a meaning: {names}.", names=strays))
    if report.assumed_deadlines:
        said.append(
            language.text(
                "Assumed, for want of a deadline in the definition: 14 days of silence at {steps}.",
                steps=", ".join(report.assumed_deadlines),
            )
        )
    return said


def _stray(name: str, number: int, like: Likeness | None, names: Names, language: Language) -> str:
    name = readable(name)
    if like is None:
        return f"{name} ({language.count(number)})"
    if like.step is None:
        outcome = language.text(OUTCOMES[str(like.outcome)])
        return language.text(
            "{name} ({n}, like the outcome {outcome})", name=name, n=number, outcome=outcome
        )
    return language.text(
        "{name} ({n}, like the step {step})", name=name, n=number, step=names.step(like.step)
    )


def hidden_sentence(hidden: Mapping[str, int], k: int, language: Language) -> str:
    """Say what is left out since too few people share it; nothing where nothing is."""
    told = [
        language.plural(*_HIDDEN.get(what, _HIDDEN_ROWS), rows, list=what)
        for what, rows in hidden.items()
        if rows
    ]
    if not told:
        return ""
    return language.text(
        "Left out because fewer than {k} people share them: {rows}.", k=k, rows=", ".join(told)
    )
