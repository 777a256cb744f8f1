"""Rows of CSV files, whole and broken: what cannot be read costs itself and nothing else."""

import csv
import gzip
import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.tables import Row, open_table
from tests.ingest.table_files import cells, refusals, rows, table_of, unread


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "end"])
def test_rows_know_number_line_and_bytes(file: Path, end: str, last: str) -> None:
    lines = ["", "a;b", "1;2", "", " ", ";;", '3;"x', '""y"";', 'z"', "5;6"]
    text = end.join(lines) + (end if last else "")

    table = table_of(file, text)

    assert list(table.rows(["a", "b"])) == [
        Row(1, 3, ("1", "2"), b"1;2"),
        Row(2, 7, ("3", f'x{end}"y";{end}z'), end.join(lines[6:9]).encode()),
        Row(3, 10, ("5", "6"), b"5;6"),
    ]


def test_ragged_rows_are_unread_and_count(file: Path) -> None:
    table = table_of(file, "a;b;c\n1;2;3\n1;2\n1;2;3;4\n1;2;3;;\n;2;3\n")

    assert [(row.number, row.cells) for row in rows(table)] == [
        (1, ("1", "2", "3")),
        (4, ("1", "2", "3")),
        (5, ("", "2", "3")),
    ]
    assert refusals(table) == [
        (3, "bad_row", "2 cells where the header has 3"),
        (4, "bad_row", "4 cells where the header has 3"),
    ]
    assert unread(table)[0].sha256 == hashlib.sha256(b"1;2").digest()


def test_quote_that_never_ends_costs_one_row(file: Path) -> None:
    good = [f"{number};name" for number in range(30_000)]
    lines = ["a;b", *good[:10], '10;"endless', *good[11:]]

    table = table_of(file, "\n".join(lines))

    assert [row.number for row in rows(table)] == [*range(1, 11), *range(12, 30_001)]
    assert refusals(table) == [(12, "bad_row", "a quote begins here that does not end")]
    assert unread(table)[0].sha256 == hashlib.sha256(b'10;"endless').digest()


def test_quotes_that_never_end_cost_a_row_each(file: Path) -> None:
    lines = ["a;b", '1;"x', "2;y", '3;"x', "4;y", '5;"x"y', "6;y", '7;"x']

    table = table_of(file, "\n".join(lines))

    assert [row.cells[0] for row in rows(table)] == ["2", "4", "6"]
    assert refusals(table) == [
        (2, "bad_row", "a quote begins here that does not end"),
        (4, "bad_row", "a quote begins here that does not end"),
        (6, "bad_row", "a quoted cell goes on behind its quote"),
        (8, "bad_row", "a quote begins here that does not end"),
    ]


def test_cell_too_long_costs_its_row_alone(file: Path) -> None:
    table = table_of(file, "a;b\n1;" + "x" * 200_000 + "\n2;y\n")

    assert cells(table) == [("2", "y")]
    assert refusals(table) == [(2, "too_large", "a cell has more than 131,072 letters")]


@pytest.mark.parametrize("length", [1_048_577, 1_500_000, 5_000_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_too_long_costs_its_row_alone(file: Path, length: int, end: bytes) -> None:
    long = (b"1;2;" * (length // 4 + 1))[:length]

    table = table_of(file, end.join([b"a;b", b"1;2", long, b'3;"4', long, b"5;6"]))

    assert [(row.number, row.line, row.cells) for row in rows(table)] == [
        (1, 2, ("1", "2")),
        (5, 6, ("5", "6")),
    ]
    assert refusals(table) == [
        (3, "too_large", "the value is longer than 1,048,576 bytes"),
        (4, "bad_row", "a quote begins here that does not end"),
        (5, "too_large", "the value is longer than 1,048,576 bytes"),
    ]
    assert unread(table)[0].sha256 == hashlib.sha256(long).digest()


def test_row_of_too_many_lines_is_taken_for_an_endless_quote(file: Path) -> None:
    quoted = '"' + "\n" * 998 + '"'
    table = table_of(file, f"a;b\n1;{quoted}\n2;{quoted}\n")
    assert [row.line for row in rows(table)] == [2, 1001]

    table = table_of(file, 'a;b\n1;"' + "\n" * 1_000 + '"\n2;3\n')
    assert cells(table) == [("2", "3")]
    assert [place for place, *_ in refusals(table)] == [2, 1002]


def test_packed_table_that_is_cut_off_gives_what_is_there(file: Path) -> None:
    text = "a;b\n" + "".join(f"{number};{number * 7919}\n" for number in range(5_000))
    packed = gzip.compress(text.encode())

    for length in range(200, len(packed), 1_997):
        table = table_of(file, packed[:length])
        read = rows(table)
        assert [row.number for row in read] == list(range(1, len(read) + 1))
        assert refusals(table) == [(len(read) + 2, "bad_row", "the gzip data is cut off here")]
    assert len(read) > 3_000


def test_share_done_grows_to_one_at_each_reading(file: Path) -> None:
    table = table_of(file, "a;b\n" + "1;2\n" * 150_000)

    for _ in range(2):
        done = [table.done for _ in table.rows(["a"])]
        assert done == sorted(done)  # type: ignore[type-var]
        assert done[0] is not None
        assert done[0] < 0.5
        assert done[-1] == 1.0


# -- laws

CELL = st.text(st.characters(codec="cp1252"), max_size=8) | st.text('a"\n\r;,\t| ä', max_size=8)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(CELL, min_size=width, max_size=width).filter(any), min_size=1, max_size=8
    )
)


def written(table: list[list[str]], delimiter: str, quoting: int, end: str, encoding: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow([f"column {place}" for place in range(1, len(table[0]) + 1)])
    writer.writerows(table)
    return out.getvalue().encode(encoding)


@given(
    TABLES,
    st.sampled_from(";,\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.sampled_from([bytes, gzip.compress]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(  # noqa: PLR0917 - drawn in this order
    file: Path,
    table: list[list[str]],
    delimiter: str,
    quoting: int,
    end: str,
    encoding: str,
    pack: type[bytes],
) -> None:
    if quoting == csv.QUOTE_MINIMAL:  # before Python 3.13 it leaves other line ends without quotes
        table = [[re.sub(r"[\r\n]", end, cell) for cell in row] for row in table]
    file.write_bytes(pack(written(table, delimiter, quoting, end, encoding)))

    stated = None if encoding.startswith("utf-16") else encoding
    read = open_table(file, delimiter=delimiter, encoding=stated)

    assert [list(row) for row in cells(read)] == [row for row in table if any(row)]
    assert unread(read) == []


@given(TABLES, st.sampled_from(["\n", "\r\n", "\r"]), st.integers(0, 400))
@example([["1", "2"], ["3", "x\ny"]], "\n", 30)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_truncated_table_loses_nothing_but_the_last_row(
    file: Path, table: list[list[str]], end: str, length: int
) -> None:
    text = written(table, ";", csv.QUOTE_ALL, end, "utf-8")
    header = len(end.join(text.decode().split(end)[:1])) + len(end)
    file.write_bytes(text[: header + length])
    whole = [
        row
        for place, row in enumerate(table, 1)
        if len(written(table[:place], ";", csv.QUOTE_ALL, end, "utf-8")) <= header + length
    ]

    read = cells(open_table(file, delimiter=";", encoding="utf-8"))

    assert [list(row) for row in read[: len(whole)]] == whole
