"""What a stranger sees: a new clone, one command, the overview of a city."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from journeys.service import load_services


@pytest.mark.slow
def test_the_demo_of_a_new_clone_ends_with_the_overview_of_six_services(
    house: Path, tracked: tuple[Path, ...], tmp_path: Path
) -> None:
    clone = tmp_path / "polku"
    for file in tracked:
        copy = clone / file.relative_to(house)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    fresh = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "POLKU_")) and name not in {"VENV", "DEMO_DATA"}
    }

    shown = subprocess.run(
        ["make", "demo"],
        cwd=clone,
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=fresh,
        timeout=600,
    ).stdout

    services = load_services()
    named = [key for key, (*_, newest) in services.items() if newest.name["en"] in shown]
    assert len(services) == 6
    assert len({*named, *(key for key in services if key in shown)}) == 6
    assert (clone / "demo-data").is_dir()
