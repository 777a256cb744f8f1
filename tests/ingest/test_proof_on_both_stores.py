"""Quarantine, retry and proof are the same whichever database keeps the log."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from ingest.files import JsonLinesSource
from ingest.retry import Retried, lines_reader, retry
from journeys.event_log import EventLog
from journeys.proof import (
    differing_from_recorded,
    look_for_misplaced,
    recorded_gaps,
    rejected_streams,
)
from journeys.records import SourceGapRecorded
from journeys.resolutions import dismiss, rejection_at, resolution_of
from journeys.rows import row_of, touchpoint_rows
from tests.brokers import MockBroker, RealBroker
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES, accepted, structured
from tests.ingest.streams import Sent, record, send, settings_of
from tests.ingest.test_pipeline import ingest
from tests.ingest.test_reconcile import counts, held, skip_unread

pytestmark = pytest.mark.xdist_group("kafka")

BOOKINGS = {"varaamo-booking": SERVICES["varaamo-booking"]}
GRANTS = [structured(id=f"g-{number}", subject="city-grant-application") for number in range(20)]


@pytest.fixture
def url(store_urls: tuple[str, str]) -> str:
    return store_urls[0]


@pytest.fixture
def log(url: str) -> Iterator[EventLog]:
    with EventLog.open(url) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path, log: EventLog) -> Path:
    """A file that was read while nobody knew of grants; its last line is no message."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([*GRANTS, b"not json"]) + b"\n")
    ingest(JsonLinesSource([path]), log, services=BOOKINGS)
    return path


def tried(log: EventLog, file: Path) -> list[Retried]:
    return retry(
        log.rejections(unresolved=True),
        log,
        reader_of=lambda _: lines_reader(file),
        services=SERVICES,
        pseudonyms=PSEUDONYMS,
        clock=lambda: RECEIVED_AT,
    )


def test_two_at_once_store_what_waits_once(url: str, log: EventLog, file: Path) -> None:
    outcomes: list[str] = []

    def again() -> None:
        with EventLog.open(url) as own:
            outcomes.extend(one.outcome for one in tried(own, file))

    threads = [Thread(target=again) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(outcomes) <= {"stored", "refused"}
    assert log.read_touchpoints().height == len(GRANTS)
    (left,) = log.rejections(unresolved=True)
    assert left.rejection.reason == "payload_not_json"
    assert [looked.misplaced for looked in look_for_misplaced(log)] == [[]]


def test_dismissal_and_settlement_are_found_again(log: EventLog, file: Path) -> None:
    tried(log, file)
    (left,) = log.rejections(unresolved=True)

    dismissed = dismiss(log, [left], why="unwanted", recorded_at=RECEIVED_AT)
    again = dismiss(log, log.rejections(), why="lost", recorded_at=RECEIVED_AT)

    assert (dismissed, again) == (1, 0)
    assert log.rejections(unresolved=True) == []
    found = [resolution_of(log, rejection_at(log, item.position)) for item in log.rejections()]
    assert [resolution and resolution.how for resolution in found] == [
        *["retried"] * len(GRANTS),
        "dismissed",
    ]


def test_what_the_log_proves_of_itself(log: EventLog, file: Path) -> None:
    one, other = accepted(structured(id="a")), accepted(structured(id="a", data={"channel": "sms"}))
    log.append_batch([one], recorded_at=RECEIVED_AT)
    log.retract(one.source, recorded_at=RECEIVED_AT)
    log.append_batch([one], recorded_at=RECEIVED_AT)
    gap = SourceGapRecorded(
        source="kafka/c/t/0", topic="t", partition=0, begin=1, end=None, reason="recreated"
    )
    (row,) = touchpoint_rows([one], recorded_at=RECEIVED_AT)
    recorder = log.application.recorder
    with recorder.writing() as c:
        recorder.insert_rows(c, [row_of(gap, recorded_at=RECEIVED_AT), ("f" * 32, *row[1:])])
    stream = log.rejections()[0].rejection.originator_id.hex

    assert file.exists()
    assert differing_from_recorded(log, [one, other, accepted(GRANTS[0])]) == [
        [],
        ["channel"],
        None,
    ]
    assert rejected_streams(log, [stream, "0" * 32]) == {stream}
    assert [(found.begin, found.end) for found in recorded_gaps(log, "t")] == [(1, None)]
    assert [at for looked in look_for_misplaced(log) for at in looked.misplaced] == [log.head()]


def test_topic_is_held_against_the_log(broker: RealBroker | MockBroker, log: EventLog) -> None:
    topic = broker.new_topic(4)
    same = structured(id="same")
    send(broker, topic, same, b"no", Sent(same, partition=1))
    record(settings_of(broker, topic), log)
    whole = held(broker, topic, log)
    send(broker, topic, structured(id="skipped"))
    skip_unread(broker, topic, log, 3)
    lacking = held(broker, topic, log)

    assert whole.is_proved
    assert counts(whole) == {"recorded": 1, "quarantined": 1}
    assert counts(whole, 1) == {"duplicates": 1}
    assert counts(lacking) == {"recorded": 1, "quarantined": 1, "missing": 1}
