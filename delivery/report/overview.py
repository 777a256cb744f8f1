"""The overview of all services on a page."""

from collections.abc import Mapping

from analysis.journey_report import Overview
from delivery.report.endings import Endings, endings
from delivery.report.language import NOTHING, Language
from delivery.report.page import Leaf, Page, Tabled
from delivery.report.sentences import hidden_sentence, scope
from delivery.report.wording import Names, bar

RANKED = 12


def overview_text(overview: Overview, names: Mapping[str, Names], language: Language) -> str:
    """Write the overview of all services and the city's drop-off ranking as plain text."""
    return written_overview(Page(), overview, names, language)


def written_overview(
    page: Leaf, overview: Overview, names: Mapping[str, Names], language: Language
) -> str:
    """Write the overview on a page; its text."""
    say = language.text
    called = names_of_services(overview, names, language)
    words = words_of(overview)
    page.title(say("All services"))
    page.line(scope(overview.as_of, overview.position, overview.window, language, {}))
    if not overview.services:
        page.line(say("No data: no journey of any service is recorded in this selection."))
        return page.text()
    page.line(overview_headline(overview, words, language))
    if drafts := drafts_sentence(overview, language):
        page.line(drafts)
    write_services(page, overview, called, words, language)
    page.line(say(words.not_open))
    write_recent(page, overview, called, language)
    write_ranking(page, overview, called, names, words, language)
    if left_out := hidden_sentence(overview.hidden, overview.k, language):
        page.line(left_out)
    return page.text()


def words_of(overview: Overview) -> Endings:
    """Choose the words: of a draft nobody has said yet how its journeys end."""
    return endings(draft=any(line.draft for line in overview.services))


def names_of_services(
    overview: Overview, names: Mapping[str, Names], language: Language
) -> Mapping[str, str]:
    """Name each service; a draft says that it is one."""
    drafts = {line.service for line in overview.services if line.draft}
    return {
        key: language.text("{service} (draft)", service=own.service)
        if key in drafts
        else own.service
        for key, own in names.items()
    }


def drafts_sentence(overview: Overview, language: Language) -> str:
    """Say what drafts are; nothing where there is none."""
    drafts = [line.service for line in overview.services if line.draft]
    if not drafts:
        return ""
    return language.text(
        "Draft services: nobody has confirmed yet how their journeys end. "
        '"stopped" are journeys that were lost or, at a draft, ended without a known '
        "outcome. Hint: see the top of {command}",
        command=f"polku report {min(drafts)}",
    )


def overview_headline(overview: Overview, words: Endings, language: Language) -> str:
    """Say in one sentence how all services do."""
    lost = sum(line.lost for line in overview.services)
    still = sum(line.open for line in overview.services)
    return language.plural(
        "{n} journey started {at_services}; {lost}, {open}.",
        "{n} journeys started {at_services}; {lost}, {open}.",
        sum(line.started for line in overview.services),
        at_services=language.plural("at {n} service", "at {n} services", len(overview.services)),
        lost=language.plural(*words.were_lost, lost),
        open=language.plural("{n} is still open", "{n} are still open", still),
    )


def write_services(
    page: Tabled, overview: Overview, called: Mapping[str, str], words: Endings, language: Language
) -> None:
    """Write one line for each service."""
    say = language.text
    page.table(
        say("How the services do"),
        (
            say("service"),
            say("started"),
            say(words.lost),
            say("open"),
            say("complete"),
            say("95 % interval"),
            say("by day"),
            say("typically"),
        ),
        [
            (
                called[line.service],
                language.count(line.started),
                language.count(line.lost),
                language.count(line.open),
                language.why_no_rate(line.note)
                if line.rate is None and line.note
                else language.percent(line.rate),
                language.interval(line.low, line.high),
                _shown(line.day, language),
                language.duration(line.median_s),
            )
            for line in overview.services
        ],
        left=1,
    )


def write_recent(
    page: Tabled, overview: Overview, called: Mapping[str, str], language: Language
) -> None:
    """Write how the services did lately."""
    say = language.text
    page.table(
        say("Completion lately: the last four mature weeks against the four before them"),
        (say("service"), say("lately"), "n", say("before"), "n"),
        [
            (
                called[line.service],
                language.percent(line.recent_rate),
                _shown(line.recent_n, language),
                language.percent(line.earlier_rate),
                _shown(line.earlier_n, language),
            )
            for line in overview.services
        ],
        left=1,
    )


def write_ranking(  # noqa: PLR0913, PLR0917 - what a page is made from, and the page
    page: Tabled,
    overview: Overview,
    called: Mapping[str, str],
    names: Mapping[str, Names],
    words: Endings,
    language: Language,
    *,
    most: int = RANKED,
) -> None:
    """Write where most journeys are lost, at most so many rows."""
    say = language.text
    rows = overview.drop_offs[:most]
    page.table(
        say(words.ranking),
        ("", say("service"), say("step"), say(words.lost), "", say(words.rate), "n", say("day")),
        [
            (
                f"{place}.",
                called[row.service],
                names[row.service].step(row.step),
                language.count(row.dropped),
                bar(row.dropped / rows[0].dropped, 10),
                language.rate(row.drop_off_rate, row.low, row.high),
                language.count(row.n),
                _shown(row.day, language),
            )
            for place, row in enumerate(rows, 1)
        ],
        left=3,
    )


def _shown(number: int | None, language: Language) -> str:
    return NOTHING if number is None else language.count(number)
