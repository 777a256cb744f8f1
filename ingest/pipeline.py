"""From a source into the log: each record a touchpoint, a duplicate, or refused with a reason.

A batch is one transaction: its touchpoints, its rejections and the source's new positions. So a run
can be killed at any moment and started again. Nothing here reads the clock: it is given.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, overload

import msgspec

from ingest.cloudevents import TouchpointDecoder
from ingest.privacy import Pseudonyms, find_personal_data
from ingest.rejections import Reason
from ingest.sources import RawBatch, RawRecord, Source
from journeys.records import TouchpointRejected
from journeys.service import Service
from journeys.touchpoint import Touchpoint

if TYPE_CHECKING:
    from journeys.event_log import EventLog


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
    run = _Run(log, TouchpointDecoder(services, pseudonyms), pseudonyms)
    for batch in source.batches():
        run.record(batch, now=clock())
        if progress is not None:
            progress(Progress(run.read, run.recorded, batch.done))
    return run.result(definitions)


class _Run:
    """What has been recorded so far."""

    def __init__(self, log: "EventLog", decoder: TouchpointDecoder, pseudonyms: Pseudonyms) -> None:
        self.read = self.recorded = 0
        self._duplicates = self._conflicts = self._newly_rejected = 0
        self._rejected: Counter[Reason] = Counter()
        self._log = log
        self._decoder = decoder
        self._pseudonyms = pseudonyms

    def record(self, batch: RawBatch, *, now: datetime) -> None:
        """Decode a batch and append it."""
        touchpoints: list[Touchpoint] = []
        accepted: list[RawRecord] = []
        rejections: list[TouchpointRejected] = []
        origin = _origin(batch.origin, self._pseudonyms)
        decode = self._decoder.decode
        for record in batch.records:
            outcome = decode(record.headers, record.value, now)
            if isinstance(outcome, Touchpoint):
                touchpoints.append(outcome)
                accepted.append(record)
                continue
            self._rejected[outcome.reason] += 1
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
            self._rejected[reason] += 1
            digest = self._pseudonyms.digest(sha256)
            rejections.append(
                TouchpointRejected(
                    origin=origin, place=place, reason=reason, detail=detail, digest=digest
                )
            )
        self.read += len(batch.records) + len(batch.unread)
        if touchpoints or rejections or batch.positions:
            rejections.sort(key=lambda rejection: rejection.place)
            appended = self._log.append_batch(
                touchpoints,
                rejections,
                recorded_at=now,
                positions=batch.positions,
                coordinates=_Coordinates(origin, accepted, self._pseudonyms),
            )
            self.recorded += appended.recorded
            self._duplicates += appended.duplicates
            self._conflicts += appended.conflicts
            self._newly_rejected += appended.rejected

    def result(self, definitions: int) -> IngestResult:
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
            position=self._log.head(),
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
