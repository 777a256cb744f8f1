"""What the read models promise on PostgreSQL, where readers, writers and servers can get lost."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, select

from journeys.errors import ProjectionError, ReadModelsAwayError
from journeys.event_log import EventLog
from projections import postgres_store
from projections.read_models import ReadModels
from projections.rebuild import build
from projections.rows import insert_rows, select_frame, stored_form
from projections.runner import project, rebuild
from projections.shapes import VISITS
from projections.tables import LIVE
from tests.projections.example_service import DAY_0, EXAMPLE_SERVICE, touchpoints
from tests.projections.stored import dump, rebuilt, record

RECORDING = touchpoints("c: form.0 pay.0 handling.1; p: form.10, pay.10; q: call.3")
LATER = touchpoints("d: form.40 pay.40")


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def models(url: str) -> Iterator[ReadModels]:
    with ReadModels.open(url) as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        record(opened, RECORDING, [EXAMPLE_SERVICE])
        yield opened


def asked(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        for statement in statements:
            session.execute(statement)


def sessions_ended(url: str) -> None:
    """End all sessions of the database but this one, as a restart of the server does."""
    asked(
        url,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def ended_and_asked(url: str, connection: Connection) -> None:
    sessions_ended(url)
    connection.execute(select(LIVE.position))


# --- opened -------------------------------------------------------------------------------------


def test_several_that_open_a_new_database_at_once_make_it_once(url: str) -> None:
    failed = []

    def one() -> None:
        try:
            with ReadModels.open(url) as models:
                assert models.position() is None
        except Exception as error:  # noqa: BLE001 - to be shown by the test
            failed.append(error)

    threads = [Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_none_are_made_where_none_are_to_be(url: str) -> None:
    for _ in range(2):
        with pytest.raises(ProjectionError, match=r"there are none\. Hint: polku project"):
            ReadModels.open(url, create=False)


@pytest.mark.parametrize(
    ("address", "why", "is_away"),
    [
        ("postgresql://polku:s3cret@127.0.0.1:1/x", "Connection refused. Hint: is the data", True),
        ("postgresql://polku:a@s3cret@127.0.0.1:1/x", "has to be percent-encoded", False),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    address: str, why: str, *, is_away: bool
) -> None:
    with pytest.raises(ProjectionError, match=why) as refused:
        ReadModels.open(address)

    assert isinstance(refused.value, ReadModelsAwayError) is is_away
    assert "s3cret" not in str(refused.value)


def test_a_database_that_is_not_there_is_no_reason_to_wait(url: str) -> None:
    with pytest.raises(ProjectionError, match=r"does not exist\. Hint: check the") as refused:
        ReadModels.open(url.replace("?", "-not?") if "?" in url else f"{url}-not")

    assert not isinstance(refused.value, ReadModelsAwayError)


def test_a_password_is_in_no_repr_of_what_is_opened(url: str) -> None:
    told = url.replace("postgres@", "postgres:s3cret@")

    with ReadModels.open(told) as models, models.reading() as connection:
        shown = f"{models!r} {models.location} {models.engine!r} {connection!r} {vars(models)}"

    assert "s3cret" not in shown


def test_a_database_with_a_narrow_encoding_is_refused(url: str) -> None:
    name = "narrow_" + url.partition("?")[0].rpartition("/")[2]
    asked(
        url,
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    )
    head, _, rest = url.partition("?")
    narrow = f"{head.rpartition('/')[0]}/{name}?{rest}"

    with pytest.raises(ProjectionError, match=r"keeps text as LATIN1.* Hint: createdb"):
        ReadModels.open(narrow)


def test_a_server_that_does_not_know_a_setting_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_store._SETTINGS, "polkus_own_setting", "on")

    with pytest.raises(ProjectionError, match="unrecognized configuration parameter"):
        ReadModels.open(url)


# --- rights -------------------------------------------------------------------------------------


def test_who_may_only_read_reads_also_what_is_built_later(
    url: str, models: ReadModels, log: EventLog
) -> None:
    role = "reader_" + url.partition("?")[0].rpartition("/")[2]
    asked(
        url,
        f"CREATE ROLE {role} LOGIN",
        f"GRANT USAGE ON SCHEMA read_models TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA read_models TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA read_models GRANT SELECT ON TABLES TO {role}",
    )
    rebuild(log, models)

    with ReadModels.open(url.replace("postgres@", f"{role}@")) as reader:
        assert dump(reader) == rebuilt(log)
        with pytest.raises(ProjectionError, match=r"permission denied.* Hint: the role needs"):
            rebuild(log, reader)


# --- waiting ------------------------------------------------------------------------------------


def test_a_writer_that_waits_too_long_for_another_one_says_so(
    url: str, models: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_store._SETTINGS, "lock_timeout", "50ms")
    with (
        ReadModels.open(url) as other,
        models.writing(),
        pytest.raises(ReadModelsAwayError, match=r"lock timeout.* Hint: another process has held"),
        other.writing(),
    ):
        pass


def test_tables_are_swapped_between_two_readers_and_no_reader_waits_for_long(
    models: ReadModels, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a reader that stays, and new tables that are ready
    monkeypatch.setattr(postgres_store, "SHUT_OUT_S", 0.05)
    tries: list[str] = []
    twice = Event()

    def note(*told: object) -> None:
        if "ACCESS EXCLUSIVE" in str(told[2]):
            tries.append(str(told[2]))
            if len(tries) == 2:
                twice.set()

    event.listen(models.engine, "before_cursor_execute", note)
    rebuilding = Thread(target=rebuild, args=(log, models))
    with models.reading():
        rebuilding.start()
        assert twice.wait(20)

        # Then others read and write meanwhile, and the swap comes once it has gone
        assert models.position() is None
        with models.writing():
            pass
    rebuilding.join()
    assert dump(models) == rebuilt(log)


def test_the_swap_insists_in_the_end_and_then_gives_up(
    models: ReadModels, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "SWAP_PATIENCE_S", 0)
    monkeypatch.setattr(postgres_store, "LOCK_TIMEOUT_S", 0.1)
    before = dump(models)

    with models.reading(), pytest.raises(ReadModelsAwayError, match="another process has held"):
        rebuild(log, models)

    assert dump(models) == before
    rebuild(log, models)
    assert dump(models) == rebuilt(log)


def test_a_swap_that_is_refused_is_not_tried_again(
    url: str, models: ReadModels, log: EventLog
) -> None:
    def end_it(*told: object) -> None:
        if "ACCESS EXCLUSIVE" in str(told[2]):
            sessions_ended(url)

    event.listen(models.engine, "before_cursor_execute", end_it)

    with pytest.raises(ReadModelsAwayError):
        rebuild(log, models)


# --- sessions that are lost ---------------------------------------------------------------------


def test_what_was_opened_before_the_server_was_restarted_goes_on(
    url: str, models: ReadModels, log: EventLog
) -> None:
    project(log, models)

    sessions_ended(url)

    assert models.position() == log.head()
    assert dump(models) == rebuilt(log)


def test_a_transaction_whose_session_ends_says_that_the_database_is_away(
    url: str, models: ReadModels
) -> None:
    with pytest.raises(ReadModelsAwayError), models.reading() as connection:
        ended_and_asked(url, connection)


@pytest.mark.parametrize("after", [1, 3, 8])
def test_a_builder_that_lost_its_right_unnoticed_writes_nothing(
    url: str, models: ReadModels, log: EventLog, after: int
) -> None:
    # Given a builder whose right ends, while its other sessions live
    project(log, models)
    record(log, LATER)
    before = dump(models)
    proven = 0

    def lose(*told: object) -> None:
        nonlocal proven
        if "pg_locks" in str(told[2]):
            proven += 1
        if proven == after:
            asked(
                url,
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'",
            )

    event.listen(models.engine, "before_cursor_execute", lose)
    with (
        pytest.raises(ReadModelsAwayError, match="connection was lost while they were built"),
        models.building(Event()) as granted,
    ):
        build(log, models, until=log.head(), stop=Event(), progress=lambda _done, _total: None)
    event.remove(models.engine, "before_cursor_execute", lose)

    # Then the tables in use are as they were, and the next builder finds its way
    assert granted
    assert dump(models) == before
    rebuild(log, models)
    assert dump(models) == rebuilt(log)


# --- rows ---------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)


@settings(max_examples=30)
@given(st.lists(st.tuples(texts, st.none() | texts, st.none() | texts), max_size=20))
def test_any_text_comes_back_as_it_went_in(
    postgres_models: ReadModels, told: list[tuple[str, str | None, str | None]]
) -> None:
    frame = pl.DataFrame(
        [(key, n, a or "", "\\.", DAY_0, DAY_0, b, n, 0) for n, (key, a, b) in enumerate(told)],
        schema=VISITS,
        orient="row",
    )
    visit = LIVE.visit
    with postgres_models.writing() as connection:
        connection.execute(visit.delete())
        insert_rows(connection, visit, stored_form(frame, visit, service="s"))
        statement = select(*(visit.c[name] for name in VISITS))

        found = select_frame(connection, statement, VISITS)

    assert found.sort("visit").equals(frame)


def test_an_answer_that_is_long_is_parsed_in_parts(
    models: ReadModels, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "BYTES_OF_A_FRAME", 100)
    rebuild(log, models)

    with models.reading() as connection:
        statement = select(*(LIVE.visit.c[name] for name in VISITS))
        assert len(select_frame(connection, statement, VISITS)) == len(dump(models)["visit"])
