"""What the read models need of a database. `sqlite_store` and `postgres_store` have it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from threading import Event

import polars as pl
from sqlalchemy import Connection, Engine, Select, Table
from sqlalchemy.exc import DBAPIError

from journeys.errors import Trouble
from projections.tables import Tables

LOCK_TIMEOUT_S = 60
"""How long a writer waits for another one."""

LOCK_POLL_S = 0.2
"""How often a builder asks whether another one has done."""

OTHER_HINT = "they can be deleted; polku project makes them again from the log"


class Store(ABC):
    """One database, opened.

    Attributes:
        location: What people call it, without a password.
        engine: A transaction begun on it sees one state; to write there is `writing`.
        failures: What it raises.
    """

    location: str
    engine: Engine
    failures: tuple[type[Exception], ...] = (DBAPIError,)

    @abstractmethod
    def is_there(self) -> bool:
        """Tell whether anybody has made it."""

    @abstractmethod
    def make(self) -> None:
        """Make the empty tables where there are none; several processes may do so at once."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction that holds the write lock from its beginning."""

    @abstractmethod
    def swapping(self) -> AbstractContextManager[Connection]:
        """One transaction in which tables may be renamed: readers see them all before or after."""

    @abstractmethod
    def building(self, stop: Event) -> AbstractContextManager[bool]:
        """Hold the right to build, as `ReadModels.building`."""

    @abstractmethod
    def prepare_to_load(self) -> None:
        """Do ahead what the first `load` would have to wait for."""

    @abstractmethod
    def load(self, into: Table, rows: pl.DataFrame) -> None:
        """Insert many rows, as `ReadModels.load`."""

    @abstractmethod
    def learn(self, tables: Tables) -> None:
        """Let the database look at tables that were loaded, so that it plans well."""

    @abstractmethod
    def insert(
        self, connection: Connection, table: Table, rows: pl.DataFrame, *, known_ok: bool
    ) -> None:
        """Insert rows within a transaction, as `projections.rows.insert_rows`."""

    @abstractmethod
    def fetch(
        self, connection: Connection, statement: Select[tuple[object, ...]], plain: pl.Schema
    ) -> Sequence[pl.DataFrame]:
        """Read the rows of a statement.

        Args:
            connection: In a transaction.
            statement: Its columns are named as in `plain`.
            plain: Two columns or more, of strings and of integers; a boolean is 0 or 1.
        """

    @abstractmethod
    def trouble(self, error: Exception) -> Trouble:
        """Put one of `failures` into words."""


def store_of(connection: Connection) -> Store:
    """The store that a connection belongs to."""
    store: Store = connection.get_execution_options()["store"]
    return store
