"""Kafka to committed: against the same client that throws away what it polls, and shared by two.

A real broker, a topic of eight partitions with the made-up city, an empty log for each run. The
limit polls with the same settings as ours and drops the records: what kafka-python alone costs.
With two processes of a group, each has half of the partitions, and all of it must be in the log.
Broker, clients and database share the cores of one machine.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Event

from kafka import TopicPartition
from rounds import Target, finish, options, ratios, take_turns

from ingest.city import SyntheticCity
from ingest.kafka import KafkaSettings, KafkaSource
from ingest.kafka_producer import make_topic, send_messages
from ingest.privacy import Pseudonyms
from ingest.stream import run_stream
from journeys.event_log import EventLog
from journeys.service import load_services
from tests.brokers import start_real_broker

PARTITIONS = 8
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def main() -> None:
    asked = options(__doc__, size=30_000, rounds=5, broker=True)
    with tempfile.TemporaryDirectory() as folder, broker(asked.bootstrap, folder) as bootstrap:
        topic = f"benchmark-{os.getpid()}"
        settings = KafkaSettings(bootstrap=bootstrap, topic=topic, until_end=True)
        make_topic(settings, PARTITIONS)
        city = SyntheticCity(seed=7, until=date(2026, 11, 23), journeys=asked.size)
        sent = send_messages(city.messages(), settings)
        recorded = in_new_log(folder, Path("whole.db"), settings, processes=0)[1]
        seconds = take_turns(
            {
                "poll and throw away": lambda: throw_away(settings, sent),
                "polku, topic to committed": recording(folder, settings, 0, recorded),
                "a group of one process": recording(folder, settings, 1, recorded),
                "a group of two processes": recording(folder, settings, 2, recorded),
            },
            asked.rounds,
        )
    limit, ours, one, two = seconds.values()
    finish(
        "stream",
        seconds=seconds,
        touchpoints=recorded,
        targets=[
            Target("of polling and throwing away", ratios(limit, ours), 0.4),
            Target("two processes, of the rate of one", ratios(one, two), 0.8),
        ],
        check=asked.check,
    )


@contextmanager
def broker(given: str | None, folder: str) -> Iterator[str]:
    """Where the broker is: the one given, or a new one."""
    if given:
        yield given
        return
    own = start_real_broker(Path(folder))
    try:
        yield own.bootstrap
    finally:
        own.stop()


def throw_away(settings: KafkaSettings, sent: int) -> float:
    begun = time.perf_counter()
    with closing(settings.consumer()) as consumer:
        consumer.assign([TopicPartition(settings.topic, number) for number in range(PARTITIONS)])
        consumer.seek_to_beginning()
        polled = 0
        while polled < sent:
            found = consumer.poll(timeout_ms=500, max_records=settings.batch_records)
            polled += sum(map(len, found.values()))
        return time.perf_counter() - begun


def recording(
    folder: str, settings: KafkaSettings, processes: int, recorded: int
) -> Callable[[], float]:
    def run() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as inner:
            seconds, stored = in_new_log(inner, Path("log.db"), settings, processes=processes)
        if stored != recorded:
            raise SystemExit(f"{stored:,} touchpoints are in the log, and not {recorded:,}")
        return seconds

    return run


def in_new_log(
    folder: str, name: Path, settings: KafkaSettings, *, processes: int
) -> tuple[float, int]:
    """Seconds, and how many touchpoints are in the log then; in this process or in a group."""
    path = Path(folder) / name
    with EventLog.open(path) as log:
        log.record_definitions(load_services(), recorded_at=NOW)
    if processes:
        seconds = shared(path, replace(settings, group=f"group-{path}"), processes)
    else:
        begun = time.perf_counter()
        record(path, settings)
        seconds = time.perf_counter() - begun
    with EventLog.open(path) as log:
        return seconds, log.read_touchpoints().height


def shared(path: Path, settings: KafkaSettings, processes: int) -> float:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(processes + 1)
    members = [
        context.Process(target=member, args=(path, settings, ready)) for _ in range(processes)
    ]
    for process in members:
        process.start()
    ready.wait()
    begun = time.perf_counter()
    for process in members:
        process.join()
    seconds = time.perf_counter() - begun
    if any(process.exitcode for process in members):
        raise SystemExit("a member of the group has failed")
    return seconds


def member(path: Path, settings: KafkaSettings, ready: Barrier) -> None:
    ready.wait()
    record(path, settings)


def record(path: Path, settings: KafkaSettings) -> None:
    with EventLog.open(path) as log:
        source = KafkaSource(settings, log.position_of)
        run_stream(
            source,
            log,
            services=load_services(),
            pseudonyms=Pseudonyms(b"a key of the benchmark alone"),
            clock=lambda: NOW,
            stop=Event(),
            say=lambda _words: None,
        )


if __name__ == "__main__":
    main()
