"""What may be set of the Kafka client, and what would break exactly-once."""

import pytest

from delivery.settings import read_kafka
from ingest.kafka_settings import OURS, KafkaSettings, client_settings
from journeys.errors import SettingsError


def test_text_becomes_what_the_client_expects() -> None:
    told = {
        "fetch_max_bytes": "1000",
        "ssl_check_hostname": "false",
        "security_protocol": "SASL_SSL",
        "ssl_cafile": "/etc/ca.pem",
        "api_version": "2.3",
    }
    assert client_settings(told) == {
        "fetch_max_bytes": 1000,
        "ssl_check_hostname": False,
        "security_protocol": "SASL_SSL",
        "ssl_cafile": "/etc/ca.pem",
        "api_version": (2, 3),
    }


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_breaks_exactly_once_cannot_be_set(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name} cannot be set: .*Hint: "):
        client_settings({name: "anything"})


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("fetch_max_byte", "1", "did you mean fetch_max_bytes"),
        ("xyzzy", "1", "they are kafka-python's own names"),
        ("fetch_max_bytes", "many", "its default is 52428800"),
        ("ssl_check_hostname", "maybe", "its default is True"),
        ("security_protocol", "TLS", "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("socket_options", "[]", "leave it out"),
    ],
)
def test_setting_that_cannot_be_used_is_refused_with_a_hint(
    name: str, text: str, hint: str
) -> None:
    with pytest.raises(SettingsError, match=f"Hint: {hint}"):
        client_settings({name: text})


def test_secrets_are_not_shown() -> None:
    settings = KafkaSettings(bootstrap="b:1", topic="t", client={"sasl_plain_password": "secret"})
    access = read_kafka(
        topic="t",
        bootstrap="b:1",
        environment={
            "POLKU_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "POLKU_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "POLKU_KAFKA_USERNAME": "polku",
            "POLKU_KAFKA_PASSWORD": "secret",
        },
    )
    assert "secret" in access.client.values()
    assert "secret" not in repr(settings) + repr(access)


def test_variables_say_what_options_leave_out() -> None:
    access = read_kafka(
        environment={
            "POLKU_KAFKA_TOPIC": "touchpoints",
            "POLKU_KAFKA_BOOTSTRAP": "kafka:9092",
            "POLKU_KAFKA_CLIENT_FETCH_MAX_BYTES": "5",
            "POLKU_KAFKA_CA_FILE": __file__,
        }
    )
    assert (access.topic, access.bootstrap) == ("touchpoints", "kafka:9092")
    assert access.client == {"fetch_max_bytes": "5", "ssl_cafile": __file__}


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({"POLKU_KAFKA_USERNAME": "polku"}, "POLKU_KAFKA_SECURITY_PROTOCOL=SASL_SSL"),
        ({"POLKU_KAFKA_CA_FILE": "/nowhere/ca.pem"}, "check that it exists"),
        (
            {"POLKU_KAFKA_PASSWORD": "a", "POLKU_KAFKA_PASSWORD_FILE": "b"},
            "unset POLKU_KAFKA_PASSWORD",
        ),
    ],
)
def test_variables_that_cannot_hold_are_refused(variables: dict[str, str], hint: str) -> None:
    with pytest.raises(SettingsError, match=f"Hint: .*{hint}"):
        read_kafka(topic="t", bootstrap="b:1", environment=variables)


def test_topic_and_brokers_must_be_said() -> None:
    with pytest.raises(SettingsError, match="Hint: --topic NAME"):
        read_kafka(bootstrap="b:1", environment={})
    with pytest.raises(SettingsError, match="Hint: --bootstrap HOST:PORT"):
        read_kafka(topic="t", environment={})
