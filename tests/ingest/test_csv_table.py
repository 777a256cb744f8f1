"""CSV as spreadsheets and programs write it: read right at the first try, or said why not."""

import csv
import gzip
import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.csv_table import CsvTable
from ingest.tables import Row, open_table
from journeys.errors import SourceError
from tests.ingest.table_files import cells, refusals, rows, unread

FINNISH = (
    "Asia;Vaihe;Aika;Kanava\r\n"
    "HEL 2020-1;Päätös tehty;24.6.2020 13.05;Sähköinen asiointi\r\n"
    "HEL 2020-2;Lisäselvitys;1.7.2020 9.00;Käyntiasiointi\r\n"
)
FINNISH_CELLS = [tuple(line.split(";")) for line in FINNISH.splitlines()[1:]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def table_of(file: Path, text: str | bytes, **stated: str) -> CsvTable:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = open_table(file, **stated)  # type: ignore[arg-type]
    assert isinstance(table, CsvTable)
    return table


# -- encodings


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("cp1252", "cp1252"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_encoding_is_found_and_said(
    file: Path, encoding: str, name: str, pack: type[bytes]
) -> None:
    table = table_of(file, pack(FINNISH.encode(encoding)))

    assert cells(table) == FINNISH_CELLS
    assert table.columns == ("Asia", "Vaihe", "Aika", "Kanava")
    packed = "" if pack is bytes else ", packed with gzip"
    assert table.form == f'CSV in {name}, separated by ";", 4 columns{packed}'


def test_big_endian_mark_is_read(file: Path) -> None:
    table = table_of(file, b"\xfe\xff" + FINNISH.encode("utf-16-be"))

    assert cells(table) == FINNISH_CELLS


@pytest.mark.parametrize("stated", ["utf-16", "UTF-16LE", "utf_16_be"])
@pytest.mark.parametrize("mark", [b"\xff\xfe", b""])
def test_stated_utf_16_needs_no_mark(file: Path, stated: str, mark: bytes) -> None:
    codec = "utf-16-be" if stated.endswith("be") else "utf-16-le"
    mark = mark[::-1] if stated.endswith("be") else mark

    table = table_of(file, mark + FINNISH.encode(codec), encoding=stated)

    assert cells(table) == FINNISH_CELLS


@pytest.mark.parametrize("stated", ["latin-1", "mac-roman", "cp850"])
def test_stated_encoding_is_followed(file: Path, stated: str) -> None:
    table = table_of(file, FINNISH.encode(stated), encoding=stated)

    assert cells(table) == FINNISH_CELLS


@pytest.mark.parametrize("stated", ["klingon", "rot13", "utf-7", "cp037", "utf-32", "", "a\0b"])
def test_encoding_that_is_none_is_refused(file: Path, stated: str) -> None:
    with pytest.raises(SourceError, match=r"is no encoding of tables\. Hint: utf-8, cp1252"):
        table_of(file, FINNISH, encoding=stated)


def test_letter_beyond_ascii_at_the_very_end_is_of_cp1252(file: Path) -> None:
    assert cells(table_of(file, b"a;b\n1;Pet\xe4\n2;j\xe4")) == [("1", "Petä"), ("2", "jä")]
    assert cells(table_of(file, b"a;b\n1;2\n2;j\xe4")) == [("1", "2"), ("2", "jä")]


def test_utf_8_cut_off_within_a_letter_loses_the_last_row_alone(file: Path) -> None:
    table = table_of(file, FINNISH.encode()[: FINNISH.encode().rindex("ä".encode()) + 1])

    assert cells(table) == FINNISH_CELLS[:1]
    assert refusals(table) == [(3, "bad_row", "it has bytes that are not utf-8")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_that_are_no_letters_cost_their_row_alone(file: Path, pack: type[bytes]) -> None:
    text = b"a;b\n1;\xc3\xa4\n2;\xff\n3;\x81\n4;\xc3\xa4\n"

    as_stated = table_of(file, pack(text), encoding="utf-8")
    assert [row.number for row in rows(as_stated)] == [1, 4]
    assert [place for place, *_ in refusals(as_stated)] == [3, 4]

    as_found = table_of(file, pack(text))
    assert [row.number for row in rows(as_found)] == [1, 2, 4]
    assert refusals(as_found) == [(4, "bad_row", "it has bytes that are not cp1252")]
    assert unread(as_found)[0].sha256 == hashlib.sha256(b"3;\x81").digest()


def test_half_a_letter_of_utf_16_costs_its_row_alone(file: Path) -> None:
    text = "a;b\n1;2\n3;\ud800\n5;6\n7;8".encode("utf-16", "surrogatepass")

    table = table_of(file, text + b"\0")

    assert [row.number for row in rows(table)] == [1, 3]
    assert refusals(table) == [
        (line, "bad_row", "it has bytes that are not utf-8") for line in (3, 5)
    ]


# -- delimiters


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", '";"'), (",", '","'), ("\t", "tabs"), ("|", '"|"')]
)
def test_delimiter_is_found_and_said(file: Path, delimiter: str, name: str) -> None:
    table = table_of(file, FINNISH.replace(";", delimiter))

    assert cells(table) == FINNISH_CELLS
    assert f"separated by {name}, 4 columns" in table.form


def test_delimiter_is_what_the_rows_agree_on(file: Path) -> None:
    text = "Asia, diaari;Vaihe, nimi;Hinta, e\n" + "".join(
        f"{number};{'vaihe, ' * (number % 3)};{number},50\n" for number in range(60)
    )

    table = table_of(file, text + "1;2\n")

    assert table.columns == ("Asia, diaari", "Vaihe, nimi", "Hinta, e")


def test_decimal_commas_do_not_make_columns(file: Path) -> None:
    table = table_of(file, "case;price\n" + "1;2,50\n" * 60)

    assert table.columns == ("case", "price")


def test_quoted_delimiters_do_not_count(file: Path) -> None:
    table = table_of(file, 'case,"name; short; long; other"\n1,"a; b; c; d"\n')

    assert table.columns == ("case", "name; short; long; other")


@pytest.mark.parametrize("stated", [";", "tab", "\\t", "\t", ":"])
def test_stated_delimiter_is_followed(file: Path, stated: str) -> None:
    delimiter = "\t" if "t" in stated else stated
    table = table_of(file, f"a,b{delimiter}c\n1,2{delimiter}3\n", delimiter=stated)

    assert cells(table) == [("1,2", "3")]


@pytest.mark.parametrize("stated", ["", ";;", '"', "\n", "ä", " "])
def test_delimiter_that_is_none_is_refused(file: Path, stated: str) -> None:
    with pytest.raises(SourceError, match=r"cannot separate cells\. Hint: \";\" or \"tab\""):
        table_of(file, FINNISH, delimiter=stated)


def test_stated_delimiter_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(SourceError, match=r"line 1, which names the columns, has no tabs in it"):
        table_of(file, FINNISH, delimiter="tab")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_that_says_the_delimiter_is_no_header(file: Path, encoding: str) -> None:
    table = table_of(file, "sep=:\r\na,b:c\r\n1,2:3\r\n".encode(encoding))

    assert table.columns == ("a,b", "c")
    assert [(row.number, row.line, row.cells) for row in rows(table)] == [(1, 3, ("1,2", "3"))]


@pytest.mark.parametrize("text", ["case\n1\n2\n", "Raportti 2020\n\ncase;name\n1;2\n", "hello"])
def test_table_without_columns_is_refused(file: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"names no columns separated by .* Hint: delete what"):
        table_of(file, text)


# -- headers


def test_header_alone_is_a_table_without_rows(file: Path) -> None:
    table = table_of(file, "a;b")

    assert table.columns == ("a", "b")
    assert rows(table) == unread(table) == []


def test_columns_without_name_and_twice_the_same_get_their_own(file: Path) -> None:
    table = table_of(file, ";name; name ;;name (2);x\n1;2;3;4;5;6\n")

    assert table.columns == ("column 1", "name", "name (3)", "column 4", "name (2)", "x")
    assert cells(table, ["name (2)", "column 4", "name"]) == [("5", "4", "2")]


def test_last_columns_without_name_may_lack(file: Path) -> None:
    table = table_of(file, "a;b;;\n1;2\n3;4;;\n5;6;note\n7\n")

    assert cells(table) == [("1", "2", "", ""), ("3", "4", "", ""), ("5", "6", "note", "")]
    assert refusals(table) == [(5, "bad_row", "1 cells where the header has 4")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('a;b;"c\n1;2;3\n', "a quote begins here that does not end"),
        (b"a;b\xff\n1;2\n", "it has bytes that are not utf-8"),
        ("a;" + "b" * 1_100_000 + "\n1;2\n", "the value is longer than 1,048,576 bytes"),
        ("a;" + "b" * 5_000_000 + "\n1;2\n", "the value is longer than 1,048,576 bytes"),
    ],
)
def test_header_that_cannot_be_read_is_refused(file: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(SourceError, match=f"line 1, which names the columns, cannot be.*: {why}"):
        table_of(file, text, encoding="utf-8", delimiter=";")


def test_column_that_is_not_there_is_answered_with_those_that_are(file: Path) -> None:
    table = table_of(file, FINNISH)

    with pytest.raises(SourceError, match=r"no column 'asia'.*mean 'Asia'\? Columns: Asia, Vaihe"):
        table.rows(["asia"])
    with pytest.raises(SourceError, match=r"no column 'xyz'. Hint: columns: Asia, Vaihe, Aika"):
        table.rows(["xyz"])


@pytest.mark.parametrize("wanted", [[], ["Aika"], ["Aika", "Asia", "Aika"]])
def test_wanted_cells_come_in_the_order_asked_for(file: Path, wanted: list[str]) -> None:
    table = table_of(file, FINNISH)

    picked = [table.columns.index(name) for name in wanted]
    assert cells(table, wanted) == [tuple(row[i] for i in picked) for row in FINNISH_CELLS]


# -- rows


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

    for length in range(200, len(packed), 997):
        table = table_of(file, packed[:length])
        read = rows(table)
        assert [row.number for row in read] == list(range(1, len(read) + 1))
        assert refusals(table) == [(len(read) + 2, "bad_row", "the gzip data is cut off here")]
    assert len(read) > 4_000


def test_share_done_grows_to_one_at_each_reading(file: Path) -> None:
    table = table_of(file, "a;b\n" + "1;2\n" * 200_000)

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
