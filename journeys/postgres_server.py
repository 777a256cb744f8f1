"""Sessions with a PostgreSQL server, and what it says when it refuses; for log and read models."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import errors

from journeys.errors import Trouble
from journeys.postgres_address import PostgresAddress

LOCK_TIMEOUT_S = 60
"""How long one session waits for the lock of another."""

STATEMENT_TIMEOUT_S = 600
"""How long one statement may take, and how long a transaction may do nothing."""

LOCKS = 0x506F6C6B
""""Polk": ours among the advisory locks of a database, each with a second number of its own."""

MAKES_READ_MODELS, BUILDS_READ_MODELS, MAKES_LOG = 1, 2, 3

_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",  # a machine that is gone is known to be within a minute or two
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""Words of libpq; an address may say otherwise."""

_SETTINGS = {
    "client_min_messages": "warning",
    "default_transaction_isolation": "read committed",
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "idle_session_timeout": "0",
    "tcp_keepalives_idle": "30",  # and the locks of a machine that is gone are given up
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_HINTS: dict[type[Exception], str] = {
    errors.LockNotAvailable: "another process has held it for long; try again once it is done",
    errors.QueryCanceled: f"no statement may take more than {STATEMENT_TIMEOUT_S} s; try again "
    "while the server has less to do",
    errors.DiskFull: "free some space on the server and run it again; nothing is half done",
    errors.TooManyConnections: "the server takes no more connections: max_connections",
    errors.ReadOnlySqlTransaction: "the server is a standby: name the one that may be written to",
    errors.CannotConnectNow: "the server is starting or stopping; try again in a moment",
    errors.AdminShutdown: "the server was stopped, or ended the session; try again",
    errors.CrashShutdown: "the server was stopped at once; try again once it is up",
}
_REFUSED = {
    "password": "check the user and the password in the address",
    "authentication": "check the user and the password in the address",
    "local user": "say who Polku is in the address: postgresql://user:password@host:port/name",
    "pg_hba.conf": "let the server take connections of this user from this machine",
    "does not exist": "check the address; a database is made with createdb",
    "not permitted to log in": "let the role in: ALTER ROLE ... LOGIN",
    "permission denied": "let the role connect: GRANT CONNECT ON DATABASE",
    "SSL": "check sslmode in the address, and the certificates",
}
"""Words of a server, or of libpq, that let nobody in: it has no code for these."""

_FULL = ("too many", "connection slots")

_AWAY = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.LockNotAvailable,
    errors.TooManyConnections,
    errors.ConnectionException,
    errors.DeadlockDetected,
    errors.IdleInTransactionSessionTimeout,
)


def connect(
    address: PostgresAddress,
    settings: Mapping[str, str],
    *,
    called: str,
    **further: Any,  # noqa: ANN401 - what psycopg takes
) -> "psycopg.Connection[Any]":
    """Begin a session, in which no transaction begins by itself.

    Args:
        address: Of the database.
        settings: Of the session, beside or instead of those that are always the same.
        called: What the server calls it in its own lists.
        further: Further arguments of psycopg's.

    Raises:
        psycopg.Error: The server cannot be reached, or refuses.
    """
    patience: dict[str, Any] = {
        name: value for name, value in _PATIENCE.items() if name not in address.parameters
    }
    connection = psycopg.connect(
        address.url,
        autocommit=True,
        prepare_threshold=None,  # a plan made for few values is no plan for many
        client_encoding="utf8",
        fallback_application_name=called,
        **patience,
        **further,
    )
    try:
        wanted = _SETTINGS | dict(settings)
        connection.execute("; ".join(f"SET {name} = '{to}'" for name, to in wanted.items()))
    except BaseException:
        connection.close()
        raise
    return connection


def too_narrow(encoding: object) -> str:
    """Say what is wrong with a database whose encoding is not UTF8."""
    return (
        f"the database keeps text as {encoding}, which has no room for all of it. "
        "Hint: createdb --encoding=UTF8 --template=template0"
    )


def trouble_of(error: psycopg.Error, *, hint: str, hints: Mapping[str, str]) -> Trouble:
    """Put into words what a server, or the way to it, says.

    Args:
        error: What psycopg raised.
        hint: For what nothing better is known of.
        hints: For kinds of errors, by name, before those that are always the same.
    """
    # What is beside the primary message may show values of rows.
    why = error.diag.message_primary or " ".join(str(error).partition("\n")[0].split())
    if isinstance(error, psycopg.InterfaceError):
        return Trouble(why, "the connection was lost; try again", is_away=True)
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        if any(word in why for word in _FULL):
            return Trouble(why, _HINTS[errors.TooManyConnections], is_away=True)
        refused = next((hint for word, hint in _REFUSED.items() if word in why), None)
        asked = "is the database up, and its address right?"
        return Trouble(why, refused or asked, is_away=refused is None)
    known = {kind.__name__: words for kind, words in _HINTS.items()} | dict(hints)
    kinds = [kind.__name__ for kind in type(error).__mro__]
    found = next((known[kind] for kind in kinds if kind in known), hint)
    return Trouble(why, found, is_away=isinstance(error, _AWAY))
