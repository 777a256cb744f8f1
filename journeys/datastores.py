"""Connections to the log's database file, each set up for a log that must not lose anything."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import RLock
from types import TracebackType

from eventsourcing.persistence import OperationalError
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

LOCK_TIMEOUT_S = 60
"""How long a writer waits for another process, and a thread for another thread."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # readers and a writer do not wait for each other
    "PRAGMA synchronous=FULL",  # a committed batch survives a power cut
    "PRAGMA cache_size=-32768",  # 32 MiB: pages of the key are met again before they are dropped,
    "PRAGMA wal_autocheckpoint=16384",  # and written to the file once for many batches
    "PRAGMA journal_size_limit=134217728",
)


class SQLiteLogDatastore(SQLiteDatastore):
    """A pool of connections to one file: durable, patient, one position a source, UUIDs as keys."""

    def __init__(self, path: str, *, lock_timeout: int = LOCK_TIMEOUT_S) -> None:
        super().__init__(path, single_row_tracking=True, originator_id_type="uuid")
        self.pool = _Pool(path, lock_timeout=lock_timeout)

    @staticmethod
    def forgets(path: str) -> bool:
        """Tell whether the library would take a path for a database in memory."""
        return SQLiteConnectionPool.detect_memory_mode(path)


class _Pool(SQLiteConnectionPool):
    def __init__(self, path: str, *, lock_timeout: int) -> None:
        super().__init__(db_name=path, lock_timeout=lock_timeout, pool_timeout=lock_timeout)

    def _create_connection(self) -> SQLiteConnection:
        raw = sqlite3.connect(
            self.db_name,
            timeout=self.lock_timeout or 0,
            isolation_level=None,  # transactions begin where we say
            check_same_thread=False,  # the pool hands a connection to one thread at a time
        )
        try:
            set_up(raw, _PRAGMAS, patience_s=self.lock_timeout or 0)
        except sqlite3.Error:
            raw.close()
            raise
        raw.row_factory = sqlite3.Row
        return _Connection(raw, max_age=self.max_age)


def set_up(connection: sqlite3.Connection, pragmas: Iterable[str], *, patience_s: int) -> None:
    """Run pragmas on a new connection, again where another process is in the way.

    Of two that make a new file keep a write-ahead log, SQLite tells one at once that it is locked,
    however long it was told to wait.
    """
    for attempt in Retrying(
        retry=retry_if_exception(lambda error: "locked" in str(error)),
        wait=wait_random(0.01, 0.05),
        stop=stop_after_delay(patience_s),
        reraise=True,
    ):
        with attempt:
            for pragma in pragmas:
                connection.execute(pragma)


class LogCursor(SQLiteCursor):
    """The library's cursor, which also tells how many rows a statement changed."""

    @property
    def rowcount(self) -> int:
        return self.sqlite_cursor.rowcount


class _Connection(SQLiteConnection):
    def __init__(self, raw: sqlite3.Connection, max_age: float | None) -> None:
        super().__init__(raw, max_age)
        self._busy = RLock()

    def cursor(self) -> LogCursor:
        return LogCursor(self._sqlite_conn.cursor())

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with self._busy, _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor

    def _close(self) -> None:
        with self._busy:  # the library closes what other threads still use, and SQLite crashes
            super()._close()


class _Transaction(SQLiteTransaction):
    """Takes the write lock at once, so that what it reads before it writes still holds."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(exc_type, exc_val, exc_tb)
        except BaseException:
            self.connection.rollback()  # a commit that failed leaves its transaction open
            raise
