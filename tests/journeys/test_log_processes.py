"""Several processes, and processes that are killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint

NOW = datetime.fromisoformat("2026-11-20T12:00:00Z")
ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from datetime import UTC, datetime
from journeys.event_log import EventLog, SourcePosition
from journeys.touchpoint import Touchpoint

path, source, batches, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
now = datetime(2026, 11, 20, tzinfo=UTC)
with EventLog.open(path) as log:
    at = log.position_of(source)
    while (at or 0) < batches * size:
        numbers = range(at or 0, (at or 0) + size)
        log.append_batch(
            [
                Touchpoint(source=source, id=str(n), service="a", occurred_at=now, name="form")
                for n in numbers
            ],
            recorded_at=now,
            positions=[SourcePosition(source, numbers.stop, at)],
        )
        at = numbers.stop
        print(at, flush=True)
"""


def writer(url: str, source: str, *, batches: int, size: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, source, str(batches), str(size)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def recorded(log: EventLog, source: str) -> list[int]:
    frame = log.read_touchpoints()
    return sorted(int(i) for i in frame.filter(source=source)["id"])


def test_several_processes_write_one_log_while_another_reads(log_url: str) -> None:
    writers = [writer(log_url, f"s{n}", batches=40, size=25) for n in range(3)]

    lengths = []
    with EventLog.open(log_url) as log:
        while any(process.poll() is None for process in writers):
            lengths.append(len(log.read_touchpoints()))
        errors = [process.communicate()[1] for process in writers]

        assert errors == ["", "", ""]
        assert lengths == sorted(lengths)
        assert all(length % 25 == 0 for length in lengths)
        assert [recorded(log, f"s{n}") for n in range(3)] == [list(range(1000))] * 3


@pytest.mark.parametrize("after", [0.0, 0.003, 0.01])
def test_a_killed_writer_leaves_whole_batches_and_goes_on_where_it_was(
    log_url: str, after: float
) -> None:
    killed = writer(log_url, "s", batches=400, size=250)
    assert killed.stdout is not None
    killed.stdout.readline()
    time.sleep(after)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    with EventLog.open(log_url) as log:
        position = log.position_of("s")
        assert position is not None
        assert position % 250 == 0
        assert recorded(log, "s") == list(range(position))

    finished = writer(log_url, "s", batches=position // 250 + 2, size=250)
    _, errors = finished.communicate()

    with EventLog.open(log_url) as log:
        assert errors == ""
        assert recorded(log, "s") == list(range(position + 500))


def test_what_is_written_after_a_columnar_read_is_seen_by_other_processes(
    log: EventLog, log_url: str, touchpoint: Callable[..., Touchpoint]
) -> None:
    log.append_batch([touchpoint(1)], recorded_at=NOW)
    log.read_touchpoints()
    log.append_batch([touchpoint(2)], recorded_at=NOW)

    count = (
        "import sys; from journeys.event_log import EventLog; "
        "print(EventLog.open(sys.argv[1]).head())"
    )
    other = subprocess.run(
        [sys.executable, "-c", count, log_url],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert other.stdout == "2\n"


def test_importing_the_log_loads_nothing_heavy() -> None:
    program = (
        "import sys, journeys.event_log; "
        "print({'polars', 'yaml', 'psycopg', 'sqlalchemy'} & set(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert loaded.stdout == "set()\n"
