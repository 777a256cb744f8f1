"""The synthetic city as a source: its bytes, its order, its faults."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.city import SyntheticCity, write_city
from ingest.city_truth import PLANTED, PlantedFriction
from ingest.city_weeks import Faults
from ingest.cloudevents import TouchpointDecoder
from ingest.privacy import Pseudonyms
from journeys.errors import PolkuError, UnknownServiceError, UnknownStepError
from journeys.service import ServiceHistory, load_services
from journeys.touchpoint import Touchpoint

UNTIL = date(2026, 6, 29)
MIDNIGHT = datetime(2026, 6, 28, 21, tzinfo=UTC)  # in Helsinki, in summer
FAULTS = Faults(duplicates=0.05, disorder=0.1, disorder_minutes=90, late=0.04)


def small_city(
    seed: int = 7,
    *,
    journeys: int = 900,
    planted: Sequence[PlantedFriction] = PLANTED,
    faults: Faults | None = None,
) -> SyntheticCity:
    return SyntheticCity(seed=seed, until=UNTIL, journeys=journeys, planted=planted, faults=faults)


def times_of(messages: list[bytes]) -> list[datetime]:
    return [datetime.fromisoformat(json.loads(message)["time"]) for message in messages]


@pytest.fixture(scope="module")
def messages() -> list[bytes]:
    return list(small_city().messages())


def test_same_seed_and_settings_give_the_same_bytes(messages: list[bytes]) -> None:
    again = list(small_city().messages())

    assert again == messages


def test_another_seed_gives_another_city(messages: list[bytes]) -> None:
    other = list(small_city(8).messages())

    assert not set(other) & set(messages)


def test_no_identifier_is_used_twice_nor_by_another_city(messages: list[bytes]) -> None:
    def identifiers(city: list[bytes]) -> list[tuple[str, str]]:
        return [(event["source"], event["id"]) for event in map(json.loads, city)]

    mine = identifiers(messages)
    others = [small_city(8), small_city(journeys=901), small_city(planted=())]

    assert len(set(mine)) == len(mine)
    for other in others:
        assert not set(identifiers(list(other.messages()))) & set(mine)


def test_a_message_is_a_structured_cloudevent(messages: list[bytes]) -> None:
    event = json.loads(messages[0])

    assert set(event) == {"specversion", "type", "source", "id", "subject", "time", "data"}
    assert event["specversion"] == "1.0"
    assert event["type"] == "fi.hel.touchpoint.v1"
    assert event["source"].startswith("urn:polku:city:")
    assert event["time"].endswith("Z")
    assert len(event["time"]) == len("2026-11-17T09:14:05.120Z")
    assert set(event["data"]) <= {
        "case",
        "person",
        "touchpoint",
        "channel",
        "status",
        "attributes",
    }


def test_every_message_is_decoded_and_shows_no_personal_data(messages: list[bytes]) -> None:
    decoder = TouchpointDecoder(load_services(), Pseudonyms(b"a key of some length"))

    decoded = [decoder.decode((), message, MIDNIGHT) for message in messages]

    assert [entry for entry in decoded if not isinstance(entry, Touchpoint)] == []
    assert not decoder.dropped
    # An identifier that showed a reference would have been hashed.
    sent = {json.loads(message)["id"] for message in messages}
    assert {entry.id for entry in decoded if isinstance(entry, Touchpoint)} == sent


def test_every_name_means_something_to_the_definition_of_its_time(messages: list[bytes]) -> None:
    histories = {key: ServiceHistory(versions) for key, versions in load_services().items()}

    for event in map(json.loads, messages):
        version = histories[event["subject"]].at(datetime.fromisoformat(event["time"]))
        assert version.resolve(event["data"]["touchpoint"]) != (None, None)


def test_messages_come_in_order_of_time_and_none_after_the_end(messages: list[bytes]) -> None:
    times = times_of(messages)

    assert times == sorted(times)
    assert times[0] >= MIDNIGHT - timedelta(weeks=65, hours=1)
    assert times[-1] < MIDNIGHT


def test_places_are_running_numbers_and_progress_ends_at_one() -> None:
    batches = list(small_city(journeys=2_000).batches())

    places = [record.place for batch in batches for record in batch.records]
    assert places == list(range(1, len(places) + 1))
    assert {batch.origin for batch in batches} == {"city:7"}
    shares = [batch.done for batch in batches]
    assert shares == sorted(shares, key=lambda share: share or 0)
    assert shares[-1] == 1
    assert all(not batch.positions and not batch.unread for batch in batches)


def test_faults_change_neither_what_happened_nor_its_truth(messages: list[bytes]) -> None:
    city = small_city(faults=FAULTS)

    faulty = list(city.messages())

    assert set(faulty) == set(messages)
    assert faulty != messages
    clean, truth = small_city().truth(), city.truth()
    assert truth["services"] == clean["services"]
    assert truth["planted"] == clean["planted"]


def test_as_many_copies_come_as_asked_for(messages: list[bytes]) -> None:
    city = small_city(faults=Faults(duplicates=0.05))

    copies = Counter(Counter(city.messages()).values())

    assert set(copies) == {1, 2}
    assert copies[2] == city.truth()["faults"]["duplicates"]
    # Binomial, n about 7,000: four standard deviations are one hundredth.
    assert copies[2] / len(messages) == pytest.approx(0.05, abs=0.011)


def test_disorder_holds_up_as_many_as_asked_for_and_no_longer() -> None:
    city = small_city(faults=Faults(disorder=0.2, disorder_minutes=60))

    times = times_of(list(city.messages()))

    truth = city.truth()
    assert truth["faults"]["disorder"] / len(times) == pytest.approx(0.2, abs=0.02)
    newest, behind = times[0], 0
    for time in times:
        assert newest - time < timedelta(hours=1)
        behind += time < newest
        newest = max(newest, time)
    assert 0 < behind <= truth["faults"]["disorder"]


def test_late_messages_come_one_to_ten_days_late() -> None:
    city = small_city(faults=Faults(late=0.1))

    times = times_of(list(city.messages()))

    late = city.truth()["faults"]["late"]
    assert late / len(times) == pytest.approx(0.1, abs=0.015)
    newest, lateness = times[0], []
    for time in times:
        if time < newest:
            lateness.append(newest - time)
        newest = max(newest, time)
    # All but the few that wait for a quiet day, or still did so at the end, can be seen.
    assert late * 0.9 < len(lateness) <= late
    assert max(lateness) < timedelta(days=10)


def test_messages_come_while_most_of_the_city_has_yet_to_happen() -> None:
    first = next(small_city(journeys=20_000).batches())

    assert first.done is not None
    assert first.done < 0.1


def test_written_to_a_file_it_is_one_message_a_line_with_the_truth_beside(
    tmp_path: Path, messages: list[bytes]
) -> None:
    beside = write_city(small_city(), tmp_path / "city.jsonl")

    lines = (tmp_path / "city.jsonl").read_bytes().splitlines()
    assert lines == messages
    assert beside == tmp_path / "truth.json"
    assert json.loads(beside.read_text(encoding="utf-8")) == small_city().truth()


def test_packed_files_of_one_city_are_the_same_bytes(tmp_path: Path, messages: list[bytes]) -> None:
    for name in ("one.jsonl.gz", "other.jsonl.gz"):
        write_city(small_city(), tmp_path / name)

    one, other = (tmp_path / name for name in ("one.jsonl.gz", "other.jsonl.gz"))
    assert one.read_bytes() == other.read_bytes()
    assert gzip.decompress(one.read_bytes()).splitlines() == messages


def test_friction_that_begins_after_the_end_is_met_by_nobody() -> None:
    city = SyntheticCity(seed=7, until=UNTIL, journeys=300, weeks=20)

    truth = city.truth()

    unmet = [item for item in truth["planted"] if item["since"] and item["since"] >= "2026-06-29"]
    assert len(unmet) > 3
    assert all(item["met"] == item["affected"] == 0 for item in unmet)


@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**32),
    journeys=st.integers(1, 60),
    weeks=st.integers(1, 70),
    monday=st.integers(0, 200),
)
def test_any_city_ends_in_time_and_counts_its_journeys_once(
    seed: int, journeys: int, weeks: int, monday: int
) -> None:
    until = date(2023, 1, 2) + timedelta(weeks=monday)
    city = SyntheticCity(seed=seed, until=until, journeys=journeys, weeks=weeks, planted=())

    messages = list(city.messages())

    truth = city.truth()
    assert truth["journeys"] <= journeys
    assert truth["messages"] == truth["touchpoints"] == len(messages)
    for counts in truth["services"].values():
        outcomes = ("succeeded", "refused", "cancelled", "expired", "abandoned", "open")
        assert counts["started"] == sum(counts[outcome] for outcome in outcomes)
        assert sum(counts["lost"].values()) == sum(counts[outcome] for outcome in outcomes[2:5])
    assert all(time.astimezone(UTC).date() < until for time in times_of(messages))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"until": date(2026, 7, 1)}, "no Monday.*Hint: 2026-06-29"),
        ({"seed": -1}, "seed -1"),
        ({"journeys": 0}, "journeys 0"),
        ({"weeks": 0}, "weeks 0"),
    ],
)
def test_a_setting_no_city_can_have_is_refused_with_a_hint(
    changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(PolkuError, match=says):
        SyntheticCity(**({"seed": 1, "until": UNTIL} | changed))


@pytest.mark.parametrize(
    "faults", [{"duplicates": 1.5}, {"late": -0.1}, {"disorder": 2}, {"disorder_minutes": 0}]
)
def test_faults_that_are_no_shares_are_refused(faults: dict[str, float]) -> None:
    with pytest.raises(PolkuError, match="Hint"):
        Faults(**faults)


def test_friction_is_planted_only_where_there_is_something() -> None:
    def friction(**changed: object) -> PlantedFriction:
        place = {"service": "varaamo-booking", "step": "pay", "kind": "drop_off"}
        return PlantedFriction(**(place | {"since": None, "size": 0.2} | changed))  # type: ignore[arg-type]

    with pytest.raises(UnknownServiceError, match="varaamo-booking"):
        small_city(planted=[friction(service="varaamo-boking")])
    with pytest.raises(UnknownStepError, match="'pay'"):
        small_city(planted=[friction(step="pya")])
    with pytest.raises(PolkuError, match="no week -1"):
        friction(since=-1)
    with pytest.raises(PolkuError, match="not known"):
        friction(kind="dropoff")
    with pytest.raises(PolkuError, match="no share"):
        friction(size=20)
    with pytest.raises(PolkuError, match="not slower"):
        friction(kind="slow_step", size=0.5)
