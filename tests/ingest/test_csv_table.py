"""How a CSV file is written: found out at the first try, or said why not."""

import gzip
import hashlib
from pathlib import Path

import pytest

from ingest.csv_records import UNDECODABLE
from journeys.errors import SourceError
from tests.ingest.table_files import cells, refusals, rows, table_of, unread

FINNISH = (
    "Asia;Vaihe;Aika;Kanava\r\n"
    "HEL 2020-1;Päätös tehty;24.6.2020 13.05;Sähköinen asiointi\r\n"
    "HEL 2020-2;Lisäselvitys;1.7.2020 9.00;Käyntiasiointi\r\n"
)
FINNISH_CELLS = [tuple(line.split(";")) for line in FINNISH.splitlines()[1:]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


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
    assert refusals(table) == [(3, "bad_row", UNDECODABLE)]


def test_a_damaged_letter_makes_a_file_no_other_one(file: Path) -> None:
    text = "a;b\n" + "".join(f"{number};jää\n" for number in range(10))

    table = table_of(file, text.encode() + b"x;j\xe4\xff\n")

    assert table.form.startswith("CSV in UTF-8")
    assert refusals(table) == [(12, "bad_row", UNDECODABLE)]
    assert table_of(file, text.encode("cp1252")).form.startswith("CSV in cp1252")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_that_are_no_letters_cost_their_row_alone(file: Path, pack: type[bytes]) -> None:
    text = b"a;b\n1;\xc3\xa4\n2;\xff\n3;\x81\n4;\xc3\xa4\n"

    as_stated = table_of(file, pack(text), encoding="utf-8")
    assert [row.number for row in rows(as_stated)] == [1, 4]
    assert [place for place, *_ in refusals(as_stated)] == [3, 4]

    as_found = table_of(file, pack(text))
    assert [row.number for row in rows(as_found)] == [1, 2, 4]
    assert refusals(as_found) == [(4, "bad_row", UNDECODABLE)]
    assert unread(as_found)[0].sha256 == hashlib.sha256(b"3;\x81").digest()


def test_half_a_letter_of_utf_16_costs_its_row_alone(file: Path) -> None:
    text = "a;b\n1;2\n3;\ud800\n5;6\n7;8".encode("utf-16", "surrogatepass")

    table = table_of(file, text + b"\0")

    assert [row.number for row in rows(table)] == [1, 3]
    assert refusals(table) == [(line, "bad_row", UNDECODABLE) for line in (3, 5)]


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


@pytest.mark.parametrize("stated", [";", "tab", "\\t", "\t", ":", " "])
def test_stated_delimiter_is_followed(file: Path, stated: str) -> None:
    delimiter = "\t" if "t" in stated else stated
    table = table_of(file, f"a,b{delimiter}c\n1,2{delimiter}3\n", delimiter=stated)

    assert cells(table) == [("1,2", "3")]


@pytest.mark.parametrize("stated", ["", ";;", '"', "\n", "ä"])
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


def test_names_of_columns_are_on_one_line(file: Path) -> None:
    assert table_of(file, '"Asian\r\n numero";\u00a0Vaihe \n1;2\n').columns == (
        "Asian numero",
        "Vaihe",
    )


def test_name_that_comes_many_times_is_numbered(file: Path) -> None:
    table = table_of(file, ";".join(["a"] * 16_384) + "\n")

    assert table.columns[:3] == ("a", "a (2)", "a (3)")
    assert table.columns[-1] == "a (16384)"
    with pytest.raises(SourceError, match=r"it has 16,385 columns, more than 16,384\. Hint: "):
        table_of(file, ";".join(["a"] * 16_385) + "\n")


def test_last_columns_without_name_may_lack(file: Path) -> None:
    table = table_of(file, "a;b;;\n1;2\n3;4;;\n5;6;note\n7\n")

    assert cells(table) == [("1", "2", "", ""), ("3", "4", "", ""), ("5", "6", "note", "")]
    assert refusals(table) == [(5, "bad_row", "1 cell where the header has 4")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('a;b;"c\n1;2;3\n', "a quote begins here that does not end"),
        (b"a;b\xff\n1;2\n", UNDECODABLE),
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
