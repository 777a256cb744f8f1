"""The read models built anew from the log, beside those in use.

The log is read in columns and each service traced as a whole, while another thread writes what is
done. The tables being built have names of their own: readers and runners see the old ones until all
is ready, and one transaction renames both. Cut short at any point, the old tables are as they were,
and the next attempt throws away what it finds half built.
"""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from types import TracebackType
from typing import Self

import polars as pl
from sqlalchemy import inspect

from journeys.event_log import EventLog
from journeys.proof import mark_of
from projections.course import other_course
from projections.projector import (
    Extent,
    TableRows,
    extent_of,
    kept_rows,
    project_batch,
    sliced_rows,
    traced_rows,
    version_at,
)
from projections.read_models import (
    ReadModels,
    begin_position,
    position_of,
    rename,
)
from projections.rows import touchpoint_chunks
from projections.tables import LIVE, NEXT, PAST

Progress = Callable[[int, int], None]
"""Is told how many positions are done, and how many there are to do."""

_WAITING = 3
"""Halves of services, kept or traced, that wait to be written."""


class Interrupted(Exception):  # noqa: N818 - no error: somebody asked for it
    """The work was asked to stop; nothing of it is in use."""


def build(
    log: EventLog, models: ReadModels, *, until: int, stop: Event, progress: Progress
) -> None:
    """Build the tables anew and put them in the place of those in use.

    Args:
        log: Is only read.
        models: Where the tables are; the caller holds the right of `ReadModels.building`.
        until: The position to build up to. Where a runner has brought the tables in use further
            meanwhile, the new ones are brought as far before they take their place.
        stop: Set from outside to give up.
        progress: Is told how far the work is.

    Raises:
        Interrupted: `stop` was set; the tables in use are as they were.
        ProjectionError: The database failed; the tables in use are as they were.
    """
    with models.writing() as connection:
        for tables in (PAST, NEXT):
            tables.metadata.drop_all(connection)
        NEXT.metadata.create_all(connection)
    with _uncollected(), _Loader(models) as loader:
        extents = _fill(loader, log, until=until, stop=stop, progress=progress)
    with models.writing() as connection:
        for extent in extents:
            connection.execute(NEXT.extent.insert(), extent._asdict())
        begin_position(connection, NEXT, until, mark=mark_of(log, until))
    models.learn(NEXT)
    position = until
    while (ahead := _swap(log, models, position)) is not None:
        project_batch(log, models, after=position, until=ahead, tables=NEXT)
        position = ahead
    with models.writing() as connection:
        PAST.metadata.drop_all(connection)
    progress(until, until)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector.

    Tracing makes small tuples by the hundred thousand and no cycles; the collector would look at
    each of them again and again, for a tenth of the time.
    """
    restore = gc.enable if gc.isenabled() else gc.disable
    gc.disable()
    try:
        yield
    finally:
        restore()


def _fill(
    loader: "_Loader", log: EventLog, *, until: int, stop: Event, progress: Progress
) -> list[Extent]:
    """Write the rows of all services. Of the work, reading counts as one half."""
    histories = log.definitions(until)
    version = version_at(until, mark_of(log, until))
    by_service: dict[str, list[pl.DataFrame]] = {}
    total = done = 0
    for chunk in touchpoint_chunks(log, until=until):
        for (service,), part in chunk.partition_by("service", as_dict=True).items():
            by_service.setdefault(str(service), []).append(part)
        total += len(chunk)
        progress(chunk.item(-1, "position") // 2, until)
    extents = []
    for service in sorted(by_service):
        if stop.is_set():
            raise Interrupted
        touchpoints = pl.concat(by_service.pop(service))
        extents.append(extent_of(touchpoints, service))
        loader.put(kept_rows(touchpoints, NEXT, service=service))
        if service in histories:
            traced = [*traced_rows(touchpoints, histories[service], NEXT)]
            starts = [rows["started_at"] for table, rows in traced if table is NEXT.journey]
            loader.put([*traced, sliced_rows(starts, NEXT, service=service, version=version)])
        done += len(touchpoints)
        progress(until // 2 + until * done // total // 2, until)
    return extents


def _swap(log: EventLog, models: ReadModels, position: int) -> int | None:
    """Put the new tables, at `position`, in the place of those in use, unless these know more.

    Returns:
        None if it is done, else the position the new tables have to reach first.
    """
    with models.swapping() as connection:
        live = position_of(connection)
        # Tables of another log know nothing of this one: no reason to wait for them.
        if live is not None and position < live and other_course(log, connection, live) is None:
            return live
        there = inspect(connection).get_table_names()
        for table, past, new in zip(LIVE[1:], PAST[1:], NEXT[1:], strict=True):
            if table.name in there:
                rename(connection, table, past)
            rename(connection, new, table)
    return None


class _Loader:
    """Writes rows on a thread of its own, a little behind; a failure is raised here."""

    def __init__(self, models: ReadModels) -> None:
        self._models = models
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._executor.submit(models.prepare_to_load)  # the log is read meanwhile
        self._waiting: deque[Future[None]] = deque()

    def put(self, parts: Iterable[TableRows]) -> None:
        """Hand over rows, which are made on the other thread; waits while much is on the way."""
        if len(self._waiting) == _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._executor.submit(self._load, parts))

    def _load(self, parts: Iterable[TableRows]) -> None:
        for table, rows in parts:
            self._models.load(table, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._executor.shutdown(cancel_futures=exc_type is not None)
        if exc_type is None:
            for load in self._waiting:
                load.result()
