"""How a command ends: 0, 1 with one line, or 2."""

from pathlib import Path

import pytest

from tests.delivery.command_line import LAST_DAY, answer, numbers, polku, process
from tests.delivery.conftest import City

REPORT = ("report", "varaamo-booking")
EXPECTED = {
    "unknown service": (("report", "varaamo-bookin"), "did you mean 'varaamo-booking'?"),
    "unknown step": (
        ("journeys", "varaamo-booking", "--dropped-at", "pya"),
        "did you mean 'pay'?",
    ),
    "unknown outcome": (("journeys", "varaamo-booking", "--outcome", "lost"), "one of succeeded"),
    "unknown attribute": ((*REPORT, "--by", "colour"), "attribute 'colour'"),
    "attribute at a touch it is not known at": (
        (*REPORT, "--by", "lang@last"),
        "first touch alone",
    ),
    "channel at an unknown step": ((*REPORT, "--by", "channel@pya"), "'pya'"),
    "excluding by an unknown step": ((*REPORT, "--exclude", "pya"), "'pya'"),
    "condition on an unknown attribute": ((*REPORT, "--where", "colour=red"), "attribute 'colour'"),
    "position beyond the log": ((*REPORT, "--position", 10**9), "position"),
    "k below 5": ((*REPORT, "--k", 3), "--public-log"),
    "k below 5 for the overview": (("overview", "--k", 1), "--public-log"),
    "k below 5 for the list": (("journeys", "varaamo-booking", "--k", 4), "--public-log"),
    "unknown source": (("retract", "urn:city:varaamo"), "did you mean 'urn:polku:city:varaamo'?"),
    "unknown file": (("ingest", "files", "no-such-file.jsonl"), "no-such-file.jsonl"),
    "no address": (("status", "--database", "mysql://x/y"), "postgresql://user:password@"),
    "embedded database": (("status", "--database", "sqlite:///x"), "--data"),
}
UNREADABLE = {
    "no day": (*REPORT, "--as-of", "yesterday"),
    "moment without an offset": (*REPORT, "--as-of", "2026-05-31T12:00:00"),
    "no such day": (*REPORT, "--from", "2026-02-30"),
    "day out of the calendar": (*REPORT, "--to", "9999-12-31"),
    "no such format": (*REPORT, "--format", "yaml"),
    "no such language": (*REPORT, "--lang", "de"),
    "order of a funnel": (*REPORT, "--order", "loose"),
    "window without a unit": (*REPORT, "--window", "14"),
    "window of nothing": (*REPORT, "--window", "PT0S"),
    "window before its start": (*REPORT, "--window", "-P1D"),
    "excluding in no way": (*REPORT, "--exclude", "call:skip"),
    "excluding by no step": (*REPORT, "--exclude", ":stop"),
    "condition without a value": (*REPORT, "--where", "lang"),
    "condition with an empty value": (*REPORT, "--where", "lang="),
    "condition without an attribute": (*REPORT, "--where", "=sv"),
    "position below 0": (*REPORT, "--position", -1),
    "k of 0": (*REPORT, "--k", 0),
    "no such reason": ("quarantine", "list", "--reason", "ugly"),
    "city without an end": ("ingest", "city", "--until", "soon"),
    "no such option": (*REPORT, "--colour", "red"),
    "no such command": ("reprot",),
}


@pytest.mark.parametrize(("words", "said"), EXPECTED.values(), ids=EXPECTED)
def test_expected_failure_is_one_line_and_exit_code_1(
    city: City, words: tuple[str, ...], said: str
) -> None:
    done = polku(*words, "--data", city.data)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("polku: ")
    assert done.err.count("\n") == 1
    assert said in done.err
    assert "Hint: " in done.err or "Known" in done.err


@pytest.mark.parametrize("words", UNREADABLE.values(), ids=UNREADABLE)
def test_value_that_cannot_be_read_is_exit_code_2(city: City, words: tuple[str, ...]) -> None:
    done = polku(*words, "--data", city.data) if words[0] != "reprot" else polku(*words)

    assert (done.code, done.out) == (2, "")
    assert "Usage: " in done.err


@pytest.mark.parametrize("words", [REPORT, ("overview",), ("status",), ("project",)])
def test_missing_data_folder_is_an_expected_failure(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = polku(*words, "--data", tmp_path / "nothing")

    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "polku ingest" in done.err
    assert not (tmp_path / "nothing").exists()


def test_process_ends_with_the_same_code_and_line(city: City) -> None:
    for words in (EXPECTED["unknown service"][0], UNREADABLE["no day"]):
        done = process(*words, "--data", city.data)

        assert done.code == polku(*words, "--data", city.data).code
        assert "Traceback" not in done.err
    assert process("services", "check").out == answer("services", "check")


def test_k_below_5_is_allowed_for_a_public_log_and_said(city: City) -> None:
    words = (*REPORT, "--data", city.data, "--as-of", LAST_DAY, "--k", 1, "--public-log")

    assert "Shown with --public-log and k = 1" in answer(*words)
    report = numbers(*words)
    assert (report["k"], report["public_log"]) == (1, True)
    assert not any(report["hidden"].values())


def test_filter_that_would_show_fewer_than_k_people_is_refused(city: City) -> None:
    # Given conditions that together leave 1 to 4 people, which k = 1 lets us find
    words = (*REPORT, "--data", city.data, "--as-of", LAST_DAY)
    few = (*words, "--where", "lang=sv", "--where", "device=tablet")
    groups = numbers(*few, "--by", "district", "--k", 1, "--public-log")["by"]["groups"]
    district = next(group["value"] for group in groups if 0 < group["started"] < 5)

    done = polku(*few, "--where", f"district={district}")

    assert (done.code, done.out) == (1, "")
    assert "fewer than 5 people" in done.err
