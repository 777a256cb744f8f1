"""A client that sits still although there are records is made anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaConnectionError, KafkaError, LogTruncationError, OffsetOutOfRangeError

from ingest.kafka import KafkaSettings, KafkaSource
from journeys.errors import SourceError, TruncatedTopicError
from journeys.event_log import EventLog
from tests.ingest.messages import structured
from tests.ingest.streams import Run, gaps, ids, record

PART = TopicPartition("topic", 0)


class FakeConsumer:
    """A partition of five records; what each poll does is told beforehand."""

    def __init__(self, polls: list[Any]) -> None:
        self.polls = polls
        self.at = 0
        self.closed = False

    def assign(self, parts: Sequence[TopicPartition]) -> None:
        self.parts = set(parts)

    def assignment(self) -> set[TopicPartition]:
        return self.parts

    def beginning_offsets(self, parts: Sequence[TopicPartition], **_: Any) -> dict[Any, int]:  # noqa: ANN401
        return dict.fromkeys(parts, 0)

    def end_offsets(self, parts: Sequence[TopicPartition], **_: Any) -> dict[Any, int]:  # noqa: ANN401
        return dict.fromkeys(parts, 5)

    def seek(self, _part: TopicPartition, offset: int) -> None:
        self.at = offset

    def position(self, _part: TopicPartition, **_: Any) -> int:  # noqa: ANN401
        return self.at

    def highwater(self, _part: TopicPartition) -> int:
        return 5

    def poll(self, **_: Any) -> dict[TopicPartition, list[Any]]:  # noqa: ANN401
        told = self.polls.pop(0) if self.polls else 5
        if isinstance(told, Exception):
            raise told
        offsets, self.at = range(self.at, max(self.at, told)), max(self.at, told)
        records = [
            SimpleNamespace(offset=n, value=structured(id=f"evt-{n}"), headers=[]) for n in offsets
        ]
        return {PART: records} if records else {}

    def close(self, **_: Any) -> None:  # noqa: ANN401
        self.closed = True


class FakeAdmin:
    """One topic of one partition."""

    def __init__(self, errors: list[int]) -> None:
        self.errors = errors

    def describe_cluster(self) -> dict[str, str]:
        return {"cluster_id": "cluster"}

    def describe_topics(self, topics: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "error_code": self.errors.pop(0) if self.errors else 0,
                "name": topics[0],
                "topic_id": "772a5a3a-2037-49f0-a19f-f22e35d2938f",
                "partitions": [{"partition_index": 0}],
            }
        ]

    def close(self) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class FakeSettings(KafkaSettings):
    """Hands out one consumer after the other, each with its polls."""

    lives: list[Any] = field(default_factory=list)
    made: list[FakeConsumer] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)

    def consumer(self) -> Any:  # noqa: ANN401
        life = self.lives.pop(0) if self.lives else []
        if isinstance(life, Exception):
            raise life
        self.made.append(FakeConsumer(life))
        return self.made[-1]

    def admin(self) -> Any:  # noqa: ANN401
        return FakeAdmin(self.looks)


def fake(*lives: list[Any] | KafkaError, **more: Any) -> FakeSettings:  # noqa: ANN401
    return FakeSettings(
        bootstrap="nowhere:1",
        topic="topic",
        lives=list(lives),
        **{"until_end": True, "stall_s": 0.0, **more},
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.kafka.WAIT_S", (0.0, 0.0))
    monkeypatch.setattr("ingest.patience.FIRST_WAIT_S", 0.001)


def recorded(settings: FakeSettings, folder: Path) -> Run:
    with EventLog.open(folder / "log.db") as log:
        run = record(settings, log)
        assert ids(log) == [f"evt-{n}" for n in range(5)]
        return run


def test_client_that_sits_still_is_made_anew(tmp_path: Path) -> None:
    settings = fake([3, 3, 3], [])

    run = recorded(settings, tmp_path)

    assert (run.counters.stalls, run.counters.reconnects) == (1, 1)
    assert [consumer.closed for consumer in settings.made] == [True, True]
    assert "2 records wait, and none came" in run.said[0]


def test_client_with_nothing_to_read_is_left_alone(tmp_path: Path) -> None:
    settings = fake([5, 5, 5, 5], until_end=False)
    stop = Event()
    with EventLog.open(tmp_path / "log.db") as log:
        source = KafkaSource(settings, log.position_of, stop=stop)
        for number, _ in enumerate(source.polls()):
            if number == 20:
                stop.set()
    assert source.counters.stalls == 0
    assert len(settings.made) == 1


def test_error_of_the_client_is_said_and_the_client_made_anew(tmp_path: Path) -> None:
    run = recorded(fake([2, KafkaConnectionError("gone")], []), tmp_path)

    assert run.counters.reconnects == 1
    assert "KafkaConnectionError: gone. Connecting anew." in run.said[0]


def test_broker_that_is_away_is_waited_for(tmp_path: Path) -> None:
    away = KafkaConnectionError("111 ECONNREFUSED")

    run = recorded(fake(away, away, away, []), tmp_path)

    assert [said.partition(" at ")[2] for said in run.said] == [
        (
            "nowhere:1 does not answer: KafkaConnectionError: 111 ECONNREFUSED. Trying until it "
            "does. Hint: check the address nowhere:1, and POLKU_KAFKA_SECURITY_PROTOCOL: does it "
            "want TLS (SSL or SASL_SSL), or no TLS?"
        ),
        "nowhere:1 answers again.",
    ]


def test_position_the_broker_does_not_have_is_looked_up_anew(tmp_path: Path) -> None:
    run = recorded(fake([2, OffsetOutOfRangeError({PART: 2}), 5]), tmp_path)

    assert run.counters.reconnects == run.counters.gaps == 0


def test_truncation_that_the_broker_tells_of_ends_the_run_or_becomes_a_gap(tmp_path: Path) -> None:
    truncated = LogTruncationError({PART: None})
    with EventLog.open(tmp_path / "log.db") as log:
        with pytest.raises(TruncatedTopicError):
            record(fake([3, truncated]), log)
        run = record(fake([truncated, 5], allow_gap=True), log)
        assert gaps(log) == [(0, 3, 3, "truncated")]
    assert run.result.recorded == 2


def test_topic_that_is_gone_ends_the_run_and_a_broker_that_starts_does_not(tmp_path: Path) -> None:
    unknown = 3
    with EventLog.open(tmp_path / "log.db") as log:
        record(fake([2, 2, 2, 5], look_s=0.0, stall_s=9.0, looks=[0, unknown, unknown]), log)
        with pytest.raises(SourceError, match="UnknownTopicOrPartitionError"):
            record(
                fake([], look_s=0.0, stall_s=9.0, until_end=False, looks=[0, *[unknown] * 3]), log
            )
