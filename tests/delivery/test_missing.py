"""What may be missing: said in words that follow the report, in every language."""

import re

import pytest
from msgspec.structs import replace

from analysis.sections import LongSilence, LostRecords, Recording, WaitingRecords
from delivery.report.language import LANGUAGES, Language
from delivery.report.missing import missing_lines, missing_tables
from tests.delivery.command_line import LAST_DAY, answer, numbers
from tests.delivery.conftest import City

ENGLISH = Language("en")
WELL = Recording(
    newest_at="2026-11-20T12:00:00Z",
    silent_hours=2,
    usual_hours=9,
    state="heard",
    silences=[],
    looked_at=1234,
    late=0,
    late_share=0.0,
    late_after_s=86_400.0,
    waiting=[],
    lost=[],
)
ILL = Recording(
    newest_at="2026-11-20T12:00:00Z",
    silent_hours=50,
    usual_hours=9,
    state="silent",
    silences=[
        LongSilence(
            from_="2026-10-01T12:00:00Z", to="2026-10-03T12:00:00Z", hours=48, usual_hours=7
        )
    ],
    looked_at=1000,
    late=321,
    late_share=0.321,
    late_after_s=86_400.0,
    waiting=[WaitingRecords(reason="bad_time", of_service=17, of_unknown=3)],
    lost=[
        LostRecords(
            topic="t",
            partition=4,
            begin=600,
            end=700,
            reason="retention",
            recorded_at="2026-11-02T12:00:00Z",
        )
    ],
)


def test_all_is_well_in_four_sentences() -> None:
    lines = missing_lines(WELL, ENGLISH)

    newest = "The newest touchpoint is from the hour of 20 November 2026 14:00, 2 hours before the"
    assert lines == [
        f"{newest} as-of moment; up to 9 are usual for this service.",
        "The newest touchpoints (1,234) were all recorded within a day.",
        "No record of this service waits in quarantine.",
        "No stream has lost records.",
    ]
    assert not any(found.rows for found in missing_tables(WELL, ENGLISH))


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_ill_is_said_with_its_numbers(code: str) -> None:
    language = Language(code)

    newest, late, waiting, lost = missing_lines(ILL, language)
    silences, reasons, losses = (found.rows for found in missing_tables(ILL, language))

    assert {"50", "9"} <= set(re.findall(r"\d+", newest))
    assert "321" in late
    assert language.percent(0.321) in late
    assert re.findall(r"\d+", waiting) == ["17", "3"]
    assert re.findall(r"\d+", lost) == ["1"]
    assert silences[0][2:] == ("48", "7")
    assert reasons[0][1:] == ("17", "3")
    assert losses[0][3:] == ("4", "600 - 699")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("ended", "for more than four weeks"),
        ("too_young", "too few to tell"),
        ("nothing", "No touchpoint"),
    ],
)
def test_of_a_service_with_little_nothing_else_is_said(state: str, said: str) -> None:
    little = replace(WELL, state=state, newest_at=None, silent_hours=None, looked_at=0)

    lines = missing_lines(little, ENGLISH)

    assert said in lines[0]
    assert "none of the newest events" in lines[1]


def test_too_few_who_came_late_are_not_told() -> None:
    assert "too few people" in missing_lines(replace(WELL, late=None), ENGLISH)[1]


def test_report_asks_the_log(city: City) -> None:
    asked = ("report", "varaamo-booking", "--as-of", LAST_DAY, "--data", city.data)

    told = numbers(*asked)["recording"]

    assert 0 < told["looked_at"] == told["late"]  # the city was recorded at once
    assert told["waiting"] == told["lost"] == []
    assert "What may be missing" in answer(*asked)
