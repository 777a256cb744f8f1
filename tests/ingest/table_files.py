"""Tables as files, and what is read from them."""

from collections.abc import Sequence
from pathlib import Path

from ingest.csv_table import CsvTable
from ingest.sources import UnreadRecord
from ingest.tables import Row, Table, open_table


def table_of(file: Path, text: str | bytes, **stated: str) -> CsvTable:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = open_table(file, **stated)  # type: ignore[arg-type]
    assert isinstance(table, CsvTable)
    return table


def rows(table: Table, wanted: Sequence[str] | None = None) -> list[Row]:
    """The rows that can be read, by default with all their cells."""
    read = table.rows(table.columns if wanted is None else wanted)
    return [row for row in read if isinstance(row, Row)]


def cells(table: Table, wanted: Sequence[str] | None = None) -> list[tuple[str, ...]]:
    return [row.cells for row in rows(table, wanted)]


def unread(table: Table) -> list[UnreadRecord]:
    return [row for row in table.rows(table.columns) if isinstance(row, UnreadRecord)]


def refusals(table: Table) -> list[tuple[int, str, str]]:
    """Line, reason and detail of what could not be read."""
    return [record[:3] for record in unread(table)]
