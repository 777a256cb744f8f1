"""A topic held against the log: proved, or what differs, by partition and offset."""

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.errors import UnknownTopicOrPartitionError

from ingest import kafka_records, reconcile
from ingest.kafka_topic import find_topic
from ingest.privacy import Pseudonyms
from ingest.reconcile import Difference, Gap, PartitionProof, Reconciliation, reconcile_topic
from journeys.errors import RecreatedTopicError, SourceError
from journeys.event_log import EventLog, SourcePosition
from tests.brokers import MockBroker, RealBroker
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES, accepted, structured
from tests.ingest.streams import Sent, record, send, settings_of, wait_until
from tests.ingest.test_kafka import transaction

pytestmark = pytest.mark.xdist_group("kafka")

Broker = RealBroker | MockBroker


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened


def held(broker: Broker, topic: str, log: EventLog, **more: Any) -> Reconciliation:  # noqa: ANN401
    given = {"services": SERVICES, "pseudonyms": PSEUDONYMS, "now": RECEIVED_AT, **more}
    return reconcile_topic(settings_of(broker, topic), log, **given)


def counts(found: Reconciliation, partition: int = 0) -> dict[str, int]:
    """Those counts of a partition that are not 0."""
    names = ("recorded", "duplicates", "quarantined", "missing", "differing")
    proof = found.partitions[partition]
    assert proof.records == sum(getattr(proof, name) for name in names)
    told = {name: getattr(proof, name) for name in (*names, "lost", "beyond", "unread")}
    return {name: number for name, number in told.items() if number}


def skip_unread(broker: Broker, topic: str, log: EventLog, behind: int) -> None:
    """Say that the first partition was read up to an offset, which is not so."""
    with settings_of(broker, topic).admin() as admin:
        name = find_topic(admin, topic).position_name(0)
    position = SourcePosition(name, behind, log.position_of(name))
    log.append_batch([], recorded_at=RECEIVED_AT, positions=[position])


def test_every_record_is_proved_to_be_recorded_once_or_quarantined(
    broker: Broker, log: EventLog
) -> None:
    topic = broker.new_topic(4)
    same, other = structured(id="b"), structured(id="b", data={"touchpoint": "other"})
    send(broker, topic, structured(id="a"), same, same, other, b"not json")
    send(broker, topic, Sent(structured(id="c"), partition=1), Sent(same, partition=1))
    record(settings_of(broker, topic), log)
    send(broker, topic, structured(id="later"))

    found = held(broker, topic, log)

    assert found.is_proved
    assert (found.topic, found.head, found.touchpoints) == (topic, log.head(), 3)
    assert counts(found, 0) == {"recorded": 2, "duplicates": 1, "quarantined": 2, "unread": 1}
    assert counts(found, 1) == {"recorded": 1, "duplicates": 1}
    assert counts(found, 2) == counts(found, 3) == {}
    assert [p.position for p in found.partitions[:2]] == [5, 2]
    assert (found.differences, found.doubled, found.doubled_at) == ([], 0, [])


def test_records_that_the_log_has_nothing_of_are_missing(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, structured(id="a"))
    record(settings_of(broker, topic), log)
    send(broker, topic, structured(id="b"), b"not json", structured(id="c"))
    skip_unread(broker, topic, log, 3)

    found = held(broker, topic, log)

    assert not found.is_proved
    assert counts(found) == {"recorded": 1, "missing": 2, "unread": 1}
    by_offset = sorted(found.differences, key=lambda difference: difference.offset)
    assert [(d.partition, d.offset, d.what) for d in by_offset] == [
        (0, 1, "missing"),
        (0, 2, "missing"),
    ]
    assert by_offset[0].detail == "the log has no touchpoint of its id"
    assert by_offset[1].detail.startswith("it is refused now as payload_not_json: ")


def test_record_that_says_something_else_than_the_log_differs(
    broker: Broker, log: EventLog
) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, structured(id="a"))
    other = accepted(structured(id="a", data={"touchpoint": "other"}))
    log.append_batch([other], recorded_at=RECEIVED_AT)
    skip_unread(broker, topic, log, 1)

    found = held(broker, topic, log)

    assert counts(found) == {"differing": 1}
    assert found.differences == [Difference(0, 0, "differing", "the log has it with another name")]


def test_another_key_is_no_proof(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, structured(id="a"))
    record(settings_of(broker, topic), log)

    found = held(broker, topic, log, pseudonyms=Pseudonyms(b"another secret, 32 bytes or so.."))

    assert counts(found) == {"differing": 1}


def test_definitions_of_then_and_of_now_are_both_taken(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    grant = structured(id="grant", subject="city-grant-application")
    send(broker, topic, structured(id="booking"), grant)
    known = {"varaamo-booking": SERVICES["varaamo-booking"]}
    record(settings_of(broker, topic), log, services=known)

    for services in ({}, known, SERVICES):
        found = held(broker, topic, log, services=services)

        assert found.is_proved
        assert counts(found) == {"recorded": 1, "quarantined": 1}


def test_what_was_retracted_is_recorded_still(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, structured(id="a"), structured(id="b"))
    record(settings_of(broker, topic), log)
    log.retract("urn:hel:varaamo", recorded_at=RECEIVED_AT)
    send(broker, topic, structured(id="b"), structured(id="c"))
    record(settings_of(broker, topic), log)

    found = held(broker, topic, log)

    assert found.is_proved
    assert counts(found) == {"recorded": 3, "duplicates": 1}
    assert found.touchpoints == 4


def test_touchpoint_that_is_not_where_it_belongs_is_a_double(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, structured(id="a"))
    record(settings_of(broker, topic), log)
    recorder = log.application.recorder
    with recorder.writing() as c:
        (state,) = recorder.states(
            c, {accepted(structured(id="a")).originator_id.hex: 1}, until=recorder.head(c)
        ).values()
        recorder.insert_rows(c, [("f" * 32, 1, "touchpoint", state)])

    found = held(broker, topic, log)

    assert not found.is_proved
    assert (found.touchpoints, found.doubled, found.doubled_at) == (2, 1, [log.head()])


def test_differences_are_all_counted_and_the_first_listed(
    broker: Broker, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, *(structured(id=f"t-{number}") for number in range(50)))
    record(settings_of(broker, topic), log)
    send(broker, topic, *(structured(id=f"t-{number}") for number in range(50, 100)))
    skip_unread(broker, topic, log, 100)
    monkeypatch.setattr(kafka_records, "GATHERED_RECORDS", 7)
    said: list[tuple[float, str]] = []

    found = held(broker, topic, log, report=lambda share, words: said.append((share, words)))

    assert counts(found) == {"recorded": 50, "missing": 50}
    assert [d.offset for d in found.differences] == list(range(50, 70))
    assert said[0] == (pytest.approx(0.06), "7 records")
    assert said[-2] == (pytest.approx(0.99), "100 records")
    assert said[-1] == (1.0, "50 touchpoints")


def test_many_and_large_records_are_compared_a_few_at_a_time(
    broker: Broker, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, *(structured(id=f"t-{number}") for number in range(10)))
    record(settings_of(broker, topic), log)
    monkeypatch.setattr(kafka_records, "GATHERED_BYTES", 3 * len(structured(id="t-0")))
    said: list[str] = []

    found = held(broker, topic, log, report=lambda _, words: said.append(words))

    assert counts(found) == {"recorded": 10}
    assert said[:4] == ["3 records", "6 records", "9 records", "10 records"]


def test_topic_that_nobody_has_read_is_no_proof(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)

    with pytest.raises(SourceError, match=r"has read nothing of it. Hint: polku ingest kafka"):
        held(broker, topic, log)
    with pytest.raises(SourceError, match="UnknownTopicOrPartition"):
        held(broker, "nowhere", log)


def test_what_a_transaction_took_back_was_never_there(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic()
    sender = {"bootstrap_servers": real_broker.bootstrap, "transactional_id": topic}
    with closing(KafkaProducer(**sender)) as producer:
        producer.init_transactions()
        transaction(producer, topic, structured(id="a"), commits=True)
        transaction(producer, topic, structured(id="b"), commits=False)
        transaction(producer, topic, structured(id="c"), commits=True)
        transaction(producer, topic, structured(id="d"), commits=False)
        record(settings_of(real_broker, topic), log)

    found = held(real_broker, topic, log)

    assert found.is_proved
    assert counts(found) == {"recorded": 2}
    assert (found.partitions[0].position, found.partitions[0].end) == (8, 8)


def test_what_retention_took_after_it_was_read_is_no_difference(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(1)
    send(real_broker, topic, *(structured(id=f"t-{number}") for number in range(10)))
    record(settings_of(real_broker, topic), log)
    delete_up_to(real_broker, topic, 4)

    found = held(real_broker, topic, log)

    assert found.is_proved
    assert counts(found) == {"recorded": 6}
    assert found.partitions[0].begin == 4


def test_what_retention_took_unread_is_lost_until_the_gap_is_recorded(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(2)
    send(real_broker, topic, structured(id="a"))
    record(settings_of(real_broker, topic), log)
    send(real_broker, topic, structured(id="b"), structured(id="c"))
    delete_up_to(real_broker, topic, 2)

    found = held(real_broker, topic, log)
    record(settings_of(real_broker, topic, allow_gap=True), log)
    mended = held(real_broker, topic, log)

    assert not found.is_proved
    assert counts(found) == {"lost": 1, "unread": 1}
    assert mended.is_proved
    assert counts(mended) == {"recorded": 1}
    assert mended.partitions[0].gaps == [Gap(1, 2, "retention")]
    assert mended.partitions[1].gaps == []


def test_topic_that_ends_before_the_position_has_lost_something(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(1)
    send(real_broker, topic, structured(id="a"))
    record(settings_of(real_broker, topic), log)
    skip_unread(real_broker, topic, log, 5)

    found = held(real_broker, topic, log)

    assert not found.is_proved
    assert counts(found) == {"recorded": 1, "beyond": 4}


def test_partition_that_was_added_waits_to_be_read(real_broker: RealBroker, log: EventLog) -> None:
    topic = real_broker.new_topic(1)
    record(settings_of(real_broker, topic), log)
    with real_broker.admin() as admin:
        admin.create_partitions({topic: 2})
    send(real_broker, topic, Sent(structured(id="a"), partition=1))

    found = held(real_broker, topic, log, now=RECEIVED_AT + timedelta(days=1))

    assert found.is_proved
    assert counts(found, 1) == {"unread": 1}
    assert found.partitions[1].position is None


def test_topic_that_was_made_again_cannot_be_held_against_the_log(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(1)
    send(real_broker, topic, structured(id="a"))
    record(settings_of(real_broker, topic), log)
    with real_broker.admin() as admin:
        admin.delete_topics([topic])
    real_broker.create_topic(topic)
    wait_until(lambda: is_known(real_broker, topic))

    with pytest.raises(RecreatedTopicError, match=r"nothing can be proved any more. Hint: "):
        held(real_broker, topic, log)


def test_on_a_broker_without_topic_ids_an_unread_partition_begins_where_it_begins() -> None:
    topic = reconcile.Topic("t", "cluster", None, (0,))
    offsets = reconcile.Offsets(begin=7, end=9)

    assert reconcile._next(topic, offsets, None) == 7
    assert reconcile._next(topic, offsets, 8) == 8


def test_partition_is_proved_unless_something_of_it_differs() -> None:
    given = dict.fromkeys(PartitionProof.__struct_fields__, 0)
    whole = PartitionProof(**{**given, "gaps": []})  # type: ignore[arg-type]

    assert whole.is_proved
    for name in ("missing", "differing", "lost", "beyond"):
        assert not PartitionProof(**{**given, "gaps": [], name: 1}).is_proved  # type: ignore[arg-type]


def is_known(broker: RealBroker, topic: str) -> bool:
    """Whether the broker has heard of a topic that was made a moment ago."""
    with broker.admin() as admin, suppress(UnknownTopicOrPartitionError):
        return bool(find_topic(admin, topic).partitions)
    return False


def delete_up_to(broker: RealBroker, topic: str, offset: int) -> None:
    with broker.admin() as admin:
        admin.delete_records({TopicPartition(topic, 0): offset})
