"""The groups of a breakdown, on a page: how they end, where they stop, how far and how long."""

from analysis.journey_report import Breakdown
from delivery.report.circumstances import channel_name, value_name
from delivery.report.endings import Endings
from delivery.report.language import Language
from delivery.report.page import Tabled
from delivery.report.wording import Names


def write_groups(
    page: Tabled, by: Breakdown, names: Names, words: Endings, language: Language
) -> None:
    """Write the tables of a breakdown, if one was asked for."""
    if by.attribute is None:
        return
    attribute = by.attribute
    _ends(page, by, attribute, words, language)
    _drop_off(page, by, attribute, names, words, language)
    _funnel(page, by, attribute, names, language)
    _times(page, by, attribute, language)


def _value(value: str, attribute: str, language: Language) -> str:
    if attribute.partition("@")[0] == "channel":
        return channel_name(value, language)
    return value_name(value, language)


def _ends(page: Tabled, by: Breakdown, attribute: str, words: Endings, language: Language) -> None:
    say = language.text
    heading = say("By {attribute}", attribute=attribute)
    if "@" not in attribute:
        heading = say("By {attribute} (at first touch)", attribute=attribute)
    page.table(
        heading,
        (
            attribute,
            say("started"),
            say("completed"),
            say(words.lost),
            say("open"),
            say("completion (95 %)"),
            "n",
            say("day"),
        ),
        [
            (
                _value(group.value, attribute, language),
                language.count(group.started),
                language.count(group.completed),
                language.count(group.lost),
                language.count(group.open),
                language.rate(group.rate, group.low, group.high, group.note),
                language.count(group.n),
                _day(group.day, language),
            )
            for group in by.groups
        ],
        left=1,
    )


def _drop_off(  # noqa: PLR0913, PLR0917 - what a page is made from, and the page
    page: Tabled, by: Breakdown, attribute: str, names: Names, words: Endings, language: Language
) -> None:
    say = language.text
    page.table(
        say(words.drop_off_by, attribute=attribute),
        (
            attribute,
            say("step"),
            say("entered"),
            say(words.lost),
            f"{say(words.rate)} (95 %)",
            "n",
            say("day"),
        ),
        [
            (
                _value(group.value, attribute, language),
                names.step(step.step),
                language.count(step.entered),
                language.count(step.dropped),
                language.rate(step.drop_off_rate, step.low, step.high, step.note),
                language.count(step.n),
                _day(step.day, language),
            )
            for group in by.groups
            for step in group.steps
        ],
        left=2,
    )


def _funnel(page: Tabled, by: Breakdown, attribute: str, names: Names, language: Language) -> None:
    say = language.text
    share = say("of entry")
    page.table(
        say("How far they came, by {attribute}", attribute=attribute),
        (attribute, say("step"), say("reached"), f"{share} (95 %)"),
        [
            (
                _value(group.value, attribute, language),
                names.step(step.step),
                language.count(step.reached),
                language.rate(step.of_entry, step.low, step.high),
            )
            for group in by.groups
            for step in group.funnel
        ],
        left=2,
    )


def _times(page: Tabled, by: Breakdown, attribute: str, language: Language) -> None:
    say = language.text
    page.table(
        say("Median times of completed journeys, by {attribute}", attribute=attribute),
        (
            attribute,
            say("start to outcome"),
            say("with the customer"),
            say("waiting for the city"),
            "n",
        ),
        [
            (
                _value(group.value, attribute, language),
                language.duration(group.time.total.median_s),
                language.duration(group.time.customer.median_s),
                language.duration(group.time.city.median_s),
                language.count(group.time.total.n),
            )
            for group in by.groups
        ],
        left=1,
    )


def _day(day: int | None, language: Language) -> str:
    return "" if day is None else language.count(day)
