"""`--as-of` is when it was; `--position` is what was known. Together they give the same bytes."""

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.delivery.command_line import answer, numbers
from tests.delivery.conftest import City
from tests.delivery.stores import Store

pytestmark = pytest.mark.xdist_group("two-clocks")

SERVICE = "varaamo-booking"
READINGS = (
    ("report", SERVICE),
    ("report", SERVICE, "--format", "json", "--by", "lang"),
    ("overview",),
    ("overview", "--format", "json"),
    ("journeys", SERVICE, "--outcome", "succeeded"),
)


class Then(NamedTuple):
    """What was read at a moment and position, and the installation after all that came later."""

    data: Path
    at: tuple[object, ...]
    as_of: str
    position: int
    read: dict[tuple[str, ...], str]
    later: list[dict[str, Any]]


def _moment(message: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(message["time"])


def _write(path: Path, messages: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(message) + "\n" for message in messages))
    return path


def _define_anew(data: Path) -> None:
    """A new version, valid from early on, by which paying is no step."""
    old = (data / "services" / f"{SERVICE}.yaml").read_text(encoding="utf-8")
    new = old.replace("version: 1", "version: 2").replace("2025-01-01", "2025-06-01", 1)
    new = new.replace("[payment.open, payment.paid]", "[payment.other]")
    assert new.count("payment.other") == 1
    (data / "services" / f"{SERVICE}.2.yaml").write_text(new, encoding="utf-8")


@pytest.fixture(scope="module")
def then(small_city: City, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Then:
    folder = tmp_path_factory.mktemp("then")
    data = folder / "data"
    at = store.at(data)
    messages = small_city.messages
    cut = len(messages) * 4 // 5
    known, later = messages[:cut], messages[cut:]
    # Some messages of before the moment come after it: those are the late ones.
    as_of = max(map(_moment, known)) + timedelta(seconds=1)

    answer("ingest", "files", _write(folder / "known.jsonl", known), *at)
    answer("project", *at)
    position = numbers("status", *at)["head"]
    moment = as_of.isoformat()
    read = {words: answer(*words, "--as-of", moment, *at) for words in READINGS}

    answer("ingest", "files", _write(folder / "later.jsonl", later), *at)
    answer("project", *at)
    _define_anew(data)
    answer("project", *at)
    return Then(data, at, moment, position, read, later)


def test_later_ones_late_ones_and_a_definition_have_come(then: Then) -> None:
    late = [item for item in then.later if _moment(item) < datetime.fromisoformat(then.as_of)]

    assert 10 < len(late) < len(then.later) - 100
    assert numbers("status", *then.at)["head"] > then.position + len(late)
    assert numbers("status", *then.at)["behind"] == 0


@pytest.mark.parametrize("words", READINGS)
def test_moment_and_position_give_the_bytes_of_then(then: Then, words: tuple[str, ...]) -> None:
    again = answer(*words, "--as-of", then.as_of, "--position", then.position, *then.at)

    assert again == then.read[words]


def test_moment_alone_gives_it_as_known_today(then: Then, store: Store, tmp_path: Path) -> None:
    # Given the same of before the moment in a place that never knew less
    everything = tmp_path / "everything"
    whole = store.at(everything)
    everything.mkdir()
    shutil.copy(then.data / "pseudonym.key", everything)
    shutil.copytree(then.data / "services", everything / "services")
    for name in ("known", "later"):
        answer("ingest", "files", then.data.parent / f"{name}.jsonl", *whole)
    answer("project", *whole)
    words = ("report", SERVICE, "--format", "json", "--by", "lang")

    today = answer(*words, "--as-of", then.as_of, *then.at)

    fresh = answer(*words, "--as-of", then.as_of, *whole)
    assert _without_position(today) == _without_position(fresh)
    assert _without_position(today) != _without_position(then.read[words])


def test_earlier_day_at_the_position_of_then_is_as_known_then(then: Then) -> None:
    words = ("report", SERVICE, "--as-of", "2025-12-31", *then.at)

    known_then = numbers(*words, "--position", then.position)
    known_now = numbers(*words)

    assert known_then["position"] == then.position
    assert known_then["touchpoints"] <= known_now["touchpoints"]
    assert known_then["steps"] != known_now["steps"]  # by the new definition nobody pays


def _without_position(text: str) -> str:
    return re.sub(r'"position": \d+', "", text)


def test_rebuilding_changes_no_byte(then: Then, store: Store, tmp_path: Path) -> None:
    copy = store.at(store.copy(then.data, tmp_path / "copy"))

    answer("project", "--rebuild", *copy)

    for words in (READINGS[1], READINGS[3]):
        asked = (*words, "--as-of", then.as_of)
        assert answer(*asked, *copy) == answer(*asked, *then.at)
