"""The list of journeys behind a number, on a page and as CSV."""

import msgspec

from analysis.listing import JourneyList, ListedJourney
from delivery.moments import start_of
from delivery.report.endings import Endings, endings
from delivery.report.language import Language
from delivery.report.machine import PATH_SEPARATOR, rows_csv
from delivery.report.page import Cell, Leaf, Page
from delivery.report.wording import Names


def listing_text(answer: JourneyList, names: Names, language: Language) -> str:
    """Write the list as plain text, with how long each journey took."""
    return written_listing(Page(), answer, names, language)


def written_listing(page: Leaf, answer: JourneyList, names: Names, language: Language) -> str:
    """Write the list on a page; its text."""
    say = language.text
    words = endings(draft=answer.draft)
    page.title(say("{service} - journeys", service=names.service))
    page.line(_how_many(answer, language))
    if answer.draft:
        page.line(
            say(
                "Draft: nobody has confirmed yet how journeys end here; what stands below is a "
                "guess. Hint: see the top of {command}",
                command=f"polku report {answer.service}",
            )
        )
    if answer.rare:
        page.line(
            language.plural(
                "{n} walked a path that fewer than {k} people share: of it only outcome and week "
                "are shown.",
                "{n} walked a path that fewer than {k} people share: of those only outcome and "
                "week are shown.",
                answer.rare,
                k=answer.k,
            )
        )
    page.table(
        "",
        (say("week"), say("stands"), say("journey"), say("took"), say("path")),
        [_row(journey, names, words, language) for journey in answer.journeys],
        left=5,
    )
    return page.text()


def _how_many(answer: JourneyList, language: Language) -> str:
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


def _row(
    journey: ListedJourney, names: Names, words: Endings, language: Language
) -> tuple[Cell, ...]:
    return (
        language.week(journey.week),
        words.stands(journey.outcome, language),
        "" if journey.journey is None else journey.journey[:8],
        _took(journey.started_at, journey.ended_at, language),
        language.text("(rare)")
        if journey.steps is None
        else PATH_SEPARATOR.join(names.step(step) for step in journey.steps),
    )


def listing_csv(answer: JourneyList) -> str:
    """Write the list as CSV."""
    return rows_csv(
        [
            {
                **msgspec.to_builtins(journey),
                "steps": "" if journey.steps is None else PATH_SEPARATOR.join(journey.steps),
            }
            for journey in answer.journeys
        ]
    )


def _took(start: str | None, end: str | None, language: Language) -> str:
    if start is None or end is None:
        return ""
    return language.duration((start_of(end) - start_of(start)).total_seconds())
