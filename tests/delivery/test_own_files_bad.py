"""Files that are not what they should be: refused with a way out, or read as far as they go."""

import gzip
import json
from pathlib import Path

import pytest

from journeys.event_log import EventLog
from tests.delivery.bookings import bookings, write_excel
from tests.delivery.command_line import Answer, answer, polku

ROWS = bookings()
NO_OFFSET = ("--zone", "Europe/Helsinki")
ISO = "2026-06-01T09:00:00+03:00"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that knows the service, and nothing yet of its touchpoints."""
    path = write_excel(tmp_path / "good.csv", ROWS)
    answer("services", "draft", path, "--service", "own", "--data", tmp_path, *NO_OFFSET)
    return tmp_path


def _read(path: Path, *words: object) -> Answer:
    return polku("ingest", "files", path, "--service", "own", "--data", path.parent, *words)


def _refused(data: Path) -> list[tuple[int, str, str]]:
    rows = json.loads(answer("quarantine", "list", "--format", "json", "--data", data))
    return sorted((row["place"], row["reason"], row["detail"]) for row in rows)


def _count(data: Path) -> int:
    with EventLog.open(data / "log.db") as log:
        return log.read_touchpoints().height


def test_ragged_rows_go_into_quarantine_with_their_lines(data: Path) -> None:
    lines = (data / "good.csv").read_bytes().split(b"\r\n")
    lines[4] = b"HEL 2020-1;Maksu"
    lines[7] += b";liikaa"
    lines[9] += b";;;"
    (data / "good.csv").write_bytes(b"\r\n".join(lines))

    done = _read(data / "good.csv")

    assert done.code == 0
    assert f"Recorded {len(ROWS) - 2} touchpoints" in done.out
    assert "2 are in quarantine (bad_row 2" in done.out
    assert _refused(data) == [
        (5, "bad_row", "2 cells where the header has 5"),
        (8, "bad_row", "6 cells where the header has 5"),
    ]


def test_a_wrong_column_ends_at_the_door(data: Path) -> None:
    done = _read(data / "good.csv", "--column", "case=Asiat")

    assert done.code == 1
    assert "there is no column 'Asiat' (for case). Hint: did you mean 'Asia'?" in done.err
    assert "'Vaihe', 'Aika', 'Kanava', 'Lisätieto'" in done.err
    assert not (data / "log.db").exists()


def test_a_role_that_is_none_of_the_service_is_left_out_and_said(data: Path) -> None:
    done = _read(data / "good.csv", "--column", "huone=Lisätieto")

    assert done.code == 0
    assert f"left out (huone {len(ROWS)})" in done.out


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"PK\x03\x04", "Excel workbook"),
        (b"SQLite format 3\x00", "a SQLite database"),
        (b"just one line of words", "Hint"),
    ],
)
def test_what_is_no_table_is_refused_at_the_door(content: bytes, why: str, data: Path) -> None:
    path = data / "other.csv"
    path.write_bytes(content)

    for done in (_read(path), polku("services", "draft", path, "--service", "x", "--data", data)):
        assert done.code == 1
        assert why in done.err
        assert done.err.count("\n") == 1
    assert not (data / "log.db").exists()


def test_a_folder_is_no_file(data: Path) -> None:
    done = _read(data / "services")

    assert done.code == 1
    assert "it is a folder" in done.err


def test_a_file_that_is_not_there_is_looked_for_nearby(data: Path) -> None:
    done = _read(data / "god.csv")

    assert done.code == 1
    assert f"did you mean {data / 'good.csv'}?" in done.err


def test_of_a_gzip_file_that_is_cut_off_all_is_read_that_can_be(data: Path) -> None:
    packed = gzip.compress((data / "good.csv").read_bytes())
    (data / "cut.csv.gz").write_bytes(packed[: len(packed) * 2 // 3])

    done = _read(data / "cut.csv.gz")

    assert done.code == 0
    assert 0 < _count(data) < len(ROWS)
    ((_, reason, detail),) = _refused(data)
    assert (reason, "cut off" in detail) == ("bad_row", True)


def test_an_entity_bomb_is_not_lit(data: Path) -> None:
    path = data / "bomb.xes"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>'
        '<log><trace><string key="concept:name" value="&b;"/></trace></log>'
    )

    done = _read(path)

    assert done.code == 1
    assert "DOCTYPE" in done.err
    assert not (data / "log.db").exists()


def test_a_log_without_cases_is_asked_for_them(data: Path) -> None:
    path = data / "flat.xes"
    path.write_text(
        f'<log><trace><event><string key="concept:name" value="a"/>'
        f'<date key="time:timestamp" value="{ISO}"/></event></trace></log>'
    )

    done = polku("services", "draft", path, "--service", "x", "--data", data)

    assert done.code == 1
    assert "no column is named that says whose journey it is" in done.err
    assert "'concept:name', 'time:timestamp'" in done.err


def test_a_file_of_which_nothing_can_be_stored_is_an_expected_failure(data: Path) -> None:
    path = write_excel(data / "bad.csv", [["", *row[1:]] for row in ROWS])

    done = _read(path)
    drafted = polku("services", "draft", path, "--service", "x", "--data", data, *NO_OFFSET)

    assert (done.code, drafted.code) == (1, 1)
    assert "every record was quarantined" in done.err
    assert f"none of its rows could be stored (missing_reference {len(ROWS)})" in drafted.err


def test_a_table_with_a_header_alone_holds_nothing(data: Path) -> None:
    path = write_excel(data / "bare.csv", [])

    done = _read(path)

    assert done.code == 0
    assert "Recorded 0 touchpoints" in done.out


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--column", "case"], 2, "is not ROLE=NAME. Hint: for example case=Asia"),
        (["--zone", "Helsinki"], 2, "is no time zone. Hint: Europe/Helsinki"),
        (["--time-format", "d.m.Y"], 2, "has no % in it"),
        (["--time-format", "%Q"], 1, "Hint"),
        (["--encoding", "klingon"], 2, "is no encoding. Hint: utf-8 or cp1252"),
        (["--delimiter", ";;"], 2, "is not one character"),
        (["--lifecycle", "start"], 2, "complete"),
        (["--source", "matti@example.org"], 1, "it holds an email address"),
    ],
)
def test_an_option_that_cannot_be_is_answered_with_one_that_can(
    words: list[str], code: int, why: str, data: Path
) -> None:
    done = _read(data / "good.csv", *words)

    assert done.code == code
    assert why in " ".join(done.err.split())


def test_what_is_said_of_rows_needs_a_service(data: Path) -> None:
    path = data / "touchpoints.jsonl"
    path.write_text("{}\n")

    for words in (["--zone", "Europe/Helsinki"], ["--dry-run"]):
        done = polku("ingest", "files", path, "--data", data, *words)
        assert done.code == 1
        assert "--service KEY" in done.err
    assert polku("ingest", "files", path, "--data", data, "--service", "own").code == 1


def test_two_files_of_numbered_rows_have_two_sources(data: Path) -> None:
    other = write_excel(data / "other.csv", [[f"X{row[0]}", *row[1:]] for row in ROWS])

    done = polku(
        *("ingest", "files", data / "good.csv", other, "--service", "own", "--data", data),
        *("--source", "s"),
    )
    apart = polku("ingest", "files", data / "good.csv", other, "--service", "own", "--data", data)

    assert done.code == 1
    assert "every file has a row 1" in done.err
    assert apart.code == 0
    assert _count(data) == 2 * len(ROWS)


def test_nothing_of_a_file_but_its_mapped_columns_is_kept(data: Path) -> None:
    told = "Salainen Nimi 131052-308T"
    path = write_excel(data / "good.csv", [[*row[:4], told] for row in ROWS])

    assert _read(path).code == 0

    for file in data.rglob("*"):
        if file.is_file() and file != path:
            content = file.read_bytes()
            for text in (told, ROWS[0][0], "131052"):
                for encoding in ("utf-8", "utf-16-le", "cp1252"):
                    assert text.encode(encoding) not in content, file
