"""Sessions with the log's database, each set up for a log that must not lose anything.

The library's own pool connects behind one's back: whoever waits for it learns after half a minute
that there is no connection, and not why. Ours connects when a session is needed, and says.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import PoolTimeout

from journeys.postgres_address import PostgresAddress
from journeys.postgres_server import LOCK_TIMEOUT_S, connect

SCHEMA = "log"

SESSIONS = 8
"""At most so many of a process at once; a further thread waits for one of them."""

Session = psycopg.Connection[DictRow]


class PostgresLogDatastore(PostgresDatastore):
    """The library's datastore on sessions of ours: one position a source, UUIDs as keys."""

    def __init__(self, address: PostgresAddress, *, lock_timeout: int = LOCK_TIMEOUT_S) -> None:
        super().__init__("", "", "", "", "", schema=SCHEMA, lock_timeout=lock_timeout)
        self.address = address
        self.pool: Any = _Pool(address, lock_timeout=lock_timeout)

    def register_type_adapters(self) -> None:
        """Do nothing: events go in as arrays of columns, not of the library's own type."""


class _Pool:
    """The few methods of a pool that the library's datastore calls."""

    def __init__(self, address: PostgresAddress, *, lock_timeout: int) -> None:
        self._address = address
        self._lock_timeout = lock_timeout
        self._idle: deque[Session] = deque()
        self._free = BoundedSemaphore(SESSIONS)
        self._closed = False

    def open(self, wait: bool = False, timeout: float = 30.0) -> None:  # noqa: FBT001, FBT002
        """Do nothing: a session begins when it is needed."""

    def close(self) -> None:
        """End the sessions that nobody uses, and each other one as soon as it is given back."""
        self._closed = True
        while (session := self._pop()) is not None:
            session.close()

    @contextmanager
    def connection(self) -> Iterator[Session]:
        """A session that was alive a moment ago, for one thread."""
        if not self._free.acquire(timeout=self._lock_timeout):
            raise PoolTimeout(f"all {SESSIONS} sessions of this process are in use")
        try:
            session = self._living() or self._begin()
            try:
                yield session
            finally:
                self._give_back(session)
        finally:
            self._free.release()

    def _living(self) -> Session | None:
        """The session that was used last; those that the server has ended meanwhile are dropped."""
        while (session := self._pop()) is not None:
            with suppress(psycopg.Error):
                session.execute("")
                return session
            session.close()
        return None

    def _begin(self) -> Session:
        settings = {
            "search_path": SCHEMA,
            "lock_timeout": f"{self._lock_timeout}s",
            # A committed batch survives a power cut, whatever is usual on the server.
            "synchronous_commit": "on",
            # All that is asked goes along a key; a planner that knows no numbers yet would rather
            # go through the table and sort it.
            "enable_seqscan": "off",
            "enable_bitmapscan": "off",
        }
        return connect(self._address, settings, called="polku log", row_factory=dict_row)

    def _give_back(self, session: Session) -> None:
        idle = session.info.transaction_status == TransactionStatus.IDLE
        if idle and not self._closed:
            self._idle.append(session)
        else:
            session.close()

    def _pop(self) -> Session | None:
        try:
            return self._idle.pop()
        except IndexError:  # perhaps another thread was quicker
            return None
