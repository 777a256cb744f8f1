"""Where an installation of a test keeps what it knows: its folder, or a PostgreSQL database."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from journeys.event_log import EventLog
from tests.postgres import PostgresServer


class Store(ABC):
    """One kind of database; each data folder is an installation of its own."""

    @abstractmethod
    def url(self, data: Path) -> str:
        """Where the log of a folder's installation is."""

    @abstractmethod
    def at(self, data: Path) -> tuple[object, ...]:
        """The options that name a folder's installation."""

    @abstractmethod
    def copy(self, data: Path, to: Path) -> Path:
        """Make a second installation with all that the first one knows, used by nobody."""

    @abstractmethod
    def contents(self, data: Path) -> Iterator[tuple[str, bytes]]:
        """Every byte that a folder's installation keeps, by file or table."""

    def log(self, data: Path) -> EventLog:
        """Open the log of a folder's installation."""
        return EventLog.open(self.url(data), create=False)


class Embedded(Store):
    """SQLite files in the data folder."""

    def url(self, data: Path) -> str:
        return str(data / "log.db")

    def at(self, data: Path) -> tuple[object, ...]:
        return ("--data", data)

    def copy(self, data: Path, to: Path) -> Path:
        return Path(shutil.copytree(data, to))

    def contents(self, data: Path) -> Iterator[tuple[str, bytes]]:
        for path in sorted(data.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


class Served(Store):
    """A database of its own for each data folder, which holds definitions and the key alone."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._urls: dict[Path, str] = {}

    def url(self, data: Path) -> str:
        if data not in self._urls:
            self._urls[data] = self._server.new_database()
        return self._urls[data]

    def at(self, data: Path) -> tuple[object, ...]:
        return ("--data", data, "--database", self.url(data))

    def copy(self, data: Path, to: Path) -> Path:
        template = self.url(data).rpartition("/")[2]
        self._urls[to] = self._server.new_database(template)
        return Path(shutil.copytree(data, to))

    def contents(self, data: Path) -> Iterator[tuple[str, bytes]]:
        yield from Embedded().contents(data)
        with psycopg.connect(self.url(data)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_schema, table_name FROM information_schema.tables"
                " WHERE table_schema IN ('log', 'read_models') AND table_type = 'BASE TABLE'"
            )
            for names in cursor.fetchall():
                with cursor.copy(
                    SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(*names))
                ) as table:
                    yield ".".join(names), b"".join(table)
