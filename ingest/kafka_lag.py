"""How far the log has read a topic, how much waits there, and what will stop the next run.

Asked beside a run, or instead of one: nothing is read, and no position moves.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

from kafka import TopicPartition
from kafka import errors as kafka_errors

from ingest.kafka_places import Offsets, beginning, place
from ingest.kafka_settings import KafkaSettings
from ingest.kafka_topic import Topic, explained, find_topic, is_away
from journeys.errors import SourceError

ANSWER_S = 3
"""How long each question to the broker may take, and to find one."""


class PartitionLag(NamedTuple):
    """How far a partition was read.

    Attributes:
        partition: Its number.
        position: The offset that the log reads next; None if it has read nothing.
        end: The offset behind the last that may be read.
        behind: Offsets that wait.
    """

    partition: int
    position: int | None
    end: int
    behind: int


class TopicLag(NamedTuple):
    """How far a topic was read.

    Attributes:
        topic: Its name.
        partitions: By number; none if the broker did not tell.
        away: What it said instead, if that may pass; else empty.
        problems: What would end a run that reads on now, and what to do about it.
    """

    topic: str
    partitions: Sequence[PartitionLag]
    away: str
    problems: Sequence[str]

    @property
    def behind(self) -> int:
        """Offsets that wait in all partitions."""
        return sum(partition.behind for partition in self.partitions)


def look_at_topic(settings: KafkaSettings, positions: Mapping[str, int]) -> TopicLag:
    """Ask the broker, for a few seconds at most, what it has of a topic.

    Args:
        settings: Which topic, and how to reach it; a group plays no part.
        positions: Of the log, by name; looked up before, so that none is ahead of the answer.
    """
    hasty = settings.hasty(ANSWER_S)
    try:
        with closing(hasty.admin()) as admin:
            topic = find_topic(admin, hasty.topic)
        parts = [TopicPartition(topic.name, number) for number in topic.partitions]
        with closing(hasty.consumer()) as consumer:
            begins = consumer.beginning_offsets(parts, timeout_ms=ANSWER_S * 1000)
            ends = consumer.end_offsets(parts, timeout_ms=ANSWER_S * 1000)
    except kafka_errors.KafkaError as error:
        said = str(explained(error, settings))
        away = is_away(error)
        return TopicLag(settings.topic, (), said if away else "", () if away else (said,))
    offsets = {part.partition: Offsets(begins[part], ends[part]) for part in parts}
    partitions = [_lag(topic, number, offsets[number], positions) for number in topic.partitions]
    return TopicLag(topic.name, partitions, "", _problems(topic, offsets, positions))


def _lag(
    topic: Topic, partition: int, offsets: Offsets, positions: Mapping[str, int]
) -> PartitionLag:
    position = positions.get(topic.position_name(partition))
    at = max(position or 0, offsets.begin)
    return PartitionLag(partition, position, offsets.end, max(0, offsets.end - at))


def _problems(
    topic: Topic, offsets: Mapping[int, Offsets], positions: Mapping[str, int]
) -> list[str]:
    """Find what `KafkaSource` would find."""
    try:
        beginning(topic, {}, positions.get, allow_gap=False)
    except SourceError as error:
        return [str(error)]
    problems = []
    for number, own in offsets.items():
        stored = positions.get(topic.position_name(number))
        if stored is not None:
            try:
                place(topic, number, stored, own, allow_gap=False)
            except SourceError as error:
                problems.append(str(error))
    return problems
