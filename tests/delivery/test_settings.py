"""Where a run finds its data and its key."""

import stat
from pathlib import Path

import pytest

from delivery.settings import (
    Settings,
    make_data_folder,
    make_pseudonym_key,
    present_key,
    pseudonym_key,
    read_settings,
)
from journeys.errors import SettingsError

KEY = "0123456789abcdef"


def test_nothing_told_is_the_default_folder_and_no_key() -> None:
    settings = read_settings(environment={})

    assert settings == Settings(data=Path("polku-data"))
    assert settings.log_url == "polku-data/log.db"
    assert settings.read_models_url == "polku-data/read-models.db"
    assert settings.services_directory is None


def test_variables_are_read_and_options_win() -> None:
    environment = {"POLKU_DATA": "a", "POLKU_SERVICES": "b", "POLKU_PSEUDONYM_KEY": KEY}

    told = read_settings(environment=environment)
    chosen = read_settings(data=Path("c"), services=Path("d"), environment=environment)

    assert told == Settings(data=Path("a"), services=Path("b"), key=KEY)
    assert (chosen.data, chosen.services) == (Path("c"), Path("d"))
    assert chosen.services_directory == Path("d")


def test_key_can_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{KEY}\n")

    settings = read_settings(environment={"POLKU_PSEUDONYM_KEY_FILE": str(secret)})

    assert pseudonym_key(settings) == KEY.encode()


@pytest.mark.parametrize("name", ["POLKU_PSEUDONYM_KEY", "POLKU_DATABASE"])
def test_variable_and_its_file_are_not_both_allowed(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} and {name}_FILE are both set"):
        read_settings(environment={name: KEY, f"{name}_FILE": "/run/secrets/x"})


def test_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    environment = {"POLKU_PSEUDONYM_KEY_FILE": str(tmp_path / "none")}

    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_settings(environment=environment)


def test_a_file_that_holds_nothing_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")

    for name in ("POLKU_DATABASE", "POLKU_PSEUDONYM_KEY"):
        with pytest.raises(SettingsError, match=f"{name}_FILE names a file that holds nothing"):
            read_settings(environment={f"{name}_FILE": str(tmp_path / "secret")})


def test_log_and_read_models_are_served_from_one_database(tmp_path: Path) -> None:
    url = f"postgresql://polku:{KEY}@db.example.org/city"
    (tmp_path / "secret").write_text(f"{url}\n")
    told = {"POLKU_DATABASE_FILE": str(tmp_path / "secret")}

    settings = read_settings(environment=told)
    chosen = read_settings(database="postgresql://other/one", environment=told)

    assert (settings.log_url, settings.read_models_url) == (url, url)
    assert settings.location == "postgresql://polku@db.example.org/city"
    assert KEY not in repr(settings)
    assert chosen.location == "postgresql://other/one"
    assert read_settings(environment={"POLKU_DATABASE": ""}).database is None


@pytest.mark.parametrize(
    "wrong", ["", "x", f"postgresql://polku:{KEY}@{KEY}@db/city", "mysql://a/b"]
)
def test_what_is_no_address_of_a_database_is_refused_and_not_shown(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^--database: it .* Hint: ") as refused:
        read_settings(database=wrong, environment={})
    assert KEY not in str(refused.value)


def test_sqlite_is_chosen_by_its_folder() -> None:
    with pytest.raises(SettingsError, match=r"Hint: leave POLKU_DATABASE out, .* with --data"):
        read_settings(environment={"POLKU_DATABASE": "sqlite:///log.db"})


def test_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")

    assert pseudonym_key(settings) is None
    key = make_pseudonym_key(settings)

    assert len(key) == 64
    assert stat.S_IMODE(settings.key_path.stat().st_mode) == 0o600
    assert pseudonym_key(settings) == key
    assert make_pseudonym_key(settings) == key
    assert list(settings.data.iterdir()) == [settings.key_path]


@pytest.mark.parametrize("short", ["", "   ", "0123456789abcde"])
def test_short_key_is_refused(tmp_path: Path, short: str) -> None:
    settings = Settings(data=tmp_path)
    settings.key_path.write_text(short)

    with pytest.raises(SettingsError, match="shorter than 16 bytes"):
        pseudonym_key(settings)
    with pytest.raises(SettingsError, match="POLKU_PSEUDONYM_KEY is shorter"):
        pseudonym_key(Settings(data=tmp_path, key="short"))


def test_a_folder_that_we_make_is_its_owner_s_alone(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path / "data", environment={})

    make_data_folder(settings)

    assert settings.data.stat().st_mode & 0o777 == 0o700


def test_a_key_for_the_time_being_is_kept_nowhere(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path / "data", environment={})

    passing = present_key(settings)

    assert not settings.data.exists()
    assert present_key(settings) != passing
    assert make_pseudonym_key(settings) == present_key(settings)
