"""What the log refuses, or does not answer to, is read again; nothing twice, nothing lost."""

from collections.abc import Generator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ingest.sources import RawBatch, RawRecord
from ingest.stream import Services, run_stream
from ingest.stream_counters import StreamCounters
from journeys.batches import Appended, Batch
from journeys.errors import LogAwayError, LogError, SourceError
from journeys.event_log import EventLog, SourcePosition
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES, service, structured
from tests.ingest.streams import ids

NAME = "kafka/c/t/0"


class Tape:
    """A stream of numbered messages, two a batch; goes back to the log's position when refused."""

    def __init__(self, log: EventLog, length: int) -> None:
        self.counters = StreamCounters()
        self.confirmed: list[int] = []
        self.refusals = 0
        self._log = log
        self._length = length
        self._at: int | None = None
        self.ends_with: Exception | None = None

    def polls(self) -> Generator[Sequence[RawBatch]]:
        while True:
            yield ()
            if self._at is None:
                self._at = self._log.position_of(NAME) or 0
            while self._at is not None and self._at < self._length:
                before, self._at = self._at, self._at + 2
                records = [RawRecord(n, structured(id=f"evt-{n:02}")) for n in (before, before + 1)]
                position = SourcePosition(NAME, self._at, before or None)
                yield [RawBatch("kafka:t/0", records, positions=[position])]
            if self.ends_with:
                raise self.ends_with
            yield ()
            if self._at is not None:
                return

    def recorded(self, positions: Sequence[SourcePosition]) -> None:
        self.confirmed += [position.next for position in positions]

    def refused(self, positions: Sequence[SourcePosition]) -> None:
        assert positions
        self.refusals += 1
        self._at = None


class TroubledLog:
    """A log that fails now and then, before or after it has stored a batch."""

    def __init__(self, log: EventLog, **troubles: Exception) -> None:
        self._log = log
        self._troubles = troubles
        self._appends = 0

    def append(self, batch: Batch, *, positions: Sequence[SourcePosition]) -> Appended:
        self._appends += 1
        self._raise(f"before_{self._appends}")
        appended = self._log.append(batch, positions=positions)
        self._raise(f"after_{self._appends}")
        return appended

    def head(self) -> int:
        self._raise("head")
        return self._log.head()

    def _raise(self, when: str) -> None:
        if when in self._troubles:
            raise self._troubles.pop(when)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._log, name)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.patience.FIRST_WAIT_S", 0.001)


def run(tape: Tape, log: Any, **more: Any) -> Any:  # noqa: ANN401
    settings = {
        "services": SERVICES,
        "pseudonyms": PSEUDONYMS,
        "clock": lambda: RECEIVED_AT,
        "stop": Event(),
        "say": lambda _words: None,
    }
    return run_stream(tape, log, **{**settings, **more})


def expected(length: int) -> list[str]:
    return [f"evt-{number:02}" for number in range(length)]


@pytest.mark.parametrize("when", ["before_2", "after_2", "before_5", "after_1"])
def test_log_that_is_away_for_a_moment_loses_and_doubles_nothing(tmp_path: Path, when: str) -> None:
    with EventLog.open(tmp_path / "log.db") as log:
        tape = Tape(log, 10)
        said: list[str] = []
        troubled = TroubledLog(log, **{when: LogAwayError("gone")})

        result = run(tape, troubled, say=said.append)

        assert ids(log) == expected(10)
        assert log.position_of(NAME) == 10
    assert tape.counters.store_waits >= 1
    assert result.read == (10 if when.startswith("before") else 8)


def test_wait_for_the_log_is_said(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "log.db") as log:
        said: list[str] = []
        troubled = TroubledLog(log, head=LogAwayError("log there: no answer"))
        run(Tape(log, 2), troubled, say=said.append)
    assert said == [
        "the log does not answer: log there: no answer. Trying until it does.",
        "the log answers again.",
    ]


def test_run_that_is_told_to_stop_does_not_wait_for_the_log(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "log.db") as log:
        stop = Event()
        stop.set()
        result = run(Tape(log, 2), TroubledLog(log, head=LogAwayError("no answer")), stop=stop)
    assert result.read == 0


def test_stream_that_another_writer_has_moved_goes_on_behind_it(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "log.db") as log:
        tape = Tape(log, 10)

        class Racing(TroubledLog):
            def append(self, batch: Batch, *, positions: Sequence[SourcePosition]) -> Appended:
                if self._appends == 1:
                    moved = Tape(log, 6)
                    run(moved, log)
                return super().append(batch, positions=positions)

        run(tape, Racing(log))

        assert ids(log) == expected(10)
    assert tape.counters.fenced >= 1
    assert tape.confirmed[-1] == 10


def test_log_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "log.db") as log, pytest.raises(LogError, match="full"):
        run(Tape(log, 4), TroubledLog(log, before_1=LogError("the disk is full")))


def test_what_was_read_before_a_stream_failed_is_recorded(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "log.db") as log:
        tape = Tape(log, 4)
        tape.ends_with = SourceError("torn")
        with pytest.raises(SourceError, match="torn"):
            run(tape, log)
        assert ids(log) == expected(4)


def test_definitions_that_change_are_recorded_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.stream.LOOK_AGAIN_S", 0.0)
    newer: list[Services | None] = [
        None,
        {**SERVICES, "another": (service("another"),)},
    ]
    with EventLog.open(tmp_path / "log.db") as log:
        result = run(Tape(log, 10), log, changed_services=lambda: newer.pop(0) if newer else None)
        assert "another" in log.definitions()
        assert ids(log) == expected(10)
    assert result.definitions == 4
