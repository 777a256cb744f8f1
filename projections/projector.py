"""From events to rows: a batch of the log, and the position behind it, in one transaction.

What a batch touches is traced again as a whole: the connected groups of its touchpoints, and every
journey of a service whose definition it brings, or of which it takes touchpoints back. So the rows
depend on the set of touchpoints, and not on the batches they came in. A second runner at the same
tables finds the position moved, and leaves nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, Connection, Table, delete, func, select

from journeys.event_log import EventLog
from journeys.proof import mark_of
from journeys.service import ServiceHistory
from projections.groups import Group, StoredService
from projections.read_models import ReadModels, is_among, move_position
from projections.rows import insert_rows, read_touchpoints, stored_form
from projections.shapes import MOMENT
from projections.tables import LIVE, NONE, STRAYS_SLICE, Tables
from projections.trace import trace_journeys
from projections.weeks import week_of

TableRows = tuple[Table, pl.DataFrame]
"""A table, and rows for it in their stored form."""


class Extent(NamedTuple):
    """A row of the table `extent`."""

    service: str
    touchpoints: int
    latest_at: int


def project_batch(
    log: EventLog, models: ReadModels, *, after: int, until: int, tables: Tables = LIVE
) -> bool:
    """Bring tables from one position to a later one.

    Args:
        log: Is only read.
        models: Where the tables are.
        after: The position they must have.
        until: The position they get.
        tables: Which ones.

    Returns:
        False if they had another position: another runner was first, and nothing was written.

    Raises:
        ProjectionError: The database failed; nothing was written.
    """
    arrived = read_touchpoints(log, after=after, until=until)
    parts = {
        str(key): part for (key,), part in arrived.partition_by("service", as_dict=True).items()
    }
    redefined = log.definition_changes(after, until)
    histories = log.definitions(until)
    retracted = log.retractions(after, until).keys()
    mark = mark_of(log, until)
    with models.writing() as connection:
        if not move_position(connection, tables, expected=after, to=until, mark=mark):
            return False
        # What the tables have of a retracted source came before its retraction.
        diminished = _services_of(connection, tables, retracted) if retracted else set()
        for service in sorted(redefined | diminished | parts.keys()):
            projector = _ServiceProjector(
                connection, tables, service, version=version_at(until, mark)
            )
            if service in diminished:
                projector.drop(retracted)
            projector.take(
                parts.get(service, arrived.clear()),
                histories.get(service),
                anew=service in redefined | diminished,
            )
    return True


def kept_rows(touchpoints: pl.DataFrame, tables: Tables, *, service: str) -> Iterator[TableRows]:
    """Turn touchpoints of one service into what is kept of them, about in the order of the keys."""
    rows = stored_form(touchpoints, tables.touchpoint, service=service)
    yield tables.touchpoint, rows.sort("case", "person")
    known = touchpoints.select("person", "case").drop_nulls().unique().sort("person", "case")
    yield tables.known_case, stored_form(known, tables.known_case, service=service)


def extent_of(touchpoints: pl.DataFrame, service: str) -> Extent:
    """Say how far touchpoints of one service reach; there must be one."""
    latest_at = touchpoints.select(pl.col("occurred_at").to_physical().max()).item()
    return Extent(service, len(touchpoints), latest_at)


def traced_rows(
    touchpoints: pl.DataFrame,
    history: ServiceHistory,
    tables: Tables,
    *,
    crowded: Collection[str] = (),
) -> Iterator[TableRows]:
    """Trace touchpoints of one service and turn the result into rows, in the order of the keys.

    Args:
        touchpoints: Whole groups.
        history: The definition versions known.
        tables: Which tables the rows are for.
        crowded: People who link nothing, though `touchpoints` has few cases of theirs.
    """
    # Nobody's touchpoint links nothing and belongs to no journey of its own, as a crowded person's.
    alone = pl.col("case").is_null() & pl.col("person").is_in(crowded)
    nameless = pl.when(~alone).then("person").alias("person")
    trace = trace_journeys(touchpoints.with_columns(nameless) if crowded else touchpoints, history)
    identities = touchpoints.select("source", "id", "case", "person")
    strays = trace.strays.join(identities, on=["source", "id"], how="left")
    for table, frame in (
        (tables.journey, trace.journeys.sort("journey_id")),
        (tables.visit, trace.visits),
        (tables.stray, strays.sort("case", "person", "source", "id")),
    ):
        yield table, stored_form(frame, table, service=history.key)


def sliced_rows(
    started_at: Iterable[pl.Series], tables: Tables, *, service: str, version: str
) -> TableRows:
    """Give the strays, and the weeks that journeys start in, a version.

    Args:
        started_at: Of journeys, as the tables hold it.
        tables: Which tables the rows are for.
        service: Its key.
        version: Of what these journeys, and all others of their weeks, come to now.
    """
    starts = pl.DataFrame({"at": pl.concat([pl.Series([], dtype=pl.Int64), *started_at])})
    weeks = starts.select(week_of(pl.col("at").cast(MOMENT)).unique().sort()).to_series()
    names = [*weeks, STRAYS_SLICE]
    return tables.slice, pl.DataFrame(
        {"service": service, "slice": names, "version": version},
        schema={column.name: pl.String for column in tables.slice.columns},
    )


def version_at(position: int, mark: str) -> str:
    """Name what the events up to a position come to; `mark` is that of the last of them."""
    return f"{position}-{mark}"


def _services_of(connection: Connection, tables: Tables, sources: Collection[str]) -> set[str]:
    touchpoint = tables.touchpoint.c
    found = select(touchpoint.service).where(is_among(touchpoint.source, sources)).distinct()
    return set(connection.scalars(found))


class _ServiceProjector:
    """One service's part of a batch, within the transaction of the batch."""

    def __init__(
        self, connection: Connection, tables: Tables, service: str, *, version: str
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._service = service
        self._version = version
        self._stored = StoredService(connection, tables, service)

    def drop(self, sources: Collection[str]) -> None:
        """Forget the touchpoints of sources, and what is known from them alone."""
        touchpoint, known, extent = (
            self._tables.touchpoint,
            self._tables.known_case,
            self._tables.extent,
        )
        self._delete(touchpoint, is_among(touchpoint.c.source, sources))
        left = touchpoint.c
        people = (
            select(left.service, left.person, left.case)
            .where(left.service == self._service, left.person != NONE, left.case != NONE)
            .distinct()
        )
        reach = (
            select(left.service, func.count(), func.max(left.occurred_at))
            .where(left.service == self._service)
            .group_by(left.service)  # no row where nothing is left
        )
        for table, rows in ((known, people), (extent, reach)):
            self._delete(table)
            self._connection.execute(table.insert().from_select(table.c.keys(), rows))

    def take(self, arrived: pl.DataFrame, history: ServiceHistory | None, *, anew: bool) -> None:
        """Keep new touchpoints, and trace again what they touch; all of the service if `anew`."""
        people = arrived["person"].drop_nulls().unique().to_list()
        crowded = self._stored.crowded(people)
        self._keep(arrived)
        if history is None:
            return  # nothing says yet what they mean: the definition will trace them
        if anew:
            self._forget_all()
            self._version_of([self._trace(self._stored.touchpoints(), history)])
            return
        cases = arrived["case"].drop_nulls().unique().to_list()
        group = self._stored.group_of(cases, people, crowded=crowded)
        touchpoints = self._stored.touchpoints(group)
        forgotten = self._forget(group, touchpoints)
        # What crowded people, and nobody, left without a case is in no group: it touches nothing.
        single = arrived.filter(
            pl.col("case").is_null(),
            pl.col("person").is_null() | ~pl.col("person").is_in(group.people),
        )
        traced = self._trace(pl.concat([touchpoints, single.select(touchpoints.columns)]), history)
        self._version_of([forgotten, traced])

    def _keep(self, arrived: pl.DataFrame) -> None:
        if arrived.is_empty():
            return
        for table, rows in kept_rows(arrived, self._tables, service=self._service):
            insert_rows(self._connection, table, rows, known_ok=table is self._tables.known_case)
        extent = self._tables.extent
        here = extent.c.service == self._service
        before = select(*extent.c).where(here)
        one, *others = [extent_of(arrived, self._service), *self._connection.execute(before).all()]
        for _, touchpoints, latest_at in others:
            one = Extent(
                self._service, one.touchpoints + touchpoints, max(one.latest_at, latest_at)
            )
        self._connection.execute(delete(extent).where(here))
        self._connection.execute(extent.insert(), one._asdict())

    def _trace(self, touchpoints: pl.DataFrame, history: ServiceHistory) -> pl.Series:
        """Write the rows of whole groups; return the starts of their journeys."""
        alone = touchpoints.filter(pl.col("case").is_null())["person"].drop_nulls().unique()
        crowded = self._stored.crowded(alone.to_list())
        traced = dict(traced_rows(touchpoints, history, self._tables, crowded=crowded))
        for table, rows in traced.items():
            insert_rows(self._connection, table, rows)
        return traced[self._tables.journey]["started_at"]

    def _version_of(self, started_at: Sequence[pl.Series]) -> None:
        """Say that what these journeys' weeks hold, and the strays, has changed."""
        table, rows = sliced_rows(
            started_at, self._tables, service=self._service, version=self._version
        )
        self._delete(table, is_among(table.c.slice, rows["slice"].to_list()))
        insert_rows(self._connection, table, rows)

    def _forget(self, group: Group, touchpoints: pl.DataFrame) -> pl.Series:
        """Delete the rows of a group, of all its `touchpoints`; return its journeys' starts."""
        tables = self._tables
        # A person has at most as many journeys of their own as touchpoints to begin one with.
        own = (
            touchpoints.filter(pl.col("case").is_null())
            .select(
                pl.concat_str("person", pl.lit("#"), pl.int_range(1, pl.len() + 1).over("person"))
            )
            .to_series()
            .to_list()
        )
        journeys = [*group.cases, *own]
        journey, visit = tables.journey, tables.visit
        here = journey.c.service == self._service
        gone = delete(journey).where(here, is_among(journey.c.journey_id, journeys))
        starts = self._connection.scalars(gone.returning(journey.c.started_at)).all()
        self._delete(visit, is_among(visit.c.journey_id, journeys))
        stray = tables.stray
        self._delete(stray, is_among(stray.c.case, group.cases))
        self._delete(stray, stray.c.case == NONE, is_among(stray.c.person, group.people))
        return pl.Series(starts, dtype=pl.Int64)

    def _forget_all(self) -> None:
        tables = self._tables
        for table in (tables.journey, tables.visit, tables.stray, tables.slice):
            self._delete(table)

    def _delete(self, table: Table, *conditions: ColumnElement[bool]) -> None:
        self._connection.execute(delete(table).where(table.c.service == self._service, *conditions))
