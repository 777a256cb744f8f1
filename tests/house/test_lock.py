"""One lock for every supported Python and platform: names, versions, hashes, and nothing else."""

import re
import tomllib
from importlib.metadata import distribution
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))? \\\n"
    r"(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
)
MACHINES = ("x86_64", "AMD64", "aarch64", "arm64")


@pytest.fixture(scope="module")
def lock(house: Path) -> str:
    return (house / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pins(lock: str) -> dict[str, Requirement]:
    return {
        canonicalize_name(pin["name"]): Requirement(
            f"{pin['name']}=={pin['version']}" + (f"; {pin['marker']}" if pin["marker"] else "")
        )
        for pin in PINNED.finditer(lock)
    }


@pytest.fixture(scope="module")
def project(house: Path) -> dict[str, Any]:
    return tomllib.loads((house / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    rest = PINNED.sub("", lock)

    assert rest.splitlines() == [
        "# Written by 'make lock' from pyproject.toml: do not edit.",
        "# development",
    ]


def test_the_lock_covers_what_pyproject_asks_for(
    pins: dict[str, Requirement], project: dict[str, Any]
) -> None:
    asked = [
        Requirement(line)
        for lines in (
            project["build-system"]["requires"],
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
        )
        for line in lines
    ]

    missing = [str(one) for one in asked if not _is_met(one, pins)]

    assert missing == []


def test_what_runs_polku_stands_before_what_develops_it(lock: str, project: dict[str, Any]) -> None:
    before, _, after = lock.partition("# development\n")
    run = {pin["name"] for pin in PINNED.finditer(before)}
    dev = {pin["name"] for pin in PINNED.finditer(after)}

    needed = {
        canonicalize_name(Requirement(line).name) for line in project["project"]["dependencies"]
    }

    assert needed <= run
    assert not run & dev
    assert {"pytest", "mypy", "ruff"} <= dev


def test_whatever_a_locked_package_needs_is_locked_on_every_python_and_platform(
    pins: dict[str, Requirement], project: dict[str, Any]
) -> None:
    extras = {
        canonicalize_name(one.name): one.extras
        for lines in (
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
        )
        for one in map(Requirement, lines)
    }
    installed = [name for name, pin in pins.items() if pin.marker is None or pin.marker.evaluate()]

    missing = {
        f"{name}: {need} ({environment['sys_platform']}, {environment['python_version']})"
        for name in installed
        for line in distribution(name).requires or ()
        for need in [Requirement(line)]
        for environment in _environments()
        for extra in ("", *extras.get(canonicalize_name(name), set()))
        if need.marker is None or need.marker.evaluate({**environment, "extra": extra})
        if not _is_met(need, pins, environment)
    }

    assert missing == set()


def _environments() -> list[dict[str, str]]:
    return [
        {
            **platform,
            "platform_machine": machine,
            "python_version": python,
            "python_full_version": f"{python}.9",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        for platform, machine, python in product(PLATFORMS, MACHINES, PYTHONS)
    ]


def _is_met(
    need: Requirement, pins: dict[str, Requirement], environment: dict[str, str] | None = None
) -> bool:
    pin = pins.get(canonicalize_name(need.name))
    if pin is None or not (pin.marker is None or pin.marker.evaluate(environment)):
        return False
    (version,) = pin.specifier
    return need.specifier.contains(Version(version.version), prereleases=True)
