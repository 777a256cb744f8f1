"""The list of journeys as a page in HTML, with a time line of each."""

from collections.abc import Mapping

from analysis.listing import JourneyList, ListedJourney
from delivery.moments import start_of
from delivery.report.endings import Endings, endings
from delivery.report.html import html_of
from delivery.report.html_parts import Block, Entry, How, HtmlPage, Section, Sign, table
from delivery.report.language import Language
from delivery.report.listing import (
    asked_for,
    draft_of_list,
    facts_of,
    how_many,
    how_many_rare,
    rare_path,
    step_signs,
)
from delivery.report.time_line import TimeLine, time_line
from delivery.report.time_line_svg import end_svg, line_svg, step_svg, turn_svg
from delivery.report.time_line_text import ENDS
from delivery.report.wording import Names

_SPOKEN = 12
"""Visits that a picture names to who does not see it; the table below it has them all."""


def listing_html(answer: JourneyList, names: Names, language: Language) -> str:
    """Write the list of journeys as HTML."""
    say, words = language.text, endings(draft=answer.draft)
    draft = draft_of_list(answer, language)
    sections = (_lines(answer, names, words, language),) if answer.journeys else ()
    return html_of(
        HtmlPage(
            kind=say("Journeys"),
            title=names.service,
            key=answer.service,
            scope=asked_for(answer, names, language),
            as_of=language.moment(start_of(answer.as_of)),
            position=language.count(answer.position),
            warnings=(draft,) if draft else (),
            lead=how_many(answer, language),
            tiles=(),
            sections=sections,
            footnotes=(),
        ),
        language,
    )


def _lines(answer: JourneyList, names: Names, words: Endings, language: Language) -> Section:
    say = language.text
    signs = step_signs(answer, names)
    heading = say("Time lines")
    block = Block(
        say("One line for each journey"),
        How(
            say(
                "From the first touchpoint to the end, of an open journey to the as-of moment, "
                "each line at its own scale. A visit stands where it began. Visits too close "
                "together for the scale stand side by side, and so do those after the end."
            ),
            say("n: the {n} journeys that were asked for.", n=answer.total),
            say(
                "The order is that of their starts, the latest first; those whose path too few "
                "people share stand behind the others of their week. Names of journeys are "
                "pseudonyms."
            ),
        ),
        lines=tuple(filter(None, (how_many_rare(answer, language),))),
        signs=_signs(answer, signs, names, words, language) if signs else (),
        entries=tuple(
            _entry(journey, answer, signs, names, language) for journey in answer.journeys
        ),
    )
    return Section("journeys", heading, (block,))


def _signs(
    answer: JourneyList,
    signs: Mapping[str, str],
    names: Names,
    words: Endings,
    language: Language,
) -> tuple[Sign, ...]:
    say = language.text
    seen = {journey.outcome for journey in answer.journeys if journey.visits is not None}
    return (
        *(Sign(step_svg(sign), names.step(step)) for step, sign in signs.items()),
        Sign(turn_svg("customer"), say("the customer's turn")),
        Sign(turn_svg("city"), say("the city's turn")),
        *(
            Sign(end_svg(outcome), words.stands(outcome, language))
            for outcome in ENDS
            if outcome in seen
        ),
    )


def _entry(
    journey: ListedJourney,
    answer: JourneyList,
    signs: Mapping[str, str],
    names: Names,
    language: Language,
) -> Entry:
    say, words = language.text, endings(draft=answer.draft)
    facts = tuple(facts_of(journey, answer.as_of, words, language))
    line = time_line(journey, as_of=answer.as_of)
    if line is None:
        return Entry((*facts, rare_path(language)))
    turns = {"customer": say("the customer's turn"), "city": say("the city's turn"), None: ""}
    stands = words.stands(journey.outcome, language)
    rows = [
        (
            stands if mark.step is None else names.step(mark.step),
            language.duration(mark.at_s),
            turns[mark.turn],
        )
        for mark in line.marks
    ]
    steps = table(
        say("The visits of this journey and where it stands"),
        (say("step"), say("after"), say("then it is")),
        rows,
        language,
        last_is_words=True,
    )
    picture = line_svg(
        line,
        outcome=journey.outcome,
        signs=signs,
        says=_spoken(line, stands, names, language),
        language=language,
    )
    return Entry(facts, picture, steps, say("Visit by visit"))


def _spoken(line: TimeLine, stands: str, names: Names, language: Language) -> str:
    """Say what a time line shows to who does not see it."""
    told = [
        language.text(
            "{step} after {duration}",
            step=names.step(mark.step),
            duration=language.duration(mark.at_s),
        )
        for mark in line.marks
        if mark.step is not None
    ]
    more = len(told) - _SPOKEN
    if more > 0:
        rest = language.plural("{n} more visit", "{n} more visits", more)
        told = [*told[:_SPOKEN], rest]
    end = language.text(
        "{stands} after {duration}", stands=stands, duration=language.duration(line.length_s)
    )
    if not told:
        return language.text("Time line: {end}.", end=end)
    return language.text("Time line: {visits}. {end}.", visits=", ".join(told), end=end)
