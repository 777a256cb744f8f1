"""A wrong import undone: reports ignore it, and those of before can still be made."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.command_line import LAST_DAY, answer, numbers, polku
from tests.delivery.conftest import City

Copy = Callable[[City], Path]
Write = Callable[..., Path]

READINGS = (
    ("report", "varaamo-booking", "--as-of", LAST_DAY, "--format", "json", "--by", "lang"),
    ("overview", "--as-of", LAST_DAY, "--format", "json"),
)
WRONG = "file:varaamo/old.csv"


def without_position(text: str) -> str:
    return re.sub(r'"position": \d+', "", text)


def read(data: Path, *more: object) -> list[str]:
    return [answer(*words, "--data", data, *more) for words in READINGS]


def mistaken(city: City) -> list[dict[str, Any]]:
    """The bookings of the city once more, under another source and in other cases."""
    told = {m["id"]: m for m in city.messages if m["subject"] == "varaamo-booking"}
    return [
        message
        | {"source": WRONG, "data": message["data"] | {"case": f"old-{message['data']['case']}"}}
        for message in [*told.values()][:300]
        if "case" in message["data"]
    ]


@pytest.fixture
def data(small_city: City, copy_of: Copy, write_lines: Write) -> Path:
    """A city with a wrong import, projected."""
    folder = copy_of(small_city)
    answer("ingest", "files", write_lines(mistaken(small_city), "wrong.jsonl"), "--data", folder)
    answer("project", "--data", folder)
    return folder


def test_reports_are_as_if_it_had_not_been_imported(data: Path, small_city: City) -> None:
    right = list(map(without_position, read(small_city.data)))
    wrong = read(data)
    assert list(map(without_position, wrong)) != right
    head = numbers("status", "--data", data)["head"]
    number = len(mistaken(small_city))

    said = answer("retract", WRONG, "--data", data)

    assert said == (
        f"Retracted {WRONG}: {number} touchpoints of varaamo-booking, recorded up to position "
        f"{head:,}, are ignored from here on. The log keeps them: --position {head} shows the "
        f"reports of before.\nNext: polku project --data {data}\n"
    )
    assert "1 event of the log is" in polku(*READINGS[0], "--data", data).err

    answer("project", "--data", data)

    assert list(map(without_position, read(data))) == right
    assert read(data, "--position", head) == wrong
    answer("project", "--rebuild", "--data", data)
    assert list(map(without_position, read(data))) == right


def test_source_read_again_counts_as_new(data: Path, small_city: City, write_lines: Write) -> None:
    wrong = list(map(without_position, read(data)))
    lines = write_lines(mistaken(small_city), "again.jsonl")
    number = len(mistaken(small_city))
    assert f"{number} were known already" in answer("ingest", "files", lines, "--data", data)
    answer("retract", WRONG, "--data", data)

    first = answer("ingest", "files", lines, "--data", data)
    second = answer("ingest", "files", lines, "--data", data)
    answer("project", "--data", data)

    assert first.startswith(f"Recorded {number} touchpoints.")
    assert second.startswith(f"Recorded 0 touchpoints; {number} were known already.")
    assert list(map(without_position, read(data))) == wrong


def test_dry_run_says_what_would_be_ignored_and_records_nothing(
    data: Path, small_city: City
) -> None:
    before = numbers("status", "--data", data)

    said = answer("retract", WRONG, "--dry-run", "--data", data)

    assert said == (
        f"Would retract {WRONG}: {len(mistaken(small_city))} touchpoints of varaamo-booking, "
        f"recorded up to position {before['head']:,}, would be ignored from there on. "
        "Nothing is recorded.\n"
    )
    assert numbers("status", "--data", data) == before


def test_source_of_which_nothing_stands_is_refused(data: Path) -> None:
    answer("retract", WRONG, "--data", data)
    head = numbers("status", "--data", data)["head"]

    for words in (("retract", WRONG), ("retract", WRONG, "--dry-run")):
        done = polku(*words, "--data", data)

        assert (done.code, done.out) == (1, "")
        assert done.err == (
            f"polku: source '{WRONG}' was retracted at position {head}, and nothing has come of "
            f"it since. Hint: read it again, or see the reports of before with --position "
            f"{head - 1}\n"
        )
    assert numbers("status", "--data", data)["head"] == head


def test_unknown_source_is_told_the_nearest_and_the_known(data: Path) -> None:
    for words in (("retract", "file:varaamo/old"), ("retract", "file:varaamo/old", "--dry-run")):
        done = polku(*words, "--data", data)

        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(
            "polku: source 'file:varaamo/old' has recorded no touchpoint. "
            f"Hint: did you mean '{WRONG}'? Known sources: {WRONG}, urn:"
        )
        assert done.err.count("\n") == 1


def test_a_few_services_are_named_and_many_counted(
    small_city: City, tmp_path: Path, write_lines: Write
) -> None:
    by_service = {m["subject"]: m | {"source": "urn:all"} for m in small_city.messages}
    assert len(by_service) == 6
    names = sorted(by_service)
    one, two, all_ = (
        [by_service[name] | {"source": f"urn:{count}"} for name in names[:count]]
        for count in (1, 2, 6)
    )
    answer("ingest", "files", write_lines([*one, *two, *all_]), "--data", tmp_path)

    said = [answer("retract", f"urn:{count}", "--data", tmp_path) for count in (1, 2, 6)]

    found = re.search(rf": 1 touchpoint of {names[0]}, .* position (\d+), is ignored", said[0])
    assert found
    assert f"The log keeps it: --position {found[1]} shows" in said[0]
    assert f": 2 touchpoints of {names[0]} and {names[1]}, recorded" in said[1]
    assert ": 6 touchpoints of 6 services, recorded" in said[2]


def test_nothing_is_made_where_there_is_no_log(tmp_path: Path) -> None:
    done = polku("retract", WRONG, "--data", tmp_path / "nothing")

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "there is none" in done.err
    assert not (tmp_path / "nothing").exists()
