"""The same file again, grown, sorted, renamed, changed: nothing is doubled, nothing lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from journeys.event_log import EventLog
from tests.delivery.bookings import HEADER, Row, bookings, write_excel
from tests.delivery.command_line import Answer, answer, numbers, polku

ROWS = bookings()
SOURCE = "file:own/varaukset.csv"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder into which the file has been read."""
    path = write_excel(tmp_path / "varaukset.csv", ROWS)
    zone = ("--zone", "Europe/Helsinki")
    answer("services", "draft", path, "--service", "own", "--data", tmp_path, *zone)
    _read(path)
    return tmp_path


def _read(path: Path, *words: object) -> Answer:
    return polku("ingest", "files", path, "--service", "own", "--data", path.parent, *words)


def _written(data: Path, rows: list[Row] | list[list[str]], name: str = "varaukset.csv") -> Path:
    return write_excel(data / name, rows)


def _count(data: Path) -> int:
    with EventLog.open(data / "log.db") as log:
        return log.read_touchpoints().height


def _report(data: Path, *words: object) -> Any:  # noqa: ANN401
    report = numbers("report", "own", "--data", data, "--as-of", "2021-01-01", *words)
    del report["position"]
    return report


def test_the_file_as_it_was_adds_nothing(data: Path) -> None:
    done = _read(data / "varaukset.csv")

    assert done.code == 0
    assert f"Recorded 0 touchpoints; {len(ROWS)} were known already" in done.out
    assert _count(data) == len(ROWS)


def test_a_grown_file_adds_what_is_new(data: Path) -> None:
    grown = bookings(50)

    done = _read(_written(data, grown))

    assert f"Recorded {len(grown) - len(ROWS)} touchpoints; {len(ROWS)} were known" in done.out
    assert _count(data) == len(grown)


def test_a_file_sorted_the_other_way_is_refused_whole(data: Path) -> None:
    done = _read(_written(data, [*reversed(ROWS), ROWS[0]]))

    assert done.code == 1
    assert "rows have moved" in done.err
    assert "--column id=" in done.err
    assert f"polku retract {SOURCE}" in done.err
    assert _count(data) == len(ROWS)
    assert answer("quarantine", "list", "--data", data).count("Nothing is in quarantine") == 1


def test_a_file_under_another_name_is_not_counted_twice(data: Path) -> None:
    renamed = _written(data, [*reversed(ROWS)], "varaukset (2).csv")

    done = _read(renamed)
    as_the_same = _read(_written(data, ROWS, "varaukset (3).csv"), "--source", SOURCE)

    assert done.code == 1
    assert "100% of its rows are in the log already" in done.err
    assert f"--source {SOURCE}" in done.err
    assert as_the_same.code == 0
    assert f"{len(ROWS)} were known already" in as_the_same.out
    assert _count(data) == len(ROWS)


def test_exports_that_overlap_are_not_counted_twice(data: Path) -> None:
    later = bookings(60)[len(ROWS) - 30 :]

    done = _read(_written(data, later, "heinäkuu.csv"))

    assert done.code == 1
    assert "of its rows are in the log already" in done.err


def test_a_file_that_only_looks_alike_is_read(data: Path) -> None:
    other = [[row[0].replace("HEL", "VAN"), *row[1:]] for row in ROWS]

    done = _read(_written(data, other, "vantaa.csv"))

    assert done.code == 0
    assert _count(data) == 2 * len(ROWS)


def test_a_mended_row_leaves_the_quarantine_by_itself(data: Path) -> None:
    grown = bookings(42)
    bad = [list(row) for row in grown]
    bad[-1][2] = "31.2.2020 9.00"
    torn = _read(_written(data, bad))

    mended = _read(_written(data, grown))

    assert "1 are in quarantine (bad_time 1" in torn.out
    assert "1 of the quarantine is settled. The log is at" in mended.out
    assert numbers("quarantine", "list", "--data", data) == []
    assert _count(data) == len(grown)


def test_one_changed_row_is_quarantined_and_the_first_stands(data: Path) -> None:
    changed = [list(row) for row in ROWS]
    changed[9][1] = "Maksu palautettu"

    done = _read(_written(data, changed))

    assert done.code == 0
    assert "1 are in quarantine (conflict 1" in done.out
    assert _count(data) == len(ROWS)
    (refused,) = json.loads(answer("quarantine", "list", "--format", "json", "--data", data))
    assert (refused["origin"], refused["place"], refused["reason"]) == (SOURCE, 11, "conflict")
    again = _read(data / "varaukset.csv")
    assert "conflict 1" in again.out
    assert len(json.loads(answer("quarantine", "list", "--format", "json", "--data", data))) == 1


def test_a_dry_run_says_the_same_and_stores_nothing(data: Path) -> None:
    grown = [list(row) for row in bookings(50)]
    grown[9][1], grown[-1][2] = "Maksu palautettu", "eilen"
    path = _written(data, grown)
    before = {file.name: file.read_bytes() for file in data.glob("*.*")}

    dry = _read(path, "--dry-run")

    after = {file.name: file.read_bytes() for file in data.glob("*.*") if file.name in before}
    assert before == after
    assert dry.code == 0
    assert "Nothing was stored" in dry.out
    real = _read(path)
    counts = dry.out.partition("Would record")[2].split(";")
    assert counts[0] == real.out.partition("Recorded")[2].split(";")[0]
    assert counts[1] == real.out.partition("Recorded")[2].split(";")[1]
    assert "2 would go into quarantine (bad_time 1, conflict 1)" in dry.out
    assert "2 are in quarantine (bad_time 1, conflict 1" in real.out


def test_a_dry_run_before_anything_leaves_no_folder(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)
    services = tmp_path / "services"
    told = ("--zone", "Europe/Helsinki", "--services", services)
    answer("services", "draft", path, "--service", "own", *told)
    data = tmp_path / "data"

    said = answer(
        *("ingest", "files", path, "--service", "own", "--services", services),
        *("--data", data, "--dry-run"),
    )

    assert f"Would record {len(ROWS)} touchpoints" in said
    assert not data.exists()


def test_ids_of_the_producer_let_rows_move(tmp_path: Path) -> None:
    header = (*HEADER, "Tapahtumanumero")
    rows = [[*row, f"T{place}"] for place, row in enumerate(ROWS)]
    path = write_excel(tmp_path / "varaukset.csv", rows, header=header)
    told = ("--zone", "Europe/Helsinki", "--column", "id=Tapahtumanumero")
    answer("services", "draft", path, "--service", "own", "--data", tmp_path, *told)
    assert _read(path).code == 0

    write_excel(path, [*reversed(rows)], header=header)
    done = _read(path)

    assert done.code == 0
    assert f"Recorded 0 touchpoints; {len(ROWS)} were known already" in done.out


def test_a_column_that_repeats_is_no_id(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)
    told = ("--zone", "Europe/Helsinki", "--column", "id=Asia")
    answer("services", "draft", path, "--service", "own", "--data", tmp_path, *told)

    done = _read(path)

    assert done.code == 1
    assert "column 'Asia' is no id" in done.err
    assert not (tmp_path / "log.db").exists()


def test_a_retracted_file_is_read_as_new(data: Path) -> None:
    answer("project", "--data", data)
    before = _report(data)
    position = numbers("report", "own", "--data", data)["position"]
    sorted_rows = sorted(ROWS, key=lambda row: row[1])

    answer("retract", SOURCE, "--data", data)
    answer("project", "--data", data)
    emptied = _report(data)
    done = _read(_written(data, sorted_rows))
    answer("project", "--data", data)

    assert emptied["journeys"]["started"] == 0
    assert done.code == 0
    assert f"Recorded {len(ROWS)} touchpoints" in done.out
    assert _report(data) == before
    assert _report(data, "--position", position) == before
