"""What a stream is read with: the topic, how to reach it, and what may be set of the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from journeys.errors import SettingsError

OURS = {
    "enable_auto_commit": "the position in the log is what counts",
    "auto_commit_interval_ms": "the position in the log is what counts",
    "default_offset_commit_callback": "the position in the log is what counts",
    "auto_offset_reset": "a position that cannot be read is an error, never skipped over",
    "isolation_level": "what a transaction took back was never sent",
    "allow_auto_create_topics": "a misspelt topic would be made and found empty",
    "check_crcs": "damaged records would be recorded",
    "key_deserializer": "the guard reads the bytes",
    "value_deserializer": "the guard reads the bytes",
    "key_serializer": "keys are bytes",
    "value_serializer": "messages are bytes",
    "enable_idempotence": "a message sent again would come twice",
    "acks": "a message could be lost",
    "partition_assignment_strategy": "members must agree on it",
    "bootstrap_servers": "--bootstrap says it",
    "group_id": "--group says it",
    "group_instance_id": "--instance says it",
}
"""What nobody sets by hand, and why."""

CALL_S = 10
"""How long one question to the broker may take."""


@dataclass(frozen=True, kw_only=True)
class KafkaSettings:
    """How a topic is read.

    Attributes:
        bootstrap: `host:port` of one or more brokers, separated by commas.
        topic: Its name.
        group: Share the partitions with other processes of this name; None: read them all.
        instance: Name of this process within the group, kept over a restart; None: a new member.
        until_end: Stop at what was there when the run began.
        allow_gap: Record that something is missing and go on; else that ends the run.
        batch_records: Largest number of records in one transaction.
        batch_bytes: Largest number of bytes of them, but for the last one.
        stall_s: After how many seconds without a record, while there are some, to connect anew.
        look_s: How often to look for new partitions and whether the topic is still the same one.
        client: Settings of kafka-python: how to reach the broker, and secrets; not in the repr.
    """

    bootstrap: str
    topic: str
    group: str | None = None
    instance: str | None = None
    until_end: bool = False
    allow_gap: bool = False
    batch_records: int = 5_000
    batch_bytes: int = 16 << 20
    stall_s: float = 60.0
    look_s: float = 30.0
    client: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def alone(self) -> "KafkaSettings":
        """The same topic, read without a group."""
        return replace(self, group=None, instance=None)

    def consumer(self) -> KafkaConsumer:
        """Connect a consumer; it has no partitions yet.

        Raises:
            KafkaError: No broker answers, or it refuses.
        """
        mine: dict[str, Any] = {
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "allow_auto_create_topics": False,
            "check_crcs": True,
        }
        if self.group is not None:
            mine |= {
                "group_id": self.group,
                "group_instance_id": self.instance,
                "partition_assignment_strategy": [CooperativeStickyAssignor()],
            }
        defaults = {
            "max_partition_fetch_bytes": 4 << 20,
            "metadata_max_age_ms": max(1000, int(self.look_s * 1000)),
            "metrics_enabled": False,
        }
        return KafkaConsumer(**self._known(KafkaConsumer, defaults), **mine)

    def admin(self) -> KafkaAdminClient:
        """Connect a client that can ask what the topic is.

        Raises:
            KafkaError: No broker answers, or it refuses.
        """
        return KafkaAdminClient(**self._known(KafkaAdminClient, {}))

    def producer(self) -> KafkaProducer:
        """Connect a producer that sends each message once.

        Raises:
            KafkaError: No broker answers, or it refuses.
        """
        defaults = {"linger_ms": 20, "batch_size": 1 << 18, "metrics_enabled": False}
        return KafkaProducer(
            **self._known(KafkaProducer, defaults), enable_idempotence=True, acks="all"
        )

    def _known(self, client: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        given = {
            "bootstrap_timeout_ms": CALL_S * 1000,
            "client_id": "polku",
            **defaults,
            **self.client,
        }
        known = {name: value for name, value in given.items() if name in client.DEFAULT_CONFIG}
        return {"bootstrap_servers": self.bootstrap.split(","), **known}


def client_settings(told: Mapping[str, str]) -> dict[str, Any]:
    """Read settings of kafka-python from text.

    Args:
        told: By kafka-python's own name, e.g. `{"fetch_max_bytes": "1000000"}`.

    Raises:
        SettingsError: One is not known, not of its type, or would break exactly-once.
    """
    defaults: dict[str, Any] = {
        **KafkaAdminClient.DEFAULT_CONFIG,
        **KafkaProducer.DEFAULT_CONFIG,
        **KafkaConsumer.DEFAULT_CONFIG,
    }
    settings: dict[str, Any] = {}
    for name, text in told.items():
        if name in OURS:
            raise SettingsError(
                f"the Kafka client's {name} cannot be set: {OURS[name]}. Hint: leave it out"
            )
        if name not in defaults:
            near = get_close_matches(name, defaults, n=1)
            hint = f"did you mean {near[0]}?" if near else "they are kafka-python's own names"
            raise SettingsError(f"the Kafka client has no setting {name}. Hint: {hint}")
        settings[name] = _value(name, text, defaults[name])
    return settings


def _value(name: str, text: str, default: object) -> Any:  # noqa: ANN401
    try:
        match default:
            case bool():
                return {"true": True, "false": False}[text.lower()]
            case int():
                return int(text)
            case float():
                return float(text)
            case str() | None:
                return tuple(map(int, text.split("."))) if name == "api_version" else text
    except (KeyError, ValueError):
        raise SettingsError(
            f"the Kafka client's {name} cannot be what it is set to. Hint: its default is {default}"
        ) from None
    raise SettingsError(
        f"the Kafka client's {name} is no text or number and cannot be set from outside. "
        "Hint: leave it out"
    )
