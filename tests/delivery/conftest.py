"""One city for the whole folder; tests that write take a copy."""

import json
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


def _made(folder: Path, *words: object) -> City:
    data, lines = folder / "data", folder / "city.jsonl"
    make_city(data, *words)
    answer("ingest", "city", "--data", data, "--until", UNTIL, *words, "--write", lines)
    return City(data, lines, json.loads((folder / "truth.json").read_text()))


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """6,000 journeys with planted friction. Nothing may write here."""
    return _made(tmp_path_factory.mktemp("city"), "--journeys", 6000)


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """900 journeys, told out of order and late. Nothing may write here."""
    return _made(tmp_path_factory.mktemp("small-city"), *SMALL)


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
