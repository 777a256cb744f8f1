"""`polku demo`: a city in a minute, and `polku services check` for what one edits next."""

import json
from pathlib import Path

import pytest

from journeys.service import load_services
from tests.delivery.command_line import Answer, answer, polku

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    data = tmp_path_factory.mktemp("demo") / "data"
    return data, polku("demo", "--data", data, "--journeys", 600)


def test_demo_ends_with_the_overview_of_six_services(shown: tuple[Path, Answer]) -> None:
    data, done = shown

    assert done.code == 0
    assert "journeys started at 6 services" in done.out
    assert "Where the city loses most journeys" in done.out
    assert f"Next: polku report varaamo-booking --data {data}" in done.err
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    assert len([item for item in truth["planted"] if item["kind"] == "drop_off"]) == 6
    assert polku("status", "--data", data).code == 0


def test_demo_brings_the_overview_and_six_reports_as_pages(shown: tuple[Path, Answer]) -> None:
    data, done = shown

    pages = {page.name: page.read_text(encoding="utf-8") for page in data.glob("pages/*")}

    assert f"{data / 'pages' / 'overview.html'}, and beside it" in done.err
    assert len(pages) == 7
    assert "All services" in pages.pop("overview.html")
    assert set(pages) == {f"{key}.html" for key in load_services()}
    assert all("Where people stop" in page for page in pages.values())


def test_demo_again_shows_the_same_city(shown: tuple[Path, Answer]) -> None:
    data, first = shown

    again = answer("demo", "--data", data, "--journeys", 600)

    assert again.startswith("Recorded 0 touchpoints; ")
    assert again.split("How the services do")[1] == first.out.split("How the services do")[1]


def test_two_cities_do_not_mix(shown: tuple[Path, Answer]) -> None:
    data, _ = shown

    done = polku("demo", "--data", data, "--journeys", 600, "--seed", 2)

    assert done.code == 1
    assert "holds the demo city of seed 1 with 600 journeys" in done.err


def test_demo_leaves_a_log_that_is_not_its_own_alone(tmp_path: Path) -> None:
    answer("ingest", "city", "--data", tmp_path, "--journeys", 10, "--until", "2026-06-01")

    done = polku("demo", "--data", tmp_path)

    assert done.code == 1
    assert "holds a log that is not the demo's" in done.err


def test_edited_definitions_are_checked_with_every_problem_at_once(
    shown: tuple[Path, Answer], tmp_path: Path
) -> None:
    data, _ = shown
    good = (data / "services" / "varaamo-booking.yaml").read_text(encoding="utf-8")
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        good.replace("actor: customer", "actor: nobody", 1).replace("PT3M", "soon"),
        encoding="utf-8",
    )

    assert "6 services, 7 definitions: no problems." in answer("services", "check", "--data", data)
    done = polku("services", "check", bad)

    assert done.code == 1
    assert "actor" in done.err
    assert "typical" in done.err
    assert "bad.yaml" in done.err


def test_empty_folder_has_an_overview_of_nothing_and_says_why(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("no json\n", encoding="utf-8")
    polku("ingest", "files", bad, "--data", tmp_path / "data")

    done = polku("overview", "--data", tmp_path / "data")

    assert done.code == 1
    assert "polku project" in done.err
    assert polku("quarantine", "list", "--data", tmp_path / "data").out.count("payload_not_json")
