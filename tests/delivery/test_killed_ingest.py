"""Ingest killed at any moment and run again: the log holds what an undisturbed run holds."""

import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.city import SyntheticCity, write_city
from journeys.event_log import EventLog
from tests.delivery.stores import Store

pytestmark = pytest.mark.xdist_group("killed-files")

COMMAND = (sys.executable, "-c", "from delivery.cli import main; main()", "ingest", "files")
BROKEN = b'{"specversion": "1.0"}\nnot json at all\n'

Kept = tuple[pl.DataFrame, list[tuple[str, int, str]]]


def ingest(file: Path, at: tuple[object, ...], *, killed_after: float | None = None) -> float:
    """Run the command, perhaps kill it; how long it ran."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, str(file), *map(str, at)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=killed_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return time.perf_counter() - begun


def kept(log: EventLog) -> Kept:
    """What the log holds, but for when and where it was put."""
    with log:
        touchpoints = log.read_touchpoints().drop("position").sort("source", "id")
        rejections = sorted(
            (r.rejection.origin, r.rejection.place, r.rejection.reason) for r in log.rejections()
        )
    return touchpoints, rejections


class Undisturbed:
    """A file, the seconds it takes, the key it was read with, and what came of it."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store = store
        self.file = folder / "city.jsonl"
        city = SyntheticCity(seed=5, until=date(2026, 6, 1), journeys=2_000)
        write_city(city, self.file)
        with self.file.open("ab") as file:
            file.write(BROKEN)
        data = folder / "data"
        self.seconds = ingest(self.file, store.at(data))
        self.key = (data / "pseudonym.key").read_text()
        self.kept = kept(store.log(data))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"), store)


def kill_and_run_again(undisturbed: Undisturbed, data: Path, share: float) -> None:
    data.mkdir()
    (data / "pseudonym.key").write_text(undisturbed.key)

    at = undisturbed.store.at(data)

    ingest(undisturbed.file, at, killed_after=undisturbed.seconds * share)
    ingest(undisturbed.file, at)

    touchpoints, rejections = kept(undisturbed.store.log(data))
    assert touchpoints.equals(undisturbed.kept[0])
    assert rejections == undisturbed.kept[1]
    assert len(rejections) == 2


@pytest.mark.parametrize("share", [0.7])
def test_ingest_killed_and_run_again_records_all_of_it_once(
    undisturbed: Undisturbed, tmp_path: Path, share: float
) -> None:
    kill_and_run_again(undisturbed, tmp_path / "data", share)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_ingest_killed_at_any_moment_records_all_of_it_once(
    undisturbed: Undisturbed, tmp_path: Path, seed: int
) -> None:
    kill_and_run_again(
        undisturbed, tmp_path / "data", float(np.random.default_rng(seed).uniform(0.1, 1.0))
    )
