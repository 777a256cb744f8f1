"""The schema of the log: made once, brought up to date on demand, never misread."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from journeys import migrations
from journeys.errors import LogAwayError, LogError, NoLogError
from journeys.event_log import EventLog
from journeys.migrations import REVISIONS, State, state, upgrade
from journeys.postgres_address import PostgresAddress
from tests.postgres import PostgresServer


def set_revision(server: PostgresServer, url: str, revision: str) -> None:
    server.run(
        f"UPDATE log.alembic_version SET version_num = '{revision}'",  # noqa: S608
        database=url.rpartition("/")[2],
    )


def test_the_revisions_are_those_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations._FOLDER))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(found)) == REVISIONS


def test_a_schema_is_missing_until_it_is_made(postgres_url: str) -> None:
    address = PostgresAddress.of(postgres_url)

    assert state(address) is State.MISSING
    with pytest.raises(NoLogError, match="there is none"):
        EventLog.open(postgres_url, create=False)

    upgrade(address)

    assert state(address) is State.CURRENT
    with EventLog.open(postgres_url, create=False) as log:
        assert log.head() == 0


def test_an_upgrade_that_finds_nothing_to_do_changes_nothing(postgres_url: str) -> None:
    address = PostgresAddress.of(postgres_url)

    upgrade(address)
    upgrade(address)

    assert state(address) is State.CURRENT


def test_several_first_starts_at_once_make_one_log(postgres_url: str) -> None:
    start = Barrier(4)

    def open_it(_: int) -> int:
        start.wait()
        with EventLog.open(postgres_url) as log:
            return log.head()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_it, range(4))) == [0] * 4


def test_an_older_schema_is_not_used_and_waits_for_its_upgrade(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    EventLog.open(postgres_url).close()
    monkeypatch.setattr(migrations, "REVISIONS", (*REVISIONS, "9999"))

    assert state(PostgresAddress.of(postgres_url)) is State.OLDER
    with pytest.raises(LogError, match=r"earlier release .* Hint: polku database upgrade"):
        EventLog.open(postgres_url)


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_schema_is_not_used(
    postgres: PostgresServer, postgres_url: str, *, create: bool
) -> None:
    EventLog.open(postgres_url).close()
    set_revision(postgres, postgres_url, "9999")

    assert state(PostgresAddress.of(postgres_url)) is State.NEWER
    with pytest.raises(LogError, match=r"newer release .* Hint: install that release"):
        EventLog.open(postgres_url, create=create)
    with pytest.raises(LogError, match="newer release"):
        upgrade(PostgresAddress.of(postgres_url))


def test_a_database_that_has_no_room_for_all_text_is_refused(postgres: PostgresServer) -> None:
    postgres.run(
        "DROP DATABASE IF EXISTS narrow",
        "CREATE DATABASE narrow ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )

    with pytest.raises(LogError, match=r"keeps text as LATIN1, .* Hint: createdb --encoding=UTF8"):
        EventLog.open(postgres.url("narrow"))


def test_a_schema_that_somebody_else_made_is_used(
    postgres: PostgresServer, postgres_url: str
) -> None:
    postgres.run("CREATE SCHEMA log", database=postgres_url.rpartition("/")[2])

    EventLog.open(postgres_url).close()

    assert state(PostgresAddress.of(postgres_url)) is State.CURRENT


def test_a_schema_taken_back_to_nothing_is_missing(
    postgres: PostgresServer, postgres_url: str
) -> None:
    database = postgres_url.rpartition("/")[2]
    postgres.run(
        "CREATE SCHEMA log",
        "CREATE TABLE log.alembic_version (version_num varchar(32) PRIMARY KEY)",
        database=database,
    )

    assert state(PostgresAddress.of(postgres_url)) is State.MISSING
    EventLog.open(postgres_url).close()
    assert state(PostgresAddress.of(postgres_url)) is State.CURRENT


def test_an_upgrade_that_was_cut_short_leaves_nothing(
    postgres: PostgresServer, postgres_url: str
) -> None:
    database = postgres_url.rpartition("/")[2]
    postgres.run("CREATE SCHEMA log", "CREATE TABLE log.tracking ()", database=database)

    with pytest.raises(LogError, match='relation "tracking" already exists'):
        upgrade(PostgresAddress.of(postgres_url))

    assert state(PostgresAddress.of(postgres_url)) is State.MISSING
    assert postgres.run("SELECT to_regclass('log.stored_events')", database=database) == [(None,)]


def test_a_server_that_is_away_is_told_from_one_that_refuses(postgres: PostgresServer) -> None:
    nobody = PostgresAddress.of("postgresql://polku@127.0.0.1:1/city")
    missing = PostgresAddress.of(postgres.url("nowhere"))

    with pytest.raises(LogAwayError, match=r"Hint: is the database up, and its address right\?"):
        state(nobody)
    with pytest.raises(LogError, match="Hint: check the address") as refused:
        upgrade(missing)
    assert not isinstance(refused.value, LogAwayError)
