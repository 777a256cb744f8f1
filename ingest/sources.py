"""Where messages come from.

A source yields *batches*: raw records of one *origin*, each with its *place* there. Origin and
place are the coordinates by which a record can be found again. What a batch says is recorded in one
transaction, together with the *positions* by which a stream remembers how far it was read; a file
keeps none, it is read whole and what is known already is dropped.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from ingest.rejections import Reason

if TYPE_CHECKING:
    from ingest.envelope import Event
    from journeys.event_log import SourcePosition  # reading a file does not need the log
    from journeys.records import SourceGapRecorded

Headers = Sequence[tuple[str, bytes | None]]
"""As Kafka gives them: a list, in which a name may come twice."""


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """One message as it arrived; its repr shows where it is, never what it says.

    Attributes:
        place: Line (from 1) or offset within the batch's origin.
        value: The payload; None for a tombstone.
        headers: A stream's headers; none for a line of a file.
    """

    place: int
    value: bytes | None
    headers: Headers = ()

    def __repr__(self) -> str:
        return f"RawRecord(place={self.place})"

    def sha256(self) -> bytes:
        """Hash what arrived, headers included, each part with its length before it."""
        hashed = hashlib.sha256()
        for name, text in self.headers:
            for part in (name.encode(), text or b""):
                hashed.update(b"%d:" % len(part) + part)
        hashed.update(self.value or b"")
        return hashed.digest()


class RowRecord(msgspec.Struct, frozen=True, gc=False):
    """One row of somebody's own file, read by a column map; its repr shows where it is alone.

    Attributes:
        place: Line (from 1) at which the row begins.
        event: What the mapped columns say.
        raw: The row's own bytes.
        is_numbered: Whether the event's id is the row's number, not a producer's id.
    """

    place: int
    event: "Event"
    raw: bytes
    is_numbered: bool

    def __repr__(self) -> str:
        return f"RowRecord(place={self.place})"

    def sha256(self) -> bytes:
        """Hash the row as it stands in the file."""
        return hashlib.sha256(self.raw).digest()


Record = RawRecord | RowRecord


class UnreadRecord(NamedTuple):
    """A record that the source itself could not read whole: goes to quarantine as it is.

    Attributes:
        place: As of a raw record.
        reason: Why.
        detail: A sentence without payload.
        sha256: Of the bytes that could be read.
    """

    place: int
    reason: Reason
    detail: str
    sha256: bytes


class RawBatch(NamedTuple):
    """Records to be stored in one transaction.

    Attributes:
        origin: Where the records are from, e.g. `file:touchpoints.jsonl`.
        records: In the source's order.
        unread: Places that could not be read.
        positions: Positions to compare and swap in the same transaction.
        done: Share of the source read so far, 0 to 1; None where there is no end.
        service: Key of the service that all of it is about; `""` where each message says so.
        gaps: What is missing in front of the records, for good.
    """

    origin: str
    records: Sequence[Record]
    unread: Sequence[UnreadRecord] = ()
    positions: "Sequence[SourcePosition]" = ()
    done: float | None = None
    service: str = ""
    gaps: "Sequence[SourceGapRecorded]" = ()


class Source(Protocol):
    """Anything that yields batches: a file, a stream, a made-up city."""

    def batches(self) -> Iterator[RawBatch]:
        """Read the source, from where it was left or from its beginning.

        Raises:
            SourceError: It cannot be read at all.
        """
        ...
