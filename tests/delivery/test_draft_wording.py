"""What a draft says: nobody knows how its journeys end, so none is called abandoned."""

import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path

import jsonschema
import msgspec
import pytest

from analysis.listing import list_journeys
from analysis.overview import overview
from analysis.report import journey_report
from delivery.report.catalogue import service_rows, services_text
from delivery.report.language import Language
from delivery.report.listing import listing_csv, listing_text
from delivery.report.machine import SECTIONS, SUMMARY, as_json, overview_csv, report_csv
from delivery.report.overview import overview_text
from delivery.report.text import report_text
from delivery.report.wording import Names
from journeys.service import Service
from projections.frames import Frames
from tests.analysis.conftest import build_service, build_world

DOCS = Path(__file__).parents[2] / "docs"
KNOWN_NOT = "ended without a known outcome"
JOURNEYS = """
    40 * lang=fi form.0 pay.0.1 handling.1 granted.3
    12 * lang=sv form.0
     9 * lang=fi form.0 pay.0.1 handling.1
     5 * lang=fi form.0 form.3
"""
CANCELLED = JOURNEYS + "\n 6 * lang=fi form.0 cancelled.0.5"


def unconfirmed(**changes: object) -> Service:
    return msgspec.structs.replace(build_service(), outcomes_confirmed=False, **changes)


def drafted(text: str = JOURNEYS, *versions: Service) -> Frames:
    return build_world(text, *(versions or [unconfirmed()]), at=60)


def confirmed(text: str = JOURNEYS) -> Frames:
    return build_world(text, build_service(), at=60)


def written(frames: Frames, **options: object) -> str:
    report = journey_report(frames, **options)  # type: ignore[arg-type]
    return report_text(report, Names(frames.service, "en"), Language("en"))


def flat(text: str) -> str:
    return " ".join(text.split())


def listed(frames: Frames) -> str:
    return listing_text(list_journeys(frames), Names(frames.service, "en"), Language("en"))


def all_services(*services: Frames) -> str:
    return overview_text(
        overview(services),
        {one.service.key: Names(one.service, "en") for one in services},
        Language("en"),
    )


@pytest.mark.parametrize("text", [JOURNEYS, CANCELLED, "40 * form.0", ""])
def test_no_page_of_a_draft_says_abandoned_lost_or_drop_off(text: str) -> None:
    frames = drafted(text)

    for page in (written(frames), written(frames, by="lang"), listed(frames)):
        for word in ("abandoned", " lost", "drop-off", "given up"):
            assert word not in page.lower()
    city = all_services(frames).lower()
    assert not any(word in city for word in ("abandoned", "drop-off", "loses"))


def test_report_of_a_draft_says_at_the_top_once_what_to_do() -> None:
    text = flat(written(drafted()))

    assert text.count("Draft: nobody has confirmed yet how these journeys end.") == 1
    assert text.index("Draft:") < text.index("As of ")
    assert "edit the definition of permit: check the order of its steps" in text
    assert text.count("outcomes_confirmed: true") == 1
    assert "Draft: nobody has confirmed yet" in flat(written(drafted("")))


def test_report_of_a_draft_counts_those_that_ended_without_a_known_outcome() -> None:
    text = flat(written(drafted()))

    assert f"40 succeeded, 0 were refused, 17 {KNOWN_NOT} and 9 are still open." in text
    assert "Most stop at form (17)." in text
    assert f"{KNOWN_NOT} 17 26 %" in text
    assert f"How they ended: form: 17 {KNOWN_NOT}." in text
    assert "Last steps: of those who enter a step, those who stop with it" in text


def test_declared_losses_of_a_draft_are_counted_apart() -> None:
    text = flat(written(drafted(CANCELLED)))

    assert f"17 {KNOWN_NOT}, 6 were cancelled or expired and 9 are still open." in text
    assert f"form: 17 {KNOWN_NOT}, 6 cancelled." in text


def test_report_of_a_draft_fits_100_columns() -> None:
    frames = drafted(CANCELLED)

    for page in (written(frames, by="lang"), listed(frames), all_services(frames)):
        assert max(map(len, page.splitlines())) <= 100


def test_confirmed_report_says_abandoned() -> None:
    text = flat(written(confirmed()))

    assert "17 were lost and 9 are still open. Most are lost at form (17)." in text
    assert "How they ended: form: 17 abandoned." in text
    assert "Drop-off: of those who enter a step" in text
    for page in (text, listed(confirmed()), all_services(confirmed())):
        assert "raft" not in page
        assert KNOWN_NOT not in page


def test_list_of_a_draft_says_how_little_is_known() -> None:
    text = listed(drafted())

    assert flat(text).count("Draft: nobody has confirmed yet how journeys end here") == 1
    assert "abandoned" in listed(confirmed())
    assert "? = ended without a known outcome" in flat(text)


def test_overview_marks_the_services_that_are_drafts() -> None:
    loans = build_world(JOURNEYS, msgspec.structs.replace(build_service(), key="loan"), at=60)

    found = overview([drafted(), loans])
    text = all_services(drafted(), loans)

    assert {line.service: line.draft for line in found.services} == {"loan": False, "permit": True}
    # In each of the three tables.
    assert text.count("permit (draft)") == 3
    assert "34 stopped, 18 are still open." in flat(text)
    assert f'"stopped" are journeys that were lost or, at a draft, {KNOWN_NOT}.' in flat(text)
    assert "Where most journeys stop" in text
    assert "34 were lost, 18 are still open." in flat(all_services(confirmed(), loans))


def test_machines_get_the_key_they_know_and_a_mark() -> None:
    frames = drafted()
    report = json.loads(as_json(journey_report(frames)))
    listing = json.loads(as_json(list_journeys(frames)))
    city = json.loads(as_json(overview([frames])))

    assert (report["draft"], report["journeys"]["abandoned"]) == (True, 17)
    assert listing["draft"] is True
    assert {row["outcome"] for row in listing["journeys"]} == {"succeeded", "abandoned", "open"}
    assert city["services"][0]["draft"] is True
    assert json.loads(as_json(journey_report(confirmed())))["draft"] is False
    assert list_journeys(confirmed()).draft is False
    for content, name in ((report, "report"), (city, "overview")):
        schema = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(content)


def test_csv_keeps_the_key() -> None:
    frames = drafted()
    report = journey_report(frames)

    for section in set(SECTIONS) - {SUMMARY}:
        assert report_csv(report, section) == report_csv(journey_report(confirmed()), section)
    assert listing_csv(list_journeys(frames)) == listing_csv(list_journeys(confirmed()))
    (row,) = csv.DictReader(StringIO(overview_csv(overview([frames]))))
    assert (row["lost"], row["draft"]) == ("17", "True")


def test_a_version_confirmed_later_is_no_draft_from_its_day_on() -> None:
    later = msgspec.structs.replace(build_service(), version=2, valid_from=date(2026, 2, 1))

    before = build_world(JOURNEYS, unconfirmed(), later, at=20)
    after = build_world(JOURNEYS, unconfirmed(), later, at=60)

    assert journey_report(before).draft
    assert not journey_report(after).draft
    assert (list_journeys(before).draft, list_journeys(after).draft) == (True, False)


def test_list_of_services_marks_the_drafts() -> None:
    loans = msgspec.structs.replace(build_service(), key="loan")
    known = {"permit": [unconfirmed()], "loan": [loans]}

    text = services_text(known, Language("en"))

    assert {row["service"]: row["draft"] for row in service_rows(known, "en")} == {
        "loan": False,
        "permit": True,
    }
    assert text.count("draft") == 1
    assert "\npermit (KUVA)\n  draft: outcomes not confirmed\n" in text
    # The newest version is the one that counts.
    confirmed_since = {"permit": [unconfirmed(), build_service()]}
    assert "draft" not in services_text(confirmed_since, Language("en"))
