"""What an installation is given when it is new, and what it must bring along when it is not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from delivery.app import log_exists, make_ready
from delivery.settings import Settings
from journeys.errors import SettingsError
from journeys.event_log import EventLog
from journeys.service import load_services
from tests.delivery.command_line import answer, polku
from tests.delivery.conftest import City

Copy = Callable[[City], Path]


def test_new_folder_adopts_the_example_services_and_makes_a_key_once(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")

    first, second = make_ready(settings), make_ready(settings)

    assert (first.made_key, first.took_examples) == (True, True)
    assert (second.made_key, second.took_examples) == (False, False)
    assert first.key == second.key
    assert load_services(settings.services_directory) == load_services()
    assert not log_exists(settings)


def test_own_services_and_key_are_left_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new", services=tmp_path / "own", key="k" * 16)

    assert make_ready(settings) == (b"k" * 16, False, False)
    assert not list(tmp_path.iterdir())


def test_a_log_in_which_nothing_is_recorded_is_none(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    EventLog.open(settings.log_url).close()

    assert not log_exists(settings)
    assert make_ready(settings).made_key


def test_a_log_whose_key_is_gone_gets_no_other_one(small_city: City, copy_of: Copy) -> None:
    settings = Settings(data=copy_of(small_city))
    assert log_exists(settings)
    kept = settings.key_path.rename(settings.data / "kept.key")

    with pytest.raises(SettingsError, match=r"there is no pseudonym key in .* but a log"):
        make_ready(settings)

    kept.rename(settings.key_path)
    assert make_ready(settings).key == kept_key(settings)


def kept_key(settings: Settings) -> bytes:
    return settings.key_path.read_bytes().strip()


def test_a_log_whose_definitions_are_gone_does_not_get_the_examples(
    small_city: City, copy_of: Copy
) -> None:
    data = copy_of(small_city)
    services = data / "services"
    booking = services / "varaamo-booking.yaml"
    booking.write_text(booking.read_text().replace("typical: PT3M", "typical: PT4M"))
    assert "1 changed service definition" in polku("project", "--data", data).err
    kept = Path(shutil.move(services, data / "kept"))

    refused = polku("ingest", "files", small_city.lines, "--data", data)
    projected = polku("project", "--data", data)

    assert refused.code == 1
    assert "the examples would replace them. Hint: name their folder with --services" in refused.err
    assert (projected.code, projected.err) == (0, "")
    assert not services.exists()
    assert "known already" in answer(
        "ingest", "files", small_city.lines, "--data", data, "--services", kept
    )
