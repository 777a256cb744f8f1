"""From a source into the log: each record a touchpoint, a duplicate, or refused with a reason.

A batch is one transaction: its touchpoints, its rejections and the source's new positions. So a run
can be killed at any moment and started again. While the database is busy with one batch, the next
is read and decoded. Nothing here reads the clock: it is given.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ingest.batch_decoder import BatchDecoder, DecodedBatch
from ingest.privacy import Pseudonyms
from ingest.rejections import Reason
from ingest.settlement import waiting_in
from ingest.sources import RawBatch, Source
from journeys.batches import Appended, Batch
from journeys.service import Service

if TYPE_CHECKING:
    from journeys.event_log import EventLog, SourcePosition

SWITCH_INTERVAL_S = 0.0005
"""How long a thread waits for Python's lock while two are at work.

With Python's own 5 ms the log's thread, which needs the lock for a moment at each of its calls,
would wait longer than it works.
"""

BATCHES_WAITING = 3
"""Batches decoded ahead: the log writes its file from time to time and takes longer then."""


class Progress(NamedTuple):
    """How far a run has come.

    Attributes:
        read: Records met so far.
        recorded: Touchpoints that were new.
        done: Share of the source, 0 to 1; None where there is no end.
    """

    read: int
    recorded: int
    done: float | None


class IngestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a source; `read` is the sum of recorded, duplicates, conflicts and `rejected`.

    Attributes:
        read: Records met, those included that could not be read whole.
        recorded: Touchpoints that were new.
        duplicates: Touchpoints that were known; dropped.
        conflicts: Touchpoints that contradict a known one; in quarantine.
        rejected: Records refused, by reason, most frequent first; in quarantine.
        newly_rejected: How many of `rejected` were not in quarantine before.
        settled: Rejections that waited in quarantine, and do not any more.
        dropped_attributes: How often an attribute was left out, by name, most frequent first.
        definitions: Service definitions recorded before the first record.
        position: The head of the log afterwards.
    """

    read: int
    recorded: int
    duplicates: int
    conflicts: int
    rejected: dict[Reason, int]
    newly_rejected: int
    settled: int
    dropped_attributes: dict[str, int]
    definitions: int
    position: int

    @property
    def nothing_usable(self) -> bool:
        """Whether the source held records and not one of them is, or was already, in the log."""
        return self.read > 0 and self.recorded == 0 and self.duplicates == 0


def run_ingest(  # noqa: PLR0913 - each is one thing the caller decides
    source: Source,
    log: "EventLog",
    *,
    services: Mapping[str, Sequence[Service]],
    pseudonyms: Pseudonyms,
    clock: Callable[[], datetime],
    progress: Callable[[Progress], None] | None = None,
    record_definitions: bool = True,
) -> IngestResult:
    """Record a source to its end, batch by batch.

    Args:
        source: What to read.
        log: Where to record it.
        services: The versions of each service, by key; messages of other services are refused.
        pseudonyms: The deployment's keyed hashes.
        clock: The time now, aware; asked once a batch, for its receipt and its recording.
        progress: Called after each batch.
        record_definitions: Record the definitions first, where they differ from those in the log.

    Raises:
        SourceError: The source cannot be read; what was read before it is recorded.
        FencedError: Another process reads the same stream.
        LogError: The log cannot be written.
    """
    definitions = log.record_definitions(services, recorded_at=clock()) if record_definitions else 0
    decoder = BatchDecoder(services, pseudonyms, waiting=waiting_in(log))
    tally = Tally()
    encoded = (_encode(decoder, batch, now=clock()) for batch in source.batches())
    with closing(_append_each(encoded, log)) as appended_ones:
        for batch, appended in appended_ones:
            tally.add(batch, appended)
            if progress is not None:
                progress(Progress(tally.read, tally.recorded, batch.done))
    return tally.result(
        dropped_attributes=decoder.dropped_attributes, definitions=definitions, position=log.head()
    )


class Tally:
    """What has become of the batches so far."""

    def __init__(self) -> None:
        self.read = self.recorded = 0
        self._duplicates = self._conflicts = self._newly_rejected = self._settled = 0
        self._rejected: Counter[Reason] = Counter()

    def add(self, batch: DecodedBatch, appended: Appended) -> None:
        """Count a batch, and what became of it."""
        self.read += batch.read
        self._rejected.update(batch.rejected)
        self.recorded += appended.recorded
        self._duplicates += appended.duplicates
        self._conflicts += appended.conflicts
        self._newly_rejected += appended.rejected
        self._settled += appended.resolved

    def result(
        self, *, dropped_attributes: dict[str, int], definitions: int, position: int
    ) -> IngestResult:
        """Add up."""
        return IngestResult(
            read=self.read,
            recorded=self.recorded,
            duplicates=self._duplicates,
            conflicts=self._conflicts,
            rejected=dict(self._rejected.most_common()),
            newly_rejected=self._newly_rejected,
            settled=self._settled,
            dropped_attributes=dropped_attributes,
            definitions=definitions,
            position=position,
        )


class _Encoded(NamedTuple):
    """A batch, ready for the log."""

    decoded: DecodedBatch
    batch: Batch


def _encode(decoder: BatchDecoder, batch: RawBatch, *, now: datetime) -> _Encoded:
    decoded = decoder.decode(batch, now=now)
    return _Encoded(decoded, encode(decoded, now=now))


def encode(decoded: DecodedBatch, *, now: datetime) -> Batch:
    """Make of a decoded batch one that the log takes."""
    return Batch(
        decoded.touchpoints,
        decoded.rejections,
        recorded_at=now,
        coordinates=decoded.coordinates,
        gaps=decoded.gaps,
        settling=decoded.settling,
    )


def _append_each(
    batches: Iterable[_Encoded], log: "EventLog"
) -> Generator[tuple[DecodedBatch, Appended]]:
    """Append one batch after the other on a second thread, while the next ones are decoded.

    A batch with positions is in the log before its source is asked for the next: a stream may be
    taken away in between.
    """
    with ThreadPoolExecutor(max_workers=1) as executor, switching_often():
        waiting: deque[tuple[DecodedBatch, Future[Appended]]] = deque()
        newest: Future[Appended] | None = None
        for decoded, batch in batches:
            newest = executor.submit(_append, log, batch, decoded.positions, newest)
            waiting.append((decoded, newest))
            while waiting and (
                decoded.positions or len(waiting) > BATCHES_WAITING or waiting[0][1].done()
            ):
                first, appended = waiting.popleft()
                yield first, appended.result()
        for last, appended in waiting:
            yield last, appended.result()


def _append(
    log: "EventLog",
    batch: Batch,
    positions: "Sequence[SourcePosition]",
    before: Future[Appended] | None,
) -> Appended:
    if before is not None:
        before.result()  # nothing goes in behind a batch that failed
    return log.append(batch, positions=positions)


@contextmanager
def switching_often() -> Iterator[None]:
    """Let threads hand Python's lock to each other more often."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
