"""A log in a file: no room, no right to write, and two processes at it."""

import os
import pwd
import random
import resource
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journeys.errors import LogError
from journeys.event_log import EventLog, SourcePosition
from journeys.touchpoint import Touchpoint
from tests.faults.matrix import Ledger
from tests.faults.workers import Worker, die_after

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def append(log: EventLog, source: str, begin: int, size: int) -> None:
    """Append the next batch of a source that numbers its touchpoints."""
    numbers = range(begin, begin + size)
    log.append_batch(
        [
            Touchpoint(source=source, id=str(n), service="a", occurred_at=NOW, name="form")
            for n in numbers
        ],
        recorded_at=NOW,
        positions=[SourcePosition(source, numbers.stop, begin or None)],
    )


def write(path: Path, source: str, seed: int, until: int, calls: int | None) -> None:
    """Append batches of sizes drawn from a seed, from where the log is; perhaps die on the way."""
    chosen = random.Random(seed)  # noqa: S311 - sizes, no secret
    with EventLog.open(path) as log:
        if calls is not None:
            die_after(calls)
        at = log.position_of(source) or 0
        while at < until:
            size = min(chosen.randint(1, 40), until - at)
            append(log, source, at, size)
            at += size


def kept(log: EventLog) -> list[tuple[str, int]]:
    return [(source, int(n)) for source, n in log.read_touchpoints().select("source", "id").rows()]


def write_with_little_room(path: Path, room: int, size: int) -> tuple[int, str]:
    """Append batches until there is no room; how many touchpoints are stored, and what is said."""
    with EventLog.open(path) as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        for begin in range(0, 1_000_000, size):
            try:
                append(log, "s", begin, size)
            except LogError as error:
                return begin, str(error)
    raise AssertionError("there was room for all")


@pytest.mark.row(22)
def test_disk_without_room_stops_at_a_whole_batch_and_goes_on_with_room(
    tmp_path: Path, ledger: Ledger, chosen: random.Random
) -> None:
    path, size = tmp_path / "log.db", chosen.randint(1, 300)
    room = chosen.randint(200_000, 600_000)

    with Worker(write_with_little_room, path, room, size) as worker:
        stored, said = worker.result()

    assert "Hint: " in said
    ledger.made += 1
    with EventLog.open(path) as log:
        ledger.settle([("s", n) for n in range(stored)], kept(log))
        assert log.position_of("s") == (stored or None)
        append(log, "s", stored, size)
        ledger.settle([("s", n) for n in range(stored + size)], kept(log))


def write_without_right(path: Path) -> str:
    """Try to append as a user who may read alone; what is said."""
    if os.geteuid() == 0:
        os.setuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with EventLog.open(path) as log:
            append(log, "s", 5, 1)
    except LogError as error:
        return str(error)
    raise AssertionError("it could be written")


@pytest.mark.row(22)
def test_log_that_may_only_be_read_is_explained_and_stays_as_it_is(
    ledger: Ledger, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        with EventLog.open(path) as log:
            append(log, "s", 0, 5 + seed)
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        try:
            with Worker(write_without_right, path) as worker:
                said = worker.result()
        finally:
            Path(folder).chmod(0o755)
            path.chmod(0o644)
        ledger.made += 1
        assert "Hint: the file and its folder must be writable" in said
        with EventLog.open(path) as log:
            ledger.settle([("s", n) for n in range(5 + seed)], kept(log))


@pytest.mark.row(24)
def test_processes_at_one_log_wait_for_each_other_though_one_dies(
    tmp_path: Path, ledger: Ledger, seed: int, chosen: random.Random
) -> None:
    path, until = tmp_path / "log.db", 400
    with ExitStack() as stack:
        doomed = int(10 ** chosen.uniform(2, 4))
        workers = [
            stack.enter_context(Worker(write, path, source, seed, until, calls))
            for source, calls in (("a", None), ("b", doomed), ("c", None))
        ]
        ledger.made += sum(worker.was_killed() for worker in workers)
    with Worker(write, path, "b", seed + 1, until, None) as worker:
        worker.result()

    with EventLog.open(path) as log:
        ledger.settle([(source, n) for source in "abc" for n in range(until)], kept(log))
