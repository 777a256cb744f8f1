"""The roles of docs/postgresql.md can do what they are for, on every release we support."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from journeys.errors import LogError
from journeys.event_log import EventLog, SourcePosition
from journeys.migrations import State, state, upgrade
from journeys.postgres_address import PostgresAddress
from journeys.touchpoint import Touchpoint
from projections.read_models import ReadModels
from tests.journeys.conftest import NOW

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

PAGE = Path(__file__).parents[2] / "docs" / "postgresql.md"
ROLES = ("owner", "writer", "projector", "reader")


def run(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.encode())


@pytest.fixture(params=["oldest_postgres", "postgres"])
def urls(request: pytest.FixtureRequest) -> "Iterator[dict[str, str]]":
    """The address of a new database for each of the roles, and `administrator`."""
    server: PostgresServer = request.getfixturevalue(request.param)
    by_administrator, by_owner, by_projector = re.findall(
        r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    administrator = server.new_database()
    name = administrator.rpartition("/")[2]
    urls = {role: server.url(name, user=f"polku_{role}") for role in ROLES}
    for role in ROLES:
        server.run(f"DROP ROLE IF EXISTS polku_{role}")
    run(administrator, by_administrator)
    upgrade(PostgresAddress.of(urls["owner"]))
    run(urls["owner"], by_owner)
    run(urls["projector"], by_projector)
    yield urls | {"administrator": administrator}
    server.run(f'DROP DATABASE "{name}" WITH (FORCE)', *(f"DROP ROLE polku_{r}" for r in ROLES))


def test_each_role_can_do_what_it_is_for(
    urls: dict[str, str], touchpoint: Callable[..., Touchpoint]
) -> None:
    with EventLog.open(urls["writer"]) as log:
        log.append_batch(
            [touchpoint(1)], recorded_at=NOW, positions=[SourcePosition("kafka/0", 1, None)]
        )
        again = log.append_batch(
            [touchpoint(1), touchpoint(2), touchpoint(1, name="pay")],
            recorded_at=NOW,
            positions=[SourcePosition("kafka/0", 4, 1)],
        )
        log.retract("urn:hel:varaamo", recorded_at=NOW)
    with ReadModels.open(urls["projector"]):
        pass
    with EventLog.open(urls["reader"], create=False) as log, ReadModels.open(urls["reader"]):
        read = (log.head(), log.position_of("kafka/0"), len(log.arrivals()), len(log.rejections()))

    assert (again.recorded, again.duplicates, again.conflicts) == (1, 1, 1)
    assert read == (4, 4, 1, 1)
    assert state(PostgresAddress.of(urls["reader"])) is State.CURRENT


def test_nobody_can_delete_or_change_an_event(urls: dict[str, str]) -> None:
    for role in ("writer", "owner", "administrator"):
        for statement in (
            "DELETE FROM log.stored_events",
            "UPDATE log.stored_events SET topic = ''",
            "TRUNCATE log.stored_events",
        ):
            with pytest.raises(psycopg.Error, match=r"events are never|permission denied"):
                run(urls[role], statement)


def test_who_may_only_read_or_not_even_that_learns_why(
    urls: dict[str, str], touchpoint: Callable[..., Touchpoint]
) -> None:
    with (
        EventLog.open(urls["reader"]) as log,
        pytest.raises(LogError, match=r"permission denied .* Hint: docs/postgresql.md"),
    ):
        log.append_batch([touchpoint(1)], recorded_at=NOW)
    run(urls["owner"], "REVOKE USAGE ON SCHEMA log FROM polku_reader")

    with pytest.raises(LogError, match=r"permission denied .* Hint: docs/postgresql.md"):
        EventLog.open(urls["reader"], create=False)
