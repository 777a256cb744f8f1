"""From which offset a partition is read: the one in the log, if the broker still has it.

* Records deleted before they were read are a *retention gap*.
* A position behind the partition's end means that the broker has lost records: *truncation*.
* Another topic under the same name is a *recreated topic*, read from its beginning.

Each ends the run with what to do, or, where it is allowed, becomes a `SourceGapRecorded` in the
transaction that moves the position over it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.kafka_topic import Positions, Topic, old_positions
from ingest.sources import RawBatch
from journeys.errors import RecreatedTopicError, RetentionGapError, TruncatedTopicError
from journeys.event_log import SourcePosition
from journeys.records import SourceGapRecorded

ALLOW = "polku ingest kafka --allow-gap records what is missing and goes on"


class Offsets(NamedTuple):
    """What the broker has of a partition.

    Attributes:
        begin: The first offset.
        end: The one behind the last that may be read.
    """

    begin: int
    end: int


class Place(NamedTuple):
    """Where a partition is read.

    Attributes:
        next: The offset to read next.
        stored: The position in the log; None if there is none.
    """

    next: int
    stored: int | None


def beginning(
    topic: Topic, begins: Mapping[int, int], positions: Positions, *, allow_gap: bool
) -> RawBatch | None:
    """What to record before a topic is read: which one it is, and where each partition begins.

    A partition that is added later has no position and begins at 0.

    Args:
        topic: The topic as it is.
        begins: The first offset of each of its partitions.
        positions: Looks up positions in the log.
        allow_gap: Go on with a topic that was made anew.

    Returns:
        A batch without records; None if all of it is recorded.

    Raises:
        RecreatedTopicError: The log knows another topic by this name.
    """
    identity = topic.identity(positions)
    if not identity:
        return None
    gaps: Sequence[SourceGapRecorded] = ()
    known = topic.known_as(positions)
    if known is not None:
        if not allow_gap:
            raise RecreatedTopicError(
                f"topic {topic.name}: it was deleted and made again under its name since it was "
                "last read; what the old one held and was not read is gone. "
                f"Hint: {ALLOW}, with the new one from its first record"
            )
        gaps = [
            SourceGapRecorded(
                source=name,
                topic=topic.name,
                partition=partition,
                begin=offset,
                end=None,
                reason="recreated",
            )
            for partition, name, offset in old_positions(topic, known, positions)
        ]
    begun = [
        SourcePosition(topic.position_name(partition), begin, None)
        for partition, begin in begins.items()
        if positions(topic.position_name(partition)) is None
    ]
    return RawBatch(f"kafka:{topic.name}", (), positions=[*identity, *begun], gaps=gaps)


def place(
    topic: Topic, partition: int, stored: int | None, offsets: Offsets, *, allow_gap: bool
) -> tuple[Place, RawBatch | None]:
    """Find the offset a partition is read from.

    Returns:
        The place, and a batch that records a gap in front of it, if there is one.

    Raises:
        RetentionGapError: Records behind the position were deleted.
        TruncatedTopicError: The partition ends before the position.
    """
    at = stored if stored is not None else (offsets.begin if topic.id is None else 0)
    if at < offsets.begin:
        if not allow_gap:
            raise RetentionGapError(
                f"topic {topic.name}, partition {partition}: it was read up to offset {at}, and "
                f"begins at {offsets.begin} now: {offsets.begin - at:,} offsets were deleted "
                "unread. Hint: bring them back from a mirror or a backup of the topic, or "
                f"{ALLOW}; keep the topic longer than the reader is ever away (retention.ms)"
            )
        gap = _gap(topic, partition, Offsets(at, offsets.begin), "retention")
        position = SourcePosition(gap.source, offsets.begin, stored)
        return Place(offsets.begin, offsets.begin), _over(topic, partition, gap, position)
    if at > offsets.end:
        return truncated(topic, partition, at, offsets.end, allow_gap=allow_gap)
    return Place(at, stored), None


def truncated(
    topic: Topic, partition: int, at: int, end: int, *, allow_gap: bool
) -> tuple[Place, RawBatch]:
    """Go back to the end of a partition that has lost records which were read.

    Raises:
        TruncatedTopicError: A gap is not allowed.
    """
    if not allow_gap:
        raise TruncatedTopicError(
            f"topic {topic.name}, partition {partition}: it was read up to offset {at}, and ends "
            f"at {end} now: the broker has lost records. They are in the log; what was sent "
            f"again or since is read from {end}, once that is allowed. Hint: {ALLOW}"
        )
    gap = _gap(topic, partition, Offsets(end, at), "truncated")
    return Place(end, end), _over(topic, partition, gap, SourcePosition(gap.source, end, at))


def _gap(topic: Topic, partition: int, missing: Offsets, reason: str) -> SourceGapRecorded:
    return SourceGapRecorded(
        source=topic.position_name(partition),
        topic=topic.name,
        partition=partition,
        begin=missing.begin,
        end=missing.end,
        reason=reason,
    )


def _over(
    topic: Topic, partition: int, gap: SourceGapRecorded, position: SourcePosition
) -> RawBatch:
    return RawBatch(topic.origin(partition), (), positions=[position], gaps=[gap])
