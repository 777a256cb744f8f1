"""Poison of every kind on a topic: the partition goes on, and what can be mended is stored later.

The decoder of the day before is played by one that refuses whatever has a word in it.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka import TopicPartition

from ingest.cloudevents import TouchpointDecoder
from ingest.rejections import REASONS, Rejection
from ingest.retry import Reader, Retried, retry, topic_reader
from ingest.sources import Headers
from journeys.event_log import EventLog
from journeys.records import TouchpointRejected
from journeys.touchpoint import Touchpoint
from tests.brokers import RealBroker
from tests.delivery.test_bad_files import BAD
from tests.ingest.messages import (
    MISSING,
    PSEUDONYMS,
    RECEIVED_AT,
    SERVICES,
    binary,
    event,
    structured,
)
from tests.ingest.streams import Headers as Sent
from tests.ingest.streams import ids, record, rejected, send, settings_of
from tests.ingest.test_pipeline import BAD_LINES

pytestmark = pytest.mark.xdist_group("kafka")

LARGEST = {"max_request_size": 4_000_000}


class Poison(NamedTuple):
    """A record that cannot be stored, and why."""

    reason: str
    value: bytes | None
    headers: Sent = ()


def in_binary(**changes: object) -> tuple[Sent, bytes]:
    headers, value = binary(event(id="poison", **changes))  # type: ignore[arg-type]
    return [(name, text or b"") for name, text in headers], value


def binary_poison() -> Iterator[Poison]:
    headers, value = in_binary()
    yield Poison("payload_not_json", b"not json", headers)
    yield Poison("payload_not_json", b"\xff\xfe\x00", headers)
    yield Poison("tombstone", None, headers)
    yield Poison("naive_time", value, in_binary(time="2026-11-17T09:14:05")[0])
    yield Poison("missing_time", value, in_binary(time=MISSING)[0])
    yield Poison("unknown_service", value, in_binary(subject="nobody-knows")[0])
    yield Poison("unsupported_specversion", value, in_binary(specversion="0.3")[0])


POISON = [
    Poison("tombstone", None),
    Poison("payload_not_json", b""),
    Poison("too_large", b'{"pad": "' + b"x" * 2_000_000 + b'"}'),
    Poison("payload_not_json", b"\x00" * 1_000),
    *(
        Poison(reason, line)
        for reason, line in (*((r, line) for r, lines in BAD_LINES.items() for line in lines), *BAD)
        if reason != "conflict"
    ),
    *binary_poison(),
    Poison("conflict", structured(id="good-000", data={"touchpoint": "other"})),
]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened


def good(number: int) -> bytes:
    return structured(id=f"good-{number:03}")


def tried(
    broker: RealBroker, topic: str, log: EventLog, *, reader: Reader | None = None
) -> list[Retried]:
    def reader_of(rejection: TouchpointRejected) -> Reader:
        partition = int(rejection.origin.rpartition("/")[2])
        return reader or topic_reader(settings_of(broker, topic), partition)

    return retry(
        log.rejections(unresolved=True),
        log,
        reader_of=reader_of,
        services=SERVICES,
        pseudonyms=PSEUDONYMS,
        clock=lambda: RECEIVED_AT,
    )


def old_decoder(monkeypatch: pytest.MonkeyPatch, word: bytes) -> pytest.MonkeyPatch:
    """Let the decoder refuse whatever has a word in it."""
    decode = TouchpointDecoder.decode

    def refuse(
        self: TouchpointDecoder, headers: Headers, value: bytes | None, now: datetime
    ) -> Touchpoint | Rejection:
        if word in (value or b""):
            return Rejection("bad_row", "data: a field that this release does not know")
        return decode(self, headers, value, now)

    monkeypatch.setattr(TouchpointDecoder, "decode", refuse)
    return monkeypatch


def test_poison_of_every_kind_is_quarantined_by_offset_and_stays_readable_there(
    real_broker: RealBroker, log: EventLog
) -> None:
    topic = real_broker.new_topic(2, max_message_bytes="4000000")
    with closing(settings_of(real_broker, topic, client=LARGEST).producer()) as to:
        for number, poison in enumerate(POISON):
            to.send(topic, poison.value, key=b"key", headers=list(poison.headers), partition=1)
            to.send(topic, good(number), partition=1)

    run = record(settings_of(real_broker, topic), log)
    retried = sorted(tried(real_broker, topic, log), key=lambda one: one.item.rejection.place)

    assert run.result.recorded == len(POISON)
    assert ids(log) == [f"good-{number:03}" for number in range(len(POISON))]
    assert rejected(log) == sorted(
        (f"kafka:{topic}/1", 2 * number, poison.reason) for number, poison in enumerate(POISON)
    )
    # The very bytes are read again, of all of them: the digest knows no others.
    assert [one.outcome for one in retried] == ["refused"] * (len(POISON) - 1) + ["conflict"]
    assert [one.detail.split(":")[0] for one in retried[:-1]] == [p.reason for p in POISON[:-1]]
    assert {poison.reason for poison in POISON} == set(REASONS)


def test_what_the_decoder_has_learnt_is_stored_by_a_retry_once(
    real_broker: RealBroker, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = real_broker.new_topic(2)
    headers, value = in_binary()
    new_field = structured(id="new", data={"attributes": {"tomorrow": "yes"}})
    send(real_broker, topic, good(0), new_field, b"not json", good(1))
    in_other = (topic, value.replace(b"mobile", b"tomorrow"))
    with closing(settings_of(real_broker, topic).producer()) as to:
        to.send(*in_other, headers=headers, partition=1)
    with monkeypatch.context() as patch:
        old_decoder(patch, b"tomorrow")
        record(settings_of(real_broker, topic), log)
    before = rejected(log)

    first = tried(real_broker, topic, log)
    again = tried(real_broker, topic, log)

    assert before == [
        (f"kafka:{topic}/0", 1, "bad_row"),
        (f"kafka:{topic}/0", 2, "payload_not_json"),
        (f"kafka:{topic}/1", 0, "bad_row"),
    ]
    assert sorted(one.outcome for one in first) == ["refused", "stored", "stored"]
    assert [one.outcome for one in again] == ["refused"]
    assert ids(log) == ["good-000", "good-001", "new", "poison"]


def test_topic_read_again_settles_what_it_can_by_itself(
    real_broker: RealBroker, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = real_broker.new_topic(1)
    send(real_broker, topic, structured(id="new", data={"touchpoint": "tomorrow"}))
    with monkeypatch.context() as patch:
        old_decoder(patch, b"tomorrow")
        record(settings_of(real_broker, topic), log)
    rejections = [item.rejection for item in log.rejections()]

    with EventLog.open(tmp_path / "without-positions.db") as copy:
        copy.append_batch([], rejections, recorded_at=RECEIVED_AT)
        run = record(settings_of(real_broker, topic), copy)

        assert (run.result.recorded, run.result.settled) == (1, 1)
        assert copy.rejections(unresolved=True) == []


def test_what_retention_took_is_gone(real_broker: RealBroker, log: EventLog) -> None:
    topic = real_broker.new_topic(1)
    send(real_broker, topic, b"bad", good(0), b"worse")
    record(settings_of(real_broker, topic), log)
    with real_broker.admin() as admin:
        admin.delete_records({TopicPartition(topic, 0): 2})

    retried = tried(real_broker, topic, log)

    assert [one.outcome for one in retried] == ["gone", "refused"]
