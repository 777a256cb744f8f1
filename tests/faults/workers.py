"""Ingest in processes of its own that die, sleep and wake where they are told to.

They are forked from a server that has imported all they need (`multiprocessing`'s fork server), so
that each costs hundredths of a second and hundreds can be killed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Event
from typing import Any, Self

from ingest.kafka import KafkaSettings
from ingest.patience import until_the_log_answers
from journeys.batches import Appended, Batch
from journeys.event_log import EventLog, SourcePosition
from tests.ingest.streams import Run, record

_context = get_context("forkserver")
_context.set_forkserver_preload(
    [
        "tests.faults.workers",
        *("delivery.commands.project", "projections.runner"),
        *("journeys.migrations", "journeys.postgres_recorder"),
    ]
)

PATIENCE_S = 30
"""How long a process may take to end before the test fails."""


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What befalls a process by itself.

    Attributes:
        batch: From the moment that it wants to append this batch, the first being 1; 0: from the
            beginning, before it opens the log.
        calls: After so many calls of functions, in any thread, it kills itself; None: never.
        sleeps: It stops itself (SIGSTOP) at once, before it touches the log.
    """

    batch: int = 0
    calls: int | None = None
    sleeps: bool = False


UNTOUCHED = Fate()


class Worker:
    """A process that does a job; a context manager that leaves nothing behind."""

    def __init__(self, job: Callable[..., Any], *words: Any) -> None:  # noqa: ANN401
        """Start it: `job(*words)`, whose result is what `result` gives."""
        self._answer, theirs = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_work, args=(theirs, job, words))
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process.pid is not None
        return self._process.pid

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Tell it to stop."""
        self.send_signal(signal.SIGTERM)

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def is_asleep(self) -> bool:
        """Whether it is stopped; a process that has ended is not, and fails the test."""
        assert self.is_running(), f"it has ended: {self._said()}"
        return _state_of(self.pid) == "T"

    def wait(self) -> int:
        """Wait until it has ended; its exit code, or the negative number of the signal."""
        self._process.join(PATIENCE_S)
        assert self._process.exitcode is not None, f"it has not ended within {PATIENCE_S} s"
        return self._process.exitcode

    def was_killed(self) -> bool:
        """Wait until it has ended; whether it was by SIGKILL, and not well."""
        code = self.wait()
        assert code in {0, -signal.SIGKILL}, f"it ended with {code}: {self._said()}"
        return code != 0

    def result(self) -> Any:  # noqa: ANN401
        """Wait for what it has to say in the end; an error of its own is raised here."""
        assert self._answer.poll(PATIENCE_S), f"nothing came of it within {PATIENCE_S} s"
        told = self._answer.recv()
        self.wait()
        if isinstance(told, BaseException):
            raise told
        return told

    def _said(self) -> object:
        return self._answer.recv() if self._answer.poll() else "nothing"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._process.close()
        self._answer.close()


def ingest(settings: KafkaSettings, url: str, fate: Fate = UNTOUCHED) -> Worker:
    """Record a topic in a process of its own; its result is a `Run`. SIGTERM tells it to stop."""
    return Worker(_ingest, settings, url, fate)


def _ingest(settings: KafkaSettings, url: str, fate: Fate) -> Run:
    hurry()
    if not fate.batch and fate.calls is not None:
        die_after(fate.calls)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with ExitStack() as stack:
        log = until_the_log_answers(
            lambda: stack.enter_context(EventLog.open(url)), stop=stop, say=lambda _words: None
        )
        return record(settings, FatedLog(log, fate), stop=stop)  # type: ignore[arg-type]


def hurry() -> None:
    """Wait shorter than an installation does: there are hundreds of seeds."""
    from ingest import kafka, patience  # noqa: PLC0415 - as modules, to change what they hold

    kafka.WAIT_S = (0.0, 0.1)
    patience.FIRST_WAIT_S = 0.02
    patience.LONGEST_WAIT_S = 1.0


class FatedLog:
    """A log that lets its process meet its fate at a batch."""

    def __init__(self, log: EventLog, fate: Fate) -> None:
        self._log = log
        self._fate = fate
        self._batches = 0

    def append(self, batch: Batch, *, positions: Sequence[SourcePosition] = ()) -> Appended:
        self._batches += 1
        if self._batches == self._fate.batch:
            if self._fate.sleeps:
                os.kill(os.getpid(), signal.SIGSTOP)
                time.sleep(0.05)  # other threads stop a moment later than the one that is signalled
            if self._fate.calls is not None:
                die_after(self._fate.calls)
        return self._log.append(batch, positions=positions)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._log, name)


def die_after(calls: int) -> None:
    """Kill this process after so many calls of functions, Python's or C's, in all its threads."""
    left = calls

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile_all_threads(count) if sys.version_info >= (3, 12) else None
    threading.setprofile(count)
    sys.setprofile(count)


def _state_of(pid: int) -> str:
    told = subprocess.run(
        ["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout[:1]


def _work(answer: Connection, job: Callable[..., Any], words: Sequence[Any]) -> None:
    try:
        told = job(*words)
    except Exception as error:
        answer.send(error)
        raise
    answer.send(told)
