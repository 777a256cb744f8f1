"""Batches go into the log one after the other, whichever thread puts them there."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.pipeline import Progress
from ingest.sources import RawBatch, RawRecord
from journeys.batches import Appended, Batch
from journeys.errors import FencedError, LogError, SourceError
from journeys.event_log import EventLog, SourcePosition
from tests.ingest.messages import RECEIVED_AT
from tests.ingest.test_pipeline import Batches, Ticking, good, ingest


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened


def test_clock_is_asked_once_for_each_batch(log: EventLog) -> None:
    clock = Ticking()
    ahead = good(2, time="2026-11-18T12:03:00Z")  # a day and three minutes after the start
    source = Batches(
        RawBatch("x", [RawRecord(1, good(1)), RawRecord(2, ahead)]),
        RawBatch("x", [RawRecord(3, ahead)]),
    )

    result = ingest(source, log, clock=clock)

    assert result.rejected == {"time_out_of_range": 1}
    assert result.recorded == 2
    assert log.newest_recorded_at() == clock.now == RECEIVED_AT + timedelta(minutes=3)


def test_progress_is_told_after_each_batch(log: EventLog) -> None:
    told: list[Progress] = []
    source = Batches(
        RawBatch("x", [RawRecord(1, good(1)), RawRecord(2, b"{")], done=0.5),
        RawBatch("x", [RawRecord(3, good(1)), RawRecord(4, good(2))], done=None),
    )

    ingest(source, log, progress=told.append)

    assert told == [Progress(2, 1, 0.5), Progress(4, 2, None)]


def test_positions_move_with_their_batch(log: EventLog) -> None:
    source = Batches(
        RawBatch("x", [RawRecord(0, good(1))], positions=[SourcePosition("x", 1, None)]),
        RawBatch("x", [], positions=[SourcePosition("x", 5, 1)]),
    )

    ingest(source, log)

    assert log.position_of("x") == 5


def test_batch_of_a_writer_that_was_overtaken_is_not_stored(log: EventLog) -> None:
    source = Batches(
        RawBatch("x", [RawRecord(0, good(1))], positions=[SourcePosition("x", 1, None)]),
        RawBatch("x", [RawRecord(9, good(2))], positions=[SourcePosition("x", 10, 9)]),
    )

    with pytest.raises(FencedError):
        ingest(source, log)

    assert log.read_touchpoints().height == 1


def test_stream_is_asked_for_more_once_its_batch_is_stored(log: EventLog) -> None:
    found = []

    class Stream:
        def batches(self) -> Iterator[RawBatch]:
            for number in range(4):
                position = SourcePosition("x", number + 1, number or None)
                yield RawBatch("x", [RawRecord(number, good(number))], positions=[position])
                found.append((log.position_of("x"), log.head()))

    ingest(Stream(), log, record_definitions=False)

    assert found == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_nothing_is_stored_behind_a_batch_that_failed(log: EventLog) -> None:
    class FullAtThird:
        """A log whose disk is full for a moment."""

        def __init__(self) -> None:
            self.calls = 0
            self.head, self.rejections = log.head, log.rejections

        def append(self, batch: Batch, **settings: Any) -> Appended:  # noqa: ANN401
            self.calls += 1
            if self.calls == 3:
                raise LogError("log: the disk is full")
            return log.append(batch, **settings)

    lines = [RawBatch("x", [RawRecord(n, good(n))]) for n in range(1, 20)]
    told: list[Progress] = []

    with pytest.raises(LogError, match="the disk is full"):
        ingest(Batches(*lines), FullAtThird(), record_definitions=False, progress=told.append)

    assert log.read_touchpoints()["id"].to_list() == ["evt-1", "evt-2"]
    assert [progress.recorded for progress in told] == [1, 2]


def test_what_was_read_before_a_source_failed_is_stored(log: EventLog) -> None:
    class Torn:
        def batches(self) -> Iterator[RawBatch]:
            for number in range(8):
                yield RawBatch("x", [RawRecord(number, good(number))])
            raise SourceError("file x: input/output error")

    with pytest.raises(SourceError):
        ingest(Torn(), log)

    assert log.read_touchpoints().height == 8


def test_threads_take_turns_as_before_once_a_run_is_over(log: EventLog) -> None:
    before = sys.getswitchinterval()

    def fail(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(Batches(RawBatch("x", [RawRecord(1, good(1))])), log, progress=fail)

    assert sys.getswitchinterval() == before
