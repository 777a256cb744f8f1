"""What a stream is read with: the topic, how to reach it, and what may be set of the client."""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors
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

CHOICES = {
    "security_protocol": ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "sasl_mechanism": ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"),
}
"""Kafka-python takes any other word, and never connects."""

LARGEST_BATCH = 5_000
"""Records in one transaction, unless max_poll_records says otherwise."""

CALL_S = 10
"""How long one question to the broker may take."""

BOOTSTRAP_S = 5
"""How long to look for a broker before saying that there is none, and looking again."""


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
    batch_records: int = LARGEST_BATCH
    batch_bytes: int = 16 << 20
    stall_s: float = 60.0
    look_s: float = 30.0
    client: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def poll_ms(self) -> int:
        """How long to wait for records: short where nothing more is expected."""
        return 50 if self.until_end else 500

    def alone(self) -> "KafkaSettings":
        """The same topic, read without a group."""
        return replace(self, group=None, instance=None)

    def hasty(self, answer_s: int) -> "KafkaSettings":
        """The same topic, read without a group by who does not wait long for an answer."""
        wait_ms = answer_s * 1000
        patience = {"bootstrap_timeout_ms": wait_ms, "request_timeout_ms": wait_ms}
        return replace(self.alone(), client={**self.client, **patience})

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
        consumer: KafkaConsumer = _connected(
            KafkaConsumer, {**self._known(KafkaConsumer, defaults), **mine}
        )
        return consumer

    def admin(self) -> KafkaAdminClient:
        """Connect a client that can ask what the topic is.

        Raises:
            KafkaError: No broker answers, or it refuses.
        """
        admin: KafkaAdminClient = _connected(KafkaAdminClient, self._known(KafkaAdminClient, {}))
        return admin

    def producer(self) -> KafkaProducer:
        """Connect a producer that sends each message once.

        Raises:
            KafkaError: No broker answers, or it refuses.
        """
        defaults = {"linger_ms": 20, "batch_size": 1 << 18, "metrics_enabled": False}
        mine = {"enable_idempotence": True, "acks": "all"}
        producer: KafkaProducer = _connected(
            KafkaProducer, {**self._known(KafkaProducer, defaults), **mine}
        )
        return producer

    def _known(self, client: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        given = {
            "bootstrap_timeout_ms": BOOTSTRAP_S * 1000,
            "client_id": "polku",
            **defaults,
            **self.client,
        }
        known = {name: value for name, value in given.items() if name in client.DEFAULT_CONFIG}
        return {"bootstrap_servers": self.bootstrap.split(","), **known}


class _Heard(logging.Handler):
    """The error that kafka-python has logged last; what a broker has said before what a socket did.

    A broker that refuses a password hangs up on the next attempt without a word.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.error: kafka_errors.KafkaError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        for told in record.args if isinstance(record.args, tuple) else ():
            if _is_refusal(told) or (
                isinstance(told, kafka_errors.KafkaConnectionError) and not _is_refusal(self.error)
            ):
                self.error = told


def _is_refusal(told: object) -> bool:
    return isinstance(told, kafka_errors.BrokerResponseError) and not isinstance(
        told, kafka_errors.RetriableError
    )


def _connected(client: Any, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Make a client of kafka-python.

    Where none can be reached, kafka-python logs why, raises a time-out, and leaves a thread behind:
    here the reason is raised, and the thread ended.
    """
    heard, logger = _Heard(), logging.getLogger("kafka")
    opened: list[Any] = []

    def network(**configs: Any) -> Any:  # noqa: ANN401
        opened.append(client.DEFAULT_CONFIG["kafka_client"](**configs))
        return opened[-1]

    logger.addHandler(heard)
    try:
        return client(kafka_client=network, **settings)
    except BaseException as error:
        for one in opened:
            one.close()
        if isinstance(error, kafka_errors.KafkaTimeoutError) and heard.error is not None:
            raise heard.error from error
        raise
    finally:
        logger.removeHandler(heard)


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
        if text not in CHOICES.get(name, (text,)):
            raise SettingsError(
                f"the Kafka client's {name} cannot be {text!r}. "
                f"Hint: one of {', '.join(CHOICES[name])}"
            )
        settings[name] = _value(name, text, defaults[name])
    return settings


def check_certificates(settings: Mapping[str, Any]) -> None:
    """Read the files that encryption needs: kafka-python says nothing of those it cannot use.

    Args:
        settings: Of kafka-python, by its own names.

    Raises:
        SettingsError: A file is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority, own = settings.get("ssl_cafile"), settings.get("ssl_certfile")
    try:
        if authority:
            context.load_verify_locations(authority)
    except OSError as error:
        raise SettingsError(
            f"POLKU_KAFKA_CA_FILE: {authority} holds no certificate that can be read: {error}. "
            "Hint: PEM, which begins with -----BEGIN CERTIFICATE-----"
        ) from error
    try:
        if own:
            password = settings.get("ssl_password") or ""  # else it is asked for at the terminal
            context.load_cert_chain(own, settings.get("ssl_keyfile"), password)
    except OSError as error:
        raise SettingsError(
            f"POLKU_KAFKA_CERTIFICATE_FILE: {own} cannot be used with its key: {error}. Hint: PEM; "
            "the key that belongs to it in POLKU_KAFKA_KEY_FILE, and that one's password, if it "
            "has one, in POLKU_KAFKA_KEY_PASSWORD_FILE"
        ) from error


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
