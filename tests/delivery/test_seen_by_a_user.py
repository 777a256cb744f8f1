"""What counts as lost and what does not, as a user reads it in the report of the demo city."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.command_line import LAST_DAY, SERVICES, answer, figure, numbers, table
from tests.delivery.conftest import City

AT = ("--as-of", LAST_DAY)
AFTERWARDS = {
    "feedback.requested",
    "feedback.given",
    "permit.mail",  # the confirmation of a permit that is valid already
    "voucher.mailed",
}
SUCCESS_AND_CANCELLATION = {
    "resident-parking-permit": ("permit.valid", "permit.cancelled"),
    "varaamo-booking": ("reservation.confirmed", "reservation.cancelled"),
    "youth-summer-voucher": ("voucher.sent", "application.withdrawn"),
}
LOST = ("cancelled", "expired", "abandoned")
VOUCHER = "youth-summer-voucher"

Write = Callable[..., Path]


def recorded(data: Path, lines: Path, *words: object) -> Path:
    answer("ingest", "files", lines, "--data", data, *words)
    answer("project", "--data", data, *words)
    return data


def outcomes(text: str) -> dict[str, int]:
    return {
        outcome: figure(text, "still open" if outcome == "open" else outcome)
        for outcome in ("succeeded", "refused", *LOST, "open")
    }


def drop_off(text: str) -> dict[str, tuple[int, int]]:
    """Entered and lost of each customer step, of the drop-off table."""
    rows = table(text, "Drop-off: of those who enter a step")
    found = (re.match(r" (\S.*?)  +([\d,]+)  +([\d,]+)  +\D*?[\d.]+ %", row) for row in rows)
    return {
        row[1]: (int(row[2].replace(",", "")), int(row[3].replace(",", ""))) for row in found if row
    }


def cancelled_afterwards(text: str) -> int:
    found = re.search(
        r"(\d+) (?:was|were) cancelled after they had completed", text.replace("\n", " ")
    )
    assert found
    return int(found[1])


@pytest.mark.parametrize("service", SERVICES)
def test_report_tells_the_truth_of_the_city(city: City, service: str) -> None:
    text = answer("report", service, "--data", city.data, *AT)

    true = city.truth["services"][service]
    told = outcomes(text)
    assert told == {outcome: true[outcome] for outcome in told}
    lost = [count for _, count in drop_off(text).values()]
    assert sum(lost) == sum(told[outcome] for outcome in LOST) - true["lost"][""]


def test_refused_is_completed_and_no_drop_off(city: City, write_lines: Write) -> None:
    # Given the same city, had those who were refused withdrawn instead
    messages = [item for item in city.messages if item["subject"] == VOUCHER]
    withdrawn = [
        {**item, "data": {**item["data"], "touchpoint": "application.withdrawn"}}
        if item["data"]["touchpoint"] == "application.rejected"
        else item
        for item in messages
    ]
    data = recorded(city.data.parent / "withdrawn", write_lines(withdrawn))

    really = answer("report", VOUCHER, "--data", city.data, *AT)
    instead = answer("report", VOUCHER, "--data", data, *AT)

    refused = outcomes(really)["refused"]
    assert refused > 20
    assert outcomes(instead)["refused"] == 0
    assert outcomes(instead)["cancelled"] == outcomes(really)["cancelled"] + refused
    assert outcomes(instead)["succeeded"] == outcomes(really)["succeeded"]
    # The refused finished the funnel and were lost at no step; the withdrawn were.
    lost = {
        text: sum(number for _, number in drop_off(text).values()) for text in (really, instead)
    }
    assert lost[instead] == lost[really] + refused
    assert f"{refused} were refused" in really.replace("\n", " ")
    rates = [
        numbers("report", VOUCHER, "--data", folder, *AT)["completion"]
        for folder in (city.data, data)
    ]
    assert rates[0]["n"] == rates[1]["n"]
    assert rates[0]["rate"] > rates[1]["rate"] + 0.01


@pytest.mark.parametrize("service", ["city-grant-application", "varaamo-booking", VOUCHER])
def test_journey_that_waits_for_the_city_is_open_however_long(city: City, service: str) -> None:
    text = answer("report", service, "--data", city.data, "--as-of", "2046-05-31")

    still = outcomes(text)["open"]
    waiting = re.search(r"Of the open ones, (\d+) ha(?:s|ve) waited for the city longer", text)
    assert waiting
    assert int(waiting[1]) == still > 0
    assert still <= outcomes(answer("report", service, "--data", city.data, *AT))["open"]


def test_what_comes_after_success_changes_nothing(city: City, write_lines: Write) -> None:
    # Given the same city without mails, feedback and cancellations after success
    succeeded: set[str] = set()
    kept: list[dict[str, Any]] = []
    for item in city.messages:
        if item["subject"] not in SUCCESS_AND_CANCELLATION:
            continue
        success, cancellation = SUCCESS_AND_CANCELLATION[item["subject"]]
        name, whose = item["data"]["touchpoint"], _whose(item["data"])
        if name == success:
            succeeded.add(whose)
        if name not in AFTERWARDS and not (name == cancellation and whose in succeeded):
            kept.append(item)
    data = recorded(city.data.parent / "without", write_lines(kept))

    for service in SUCCESS_AND_CANCELLATION:
        text = answer("report", service, "--data", city.data, *AT)
        without = answer("report", service, "--data", data, *AT)

        assert outcomes(text) == outcomes(without)
        told, told_without = drop_off(text), drop_off(without)
        told.pop("Feedback", None)
        assert told_without == told
        afterwards = city.truth["services"][service]["cancelled_afterwards"]
        assert afterwards > 0
        assert cancelled_afterwards(text) == afterwards
        assert cancelled_afterwards(without) == 0


def test_name_changed_under_way_makes_no_drop_off(
    city: City, tmp_path: Path, write_lines: Write
) -> None:
    # Given a catalogue whose second version knows the old name beside the new one
    services = tmp_path / "services"
    services.mkdir()
    for path in (city.data / "services").iterdir():
        known = path.read_text(encoding="utf-8")
        for name in ("[activate.confirm]", "[activation.opened]"):
            known = known.replace(name, "[activate.confirm, activation.opened]")
        (services / path.name).write_text(known, encoding="utf-8")
    messages = [item for item in city.messages if item["subject"] == VOUCHER]
    data = recorded(tmp_path / "both", write_lines(messages), "--services", services)
    around = ("--from", "2026-03-30", "--to", "2026-04-26", "--data")

    text = answer("report", VOUCHER, "--data", city.data, *AT)
    both = answer("report", VOUCHER, "--data", data, *AT, "--services", services)

    assert _whatever_else_is_in_the_log(text) == _whatever_else_is_in_the_log(both)
    assert "0 have a name that the definition does not cover" in text.replace("\n", " ")
    in_those_weeks = answer("report", VOUCHER, *around, city.data, *AT)
    assert outcomes(in_those_weeks)["succeeded"] > 40
    assert drop_off(in_those_weeks)["Activate"][1] <= 3
    names = {item["data"]["touchpoint"] for item in messages}
    assert {"activation.opened", "activate.confirm"} <= names


def _whose(data: dict[str, Any]) -> str:
    return str(data["case"] if "case" in data else data["person"])


def _whatever_else_is_in_the_log(text: str) -> str:
    """Leave out the position, and how many of the newest events are of the service."""
    return re.sub(r"position [\d,]+|touchpoints \([\d,]+\), [\d,]+ were", "", text)


def test_the_journeys_of_a_path_are_as_many_as_the_report_says(city: City) -> None:
    words = ("varaamo-booking", "--as-of", LAST_DAY, "--data", city.data)
    paths = numbers("report", *words)["variants"]

    by_place = numbers("journeys", *words, "--variant", 2)
    by_steps = numbers("journeys", *words, "--variant", " > ".join(paths[1]["steps"]))

    assert by_place == by_steps
    assert by_place["total"] == paths[1]["count"]
    assert {tuple(journey["steps"]) for journey in by_place["journeys"]} == {
        tuple(paths[1]["steps"])
    }
