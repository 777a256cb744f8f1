"""Records in quarantine, read again from where they came from, and stored if that can be done now.

The log has no copy of what it refused, only where that was and a keyed digest of it. So a record is
read again at its *place* and compared by its digest: what lies there may be another one by now.
What can be decoded goes into the log together with the settlement of its rejection, in one
transaction. So this can be done twice, or by two processes at once: the second finds it done.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple
from uuid import UUID

from ingest.batch_decoder import BatchDecoder
from ingest.files import JsonLinesSource
from ingest.own_log import RowSource
from ingest.privacy import Pseudonyms
from ingest.sources import RawBatch
from journeys.batches import Batch, Settling
from journeys.errors import SourceError
from journeys.proof import differing_from_recorded
from journeys.quarantine import Quarantined
from journeys.records import TouchpointRejected
from journeys.resolutions import settled_streams
from journeys.service import Service
from journeys.touchpoint import Touchpoint

if TYPE_CHECKING:
    from ingest.kafka_settings import KafkaSettings
    from journeys.event_log import EventLog

Outcome = Literal["stored", "storable", "refused", "conflict", "changed", "gone", "unread"]
"""What becomes of a record that is read again.

`stored`: it is in the log now. `storable`: it would be; nobody has asked for it. `refused`: it
cannot be decoded now either. `conflict`: the log has something else under its identity. `changed`:
another record is at its place. `gone`: nothing is there any more. `unread`: it could not be looked
up, since its source was not told or cannot be read.
"""

Reader = Callable[[Sequence[int]], Iterator[RawBatch]]
"""Reads what is at some places (sorted) of one origin; what else it yields is passed over.

It raises a `SourceError` where the origin cannot be read.
"""

APART = 10_000
"""Offsets between two that are read in one go: reading on is quicker than connecting anew."""


class Retried(NamedTuple):
    """A record in quarantine that was read again.

    Attributes:
        item: The record, as it stood in the log before.
        outcome: What has become of it.
        detail: Why; empty where nothing is to be said.
    """

    item: Quarantined
    outcome: Outcome
    detail: str


def retry(  # noqa: PLR0913 - each is one thing the caller decides
    items: Sequence[Quarantined],
    log: "EventLog",
    *,
    reader_of: Callable[[TouchpointRejected], Reader],
    services: Mapping[str, Sequence[Service]],
    pseudonyms: Pseudonyms,
    clock: Callable[[], datetime],
    store: bool = True,
    report: Callable[[float, str], None] = lambda _share, _words: None,
) -> list[Retried]:
    """Read records again, and store those that can be stored now.

    Args:
        items: What to read; those settled already are read as well.
        log: Where they are in quarantine.
        reader_of: Finds what reads the origin of a rejection, or raises a `SourceError`.
        services: The versions of each service, by key.
        pseudonyms: The deployment's keyed hashes.
        clock: The time now, aware; asked once a batch.
        store: Store what can be stored, and the definitions in use if they have changed; else say
            what would come of it.
        report: Told the share of the records that were found, and a few words.

    Returns:
        One for each item, in their order.

    Raises:
        LogError: The log cannot be read or written.
    """
    if store:
        log.record_definitions(services, recorded_at=clock())
    by_origin: dict[str, list[Quarantined]] = {}
    for item in items:
        by_origin.setdefault(item.rejection.origin, []).append(item)
    found: dict[UUID, tuple[Outcome, str]] = {}
    tried = 0
    for origin, own in by_origin.items():
        found |= dict.fromkeys((i.rejection.originator_id for i in own), ("gone", _GONE))
        attempt = _Attempt(own, log, services, pseudonyms, store=store)
        try:
            reader = reader_of(own[0].rejection)
            for batch in reader(sorted(attempt.places[origin])):
                taken = attempt.take(batch, now=clock())
                found |= taken
                tried += len(taken)
                report(tried / len(items), f"{tried:,} records")
        except SourceError as error:
            for stream, (outcome, _) in found.items():
                if outcome == "gone" and stream in attempt.streams:
                    found[stream] = "unread", str(error)
    return [Retried(item, *found[item.rejection.originator_id]) for item in items]


def lines_reader(path: Path) -> Reader:
    """Read a file of messages again."""
    return lambda places: _up_to(places, JsonLinesSource([path]).batches())


def rows_reader(source: RowSource) -> Reader:
    """Read somebody's own file again."""
    return lambda places: _up_to(places, source.batches())


def topic_reader(settings: "KafkaSettings", partition: int) -> Reader:
    """Read some offsets of a partition again, without touching any position."""
    from ingest.kafka_records import gathered, read_range  # noqa: PLC0415 - files need no Kafka

    def read(places: Sequence[int]) -> Iterator[RawBatch]:
        wanted = set(places)
        for first, last in ranges(places):
            records = read_range(settings, partition, first, last)
            for some in gathered(record for record in records if record.place in wanted):
                yield RawBatch(f"kafka:{settings.topic}/{partition}", some)

    return read


def ranges(places: Sequence[int], *, apart: int = APART) -> Iterator[tuple[int, int]]:
    """Put sorted places together into ranges, first and last, to be read in one go each.

    Examples:
        >>> list(ranges([1, 3, 20, 21], apart=5))
        [(1, 3), (20, 21)]
    """
    begins = [
        index
        for index, place in enumerate(places)
        if index == 0 or place - places[index - 1] > apart
    ]
    for begin, end in zip(begins, [*begins[1:], len(places)], strict=True):
        yield places[begin], places[end - 1]


_GONE = "nothing is at its place any more"
_CHANGED = "another record is at its place now"


class _Attempt:
    """The records of one origin."""

    def __init__(
        self,
        items: Sequence[Quarantined],
        log: "EventLog",
        services: Mapping[str, Sequence[Service]],
        pseudonyms: Pseudonyms,
        *,
        store: bool,
    ) -> None:
        self.streams = {item.rejection.originator_id for item in items}
        self.places: dict[str, dict[int, list[TouchpointRejected]]] = {}
        for rejection in (item.rejection for item in items):
            places = self.places.setdefault(rejection.origin, {})
            places.setdefault(rejection.place, []).append(rejection)
        self._decoder = BatchDecoder(services, pseudonyms, waiting=self.places)
        self._log = log
        self._store = store

    def take(self, batch: RawBatch, *, now: datetime) -> dict[UUID, tuple[Outcome, str]]:
        """Decode what is wanted of a batch, and store it if it is to be stored."""
        (places,) = self.places.values()
        batch = RawBatch(
            batch.origin,
            [record for record in batch.records if record.place in places],
            [record for record in batch.unread if record.place in places],
            service=batch.service,
        )
        decoded = self._decoder.decode(batch, now=now)
        found: dict[UUID, tuple[Outcome, str]] = {
            rejection.originator_id: ("changed", _CHANGED)
            for record in (*batch.records, *batch.unread)
            for rejection in places[record.place]
        }
        for refused in decoded.rejections:
            if refused.originator_id in self.streams:
                found[refused.originator_id] = "refused", f"{refused.reason}: {refused.detail}"
        same = [(index, it) for index, it in decoded.settling if it.how == "retried"]
        touchpoints = [decoded.touchpoints[index] for index, _ in same]
        if touchpoints:
            coordinates = [decoded.coordinates[index] for index, _ in same]
            settling = [(number, it) for number, (_, it) in enumerate(same)]
            found |= self._settle(touchpoints, coordinates, settling, now=now)
        return found

    def _settle(
        self,
        touchpoints: Sequence[Touchpoint],
        coordinates: Sequence[tuple[str, int, str]],
        settling: Sequence[Settling],
        *,
        now: datetime,
    ) -> Iterable[tuple[UUID, tuple[Outcome, str]]]:
        streams = [resolved.originator_id for _, resolved in settling]
        if self._store:
            batch = Batch(
                touchpoints, [], recorded_at=now, coordinates=coordinates, settling=settling
            )
            self._log.append(batch)
        settled = settled_streams(self._log, streams)
        differing = differing_from_recorded(self._log, touchpoints)
        for stream, fields in zip(streams, differing, strict=True):
            if fields:
                others = ", ".join(fields)
                yield stream, ("conflict", f"the log has it with another {others}")
            else:
                yield stream, ("stored" if stream in settled else "storable", "")


def _up_to(places: Sequence[int], batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
    """Read a file no further than the last place that is wanted."""
    for batch in batches:
        yield batch
        if batch.records and batch.records[-1].place >= places[-1]:
            return
