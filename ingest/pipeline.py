"""From a source into the log: each record a touchpoint, a duplicate, or refused with a reason.

A batch is one transaction: its touchpoints, its rejections and the source's new positions. So a run
can be killed at any moment and started again. While the database is busy with one batch, the next
is read and decoded. Nothing here reads the clock: it is given.
"""

import hashlib
import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, overload

import msgspec

from ingest.cloudevents import TouchpointDecoder
from ingest.privacy import Pseudonyms, find_personal_data
from ingest.rejections import Reason
from ingest.sources import RawBatch, RawRecord, Source
from journeys.batches import Appended, Batch
from journeys.records import TouchpointRejected
from journeys.service import Service
from journeys.touchpoint import Touchpoint

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
    run = _Run(TouchpointDecoder(services, pseudonyms), pseudonyms)
    decoded = (run.decode(batch, now=clock()) for batch in source.batches())
    with closing(_append_each(decoded, log)) as appended_ones:
        for batch, appended in appended_ones:
            run.add(batch, appended)
            if progress is not None:
                progress(Progress(run.read, run.recorded, batch.done))
    return run.result(definitions, position=log.head())


class _Decoded(NamedTuple):
    """A batch, ready for the log."""

    batch: Batch
    positions: "Sequence[SourcePosition]"
    read: int
    rejected: Sequence[Reason]
    done: float | None


def _append_each(
    batches: Iterable[_Decoded], log: "EventLog"
) -> Generator[tuple[_Decoded, Appended]]:
    """Append one batch after the other on a second thread, while the next ones are decoded.

    A batch with positions is in the log before its source is asked for the next: a stream may be
    taken away in between.
    """
    with ThreadPoolExecutor(max_workers=1) as executor, _switching_often():
        waiting: deque[tuple[_Decoded, Future[Appended]]] = deque()
        newest: Future[Appended] | None = None
        for batch in batches:
            newest = executor.submit(_append, log, batch, newest)
            waiting.append((batch, newest))
            while waiting and (
                batch.positions or len(waiting) > BATCHES_WAITING or waiting[0][1].done()
            ):
                first, appended = waiting.popleft()
                yield first, appended.result()
        for last, appended in waiting:
            yield last, appended.result()


def _append(log: "EventLog", batch: _Decoded, before: Future[Appended] | None) -> Appended:
    if before is not None:
        before.result()  # nothing goes in behind a batch that failed
    return log.append(batch.batch, positions=batch.positions)


@contextmanager
def _switching_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


class _Run:
    """What has been recorded so far."""

    def __init__(self, decoder: TouchpointDecoder, pseudonyms: Pseudonyms) -> None:
        self.read = self.recorded = 0
        self._duplicates = self._conflicts = self._newly_rejected = 0
        self._rejected: Counter[Reason] = Counter()
        self._decoder = decoder
        self._pseudonyms = pseudonyms

    def decode(self, batch: RawBatch, *, now: datetime) -> _Decoded:
        """Decode and encode a batch."""
        touchpoints: list[Touchpoint] = []
        accepted: list[RawRecord] = []
        rejections: list[TouchpointRejected] = []
        reasons: list[Reason] = []
        origin = _origin(batch.origin, self._pseudonyms)
        decode = self._decoder.decode
        for record in batch.records:
            outcome = decode(record.headers, record.value, now)
            if isinstance(outcome, Touchpoint):
                touchpoints.append(outcome)
                accepted.append(record)
                continue
            reasons.append(outcome.reason)
            rejections.append(
                TouchpointRejected(
                    origin=origin,
                    place=record.place,
                    reason=outcome.reason,
                    detail=outcome.detail,
                    digest=self._pseudonyms.digest(_sha256(record)),
                    service=outcome.service,
                )
            )
        for place, reason, detail, sha256 in batch.unread:
            reasons.append(reason)
            digest = self._pseudonyms.digest(sha256)
            rejections.append(
                TouchpointRejected(
                    origin=origin, place=place, reason=reason, detail=detail, digest=digest
                )
            )
        rejections.sort(key=lambda rejection: rejection.place)
        coordinates = _Coordinates(origin, accepted, self._pseudonyms)
        return _Decoded(
            Batch(touchpoints, rejections, recorded_at=now, coordinates=coordinates),
            batch.positions,
            read=len(batch.records) + len(batch.unread),
            rejected=reasons,
            done=batch.done,
        )

    def add(self, batch: _Decoded, appended: Appended) -> None:
        """Count a batch that is in the log."""
        self.read += batch.read
        self._rejected.update(batch.rejected)
        self.recorded += appended.recorded
        self._duplicates += appended.duplicates
        self._conflicts += appended.conflicts
        self._newly_rejected += appended.rejected

    def result(self, definitions: int, *, position: int) -> IngestResult:
        """Add up."""
        return IngestResult(
            read=self.read,
            recorded=self.recorded,
            duplicates=self._duplicates,
            conflicts=self._conflicts,
            rejected=dict(self._rejected.most_common()),
            newly_rejected=self._newly_rejected,
            dropped_attributes=dict(self._decoder.dropped.most_common()),
            definitions=definitions,
            position=position,
        )


class _Coordinates(Sequence[tuple[str, int, str]]):
    """Origin, place and digest of each touchpoint, worked out for the few that are asked for."""

    def __init__(self, origin: str, records: Sequence[RawRecord], pseudonyms: Pseudonyms) -> None:
        self._origin = origin
        self._records = records
        self._pseudonyms = pseudonyms

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> tuple[str, int, str]: ...
    @overload
    def __getitem__(self, index: slice) -> "_Coordinates": ...
    def __getitem__(self, index: int | slice) -> "tuple[str, int, str] | _Coordinates":
        if isinstance(index, slice):
            return _Coordinates(self._origin, self._records[index], self._pseudonyms)
        record = self._records[index]
        return self._origin, record.place, self._pseudonyms.digest(_sha256(record))


def _sha256(record: RawRecord) -> bytes:
    """Hash what arrived, attributes in headers included, each part with its length before it."""
    hashed = hashlib.sha256()
    for name, text in record.headers:
        for part in (name.encode(), text or b""):
            hashed.update(b"%d:" % len(part) + part)
    hashed.update(record.value or b"")
    return hashed.digest()


def _origin(origin: str, pseudonyms: Pseudonyms) -> str:
    """Return an origin as it may be stored: a file may bear somebody's address as its name."""
    if find_personal_data(origin, plates=False) is None and "\x00" not in origin:
        return origin
    kind, _, name = origin.partition(":")
    return f"{kind}:{pseudonyms.of_identifier(name, kind)}"
