"""JSON Lines to committed, on SQLite: against the raw limit and against the library's own path.

The limit is `executemany` of ready rows into the same table with the same settings. The library's
path does the same decoding, guard and pseudonyms, then puts events through its mapper. Ours decodes
beside the database, so what it reaches needs two cores that are free.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from rounds import Target, finish, options, ratios, take_turns

from ingest.city import SyntheticCity, write_city
from ingest.cloudevents import TouchpointDecoder
from ingest.files import JsonLinesSource
from ingest.pipeline import run_ingest
from ingest.privacy import Pseudonyms
from ingest.rejections import Rejection
from journeys.event_log import EventLog
from journeys.records import TouchpointRecorded
from journeys.rows import touchpoint_rows
from journeys.service import load_services
from journeys.touchpoint import Touchpoint

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVICES = load_services()
PSEUDONYMS = Pseudonyms(b"a key of the benchmark alone")
INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)"
)
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=16384")


def main() -> None:
    asked = options(__doc__, size=30_000, rounds=5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "city.jsonl"
        write_city(SyntheticCity(seed=7, until=date(2026, 11, 23), journeys=asked.size), path)
        batches = decoded(path)
        seconds = take_turns(
            {
                "raw executemany, rows ready": in_new_folder(folder, raw(batches)),
                "polku, file to committed": in_new_folder(folder, polku(path)),
                "library's mapped path, file to committed": in_new_folder(folder, library(path)),
            },
            asked.rounds,
        )
    limit, ours, mapped = seconds.values()
    finish(
        "ingest",
        seconds=seconds,
        touchpoints=sum(map(len, batches)),
        targets=[
            Target("of the raw limit", ratios(limit, ours), 0.6),
            Target("times the library's mapped path", ratios(mapped, ours), 2.0),
        ],
        check=asked.check,
    )


def decoded(path: Path) -> list[list[Touchpoint]]:
    decoder = TouchpointDecoder(SERVICES, PSEUDONYMS)
    return [
        [
            outcome
            for record in batch.records
            if not isinstance(
                outcome := decoder.decode(record.headers, record.value, NOW), Rejection
            )
        ]
        for batch in JsonLinesSource([path]).batches()
    ]


def in_new_folder(folder: str, run: Callable[[Path], float]) -> Callable[[], float]:
    def once() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as inner:
            return run(Path(inner) / "log.db")

    return once


def raw(batches: list[list[Touchpoint]]) -> Callable[[Path], float]:
    ready = [list(touchpoint_rows(batch, recorded_at=NOW)) for batch in batches]

    def run(path: Path) -> float:
        EventLog.open(path).close()
        connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        begun = time.perf_counter()
        for rows in ready:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, rows)
            connection.execute("COMMIT")
        taken = time.perf_counter() - begun
        connection.close()
        return taken

    return run


def polku(path: Path) -> Callable[[Path], float]:
    def run(database: Path) -> float:
        with EventLog.open(database) as log:
            log.record_definitions(SERVICES, recorded_at=NOW)
            begun = time.perf_counter()
            run_ingest(
                JsonLinesSource([path]),
                log,
                services=SERVICES,
                pseudonyms=PSEUDONYMS,
                clock=lambda: NOW,
            )
            return time.perf_counter() - begun

    return run


def library(path: Path) -> Callable[[Path], float]:
    def run(database: Path) -> float:
        with EventLog.open(database) as log:
            begun = time.perf_counter()
            decoder = TouchpointDecoder(SERVICES, PSEUDONYMS)
            for batch in JsonLinesSource([path]).batches():
                outcomes = [decoder.decode(r.headers, r.value, NOW) for r in batch.records]
                log.application.events.put(
                    [
                        TouchpointRecorded.of(outcome, recorded_at=NOW)
                        for outcome in outcomes
                        if not isinstance(outcome, Rejection)
                    ]
                )
            return time.perf_counter() - begun

    return run


if __name__ == "__main__":
    main()
