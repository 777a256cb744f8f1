"""A stream into the log, for as long as it runs: each batch with the positions it was read from.

While one batch is on its way into the log, the next is read and decoded: it is written with the
position behind the first, so that the log refuses it if the first did not go in. What the log
refuses, or does not answer to, is forgotten and read again from the positions in the log: nothing
is lost by that, and nothing comes twice.

A log that is away is waited for. Service definitions are looked at again from time to time, so that
a run of months learns of a new service.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from ingest.batch_decoder import BatchDecoder, DecodedBatch, together
from ingest.patience import StoppedError, until_the_log_answers
from ingest.pipeline import IngestResult, Progress, Tally, encode, switching_often
from ingest.privacy import Pseudonyms
from ingest.settlement import waiting_in
from ingest.sources import RawBatch
from ingest.stream_counters import StreamCounters
from journeys.batches import Appended, Batch
from journeys.errors import FencedError, LogAwayError
from journeys.event_log import SourcePosition
from journeys.service import Service

if TYPE_CHECKING:
    from collections.abc import Generator

    from journeys.event_log import EventLog

Answer = TypeVar("Answer")
Services = Mapping[str, Sequence[Service]]

LOOK_AGAIN_S = 60.0
"""How often to ask for definitions that have changed."""

UNDER_WAY = 2
"""Batches on their way into the log while the next is read: one in hand, one behind it."""


class Stream(Protocol):
    """A source that goes on, and is told what became of its batches; see `KafkaSource`."""

    counters: StreamCounters

    def polls(self) -> "Generator[Sequence[RawBatch]]":
        """Yield the batches of one transaction together; none where nothing has come."""
        ...

    def recorded(self, positions: Sequence[SourcePosition]) -> None:
        """Learn that a batch is in the log."""
        ...

    def refused(self, positions: Sequence[SourcePosition]) -> None:
        """Learn that a batch is not in the log, or that nobody knows."""
        ...


class _UnderWay(NamedTuple):
    decoded: DecodedBatch
    appended: Future[Appended]


def run_stream(  # noqa: PLR0913 - each is one thing the caller decides
    stream: Stream,
    log: "EventLog",
    *,
    services: Services,
    pseudonyms: Pseudonyms,
    clock: Callable[[], datetime],
    stop: Event,
    say: Callable[[str], None],
    progress: Callable[[Progress], None] | None = None,
    changed_services: Callable[[], Services | None] | None = None,
) -> IngestResult:
    """Record a stream until it ends or is told to stop.

    Args:
        stream: What to read; its counters are kept up to date.
        log: Where to record it.
        services: The versions of each service, by key; messages of other services are refused.
        pseudonyms: The deployment's keyed hashes.
        clock: The time now, aware; a batch has one for its receipt and its recording.
        stop: Set to give up waiting for the log; the stream has its own way of ending.
        say: Told what an operator should know.
        progress: Called after each batch.
        changed_services: Asked once a minute; definitions in use if they have changed, else None.

    Raises:
        SourceError: The stream cannot be read; what was read before it is recorded.
        LogError: The log cannot be written, and waiting would not mend it.
    """
    return _Run(stream, log, pseudonyms, clock, stop, say, progress).record(
        services, changed_services
    )


class _Run:
    def __init__(  # noqa: PLR0913, PLR0917 - as `run_stream`
        self,
        stream: Stream,
        log: "EventLog",
        pseudonyms: Pseudonyms,
        clock: Callable[[], datetime],
        stop: Event,
        say: Callable[[str], None],
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._stream = stream
        self._log = log
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._stop = stop
        self._say = say
        self._progress = progress
        self._tally = Tally()
        self._dropped: Counter[str] = Counter()
        self._definitions = self._position = 0
        self._under_way: deque[_UnderWay] = deque()

    def record(
        self, services: Services, changed_services: Callable[[], Services | None] | None
    ) -> IngestResult:
        with ThreadPoolExecutor(max_workers=1) as executor, switching_often():
            try:
                decoder = self._decoder(services)
                self._position = self._patiently(self._log.head)
                looked = time.monotonic()
                with closing(self._stream.polls()) as polls:
                    try:
                        for batches in polls:
                            if batches:
                                self._send(executor, decoder, batches)
                            self._settle(most=UNDER_WAY - 1 if batches else 0)
                            if changed_services and time.monotonic() - looked > LOOK_AGAIN_S:
                                looked = time.monotonic()
                                decoder = self._renewed(decoder, changed_services())
                    finally:
                        self._settle(most=0)
                self._dropped.update(decoder.dropped_attributes)
            except StoppedError:
                pass
        return self._tally.result(
            dropped_attributes=dict(self._dropped.most_common()),
            definitions=self._definitions,
            position=self._position,
        )

    def _decoder(self, services: Services) -> BatchDecoder:
        self._definitions += self._patiently(
            lambda: self._log.record_definitions(services, recorded_at=self._clock())
        )
        waiting = self._patiently(lambda: waiting_in(self._log))
        return BatchDecoder(services, self._pseudonyms, waiting=waiting)

    def _renewed(self, decoder: BatchDecoder, services: Services | None) -> BatchDecoder:
        if services is None:
            return decoder
        self._settle(most=0)
        self._dropped.update(decoder.dropped_attributes)
        return self._decoder(services)

    def _send(
        self, executor: ThreadPoolExecutor, decoder: BatchDecoder, batches: Sequence[RawBatch]
    ) -> None:
        now = self._clock()
        decoded = together([decoder.decode(batch, now=now) for batch in batches])
        batch = encode(decoded, now=now)
        self._under_way.append(
            _UnderWay(decoded, executor.submit(self._append, batch, decoded.positions))
        )

    def _append(self, batch: Batch, positions: Sequence[SourcePosition]) -> Appended:
        return self._log.append(batch, positions=positions)

    def _settle(self, *, most: int) -> None:
        """Learn what became of batches, until at most so many are under way."""
        while self._under_way and (
            len(self._under_way) > most or self._under_way[0].appended.done()
        ):
            decoded, future = self._under_way.popleft()
            try:
                appended = future.result()
            except FencedError:
                self._stream.counters.fenced += 1
                self._stream.refused(decoded.positions)
                most = 0  # what is behind it was read from a place that is lost
            except LogAwayError:
                self._stream.counters.store_waits += 1
                self._stream.refused(decoded.positions)
                self._patiently(self._log.head)
                most = 0
            else:
                self._count(decoded, appended)
                self._stream.recorded(decoded.positions)

    def _count(self, decoded: DecodedBatch, appended: Appended) -> None:
        self._tally.add(decoded, appended)
        self._position = appended.position
        counters = self._stream.counters
        counters.records += decoded.read
        counters.recorded += appended.recorded
        counters.duplicates += appended.duplicates
        counters.conflicts += appended.conflicts
        counters.rejected.update(decoded.rejected)
        counters.position, counters.committed_at = appended.position, self._clock()
        if self._progress is not None and decoded.read:
            self._progress(Progress(self._tally.read, self._tally.recorded, None))

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        return until_the_log_answers(call, stop=self._stop, say=self._say)
