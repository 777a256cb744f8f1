"""Records of a topic as batches, and a range of them read again by their offsets."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from kafka import TopicPartition
from kafka import errors as kafka_errors

from ingest.kafka_settings import CALL_S, KafkaSettings
from ingest.kafka_topic import explained, is_away
from ingest.sources import RawRecord
from journeys.errors import SourceError

POLL_MS = 500

GATHERED_RECORDS, GATHERED_BYTES = 2_000, 8 << 20
"""Records that are looked at in one go when they are read again: whichever comes first."""

Records = Sequence[Any]
"""Kafka-python's consumer records of one partition, in the order of their offsets."""


def raw_records(records: Records) -> list[RawRecord]:
    """Take from Kafka's records what is recorded: offset, headers and value."""
    return [RawRecord(record.offset, record.value, record.headers or ()) for record in records]


def pieces(records: list[RawRecord], largest: int) -> Iterator[list[RawRecord]]:
    """Cut records so that a piece has at most so many bytes, but for its last record."""
    begin = size = 0
    for index, record in enumerate(records):
        size += len(record.value or b"")
        if size >= largest:
            yield records[begin : index + 1]
            begin, size = index + 1, 0
    if begin < len(records):
        yield records[begin:]


def gathered(records: Iterable[RawRecord]) -> Iterator[list[RawRecord]]:
    """Put records together, as many as are looked at in one go."""
    batch: list[RawRecord] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record.value or b"")
        if len(batch) == GATHERED_RECORDS or size >= GATHERED_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def read_range(
    settings: KafkaSettings, partition: int, first: int, last: int, *, patience_s: float = 60
) -> Iterator[RawRecord]:
    """Read committed records of a partition again, without touching any position.

    Offsets may be missing: of records that a transaction took back, of its markers, and of what the
    broker has deleted.

    Args:
        settings: Which topic, and how to reach it; a group plays no part.
        partition: Its number.
        first: The first offset wanted.
        last: The last one wanted.
        patience_s: How long to wait for the next record before giving up.

    Raises:
        SourceError: It cannot be read, or the broker says nothing for too long.
    """
    part = TopicPartition(settings.topic, partition)
    try:
        with closing(settings.alone().consumer()) as consumer:
            consumer.assign([part])
            begins = consumer.beginning_offsets([part], timeout_ms=CALL_S * 1000)
            ends = consumer.end_offsets([part], timeout_ms=CALL_S * 1000)
            behind = min(last + 1, ends[part])
            at = max(first, begins[part])
            consumer.seek(part, at)
            quiet_s = 0.0
            while at < behind:
                records = consumer.poll(timeout_ms=POLL_MS).get(part, ())
                yield from raw_records([record for record in records if record.offset < behind])
                before, at = at, consumer.position(part, timeout_ms=CALL_S * 1000)
                quiet_s = 0.0 if at > before else quiet_s + POLL_MS / 1000
                if quiet_s > patience_s:
                    raise SourceError(
                        f"topic {settings.topic}, partition {partition}: nothing came from offset "
                        f"{at} for {patience_s:.0f} s. Hint: is the broker well?"
                    )
    except kafka_errors.KafkaError as error:
        if not is_away(error):
            raise explained(error, settings) from error
        raise SourceError(
            f"topic {settings.topic} at {settings.bootstrap}: {error}. "
            "Hint: try again once it answers"
        ) from error
