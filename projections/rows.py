"""Frames out of the log, into tables, and back, without an object for each value."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, Table

from journeys.event_log import EventLog
from projections.shapes import MOMENT
from projections.stores import store_of
from projections.tables import NONE

_REFERENCES = ("case", "person")


def read_touchpoints(
    log: EventLog, *, after: int = 0, until: int, service: str | None = None
) -> pl.DataFrame:
    """Read the touchpoints of (after, until] from the log; an empty reference is none."""
    return _without_empty(log.read_touchpoints(after=after, until=until, service=service))


def touchpoint_chunks(log: EventLog, *, until: int) -> Iterator[pl.DataFrame]:
    """Read the touchpoints up to a position as frames of bounded size, in one snapshot."""
    return map(_without_empty, log.touchpoint_chunks(until=until))


def stored_form(frame: pl.DataFrame, table: Table, *, service: str) -> pl.DataFrame:
    """Give a frame of one service the columns of a table, as the table holds them."""
    return frame.select(
        _stored(column.name, frame.schema.get(column.name), service) for column in table.columns
    )


def insert_rows(
    connection: Connection, table: Table, rows: pl.DataFrame, *, known_ok: bool = False
) -> None:
    """Insert rows in their stored form; with `known_ok`, those whose key is new."""
    if not rows.is_empty():
        store_of(connection).insert(connection, table, rows, known_ok=known_ok)


def select_frame(
    connection: Connection, statement: Select[Any], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Read the rows of a statement.

    Args:
        connection: In a transaction.
        statement: Its columns are named as in `schema`.
        schema: The columns of the frame; of `case` and `person` an empty one is null.
    """
    plain = pl.Schema(
        {name: kind if kind == pl.String else pl.Int64() for name, kind in schema.items()}
    )
    rows = pl.concat(
        [pl.DataFrame(schema=plain), *store_of(connection).fetch(connection, statement, plain)]
    )
    return rows.select(_told(name, kind) for name, kind in schema.items())


def _stored(name: str, kind: pl.DataType | None, service: str) -> pl.Expr:
    if name == "service":
        return pl.lit(service).alias(name)
    if name in _REFERENCES:
        return pl.col(name).fill_null(NONE)
    return pl.col(name).to_physical() if kind == MOMENT else pl.col(name)


def _without_empty(touchpoints: pl.DataFrame) -> pl.DataFrame:
    return touchpoints.with_columns(pl.col(_REFERENCES).replace(NONE, None))


def _told(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name).cast(kind)
    return value.replace(NONE, None) if name in _REFERENCES else value
