"""One consumer's life: the partitions it has, where each is read, and what comes of it.

A partition is read only once it has been *placed*: its position looked up in the log, and the
consumer sent there. What comes of it before is dropped.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from kafka import OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors

from ingest.kafka_places import Offsets, Place, beginning, place, truncated
from ingest.kafka_records import POLL_MS, pieces, raw_records
from ingest.kafka_settings import CALL_S, KafkaSettings
from ingest.kafka_topic import Positions, find_topic
from ingest.sources import RawBatch, RawRecord
from ingest.stream_counters import StreamCounters
from journeys.event_log import SourcePosition

CALL_MS = CALL_S * 1000
HINTS_EVERY_S = 1.0
LOOKS_WITHOUT_TOPIC = 3
"""How often in a row a topic must be unknown to be gone: a broker that starts may not know it."""


class MadeAgainError(Exception):
    """Another topic has taken the name: only with a new session is it known which."""


class Session:
    """A consumer of one topic, connected.

    Attributes:
        topic: As the cluster described it last.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        positions: Positions,
        counters: StreamCounters,
        say: Callable[[str], None],
    ) -> None:
        """Connect.

        Raises:
            KafkaError: There is no such topic, it may not be read, or nobody answers.
        """
        self._settings = settings
        self._positions = positions
        self._counters = counters
        self._say = say
        self._places: dict[TopicPartition, Place] = {}
        self._hints: dict[TopicPartition, int] = {}
        self._generation = -1
        self._unknown = 0
        self._hinted = self._looked = time.monotonic()
        self._admin = settings.admin()
        try:
            self.topic = find_topic(self._admin, settings.topic)
            self._consumer = settings.consumer()
        except BaseException:
            self._admin.close()
            raise
        if settings.group is None:
            self._consumer.assign(self._parts())
        else:
            self._consumer.subscribe([settings.topic])

    def close(self) -> None:
        """Let go of the partitions; leaves hints for dashboards behind."""
        if self._hints:
            with suppress(kafka_errors.KafkaError):
                self._consumer.commit(_marks(self._hints), timeout_ms=CALL_MS)
        self._forget(list(self._places))
        with suppress(kafka_errors.KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=CALL_MS)
        with suppress(kafka_errors.KafkaError):
            self._admin.close()

    def ends(self) -> dict[int, int]:
        """The end of each partition now: the offset behind the last that may be read."""
        ends = self._consumer.end_offsets(self._parts(), timeout_ms=CALL_MS)
        return {part.partition: end for part, end in ends.items()}

    def begin(self) -> RawBatch | None:
        """What must be in the log before anything is read; None if it is.

        Raises:
            RecreatedTopicError: It is another topic than before.
        """
        begins = self._consumer.beginning_offsets(self._parts(), timeout_ms=CALL_MS)
        batch = beginning(
            self.topic,
            {part.partition: begin for part, begin in begins.items()},
            self._positions,
            allow_gap=self._settings.allow_gap,
        )
        return batch and self._with_gaps(batch)

    def unplaced(self) -> Collection[TopicPartition]:
        """The partitions it has that are not placed yet."""
        unplaced: set[TopicPartition] = self._consumer.assignment() - self._places.keys()
        return unplaced

    def place(self) -> list[RawBatch]:
        """Place every partition that is not; everything yielded before must be in the log.

        Returns:
            What to record of the gaps that were found.

        Raises:
            RetentionGapError: Records were deleted unread.
            TruncatedTopicError: Records that were read are gone.
            MadeAgainError: It is another topic.
        """
        parts = sorted(self.unplaced())
        begins = self._consumer.beginning_offsets(parts, timeout_ms=CALL_MS)
        ends = self._consumer.end_offsets(parts, timeout_ms=CALL_MS)
        gaps = []
        for part in parts:
            stored = self._positions(self.topic.position_name(part.partition))
            offsets = Offsets(begins[part], ends[part])
            if stored is not None and stored > offsets.end:
                self._refuse_another()
            found, gap = place(
                self.topic, part.partition, stored, offsets, allow_gap=self._settings.allow_gap
            )
            if gap is None:
                self._tell_rewound(part, found)
            with suppress(ValueError):  # taken away in the meantime
                self._consumer.seek(part, found.next)
                self._places[part] = found
                self._counters.lag[part.partition] = max(0, offsets.end - found.next)
                gaps += [self._with_gaps(gap)] if gap is not None else []
        return gaps

    def poll(self) -> list[RawBatch]:
        """Wait a moment for records of placed partitions, in pieces of at most a transaction.

        Raises:
            KafkaError: It cannot go on with this consumer.
            TruncatedTopicError: Records that were read are gone.
            MadeAgainError: It is another topic.
        """
        found: Mapping[TopicPartition, Sequence[object]] = {}
        try:
            found = self._consumer.poll(
                timeout_ms=self._settings.poll_ms, max_records=self._settings.batch_records
            )
        except kafka_errors.NoOffsetForPartitionError:
            pass  # assigned a moment ago, and not placed yet
        except kafka_errors.OffsetOutOfRangeError as error:
            self._forget(list(error.args[0]))
        except kafka_errors.LogTruncationError as error:
            return self._truncated(error.divergent_offsets)
        if self._settings.group is not None:
            generation = self._consumer.group_metadata().generation_id
            if generation != self._generation:  # divided anew: somebody may have read on
                self._generation = generation
                self._forget(list(self._places))
        return [
            self._batch(part, piece)
            for part, records in found.items()
            if part in self._places
            for piece in pieces(raw_records(records), self._settings.batch_bytes)
        ]

    def over_markers(self) -> list[RawBatch]:
        """Move positions over what no consumer is given: what was taken back, and the marks of it.

        Called where nothing has come; else retention would seem to overtake a position there.
        """
        batches = []
        for part, found in list(self._places.items()):
            with suppress(kafka_errors.IllegalStateError):  # taken away in the meantime
                behind = self._consumer.position(part, timeout_ms=POLL_MS)
                if behind is not None and behind > found.next:
                    batches.append(self._moved(part, behind, ()))
                self._measure(part)
        return batches

    def has_read(self, ends: Mapping[int, int]) -> bool:
        """Whether everything before those ends is in the log, whoever has read it."""
        if any(found.next < ends.get(part.partition, 0) for part, found in self._places.items()):
            return False
        names = {self.topic.position_name(partition): end for partition, end in ends.items()}
        return all((self._positions(name) or 0) >= end for name, end in names.items())

    def waiting(self) -> int:
        """How many offsets of the placed partitions are there to be read; asks the broker."""
        parts = list(self._places)
        ends = self._consumer.end_offsets(parts, timeout_ms=CALL_MS) if parts else {}
        return sum(max(0, end - self._places[part].next) for part, end in ends.items())

    def is_same_topic(self) -> bool:
        """Look, from time to time, for new partitions and for another topic under the name.

        Raises:
            KafkaError: The topic is gone, or nobody answers.
        """
        now = time.monotonic()
        if now - self._looked < self._settings.look_s:
            return True
        self._looked = now
        try:
            found = find_topic(self._admin, self.topic.name)
        except kafka_errors.UnknownTopicOrPartitionError:
            self._unknown += 1
            if self._unknown >= LOOKS_WITHOUT_TOPIC:
                raise
            return True
        self._unknown = 0
        if found.id != self.topic.id:
            return False
        if found.partitions != self.topic.partitions:
            self.topic = found
            if self._settings.group is None:
                self._consumer.assign(self._parts())
        return True

    def recorded(self, positions: Sequence[SourcePosition]) -> None:
        """Learn that a batch is in the log, and let Kafka know from time to time."""
        if self._settings.group is None:
            return
        moved = {position.name: position.next for position in positions}
        for part in self._places:
            name = self.topic.position_name(part.partition)
            if name in moved:
                self._hints[part] = moved[name]
        now = time.monotonic()
        if self._hints and now - self._hinted > HINTS_EVERY_S:
            self._hinted = now
            hints, self._hints = self._hints, {}
            with suppress(kafka_errors.KafkaError):
                self._consumer.commit_async(_marks(hints))

    def refused(self, positions: Sequence[SourcePosition]) -> None:
        """Learn that a batch is not in the log, or that nobody knows."""
        names = {position.name for position in positions}
        self._forget([p for p in self._places if self.topic.position_name(p.partition) in names])

    def _parts(self) -> list[TopicPartition]:
        return [TopicPartition(self.topic.name, number) for number in self.topic.partitions]

    def _batch(self, part: TopicPartition, records: Sequence[RawRecord]) -> RawBatch:
        batch = self._moved(part, records[-1].place + 1, records)
        self._measure(part)
        return batch

    def _moved(self, part: TopicPartition, behind: int, records: Sequence[RawRecord]) -> RawBatch:
        name = self.topic.position_name(part.partition)
        position = SourcePosition(name, behind, self._places[part].stored)
        self._places[part] = Place(behind, behind)
        return RawBatch(self.topic.origin(part.partition), records, positions=[position])

    def _measure(self, part: TopicPartition) -> None:
        with suppress(kafka_errors.IllegalStateError):
            end = self._consumer.highwater(part) or 0
            self._counters.lag[part.partition] = max(0, end - self._places[part].next)

    def _truncated(self, ends: Mapping[TopicPartition, OffsetAndMetadata | None]) -> list[RawBatch]:
        self._refuse_another()
        gaps = []
        for part, end in ends.items():
            if part in self._places:
                at = self._places[part].next
                where = min(at, self.ends()[part.partition]) if end is None else end.offset
                _, gap = truncated(
                    self.topic, part.partition, at, where, allow_gap=self._settings.allow_gap
                )
                gaps.append(self._with_gaps(gap))
                self._forget([part])
        return gaps

    def _refuse_another(self) -> None:
        """Look whether what seems to be cut short is another topic that begins anew."""
        if find_topic(self._admin, self.topic.name).id != self.topic.id:
            raise MadeAgainError

    def _tell_rewound(self, part: TopicPartition, found: Place) -> None:
        if self._settings.group is None:
            return
        with suppress(kafka_errors.KafkaTimeoutError):
            mark = self._consumer.committed(part, timeout_ms=CALL_MS)
            if mark is not None and mark > found.next:
                self._say(
                    f"topic {part.topic}, partition {part.partition}: the log was read up to "
                    f"{found.next}, and Kafka remembers {mark}: the log is an older copy. "
                    f"Reading again from {found.next}."
                )

    def _with_gaps(self, batch: RawBatch) -> RawBatch:
        self._counters.gaps += len(batch.gaps)
        for gap in batch.gaps:
            until = "on" if gap.end is None else f"to {gap.end - 1}"
            self._say(
                f"topic {gap.topic}, partition {gap.partition}: offsets {gap.begin} {until} are "
                f"missing ({gap.reason}): recorded as a gap, and read on behind it."
            )
        return batch

    def _forget(self, parts: Collection[TopicPartition]) -> None:
        for part in parts:
            self._places.pop(part, None)
            self._hints.pop(part, None)
            self._counters.lag.pop(part.partition, None)


def _marks(hints: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {part: OffsetAndMetadata(offset) for part, offset in hints.items()}
