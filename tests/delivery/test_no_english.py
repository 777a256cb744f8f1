"""A Finnish or Swedish report holds words of its language, names and data; nothing else."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from analysis.journey_report import Breakdown
from delivery.report.group_tables import attribute_of
from delivery.report.language import Language
from journeys.service import load_services, text
from tests.catalogues import TRANSLATIONS, forms, translated
from tests.delivery.command_line import LAST_DAY, SERVICES, answer
from tests.delivery.conftest import City

UNITS = {
    "fi": ["vrk", "h", "min", "s", "klo", "vko", "n"],
    "sv": ["dygn", "h", "min", "s", "kl", "v", "n"],
}
ASKED = [
    ("overview", "--as-of", LAST_DAY),
    *(("report", service, "--by", "lang", "--as-of", LAST_DAY) for service in SERVICES),
    ("report", "varaamo-booking", "--where", "device=mobile", "--from", "2026-01-05"),
    ("report", "varaamo-booking", "--to", "2020-01-05"),
    ("report", "varaamo-booking", *("--order", "strict", "--window", "PT2H")),
    ("report", "varaamo-booking", *("--order", "any", "--exclude", "contact:remove")),
    ("report", "varaamo-booking", "--by", "channel@last", "--compare", "lang=sv"),
    ("journeys", "varaamo-booking", "--as-of", LAST_DAY),
]
INNER = ("by", "groups", "services", "unmapped_names", "steps", "next", "elsewhere")
INNER += ("comparison", "sides")
PAGES = [
    ("overview", "--as-of", LAST_DAY),
    ("report", "varaamo-booking", "--by", "lang", "--compare", "device=mobile"),
    ("journeys", "varaamo-booking", "--as-of", LAST_DAY),
]
LABEL = re.compile(r'<[^<>]*aria-label="([^"]*)"[^<>]*>')
"""A tag that is read aloud."""
MARKUP = re.compile(r"<(head|style|text)\b.*?</\1>|<[^<>]*>", re.DOTALL)
"""And what is no sentence: the words in pictures, which are cut where they have no room."""
HEXADECIMAL = re.compile(r"\b[0-9a-f]{8}\b")


def words(written: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[^\W\d_]+", HEXADECIMAL.sub("", written))}


def named(code: str) -> Iterator[str]:
    for service in load_services().values():
        for version in service:
            yield text(version.name, code)
            yield from version.routes
            yield from (text(step.name, code) for step in version.steps)


def data(content: Any) -> Iterator[str]:  # noqa: ANN401
    """What stands in an answer as it was recorded, or as it was asked for."""
    if isinstance(content, list):
        for row in content:
            yield from data(row)
    elif isinstance(content, dict):
        yield from (
            content[key] for key in ("service", "attribute", "value", "name") if content.get(key)
        )
        yield from (word for pair in content.get("where", {}).items() for word in pair)
        for key in INNER:
            if not isinstance(content.get(key), str | None):
                yield from data(content.get(key))


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_every_word_is_of_the_language_or_a_name(city: City, asked: tuple[str, ...]) -> None:
    recorded = json.loads(answer(*asked, "--data", city.data, "--format", "json"))
    for code in TRANSLATIONS:
        written = answer(*asked, "--data", city.data, "--lang", code, "--format", "md")

        assert words(written.replace("\\", "")) - known(code, recorded) == set(), code


@pytest.mark.parametrize("asked", PAGES, ids=" ".join)
def test_every_word_of_a_page_is_of_the_language_or_a_name(
    city: City, asked: tuple[str, ...]
) -> None:
    recorded = json.loads(answer(*asked, "--data", city.data, "--format", "json"))
    for code in TRANSLATIONS:
        written = answer(*asked, "--data", city.data, "--lang", code, "--format", "html")

        told = words(unescape(MARKUP.sub(" ", LABEL.sub(r"\1>", written))))
        assert told - known(code, recorded) == set(), code


def known(code: str, report: Any) -> set[str]:  # noqa: ANN401
    """The words of the language, and the names and data of a report; no English sentence."""
    said = [form for message in translated(code) if message.id for form in forms(message.string)]
    found = words(" ".join([*said, *named(code), *data(report), *UNITS[code]]))
    assert not {"journeys", "the", "of", "with", "were"} & found
    return found


@pytest.mark.parametrize(
    ("attribute", "called"),
    [("channel", "kanava"), ("channel@last", "kanava@last"), ("lang", "lang")],
)
def test_groups_by_channel_have_a_word_of_the_language(attribute: str, called: str) -> None:
    by = Breakdown(attribute=attribute, groups=[])

    assert attribute_of(by, Language("fi")) == called
