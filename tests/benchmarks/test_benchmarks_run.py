"""Each benchmark runs, on a city too small to tell anything, and writes what it says it writes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks import rounds
from benchmarks.rounds import Target, finish, ratios, take_turns
from tests.brokers import RealBroker

HOUSE = Path(__file__).parents[2]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("script", "name", "size"),
    [
        ("recording", "ingest", "600"),
        ("rebuilding", "rebuild", "600"),
        ("start_up", "start_up", "1"),
    ],
)
def test_benchmark_runs_and_writes_its_figures(script: str, name: str, size: str) -> None:
    run(script, name, "--size", size)


def test_benchmark_of_reports_runs_and_writes_its_figures() -> None:
    run("reporting", "report", "--size", "1200", "--no-peers")


@pytest.mark.xdist_group("kafka")
def test_benchmark_of_the_stream_runs_and_writes_its_figures(real_broker: RealBroker) -> None:
    run("streaming", "stream", "--size", "300", "--bootstrap", real_broker.bootstrap)


def run(script: str, name: str, *options: str) -> None:
    result = HOUSE / "benchmarks" / "results" / f"{name}.json"
    kept = result.read_bytes() if result.exists() else None
    command = [sys.executable, f"benchmarks/{script}.py", *options, "--rounds", "1"]

    done = subprocess.run(
        command,
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "target" in done.stdout
    assert json.loads(result.read_text())["targets"]
    if kept is not None:
        result.write_bytes(kept)


def test_contestants_take_turns() -> None:
    order: list[str] = []

    def contestant(name: str, seconds: float) -> tuple[str, Callable[[], float]]:
        return name, lambda: order.append(name) or seconds  # type: ignore[func-returns-value]

    seconds = take_turns(dict([contestant("a", 3.0), contestant("b", 2.0)]), 2)

    assert order == ["a", "b", "a", "b"]
    assert ratios(*seconds.values()) == [1.5, 1.5]


@pytest.mark.parametrize(
    ("bound", "at_most", "met"),
    [(0.7, False, True), (0.7, True, True), (0.8, False, False), (0.6, True, False)],
)
def test_checked_run_fails_where_a_median_misses_its_target(
    bound: float,
    at_most: bool,  # noqa: FBT001 - a column of the table above
    met: bool,  # noqa: FBT001
    results: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    targets = [Target("of the limit", [0.5, 0.9, 0.7], bound, at_most=at_most)]

    def run(*, check: bool) -> None:
        finish("x", seconds={"ours": [1.0]}, touchpoints=10, targets=targets, check=check)

    run(check=False)
    with nullcontext() if met else pytest.raises(SystemExit, match="1"):
        run(check=True)

    assert ("MISSED" in capsys.readouterr().out) is not met
    assert json.loads((results / "x.json").read_text())["targets"][0]["met"] is met
