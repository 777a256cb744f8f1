"""The read models in an SQLite file beside the log's.

A transaction that was cut short leaves nothing, and what a power cut takes, it takes together with
the position.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import polars as pl
from sqlalchemy import (
    URL,
    Connection,
    LargeBinary,
    Select,
    Table,
    cast,
    column,
    create_engine,
    event,
    func,
    inspect,
    select,
    table,
)
from sqlalchemy.exc import DBAPIError

from journeys.datastores import set_up
from journeys.errors import Trouble
from projections.stores import LOCK_POLL_S, LOCK_TIMEOUT_S, OTHER_HINT, Store
from projections.tables import LIVE, Tables

ROWS_OF_A_LOAD = 250_000
"""Rows written in one transaction while the tables are built anew: about 60 MB."""

ROWS_AT_ONCE = 1_000_000
"""Rows of one answer: a column of them stays well below what SQLite takes for one value."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # a power cut takes the newest transactions, never part of one
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=8192",
    "PRAGMA journal_size_limit=67108864",
)
_PAGE_SIZE = 8192
_PRAGMAS_BESIDE = (
    "PRAGMA page_size=65536",
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
)
_HINTS = {
    "locked": "another process has held them for long; try again once it is done",
    "full": "free some space and run it again; nothing is half done",
    "readonly": "the file and its folder must be writable",
    "unable to open": "the folder must exist and be writable",
}


class SQLiteStore(Store):
    """One file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.location = str(path)
        self.engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": LOCK_TIMEOUT_S},
            execution_options={"store": self},
        )
        event.listen(self.engine, "connect", _set_up)
        event.listen(self.engine, "begin", _begin)

    def is_there(self) -> bool:
        return self.path.exists()

    def make(self) -> None:
        with self.engine.connect() as connection:
            there = inspect(connection).has_table(LIVE.position.name)
        if not there:
            with self.writing() as connection:
                LIVE.metadata.create_all(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    swapping = writing  # a reader has its own state of the file

    @contextmanager
    def building(self, stop: Event) -> Iterator[bool]:
        """Hold a lock on a file of its own."""
        beside = self.path.with_name(self.path.name + "-building")
        with closing(sqlite3.connect(beside, timeout=0, isolation_level=None)) as right:
            while not (held := _try_to_begin(right)) and not stop.wait(LOCK_POLL_S):
                pass
            yield held

    def prepare_to_load(self) -> None:
        import_loading_driver()

    def load(self, into: Table, rows: pl.DataFrame) -> None:
        """Insert many rows by way of a file beside.

        Its writer needs no Python object for each value, and lets other threads of this process
        run. That writer is another copy of SQLite, and two copies in one process do not see each
        other's locks, so it never opens the database itself.
        """
        adbc = import_loading_driver()
        beside = self.path.with_name(self.path.name + "-loading")
        for part in rows.iter_slices(ROWS_OF_A_LOAD):
            beside.unlink(missing_ok=True)
            with (
                adbc.connect(str(beside), autocommit=True) as source,
                source.cursor() as cursor,
            ):
                for pragma in _PRAGMAS_BESIDE:
                    cursor.execute(pragma)
                    cursor.fetchall()
                cursor.adbc_ingest("rows", part.to_arrow(), mode="create")
            with self.engine.connect() as target, _attached(target, beside):
                target.execution_options(writes=True)
                with target.begin():
                    there = table("rows", *map(column, part.columns), schema="beside")
                    target.execute(into.insert().from_select(part.columns, select(*there.c)))
        beside.unlink(missing_ok=True)

    def learn(self, tables: Tables) -> None:
        """Do nothing: each question goes by a key, whatever the tables hold."""

    def insert(
        self, connection: Connection, table: Table, rows: pl.DataFrame, *, known_ok: bool
    ) -> None:
        statement = str(table.insert().compile(dialect=connection.dialect))
        if known_ok:
            statement += " ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(statement, rows.rows())

    def fetch(
        self, connection: Connection, statement: Select[Any], plain: pl.Schema
    ) -> Sequence[pl.DataFrame]:
        """Read one JSON array a column, made by the database: twice as fast as rows."""
        frames: list[pl.DataFrame] = []
        count = ROWS_AT_ONCE
        while count == ROWS_AT_ONCE:
            page = statement.limit(ROWS_AT_ONCE).offset(ROWS_AT_ONCE * len(frames)).subquery()
            arrays = (cast(func.json_group_array(page.c[name]), LargeBinary) for name in plain)
            count, *columns = connection.execute(select(func.count(), *arrays)).one()
            if count:
                frames.append(
                    pl.DataFrame(
                        [
                            pl.Series(name, [array.decode()])
                            .str.json_decode(pl.List(kind))
                            .explode()
                            for (name, kind), array in zip(plain.items(), columns, strict=True)
                        ]
                    )
                )
        return frames

    def trouble(self, error: Exception) -> Trouble:
        why = str(error.orig if isinstance(error, DBAPIError) else error)
        hint = next((hint for word, hint in _HINTS.items() if word in why), OTHER_HINT)
        return Trouble(why, hint, is_away="locked" in why)


def import_loading_driver() -> ModuleType:
    """Import what only `load` needs: 0.2 s that a reader of reports does not wait."""
    return import_module("adbc_driver_sqlite.dbapi")


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin` says when a transaction begins, and how
    connection.execute(f"PRAGMA page_size={_PAGE_SIZE}")
    set_up(connection, _PRAGMAS, patience_s=LOCK_TIMEOUT_S)


def _begin(connection: Connection) -> None:
    # With the write lock at once, what is read before the first write still holds.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _attached(connection: Connection, path: Path) -> Iterator[None]:
    """Let a connection see another file as `beside`; not possible within a transaction."""
    driver: Any = connection.connection.driver_connection
    driver.execute("ATTACH ? AS beside", (str(path),))
    try:
        yield
    finally:
        driver.execute("DETACH beside")


def _try_to_begin(right: sqlite3.Connection) -> bool:
    try:
        right.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True
