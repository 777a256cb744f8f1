"""The fast way of a touchpoint into the log: straight to the row of the table.

`touchpoint_rows` writes the bytes that the eventsourcing library's mapper would write for
`TouchpointRecorded`, at a fifth of its cost; a test holds the two together.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from json.encoder import encode_basestring_ascii

import msgspec

from journeys.records import (
    EPOCH,
    DefinitionRecorded,
    RejectionResolved,
    SourceGapRecorded,
    SourceRetracted,
    TouchpointRecorded,
    TouchpointRejected,
    attributes_json,
    microseconds_of,
)
from journeys.touchpoint import TOUCHPOINT_NAMESPACE, Touchpoint

Row = tuple[str, int, str, bytes]
"""A row of the events table without its position, as a plain tuple, because millions are made.

Stream as 32 hexadecimal digits, version in the stream from 1, topic, fields as a JSON object.
"""


class TouchpointState(msgspec.Struct, frozen=True, gc=False):
    """The fields of `TouchpointRecorded`: content first, so that equal content begins equally."""

    source: str
    id: str
    service: str
    occurred_at: int
    name: str
    channel: str
    status: str
    case: str | None
    person: str | None
    attributes: str
    recorded_at: int


_CONTENT = TouchpointState.__struct_fields__[:-2]
_encode = msgspec.json.Encoder().encode
_decode_touchpoint = msgspec.json.Decoder(TouchpointState).decode

# A quotation mark inside a value is escaped, so these bytes occur once: where the content ends.
_END_OF_CONTENT = b',"attributes":'

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def touchpoint_rows(touchpoints: Iterable[Touchpoint], *, recorded_at: datetime) -> list[Row]:
    """Encode touchpoints as rows of version 1, in their order.

    Raises:
        TypeError: A moment has no time zone.
    """
    recorded = microseconds_of(recorded_at)
    topic = TouchpointRecorded.TOPIC
    sources: dict[str, hashlib._Hash] = {}
    rows = []
    for touchpoint in touchpoints:
        source, identifier = touchpoint.source, touchpoint.id
        begun = sources.get(source)
        if begun is None:
            begun = sources[source] = _begin_originator(source)
        since = touchpoint.occurred_at - EPOCH
        state = _encode(
            TouchpointState(
                source,
                identifier,
                touchpoint.service,
                (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds,
                touchpoint.name,
                touchpoint.channel,
                touchpoint.status,
                touchpoint.case,
                touchpoint.person,
                attributes_json(touchpoint.attributes),
                recorded,
            )
        )
        rows.append((_end_originator(begun, identifier), 1, topic, state))
    return rows


def row_of(
    event: TouchpointRejected
    | RejectionResolved
    | DefinitionRecorded
    | SourceRetracted
    | SourceGapRecorded,
    *,
    recorded_at: datetime,
) -> Row:
    """Encode one of the rarer events as a row, recorded at the given time."""
    state = dict(vars(event), recorded_at=microseconds_of(recorded_at))
    originator, version = state.pop("originator_id"), state.pop("originator_version")
    return originator.hex, version, event.TOPIC, _encode(state)


def differing_fields(kept: bytes, given: bytes) -> list[str]:
    """Name the fields in which two states of one touchpoint contradict each other.

    Attributes never do, or a wider allow-list would make every second reading a contradiction.
    """
    content, separator, _ = kept.partition(_END_OF_CONTENT)
    if given.startswith(content + separator):
        return []
    one, other = _decode_touchpoint(kept), _decode_touchpoint(given)
    return [name for name in _CONTENT if getattr(one, name) != getattr(other, name)]


def content_digest(state: bytes) -> str:
    """Digest the content of a touchpoint, for a rejection that came without coordinates."""
    return hashlib.sha256(state.partition(_END_OF_CONTENT)[0]).hexdigest()


def _begin_originator(source: str) -> "hashlib._Hash":
    begin = f"[{encode_basestring_ascii(source)},"
    return hashlib.sha1(TOUCHPOINT_NAMESPACE.bytes + begin.encode(), usedforsecurity=False)


def _end_originator(begun: "hashlib._Hash", identifier: str) -> str:
    whole = begun.copy()
    whole.update(f"{encode_basestring_ascii(identifier)}]".encode())
    digits = whole.hexdigest()
    return f"{digits[:12]}5{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:32]}"  # RFC 9562, uuid5
