"""Served from PostgreSQL, as an operator sees it: passwords, upgrades, a server that stops."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from journeys.postgres_server import trouble_of
from tests.delivery.command_line import LAST_DAY, UNTIL, answer, numbers, polku, process, started
from tests.delivery.conftest import City
from tests.ingest.streams import wait_until
from tests.postgres import GUARDED, PASSWORD, PostgresServer

if TYPE_CHECKING:
    import subprocess

WRONG = "a-wrong-one"


def test_address_and_password_are_in_a_file_and_the_password_is_never_shown(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    name = name_of(postgres.new_database())
    secret = tmp_path / "url"

    for password, words, code in (
        (PASSWORD, ("database", "upgrade"), 0),
        (WRONG, ("database", "state"), 1),
        (WRONG, ("status",), 1),
    ):
        secret.write_text(postgres.url(name, user=GUARDED, password=password) + "\n")
        done = process(*words, variables={"POLKU_DATABASE_FILE": secret})

        assert done.code == code, done
        assert password not in done.out + done.err
        if password == WRONG:
            assert (done.out, done.err.count("\n")) == ("", 1)
            assert "check the user and the password in the address" in done.err


def test_a_user_whom_no_file_of_the_container_knows_has_to_be_named_in_the_address() -> None:
    said = psycopg.OperationalError("connection is bad: local user with ID 54321 does not exist")

    trouble = trouble_of(said, hint="none", hints={})

    assert trouble.hint.startswith("say who Polku is in the address: postgresql://user:")
    assert not trouble.is_away


def test_schema_of_a_log_is_made_and_looked_at(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    words = ("--data", tmp_path / "data", "--database", url)

    before = polku("database", "state", *words)
    made = answer("database", "upgrade", *words)
    again = answer("database", "upgrade", *words)
    after = answer("database", "state", *words)
    postgres.run("UPDATE log.alembic_version SET version_num = '9999'", database=name_of(url))
    newer = polku("database", "state", *words)

    assert before.code == 1
    assert "there is no log yet. Next: polku database upgrade" in before.out
    assert made == again == after == f"{url}: the log is of this release.\n"
    assert newer.code == 1
    assert "install that release" in newer.out
    assert polku("database", "upgrade", *words).code == 1
    assert not (tmp_path / "data").exists()


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_files_in_a_data_folder_need_no_such_command(tmp_path: Path) -> None:
    for command in ("state", "upgrade"):
        done = polku("database", command, "--data", tmp_path)

        assert (done.code, done.out) == (1, "")
        assert "--database URL, or POLKU_DATABASE_FILE" in done.err


def test_another_machine_reads_and_projects_but_records_with_no_key_and_examples_of_its_own(
    small_city: City, postgres: PostgresServer, tmp_path: Path
) -> None:
    served = ("--database", postgres.new_database())
    home, other = tmp_path / "home", tmp_path / "other"
    answer("ingest", "files", small_city.lines, "--data", home, *served)

    projected = polku("project", "--data", other, *served)
    report = ("report", "varaamo-booking", "--as-of", LAST_DAY, *served)
    refused = polku("ingest", "files", small_city.lines, "--data", other, *served)

    assert (projected.code, projected.err) == (0, "")
    assert answer(*report, "--data", other) == answer(*report, "--data", home)
    assert refused.code == 1
    assert "there is no pseudonym key in" in refused.err
    assert not other.exists()


def test_demo_has_a_database_of_its_own(postgres: PostgresServer, tmp_path: Path) -> None:
    place = ("--data", tmp_path / "demo", "--journeys", 600)
    served = (*place, "--database", postgres.new_database())

    first = polku("demo", *served)
    embedded = polku("demo", *place)
    foreign = polku("demo", "--data", tmp_path / "new", *served[2:])

    assert first.code == 0
    assert "Next: polku report varaamo-booking --data" in first.err
    assert first.err.rstrip().endswith("--database URL")
    assert "tells of the demo city in postgresql://postgres@" in embedded.err
    assert "holds a log that is not the demo's" in foreign.err


@contextmanager
def going_on(*words: object) -> Iterator["subprocess.Popen[str]"]:
    with started(*words) as running:
        try:
            yield running
        finally:
            running.kill()


def test_a_server_that_stops_at_once_is_waited_for_by_whoever_goes_on(
    oldest_postgres: PostgresServer, tmp_path: Path
) -> None:
    # Given a city that is followed and reported
    file = tmp_path / "overview.json"
    place = ("--data", tmp_path / "data", "--database", oldest_postgres.new_database())
    answer("ingest", "city", "--until", UNTIL, "--journeys", 50, *place)
    answer("project", *place)
    with ExitStack() as stack:
        projector = stack.enter_context(going_on("project", "--follow", *place))
        reporter = stack.enter_context(
            going_on("overview", "--as-of", LAST_DAY, "--write", file, "--every", 1, *place)
        )
        wait_until(file.exists)

        # When its server is stopped, asked for, and started again
        oldest_postgres.stop_immediately()
        said = [reporter.stderr.readline()] if reporter.stderr else []
        asked = [polku(command, *place) for command in ("status", "overview", "project")]
        oldest_postgres.start()
        answer("ingest", "city", "--until", UNTIL, "--journeys", 50, "--seed", 2, *place)
        wait_until(lambda: numbers("status", *place)["behind"] == 0)
        position = numbers("status", *place)["position"]
        wait_until(lambda: json.loads(file.read_text())["position"] == position)

        # Then who asked was told in one line, and who goes on went on
        ended = [_ended(running) for running in (projector, reporter)]
    assert [(done.code, done.err.count("\n")) for done in asked] == [(1, 1)] * 3, asked
    assert all("is the database up" in done.err for done in asked)
    assert [code for code, _ in ended] == [0, 0], ended
    assert ended[0][1].count("The database does not answer: ") == 1
    assert ended[0][1].endswith("The database answers again.\n")
    assert said[0].startswith("Not written: ")
    assert ended[1][1].endswith("Written again.\n")


def _ended(running: "subprocess.Popen[str]") -> tuple[int, str]:
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)
    return running.returncode, err
