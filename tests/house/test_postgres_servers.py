"""The servers that the tests run on are what they are said to be."""

from urllib.parse import urlsplit

import psycopg
import pytest

from tests.postgres import GUARDED, PASSWORD, PostgresServer


def test_a_database_of_the_newest_release_is_new_and_empty(
    postgres: PostgresServer, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url) as connection:
        version = connection.info.server_version // 10_000
        tables = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()

    assert (version, tables) == (18, (0,))
    assert postgres.new_database() != postgres_url


def test_one_role_has_to_show_its_password(postgres: PostgresServer) -> None:
    psycopg.connect(postgres.url("postgres", user=GUARDED, password=PASSWORD)).close()

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url("postgres", user=GUARDED, password=PASSWORD[1:]))


def test_the_oldest_release_is_stopped_at_once_and_started_again(
    oldest_postgres: PostgresServer,
) -> None:
    url = oldest_postgres.new_database()
    name = urlsplit(url).path[1:]
    oldest_postgres.run("CREATE TABLE kept AS SELECT 1 AS one", database=name)

    oldest_postgres.stop_immediately()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    oldest_postgres.start()

    assert oldest_postgres.run("SELECT one FROM kept", database=name) == [(1,)]
    assert 15 <= oldest_postgres.version <= 18
