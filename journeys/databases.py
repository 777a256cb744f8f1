"""Which database holds the log: the one place where a URL picks it."""

from collections.abc import Mapping
from pathlib import Path

from eventsourcing.sqlite import SQLiteFactory, SQLiteProcessRecorder
from eventsourcing.utils import Environment, EnvType

from journeys.datastores import SQLiteLogDatastore
from journeys.errors import LogError
from journeys.postgres_address import FORM, PostgresAddress
from journeys.sqlite_recorder import SQLiteLogRecorder

ADDRESS = "POLKU_LOG_ADDRESS"
"""Among what the library's application has to know: where the log is in PostgreSQL."""

_REFUSED: dict[str, tuple[str, str]] = {
    "PERSISTENCE_MODULE": ("*", "the log's URL picks the database"),
    "PROCESS_RECORDER_TOPIC": ("*", "the log needs its own fenced recorder"),
    "TRANSCODER_TOPIC": ("*", "the columnar read expects plain JSON"),
    "MAPPER_TOPIC": ("*", "the log needs its own mapper, which refuses newer events"),
    "COMPRESSOR_TOPIC": ("*", "the columnar read expects plain JSON"),
    "CIPHER_TOPIC": ("*", "the columnar read expects plain JSON"),
    "CIPHER_KEY": ("*", "the columnar read expects plain JSON"),
    "ORIGINATOR_ID_TYPE": ("text", "streams are keyed by UUID"),
    "SINGLE_ROW_TRACKING": ("off", "a source has one position, or it cannot be fenced"),
    "POSTGRES_ENABLE_DB_FUNCTIONS": ("on", "it drops the source's position without a word"),
}
"""Settings of the library that would break a promise of the log: the value that does, and why.

`*` is any value; `on` and `off` any word but those that say the opposite.
"""

_OPPOSITES = {
    "on": ("n", "no", "f", "false", "off", "0"),
    "off": ("y", "yes", "t", "true", "on", "1"),
}


class SQLiteLogFactory(SQLiteFactory):
    """Builds the library's parts on the fenced recorder."""

    process_recorder_class: type[SQLiteProcessRecorder] = SQLiteLogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore = SQLiteLogDatastore(self.env[self.SQLITE_DBNAME])


def environment_of(url: str | Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Choose the database that a URL or a path names.

    Args:
        url: A path, `sqlite:///` and a path, or `postgresql://user:password@host:port/name`.
        settings: Settings meant for the library, e.g. the environment's; none of them is used.

    Returns:
        What the library's application has to know.

    Raises:
        LogError: That database cannot hold the log, or a setting would break one of its promises.
    """
    refuse_dangerous(settings or {})
    if PostgresAddress.is_one(url):
        return {
            SQLiteLogFactory.PERSISTENCE_MODULE: "journeys.postgres_recorder:PostgresLogFactory",
            ADDRESS: str(url),
        }
    scheme, separator, rest = str(url).partition("://")
    if separator and scheme != "sqlite":
        raise LogError(
            f"log at a {scheme} URL: it can be in SQLite or PostgreSQL. "
            f"Hint: a folder with --data, or {FORM}"
        )
    path = rest.removeprefix("/") if separator else scheme
    if not path or SQLiteLogDatastore.forgets(path):
        raise LogError(f"log at {path!r}: memory forgets. Hint: a file, e.g. polku-data/log.db")
    return {
        SQLiteLogFactory.PERSISTENCE_MODULE: f"{__name__}:{SQLiteLogFactory.__name__}",
        SQLiteLogFactory.SQLITE_DBNAME: path,
    }


def location_of(environment: Mapping[str, str]) -> str:
    """What people call the database, without a password.

    Raises:
        LogError: Its address cannot be read.
    """
    address = _address_of(environment)
    return environment[SQLiteLogFactory.SQLITE_DBNAME] if address is None else str(address)


def is_there(environment: Mapping[str, str]) -> bool:
    """Tell whether anybody has made the log.

    Raises:
        LogError: Its database does not answer.
    """
    address = _address_of(environment)
    if address is None:
        return Path(environment[SQLiteLogFactory.SQLITE_DBNAME]).exists()
    from journeys.migrations import State, state  # noqa: PLC0415 - needs psycopg

    return state(address) is not State.MISSING


def refuse_dangerous(settings: Mapping[str, str]) -> None:
    """Refuse settings of the library under which the log could not keep its promises.

    Raises:
        LogError: All of them, each with its reason.
    """
    problems = [
        f"{name}: {why}"
        for name, (dangerous, why) in _REFUSED.items()
        if _is(settings.get(name, ""), dangerous)
    ]
    if problems:
        raise LogError(f"log settings refused: {'; '.join(problems)}. Hint: unset them")


def _address_of(environment: Mapping[str, str]) -> PostgresAddress | None:
    if ADDRESS not in environment:
        return None
    try:
        return PostgresAddress.of(environment[ADDRESS])
    except ValueError as error:
        raise LogError(f"log: the address of its database: {error}") from None


def _is(value: str, dangerous: str) -> bool:
    if not value:
        return False
    if dangerous in _OPPOSITES:
        return value.lower() not in _OPPOSITES[dangerous]
    return dangerous in ("*", value.lower())
