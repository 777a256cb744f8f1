from datetime import date, datetime, timedelta

import msgspec
import pytest

from journeys.definition_log import histories_of
from journeys.errors import LogError
from journeys.event_log import EventLog
from journeys.records import DefinitionRecorded
from journeys.service import Service, load_services

NOW = datetime.fromisoformat("2026-11-20T12:00:00Z")


@pytest.fixture(scope="module")
def catalogue() -> dict[str, tuple[Service, ...]]:
    return load_services()


def changed(service: Service, **changes: object) -> Service:
    return msgspec.structs.replace(service, **changes)


def test_the_catalogue_is_recorded_once(
    log: EventLog, catalogue: dict[str, tuple[Service, ...]]
) -> None:
    versions = sum(map(len, catalogue.values()))

    first = log.record_definitions(catalogue, recorded_at=NOW)
    again = log.record_definitions(catalogue, recorded_at=NOW + timedelta(days=1))

    assert (first, again, log.head()) == (versions, 0, versions)
    known = log.definitions()
    assert list(known) == sorted(catalogue)
    assert {key: history.versions for key, history in known.items()} == catalogue


def test_a_changed_definition_is_recorded_and_replaces_that_of_its_day(
    log: EventLog, catalogue: dict[str, tuple[Service, ...]]
) -> None:
    key, (first, *_) = next(iter(catalogue.items()))
    before = {key: (first,)}
    after = {key: (changed(first, division="ELSEWHERE"),)}
    back = before
    log.record_definitions(before, recorded_at=NOW)

    assert log.record_definitions(after, recorded_at=NOW) == 1
    assert log.definitions()[key].versions == after[key]
    assert log.definitions(until=1)[key].versions == before[key]

    assert log.record_definitions(back, recorded_at=NOW) == 1
    assert log.definitions()[key].versions == before[key]
    assert [event.originator_version for _, event in log.read()] == [1, 2, 3]


def test_a_new_version_stands_beside_the_old_one(
    log: EventLog, catalogue: dict[str, tuple[Service, ...]]
) -> None:
    key, (first, *_) = next(iter(catalogue.items()))
    second = changed(first, valid_from=date(2030, 1, 1), version=first.version + 1)
    log.record_definitions({key: (first,)}, recorded_at=NOW)

    assert log.record_definitions({key: (first, second)}, recorded_at=NOW) == 1

    assert log.definitions()[key].versions == (first, second)


def test_of_two_given_for_one_day_the_later_is_recorded(
    log: EventLog, catalogue: dict[str, tuple[Service, ...]]
) -> None:
    key, (first, *_) = next(iter(catalogue.items()))
    both = {key: (first, changed(first, division="ELSEWHERE"))}

    assert log.record_definitions(both, recorded_at=NOW) == 1
    assert log.record_definitions(both, recorded_at=NOW) == 0


def test_services_whose_definition_changed_are_known_by_position(
    log: EventLog, catalogue: dict[str, tuple[Service, ...]]
) -> None:
    (one, one_versions), (two, two_versions), *_ = catalogue.items()
    log.record_definitions({one: one_versions[:1]}, recorded_at=NOW)
    log.record_definitions({two: two_versions[:1]}, recorded_at=NOW)

    assert log.definition_changes(0, 2) == {one, two}
    assert log.definition_changes(1, 2) == {two}
    assert log.definition_changes(2, 2) == set()
    assert set(log.definitions(until=1)) == {one}
    assert log.definitions(until=0) == {}


def test_a_definition_is_found_in_the_log_as_canonical_json(
    log: EventLog, catalogue: dict[str, tuple[Service, ...]]
) -> None:
    key, (first, *_) = next(iter(catalogue.items()))
    log.record_definitions({key: (first,)}, recorded_at=NOW)

    ((_, event),) = log.read()

    assert event.definition.startswith("{")
    assert (event.service, event.version, event.digest) == (key, first.version, first.digest)
    assert event.valid_from == first.valid_from.isoformat()


def test_a_definition_of_a_newer_release_is_refused_and_not_misread() -> None:
    event = DefinitionRecorded(
        service="pool",
        version=1,
        valid_from="2026-01-01",
        digest="0" * 64,
        definition='{"key": "pool", "slides": 3}',
        originator_version=1,
    )

    with pytest.raises(LogError, match="a definition of pool that this release cannot read"):
        histories_of([event])
