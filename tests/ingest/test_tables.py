"""Opening a table: told by what it holds, refused with what to do, read in bounded memory."""

import csv
import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ingest.csv_table import CsvTable
from ingest.files import JsonLinesSource
from ingest.sources import UnreadRecord
from ingest.tables import Row, is_json_lines, open_table
from ingest.xes_table import XesTable
from journeys.errors import SourceError
from tests.ingest.table_files import rows
from tests.memory import run_measured
from tests.real_logs import REAL_LOGS, RealLog

CSV, XES, JSON_LINES = b"a;b\n1;2\n", b"<log><trace><event/></trace></log>", b'{"id": 1}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export"


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n \r\n"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_file_is_told_by_what_it_holds(file: Path, before: bytes, pack: type[bytes]) -> None:
    file.write_bytes(pack(before + CSV))
    assert isinstance(open_table(file), CsvTable)
    assert not is_json_lines(file)

    file.write_bytes(pack(before + JSON_LINES))
    assert is_json_lines(file)

    if b"\n" not in before:  # nothing may stand before the XML declaration, if there is one
        file.write_bytes(pack(before + XES))
        assert isinstance(open_table(file), XesTable)
        assert not is_json_lines(file)


def test_first_letter_may_be_far_behind(file: Path) -> None:
    file.write_bytes(b"\n" * 200_000 + JSON_LINES)
    assert is_json_lines(file)

    file.write_bytes(b"\n" * 200_000 + CSV)
    assert [row.line for row in rows(open_table(file))] == [200_002]


def test_nothing_but_json_lines_comes_from_a_pipe(file: Path) -> None:
    os.mkfifo(file)

    assert is_json_lines(file)
    with pytest.raises(SourceError, match=r"it is a pipe.* Hint: write it to a file first"):
        open_table(file)


def test_json_lines_are_no_table(file: Path) -> None:
    file.write_bytes(JSON_LINES)

    with pytest.raises(SourceError, match=r"holds JSON Lines, not a table\. Hint: polku ingest"):
        open_table(file)


@pytest.mark.parametrize("text", [b"", b" \n\n", b"\xef\xbb\xbf", b"\xff\xfe", b";;\n;\n"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_empty_file_is_refused(file: Path, text: bytes, pack: type[bytes]) -> None:
    file.write_bytes(pack(text))

    assert not is_json_lines(file)
    with pytest.raises(SourceError, match=r"it is empty\. Hint: the first line names the columns"):
        open_table(file, delimiter=";")


def test_tear_before_anything_is_an_empty_file(file: Path) -> None:
    file.write_bytes(gzip.compress(CSV)[:10])

    assert not is_json_lines(file)
    with pytest.raises(SourceError, match="it is empty"):
        open_table(file)


@pytest.mark.parametrize(
    ("begins", "why"),
    [
        (b"PK\x03\x04", "an Excel workbook or a zip archive. Hint: in Excel, File, Save As, CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "an Excel workbook of the old kind. Hint: in Excel, File, Save"),
        (b"BZh9", "packed with bzip2. Hint: unpack it, or pack it with gzip"),
        (b"PAR1", "a Parquet file. Hint: export it as CSV"),
        (b"SQLite format 3\0", "a SQLite database. Hint: export it as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no text. Hint: export it as CSV"),
    ],
)
@pytest.mark.parametrize(
    "open_it", [open_table, is_json_lines, lambda path: JsonLinesSource([path])]
)
def test_other_formats_are_told_apart(
    file: Path, begins: bytes, why: str, open_it: Callable[[Path], object]
) -> None:
    file.write_bytes(begins + b"\0" * 100)
    if why.startswith("no text") and open_it is not open_table:
        return

    with pytest.raises(SourceError, match=f"it is {why}"):
        open_it(file)


@pytest.mark.parametrize("open_it", [open_table, is_json_lines])
def test_missing_file_and_folder_are_refused(
    tmp_path: Path, open_it: Callable[[Path], object]
) -> None:
    (tmp_path / "export.csv").write_bytes(CSV)

    with pytest.raises(SourceError, match=r"there is none\. Hint: did you mean .*/export\.csv\?"):
        open_it(tmp_path / "exprt.csv")
    with pytest.raises(SourceError, match="it is a folder"):
        open_it(tmp_path)


@pytest.mark.parametrize("text", [CSV, XES])
def test_table_that_goes_away_is_said(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    table = open_table(file)
    file.unlink()

    with pytest.raises(SourceError, match="there is none"):
        rows(table)


@pytest.mark.parametrize("text", [CSV * 20_000, b"<log>" + b"<event/>" * 20_000 + b"</log>"])
def test_two_readings_of_a_table_do_not_disturb_each_other(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    table = open_table(file)

    begun = table.rows([])
    first = next(begun)

    assert rows(table, [])[0] == first
    assert sum(1 for _ in begun) == len(rows(table, [])) - 1
    assert table.done == 1.0


# -- memory


def repeated(block: bytes, times: int) -> Iterator[bytes]:
    """Pack a block many times over, without packing it more than once."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    yield from (packed for _ in range(times))


def test_line_of_any_length_takes_little_memory(file: Path) -> None:
    with file.open("wb") as out:
        out.write(gzip.compress(b"a;b\n1;2\n3;"))
        out.writelines(repeated(b"x" * 1_000_000, 30))

    tracemalloc.start()
    read = list(open_table(file).rows(["a"]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [type(row) for row in read] == [Row, UnreadRecord]
    assert peak < 8_000_000


READ_ALL = """
import sys
from pathlib import Path
from ingest.tables import Row, open_table
table = open_table(Path(sys.argv[1]))
read = [0, 0]
for row in table.rows(table.columns):
    read[isinstance(row, Row)] += 1
print(*read)
"""


def unread_rows_and_memory(path: Path) -> tuple[int, int, float]:
    """Read a table in a process of its own: how many rows were unread and read, and its peak MB."""
    said, peak = run_measured(READ_ALL, path)
    unread, read = map(int, said.split())
    return unread, read, peak / (1 << 20)


ROW = b'HEL 2020-1;"P\xe4\xe4t\xf6s\r\ntehty";24.6.2020 13.05;S\xe4hk\xf6inen asiointi;ok\r\n'
EVENT = b"<event><string key='concept:name' value='P\xc3\xa4\xc3\xa4t\xc3\xb6s'/></event>\n"


@pytest.mark.parametrize(
    ("begins", "row", "ends"),
    [(b"a;b;c;d;e\n", ROW, b""), (b"<log><trace>", EVENT, b"</trace></log>")],
)
def test_large_table_takes_little_memory(
    file: Path, begins: bytes, row: bytes, ends: bytes
) -> None:
    times = 15_000_000 // len(row)
    file.write_bytes(begins + row * times + ends)

    unread, read, peak = unread_rows_and_memory(file)

    assert (unread, read) == (0, times)
    assert peak < 80


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begins", "block", "times", "expected"),
    [
        (b"a;b;c;d;e\n", ROW * 10_000, 1_300, (1, 13_000_000)),  # 1 GB, cut off at its end
        (b"a;b\n1;2\n", b"x" * 1_000_000, 2_000, (1, 1)),  # a line of 2 GB
        (b"<log><trace>", EVENT * 10_000, 1_200, (1, 12_000_000)),  # 1 GB
        (b"<log><trace><event/><event><string key='", b"x" * 1_000_000, 2_000, (1, 1)),
    ],
    # The name of a test is in the environment, which has no room for a block.
    ids=["rows", "a line", "events", "a tag"],
)
def test_table_of_any_size_takes_little_memory(
    file: Path, begins: bytes, block: bytes, times: int, expected: tuple[int, int]
) -> None:
    with file.open("wb") as out:
        out.write(gzip.compress(begins))
        out.writelines(repeated(block, times))

    unread, read, peak = unread_rows_and_memory(file)

    assert (unread, read) == expected
    assert peak < 300


# -- real logs


@pytest.mark.parametrize("log", REAL_LOGS, ids=lambda log: log.file)
def test_real_log_is_read_as_plain_python_reads_it(log: RealLog) -> None:
    expected = plainly_read(log.path)

    table = open_table(log.path)
    read = [row for row in table.rows(table.columns) if isinstance(row, Row)]

    assert [dict(zip(table.columns, row.cells, strict=True)) for row in read] == [
        {name: row.get(name, "") for name in table.columns} for row in expected
    ]
    assert {name for row in expected for name in row} <= set(table.columns)
    assert [row.number for row in read] == list(range(1, log.events + 1))
    case, name = (table.columns.index(key) for key in ("case:concept:name", "concept:name"))
    assert len({row.cells[case] for row in read}) == log.cases
    assert len({row.cells[name] for row in read}) == log.names


def plainly_read(path: Path) -> list[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    if ".xes" not in path.name:
        with opened(path, "rt", encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))
    with opened(path) as file:
        root = ET.parse(file).getroot()  # noqa: S314 - a file that is ours to trust
    return [
        {**attributes(trace, "case:"), **attributes(event)}
        for trace in root.iterfind("{*}trace")
        for event in trace.iterfind("{*}event")
    ]


def attributes(element: ET.Element, prefix: str = "") -> dict[str, str]:
    return {prefix + each.attrib["key"]: each.attrib["value"] for each in element if each.attrib}
