"""Reports out of a warm cache, in a cold process, at ten million touchpoints; and against others.

Two made-up cities, one a tenth of the other, each recorded, projected and read once: that first
read, which fills the cache, is timed apart. Then every run is a process of its own. The peers get
the log as one Parquet file and are asked for the core of a report alone: DuckDB flows, variants,
times, repeats and a funnel; pm4py what it can of these. They run in an environment of their own,
made with `benchmarks/peers/requirements.txt`; without it, or with --no-peers, they are left out.
Linking is not asked of them: a touchpoint without a case counts to its person.
"""

import json
import math
import os
import subprocess
import sys
import time
import venv
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from rounds import Target, finish, parser, ratios

from delivery.settings import read_settings
from journeys.event_log import EventLog
from projections.rows import touchpoint_chunks

if TYPE_CHECKING:
    from collections.abc import Callable

PEERS = Path(__file__).parent / "peers"
SERVICE = "varaamo-booking"  # of the six, the one with most visits
MEBIBYTE = 1 << 20


class City(NamedTuple):
    """A made-up city, recorded, projected and read once."""

    data: Path
    touchpoints: int
    first_read_s: float


class Run(NamedTuple):
    """One process: how long, and how much memory at most."""

    seconds: float
    peak: float = 0.0


def main() -> None:
    told = parser(__doc__, size=1_261_000, rounds=3)
    told.add_argument("--no-peers", action="store_true", help="leave DuckDB and pm4py out")
    told.add_argument("--keep", type=Path, help="a folder for the cities, to use again")
    asked = told.parse_args()
    with TemporaryDirectory() as thrown_away:
        folder = asked.keep or Path(thrown_away)
        small, large = (city(folder, journeys) for journeys in (asked.size // 10, asked.size))
        peers = None if asked.no_peers else environment(folder)
        runs = take_runs(small, large, peers, folder=folder, rounds=asked.rounds)
    report(runs, small, large, check=asked.check)


def report(runs: dict[str, list[Run]], small: City, large: City, *, check: bool) -> None:
    """Put the figures beside the targets of DESIGN's performance companion."""
    seconds = {name: [run.seconds for run in taken] for name, taken in runs.items()}
    seconds |= {"first read, which fills the cache": [large.first_read_s]}
    growth = large.touchpoints / small.touchpoints
    added = large.touchpoints - small.touchpoints
    one, every = seconds["report of one service, JSON"], seconds["reports of six services, JSON"]
    tenth = seconds["reports of six services, a tenth"]
    peaks = [
        [run.peak for run in runs[name]]
        for name in ("reports of six services, JSON", "reports of six services, a tenth")
    ]
    html = [more - less for more, less in zip(seconds["the same as HTML"], one, strict=True)]
    targets = [
        Target("seconds, JSON of one service", one, 2.0, at_most=True),
        Target("seconds, JSON of six services", every, 5.0, at_most=True),
        Target("seconds more for HTML", html, 3.0, at_most=True),
        Target("MiB of HTML", [runs["the same as HTML"][0].peak / MEBIBYTE], 2.0, at_most=True),
        Target(
            "growth exponent of six services",
            [math.log(ratio, growth) for ratio in ratios(every, tenth)],
            1.05,
            at_most=True,
        ),
        Target(
            "bytes of memory a touchpoint",
            [(much - little) / added for much, little in zip(*peaks, strict=True)],
            120,
            at_most=True,
        ),
    ]
    core = seconds["core of the reports"]
    for peer, times in (("duckdb", 4.0), ("pm4py", 20.0)):
        if peer in seconds:
            targets.append(Target(f"times {peer}, core", ratios(seconds[peer], core), times))
            targets.append(
                Target(f"times {peer}, whole reports", ratios(seconds[peer], every), 1.0)
            )
    finish("report", seconds=seconds, touchpoints=large.touchpoints, targets=targets, check=check)


def take_runs(
    small: City, large: City, peers: Path | None, *, folder: Path, rounds: int
) -> dict[str, list[Run]]:
    """Let everybody take turns; the log for the peers is written before."""
    ours = (sys.executable, str(PEERS / "polku_tasks.py"))
    contestants: dict[str, Callable[[], Run]] = {
        "report of one service, JSON": lambda: command("json", large, folder),
        "the same as HTML": lambda: command("html", large, folder),
        "reports of six services, JSON": lambda: told_by(*ours, "reports", large.data),
        "reports of six services, a tenth": lambda: told_by(*ours, "reports", small.data),
        "core of the reports": lambda: told_by(*ours, "core", large.data),
    }
    if peers:
        log = raw_log(large, folder / "log.parquet")
        for peer in ("duckdb", "pm4py"):
            contestants[peer] = partial(told_by, peers, PEERS / f"{peer}_tasks.py", log)
    runs: dict[str, list[Run]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, take in contestants.items():
            runs[name].append(take())
    return runs


def city(folder: Path, journeys: int) -> City:
    """Make a city up, unless it is there, and read it for the first time."""
    data = folder / f"city-{journeys}"
    truth = data / "truth.json"
    if not truth.exists():
        polku("ingest", "city", "--data", str(data), "--journeys", str(journeys))
        polku("project", "--data", str(data))
        with EventLog.open(log_of(data)) as log:
            touchpoints = sum(map(len, touchpoint_chunks(log, until=log.head())))
        truth.write_text(json.dumps({"touchpoints": touchpoints}), encoding="utf-8")
    for file in (data / "cache").glob("*/*/*"):
        file.unlink()
    first = told_by(sys.executable, PEERS / "polku_tasks.py", "reports", data)
    return City(data, json.loads(truth.read_text("utf-8"))["touchpoints"], first.seconds)


def log_of(data: Path) -> str:
    """Where the log of a data folder is."""
    return read_settings(data=data, environment={}).log_url


def environment(folder: Path) -> Path:
    """Make the environment of the peers; return its Python."""
    home = folder / "peers"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "-r", PEERS / "requirements.txt"]
        subprocess.run(install, check=True)
    return python


def raw_log(large: City, path: Path) -> Path:
    """Write the log in the order of its arrival as one Parquet file."""
    if not path.exists():
        with EventLog.open(log_of(large.data)) as log:
            chunks = [
                chunk.select(
                    "service",
                    "id",
                    "name",
                    "channel",
                    case=pl.coalesce("case", "person"),
                    moment="occurred_at",
                )
                for chunk in touchpoint_chunks(log, until=log.head())
            ]
        pl.concat(chunks).write_parquet(path)
    return path


def command(form: str, large: City, folder: Path) -> Run:
    """One `polku report`, from its start to its end; for `peak` the size of its answer."""
    answer = folder / f"answer.{form}"
    begun = time.perf_counter()
    with answer.open("wb") as file:
        polku("report", SERVICE, "--format", form, "--data", str(large.data), to=file.fileno())
    return Run(time.perf_counter() - begun, answer.stat().st_size)


def polku(*words: str, to: int = subprocess.DEVNULL) -> None:
    main = "from delivery.cli import main; main()"
    subprocess.run([sys.executable, "-c", main, *words], check=True, stdout=to)


def told_by(*words: str | Path) -> Run:
    """Run what tells its seconds, and its peak of memory if it likes."""
    environment = {**os.environ, "PYTHONPATH": str(PEERS.parent.parent)}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return Run(*map(float, done.stdout.split()[-2:]))


if __name__ == "__main__":
    main()
