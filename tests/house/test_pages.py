"""What a page of the documentation shows is what happens."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.pages import Reader, difference, shown_commands
from tests.postgres import PostgresServer

PAGES = (
    "README.md",
    "docs/own-log.md",
    "docs/joining.md",
    "docs/quarantine.md",
    "docs/data-folder.md",
    "docs/pseudonym-key.md",
    "docs/export.md",
)


@pytest.fixture
def postgres_of_pages(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresServer]:
    """What the pages call `postgresql://polku@postgres/polku`, and the programs that go with it."""
    postgres.run("CREATE ROLE polku LOGIN", "CREATE DATABASE polku OWNER polku")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")  # wherever an address says it is
    monkeypatch.setenv("PGPORT", str(postgres.port))
    programs = postgres.program("pg_dump").parent
    monkeypatch.setenv("PATH", os.pathsep.join((str(programs), os.environ["PATH"])))
    yield postgres
    for database in ("polku", "restored"):
        postgres.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    postgres.run("DROP ROLE polku")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_from_its_first_command_to_its_last(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    follow(house, tmp_path, monkeypatch, page)


@pytest.mark.usefixtures("postgres_of_pages")
def test_the_page_for_operators_can_be_followed_with_a_database(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(house, tmp_path, monkeypatch, "docs/running.md")


def follow(house: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    """Run what a page shows, in a folder, and compare what is printed."""
    shutil.copytree(house / "docs/examples", folder / "docs/examples")
    monkeypatch.chdir(folder)
    reader = Reader(folder)
    commands = list(shown_commands((house / page).read_text(encoding="utf-8")))

    for shown in commands:
        if shown.is_run:
            code, printed = reader.run(shown.command)

            where = f"{page}:{shown.line}: {shown.command}"
            assert code == shown.exit_code, f"{where}\n{printed}"
            if shown.output is not None:
                differs = difference(shown.output, printed)
                assert not differs, f"{where}\n{differs}"

    assert any(shown.is_run for shown in commands)


def test_a_page_that_shows_something_else_is_found_out() -> None:
    printed = "Read a.csv.\nOne.\nTwo.\nThe log is at position 557.\n"

    assert difference("Read a.csv.\n...\nThe log is at position\n557.", printed) is None
    assert difference("...\nThe log is at position 557.", printed) is None
    assert difference("Read a.csv.\n...", printed) is None
    assert difference("Read a.csv.\n...\nThe log is at position 558.", printed) is not None
    assert difference("Read a.csv.\nOne.", printed) is not None
    assert difference("One.\n...", printed) is not None
    assert difference("", printed) is not None


def test_commands_are_found_in_both_kinds_of_blocks() -> None:
    page = (
        "```sh\nexport A=b  # so\npolku x \\\n  --y\n```\n"
        "<!-- not run: your own -->\n```console\n$ polku a  # exit code 1\npolku: no\n$ ls\n```\n"
        "```text\n$ none\n```\n"
    )

    found = [(c.line, c.command, c.output, c.is_run, c.exit_code) for c in shown_commands(page)]

    assert found == [
        (2, "export A=b  # so", None, True, 0),
        (3, "polku x --y", None, True, 0),
        (8, "polku a  # exit code 1", "polku: no", False, 1),
        (10, "ls", "", False, 0),
    ]
