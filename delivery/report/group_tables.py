"""The groups of a breakdown, on a page: how they end, where they stop, how far and how long.

What is said of steps stands step by step, so that the groups of one stand below each other.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from analysis.journey_report import Breakdown, GroupStep
from analysis.sections import GroupReach
from delivery.report.circumstances import channel_name, value_name
from delivery.report.endings import Endings
from delivery.report.language import Language
from delivery.report.page import Tabled
from delivery.report.wording import Names

AtStep = TypeVar("AtStep", GroupStep, GroupReach)


def write_groups(
    page: Tabled, by: Breakdown, names: Names, words: Endings, language: Language
) -> None:
    """Write the tables of a breakdown, if one was asked for."""
    if by.attribute is None:
        return
    write_group_ends(page, by, words, language)
    write_group_steps(page, by, names, words, language)
    write_group_funnels(page, by, names, language)
    write_group_times(page, by, language)


def group_name(value: str, by: Breakdown, language: Language) -> str:
    """Name a group."""
    if _is_channel(by):
        return channel_name(value, language)
    return value_name(value, language)


def attribute_of(by: Breakdown, language: Language) -> str:
    """The attribute, at the touch that was asked for; our own one has a word."""
    attribute, word = by.attribute or "", language.text("channel")
    return attribute.replace("channel", word, 1) if _is_channel(by) else attribute


def _is_channel(by: Breakdown) -> bool:
    return (by.attribute or "").partition("@")[0] == "channel"


def write_group_ends(page: Tabled, by: Breakdown, words: Endings, language: Language) -> None:
    """Write where the journeys of each group stand."""
    say, attribute = language.text, attribute_of(by, language)
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
                group_name(group.value, by, language),
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


def write_group_steps(
    page: Tabled, by: Breakdown, names: Names, words: Endings, language: Language
) -> None:
    """Write how many of each group stop at each step."""
    say, attribute = language.text, attribute_of(by, language)
    rows = _step_by_step([(group.value, group.steps) for group in by.groups])
    page.table(
        say(words.drop_off_by, attribute=attribute),
        (
            say("step"),
            attribute,
            say("entered"),
            say(words.lost),
            f"{say(words.rate)} (95 %)",
            "n",
            say("day"),
        ),
        [
            (
                names.step(step.step),
                group_name(value, by, language),
                language.count(step.entered),
                language.count(step.dropped),
                language.rate(step.drop_off_rate, step.low, step.high, step.note),
                language.count(step.n),
                _day(step.day, language),
            )
            for value, step in rows
        ],
        left=2,
    )


def write_group_funnels(page: Tabled, by: Breakdown, names: Names, language: Language) -> None:
    """Write how far the journeys of each group came."""
    say, attribute = language.text, attribute_of(by, language)
    share = say("of entry")
    rows = _step_by_step([(group.value, group.funnel) for group in by.groups])
    page.table(
        say("How far they came, by {attribute}", attribute=attribute),
        (say("step"), attribute, say("reached"), f"{share} (95 %)"),
        [
            (
                names.step(step.step),
                group_name(value, by, language),
                language.count(step.reached),
                language.rate(step.of_entry, step.low, step.high),
            )
            for value, step in rows
        ],
        left=2,
    )


def write_group_times(page: Tabled, by: Breakdown, language: Language) -> None:
    """Write how long the completed journeys of each group took, and whose time that was."""
    say, attribute = language.text, attribute_of(by, language)
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
                group_name(group.value, by, language),
                language.duration(group.time.total.median_s),
                language.duration(group.time.customer.median_s),
                language.duration(group.time.city.median_s),
                language.count(group.time.total.n),
            )
            for group in by.groups
        ],
        left=1,
    )


def _step_by_step(
    groups: Sequence[tuple[str, Sequence[AtStep]]],
) -> Iterator[tuple[str, AtStep]]:
    """Give the rows of all groups step by step, with their group.

    A group lacks the steps that too few of it came to; the order of the steps is one for all.
    """
    order: list[str] = []
    for _, rows in groups:
        at = 0
        for row in rows:
            if row.step in order:
                at = order.index(row.step) + 1
            else:
                order.insert(at, row.step)
                at += 1
    for step in order:
        for value, rows in groups:
            yield from ((value, row) for row in rows if row.step == step)


def _day(day: int | None, language: Language) -> str:
    return "" if day is None else language.count(day)
