"""Definitions in files: versions, directories, and problems of several at once."""

from pathlib import Path

import pytest

from journeys.definitions import read_definitions
from journeys.errors import ServiceDefinitionError
from journeys.service import Service, decode_service, load_services
from tests.journeys.small_definition import SMALL, small, step


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, "utf-8")
    return directory


def test_versions_of_a_service_are_files_in_any_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        a=small(version=2, valid_from="2026-01-01"),
        b=small(),
        c=small(key="another"),
    )
    (tmp_path / "notes.txt").write_text("no definition")
    (tmp_path / ".#a.yaml").write_text("an editor's own")
    (tmp_path / "d.yml").write_bytes(b"\xef\xbb\xbf" + small(key="last").encode())

    services = load_services(tmp_path)

    assert list(services) == ["another", "last", "permit"]
    assert [service.version for service in services["permit"]] == [1, 2]


def test_all_problems_of_all_files_come_in_one_error(tmp_path: Path) -> None:
    write(tmp_path, a=small(version=0), b=small(), c=small(key="", division=""))
    (tmp_path / "d.yaml").write_bytes(b"key: \xe4\xe4")
    (tmp_path / "e.yaml").mkdir()

    with pytest.raises(ServiceDefinitionError) as caught:
        load_services(tmp_path)

    assert [problem.split(". Hint")[0] for problem in caught.value.problems] == [
        "a.yaml: version: 0 is below 1",
        "c.yaml: key: '' is not usable in a file name and an address",
        "c.yaml: division: is blank",
        "d.yaml: byte 5 is not UTF-8",
        "e.yaml: cannot be read: Is a directory",
    ]
    assert str(caught.value).count("\n") == 4


def test_two_files_of_one_version_are_a_problem(tmp_path: Path) -> None:
    write(tmp_path, a=small(), b=small(version=2), c=small(valid_from="2026-01-01"))

    problems = read_definitions(tmp_path).problems

    assert [problem.split(". Hint")[0] for problem in problems] == [
        "b.yaml: valid_from: a.yaml is permit with valid_from 2025-01-01 already",
        "c.yaml: version: a.yaml is permit with version 1 already",
    ]


def test_good_definitions_are_read_beside_a_bad_one(tmp_path: Path) -> None:
    write(tmp_path, a=small(), b="[]")

    reading = read_definitions(tmp_path)

    assert list(reading.services) == ["permit"]
    assert len(reading.problems) == 1


def test_one_file_can_be_checked_alone(tmp_path: Path) -> None:
    write(tmp_path, a=small(), b="[]")

    assert read_definitions(tmp_path / "a.yaml").problems == ()


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_directory_without_definitions_is_a_problem(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(ServiceDefinitionError, match="Hint: "):
        load_services(tmp_path / place)


def test_what_is_assumed_or_missing_is_warned_of(tmp_path: Path) -> None:
    steps = [step(actor="staff", deadline=None), step("pay", optional=True, typical="P2D")]
    write(
        tmp_path,
        a=small(owner=None, outcomes=None, steps=steps),
        b=small(key="fine"),
    )

    warnings = read_definitions(tmp_path).warnings

    assert warnings == (
        "a.yaml: owner: none; alerts go to the default owner",
        "a.yaml: outcomes.succeeded: none; no journey can succeed",
        "a.yaml: steps: none is a required step of the customer's; no journey has a start",
        "a.yaml: steps[0].deadline: none; 14 days are assumed",
        "a.yaml: steps[1].typical: longer than the deadline",
    )


def test_draft_is_called_one_first_and_not_asked_for_its_owner(tmp_path: Path) -> None:
    write(tmp_path, a=small(owner=None, outcomes=None, outcomes_confirmed=False))

    assert read_definitions(tmp_path).warnings == (
        "a.yaml: outcomes_confirmed: false; a draft: nobody has confirmed its outcomes yet",
        "a.yaml: outcomes.succeeded: none; no journey can succeed",
    )


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({"deadline": "P3D"}, 0),
        ({"deadline": "P3DT1S"}, 1),
        ({"deadline": "P4D", "optional": True}, 1),
        ({"deadline": "P4D", "actor": "staff", "passes_to": "customer"}, 1),
        ({"deadline": "P4D", "actor": "staff"}, 0),
        ({"deadline": "P4D", "passes_to": "staff"}, 0),
        ({"deadline": "P4D", "help": True}, 0),
    ],
)
def test_silence_that_no_rate_could_tell_of_is_warned_of(
    tmp_path: Path, changes: dict[str, object], warnings: int
) -> None:
    steps = [step(), step("files", **changes), step("pay")]
    write(tmp_path, a=small(horizon="PT60H", steps=steps))

    warned = "steps[1].deadline: longer than the horizon; no silence there can be seen by day 3"
    assert read_definitions(tmp_path).warnings == (f"a.yaml: {warned}",) * warnings


def test_step_after_the_last_required_one_may_wait_longer_than_the_horizon(tmp_path: Path) -> None:
    write(tmp_path, a=small(steps=[step(), step("feedback", optional=True, deadline="P14D")]))

    assert read_definitions(tmp_path).warnings == ()


def test_service_is_usable_as_it_was_read() -> None:
    assert isinstance(decode_service(SMALL), Service)
