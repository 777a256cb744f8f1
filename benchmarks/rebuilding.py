"""The read models anew from the log, on SQLite: touchpoints a second, and against pages of rows.

The rival reads the log page by page through the library, traces the journeys that a page touches
and writes them with SQLAlchemy, one transaction a page. It keeps the touchpoints of each case in
memory, so it is spared the reading back that a real one would have to do.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from rounds import Target, finish, options, ratios, take_turns
from sqlalchemy import Column, MetaData, String, Table, create_engine, delete, insert

from ingest.city import SyntheticCity
from ingest.pipeline import run_ingest
from ingest.privacy import Pseudonyms
from journeys.event_log import EventLog
from journeys.records import TouchpointRecorded, moment_of
from journeys.service import ServiceHistory, load_services
from projections import runner
from projections.read_models import ReadModels
from projections.shapes import JOURNEYS, TOUCHPOINTS, VISITS
from projections.trace import trace_journeys

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = 1_000


def main() -> None:
    asked = options(__doc__, size=66_000, rounds=3)
    services = load_services()
    with tempfile.TemporaryDirectory() as folder, EventLog.open(Path(folder) / "log.db") as log:
        run_ingest(
            SyntheticCity(seed=7, until=date(2026, 11, 23), journeys=asked.size),
            log,
            services=services,
            pseudonyms=Pseudonyms(b"a key of the benchmark alone"),
            clock=lambda: NOW,
        )
        head = log.head()
        share = max(1, head // (PAGE * 40))
        seconds = take_turns(
            {
                "polku rebuild": columnar(folder, log),
                f"pages of {PAGE:,} by SQLAlchemy (a {share}th)": paged(folder, log, head // share),
            },
            asked.rounds,
        )
    ours, pages = seconds.values()
    whole = [taken * share for taken in pages]
    finish(
        "rebuild",
        seconds=seconds,
        touchpoints=head,
        targets=[
            Target("touchpoints a second", [head / taken for taken in ours], 100_000),
            Target("times the pages, per touchpoint", ratios(whole, ours), 5.0),
        ],
        check=asked.check,
    )


def columnar(folder: str, log: EventLog) -> Callable[[], float]:
    def run() -> float:
        with (
            tempfile.TemporaryDirectory(dir=folder) as inner,
            ReadModels.open(Path(inner) / "read-models.db") as models,
        ):
            begun = time.perf_counter()
            runner.rebuild(log, models)
            return time.perf_counter() - begun

    return run


def paged(folder: str, log: EventLog, until: int) -> Callable[[], float]:
    """Project a part of the log page by page: the natural way, without our columns."""
    metadata = MetaData()
    tables = [
        Table(
            name,
            metadata,
            *(Column(column, String, index=column == "journey_id") for column in columns),
        )
        for name, columns in (("journey", JOURNEYS), ("visit", VISITS))
    ]

    def run() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as inner:
            engine = create_engine(f"sqlite:///{inner}/pages.db")
            metadata.create_all(engine)
            histories = log.definitions()
            seen: dict[tuple[str, str], list[tuple[object, ...]]] = {}
            begun = time.perf_counter()
            position = 0
            while position < until:
                page = log.read(position, limit=PAGE)
                position = page[-1][0]
                touched = _keep(page, seen)
                with engine.begin() as connection:
                    for service, keys in touched.items():
                        _write(
                            connection,
                            tables,
                            histories[service],
                            [row for key in keys for row in seen[service, key]],
                        )
            taken = time.perf_counter() - begun
            engine.dispose()
            return taken

    return run


def _keep(
    page: list[tuple[int, object]], seen: dict[tuple[str, str], list[tuple[object, ...]]]
) -> dict[str, set[str]]:
    touched: dict[str, set[str]] = {}
    for _, event in page:
        if isinstance(event, TouchpointRecorded):
            key = event.case or event.person or ""
            row = (
                event.source,
                event.id,
                moment_of(event.occurred_at),
                event.name,
                event.channel,
                event.status == "error",
                event.case,
                event.person,
                event.attributes,
            )
            seen.setdefault((event.service, key), []).append(row)
            touched.setdefault(event.service, set()).add(key)
    return touched


def _write(
    connection: object, tables: list[Table], history: ServiceHistory, rows: list[tuple[object, ...]]
) -> None:
    trace = trace_journeys(pl.DataFrame(rows, schema=dict(TOUCHPOINTS), orient="row"), history)
    ids = trace.journeys["journey_id"].to_list()
    for table, frame in zip(tables, (trace.journeys, trace.visits), strict=True):
        written = [{key: str(value) for key, value in row.items()} for row in frame.to_dicts()]
        connection.execute(delete(table).where(table.c.journey_id.in_(ids)))  # type: ignore[attr-defined]
        if written:
            connection.execute(insert(table), written)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
