"""Text counts as people do: one journey is no journeys, and a title says a thing once."""

import re

import msgspec
import pytest

from analysis.listing import list_journeys
from analysis.overview import overview
from analysis.report import journey_report
from delivery.report.catalogue import services_text
from delivery.report.language import Language
from delivery.report.listing import listing_text
from delivery.report.overview import overview_text
from delivery.report.sentences import hidden_sentence
from delivery.report.text import report_text
from delivery.report.wording import Names
from projections.frames import Frames
from tests.analysis.conftest import build_service, build_world

ONE = """
    form.0 pay.0.1 handling.1 refused.2
    form.0 cancelled.0.1
    form.0 pay.0.1 handling.1
    form.0
    call.0
"""


def frames(text: str, **changes: object) -> Frames:
    return build_world(text, msgspec.structs.replace(build_service(), **changes), at=30)


def report(text: str, **changes: object) -> str:
    world = frames(text, **changes)
    found = journey_report(world, k=1, public_log=True)
    return report_text(found, Names(world.service, "en"), Language("en"))


def listed(text: str, limit: int = 50) -> str:
    world = frames(text)
    found = list_journeys(world, k=1, public_log=True, limit=limit)
    return listing_text(found, Names(world.service, "en"), Language("en"))


def city(text: str, **changes: object) -> str:
    world = frames(text, **changes)
    found = overview([world], k=1, public_log=True)
    return overview_text(found, {"permit": Names(world.service, "en")}, Language("en"))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("text", ["form.0", "form.0 pay.0.1", "pay.0 handling.1 refused.2", ONE])
def test_one_is_no_plural(text: str, *, confirmed: bool) -> None:
    for page in (
        report(text, outcomes_confirmed=confirmed),
        listed(text),
        city(text, outcomes_confirmed=confirmed),
    ):
        sentences = "\n".join(line for line in page.splitlines() if not line.startswith(" "))
        found = re.findall(
            r"\b1 (?:more )?(?:[a-z]+s|are|were|have|belong|stop)\b", flat(sentences)
        )
        assert set(found) <= {"1 was", "1 is", "1 has", "1 belongs", "1 more is", "1 more stops"}


def test_report_says_what_one_journey_did() -> None:
    text = flat(report(ONE))

    assert "1 succeeded" not in text
    assert "1 was refused, 2 were lost and 1 is still open" in text
    assert "Of the open ones, 1 has waited for the city longer" in text
    assert "1 belongs to no journey, 0 have a name" in text
    assert "Of 1 journey, 0 succeeded, 0 were refused, 1 was lost and 0" in flat(report("form.0"))
    assert "1 journey never recorded" in flat(report("form.0\npay.0"))
    assert "and is not in this table" in flat(report("form.0\npay.0"))


def test_few_journeys_cover_no_share_of_all() -> None:
    eight = "\n".join(
        f"search.0 form.0.1{files}{pay}{call}"
        for files in ("", " files.0.2")
        for pay in ("", " pay.0.3")
        for call in ("", " call.0.4")
    )
    path = "12 * form.0\n"

    assert "\nPaths really walked\n" in report("form.0")
    assert "\nPaths really walked: the 6 most frequent of 8\n" in report(eight)
    assert "\nPaths really walked: the 6 most frequent of 9 cover 85 %\n" in report(path + eight)
    assert "From step to step\n" in report("form.0 pay.0.1")
    assert "Completion by week of start\n" in report("form.0")


def test_one_path_of_many_covers() -> None:
    world = frames("60 * form.0\n3 * form.0 pay.0.1\n3 * form.0 files.0.1")

    text = report_text(journey_report(world), Names(world.service, "en"), Language("en"))

    assert re.search(r"Paths really walked: the most frequent of 3 covers 91 %\n", text)


def test_list_says_how_many_are_shown_only_where_some_are_not() -> None:
    assert flat(listed("form.0")).startswith("permit - journeys ================= 1 journey as of")
    assert "below" not in listed("form.0")
    assert "; the latest 1 below." in flat(listed("form.0\nform.0 pay.0.1", limit=1))


def test_hidden_rows_are_counted_and_not_numbered() -> None:
    hidden = {"trend": 12, "unmapped_names": 1, "steps": 0, "something_new": 2}

    assert hidden_sentence(hidden, 5, Language("en")) == (
        "Left out because fewer than 5 people share them: 12 weeks, 1 unmapped name, 2 rows of "
        "something_new."
    )
    assert hidden_sentence({"steps": 0}, 5, Language("en")) == ""


def test_service_without_a_name_of_its_own_is_titled_once() -> None:
    named = {"fi": "Lupa", "sv": "Lov", "en": "Permit"}

    assert report("form.0").startswith("permit\n======\n")
    assert report("form.0", name=named).startswith("Permit - permit\n")
    assert "\npermit (KUVA)\n" in services_text({"permit": [build_service()]}, Language("en"))
