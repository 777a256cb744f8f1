"""The schema of the log in PostgreSQL, from one release to the next.

What leads from each revision to the next is in `log_schema`, and Alembic runs it, each way up in
one transaction. A log is not changed behind anybody's back: one that is missing is made, an older
one waits for `upgrade`, a newer one for a newer release.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from journeys.application import explained
from journeys.errors import LogError
from journeys.postgres_address import PostgresAddress
from journeys.postgres_server import LOCKS, MAKES_LOG, connect, too_narrow

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = "log"

REVISIONS = ("0001",)
"""Every revision there has been, oldest first: a look at it must not wait for Alembic."""

_VERSION_TABLE = f"{SCHEMA}.alembic_version"

_FOLDER = Path(__file__).with_name("log_schema")


class State(StrEnum):
    """How the schema of a log stands to this release."""

    MISSING = "missing"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def state(address: PostgresAddress) -> State:
    """Look how the schema of a log stands to this release.

    Raises:
        LogAwayError: The server does not answer.
        LogError: It lets nobody look.
    """
    with explained(str(address)), _session(address) as session:
        return _state_in(session)


def make(address: PostgresAddress) -> None:
    """Make the schema where there is none; of several processes the first one does.

    Raises:
        LogAwayError: The server does not answer.
        LogError: There is one of another release, or it cannot be made.
    """
    found = state(address)
    if found is State.MISSING:
        upgrade(address)
    elif found is State.OLDER:
        raise LogError(
            f"log {address}: an earlier release has made it. Hint: polku database upgrade"
        )
    elif found is State.NEWER:
        raise _too_new(address)


def upgrade(address: PostgresAddress) -> None:
    """Bring the schema of a log to this release; of several processes the first one does.

    Raises:
        LogAwayError: The server does not answer.
        LogError: The schema is newer, the database is too narrow, or the role may not do so.
    """
    # Alembic takes 0.3 s to import, and only this needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import NullPool, create_engine, inspect  # noqa: PLC0415

    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: _session(address, autocommit=False),
        poolclass=NullPool,
        hide_parameters=True,
        use_native_hstore=False,
    )
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with explained(str(address)), engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCKS}, {MAKES_LOG})")
        _refuse(address, connection)
        if not inspect(connection).has_schema(SCHEMA):
            connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _session(address: PostgresAddress, *, autocommit: bool = True) -> "psycopg.Connection[Any]":
    session = connect(address, {}, called="polku log")
    session.autocommit = autocommit
    return session


def _state_in(session: "psycopg.Connection[Any]") -> State:
    row = session.execute("SELECT to_regclass(%s)", (_VERSION_TABLE,)).fetchone()
    if row is None or row[0] is None:
        return State.MISSING
    found = [version for (version,) in session.execute(f"TABLE {_VERSION_TABLE}").fetchall()]
    if not found:
        return State.MISSING
    if found == [REVISIONS[-1]]:
        return State.CURRENT
    return State.OLDER if set(found) <= set(REVISIONS) else State.NEWER


def _refuse(address: PostgresAddress, connection: "Connection") -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise LogError(f"log {address}: {too_narrow(encoding)}")
    session: Any = connection.connection.driver_connection
    if _state_in(session) is State.NEWER:
        raise _too_new(address)


def _too_new(address: PostgresAddress) -> LogError:
    return LogError(
        f"log {address}: a newer release has made or upgraded it. "
        "Hint: install that release, or a later one"
    )
