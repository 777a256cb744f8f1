from pathlib import Path

import pytest

from journeys.databases import environment_of, location_of, refuse_dangerous
from journeys.errors import LogError


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("polku-data/log.db", "polku-data/log.db"),
        (Path("polku-data/log.db"), "polku-data/log.db"),
        ("sqlite:///polku-data/log.db", "polku-data/log.db"),
        ("sqlite:////var/lib/polku/log.db", "/var/lib/polku/log.db"),
    ],
)
def test_a_path_and_a_sqlite_url_name_a_file(url: str | Path, path: str) -> None:
    assert environment_of(url) == {
        "PERSISTENCE_MODULE": "journeys.databases:SQLiteLogFactory",
        "SQLITE_DBNAME": path,
    }


def test_another_database_is_refused_without_showing_its_password() -> None:
    with pytest.raises(LogError, match="in SQLite or PostgreSQL") as refused:
        environment_of("mysql://polku:secret@db/polku")

    assert "secret" not in str(refused.value)


def test_a_postgresql_address_is_shown_without_its_password() -> None:
    environment = environment_of("postgresql://polku:secret@db.example/city")

    assert location_of(environment) == "postgresql://polku@db.example/city"


def test_an_address_that_cannot_be_read_is_explained_without_showing_it() -> None:
    with pytest.raises(LogError, match="Hint: a password with one of") as refused:
        location_of(environment_of("postgresql://polku:sec/ret@db.example/city"))

    assert "sec" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:", ":memory:"])
def test_a_log_in_memory_is_refused(url: str) -> None:
    with pytest.raises(LogError, match="memory forgets"):
        environment_of(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_ENABLE_DB_FUNCTIONS", "y"),
        ("POSTGRES_ENABLE_DB_FUNCTIONS", "True"),
        ("POSTGRES_ENABLE_DB_FUNCTIONS", "maybe"),
        ("SINGLE_ROW_TRACKING", "n"),
        ("SINGLE_ROW_TRACKING", "0"),
        ("ORIGINATOR_ID_TYPE", "TEXT"),
        ("COMPRESSOR_TOPIC", "eventsourcing.compressor:ZlibCompressor"),
        ("CIPHER_KEY", "c2VjcmV0"),
        ("PROCESS_RECORDER_TOPIC", "eventsourcing.sqlite:SQLiteProcessRecorder"),
    ],
)
@pytest.mark.parametrize("url", ["log.db", "postgresql://db.example/city"])
def test_a_setting_that_breaks_a_promise_is_refused(url: str, name: str, value: str) -> None:
    with pytest.raises(LogError, match=f"{name}: ") as refused:
        environment_of(url, {name: value, "HOME": "elsewhere"})

    assert "secret" not in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)


def test_all_dangerous_settings_are_named_at_once() -> None:
    with pytest.raises(LogError, match=r"PERSISTENCE_MODULE: .*; SINGLE_ROW_TRACKING: "):
        refuse_dangerous({"SINGLE_ROW_TRACKING": "off", "PERSISTENCE_MODULE": "eventsourcing.popo"})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"POSTGRES_ENABLE_DB_FUNCTIONS": ""},
        {"POSTGRES_ENABLE_DB_FUNCTIONS": "No"},
        {"SINGLE_ROW_TRACKING": "yes"},
        {"ORIGINATOR_ID_TYPE": "uuid"},
        {"SQLITE_LOCK_TIMEOUT": "1"},
    ],
)
def test_harmless_settings_pass_and_are_not_used(settings: dict[str, str]) -> None:
    assert environment_of("log.db", settings) == environment_of("log.db")
