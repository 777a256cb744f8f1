"""Where the read models live: a database of their own, or a schema; disposable.

They stand beside the log and not in it, so that building them anew never keeps a writer of the log
waiting. A reader sees one state of them, whoever writes meanwhile; writers wait for each other; one
process at a time builds them anew.

This module is the one place that knows which database it is; a path names an SQLite file.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self

import polars as pl
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from journeys.errors import ProjectionError, ReadModelsAwayError
from journeys.postgres_address import PostgresAddress
from projections.sqlite_store import SQLiteStore
from projections.stores import Store
from projections.tables import LAYOUT, LIVE, Tables

READER = "journeys"
"""The name under which the position of the read models is kept."""


class ReadModels:
    """The read models, opened. A context manager; several threads may share one."""

    def __init__(self, store: Store, *, cache: Path | None = None) -> None:
        self._store = store
        self.cache = cache
        self.engine = store.engine
        self.location = store.location

    @classmethod
    def open(cls, url: str | Path, *, create: bool = True, cache: Path | None = None) -> Self:
        """Open the read models, and make the empty tables where there are none.

        Args:
            url: Path of the file, `sqlite:///` and the path, or
                `postgresql://user:password@host:port/name`.
            create: Make them where there are none.
            cache: A folder for the columnar cache of `projections.slices`, to read the same again
                quickly; None: always from the tables.

        Raises:
            ReadModelsAwayError: The database does not answer.
            ProjectionError: They cannot be opened, or there are none.
        """
        models = cls(_store_at(url), cache=cache)
        try:
            with models._explained():
                there = create or models._store.is_there()
                if there:
                    models._store.make()
        except BaseException:
            models.close()
            raise
        if not there:
            models.close()
            raise ProjectionError(
                f"read models {models.location}: there are none. Hint: polku project"
            )
        return models

    def close(self) -> None:
        """Let go of the database."""
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
        with self._explained(), self._store.writing() as connection:
            yield connection

    @contextmanager
    def swapping(self) -> Iterator[Connection]:
        """As `writing`; tables may be renamed, and each reader sees all of the old or of the new.

        Only who is `building` may swap.
        """
        with self._explained(), self._store.swapping() as connection:
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
        with self._explained(), self._store.building(stop) as held:
            yield held

    def prepare_to_load(self) -> None:
        """Do ahead, on any thread, what the first `load` would have to wait for."""
        self._store.prepare_to_load()

    def load(self, into: Table, rows: pl.DataFrame) -> None:
        """Insert many rows, in their stored form and in the order of the key.

        No Python object is made for each value. Only who is `building` may load.
        """
        with self._explained():
            self._store.load(into, rows)

    def learn(self, tables: Tables) -> None:
        """Let the database look at tables that were loaded, so that it answers well."""
        with self._explained():
            self._store.learn(tables)

    def position(self) -> int | None:
        """The position the tables know; None where nothing is projected yet."""
        with self.reading() as connection:
            return position_of(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._store.failures as error:
            why, hint, is_away = self._store.trouble(error)
            kind = ReadModelsAwayError if is_away else ProjectionError
            raise kind(f"read models {self.location}: {why}. Hint: {hint}") from error


def position_of(connection: Connection, tables: Tables = LIVE) -> int | None:
    """The position that tables know; None if nothing is projected that this release can read."""
    position = tables.position.c
    known: int | None = connection.scalar(
        select(position.position).where(position.reader == READER, position.layout == LAYOUT)
    )
    return known


def move_position(
    connection: Connection, tables: Tables, *, expected: int, to: int, mark: str
) -> bool:
    """Move the position by compare-and-swap; False if another runner was first."""
    position = tables.position
    moved = connection.execute(
        update(position)
        .where(position.c.reader == READER, position.c.position == expected)
        .values(position=to, mark=mark)
    )
    return moved.rowcount == 1


def begin_position(connection: Connection, tables: Tables, position: int, *, mark: str) -> None:
    """Write the position of tables that have none, and the mark of the event there."""
    row = {"reader": READER, "position": position, "layout": LAYOUT, "mark": mark}
    connection.execute(tables.position.insert(), row)


def is_among(attribute: Column[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Tell whether an attribute has one of any number of values.

    The number of bound parameters is limited, so the values travel as one.
    """
    return _Among(attribute, bindparam(None, list(values), type_=_Values()))


def rename(connection: Connection, old: Table, to: Table) -> None:
    """Give a table another name."""
    connection.exec_driver_sql(f'ALTER TABLE "{old.name}" RENAME TO "{to.name}"')


class _Values(TypeDecorator[list[str]]):
    """Any number of values as one parameter: an array, or JSON where there are none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if _is_postgres(dialect) else Text())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401
        return value if _is_postgres(dialect) else json.dumps(value)


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


@compiles(_Among)
def _in_json(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    attribute, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{attribute} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled


@compiles(_Among, "postgresql")
def _any_of_array(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    attribute, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{attribute} = ANY ({values})"


def _is_postgres(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _store_at(url: str | Path) -> Store:
    if PostgresAddress.is_one(url):
        from projections.postgres_store import PostgresStore  # noqa: PLC0415 - 0.2 s

        try:
            return PostgresStore(PostgresAddress.of(str(url)))
        except ValueError as error:
            raise ProjectionError(f"address of the read models: {error}") from None
    scheme, separator, rest = str(url).partition("://")
    if separator and scheme != "sqlite":
        raise ProjectionError(
            f"read models at a {scheme} URL: they can be in SQLite or PostgreSQL. "
            "Hint: a folder with --data, or postgresql://user:password@host:port/name"
        )
    return SQLiteStore(Path(rest.removeprefix("/") if separator else scheme))
