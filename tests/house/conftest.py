"""The repository as a stranger finds it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.pages import shown_commands

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def house() -> Path:
    return HOUSE


@pytest.fixture(scope="session")
def tracked() -> tuple[Path, ...]:
    """Every file that is, or would be, committed."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(
            listing, cwd=HOUSE, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        if os.environ.get("CI"):
            raise
        pytest.skip("not a git checkout, so there is no list of tracked files")
    files = (HOUSE / name for name in names.split("\0") if name)
    return tuple(sorted(file for file in files if file.is_file()))


@pytest.fixture(scope="session")
def make_targets(house: Path) -> dict[str, str]:
    """The targets a person may call, with what `make` says about each."""
    rule = re.compile(r"^([a-z-]+):[^=#]*## (.+)$", re.MULTILINE)
    return dict(rule.findall((house / "Makefile").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def shell_lines(tracked: tuple[Path, ...]) -> tuple[tuple[str, str], ...]:
    """Each command of each document, with where it stands."""
    return tuple(
        (f"{file.relative_to(HOUSE)}:{shown.line}", shown.command)
        for file in tracked
        if file.suffix == ".md"
        for shown in shown_commands(file.read_text(encoding="utf-8"))
    )
