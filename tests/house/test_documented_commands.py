"""A command that a document shows is a command that exists."""

import importlib
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

SHELL_OWN = frozenset({"cd", "chmod", "cmp", "cp", "export", "git", "mkdir", "python3"})
"""Commands that a reader has; the last one is also that of the virtual environment."""

POSTGRES_OWN = frozenset({"createdb", "pg_dump", "pg_restore", "psql"})
"""Commands that come with PostgreSQL."""

Command = Any  # click's own, or the one that Typer brings along


@pytest.fixture(scope="module")
def polku() -> Command:
    return typer.main.get_command(importlib.import_module("delivery.cli").app)


def test_every_make_command_in_a_document_is_a_documented_target(
    shell_lines: tuple[tuple[str, str], ...], make_targets: dict[str, str]
) -> None:
    called = [(where, words[1:]) for where, words in _commands(shell_lines) if words[0] == "make"]

    unknown = [
        f"{where}: make {target}"
        for where, targets in called
        for target in targets
        if "=" not in target and target not in make_targets
    ]

    assert called
    assert unknown == []


def test_every_polku_command_in_a_document_has_its_subcommand_and_options(
    shell_lines: tuple[tuple[str, str], ...], polku: Command
) -> None:
    called = [
        (where, words[1:])
        for where, words in _commands(shell_lines)
        if words[0].rpartition("/")[2] == "polku"
    ]

    faults = [f"{where}: {fault}" for where, words in called for fault in _faults(polku, words)]

    assert called
    assert faults == []


def test_every_other_command_in_a_document_is_one_that_a_reader_has(
    house: Path, shell_lines: tuple[tuple[str, str], ...]
) -> None:
    profiles = {
        profile
        for service in yaml.safe_load((house / "docker-compose.yml").read_text())[
            "services"
        ].values()
        for profile in service.get("profiles", [])
    }

    unknown = [
        f"{where}: {shlex.join(words)}"
        for where, words in _commands(shell_lines)
        if words[0].rpartition("/")[2] not in SHELL_OWN | POSTGRES_OWN | {"make", "polku"}
        and not _is_compose(words, profiles)
        and not (house / words[0]).is_file()
    ]

    assert unknown == []


def test_the_two_commands_of_the_readme_are_make_demo_and_make_test(
    shell_lines: tuple[tuple[str, str], ...],
) -> None:
    readme = [line for where, line in shell_lines if where.startswith("README.md:")]

    assert readme[:2] == ["make demo", "make test"]


def test_the_readme_shows_what_the_demo_prints(house: Path) -> None:
    readme = (house / "README.md").read_text(encoding="utf-8")

    shown = re.search(r"<!-- demo:begin -->(.*)<!-- demo:end -->", readme, re.DOTALL)

    assert shown is not None
    assert "```text" in shown[1]


def _commands(lines: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, list[str]]]:
    """Split lines into commands, at `|` and `&&`, without redirections and settings before them."""
    for where, line in lines:
        for part in re.split(r"\s(?:\||&&)\s", line):
            words = shlex.split(part.partition(" > ")[0], comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words:
                yield where, words


def _faults(group: Command, words: list[str]) -> Iterator[str]:
    """Walk down the sub-commands; name what is none, and options that nobody on the way has."""
    command, options = group, _options(group)
    for word in words:
        children = getattr(command, "commands", {})
        if word.startswith("-"):
            if word.partition("=")[0] not in options:
                yield f"{command.name} has no option {word}"
        elif word in children:
            command = children[word]
            options |= _options(command)
        elif children:
            yield f"{command.name} has no sub-command {word}; it has {', '.join(sorted(children))}"
            return


def _options(command: Command) -> set[str]:
    names = {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    return names | {"--help"}


def _is_compose(words: list[str], profiles: set[str]) -> bool:
    if words[:2] != ["docker", "compose"]:
        return False
    asked = [after for word, after in pairwise(words) if word == "--profile"]
    return set(asked) <= profiles
