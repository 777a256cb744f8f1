"""The eventsourcing library's application on the log, and what its database says when it fails."""

import sqlite3
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

from journeys.errors import LogAwayError, LogError
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


@contextmanager
def explained(location: str) -> Iterator[None]:
    """Raise what the database says as a `LogError`."""
    try:
        yield
    except (PersistenceError, sqlite3.Error) as error:
        why = str(error)
        hint = next(
            (hint for word, hint in _HINTS.items() if word in why), "polku status tells more"
        )
        raise _kind_of(error)(f"log {location}: {why}. Hint: {hint}") from error


def _kind_of(error: Exception) -> type[LogError]:
    """Tell a database that may answer later from one that must be seen to first."""
    if isinstance(error, sqlite3.Error) or isinstance(error.__cause__, sqlite3.Error):
        away = "locked" in str(error)  # a file is there or it is not; another process lets go of it
    else:
        away = isinstance(error, (InterfaceError, OperationalError))
    return LogAwayError if away else LogError
