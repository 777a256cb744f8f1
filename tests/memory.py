"""How much memory a piece of Python takes, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_TELL = """
import atexit, sys
from pathlib import Path

@atexit.register
def tell():
    (peak,) = (line for line in Path("/proc/self/status").open() if line.startswith("VmHWM"))
    print("peak", peak.split()[1], file=sys.stderr)
"""


def run_measured(code: str, *words: object) -> tuple[str, int]:
    """Run code with words as its arguments; what it printed, and its peak of memory in bytes.

    The peak that `getrusage` knows is at least that of the process that started this one.
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process is told by /proc, which is not there")
    command = [sys.executable, "-c", _TELL + code, *map(str, words)]
    done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True)
    return done.stdout, 1024 * int(done.stderr.rpartition("peak ")[2])
