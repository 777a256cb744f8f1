"""Runs that go on until they are told to stop."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def told_to_stop() -> Iterator[Event]:
    """An event that SIGTERM and Ctrl-C set; a second Ctrl-C ends the process as ever."""
    stop = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before[signal.SIGINT])

    numbers = (signal.SIGTERM, signal.SIGINT)
    before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {
        number: signal.signal(number, handle) for number in numbers
    }
    try:
        yield stop
    finally:
        for number in numbers:
            signal.signal(number, before[number])
