"""What happens to a topic behind the reader's back, and what producers put into it."""

import random
import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from kafka import KafkaProducer

from ingest.kafka import KafkaSettings
from ingest.kafka_topic import find_topic
from ingest.retry import Retried, retry, topic_reader
from journeys.errors import RecreatedTopicError, RetentionGapError
from journeys.event_log import EventLog
from tests.brokers import RealBroker
from tests.faults.matrix import Ledger
from tests.faults.proofs import proof_of
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES, service, structured
from tests.ingest.streams import Sent, gaps, ids, record, rejected, send, settings_of, wait_until
from tests.ingest.test_kafka import delete_before, transaction
from tests.ingest.test_pipeline import BAD_LINES, good

pytestmark = pytest.mark.xdist_group("kafka")

PARTITIONS = 2
GOOD = [f"evt-{number}" for number in range(20)]
NEW, LEARNT = "nobody-knows-yet", ["evt-501", "evt-502"]
"""A service that is defined later, and what was sent of it before."""
POISON = [
    (reason, line)
    for reason, lines in BAD_LINES.items()
    if reason not in {"conflict", "too_large"}  # the broker itself would refuse 2 MB
    for line in lines
]


def numbered(begin: int, end: int) -> list[str]:
    return [f"evt-{number:05}" for number in range(begin, end)]


def sent(chosen: random.Random, id_: str, **changes: object) -> Sent:
    """A message in a partition drawn at random."""
    return Sent(structured(id=id_, **changes), partition=chosen.randrange(PARTITIONS))


@pytest.mark.row(10)
def test_log_restored_from_an_older_copy_catches_up(
    real_broker: RealBroker, tmp_path: Path, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic(PARTITIONS)
    settings = settings_of(real_broker, topic, group="restored", batch_records=7)
    kept, older = tmp_path / "log.db", tmp_path / "older.db"
    first, all_of_them = chosen.randint(1, 40), 60
    send(real_broker, topic, *(sent(chosen, id_) for id_ in numbered(0, first)))
    with EventLog.open(kept) as log:
        record(settings, log)
    shutil.copy(kept, older)
    send(real_broker, topic, *(sent(chosen, id_) for id_ in numbered(first, all_of_them)))
    with EventLog.open(kept) as log:
        record(settings, log)

    with EventLog.open(older) as log:
        run = record(settings, log)
        ledger.made += 1
        ledger.settle(numbered(0, all_of_them), ids(log))

    assert run.result.recorded == all_of_them - first
    assert any("the log is an older copy. Reading again from" in said for said in run.said)


@pytest.mark.row(11)
def test_records_deleted_unread_are_never_passed_over_silently(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic()
    settings = settings_of(real_broker, topic)
    read = chosen.randint(1, 20)
    deleted = chosen.randint(read + 1, 40)
    send(real_broker, topic, *map(message, numbered(0, read)))
    record(settings, log)
    send(real_broker, topic, *map(message, numbered(read, 40)))
    delete_before(real_broker, topic, deleted)

    with pytest.raises(RetentionGapError, match=rf"{deleted - read:,} offsets were deleted"):
        record(settings, log)
    ledger.settle(numbered(0, read), ids(log))
    record(settings_of(real_broker, topic, allow_gap=True), log)

    ledger.made += 1
    assert gaps(log) == [(0, read, deleted, "retention")]
    ledger.settle(numbered(0, read) + numbered(deleted, 40), ids(log))


def message(id_: str) -> bytes:
    return structured(id=id_)


@pytest.mark.row(12)
def test_topic_made_again_is_noticed_whatever_it_holds(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic(PARTITIONS)
    before, after = chosen.randint(1, 30), chosen.randint(1, 30)
    send(real_broker, topic, *(sent(chosen, id_) for id_ in numbered(0, before)))
    record(settings_of(real_broker, topic), log)
    with real_broker.admin() as admin:
        admin.delete_topics([topic])
    real_broker.create_topic(topic, PARTITIONS)
    overlap = chosen.randint(0, before)
    again = numbered(overlap, before + after)
    send(real_broker, topic, *(sent(chosen, id_) for id_ in again))

    with pytest.raises(RecreatedTopicError, match="made again under its name"):
        record(settings_of(real_broker, topic), log)
    ledger.settle(numbered(0, before), ids(log))
    run = record(settings_of(real_broker, topic, allow_gap=True), log)

    ledger.made += 1
    assert [gap[3] for gap in gaps(log)] == ["recreated"] * PARTITIONS
    assert run.result.duplicates == before - overlap
    ledger.settle(numbered(0, before + after), ids(log))


@pytest.mark.row(13)
def test_what_transactions_took_back_is_not_recorded_whenever_it_is_read(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic()
    committed: list[str] = []
    number = 0
    with closing(
        KafkaProducer(bootstrap_servers=real_broker.bootstrap, transactional_id=topic)
    ) as producer:
        producer.init_transactions()
        for _ in range(6):
            some = numbered(number, number + chosen.randint(1, 5))
            number += len(some)
            commits = chosen.random() < 0.5
            transaction(producer, topic, *map(message, some), commits=commits)
            committed += some if commits else []
            ledger.made += not commits
            if chosen.random() < 0.3:
                record(settings_of(real_broker, topic, batch_records=3), log)
    record(settings_of(real_broker, topic, batch_records=3), log)

    ledger.settle(committed, ids(log))
    with real_broker.admin() as admin:
        name = find_topic(admin, topic).position_name(0)
    assert log.position_of(name) == number + 6  # each transaction leaves a mark behind it


@pytest.mark.row(14)
def test_messages_sent_again_are_counted_and_dropped(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topics = [real_broker.new_topic(PARTITIONS) for _ in range(2)]
    wanted = numbered(0, 30)
    copies = [id_ for id_ in wanted for _ in range(chosen.randint(1, 3))]
    chosen.shuffle(copies)
    at = chosen.randint(0, len(copies))
    duplicates = 0
    for topic, part in zip(topics, (copies[:at], copies[at:]), strict=True):
        send(real_broker, topic, *(sent(chosen, id_) for id_ in part))
        batch = chosen.choice([1, 5, 50])
        run = record(settings_of(real_broker, topic, batch_records=batch), log)
        duplicates += run.result.duplicates

    ledger.made += duplicates
    assert duplicates == len(copies) - len(wanted)
    ledger.settle(wanted, ids(log))


@pytest.mark.row(15)
def test_second_content_of_an_id_is_in_quarantine(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic()
    first = numbered(0, 25)
    messages = [(id_, "web") for id_ in first]
    second = {id_: chosen.randint(26, 60) for id_ in chosen.sample(first, 8)}
    messages += [(id_, "phone") for id_ in sorted(second, key=second.__getitem__)]
    send(real_broker, topic, *(structured(id=i, data={"channel": c}) for i, c in messages))
    run = record(settings_of(real_broker, topic, batch_records=chosen.choice([1, 5, 50])), log)

    ledger.made += run.result.conflicts
    assert rejected(log) == [(f"kafka:{topic}/0", 25 + n, "conflict") for n in range(8)]
    assert set(log.read_touchpoints()["channel"].cast(str)) == {"web"}
    ledger.settle(first, ids(log))


@pytest.mark.row(17)
def test_poison_is_kept_aside_with_coordinates_that_find_it_again(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic(PARTITIONS)
    settings = settings_of(real_broker, topic, batch_records=chosen.choice([1, 7, 100]))
    records = [(None, good(number)) for number in range(20)]
    records += [chosen.choice(POISON) for _ in range(12)]
    records += [("unknown_service", good(int(id_[4:]), subject=NEW)) for id_ in LEARNT]
    records += [(None, spoilt(chosen, good(100 + n))) for n in range(4)]
    chosen.shuffle(records)
    placed = [Sent(line, partition=chosen.randrange(PARTITIONS)) for _, line in records]
    send(real_broker, topic, *placed)

    run = record(settings, log)

    at: Counter[int] = Counter()
    where: dict[tuple[str, int], str | None] = {}
    for (reason, _), one in zip(records, placed, strict=True):
        where[f"kafka:{topic}/{one.partition}", at[one.partition]] = reason
        at[one.partition] += 1
    found = {(origin, place): reason for origin, place, reason in rejected(log)}
    ledger.made += len(found)
    poisoned = [place for place, reason in where.items() if reason is not None]
    ledger.settle(poisoned, [place for place in found if place in poisoned])
    assert all(where[place] in {reason, None} for place, reason in found.items())
    assert run.result.read == len(records)

    outcomes = Counter(one.outcome for one in retried(settings, log))

    known = {"stored": len(LEARNT), "refused": len(found) - len(LEARNT)}
    assert outcomes == known  # all are read again, by their coordinates alone
    ledger.settle(GOOD + LEARNT, [id_ for id_ in ids(log) if id_ in GOOD + LEARNT])
    assert proof_of(settings, log).is_proved


def retried(settings: KafkaSettings, log: EventLog) -> list[Retried]:
    """Read what is in quarantine again, now that one more service is known."""
    return retry(
        log.rejections(unresolved=True),
        log,
        reader_of=lambda refused: topic_reader(settings, int(refused.origin[-1])),
        services={**SERVICES, NEW: (service(NEW),)},
        pseudonyms=PSEUDONYMS,
        clock=lambda: RECEIVED_AT,
    )


def spoilt(chosen: random.Random, line: bytes) -> bytes:
    """A good message with one byte replaced."""
    at = chosen.randrange(len(line))
    return line[:at] + bytes([chosen.randrange(256)]) + line[at + 1 :]


@pytest.mark.row(23)
def test_partitions_added_are_read_from_their_first_record(
    real_broker: RealBroker, log: EventLog, ledger: Ledger, chosen: random.Random
) -> None:
    topic = real_broker.new_topic()
    stop = Event()
    group = "grown" if chosen.random() < 0.5 else None
    settings = settings_of(real_broker, topic, until_end=False, look_s=0.1, group=group)
    running = Thread(target=lambda: record(settings, log, stop=stop))
    whole, partitions = 40, 1
    begun = chosen.randint(1, 10)
    send(real_broker, topic, *map(message, numbered(0, begun)))
    if chosen.random() < 0.3:  # else they are there before it starts again
        running.start()
        wait_until(lambda: len(ids(log)) == begun)
    else:
        record(settings_of(real_broker, topic), log)
    partitions += chosen.randint(1, 4)
    with real_broker.admin() as admin:
        admin.create_partitions({topic: partitions})
    rest = [(id_, chosen.randrange(partitions)) for id_ in numbered(begun, whole)]
    send(real_broker, topic, *(Sent(message(id_), partition=n) for id_, n in rest))
    if not running.ident:
        running.start()
    try:
        wait_until(lambda: len(ids(log)) >= whole)
    finally:
        stop.set()
        running.join()

    ledger.made += 1
    ledger.settle(numbered(0, whole), ids(log))
    assert gaps(log) == []
