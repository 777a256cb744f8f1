"""The eventsourcing library's application on the log, and what its database says when it fails."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import (
    InterfaceError,
    Mapper,
    OperationalError,
    PersistenceError,
    ProcessRecorder,
)
from eventsourcing.utils import Environment, EnvType

from journeys.errors import LogAwayError, LogError, PolkuError, Trouble
from journeys.recorders import LogRecorder
from journeys.versions import CarefulMapper


class TouchpointLog(Application[UUID]):
    """The library's application on the log; people's decisions are its aggregates."""

    recorder: LogRecorder

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Take the given settings alone: only `delivery` reads the environment."""
        return Environment(name, env)

    def construct_mapper(self) -> Mapper[UUID]:
        """Use the mapper that refuses newer events."""
        return CarefulMapper(self.construct_transcoder())

    def construct_recorder(self) -> ProcessRecorder:
        """Use a recorder that keeps source positions."""
        return self.factory.process_recorder()


_HINTS = {
    "locked": "another process has held the log for long; try again once it is done",
    "full": "free some space and run it again; nothing of the batch was stored",
    "readonly": "the file and its folder must be writable",
    "unable to open": "the folder must exist and be readable",
    "not a database": "name a file that Polku made, or a new one",
}


_POSTGRES_HINTS: dict[str, str] = {
    "InsufficientPrivilege": "docs/postgresql.md says what a role needs, and how it gets it",
    "UndefinedTable": "the schema log is not whole; restore it from a back-up",
}

_HINT = "polku status tells more"


@contextmanager
def explained(location: str) -> Iterator[None]:
    """Raise what the database says as a `LogError`."""
    try:
        yield
    except PolkuError:
        raise
    except Exception as error:
        trouble = _trouble_of(error)
        if trouble is None:
            raise
        why, hint, is_away = trouble
        kind = LogAwayError if is_away else LogError
        raise kind(f"log {location}: {why}. Hint: {hint}") from error


def _trouble_of(error: Exception) -> Trouble | None:
    """What a database says, what to do, and whether it may answer later; None if none spoke."""
    if "psycopg" in sys.modules:
        from psycopg import Error  # noqa: PLC0415 - loaded already

        from journeys.postgres_server import trouble_of  # noqa: PLC0415

        for said in (error, error.__cause__):
            if isinstance(said, Error):
                return trouble_of(said, hint=_HINT, hints=_POSTGRES_HINTS)
    if not isinstance(error, (PersistenceError, sqlite3.Error)):
        return None
    why = str(error)
    hint = next((hint for word, hint in _HINTS.items() if word in why), _HINT)
    return Trouble(why, hint, _is_away(error))


def _is_away(error: Exception) -> bool:
    """Tell a database that may answer later from one that must be seen to first."""
    if isinstance(error, sqlite3.Error) or isinstance(error.__cause__, sqlite3.Error):
        return "locked" in str(error)  # a file is there or it is not; a process lets go of it
    return isinstance(error, (InterfaceError, OperationalError))
