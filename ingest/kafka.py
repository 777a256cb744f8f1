"""A Kafka topic as a source: each record once, whatever dies in between.

The position in the log is the truth. It moves by compare-and-swap in the transaction of the records
read from it; what Kafka remembers of a group is a hint for dashboards. A process that has lost a
partition, and does not know it yet, records nothing of it: it is *fenced*, forgets where it was,
and looks its place up anew (`kafka_session`).

Without a group one process reads every partition. With one, several share them; each time the group
is divided anew, all places are looked up.

A broker that is away is waited for. Should the client sit still although there are records, it is
closed and made anew: the place is in the log.
"""

import random
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from threading import Event

from kafka import errors as kafka_errors

from ingest.kafka_records import read_range
from ingest.kafka_session import MadeAgainError, Session
from ingest.kafka_settings import KafkaSettings
from ingest.kafka_topic import ANSWER, Positions, explained, is_away
from ingest.patience import StoppedError, patiently, until_the_log_answers
from ingest.sources import RawBatch
from ingest.stream_counters import StreamCounters
from journeys.event_log import SourcePosition

__all__ = ["KafkaSettings", "KafkaSource", "read_range"]

WAIT_S = (0.5, 2.0)
"""How long to wait before a client is made anew, at random: not in step with others."""


def _say_nothing(_words: str) -> None:
    """Nobody listens."""


class KafkaSource:
    """One topic, read from where the log says it was left.

    Attributes:
        counters: What has become of it so far; shared with `run_stream`.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        positions: Positions,
        *,
        counters: StreamCounters | None = None,
        say: Callable[[str], None] = _say_nothing,
        stop: Event | None = None,
    ) -> None:
        """Name the topic; nothing is connected yet.

        Args:
            settings: Which topic, and how to read it.
            positions: Looks up a position in the log.
            counters: Where to count; own ones by default.
            say: Told what an operator should know.
            stop: Set to end the run between two batches.
        """
        self.counters = counters or StreamCounters()
        self._settings = settings
        self._look_up = positions
        self._say = say
        self._stop = stop or Event()
        self._ends: dict[int, int] | None = None
        self._session: Session | None = None
        self._begun = False

    def polls(self) -> Generator[Sequence[RawBatch]]:
        """Read on from the log's positions, the batches of one transaction together.

        There are none where nothing has come: before the next are asked for then, everything
        yielded must be in the log or refused.

        Raises:
            SourceError: The topic cannot be read, or records are missing.
        """
        with suppress(StoppedError):
            while not self._stop.is_set():
                session = self._session = self._connected()
                try:
                    yield from self._read(session)
                    if self._has_ended(session):
                        return
                except MadeAgainError:
                    pass  # what is to be done then is found out at the beginning of a session
                except kafka_errors.KafkaError as error:
                    if not is_away(error):
                        raise explained(error, self._settings) from error
                    self._say(f"{self._what}: {error}. Connecting anew.")
                finally:
                    self._session = None
                    session.close()
                yield ()
                if not self._stop.wait(random.uniform(*WAIT_S)):  # noqa: S311 - no secret
                    self.counters.reconnects += 1

    def recorded(self, positions: Sequence[SourcePosition]) -> None:
        """Learn that a batch is in the log."""
        if self._session is not None:
            self._session.recorded(positions)

    def refused(self, positions: Sequence[SourcePosition]) -> None:
        """Learn that a batch is not in the log: its partitions are looked up and read anew."""
        self._begun = False
        if self._session is not None:
            self._session.refused(positions)

    @property
    def _what(self) -> str:
        return f"topic {self._settings.topic} at {self._settings.bootstrap}"

    def _positions(self, name: str) -> int | None:
        return until_the_log_answers(lambda: self._look_up(name), stop=self._stop, say=self._say)

    def _connected(self) -> Session:
        def connect() -> Session:
            return Session(self._settings, self._positions, self.counters, self._say)

        self._begun = False
        try:
            return patiently(
                connect,
                is_away=is_away,
                stop=self._stop,
                say=self._say,
                what=self._what,
                hint=ANSWER.format(bootstrap=self._settings.bootstrap),
            )
        except kafka_errors.KafkaError as error:
            raise explained(error, self._settings) from error

    def _read(self, session: Session) -> Iterator[Sequence[RawBatch]]:
        """Read with one client until it must be made anew, or the run ends."""
        moved = time.monotonic()
        while not self._stop.is_set():
            if not self._begun:
                yield from self._begin(session)
            if session.unplaced():
                yield ()
                yield session.place()
            batches = session.poll()
            yield from _transactions(batches)
            if not batches:
                yield session.over_markers()
                if self._has_ended(session):
                    return
            if batches or time.monotonic() - moved > self._settings.stall_s:
                moved = time.monotonic()
                if not batches and self._is_stalled(session):
                    return
            if not session.is_same_topic():
                return
        yield ()

    def _begin(self, session: Session) -> Iterator[Sequence[RawBatch]]:
        yield ()
        if self._settings.until_end and self._ends is None:
            self._ends = session.ends()
        self._begun = True
        batch = session.begin()
        if batch is not None:
            yield [batch]
            yield ()

    def _has_ended(self, session: Session) -> bool:
        return self._stop.is_set() or (self._ends is not None and session.has_read(self._ends))

    def _is_stalled(self, session: Session) -> bool:
        waiting = session.waiting()
        if waiting:
            self._say(
                f"{self._what}: {waiting:,} records wait, and none came for "
                f"{self._settings.stall_s:.0f} s. Connecting anew."
            )
            self.counters.stalls += 1
        return waiting > 0


def _transactions(batches: Sequence[RawBatch]) -> Iterator[Sequence[RawBatch]]:
    """Put batches of different partitions together, one of each."""
    while batches:
        first: dict[str, RawBatch] = {}
        for batch in batches:
            first.setdefault(batch.origin, batch)
        yield list(first.values())
        batches = [batch for batch in batches if first[batch.origin] is not batch]
