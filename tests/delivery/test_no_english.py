"""A Finnish or Swedish report holds words of its language, names and data; nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

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
    ("report", "varaamo-booking", "--by", "channel@last"),
    ("journeys", "varaamo-booking", "--as-of", LAST_DAY),
]
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
        for key in ("by", "groups", "services", "unmapped_names", "steps", "next", "elsewhere"):
            if not isinstance(content.get(key), str | None):
                yield from data(content.get(key))


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_every_word_is_of_the_language_or_a_name(city: City, asked: tuple[str, ...]) -> None:
    recorded = list(data(json.loads(answer(*asked, "--data", city.data, "--format", "json"))))
    for code in TRANSLATIONS:
        said = [
            form for message in translated(code) if message.id for form in forms(message.string)
        ]

        written = answer(*asked, "--data", city.data, "--lang", code, "--format", "md")

        known = words(" ".join([*said, *named(code), *recorded, *UNITS[code]]))
        assert words(written.replace("\\", "")) - known == set(), code
        # What is known holds no English sentence.
        assert not {"journeys", "the", "of", "with", "were"} & known
