"""The read models in the schema `read_models` of a PostgreSQL database.

Whoever uses the tables locks `position` first, and that lock is all there is to know of others: a
reader takes its state behind it, a writer keeps other writers out with it, and who puts new tables
in the place of old ones keeps everybody out, for an instant. So a reader never meets tables that
are newer than its state, and no two wait for each other.

The right to build ends with the session that holds it, and a session can end unnoticed. Therefore
whoever builds proves in each of its transactions, once that has its locks, that the session still
holds it; the next builder begins by waiting for those locks.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Event
from typing import Any, cast

import polars as pl
import psycopg
from psycopg import errors
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    RootTransaction,
    Select,
    Table,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.exc import DBAPIError, OperationalError

from journeys.errors import ProjectionError, ReadModelsAwayError, Trouble
from journeys.postgres_address import PostgresAddress
from journeys.postgres_server import (
    BUILDS_READ_MODELS,
    LOCK_TIMEOUT_S,
    LOCKS,
    MAKES_READ_MODELS,
    connect,
    too_narrow,
    trouble_of,
)
from projections.stores import LOCK_POLL_S, OTHER_HINT, Store
from projections.tables import LIVE, Tables

SCHEMA = "read_models"

SHUT_OUT_S = 0.2
"""How long everybody is kept waiting for the slowest reader before the swap lets go again."""

SWAP_PATIENCE_S = 60
"""How long the swap looks for an instant without readers before it insists."""

ROWS_OF_A_COPY = 50_000
"""Rows on the way to the database at once: about 12 MB."""

BYTES_OF_A_FRAME = 64 << 20
"""How much of an answer is parsed at once."""

_SETTINGS = {
    "search_path": SCHEMA,
    "synchronous_commit": "off",  # a power cut takes the newest transactions, never part of one
}
_LOCKING = f'LOCK TABLE {SCHEMA}."position" IN'
_READS = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_LOCKING} ACCESS SHARE MODE"
_WRITES = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {_LOCKING} SHARE ROW EXCLUSIVE MODE"
_LOADS = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; LOCK TABLE "{}" IN ROW EXCLUSIVE MODE'
_LOOKS = "BEGIN ISOLATION LEVEL READ COMMITTED"

_HOLDS_RIGHT = text(
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = :pid"
    " AND classid = :locks AND objid = :builds"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

_HINTS = {
    "InsufficientPrivilege": f"the role needs USAGE on the schema {SCHEMA} and SELECT on its "
    "tables; to project also CREATE, and the tables to be its own",
}


class PostgresStore(Store):
    """One schema of a database."""

    failures = (DBAPIError, psycopg.Error)

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self.location = str(address)
        self._right: int | None = None
        self.engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            execution_options={"store": self},
            hide_parameters=True,
            pool_pre_ping=True,  # the server may have been started again meanwhile
            use_native_hstore=False,
        )
        event.listen(self.engine, "begin", _begin)

    def is_there(self) -> bool:
        with self._transaction(_LOOKS) as connection:
            return inspect(connection).has_table(LIVE.position.name, schema=SCHEMA)

    def make(self) -> None:
        if self.is_there():
            return
        # Of several processes the first one makes them, and the others find them.
        taking_turns = f"{_LOOKS}; SELECT pg_advisory_xact_lock({LOCKS}, {MAKES_READ_MODELS})"
        with self._transaction(taking_turns) as connection:
            if not inspect(connection).has_schema(SCHEMA):
                self._refuse_narrow(connection)
                connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
            LIVE.metadata.create_all(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._transaction(_WRITES) as connection:
            self._prove_right(connection)
            yield connection

    @contextmanager
    def swapping(self) -> Iterator[Connection]:
        """Lock all tables in use at an instant in which nobody reads them."""
        with self.engine.connect() as connection:
            connection.execution_options(opening=_WRITES)
            with self._begin_alone(connection):
                self._prove_right(connection)
                yield connection

    @contextmanager
    def building(self, stop: Event) -> Iterator[bool]:
        """Hold an advisory lock in a session of its own."""
        with closing(self._connect()) as session:
            while not (held := _try_to_hold(session)) and not stop.wait(LOCK_POLL_S):
                pass
            if held:
                self._right = session.info.backend_pid
            try:
                yield held
            finally:
                if held:
                    self._right = None

    def prepare_to_load(self) -> None:
        """Do nothing: all is there."""

    def load(self, into: Table, rows: pl.DataFrame) -> None:
        """Insert many rows in one COPY."""
        with self._transaction(_LOADS.format(into.name)) as connection:
            self._prove_right(connection)
            _copy(connection, into, rows)

    def learn(self, tables: Tables) -> None:
        """Count what the tables hold, before anybody asks: nothing else does so at once."""
        with self._transaction(_LOOKS) as connection:
            for table in tables[1:]:
                connection.exec_driver_sql(f'ANALYZE "{table.name}"')

    def insert(
        self, connection: Connection, table: Table, rows: pl.DataFrame, *, known_ok: bool
    ) -> None:
        if not known_ok:
            _copy(connection, table, rows)
            return
        arrays = ", ".join(["%s::text[]"] * rows.width)  # what may be known is keys
        connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({_listed(rows.columns)}) '  # noqa: S608 - our own names
            f"SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING",
            tuple(rows[name].to_list() for name in rows.columns),
        )

    def fetch(
        self, connection: Connection, statement: Select[Any], plain: pl.Schema
    ) -> Sequence[pl.DataFrame]:
        """Read the answer of a COPY as CSV: no Python object for each value."""
        rows = statement.subquery()
        columns = (rows.c[name] for name in plain)
        plainly = select(*(sql_cast(c, Integer) if _is_boolean(c) else c for c in columns)).compile(
            dialect=connection.dialect
        )
        frames: list[pl.DataFrame] = []
        lines: list[bytes] = []
        size = 0
        with (
            _driver(connection).cursor() as cursor,
            cursor.copy(f"COPY ({plainly}) TO STDOUT (FORMAT csv)", plainly.params) as answer,
        ):
            for line in answer:  # the protocol has a message for each row
                lines.append(bytes(line))
                size += len(line)
                if size > BYTES_OF_A_FRAME:
                    frames.append(_parsed(lines, plain))
                    lines, size = [], 0
        if lines:
            frames.append(_parsed(lines, plain))
        return frames

    def trouble(self, error: Exception) -> Trouble:
        cause = cast("psycopg.Error", error.orig if isinstance(error, DBAPIError) else error)
        return trouble_of(cause, hint=OTHER_HINT, hints=_HINTS)

    def _connect(self) -> "psycopg.Connection[Any]":
        return connect(self._address, _SETTINGS, called="polku read models")

    @contextmanager
    def _transaction(self, opening: str) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            connection.execution_options(opening=opening)
            with connection.begin():
                yield connection

    def _begin_alone(self, connection: Connection) -> RootTransaction:
        """Begin with all tables in use locked, letting go again where a reader is in the way."""
        for _ in range(int(SWAP_PATIENCE_S / (SHUT_OUT_S + LOCK_POLL_S))):
            transaction = connection.begin()
            if _try_to_shut_out(connection):
                return transaction
            transaction.rollback()
            time.sleep(LOCK_POLL_S)
        transaction = connection.begin()
        _shut_out(connection, LOCK_TIMEOUT_S)
        return transaction

    def _refuse_narrow(self, connection: Connection) -> None:
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise ProjectionError(f"read models {self.location}: {too_narrow(encoding)}")

    def _prove_right(self, connection: Connection) -> None:
        if self._right is None:
            return
        asked = {"pid": self._right, "locks": LOCKS, "builds": BUILDS_READ_MODELS}
        if connection.scalar(_HOLDS_RIGHT, asked) is None:
            raise ReadModelsAwayError(
                f"read models {self.location}: the connection was lost while they were built anew; "
                "the old ones serve on. Hint: run it again"
            )


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("opening", _READS))


def _try_to_hold(session: "psycopg.Connection[Any]") -> bool:
    row = session.execute(
        "SELECT pg_try_advisory_lock(%s, %s)", (LOCKS, BUILDS_READ_MODELS)
    ).fetchone()
    return bool(row and row[0])


def _shut_out(connection: Connection, patience_s: float) -> None:
    there = set(inspect(connection).get_table_names())
    tables = ", ".join(f'"{table.name}"' for table in LIVE[1:] if table.name in there)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience_s * 1000:.0f}ms'")
    connection.exec_driver_sql(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")


def _try_to_shut_out(connection: Connection) -> bool:
    try:
        _shut_out(connection, SHUT_OUT_S)
    except OperationalError as error:
        if isinstance(error.orig, errors.LockNotAvailable):
            return False
        raise
    return True


def _copy(connection: Connection, into: Table, rows: pl.DataFrame) -> None:
    statement = f'COPY "{into.name}" ({_listed(rows.columns)}) FROM STDIN'
    escaped = pl.col(pl.String).str.replace_many(_ESCAPES)
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for part in rows.iter_slices(ROWS_OF_A_COPY):
            copy.write(
                part.with_columns(escaped).write_csv(
                    include_header=False, separator="\t", quote_style="never", null_value="\\N"
                )
            )


def _parsed(lines: list[bytes], plain: pl.Schema) -> pl.DataFrame:
    return pl.read_csv(b"".join(lines), has_header=False, schema=plain)


def _driver(connection: Connection) -> "psycopg.Connection[Any]":
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _is_boolean(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, Boolean)
