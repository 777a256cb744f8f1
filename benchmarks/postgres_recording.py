"""JSON Lines to committed, on PostgreSQL 18: against binary COPY and the library's own recorder.

The limit is one binary COPY a batch, its bytes ready, with the lock and the notification that the
log needs, into the same table. The library's way does the same decoding, guard and pseudonyms, then
puts events through its mapper into its own recorder and tables. The server waits for its disk at
each commit (fsync), as it comes. Ours decodes beside the database, so it needs two free cores.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from rounds import Target, finish, options, ratios, take_turns

from ingest.city import SyntheticCity, write_city
from ingest.cloudevents import TouchpointDecoder
from ingest.files import JsonLinesSource
from ingest.pipeline import run_ingest
from ingest.privacy import Pseudonyms
from ingest.rejections import Rejection
from journeys.batches import Batch
from journeys.event_log import EventLog
from journeys.postgres_address import PostgresAddress
from journeys.postgres_recorder import PostgresLogRecorder, _packed
from journeys.records import TouchpointRecorded
from journeys.rows import touchpoint_rows
from journeys.service import load_services
from journeys.touchpoint import Touchpoint

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.postgres import PostgresServer, postgres18

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVICES = load_services()
PSEUDONYMS = Pseudonyms(b"a key of the benchmark alone")

Run = Callable[[str], float]


def main() -> None:
    asked = options(__doc__, size=30_000, rounds=5)
    server = postgres18(hasty=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "city.jsonl"
            write_city(SyntheticCity(seed=7, until=date(2026, 11, 23), journeys=asked.size), path)
            batches = list(decoded(path))
            runs = {
                "binary COPY, bytes ready": copy(batches),
                "polku, file to committed": polku(path),
                "library's recorder, file to committed": library(path),
                "of it: reading and decoding alone": decoding(path),
                "of it: touchpoints to committed": appending(batches),
            }
            seconds = take_turns(
                {name: in_new_database(server, run) for name, run in runs.items()}, asked.rounds
            )
    finally:
        server.stop()
    limit, ours, librarys, *_ = seconds.values()
    finish(
        "postgres-ingest",
        seconds=seconds,
        touchpoints=sum(map(len, batches)),
        targets=[
            Target("of binary COPY", ratios(limit, ours), 0.5),
            Target("times the library's recorder", ratios(librarys, ours), 3.0),
        ],
        check=asked.check,
    )


def decoded(path: Path) -> Iterator[list[Touchpoint]]:
    decoder = TouchpointDecoder(SERVICES, PSEUDONYMS)
    for batch in JsonLinesSource([path]).batches():
        outcomes = [decoder.decode(r.headers, r.value, NOW) for r in batch.records]
        yield [outcome for outcome in outcomes if not isinstance(outcome, Rejection)]


def in_new_database(server: PostgresServer, run: Run) -> Callable[[], float]:
    def once() -> float:
        url = server.new_database()
        server.run("CHECKPOINT")  # what the one before left is not the next one's to write
        taken = run(url)
        server.run(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')
        return taken

    return once


@contextmanager
def new_log(url: str) -> Iterator[EventLog]:
    with EventLog.open(url) as log:
        log.record_definitions(SERVICES, recorded_at=NOW)
        yield log


def copy(batches: list[list[Touchpoint]]) -> Run:
    ready = []
    after = 0
    for batch in batches:
        rows = touchpoint_rows(batch, recorded_at=NOW)
        ready.append(_packed(rows, after=after))
        after += len(rows)

    def run(url: str) -> float:
        EventLog.open(url).close()
        with psycopg.connect(url, autocommit=True, options="-c search_path=log") as connection:
            begun = time.perf_counter()
            for packed in ready:
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")
                    cursor.execute("NOTIFY stored_events")
                    with cursor.copy(PostgresLogRecorder.copy_events) as copying:
                        copying.write(packed)
            return time.perf_counter() - begun

    return run


def polku(path: Path) -> Run:
    def run(url: str) -> float:
        with new_log(url) as log:
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


def library(path: Path) -> Run:
    def run(url: str) -> float:
        told = PostgresAddress.of(url).parameters
        application = Application[UUID](
            env={
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": told["dbname"],
                "POSTGRES_HOST": told["host"],
                "POSTGRES_PORT": told["port"],
                "POSTGRES_USER": told["user"],
                "POSTGRES_PASSWORD": "",
            }
        )
        begun = time.perf_counter()
        for batch in decoded(path):
            application.events.put([TouchpointRecorded.of(t, recorded_at=NOW) for t in batch])
        taken = time.perf_counter() - begun
        application.close()
        return taken

    return run


def decoding(path: Path) -> Run:
    def run(_: str) -> float:
        begun = time.perf_counter()
        for _batch in decoded(path):
            pass
        return time.perf_counter() - begun

    return run


def appending(batches: list[list[Touchpoint]]) -> Run:
    def run(url: str) -> float:
        with new_log(url) as log:
            begun = time.perf_counter()
            for batch in batches:
                log.append(Batch(batch, [], recorded_at=NOW, coordinates=()))
            return time.perf_counter() - begun

    return run


if __name__ == "__main__":
    main()
