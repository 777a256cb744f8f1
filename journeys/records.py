"""What the log holds: one class for each thing that can have happened.

```
TouchpointRecorded    a contact of a customer with a service
TouchpointRejected    a message that could not be read as one, or contradicts an earlier one
RejectionResolved     a rejected message has been recorded after all, or somebody has dealt with it
DefinitionRecorded    a service definition came into use
SourceRetracted       what a source has recorded up to here is to be ignored from here on
SourceGapRecorded     part of a stream was never read, and cannot be read any more
```

Each is an event of the eventsourcing library without an aggregate: its own stream is derived from
what it says, so that the log's primary key refuses a second copy. Fields are text and whole numbers
alone; moments are microseconds since 1970 UTC. A class whose fields change gets
`class_version = 2` and a static method `upcast_v1_v2(state)`; the log cannot be read by a release
older than its events (`journeys.versions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec
from eventsourcing.utils import get_topic

from journeys.touchpoint import TOUCHPOINT_NAMESPACE, Touchpoint, originator_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_sorted_json = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, kw_only=True)
class TouchpointRecorded:
    """A touchpoint as the log keeps it.

    Attributes:
        source: With `id`, the touchpoint's identity and so its stream.
        id: The producer's identifier.
        service: Key of the service.
        occurred_at: Microseconds since 1970 UTC.
        name: The raw name the source system uses.
        channel: Channel, or the source's own word for it.
        status: `ok` or `error`.
        case: Pseudonym of the case.
        person: Pseudonym of the person.
        attributes: A JSON object as text, keys sorted, values text.
        recorded_at: When the log took it, microseconds since 1970 UTC.
        originator_version: 1, and one more for each retraction of its source before it.
    """

    TOPIC: ClassVar[str] = "touchpoint"
    class_version: ClassVar[int] = 1

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
    originator_id: UUID = field(init=False)
    originator_version: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "originator_id", originator_of(self.source, self.id))

    @classmethod
    def of(
        cls, touchpoint: Touchpoint, *, recorded_at: datetime, version: int = 1
    ) -> "TouchpointRecorded":
        """Turn a touchpoint into its event: the clear path; `journeys.rows` is the fast one."""
        return cls(
            source=touchpoint.source,
            id=touchpoint.id,
            service=touchpoint.service,
            occurred_at=microseconds_of(touchpoint.occurred_at),
            name=touchpoint.name,
            channel=touchpoint.channel,
            status=touchpoint.status,
            case=touchpoint.case,
            person=touchpoint.person,
            attributes=attributes_json(touchpoint.attributes),
            recorded_at=microseconds_of(recorded_at),
            originator_version=version,
        )


@dataclass(frozen=True, kw_only=True)
class TouchpointRejected:
    """A message that was not recorded, by its coordinates: never its content.

    The stream is derived from `origin`, `place` and `digest`, so reading the same bad line again
    records nothing, while a line that has changed in the meantime is a new rejection.

    Attributes:
        origin: Where it came from, e.g. `file:touchpoints.jsonl`.
        place: Line (from 1), row or offset within it.
        reason: One word of the fixed list, e.g. `bad_time` or `conflict`.
        detail: A sentence for the operator, without payload and personal data.
        digest: Keyed digest of the raw bytes.
        service: Key of the service, `""` if it could not be told.
        recorded_at: Microseconds since 1970 UTC; `EventLog.append_batch` sets it.
    """

    TOPIC: ClassVar[str] = "rejection"
    class_version: ClassVar[int] = 1

    origin: str
    place: int
    reason: str
    detail: str
    digest: str
    service: str = ""
    recorded_at: int = 0
    originator_id: UUID = field(init=False)
    originator_version: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "originator_id", _stream_of("rejection", self.origin, self.place, self.digest)
        )


@dataclass(frozen=True, kw_only=True)
class RejectionResolved:
    """A rejection that waits for nobody any more: the second and last event of its stream.

    Attributes:
        originator_id: The stream of the rejection.
        how: `retried`: the same bytes were read again, and what they say stands in the log;
            `mended`: what stands at their place now does; `dismissed`: somebody has said so.
        why: Of a dismissal, one word of `resolutions.REASONS`; else empty.
        recorded_at: Microseconds since 1970 UTC; set when it is recorded.
    """

    TOPIC: ClassVar[str] = "resolution"
    class_version: ClassVar[int] = 1

    how: str
    why: str = ""
    recorded_at: int = 0
    originator_id: UUID
    originator_version: int = 2


@dataclass(frozen=True, kw_only=True)
class DefinitionRecorded:
    """A version of a service definition as it came into use; all of a service share one stream.

    Attributes:
        service: Key of the service.
        version: The definition's own version number.
        valid_from: ISO date; the same date recorded again replaces.
        digest: SHA-256 of the canonical definition, hexadecimal.
        definition: The canonical definition, JSON as text.
        recorded_at: Microseconds since 1970 UTC; `EventLog.record_definitions` sets it.
        originator_version: 1, 2, 3... in the order of recording.
    """

    TOPIC: ClassVar[str] = "definition"
    class_version: ClassVar[int] = 1

    service: str
    version: int
    valid_from: str
    digest: str
    definition: str
    recorded_at: int = 0
    originator_id: UUID = field(init=False)
    originator_version: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "originator_id", definition_stream(self.service))


@dataclass(frozen=True, kw_only=True)
class SourceRetracted:
    """What a source has recorded so far was a mistake; all retractions of it share one stream.

    Attributes:
        source: The `source` of the touchpoints that are ignored behind this position.
        recorded_at: Microseconds since 1970 UTC; `EventLog.retract` sets it.
        originator_version: 1, 2, 3... in the order of recording.
    """

    TOPIC: ClassVar[str] = "retraction"
    class_version: ClassVar[int] = 1

    source: str
    recorded_at: int = 0
    originator_id: UUID = field(init=False)
    originator_version: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "originator_id", retraction_stream(self.source))


@dataclass(frozen=True, kw_only=True)
class SourceGapRecorded:
    """Part of a stream that was not read and cannot be any more; recorded once for each such part.

    Attributes:
        source: Name of the source position that was moved over it.
        topic: The stream's name.
        partition: The part of the stream.
        begin: The first offset that is missing.
        end: The first one behind it that is there; None if that cannot be told.
        reason: `retention`, `truncated` or `recreated`.
        recorded_at: Microseconds since 1970 UTC; `EventLog.append` sets it.
    """

    TOPIC: ClassVar[str] = "gap"
    class_version: ClassVar[int] = 1

    source: str
    topic: str
    partition: int
    begin: int
    end: int | None
    reason: str
    recorded_at: int = 0
    originator_id: UUID = field(init=False)
    originator_version: int = 1

    def __post_init__(self) -> None:
        stream = _stream_of("gap", self.source, self.begin, self.reason)
        object.__setattr__(self, "originator_id", stream)


Record = (
    TouchpointRecorded
    | TouchpointRejected
    | RejectionResolved
    | DefinitionRecorded
    | SourceRetracted
    | SourceGapRecorded
)

RECORDS: tuple[type[Record], ...] = (
    TouchpointRecorded,
    TouchpointRejected,
    RejectionResolved,
    DefinitionRecorded,
    SourceRetracted,
    SourceGapRecorded,
)

for _record in RECORDS:
    get_topic(_record)  # registers the short topic, so that the library finds the class by it


def definition_stream(service: str) -> UUID:
    """Derive the stream that holds every version of one service's definition."""
    return _stream_of("definition", service, 0)  # three parts: never a touchpoint's two


def retraction_stream(source: str) -> UUID:
    """Derive the stream that holds every retraction of one source."""
    return _stream_of("retraction", source, 0)


def attributes_json(attributes: Mapping[str, str]) -> str:
    """Write attributes as the log keeps them: a JSON object with sorted keys."""
    return _sorted_json.encode(attributes).decode()


def microseconds_of(when: datetime) -> int:
    """Count the microseconds from 1970 UTC to an aware datetime, exactly."""
    since = when - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(microseconds: int) -> datetime:
    """Undo `microseconds_of`; the result is in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def recorded_moment(state: bytes) -> datetime:
    """When an event was recorded, of whatever kind its stored fields are."""
    return moment_of(_decode_recorded(state).recorded_at)


class _Recorded(msgspec.Struct):
    recorded_at: int


_decode_recorded = msgspec.json.Decoder(_Recorded).decode


def _stream_of(*parts: str | int) -> UUID:
    return uuid5(TOUCHPOINT_NAMESPACE, _sorted_json.encode(parts).decode())
