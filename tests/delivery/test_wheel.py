"""What an installation gets: the catalogues are package data as the example services are."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    built = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, built], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_wheel_has_what_gettext_reads(contents: set[str], code: str) -> None:
    assert f"delivery/locale/{code}/LC_MESSAGES/polku.mo" in contents
    assert "journeys/catalogue/varaamo-booking.yaml" in contents
