"""`--help` is the architecture again, and it comes at once."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from delivery.cli import app

COMMANDS = (
    "demo",
    "ingest",
    "ingest files",
    "ingest city",
    "ingest kafka",
    "project",
    "services",
    "services list",
    "services check",
    "services draft",
    "overview",
    "report",
    "journeys",
    "export",
    "retract",
    "status",
    "reconcile",
    "database",
    "database state",
    "database upgrade",
    "quarantine",
    "quarantine list",
    "quarantine show",
    "quarantine retry",
    "quarantine dismiss",
)


def help_of(*words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    return result.output


def test_help_lists_every_command() -> None:
    listed = help_of()

    for command in COMMANDS:
        *group, name = command.split()
        assert f"\n  {name} " in (help_of(*group) if group else listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help(command: str) -> None:
    found = typer.main.get_command(app)
    for name in command.split():
        found = found.commands[name]  # type: ignore[attr-defined]

    assert found.help
    for parameter in found.params:
        if not getattr(parameter, "hidden", False) and parameter.name != "help":
            assert getattr(parameter, "help", None), parameter.name
    assert found.help.split()[0] in help_of(*command.split())


def test_nothing_else_is_there_than_what_is_listed_here() -> None:
    top = typer.main.get_command(app).commands  # type: ignore[attr-defined]

    names = [
        f"{name} {inner}".strip()
        for name, command in top.items()
        for inner in ("", *getattr(command, "commands", {}))
    ]
    assert sorted(names) == sorted(COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'polars', 'sqlalchemy', 'scipy', 'eventsourcing', 'pyarrow', 'numpy', "
    heavy += "'psycopg', 'alembic'}"
    code = f"import delivery.cli, sys; sys.exit(' '.join({heavy} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )

    assert done.stderr.strip() == ""
