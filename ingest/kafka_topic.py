"""Which topic it is, what its positions are called, and what an error about it means.

A topic that is deleted and made again under its name is another topic, whose offsets begin anew.
Kafka tells them apart by an id; so do the names of our positions:

```
kafka/CLUSTER/TOPIC ID/PARTITION    the offset to read next
kafka/CLUSTER/TOPIC NAME/id-1, id-2 the id of the topic that was read under this name, in two halves
```

A broker older than 2.8 knows no such id: the name takes its place, and a topic made again is then
noticed only if it is shorter than the one before.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors

from ingest.kafka_settings import KafkaSettings
from journeys.errors import PolkuError, SourceError
from journeys.event_log import SourcePosition

Positions = Callable[[str], int | None]
"""Looks up where a source is to be read from next; `EventLog.position_of`."""

POSITIONS = "kafka/"
"""What the names of all positions begin with."""

_HALF = 1 << 64
_BY_NAME = "name:"


class Topic(NamedTuple):
    """A topic as the cluster knows it now.

    Attributes:
        name: Its name.
        cluster: The cluster's id.
        id: Its own id; None if the broker knows none.
        partitions: Their numbers, in order.
    """

    name: str
    cluster: str
    id: UUID | None
    partitions: Sequence[int]

    @property
    def label(self) -> str:
        """The id as Kafka's own tools write it."""
        return f"{_BY_NAME}{self.name}" if self.id is None else _label(self.id)

    def position_name(self, partition: int) -> str:
        """What the position of a partition is called."""
        return f"{POSITIONS}{self.cluster}/{self.label}/{partition}"

    def origin(self, partition: int) -> str:
        """What the records of a partition are said to be from."""
        return f"kafka:{self.name}/{partition}"

    def known_as(self, positions: Positions) -> UUID | None:
        """Look up the id of the topic that was last read under this name."""
        halves = [positions(name) for name in self._id_names()]
        if None in halves:
            return None
        first, second = (half % _HALF for half in halves if half is not None)
        return UUID(int=first * _HALF + second)

    def identity(self, positions: Positions) -> list[SourcePosition]:
        """The positions that say which topic is read under this name; none if they say so now."""
        if self.id is None or self.known_as(positions) == self.id:
            return []
        names, halves = self._id_names(), divmod(self.id.int, _HALF)
        return [
            SourcePosition(name, half - _HALF if half >= _HALF // 2 else half, positions(name))
            for name, half in zip(names, halves, strict=True)
        ]

    def _id_names(self) -> list[str]:
        return [f"{POSITIONS}{self.cluster}/{self.name}/id-{number}" for number in (1, 2)]


def find_topic(admin: KafkaAdminClient, name: str) -> Topic:
    """Ask the cluster what a topic is.

    Raises:
        KafkaError: There is no such topic, it may not be read, or nobody answers.
    """
    cluster = admin.describe_cluster()
    (found,) = admin.describe_topics([name])
    if found["error_code"]:
        raise kafka_errors.for_code(found["error_code"])(name)
    told = found.get("topic_id")
    partitions = sorted(int(one["partition_index"]) for one in found["partitions"])
    return Topic(
        name, str(cluster["cluster_id"]), UUID(str(told)) if told else None, tuple(partitions)
    )


def old_positions(topic: Topic, known: UUID, positions: Positions) -> list[tuple[int, str, int]]:
    """Partition, position's name and offset of another topic that was read under this name."""
    before = topic._replace(id=known)
    found = []
    for partition in range(100_000):
        name = before.position_name(partition)
        offset = positions(name)
        if offset is None:
            break
        found.append((partition, name, offset))
    return found


class TopicRead(NamedTuple):
    """A topic as the log has read it; of several under one name the last.

    Attributes:
        name: Its name.
        positions: The offset to read next of each partition, by number.
    """

    name: str
    positions: Mapping[int, int]


def topics_read(positions: Mapping[str, int]) -> list[TopicRead]:
    """Tell the topics apart whose positions the log has.

    Args:
        positions: By name, those that begin with `POSITIONS`.

    Returns:
        By name; a topic that was deleted and made again is the new one.
    """
    names: dict[tuple[str, str], str] = {}
    offsets: dict[tuple[str, str], dict[int, int]] = {}
    for position, offset in positions.items():
        _, cluster, label, part = position.split("/")
        if part.isdecimal():
            offsets.setdefault((cluster, label), {})[int(part)] = offset
            if label.startswith(_BY_NAME):
                names[cluster, label] = label.removeprefix(_BY_NAME)
        else:
            known = Topic(label, cluster, None, ()).known_as(positions.get)
            if known is not None:
                names[cluster, _label(known)] = label
    found = [TopicRead(names[key], own) for key, own in offsets.items() if key in names]
    return sorted(found, key=lambda topic: topic.name)


def is_away(error: BaseException) -> bool:
    """Whether an error of the client may go away by waiting."""
    may_pass = (kafka_errors.KafkaError, ConnectionError, TimeoutError)
    return isinstance(error, may_pass) and not (
        isinstance(error, _LASTING) or _UNTRUSTED in str(error)
    )


def explained(error: kafka_errors.KafkaError, settings: KafkaSettings) -> PolkuError:
    """Put an error that ends the run in our words."""
    hint = next((hint for kinds, hint in _HINTS if isinstance(error, kinds)), ANSWER)
    if _UNTRUSTED in str(error):
        hint = _TRUST
    hint = hint.format(
        bootstrap=settings.bootstrap, topic=settings.topic, group=settings.group or "(none)"
    )
    return SourceError(f"topic {settings.topic} at {settings.bootstrap}: {error}. Hint: {hint}")


def _label(topic_id: UUID) -> str:
    return urlsafe_b64encode(topic_id.bytes).decode().rstrip("=")


_HINTS: tuple[tuple[Any, str], ...] = (
    (
        kafka_errors.UnknownTopicOrPartitionError,
        "kafka-topics.sh --bootstrap-server {bootstrap} --list; Polku makes no topic",
    ),
    (kafka_errors.InvalidTopicError, "a topic's name has letters, digits and . _ - alone"),
    (
        kafka_errors.TopicAuthorizationFailedError,
        "this user needs READ and DESCRIBE on the topic {topic}",
    ),
    (
        kafka_errors.GroupAuthorizationFailedError,
        "this user needs READ on the group {group}, or leave --group out",
    ),
    (kafka_errors.AuthorizationError, "ask whoever runs the cluster for the right it names"),
    (
        (
            kafka_errors.SaslAuthenticationFailedError,
            kafka_errors.UnsupportedSaslMechanismError,
            kafka_errors.IllegalSaslStateError,
            kafka_errors.SecurityDisabledError,
        ),
        "check POLKU_KAFKA_SASL_MECHANISM, POLKU_KAFKA_USERNAME and POLKU_KAFKA_PASSWORD_FILE",
    ),
    (
        kafka_errors.FencedInstanceIdError,
        "another process has the same --instance: give each its own",
    ),
    (
        kafka_errors.CorruptRecordError,
        "what the broker has there is damaged; look at its disk, or at the network between",
    ),
    (
        (kafka_errors.UnsupportedCodecError, kafka_errors.UnsupportedCompressionTypeError),
        "install what reads this compression: lz4, python-snappy or zstandard",
    ),
    (
        (
            kafka_errors.KafkaConfigurationError,
            kafka_errors.UnsupportedVersionError,
            kafka_errors.UnrecognizedBrokerVersion,
            kafka_errors.InconsistentGroupProtocolError,
            kafka_errors.InvalidGroupIdError,
            kafka_errors.InvalidSessionTimeoutError,
        ),
        "check --group and what POLKU_KAFKA_ and POLKU_KAFKA_CLIENT_ variables say",
    ),
)
ANSWER = (
    "check the address {bootstrap}, and POLKU_KAFKA_SECURITY_PROTOCOL: does it want TLS (SSL or "
    "SASL_SSL), or no TLS?"
)
"""What to look at where nobody answers; a broker hangs up on who speaks another protocol."""

_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_TRUST = (
    "POLKU_KAFKA_CA_FILE has to hold the certificate of whoever vouches for the broker, and "
    "{bootstrap} a name that the broker's certificate has"
)
_LASTING = tuple(
    kind for kinds, _ in _HINTS for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
)
