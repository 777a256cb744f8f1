"""One city for the whole folder and all workers; tests that write take a copy."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.delivery.command_line import UNTIL, answer, make_city
from tests.delivery.stores import Embedded, Served, Store

SMALL = ("--journeys", 900, "--late", 0.05, "--disorder", 0.05, "--duplicates", 0.01)
"""What the small city is made with."""


class City(NamedTuple):
    """A data folder, projected; the same city as JSON Lines; what is true of it."""

    data: Path
    lines: Path
    truth: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.read_bytes().splitlines()]


def _made(folder: Path, *words: object) -> None:
    make_city(folder / "data", *words)
    where = ("--data", folder / "data", "--write", folder / "city.jsonl")
    answer("ingest", "city", "--until", UNTIL, *words, *where)


def _made_once(factory: pytest.TempPathFactory, name: str, *words: object) -> City:
    """Make a city in a folder that all workers of the session share."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = factory.mktemp(name)
            _made(draft, *words)
            draft.rename(folder)
    truth = json.loads((folder / "truth.json").read_text())
    return City(folder / "data", folder / "city.jsonl", truth)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """6,000 journeys with planted friction. Nothing may write here."""
    return _made_once(tmp_path_factory, "city", "--journeys", 6000)


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """900 journeys, told out of order and late. Nothing may write here."""
    return _made_once(tmp_path_factory, "small-city", *SMALL)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Run the tests of a module once on each database."""
    if request.param == "sqlite":
        return Embedded()
    return Served(request.getfixturevalue("postgres"))


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[City], Path]:
    def copy(made: City) -> Path:
        return Path(shutil.copytree(made.data, tmp_path / "copy"))

    return copy


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[..., Path]:
    def write(messages: list[dict[str, Any]], name: str = "some.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(message) + "\n" for message in messages))
        return path

    return write
