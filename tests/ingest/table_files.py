"""Tables as files, and what is read from them."""

from collections.abc import Sequence

from ingest.sources import UnreadRecord
from ingest.tables import Row, Table


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
