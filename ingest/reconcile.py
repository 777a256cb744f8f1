"""Is all of a topic in the log, once? The topic is read again, and each of its records looked for.

A record up to the log's position is *recorded* if its touchpoint is in the log and says the same,
retracted or not; else *quarantined*, if a rejection has its coordinates and digest; else
*differing*, if the log has something else under its identity, and *missing* if it has nothing. A
second record of one touchpoint is a *duplicate*: the producer has sent it twice.

Records are decoded with every definition that is or was in use: what was recorded under one of them
is looked for, whoever has changed it since. Memory does not depend on the length of the topic.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from kafka import TopicPartition
from kafka import errors as kafka_errors

from ingest.batch_decoder import BatchDecoder
from ingest.kafka_places import Offsets
from ingest.kafka_records import gathered, read_range
from ingest.kafka_settings import CALL_S, KafkaSettings
from ingest.kafka_topic import Topic, explained, find_topic
from ingest.privacy import Pseudonyms
from ingest.sources import RawBatch, RawRecord
from journeys.errors import RecreatedTopicError, SourceError
from journeys.event_log import EventLog
from journeys.proof import (
    differing_from_recorded,
    look_for_misplaced,
    recorded_gaps,
    rejected_streams,
)
from journeys.records import TouchpointRejected
from journeys.service import Service

MOST_LISTED = 20
"""Differences that are listed; all are counted."""

Report = Callable[[float, str], None]
"""Called with the share done and a few words."""


class Gap(msgspec.Struct, frozen=True):
    """Offsets that were not read, as the log has them; see `SourceGapRecorded`."""

    begin: int
    end: int | None
    reason: str


class Difference(msgspec.Struct, frozen=True):
    """A record that the log should have and has not, or not so.

    Attributes:
        partition: Where it is.
        offset: Where it is.
        what: `missing` or `differing`.
        detail: What is known of it, without payload.
    """

    partition: int
    offset: int
    what: Literal["missing", "differing"]
    detail: str


class PartitionProof(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a partition's records.

    Attributes:
        partition: Its number.
        begin: The first offset that the broker has.
        end: The one behind the last.
        position: The offset that the log reads next; None if it has read nothing.
        records: Records read again: all from `begin` to the smaller of `position` and `end`. Of
            offsets without a record (of transactions) nothing is to be proved.
        recorded: Touchpoints of them that are in the log.
        duplicates: Records that say again what another one said; dropped.
        quarantined: Records that are in quarantine or were settled there.
        missing: Records that the log has nothing of.
        differing: Records that the log has something else for.
        lost: Offsets that were deleted unread, and no gap was recorded.
        beyond: Offsets that the log has read, and the broker has no more: it was cut off.
        unread: Offsets that wait to be read; nothing is said of them.
        gaps: Offsets that were not read, and recorded as such.
    """

    partition: int
    begin: int
    end: int
    position: int | None
    records: int
    recorded: int
    duplicates: int
    quarantined: int
    missing: int
    differing: int
    lost: int
    beyond: int
    unread: int
    gaps: list[Gap]

    @property
    def is_proved(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.differing or self.lost or self.beyond)


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A topic held against the log.

    Attributes:
        topic: Its name.
        is_proved: Whether nothing differs: what the exit code says.
        head: The position of the log when all was read.
        touchpoints: Touchpoints of the whole log, of any source, retracted or not.
        doubled: Those of them that are not where their source and id belong.
        doubled_at: Positions of the first of these.
        partitions: By number.
        differences: The first that were found.
    """

    topic: str
    is_proved: bool
    head: int
    touchpoints: int
    doubled: int
    doubled_at: list[int]
    partitions: list[PartitionProof]
    differences: list[Difference]

    def total(self, what: str) -> int:
        """Add up a count of the partitions."""
        return sum(getattr(partition, what) for partition in self.partitions)


def reconcile_topic(  # noqa: PLR0913 - each is one thing the caller decides
    settings: KafkaSettings,
    log: EventLog,
    *,
    services: Mapping[str, Sequence[Service]],
    pseudonyms: Pseudonyms,
    now: datetime,
    report: Report = lambda _share, _words: None,
) -> Reconciliation:
    """Read a topic again up to the log's positions, and look for each record in the log.

    Args:
        settings: Which topic, and how to reach it; a group plays no part.
        log: Where its records should be.
        services: The definitions in use, by key; those in the log are taken as well.
        pseudonyms: The deployment's keyed hashes, as when it was recorded.
        now: The time, aware.
        report: Told how far it has come.

    Raises:
        SourceError: The topic cannot be read, or the log has read nothing of it.
        LogError: The log cannot be read.
    """
    topic, offsets, positions = _look(settings, log)
    known = {key: (*services.get(key, ()), *h.versions) for key, h in log.definitions().items()}
    with closing(_Seen()) as seen:
        comparison = _Comparison(log, BatchDecoder({**services, **known}, pseudonyms), seen, now)
        ends = {
            number: min(_next(topic, offsets[number], positions[number]), offsets[number].end)
            for number in topic.partitions
        }
        whole = sum(max(0, ends[number] - offsets[number].begin) for number in topic.partitions)
        gaps = recorded_gaps(log, topic.name)
        done, proofs = 0, []
        for number in topic.partitions:
            counts = _Counts()
            if offsets[number].begin < ends[number]:
                records = read_range(settings, number, offsets[number].begin, ends[number] - 1)
                for batch in gathered(records):
                    comparison.add(topic.origin(number), number, batch, counts)
                    share = (done + batch[-1].place - offsets[number].begin) / whole
                    report(share, f"{comparison.compared:,} records")
                done += ends[number] - offsets[number].begin
            own = [Gap(g.begin, g.end, g.reason) for g in gaps if g.partition == number]
            found = _Found(number, offsets[number], positions[number], own, counts)
            proofs.append(_proof(topic, found))
    return _concluded(topic, log, proofs, comparison.differences, report)


class _Counts(msgspec.Struct):
    records: int = 0
    recorded: int = 0
    duplicates: int = 0
    quarantined: int = 0
    missing: int = 0
    differing: int = 0


class _Found(NamedTuple):
    number: int
    offsets: Offsets
    position: int | None
    gaps: list[Gap]
    counts: _Counts


class _Seen:
    """Which touchpoints have been met: a database of its own that nobody sees, gone when closed.

    It is on the disk where it does not fit into a few megabytes.
    """

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.execute("PRAGMA journal_mode=OFF")
        self._scratch.execute("CREATE TABLE met (stream BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, streams: Iterable[bytes]) -> int:
        """Remember streams; how many were new."""
        insert = "INSERT INTO met VALUES (?) ON CONFLICT DO NOTHING"
        return self._scratch.executemany(insert, ((stream,) for stream in streams)).rowcount

    def close(self) -> None:
        self._scratch.close()


class _Comparison:
    """Records against the log, batch by batch."""

    def __init__(self, log: EventLog, decoder: BatchDecoder, seen: _Seen, now: datetime) -> None:
        self._log = log
        self._decoder = decoder
        self._seen = seen
        self._now = now
        self.compared = 0
        self.differences: list[Difference] = []

    def add(
        self, origin: str, partition: int, records: Sequence[RawRecord], counts: _Counts
    ) -> None:
        """Look for records in the log."""
        batch = self._decoder.decode(RawBatch(origin, records), now=self._now)
        differing = differing_from_recorded(self._log, batch.touchpoints)
        same = [
            touchpoint.originator_id.bytes
            for touchpoint, fields in zip(batch.touchpoints, differing, strict=True)
            if fields == []
        ]
        new = self._seen.add(same) if same else 0
        # What is not there as it reads now was refused when it was read.
        doubtful: dict[str, Difference] = {}
        for index, fields in enumerate(differing):
            if fields != []:
                where, place, digest = batch.coordinates[index]
                stream = _rejection_stream(where, place, digest)
                doubtful[stream] = _difference(partition, place, fields)
        for rejection in batch.rejections:
            detail = f"it is refused now as {rejection.reason}: {rejection.detail}"
            doubtful[rejection.originator_id.hex] = Difference(
                partition, rejection.place, "missing", detail
            )
        quarantined = rejected_streams(self._log, doubtful) if doubtful else set()
        wrong = [found for stream, found in doubtful.items() if stream not in quarantined]
        missing = sum(found.what == "missing" for found in wrong)
        counts.records += len(records)
        counts.recorded += new
        counts.duplicates += len(same) - new
        counts.quarantined += len(quarantined)
        counts.missing += missing
        counts.differing += len(wrong) - missing
        self.compared += len(records)
        self.differences += wrong[: MOST_LISTED - len(self.differences)]


def _look(
    settings: KafkaSettings, log: EventLog
) -> tuple[Topic, dict[int, Offsets], dict[int, int | None]]:
    """Learn what the broker has and how far the log has read it."""
    call_ms = CALL_S * 1000
    try:
        with closing(settings.admin()) as admin:
            topic = find_topic(admin, settings.topic)
        parts = [TopicPartition(topic.name, number) for number in topic.partitions]
        with closing(settings.alone().consumer()) as consumer:
            begins = consumer.beginning_offsets(parts, timeout_ms=call_ms)
            # Before the ends: a log that goes on meanwhile is never ahead of them.
            positions = {n: log.position_of(topic.position_name(n)) for n in topic.partitions}
            ends = consumer.end_offsets(parts, timeout_ms=call_ms)
    except kafka_errors.KafkaError as error:
        raise explained(error, settings) from error
    known = topic.known_as(log.position_of)
    if known is not None and known != topic.id:
        raise RecreatedTopicError(
            f"topic {topic.name}: it was deleted and made again under its name since the log has "
            "read it; of the old one's records nothing can be proved any more. Hint: polku ingest "
            "kafka --allow-gap goes on with the new one"
        )
    if all(position is None for position in positions.values()):
        raise SourceError(
            f"topic {topic.name} at {settings.bootstrap}: log {log.location} has read nothing of "
            f"it. Hint: polku ingest kafka --topic {topic.name}, or another --data"
        )
    offsets = {part.partition: Offsets(begins[part], ends[part]) for part in parts}
    return topic, offsets, positions


def _next(topic: Topic, offsets: Offsets, position: int | None) -> int:
    """The offset that ingest would go on from; see `kafka_places.place`."""
    if position is not None:
        return position
    return offsets.begin if topic.id is None else 0


def _rejection_stream(origin: str, place: int, digest: str) -> str:
    rejection = TouchpointRejected(origin=origin, place=place, reason="", detail="", digest=digest)
    return rejection.originator_id.hex


def _difference(partition: int, offset: int, fields: Sequence[str] | None) -> Difference:
    if fields is None:
        return Difference(partition, offset, "missing", "the log has no touchpoint of its id")
    others = ", ".join(fields)
    return Difference(partition, offset, "differing", f"the log has it with another {others}")


def _proof(topic: Topic, found: _Found) -> PartitionProof:
    at = _next(topic, found.offsets, found.position)
    return PartitionProof(
        partition=found.number,
        begin=found.offsets.begin,
        end=found.offsets.end,
        position=found.position,
        **msgspec.structs.asdict(found.counts),
        lost=max(0, found.offsets.begin - at),
        beyond=max(0, at - found.offsets.end),
        unread=max(0, found.offsets.end - max(at, found.offsets.begin)),
        gaps=found.gaps,
    )


def _concluded(
    topic: Topic,
    log: EventLog,
    partitions: list[PartitionProof],
    differences: list[Difference],
    report: Report,
) -> Reconciliation:
    """Look for doubles in the whole log, and come to an end."""
    head = log.head()
    touchpoints = doubled = 0
    doubled_at: list[int] = []
    for looked in look_for_misplaced(log):
        touchpoints += looked.touchpoints
        doubled += len(looked.misplaced)
        doubled_at += looked.misplaced[: MOST_LISTED - len(doubled_at)]
        report(looked.position / max(head, looked.position), f"{touchpoints:,} touchpoints")
    return Reconciliation(
        topic=topic.name,
        is_proved=doubled == 0 and all(partition.is_proved for partition in partitions),
        head=head,
        touchpoints=touchpoints,
        doubled=doubled,
        doubled_at=doubled_at,
        partitions=partitions,
        differences=differences,
    )
