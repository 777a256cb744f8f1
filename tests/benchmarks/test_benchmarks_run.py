"""Each benchmark runs, on a city too small to tell anything, and writes what it says it writes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("script", "name", "size"),
    [
        ("recording", "ingest", "600"),
        ("rebuilding", "rebuild", "600"),
        ("start_up", "start_up", "1"),
    ],
)
def test_benchmark_runs_and_writes_its_figures(script: str, name: str, size: str) -> None:
    result = HOUSE / "benchmarks" / "results" / f"{name}.json"
    kept = result.read_bytes() if result.exists() else None
    command = [sys.executable, f"benchmarks/{script}.py", "--size", size, "--rounds", "1"]

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
