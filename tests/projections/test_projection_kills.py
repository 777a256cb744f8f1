"""Killed at any statement, run again: the rows of an undisturbed run.

The process under test counts what it asks of the database of the read models, and kills itself with
SIGKILL at a given number: no handler runs, nothing is closed.
"""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from projections.runner import project, rebuild
from tests.projections.example_service import EXAMPLE_SERVICE, touchpoints
from tests.projections.stored import (
    Dump,
    begin,
    count_asked,
    dump,
    folder,
    project_in_steps,
    rebuilt,
    record,
)

pytestmark = pytest.mark.usefixtures("each_store")

ROOT = Path(__file__).parents[2]
EARLY = touchpoints("c: form.0 pay.0; p: form.10, call.12; q: form.3 call.4")
LATE = touchpoints("c: form.0 pay.0; p: form.10, call.12; q: form.3 call.4; d: pay.10 granted.11")[
    6:
]

RUN = """
import sys
from pathlib import Path
from tests.projections.test_projection_kills import run

run(sys.argv[1], Path(sys.argv[2]), until=int(sys.argv[3]))
"""


def run(job: str, data: Path, *, until: int | None = None) -> int:
    """Do a job and count its statements and commits; with `until`, die before that one."""
    with folder(data) as (log, models):
        asked = count_asked(models, until=until)
        if job == "project":
            project_in_steps(log, models, 2)
        else:
            rebuild(log, models)
        return asked()


def killed(job: str, data: Path, *, at: int) -> bool:
    """Do a job in a process of its own that kills itself; whether it did."""
    ended = subprocess.run(
        [sys.executable, "-c", RUN, job, str(data), str(at)], cwd=ROOT, check=False
    )
    return ended.returncode == -signal.SIGKILL


def begun(data: Path) -> tuple[Dump, Dump]:
    """A log and tables that lag behind it: what these hold, and what they are to hold."""
    with folder(data) as (log, models):
        record(log, EARLY, [EXAMPLE_SERVICE])
        begin(models)
        project_in_steps(log, models, 20)
        record(log, LATE)
        return dump(models), rebuilt(log)


def check(job: str, data: Path, share: float) -> None:
    """Kill a job after a share of its statements, look, and run it again."""
    calm = data / "calm"
    calm.mkdir()
    begun(calm)
    statements = run(job, calm)
    behind, complete = begun(data)

    assert killed(job, data, at=1 + int(share * statements))

    with folder(data) as (log, models):
        found = dump(models)
        if job == "rebuild":
            assert found in (behind, complete)
        project(log, models)
        assert dump(models) == complete
        rebuild(log, models)
        assert dump(models) == complete


@pytest.mark.parametrize("share", [0.45, 0.9, pytest.param(0.05, marks=pytest.mark.slow)])
@pytest.mark.parametrize("job", ["project", "rebuild"])
def test_what_was_killed_is_done_again(job: str, share: float, tmp_path: Path) -> None:
    check(job, tmp_path, share)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_what_was_killed_at_any_moment_is_done_again(seed: int, tmp_path: Path) -> None:
    chosen = random.Random(seed)  # noqa: S311 - a moment, no secret

    check(chosen.choice(["project", "rebuild"]), tmp_path, chosen.random() * 0.99)
