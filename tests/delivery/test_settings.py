"""Where a run finds its data and its key."""

import stat
from pathlib import Path

import pytest

from delivery.settings import (
    Settings,
    adopt_services,
    make_data_folder,
    present_key,
    pseudonym_key,
    read_settings,
)
from journeys.errors import SettingsError
from journeys.service import load_services

KEY = "0123456789abcdef"


def test_nothing_told_is_the_default_folder_and_no_key() -> None:
    settings = read_settings(environment={})

    assert settings == Settings(data=Path("polku-data"))
    assert settings.log_path == Path("polku-data/log.db")
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

    assert pseudonym_key(settings) == (KEY.encode(), False)


@pytest.mark.parametrize("name", ["POLKU_PSEUDONYM_KEY", "POLKU_DATABASE"])
def test_variable_and_its_file_are_not_both_allowed(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} and {name}_FILE are both set"):
        read_settings(environment={name: KEY, f"{name}_FILE": "/run/secrets/x"})


def test_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    environment = {"POLKU_PSEUDONYM_KEY_FILE": str(tmp_path / "none")}

    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_settings(environment=environment)


def test_served_database_is_not_there_yet() -> None:
    for told in ({"database": "sqlite:///x"}, {"environment": {"POLKU_DATABASE": "x"}}):
        with pytest.raises(SettingsError, match="choose a folder with --data"):
            read_settings(**{"environment": {}, **told})  # type: ignore[arg-type]


def test_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")

    key, made = pseudonym_key(settings)

    assert made
    assert len(key) == 64
    assert stat.S_IMODE(settings.key_path.stat().st_mode) == 0o600
    assert pseudonym_key(settings) == (key, False)
    assert list(settings.data.iterdir()) == [settings.key_path]


@pytest.mark.parametrize("short", ["", "   ", "0123456789abcde"])
def test_short_key_is_refused(tmp_path: Path, short: str) -> None:
    settings = Settings(data=tmp_path)
    settings.key_path.write_text(short)

    with pytest.raises(SettingsError, match="shorter than 16 bytes"):
        pseudonym_key(settings)
    with pytest.raises(SettingsError, match="POLKU_PSEUDONYM_KEY is shorter"):
        pseudonym_key(Settings(data=tmp_path, key="short"))


def test_new_folder_adopts_the_example_services_once(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)

    assert adopt_services(settings)
    assert not adopt_services(settings)
    assert load_services(settings.services_directory) == load_services()


def test_own_services_are_left_alone(tmp_path: Path) -> None:
    assert not adopt_services(Settings(data=tmp_path, services=tmp_path / "own"))
    assert not list(tmp_path.iterdir())


def test_a_log_whose_key_is_gone_gets_no_other_one(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path / "data", environment={})
    key, _ = pseudonym_key(settings)
    settings.log_path.touch()
    kept = settings.key_path.rename(tmp_path / "kept.key")

    with pytest.raises(SettingsError, match=r"there is no pseudonym key in .* but a log"):
        pseudonym_key(settings)

    kept.rename(settings.key_path)
    assert pseudonym_key(settings) == (key, False)


def test_a_folder_that_we_make_is_its_owner_s_alone(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path / "data", environment={})

    make_data_folder(settings)

    assert settings.data.stat().st_mode & 0o777 == 0o700


def test_a_key_for_the_time_being_is_kept_nowhere(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path / "data", environment={})

    passing = present_key(settings)

    assert not settings.data.exists()
    assert present_key(settings) != passing
    assert pseudonym_key(settings)[0] == present_key(settings)
