"""The brokers of the tests keep what they are given, killed or not."""

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from tests.brokers import MockBroker, RealBroker
from tests.ingest.streams import wait_until

pytestmark = pytest.mark.xdist_group("kafka")


def send(broker: RealBroker | MockBroker, topic: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, **broker.client)
    for value in values:
        producer.send(topic, value, partition=0)
    producer.close()


def received(broker: RealBroker | MockBroker, topic: str, number: int) -> list[bytes]:
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap, auto_offset_reset="none", **broker.client
    )
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek(partition, 0)
    values: list[bytes] = []
    while len(values) < number:
        for records in consumer.poll(timeout_ms=1000).values():
            values += [record.value for record in records]
    consumer.close()
    return values


def test_broker_of_the_session_gives_back_what_was_sent(broker: RealBroker | MockBroker) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, b"one", b"two")
    assert received(broker, topic, 2) == [b"one", b"two"]


def test_mock_broker_gives_back_what_was_sent() -> None:
    broker = MockBroker()
    topic = broker.new_topic()
    send(broker, topic, b"one", b"two")
    assert received(broker, topic, 2) == [b"one", b"two"]
    broker.stop()


def test_topic_made_again_has_another_id(real_broker: RealBroker) -> None:
    topic = real_broker.new_topic(3)
    with real_broker.admin() as admin:
        (before,) = admin.describe_topics([topic])
        admin.delete_topics([topic])
        real_broker.create_topic(topic)
        wait_until(lambda: bool(admin.describe_topics([topic])[0]["partitions"]))
        (after,) = admin.describe_topics([topic])
    assert (len(before["partitions"]), len(after["partitions"])) == (3, 1)
    assert before["topic_id"] != after["topic_id"]
