"""Logs and read models in a folder, and all that the tables hold, to be compared to the byte."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import event, select

from journeys.event_log import EventLog
from journeys.service import Service
from journeys.touchpoint import Touchpoint
from projections.projector import project_batch
from projections.read_models import ReadModels, begin_position
from projections.runner import rebuild
from projections.tables import LIVE

NOW = datetime(2030, 1, 1, tzinfo=UTC)

Dump = dict[str, list[tuple[object, ...]]]


class Folder(NamedTuple):
    """A log and its read models."""

    log: EventLog
    models: ReadModels


@contextmanager
def folder(path: Path | None = None) -> Iterator[Folder]:
    """Open a log and read models in a folder; without one, in one that is thrown away."""
    with TemporaryDirectory() as temporary:
        data = path or Path(temporary)
        with (
            EventLog.open(data / "log.db") as log,
            ReadModels.open(data / "read-models.db") as models,
        ):
            yield Folder(log, models)


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
    """All rows of all tables, sorted."""
    with models.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in LIVE.metadata.sorted_tables
        }


def rebuilt(log: EventLog) -> Dump:
    """What read models built from nothing hold."""
    with TemporaryDirectory() as data, ReadModels.open(Path(data) / "read-models.db") as models:
        rebuild(log, models)
        return dump(models)


def begin(models: ReadModels) -> None:
    """Say that nothing has been projected: what follows is projected in batches."""
    with models.writing() as connection:
        begin_position(connection, LIVE, 0)


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
