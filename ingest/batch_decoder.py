"""A batch of raw records, decoded: touchpoints for the log, rejections with their coordinates."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast, overload

from ingest.cloudevents import TouchpointDecoder
from ingest.privacy import Pseudonyms, find_personal_data
from ingest.rejections import Reason
from ingest.settlement import Waiting, settled_by
from ingest.sources import RawBatch, RawRecord, Record
from journeys.batches import Settling
from journeys.records import SourceGapRecorded, TouchpointRejected
from journeys.service import Service
from journeys.touchpoint import Touchpoint

if TYPE_CHECKING:
    from journeys.event_log import SourcePosition


class DecodedBatch(NamedTuple):
    """What a raw batch says.

    Attributes:
        touchpoints: In the source's order.
        coordinates: Origin, place and keyed digest of each touchpoint.
        rejections: By place.
        rejected: Why, for each of `rejections`.
        read: Records met.
        positions: As of the raw batch.
        done: As of the raw batch.
        gaps: As of the raw batch.
        settling: Rejections that waited, and are settled if their touchpoints stand.
    """

    touchpoints: Sequence[Touchpoint]
    coordinates: Sequence[tuple[str, int, str]]
    rejections: Sequence[TouchpointRejected]
    rejected: Sequence[Reason]
    read: int
    positions: "Sequence[SourcePosition]"
    done: float | None
    gaps: Sequence[SourceGapRecorded] = ()
    settling: Sequence[Settling] = ()


class BatchDecoder:
    """Decodes the batches of one run."""

    def __init__(
        self,
        services: Mapping[str, Sequence[Service]],
        pseudonyms: Pseudonyms,
        *,
        waiting: Waiting = MappingProxyType({}),
    ) -> None:
        """Learn what is needed.

        Args:
            services: The versions of each service, by key; messages of other services are refused.
            pseudonyms: The deployment's keyed hashes.
            waiting: Rejections that can be settled.
        """
        self._decoder = TouchpointDecoder(services, pseudonyms)
        self._pseudonyms = pseudonyms
        self._waiting = waiting

    @property
    def dropped_attributes(self) -> dict[str, int]:
        """How often an attribute was left out so far, by name, most frequent first."""
        return dict(self._decoder.dropped.most_common())

    def decode(self, batch: RawBatch, *, now: datetime) -> DecodedBatch:
        """Decode a batch received now."""
        touchpoints: list[Touchpoint] = []
        accepted: list[Record] = []
        rejections: list[TouchpointRejected] = []
        origin = stored_origin(batch.origin, self._pseudonyms)
        decode, decode_row = self._decoder.decode, self._decoder.decode_row
        for record in batch.records:
            if isinstance(record, RawRecord):
                outcome = decode(record.headers, record.value, now)
            else:
                outcome = decode_row(record.event, now, is_numbered=record.is_numbered)
            if isinstance(outcome, Touchpoint):
                touchpoints.append(outcome)
                accepted.append(record)
                continue
            rejections.append(
                TouchpointRejected(
                    origin=origin,
                    place=record.place,
                    reason=outcome.reason,
                    detail=outcome.detail,
                    digest=self._pseudonyms.digest(record.sha256()),
                    service=outcome.service,
                )
            )
        rejections += (
            TouchpointRejected(
                origin=origin,
                place=place,
                reason=reason,
                detail=detail,
                digest=self._pseudonyms.digest(sha256),
                service=batch.service,
            )
            for place, reason, detail, sha256 in batch.unread
        )
        rejections.sort(key=lambda rejection: rejection.place)
        places = self._waiting.get(origin)
        return DecodedBatch(
            touchpoints,
            _Coordinates(origin, accepted, self._pseudonyms),
            rejections,
            rejected=[cast(Reason, rejection.reason) for rejection in rejections],
            read=len(batch.records) + len(batch.unread),
            positions=batch.positions,
            done=batch.done,
            gaps=batch.gaps,
            settling=list(settled_by(accepted, places, self._pseudonyms)) if places else (),
        )


def together(parts: Sequence[DecodedBatch]) -> DecodedBatch:
    """Make one batch, and so one transaction, of several parts of a stream."""
    if len(parts) == 1:
        return parts[0]
    begins = accumulate((len(part.touchpoints) for part in parts), initial=0)
    return DecodedBatch(
        touchpoints=[touchpoint for part in parts for touchpoint in part.touchpoints],
        coordinates=_Chained([part.coordinates for part in parts]),
        rejections=[rejection for part in parts for rejection in part.rejections],
        rejected=[reason for part in parts for reason in part.rejected],
        read=sum(part.read for part in parts),
        positions=[position for part in parts for position in part.positions],
        done=None,
        gaps=[gap for part in parts for gap in part.gaps],
        settling=[
            (begin + index, resolved)
            for begin, part in zip(begins, parts, strict=False)
            for index, resolved in part.settling
        ],
    )


class _Coordinates(Sequence[tuple[str, int, str]]):
    """Origin, place and digest of each touchpoint, worked out for the few that are asked for."""

    def __init__(self, origin: str, records: Sequence[Record], pseudonyms: Pseudonyms) -> None:
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
        return self._origin, record.place, self._pseudonyms.digest(record.sha256())


class _Chained(Sequence[tuple[str, int, str]]):
    """The coordinates of one part after those of the other, each still worked out when asked."""

    def __init__(self, parts: Sequence[Sequence[tuple[str, int, str]]]) -> None:
        self._parts = parts
        self._begins = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._begins[-1]

    @overload
    def __getitem__(self, index: int) -> tuple[str, int, str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, int, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, int, str] | list[tuple[str, int, str]]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = bisect(self._begins, index) - 1
        return self._parts[part][index - self._begins[part]]


def stored_origin(origin: str, pseudonyms: Pseudonyms) -> str:
    """Return an origin as it may be stored: a file may bear somebody's address as its name."""
    if find_personal_data(origin, plates=False) is None and "\x00" not in origin:
        return origin
    kind, _, name = origin.partition(":")
    return f"{kind}:{pseudonyms.of_identifier(name, kind)}"
