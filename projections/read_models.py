"""Where the read models live: one database of their own, disposable.

It stands beside the log and not in it, so that building it anew never keeps a writer of the log
waiting. A reader sees one state of it, whoever writes meanwhile; writers wait for each other; one
process at a time builds it anew. A transaction that was cut short leaves nothing, and what a power
cut takes, it takes together with the position.

This module is the one place that knows which database it is; a path names an SQLite file.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from threading import Event
from types import ModuleType, TracebackType
from typing import Any, Self

import polars as pl
from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Table,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    inspect,
    select,
    table,
    update,
)
from sqlalchemy.exc import DBAPIError

from journeys.errors import ProjectionError
from projections.tables import LAYOUT, LIVE, Tables

READER = "journeys"
"""The name under which the position of the read models is kept."""

ROWS_OF_A_LOAD = 250_000
"""Rows written in one transaction while the tables are built anew: about 60 MB."""

LOCK_TIMEOUT_S = 60
"""How long a writer waits for another one."""

LOCK_POLL_S = 0.2
"""How often a builder asks whether another one has done."""

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


class ReadModels:
    """The read models, opened. A context manager; several threads may share one."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path

    @classmethod
    def open(cls, url: str | Path, *, create: bool = True) -> Self:
        """Open the read models, and make the empty tables where there are none.

        Args:
            url: Path of the file, or `sqlite:///` and the path.
            create: Make a file where there is none.

        Raises:
            ProjectionError: They cannot be opened, or there are none.
        """
        path = _path_of(url)
        if not create and not path.exists():
            raise ProjectionError(f"read models {path}: there are none. Hint: polku project")
        engine = create_engine(
            URL.create("sqlite", database=str(path)), connect_args={"timeout": LOCK_TIMEOUT_S}
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        models = cls(engine, path)
        try:
            with models.reading() as connection:
                there = inspect(connection).has_table(LIVE.position.name)
            if not there:
                with models.writing() as connection:
                    LIVE.metadata.create_all(connection)
        except BaseException:
            models.close()
            raise
        return models

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one state, whoever writes meanwhile."""
        with self._explained(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its beginning: all of it or nothing."""
        with self._explained(), self.engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def building(self, stop: Event) -> Iterator[bool]:
        """Hold the right to build the tables anew, for one process at a time.

        The right ends with the process, however that ends.

        Args:
            stop: Set from outside to wait no longer.

        Yields:
            True; False if `stop` was set first.
        """
        beside = self.path.with_name(self.path.name + "-building")
        with closing(sqlite3.connect(beside, timeout=0, isolation_level=None)) as right:
            while not (held := _try_to_begin(right)) and not stop.wait(LOCK_POLL_S):
                pass
            yield held

    def load(self, into: Table, rows: pl.DataFrame) -> None:
        """Insert many rows, in their stored form and in the order of the key.

        The rows go by way of a file beside: its writer needs no Python object for each value, and
        lets other threads of this process run. That writer is another copy of SQLite, and two
        copies in one process do not see each other's locks, so it never opens the database itself.
        Only who is `building` may load.
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
            with self._explained(), self.engine.connect() as target, _attached(target, beside):
                target.execution_options(writes=True)
                with target.begin():
                    there = table("rows", *map(column, part.columns), schema="beside")
                    target.execute(into.insert().from_select(part.columns, select(*there.c)))
        beside.unlink(missing_ok=True)

    def position(self) -> int | None:
        """The position the tables know; None where nothing is projected yet."""
        with self.reading() as connection:
            return position_of(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            why = str(error.orig)
            hint = next((hint for word, hint in _HINTS.items() if word in why), _OTHER_HINT)
            raise ProjectionError(f"read models {self.path}: {why}. Hint: {hint}") from error


def import_loading_driver() -> ModuleType:
    """Import what only `ReadModels.load` needs: 0.2 s that a reader of reports does not wait."""
    return import_module("adbc_driver_sqlite.dbapi")


def position_of(connection: Connection, tables: Tables = LIVE) -> int | None:
    """The position that tables know; None if nothing is projected that this release can read."""
    position = tables.position.c
    known: int | None = connection.scalar(
        select(position.position).where(position.reader == READER, position.layout == LAYOUT)
    )
    return known


def move_position(connection: Connection, tables: Tables, *, expected: int, to: int) -> bool:
    """Move the position by compare-and-swap; False if another runner was first."""
    position = tables.position
    moved = connection.execute(
        update(position)
        .where(position.c.reader == READER, position.c.position == expected)
        .values(position=to)
    )
    return moved.rowcount == 1


def begin_position(connection: Connection, tables: Tables, position: int) -> None:
    """Write the position of tables that have none."""
    row = {"reader": READER, "position": position, "layout": LAYOUT}
    connection.execute(tables.position.insert(), row)


def of_another_log(position: int, head: int) -> ProjectionError:
    """Explain a position behind the head of the log."""
    return ProjectionError(
        f"read models: they know {position} events and the log has {head}, so they are of another "
        "log, or this one came from a backup. Hint: polku project --rebuild"
    )


def is_among(attribute: Column[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Tell whether an attribute has one of any number of values.

    The number of bound parameters is limited, so the values travel as one.
    """
    listed = func.json_each(bindparam(None, json.dumps(list(values)))).table_valued("value")
    return attribute.in_(select(listed.c.value))


def gathered(attribute: ColumnElement[Any]) -> ColumnElement[bytes]:
    """Gather the values of an attribute into one JSON array, in the same order within a query."""
    return cast(func.json_group_array(attribute), LargeBinary)


def rename(connection: Connection, old: Table, to: Table) -> None:
    """Give a table another name."""
    connection.exec_driver_sql(f'ALTER TABLE "{old.name}" RENAME TO "{to.name}"')


def _path_of(url: str | Path) -> Path:
    scheme, separator, rest = str(url).partition("://")
    if separator and scheme != "sqlite":
        raise ProjectionError(
            f"read models at a {scheme} URL: this release keeps them in SQLite alone. "
            "Hint: a folder with --data, or sqlite:///polku-data/read-models.db"
        )
    return Path(rest.removeprefix("/") if separator else scheme)


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin` says when a transaction begins, and how
    connection.execute(f"PRAGMA page_size={_PAGE_SIZE}")
    for pragma in _PRAGMAS:
        connection.execute(pragma)


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


_OTHER_HINT = "they can be deleted; polku project makes them again from the log"
_HINTS = {
    "locked": "another process has held them for long; try again once it is done",
    "full": "free some space and run it again; nothing is half done",
    "readonly": "the file and its folder must be writable",
    "unable to open": "the folder must exist and be writable",
}
