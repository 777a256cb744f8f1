"""A topic, what is sent to it, and what of it is in a log."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from threading import Event
from typing import Any, NamedTuple

from ingest.kafka import KafkaSettings, KafkaSource
from ingest.pipeline import IngestResult
from ingest.stream import run_stream
from ingest.stream_counters import StreamCounters
from journeys.event_log import EventLog
from journeys.records import SourceGapRecorded
from tests.brokers import MockBroker, RealBroker
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES

Headers = Sequence[tuple[str, bytes]]


class Sent(NamedTuple):
    """A record to send: its value, headers, and the partition it goes to."""

    value: bytes | None
    headers: Headers = ()
    partition: int = 0


class Run(NamedTuple):
    """What a run said and counted."""

    result: IngestResult
    counters: StreamCounters
    said: list[str]


def settings_of(broker: RealBroker | MockBroker, topic: str, **more: Any) -> KafkaSettings:  # noqa: ANN401
    given = {"until_end": True, "client": broker.client, **more}
    return KafkaSettings(bootstrap=broker.bootstrap, topic=topic, **given)


def send(broker: RealBroker | MockBroker, topic: str, *records: Sent | bytes) -> None:
    with closing(settings_of(broker, topic).producer()) as producer:
        for record in records:
            sent = record if isinstance(record, Sent) else Sent(record)
            producer.send(topic, sent.value, headers=list(sent.headers), partition=sent.partition)


def record(settings: KafkaSettings, log: EventLog, **more: Any) -> Run:  # noqa: ANN401
    """Record a topic to its end, in this process."""
    stop, said = more.pop("stop", Event()), []
    source = KafkaSource(settings, log.position_of, say=said.append, stop=stop)

    def clock() -> datetime:
        return RECEIVED_AT

    result = run_stream(
        source,
        log,
        services=more.pop("services", SERVICES),
        pseudonyms=PSEUDONYMS,
        clock=clock,
        stop=stop,
        say=said.append,
        **more,
    )
    return Run(result, source.counters, said)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait for what another thread or process brings about."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not so within {seconds} s"
        time.sleep(0.02)


def ids(log: EventLog) -> list[str]:
    """The ids of all touchpoints, sorted."""
    return sorted(log.read_touchpoints()["id"].to_list())


def gaps(log: EventLog) -> list[tuple[int, int, int | None, str]]:
    """Partition, begin, end and reason of each gap."""
    return [
        (event.partition, event.begin, event.end, event.reason)
        for _, event in log.read(limit=100_000)
        if isinstance(event, SourceGapRecorded)
    ]


def rejected(log: EventLog) -> list[tuple[str, int, str]]:
    """Origin, place and reason of what is in quarantine."""
    return sorted(
        (r.rejection.origin, r.rejection.place, r.rejection.reason) for r in log.rejections()
    )
