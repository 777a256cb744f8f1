"""Every answer in every format: the contract with machines, the page for people."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import jsonschema
import pytest

from delivery.report.machine import schemas
from tests.delivery.command_line import LAST_DAY, SERVICES, answer, numbers, polku
from tests.delivery.conftest import City

DOCS = Path(__file__).parents[2] / "docs"
AT = ("--as-of", LAST_DAY)
ANSWERS = {
    "overview": ("overview", *AT),
    "report": ("report", "varaamo-booking", *AT),
    "report by": ("report", "youth-summer-voucher", "--by", "lang", *AT),
    "report where": ("report", "varaamo-booking", "--where", "device=mobile", *AT),
    "report window": ("report", "varaamo-booking", "--from", "2026-01-05", "--to", LAST_DAY, *AT),
    "journeys": ("journeys", "varaamo-booking", "--dropped-at", "pay", *AT),
    "services": ("services", "list"),
    "quarantine": ("quarantine", "list"),
}


@pytest.mark.parametrize("name", ["report.schema.json", "overview.schema.json"])
def test_schema_in_the_docs_is_that_of_the_program(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == schemas()[name]


@pytest.mark.parametrize("service", SERVICES)
def test_report_keeps_its_schema(city: City, service: str) -> None:
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))

    report = numbers("report", service, "--by", "lang", "--data", city.data, *AT)

    jsonschema.Draft202012Validator(schema).validate(report)
    assert report["service"] == service
    assert report["journeys"]["started"] == city.truth["services"][service]["started"]


def test_overview_keeps_its_schema(city: City) -> None:
    schema = json.loads((DOCS / "overview.schema.json").read_text(encoding="utf-8"))

    overview = numbers("overview", "--data", city.data, *AT)

    jsonschema.Draft202012Validator(schema).validate(overview)
    assert [line["service"] for line in overview["services"]] == list(SERVICES)


def test_schema_refuses_a_report_that_lacks_something(city: City) -> None:
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    report = numbers("report", "varaamo-booking", "--data", city.data, *AT)

    del report["completion"]["n"]

    with pytest.raises(jsonschema.ValidationError, match="'n' is a required property"):
        jsonschema.validate(report, schema)


@pytest.mark.parametrize("written", ["text", "json"])
@pytest.mark.parametrize("words", [ANSWERS["overview"], ANSWERS["report by"], ANSWERS["journeys"]])
def test_two_runs_give_the_same_bytes(city: City, words: tuple[str, ...], written: str) -> None:
    once, again = (answer(*words, "--data", city.data, "--format", written) for _ in range(2))

    assert once == again
    assert once.endswith("\n")


@pytest.mark.parametrize("words", [*ANSWERS.values(), ("status",)], ids=[*ANSWERS, "status"])
def test_text_fits_100_columns(city: City, words: tuple[str, ...]) -> None:
    # Finnish words are the longest.
    languages = () if words[0] in {"quarantine", "status"} else ("--lang", "fi")

    text = answer(*words, *languages, "--data", city.data)

    assert max(map(len, text.splitlines())) <= 100
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_csv_and_json_and_text_say_the_same(city: City) -> None:
    words = ("report", "varaamo-booking", "--data", city.data, *AT)

    steps = numbers(*words)["steps"]
    rows = list(csv.DictReader(StringIO(answer(*words, "--format", "csv"))))

    assert [row["step"] for row in rows] == [step["step"] for step in steps]
    assert [row["dropped"] for row in rows] == [str(step["dropped"]) for step in steps]
    pay = next(step for step in steps if step["step"] == "pay")
    assert f"Most are lost at Payment ({pay['dropped']})." in answer(*words).replace("\n", " ")


def test_the_funnel_is_asked_for_in_other_ways(city: City) -> None:
    words = ("report", "varaamo-booking", "--data", city.data, *AT)
    asked = (
        "--order",
        "any",
        "--window",
        "PT30M",
        "--exclude",
        "feedback",
        "--exclude",
        "contact:remove",
    )

    plain, other = numbers(*words), numbers(*words, *asked)

    assert plain["funnel_options"]["order"] == "ordered"
    assert other["funnel_options"]["order"] == "any"
    assert other["funnel_options"]["window_s"] == 1800.0
    assert other["funnel_options"]["stop"] == ["feedback"]
    assert other["funnel_options"]["remove"] == ["contact"]
    assert other["steps"] == plain["steps"]
    assert other["funnel"][-1]["reached"] <= plain["funnel"][-1]["reached"]


def test_unknown_table_is_an_expected_failure(city: City) -> None:
    done = polku(
        *("report", "varaamo-booking", "--data", city.data, "--format", "csv"),
        *("--section", "nope"),
    )

    assert done.code == 1
    assert "the tables are summary, where" in done.err


def test_status_is_written_in_every_format(city: City) -> None:
    status = numbers("status", "--data", city.data)
    rows = list(csv.DictReader(StringIO(answer("status", "--data", city.data, "--format", "csv"))))

    assert status["position"] == status["head"]
    assert status["ills"] == []
    assert [row["service"] for row in rows] == list(SERVICES)
    assert sum(int(row["touchpoints"]) for row in rows) == city.truth["touchpoints"]


def test_list_of_journeys_is_that_behind_the_number(city: City) -> None:
    report = numbers("report", "varaamo-booking", "--data", city.data, *AT)
    pay = next(step for step in report["steps"] if step["step"] == "pay")

    listed = numbers(*ANSWERS["journeys"], "--data", city.data, "--limit", 10_000)

    assert listed["total"] == len(listed["journeys"]) == pay["dropped"]
    assert {row["outcome"] for row in listed["journeys"]} <= {"cancelled", "expired", "abandoned"}
    for row in listed["journeys"]:
        assert (row["journey"] is None) == (row["steps"] is None) == (row["started_at"] is None)


def test_services_and_lists_are_csv_too(city: City) -> None:
    services = answer("services", "list", "--data", city.data, "--format", "csv")
    listed = answer(*ANSWERS["journeys"], "--data", city.data, "--format", "csv")

    assert [row["service"] for row in csv.DictReader(StringIO(services))] == list(SERVICES)
    rows = list(csv.DictReader(StringIO(listed)))
    assert len(rows) == 50
    assert {"week", "outcome", "journey", "steps"} <= set(rows[0])
    assert answer("quarantine", "list", "--data", city.data, "--format", "csv").strip() == ""


def test_selection_without_journeys_says_so(city: City) -> None:
    window = ("--to", "2020-12-31", "--data", city.data, *AT)

    report = answer("report", "varaamo-booking", *window)

    assert "No data: no journey started in this selection." in report
    assert numbers("report", "varaamo-booking", *window)["completion"]["rate"] is None
    assert "0 journeys" in answer("journeys", "varaamo-booking", *window)
    assert polku("overview", *window).code == 0


def test_names_are_in_the_reader_s_language(city: City) -> None:
    words = ("report", "youth-summer-voucher", "--data", city.data, *AT)

    assert answer(*words, "--lang", "fi").startswith("Nuorten kesäseteli - ")
    assert answer(*words, "--lang", "sv").startswith("Sommarsedel för unga - ")
    assert answer(*words).startswith("Summer job voucher for youth - ")


def test_rates_are_read_with_n_and_interval(city: City) -> None:
    text = answer("report", "varaamo-booking", "--data", city.data, *AT)

    assert "complete within 15 days (95 % interval" in text
    completion = numbers("report", "varaamo-booking", "--data", city.data, *AT)["completion"]
    assert completion["low"] < completion["rate"] < completion["high"]
    assert f"n = {completion['n']:,}" in text.replace("\n", " ")


def test_text_tells_what_k_hides(city: City) -> None:
    text = answer("report", "youth-summer-voucher", "--data", city.data, *AT)

    assert re.search("Left out because fewer than 5 people share them: [0-9]+ [a-z]+", text)
