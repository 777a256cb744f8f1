"""`polku` as a user runs it, and what can be read from its answers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from typer import testing
from typer.main import get_command

from delivery.cli import app
from journeys.errors import PolkuError

UNTIL = "2026-06-01"
"""A Monday of summer: the rounds of voucher and grants lie behind, some journeys are under way."""

LAST_DAY = "2026-05-31"
"""As `--as-of`: the moment the cities of these tests end."""

SERVICES = (
    "city-grant-application",
    "culture-kids-enrolment",
    "resident-parking-permit",
    "varaamo-booking",
    "varaamo-seasonal",
    "youth-summer-voucher",
)
testing._get_command = cache(get_command)  # type: ignore[attr-defined]  # else built for each call
_OURS = ("DATA", "DATABASE", "SERVICES", "PSEUDONYM_KEY", "DATABASE_FILE", "PSEUDONYM_KEY_FILE")


_NONE: Mapping[str, object] = MappingProxyType({})


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def polku(*words: object) -> Answer:
    """Run in this process; ends as `main` does, which the tests of exit codes hold it to."""
    unset: dict[str, str | None] = {f"POLKU_{name}": None for name in _OURS}
    result = testing.CliRunner().invoke(app, [str(word) for word in words], env=unset)
    if isinstance(result.exception, PolkuError):
        return Answer(1, result.stdout, f"{result.stderr}polku: {result.exception}\n")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def answer(*words: object) -> str:
    """Run what must succeed; what it says on stdout."""
    done = polku(*words)
    assert done.code == 0, done
    return done.out


def numbers(*words: object) -> Any:  # noqa: ANN401
    """Run what must succeed, for its JSON."""
    return json.loads(answer(*words, "--format", "json"))


def started(*words: object, variables: Mapping[str, object] = _NONE) -> "subprocess.Popen[str]":
    """Start a process of its own, with variables of ours that are given here alone."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("POLKU_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from delivery.cli import main; main()", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **env,
            **{name: str(value) for name, value in variables.items()},
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )


def process(*words: object, variables: Mapping[str, object] = _NONE) -> Answer:
    """Run a process of its own to its end."""
    with started(*words, variables=variables) as running:
        out, err = running.communicate(timeout=60)
    return Answer(running.returncode, out, err)


def make_city(data: Path, *words: object) -> None:
    """Record a made-up city and trace its journeys."""
    answer("ingest", "city", "--data", data, "--until", UNTIL, *words)
    answer("project", "--data", data)


def figure(text: str, label: str) -> int:
    """The first figure of the first table row that begins with a label."""
    found = re.search(rf"^ {re.escape(label)}.*?  +([\d,]+)", text, re.MULTILINE)
    assert found, f"{label!r} is not in\n{text}"
    return int(found[1].replace(",", ""))


def table(text: str, heading: str) -> list[str]:
    """The rows of a table of a text answer, as printed."""
    begun = text.split(f"\n{heading}", 1)[1].split("─\n", 1)[1]
    return begun.split("\n\n", 1)[0].splitlines()
