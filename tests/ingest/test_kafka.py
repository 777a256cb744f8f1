"""A topic into the log: whatever is in it, each record once, or in quarantine with its offset."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from kafka import KafkaProducer, TopicPartition

from ingest.kafka import read_range
from ingest.kafka_topic import find_topic
from journeys.errors import RecreatedTopicError, RetentionGapError, SourceError, TruncatedTopicError
from journeys.event_log import EventLog, SourcePosition
from tests.brokers import MockBroker, RealBroker
from tests.ingest.messages import RECEIVED_AT, binary, event, structured
from tests.ingest.streams import (
    Sent,
    gaps,
    ids,
    record,
    rejected,
    send,
    settings_of,
    wait_until,
)
from tests.ingest.test_pipeline import BAD_LINES, good

pytestmark = pytest.mark.xdist_group("kafka")

Broker = RealBroker | MockBroker


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened


def numbered(numbers: range, **changes: object) -> list[bytes]:
    return [structured(id=f"evt-{number:05}", **changes) for number in numbers]


def identified(numbers: range) -> list[str]:
    return [f"evt-{number:05}" for number in numbers]


def test_topic_is_recorded_once_however_often_it_is_read(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    messages = numbered(range(100))
    send(broker, topic, *(Sent(m, partition=n % 4) for n, m in enumerate(messages)))

    first = record(settings_of(broker, topic), log)
    again = record(settings_of(broker, topic), log)
    send(broker, topic, *numbered(range(100, 130)))
    more = record(settings_of(broker, topic, batch_records=7), log)

    assert (first.result.recorded, again.result.read, more.result.recorded) == (100, 0, 30)
    assert ids(log) == identified(range(130))
    assert more.counters.recorded == 30
    assert more.result.position == log.head()


def test_members_of_a_group_leave_off_where_they_were(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, *numbered(range(50)))

    first = record(settings_of(broker, topic, group="readers"), log)
    send(broker, topic, *numbered(range(50, 60)))
    again = record(settings_of(broker, topic, group="readers", instance="one"), log)

    assert (first.result.recorded, again.result.recorded) == (50, 10)
    assert first.counters.fenced == again.counters.fenced == 0


def test_group_and_no_group_share_one_position(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    send(broker, topic, *numbered(range(20)))

    record(settings_of(broker, topic), log)
    grouped = record(settings_of(broker, topic, group="late"), log)

    assert grouped.result.read == 0


def test_both_modes_of_a_message_and_its_headers_are_read(broker: Broker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    headers, value = binary(event(id="binary"))
    structured_headers = [("content-type", b"application/cloudevents+json")]
    send(
        broker,
        topic,
        Sent(value, [(name, text or b"") for name, text in headers]),
        Sent(structured(id="structured"), structured_headers),
        structured(id="bare"),
    )

    record(settings_of(broker, topic), log)

    assert ids(log) == ["bare", "binary", "structured"]


def test_copies_in_other_partitions_are_dropped_and_contradictions_kept_aside(
    broker: Broker, log: EventLog
) -> None:
    topic = broker.new_topic(4)
    same = structured(id="same")
    other = structured(id="same", data={"touchpoint": "other"})
    send(broker, topic, *(Sent(same, partition=n) for n in range(4)))
    first = record(settings_of(broker, topic), log)
    send(broker, topic, Sent(other, partition=3))
    second = record(settings_of(broker, topic), log)

    assert (first.result.recorded, first.result.duplicates) == (1, 3)
    assert second.result.conflicts == 1
    assert rejected(log) == [(f"kafka:{topic}/3", 1, "conflict")]


def test_poison_is_in_quarantine_with_its_offset_and_the_partition_goes_on(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(2, max_message_bytes="3000000")
    bad: list[tuple[str, bytes | None]] = [
        (reason, line) for reason, lines in BAD_LINES.items() for line in lines
    ]
    bad.append(("tombstone", None))
    records: list[Sent] = [Sent(good(2), partition=1)]
    for number, (_, line) in enumerate(bad):
        records += [Sent(line, partition=1), Sent(good(1000 + number), partition=1)]
    client = {"max_request_size": 3_000_000}
    with closing(settings_of(real_broker, topic, client=client).producer()) as producer:
        for sent in records:
            producer.send(topic, sent.value, key=b"key", partition=1)

    run = record(settings_of(real_broker, topic), log)

    assert run.result.recorded == 1 + len(bad)
    assert rejected(log) == sorted(
        (f"kafka:{topic}/1", 1 + 2 * number, reason) for number, (reason, _) in enumerate(bad)
    )
    assert sum(run.counters.rejected.values()) + run.counters.conflicts == len(bad)


def transaction(producer: KafkaProducer, topic: str, *messages: bytes, commits: bool) -> None:
    producer.begin_transaction()
    for message in messages:
        producer.send(topic, message, partition=0)
    producer.flush()
    if commits:
        producer.commit_transaction()
    else:
        producer.abort_transaction()


def test_what_a_transaction_took_back_is_not_recorded_and_offsets_may_be_missing(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic()
    one, two, three, four = numbered(range(4))
    with closing(
        KafkaProducer(bootstrap_servers=real_broker.bootstrap, transactional_id=topic)
    ) as producer:
        producer.init_transactions()
        transaction(producer, topic, one, commits=True)
        transaction(producer, topic, two, commits=False)
        transaction(producer, topic, three, commits=True)
        first = record(settings_of(real_broker, topic), log)
        transaction(producer, topic, four, commits=False)
        second = record(settings_of(real_broker, topic), log)

    (name,) = positions_named(real_broker, topic, log)
    assert ids(log) == ["evt-00000", "evt-00002"]
    assert (first.result.read, second.result.read) == (2, 0)
    assert log.position_of(name) == 8  # behind the last mark, though no record is there


def positions_named(broker: RealBroker, topic: str, log: EventLog) -> list[str]:
    """The names of the positions of a topic's partitions that the log has."""
    with broker.admin() as admin:
        found = find_topic(admin, topic)
    names = [found.position_name(partition) for partition in found.partitions]
    return [name for name in names if log.position_of(name) is not None]


def test_records_deleted_unread_end_the_run_or_become_a_gap(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic()
    send(real_broker, topic, *numbered(range(10)))
    record(settings_of(real_broker, topic), log)
    send(real_broker, topic, *numbered(range(10, 30)))
    delete_before(real_broker, topic, 25)

    with pytest.raises(RetentionGapError, match=r"up to offset 10, and begins at 25.*--allow-gap"):
        record(settings_of(real_broker, topic), log)
    assert gaps(log) == []
    run = record(settings_of(real_broker, topic, allow_gap=True), log)
    record(settings_of(real_broker, topic), log)

    assert gaps(log) == [(0, 10, 25, "retention")]
    assert run.counters.gaps == 1
    assert ids(log) == identified(range(10)) + identified(range(25, 30))


def delete_before(broker: RealBroker, topic: str, offset: int) -> None:
    with broker.admin() as admin:
        admin.delete_records({TopicPartition(topic, 0): offset})


def test_what_was_gone_before_the_first_run_is_no_gap(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic()
    send(real_broker, topic, *numbered(range(10)))
    delete_before(real_broker, topic, 4)

    run = record(settings_of(real_broker, topic), log)

    assert (run.result.recorded, gaps(log)) == (6, [])


def test_topic_that_ends_before_its_position_ends_the_run_or_becomes_a_gap(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic()
    send(real_broker, topic, *numbered(range(10)))
    record(settings_of(real_broker, topic), log)
    (name,) = positions_named(real_broker, topic, log)
    log.append_batch([], recorded_at=RECEIVED_AT, positions=[SourcePosition(name, 40, 10)])

    with pytest.raises(TruncatedTopicError, match=r"up to offset 40, and ends at 10.*--allow-gap"):
        record(settings_of(real_broker, topic), log)
    record(settings_of(real_broker, topic, allow_gap=True), log)
    send(real_broker, topic, *numbered(range(10, 12)))
    record(settings_of(real_broker, topic), log)

    assert gaps(log) == [(0, 10, 40, "truncated")]
    assert ids(log) == identified(range(12))


def test_topic_made_again_ends_the_run_or_is_read_from_its_beginning(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(2)
    send(real_broker, topic, *numbered(range(10)))
    record(settings_of(real_broker, topic), log)
    with real_broker.admin() as admin:
        admin.delete_topics([topic])
    real_broker.create_topic(topic, 2)
    send(real_broker, topic, *numbered(range(8, 30)))

    with pytest.raises(RecreatedTopicError, match=r"made again under its name.*--allow-gap"):
        record(settings_of(real_broker, topic), log)
    run = record(settings_of(real_broker, topic, allow_gap=True), log)
    record(settings_of(real_broker, topic), log)

    assert gaps(log) == [(0, 10, None, "recreated"), (1, 0, None, "recreated")]
    assert (run.result.recorded, run.result.duplicates) == (20, 2)
    assert ids(log) == identified(range(30))


@pytest.mark.parametrize("made_again", [True, False])
def test_topic_that_goes_while_it_is_read_ends_the_run(
    real_broker: RealBroker, log: EventLog, *, made_again: bool
) -> None:
    topic = real_broker.new_topic()
    send(real_broker, topic, *numbered(range(5)))
    stop = Event()
    settings = settings_of(real_broker, topic, until_end=False, look_s=0.2)
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(record, settings, log, stop=stop)
        try:
            wait_until(lambda: len(ids(log)) == 5)
            with real_broker.admin() as admin:
                admin.delete_topics([topic])
            if made_again:
                real_broker.create_topic(topic)
                send(real_broker, topic, *numbered(range(5, 9)))
            error = running.exception(timeout=30)
        finally:
            stop.set()

    assert isinstance(error, RecreatedTopicError if made_again else SourceError), error
    assert "Hint: " in str(error)
    assert ids(log) == identified(range(5))


def test_store_restored_from_an_older_copy_reads_again_from_its_own_position(
    real_broker: RealBroker, tmp_path: Path
) -> None:
    topic = real_broker.new_topic()
    settings = settings_of(real_broker, topic, group="restored")
    send(real_broker, topic, *numbered(range(10)))
    with EventLog.open(tmp_path / "log.db") as log:
        record(settings, log)
    shutil.copy(tmp_path / "log.db", tmp_path / "older.db")
    send(real_broker, topic, *numbered(range(10, 30)))
    with EventLog.open(tmp_path / "log.db") as log:
        record(settings, log)

    with EventLog.open(tmp_path / "older.db") as log:
        run = record(settings, log)

        assert ids(log) == identified(range(30))
    assert any("the log is an older copy. Reading again from 10" in said for said in run.said)


def test_partition_added_while_running_is_read_from_its_first_record(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic()
    send(real_broker, topic, *numbered(range(5)))
    stop = Event()
    settings = settings_of(real_broker, topic, until_end=False, look_s=0.2)
    running = Thread(target=lambda: record(settings, log, stop=stop))
    running.start()
    try:
        wait_until(lambda: len(ids(log)) == 5)
        with real_broker.admin() as admin:
            admin.create_partitions({topic: 3})
        send(real_broker, topic, *(Sent(m, partition=2) for m in numbered(range(5, 9))))
        wait_until(lambda: len(ids(log)) == 9)
    finally:
        stop.set()
        running.join()


def test_range_of_offsets_is_read_again_without_what_was_taken_back(
    real_broker: RealBroker,
) -> None:
    topic = real_broker.new_topic()
    with closing(
        KafkaProducer(bootstrap_servers=real_broker.bootstrap, transactional_id=topic)
    ) as producer:
        producer.init_transactions()
        transaction(producer, topic, *numbered(range(3)), commits=True)
        transaction(producer, topic, *numbered(range(3, 5)), commits=False)
        transaction(producer, topic, *numbered(range(5, 7)), commits=True)

    settings = settings_of(real_broker, topic)
    found = list(read_range(settings, 0, 1, 100))

    assert [raw.place for raw in found] == [1, 2, 7, 8]
    assert [json.loads(raw.value or b"")["id"] for raw in found][:2] == ["evt-00001", "evt-00002"]
    assert [raw.place for raw in read_range(settings, 0, 2, 7)] == [2, 7]


def test_topic_that_is_not_there_ends_the_run_with_a_hint(
    real_broker: RealBroker, log: EventLog
) -> None:
    with pytest.raises(SourceError, match=r"topic nope .*UnknownTopicOrPartition.*Hint: "):
        record(settings_of(real_broker, "nope"), log)
