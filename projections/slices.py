"""A service out of the tables, and its columnar cache.

The cache is a folder of Parquet files, one set for each *slice*: the journeys that start in one
week with their visits, or the strays. The tables hold a version of each slice, and its files are
named after it: what has changed since is read from the tables again, all else from its files. What
a version stands for never changes, whichever process wrote the file. The folder may be deleted at
any time; where it cannot be written, or a file in it not read, the tables answer.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, false, func, select

from journeys.records import microseconds_of
from journeys.service import ServiceHistory
from projections.prepared import Prepared, prepare
from projections.rows import select_frame
from projections.shapes import JOURNEYS, STRAYS, VISITS, Trace
from projections.tables import LAYOUT, LIVE, NONE, STRAYS_SLICE
from projections.weeks import bounds_of

FORMAT = 2
"""Counted up when the same tables come to other files."""


def read_prepared(
    connection: Connection, history: ServiceHistory, *, cache: Path | None
) -> Prepared:
    """Read one service, as the tables have it.

    Args:
        connection: Of the tables, in a transaction.
        history: The definition versions that the tables know.
        cache: The folder of the cache, which is made if need be; None for none.
    """
    if cache is None:
        return _stored(connection, history)
    return _Slices(connection, history, cache).read()


class _Slices:
    """The slices of one service, in one state of the tables."""

    def __init__(self, connection: Connection, history: ServiceHistory, cache: Path) -> None:
        self._connection = connection
        self._history = history
        # A key may have any characters.
        name = sha256(history.key.encode()).hexdigest()[:32]
        self._folder = cache / f"{LAYOUT}.{FORMAT}" / name

    def read(self) -> Prepared:
        versions = self._versions()
        if not versions.keys() - {STRAYS_SLICE}:  # no journeys, so nothing that takes long
            return _stored(self._connection, self._history)
        try:
            there = set(self._folder.glob("*.parquet"))
            stale = {
                name
                for name, version in versions.items()
                if not there.issuperset(self._files(name, version))
            }
            if stale:
                self._write(stale, versions)
            return self._loaded(versions)
        except OSError:  # deleted meanwhile, no room, no right: no reason not to answer
            pass
        except pl.exceptions.PolarsError:  # damaged
            with suppress(OSError):
                for file in self._folder.iterdir():
                    file.unlink()
        return _stored(self._connection, self._history)

    def _versions(self) -> dict[str, str]:
        """The version of each slice: the weeks in order, then the strays."""
        part = LIVE.slice.c
        known = select(part.slice, part.version).where(part.service == self._history.key)
        return dict(sorted(self._connection.execute(known).all()))

    def _files(self, name: str, version: str) -> list[Path]:
        kinds = ["strays"] if name == STRAYS_SLICE else ["journeys", "visits"]
        return [self._folder / f"{name}.{version}.{kind}.parquet" for kind in kinds]

    def _write(self, stale: set[str], versions: Mapping[str, str]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        weeks = sorted(stale - {STRAYS_SLICE})
        starts = None if len(weeks) == len(versions) - 1 else _starts_in(weeks)
        prepared = _stored(self._connection, self._history, starts)
        for name in stale:
            frames = _slice_of(prepared, name)
            for file, frame in zip(self._files(name, versions[name]), frames, strict=True):
                write_copy(frame, file)
        for file in self._folder.glob("*.parquet"):
            name, version, *_ = file.name.split(".")
            if name in stale and version != versions[name]:
                file.unlink(missing_ok=True)

    def _loaded(self, versions: Mapping[str, str]) -> Prepared:
        *weeks, (strays,) = (self._files(name, version) for name, version in versions.items())
        journeys, visits = (
            pl.read_parquet(list(files), glob=False) for files in zip(*weeks, strict=True)
        )
        return Prepared(journeys, visits, pl.read_parquet(strays, glob=False))


def _stored(
    connection: Connection,
    history: ServiceHistory,
    starts: ColumnElement[bool] | None = None,
) -> Prepared:
    """Read a service, or of its journeys those that start as told, from the tables."""
    journey, visit, stray = LIVE.journey.c, LIVE.visit.c, LIVE.stray.c
    journeys = _selected(LIVE.journey, JOURNEYS, history)
    visits = _selected(LIVE.visit, VISITS, history)
    if starts is not None:
        journeys = journeys.where(starts)
        some = select(journey.journey_id).where(journey.service == history.key, starts)
        visits = visits.where(visit.journey_id.in_(some))
    people = func.coalesce(func.nullif(stray.person, NONE), func.nullif(stray.case, NONE))
    columns = {**dict(stray.items()), "people": people.label("people")}
    strays = select(*(columns[name] for name in STRAYS)).where(stray.service == history.key)
    trace = Trace(
        select_frame(connection, journeys, JOURNEYS),
        select_frame(connection, visits, VISITS),
        select_frame(connection, strays, STRAYS).sort("source", "id"),
    )
    return prepare(trace, history)


def _selected(
    table: Table, schema: Mapping[str, pl.DataType], history: ServiceHistory
) -> Select[Any]:
    return select(*(table.c[name] for name in schema)).where(table.c.service == history.key)


def _starts_in(weeks: Sequence[str]) -> ColumnElement[bool]:
    """Tell the journeys from the first to the last of some weeks, those between included."""
    if not weeks:
        return false()
    start, end = bounds_of(weeks[0])[0], bounds_of(weeks[-1])[1]
    started_at = LIVE.journey.c.started_at
    return and_(started_at >= microseconds_of(start), started_at < microseconds_of(end))


def _slice_of(prepared: Prepared, name: str) -> tuple[pl.DataFrame, ...]:
    if name == STRAYS_SLICE:
        return (prepared.strays,)
    weeks = prepared.journeys["week"]
    first, end = weeks.search_sorted(name, "left"), weeks.search_sorted(name, "right")
    counts = prepared.journeys["visits"].to_numpy()
    return (
        prepared.journeys[first:end],
        prepared.visits.slice(int(counts[:first].sum()), int(counts[first:end].sum())),
    )


def write_copy(frame: pl.DataFrame, file: Path) -> None:
    """Write a file that nobody sees before it is whole.

    Raises:
        OSError: It cannot be written; nothing of it is left.
    """
    part = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        frame.write_parquet(part, compression="lz4")  # read far more often than written
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
