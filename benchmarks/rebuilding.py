"""The read models anew from the log, on SQLite: touchpoints a second, and against pages of rows.

The rival reads the log page by page through the library, traces the journeys that a page touches
and writes them with SQLAlchemy, with the position in one transaction a page. It keeps the
touchpoints of each case in memory, so it is spared the reading back that a real one would have to
do, and the table of touchpoints; tables and settings are ours. It is given a part of the log, for
its seconds grow with it, and they are scaled up.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from rounds import Target, finish, options, ratios, take_turns
from sqlalchemy import Connection, delete

from ingest.city import SyntheticCity
from ingest.pipeline import run_ingest
from ingest.privacy import Pseudonyms
from journeys.event_log import EventLog
from journeys.records import TouchpointRecorded, moment_of
from journeys.service import ServiceHistory, load_services
from projections import runner
from projections.read_models import ReadModels, begin_position, move_position
from projections.rows import stored_form
from projections.shapes import TOUCHPOINTS
from projections.tables import LIVE
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
                f"pages of {PAGE:,} by SQLAlchemy (scaled)": paged(folder, log, share),
            },
            asked.rounds,
        )
    ours, pages = seconds.values()
    finish(
        "rebuild",
        seconds=seconds,
        touchpoints=head,
        targets=[
            Target("touchpoints a second", [head / taken for taken in ours], 100_000),
            Target("times the pages", ratios(pages, ours), 5.0),
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


def paged(folder: str, log: EventLog, share: int) -> Callable[[], float]:
    """Project a part of the log page by page: the natural way, without our columns."""
    until = log.head() // share

    def run() -> float:
        with (
            tempfile.TemporaryDirectory(dir=folder) as inner,
            ReadModels.open(Path(inner) / "read-models.db") as models,
        ):
            histories = log.definitions()
            seen: dict[tuple[str, str], list[tuple[object, ...]]] = {}
            with models.writing() as connection:
                begin_position(connection, LIVE, 0, mark="")
            begun = time.perf_counter()
            position = 0
            while position < until:
                page = log.read(position, limit=PAGE)
                touched = _keep(page, seen)
                with models.writing() as connection:
                    for service, keys in touched.items():
                        rows = [row for key in keys for row in seen[service, key]]
                        _write(connection, histories[service], rows)
                    move_position(connection, LIVE, expected=position, to=page[-1][0], mark="")
                position = page[-1][0]
            return (time.perf_counter() - begun) * log.head() / position

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


def _write(connection: Connection, history: ServiceHistory, rows: list[tuple[object, ...]]) -> None:
    trace = trace_journeys(pl.DataFrame(rows, schema=dict(TOUCHPOINTS), orient="row"), history)
    journeys = trace.journeys["journey_id"].to_list()
    for table, frame in ((LIVE.journey, trace.journeys), (LIVE.visit, trace.visits)):
        of_these = (table.c.service == history.key) & table.c.journey_id.in_(journeys)
        connection.execute(delete(table).where(of_these))
        if not frame.is_empty():
            rows_as_stored = stored_form(frame, table, service=history.key).to_dicts()
            connection.execute(table.insert(), rows_as_stored)


if __name__ == "__main__":
    main()
