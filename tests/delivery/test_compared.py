"""`polku report --compare`: the same numbers as JSON, CSV and on a page."""

import csv
from io import StringIO

import pytest

from delivery.report.language import LANGUAGES, Language
from tests.delivery.command_line import LAST_DAY, answer, numbers, polku
from tests.delivery.conftest import City
from tests.delivery.test_report_tables import cells_of, figures, leaves, number, tables

pytestmark = pytest.mark.xdist_group("compared")

SERVICE = ("report", "varaamo-booking", "--as-of", LAST_DAY)
VERDICTS = {"differs", "no clear difference", "too few"}


@pytest.fixture(scope="module")
def compared(city: City) -> tuple[str, ...]:
    return (*SERVICE, "--data", city.data, "--compare", "lang=sv")


def test_a_segment_stands_beside_the_rest_of_the_report(compared: tuple[str, ...]) -> None:
    report = numbers(*compared)

    found = report["comparison"]
    base, other = found["sides"]
    assert found["rest"]
    assert base["started"] + other["started"] == report["journeys"]["started"]
    assert (other["where"], base["where"]) == ({"lang": "sv"}, {})
    assert {row["verdict"] for row in found["rows"]} <= VERDICTS
    assert found["rows"][0]["what"] == "completion"


def test_a_period_stands_beside_that_of_the_report(city: City) -> None:
    march = ("--from", "2026-03-01", "--to", "2026-03-31")
    report = numbers(*SERVICE, "--data", city.data, *march, "--compare", "2026-04-01..2026-04-30")

    own, other = report["comparison"]["sides"]
    assert own["started"] == report["journeys"]["started"] > 0
    assert own["to"] == other["from"] == "2026-03-31T21:00:00Z"


def test_every_number_of_a_comparison_is_in_csv(compared: tuple[str, ...]) -> None:
    found = numbers(*compared)["comparison"]

    written = [
        answer(*compared, "--format", "csv", "--section", f"comparison{part}")
        for part in ("", "_sides", "_rows")
    ]

    told = figures(cell for table in written for cell in cells_of(table))
    assert told == figures(leaves(found))
    rows = list(csv.DictReader(StringIO(written[2])))
    assert [row["verdict"] for row in rows] == [row["verdict"] for row in found["rows"]]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_has_the_numbers_and_verdicts_of_a_comparison(
    compared: tuple[str, ...], code: str
) -> None:
    words = (*compared, "--lang", code)
    found, language = numbers(*words)["comparison"]["rows"], Language(code)
    moved = [row for row in found if row["what"] == "moved"][:12]
    shares = [row for row in found if row["what"] in {"completion", "drop_off", "reached"}]

    page = tables(answer(*words, "--format", "md"))

    of_shares = page[language.text("Shares beside each other, difference in percentage points")]
    for cells, row in zip(of_shares, [*shares, *moved], strict=True):
        assert [number(code, cells[2]), number(code, cells[4])] == [row["base_n"], row["other_n"]]
        assert cells[1] == language.percent(row["base"])
        assert cells[3] == language.percent(row["other"])
        if row["difference"] is not None:
            assert cells[5] == language.signed(100 * row["difference"])
    times = [row for row in found if row["what"] in {"time", "customer_time", "city_time", "stay"}]
    of_times = page[language.text("Times beside each other, medians")]
    for cells, row in zip(of_times, times, strict=True):
        assert (cells[1], cells[3]) == tuple(map(language.duration, (row["base"], row["other"])))
    said = {"too few": language.text("too few to compare")}
    verdicts = [cells[-1] for cells in (*of_shares, *of_times)]
    assert verdicts == [
        said.get(row["verdict"], language.text(row["verdict"])) for row in (*shares, *moved, *times)
    ]


def test_a_period_beside_itself_has_no_clear_difference(city: City) -> None:
    month = ("--from", "2026-03-01", "--to", "2026-03-31", "--compare", "2026-03-01..2026-03-31")

    found = numbers(*SERVICE, "--data", city.data, *month)["comparison"]

    assert not found["rest"]
    assert "differs" not in {row["verdict"] for row in found["rows"]}
    assert found["rows"][0]["verdict"] == "no clear difference"


@pytest.mark.parametrize("asked", ["lang", "2026-03-01", "2026-03-02..2026-03-01", "..", "=sv"])
def test_what_is_neither_a_period_nor_a_condition_is_refused(asked: str, city: City) -> None:
    done = polku(*SERVICE, "--data", city.data, "--compare", asked)

    assert done.code == 2
    assert "--compare" in done.err
    assert "Hint" in done.err


def test_periods_that_overlap_are_refused_with_a_hint(city: City) -> None:
    done = polku(*SERVICE, "--data", city.data, "--compare", "2026-03-01..2026-03-31")

    assert done.code == 1
    assert "overlap" in done.err
