"""The list of journeys behind a number: as text with drawn time lines, on a page and as CSV."""

from collections.abc import Iterator

from analysis.listing import JourneyList, ListedJourney
from delivery.moments import start_of
from delivery.report.endings import Endings, endings
from delivery.report.language import Language
from delivery.report.machine import PATH_SEPARATOR, rows_csv
from delivery.report.page import Cell, Leaf, Page
from delivery.report.sentences import conditions_sentence, window_sentence
from delivery.report.time_line import signs_of, time_line
from delivery.report.time_line_text import CITY, CUSTOMER, ENDS, drawn_line, scale_sentence
from delivery.report.wording import Names

TEXT_WIDTH = 80
"""Columns where nobody says how many there are."""

_INDENT = "  "


def listing_text(
    answer: JourneyList, names: Names, language: Language, *, width: int = TEXT_WIDTH
) -> str:
    """Write the list as plain text: of each journey its facts, and its time line below them."""
    page, words = Page(width), endings(draft=answer.draft)
    _write_head(page, answer, names, language)
    signs = step_signs(answer, names)
    if signs:
        page.heading(language.text("How to read a time line"))
        for sentence in _key(answer, signs, names, words, language):
            page.line(sentence)
    was_rare = False
    for journey in answer.journeys:
        facts = facts_of(journey, answer.as_of, words, language)
        line = time_line(journey, as_of=answer.as_of)
        if line is None:
            told = "  ".join((*facts, rare_path(language)))
            (page.note if was_rare else page.heading)(told)
            was_rare = True
            continue
        was_rare = False
        rows, one_s = drawn_line(
            line, outcome=journey.outcome, signs=signs, room=width - len(_INDENT)
        )
        scale = scale_sentence(one_s, language)
        page.heading("  ".join(filter(None, (*facts, scale and f"({scale})"))))
        for row in rows:
            page.copied(_INDENT + row)
    return page.text()


def written_listing(page: Leaf, answer: JourneyList, names: Names, language: Language) -> str:
    """Write the list on a page, as a table with the path of each journey; its text."""
    say, words = language.text, endings(draft=answer.draft)
    _write_head(page, answer, names, language)
    page.table(
        "",
        (say("week"), say("stands"), say("journey"), say("took"), say("path")),
        [_row(journey, names, words, language) for journey in answer.journeys],
        left=5,
    )
    return page.text()


def listing_csv(answer: JourneyList) -> str:
    """Write the list as CSV, a row a journey."""
    return rows_csv(
        [
            {
                **{
                    name: getattr(journey, name)
                    for name in journey.__struct_fields__
                    if name != "visits"
                },
                "steps": "" if journey.steps is None else PATH_SEPARATOR.join(journey.steps),
            }
            for journey in answer.journeys
        ]
    )


def how_many(answer: JourneyList, language: Language) -> str:
    """Say how many journeys there are, at which moment, and how many of them are listed."""
    shown = len(answer.journeys)
    moment = language.moment(start_of(answer.as_of))
    if shown == answer.total:
        return language.plural(
            "{n} journey as of {moment} (Helsinki), log position {position}.",
            "{n} journeys as of {moment} (Helsinki), log position {position}.",
            answer.total,
            moment=moment,
            position=answer.position,
        )
    return language.plural(
        "{n} journey as of {moment} (Helsinki), log position {position}; the latest {shown} below.",
        "{n} journeys as of {moment} (Helsinki), log position {position}; the latest {shown} "
        "below.",
        answer.total,
        moment=moment,
        position=answer.position,
        shown=shown,
    )


def asked_for(answer: JourneyList, names: Names, language: Language) -> str:
    """Say in sentences which journeys were asked for."""
    say, words = language.text, endings(draft=answer.draft)
    parts = [
        window_sentence(answer.window, language),
        conditions_sentence(answer.where, language),
    ]
    if answer.outcome is not None:
        stands = words.stands(answer.outcome, language)
        parts.append(say("Only those that stand so: {stands}.", stands=stands))
    if answer.dropped_at is not None:
        step = names.step(answer.dropped_at)
        parts.append(
            say(
                "Only those that ended without success after this as the last thing: {step}.",
                step=step,
            )
        )
    if answer.variant is not None:
        path = PATH_SEPARATOR.join(map(names.step, answer.variant))
        parts.append(say("Only those of this path: {path}.", path=path))
    return " ".join(filter(None, parts))


def draft_of_list(answer: JourneyList, language: Language) -> str:
    """Warn of a drafted service; nothing of another."""
    if not answer.draft:
        return ""
    return language.text(
        "Draft: nobody has confirmed yet how journeys end here; what stands below is a "
        "guess. Hint: see the top of {command}",
        command=f"polku report {answer.service}",
    )


def how_many_rare(answer: JourneyList, language: Language) -> str:
    """Say how many journeys have no path here; nothing where all have."""
    if not answer.rare:
        return ""
    return language.plural(
        "{n} walked a path that fewer than {k} people share: of it only outcome and week "
        "are shown.",
        "{n} walked a path that fewer than {k} people share: of those only outcome and "
        "week are shown.",
        answer.rare,
        k=answer.k,
    )


def facts_of(journey: ListedJourney, as_of: str, words: Endings, language: Language) -> list[str]:
    """Say of a journey its week, where it stands, its pseudonym and how long it took."""
    took = _took(journey, language)
    if journey.started_at is not None and journey.ended_at is None:
        so_far = language.duration(_seconds(journey.started_at, as_of))
        took = language.text("{duration} so far", duration=so_far)
    facts = (
        language.week(journey.week),
        words.stands(journey.outcome, language),
        "" if journey.journey is None else journey.journey[:8],
        took,
    )
    return [fact for fact in facts if fact]


def rare_path(language: Language) -> str:
    """What stands in the place of a path that is not shown."""
    return language.text("(rare)")


def step_signs(answer: JourneyList, names: Names) -> dict[str, str]:
    """Give each step of the paths a sign, in the order the service intends."""
    walked = {step for journey in answer.journeys for step in journey.steps or ()}
    steps = [step for step in names.step_keys if step in walked]
    return dict(zip(steps, signs_of([names.step(step) for step in steps]), strict=True))


def _write_head(page: Leaf, answer: JourneyList, names: Names, language: Language) -> None:
    page.title(language.text("{service} - journeys", service=names.service))
    page.line(f"{how_many(answer, language)} {asked_for(answer, names, language)}")
    for sentence in (draft_of_list(answer, language), how_many_rare(answer, language)):
        if sentence:
            page.line(sentence)


def _key(
    answer: JourneyList,
    signs: dict[str, str],
    names: Names,
    words: Endings,
    language: Language,
) -> Iterator[str]:
    say = language.text
    steps = ", ".join(f"{sign} = {names.step(step)}" for step, sign in signs.items())
    yield say("Visits: {steps}.", steps=steps)
    seen = {journey.outcome for journey in answer.journeys if journey.visits is not None}
    ends = ", ".join(
        f"{sign} = {words.stands(outcome, language)}"
        for outcome, sign in ENDS.items()
        if outcome in seen
    )
    yield say("Where it stands: {ends}.", ends=ends)
    yield say(
        "Between them: {customer} the customer's turn, {city} the city's turn.",
        customer=CUSTOMER * 3,
        city=CITY * 3,
    )
    yield say(
        "Each line is drawn to its own scale, which stands above it. Visits too close together for "
        "it stand side by side, and so do those after the end."
    )


def _row(
    journey: ListedJourney, names: Names, words: Endings, language: Language
) -> tuple[Cell, ...]:
    return (
        language.week(journey.week),
        words.stands(journey.outcome, language),
        "" if journey.journey is None else journey.journey[:8],
        _took(journey, language),
        rare_path(language)
        if journey.steps is None
        else PATH_SEPARATOR.join(names.step(step) for step in journey.steps),
    )


def _took(journey: ListedJourney, language: Language) -> str:
    start, end = journey.started_at, journey.ended_at
    if start is None or end is None:
        return ""
    return language.duration(_seconds(start, end))


def _seconds(start: str, end: str) -> float:
    return (start_of(end) - start_of(start)).total_seconds()
