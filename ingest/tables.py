"""Tables of touchpoints that a program exported: CSV or XES, plain or gzip.

A table is read row by row, as often as need be, in memory that does not depend on its size. A row
that cannot be read is one unread record and costs none of its neighbours; what is no table is
refused at the door. What the columns mean is none of its business.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from ingest.packed import TornError, check_file, read_unpacked
from ingest.sources import UnreadRecord
from journeys.errors import SourceError
from journeys.service import Lifecycle


class Row(NamedTuple):
    """A row of a table, or an event of a process log.

    Attributes:
        number: From 1; every row or event counts, those unread or skipped, too, so that a row
            keeps its number when its file grows.
        line: The physical line, from 1, at which it starts.
        cells: Of the wanted columns, in their order; empty where there is none.
        raw: What its digest is made of. CSV: its lines without the last line end (of a file in
            UTF-16: in UTF-8); XES: its case, attributes and number as JSON.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    raw: bytes


class Table(Protocol):
    """A file that holds a table.

    Attributes:
        path: Where it is.
        form: How it is written, in a few words for people.
        columns: CSV: the header; XES: keys of the attributes of the first events, in order of
            their first appearance, those of the case as `case:KEY`.
    """

    path: Path
    form: str
    columns: tuple[str, ...]

    def rows(self, wanted: Sequence[str]) -> Iterator[Row | UnreadRecord]:
        """Read the table from its beginning.

        Args:
            wanted: Names of columns.

        Raises:
            SourceError: A CSV file has no such column, or the file cannot be read any more.
        """
        ...

    @property
    def done(self) -> float | None:
        """Share of the file read so far, 0 to 1."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the last reading."""
        ...


def open_table(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    lifecycle: Lifecycle = "complete",
) -> Table:
    """Open a file, and find out how it is written as far as that is not said.

    Args:
        path: CSV (any of its kin) or XES, told apart by what they hold.
        encoding: Name of a text encoding.
        delimiter: One character, or `tab`; of CSV only.
        lifecycle: Which events of XES to read: those of transition `complete` or none, or all.

    Raises:
        SourceError: It cannot be read, or is no table.
    """
    size = check_file(path)
    if not path.is_file():
        raise SourceError(
            f"file {path}: it is a pipe, and a table is read more than once. "
            "Hint: write it to a file first"
        )
    beginning = _beginning(path)
    if not beginning:
        raise SourceError(f"file {path}: it is empty. Hint: the first line names the columns")
    if beginning.startswith(b"{"):
        raise SourceError(
            f"file {path}: it holds JSON Lines, not a table. Hint: polku ingest files {path}"
        )
    # Each imports Row from here; and nobody waits for the one that is not needed.
    if beginning.startswith(b"<"):
        from ingest.xes_table import XesTable  # noqa: PLC0415

        return XesTable(path, size=size, encoding=encoding, lifecycle=lifecycle)
    from ingest.csv_table import CsvTable  # noqa: PLC0415

    return CsvTable(path, size=size, encoding=encoding, delimiter=delimiter)


def is_json_lines(path: Path) -> bool:
    """Say whether a file holds JSON Lines: its first character, if any, is a brace.

    A pipe cannot be looked at before it is read, and nothing else can be read from one.

    Raises:
        SourceError: It cannot be read.
    """
    check_file(path)
    return not path.is_file() or _beginning(path).startswith(b"{")


_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def _beginning(path: Path) -> bytes:
    """Return the first bytes that are neither white space nor a byte-order mark, if any."""
    try:
        for piece in read_unpacked(path, piece=1 << 16):
            text = piece
            for mark in _BYTE_ORDER_MARKS:
                text = text.removeprefix(mark)
            text = text.lstrip(b" \t\r\n\0")  # in UTF-16, every second byte is a zero
            if text:
                return text[:16]
    except TornError:
        pass  # there is nothing before the tear
    return b""
