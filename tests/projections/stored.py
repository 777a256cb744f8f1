"""Logs and read models of a folder, and all that the tables hold, to be compared to the byte.

The read models are where the fixture `each_store` says: in a file of the folder, or in a database
whose address is in one. `rebuilt` always builds them in a file, so whatever is compared to it is
the same on both.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, NamedTuple

import psycopg
from sqlalchemy import Column, Table, event, select

from journeys.event_log import EventLog
from journeys.service import Service
from journeys.touchpoint import Touchpoint
from projections.projector import project_batch
from projections.read_models import ReadModels, begin_position
from projections.runner import rebuild
from projections.tables import LIVE

NOW = datetime(2030, 1, 1, tzinfo=UTC)

Dump = dict[str, list[tuple[object, ...]]]


class InUse:
    """Which database the tests at work use."""

    new_database: Callable[[], str] | None = None
    """Makes a database and gives its URL; None is SQLite."""

    free: ClassVar[list[str]] = []
    """Databases of folders that were thrown away, to be emptied and used again."""


class Folder(NamedTuple):
    """A log and its read models."""

    log: EventLog
    models: ReadModels


@contextmanager
def folder(path: Path | None = None) -> Iterator[Folder]:
    """Open a log and read models in a folder; without one, in one that is thrown away."""
    with ExitStack() as stack:
        data = path or Path(stack.enter_context(TemporaryDirectory()))
        log = stack.enter_context(EventLog.open(data / "log.db"))
        if path is None:
            _use_again(data)
            stack.callback(_give_back, data)
        yield Folder(log, stack.enter_context(open_models(data)))


def open_models(data: Path) -> ReadModels:
    """Open the read models of a folder."""
    return ReadModels.open(place_of_models(data))


def place_of_models(data: Path) -> str | Path:
    """Where the read models of a folder are: always the same place, in whichever process."""
    note = data / "read-models.url"
    if InUse.new_database is not None and not note.exists():
        note.write_text(InUse.new_database())
    return note.read_text() if note.exists() else data / "read-models.db"


def _use_again(data: Path) -> None:
    if InUse.new_database is not None and InUse.free:
        url = InUse.free.pop()
        with psycopg.connect(url, autocommit=True) as session:
            session.execute("DROP SCHEMA read_models CASCADE")
        (data / "read-models.url").write_text(url)


def _give_back(data: Path) -> None:
    if InUse.new_database is not None:
        InUse.free.append((data / "read-models.url").read_text())


def delete_models(data: Path) -> None:
    """Throw the read models of a folder away."""
    for file in data.glob("read-models.*"):
        file.unlink()


def record(
    log: EventLog, touchpoints: Sequence[Touchpoint] = (), services: Sequence[Service] = ()
) -> int:
    """Record definitions, then touchpoints; return the head."""
    versions: dict[str, list[Service]] = {}
    for service in services:
        versions.setdefault(service.key, []).append(service)
    log.record_definitions(versions, recorded_at=NOW)
    log.append_batch(touchpoints, recorded_at=NOW)
    return log.head()


def dump(models: ReadModels) -> Dump:
    """All rows of all tables but the versions of slices, sorted."""
    with models.reading() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(*_lasting(table)))), key=repr
            )
            for table in LIVE.metadata.sorted_tables
            if table is not LIVE.slice
        }


def _lasting(table: Table) -> list[Column[Any]]:
    """What the same events come to, whenever they were recorded."""
    return [column for column in table.c if column.name != "mark"]


def rebuilt(log: EventLog) -> Dump:
    """What read models built from nothing hold."""
    with TemporaryDirectory() as data, ReadModels.open(Path(data) / "read-models.db") as models:
        rebuild(log, models)
        return dump(models)


def begin(models: ReadModels) -> None:
    """Say that nothing has been projected: what follows is projected in batches."""
    with models.writing() as connection:
        begin_position(connection, LIVE, 0, mark="")


def project_in_steps(log: EventLog, models: ReadModels, size: int) -> None:
    """Bring tables that have a position to the head, in batches of a size."""
    head = log.head()
    while (position := models.position()) != head:
        assert position is not None
        assert project_batch(log, models, after=position, until=min(position + size, head))


def count_asked(models: ReadModels, *, until: int | None = None) -> Callable[[], int]:
    """Count statements and commits from here on; with `until`, die before that one."""
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1
        if asked == until:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(models.engine, "before_cursor_execute", count)
    event.listen(models.engine, "commit", count)
    return lambda: asked
