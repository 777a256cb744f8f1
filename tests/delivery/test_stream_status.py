"""`polku status` of an installation that reads a topic: silent, behind, missing, unanswered."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from delivery.app import open_house
from delivery.report.health import Health, health_of, health_text
from delivery.settings import Settings
from ingest.kafka_lag import PartitionLag, TopicLag
from journeys.batches import Batch
from journeys.event_log import EventLog, SourcePosition
from journeys.records import SourceGapRecorded
from journeys.service import load_services
from journeys.touchpoint import Touchpoint
from projections.runner import project
from tests.brokers import RealBroker
from tests.delivery.command_line import answer, numbers, polku, process
from tests.delivery.conftest import City
from tests.ingest.streams import send

HOUR = timedelta(hours=1)
LAST = datetime(2026, 11, 24, 7, 20, tzinfo=UTC)
POSITION = "kafka/some-cluster/name:touchpoints/0"


def recorded_hourly(log: EventLog, *, hours: int, source: str = "urn:hel:varaamo") -> None:
    """One touchpoint an hour by a stream, the last one at `LAST`."""
    for number in range(hours):
        when = LAST - (hours - 1 - number) * HOUR
        touchpoint = Touchpoint(
            source=source,
            id=str(number),
            service="varaamo-booking",
            occurred_at=when,
            name="search",
            channel="web",
            case=f"c-{number}",
        )
        position = SourcePosition(POSITION, number + 1, number or None)
        log.append_batch([touchpoint], recorded_at=when, positions=[position])


def spoken(data: Path, *, hours: int) -> Path:
    """A data folder into which a stream has spoken for so many hours."""
    with EventLog.open(data / "log.db") as log:
        log.record_definitions(load_services(), recorded_at=LAST - hours * HOUR)
        recorded_hourly(log, hours=hours)
    projected(data)
    return data


def projected(data: Path) -> None:
    with open_house(Settings(data=data)) as house:
        project(house.log, house.models)


@pytest.fixture
def streamed(tmp_path: Path) -> Path:
    """A data folder into which a stream has spoken for 30 hours."""
    return spoken(tmp_path, hours=30)


def looked(data: Path, now: datetime, asked: TopicLag | None = None) -> Health:
    with open_house(Settings(data=data)) as house:
        return health_of(house.log, house.models, now=now, asked=asked)


def on_one_line(health: Health) -> str:
    return " ".join(health_text(health).split())


def test_stream_that_has_fallen_silent_is_ill_and_says_what_to_do(streamed: Path) -> None:
    well = looked(streamed, LAST + 3 * HOUR)
    ill = looked(streamed, LAST + 4 * HOUR)

    assert well.ills == []
    assert [source.state for source in well.streams.sources] == ["heard"]
    assert ill.ills == [
        (
            "source urn:hel:varaamo has been silent for 4 hours, since 24 November 2026 09:00; "
            "up to 3 are usual for it. Hint: is polku ingest kafka running? If it is, ask whoever "
            "runs the source whether it sends"
        )
    ]
    assert "urn:hel:varaamo 24 November 2026 09:00 silent 4 h 3 h" in on_one_line(ill)


def test_stream_that_ended_four_weeks_ago_is_said_and_not_ill(streamed: Path) -> None:
    health = looked(streamed, LAST + timedelta(days=29))

    assert health.ills == []
    assert "urn:hel:varaamo 24 November 2026 09:00 ended 696 h 3 h" in on_one_line(health)


def test_young_stream_is_not_judged(tmp_path: Path) -> None:
    health = looked(spoken(tmp_path, hours=20), LAST + 100 * HOUR)

    assert health.ills == []
    assert "urn:hel:varaamo 24 November 2026 09:00 too young to judge 100 h -" in on_one_line(
        health
    )


def test_file_is_never_silent(small_city: City) -> None:
    health = looked(small_city.data, datetime.now(UTC) + timedelta(days=20))

    assert health.streams.sources == health.streams.partitions == []
    assert health.ills == []
    assert "stream" not in health_text(health)


def test_records_that_wait_while_nothing_is_recorded_are_ill_after_an_hour(
    streamed: Path,
) -> None:
    asked = TopicLag("touchpoints", [PartitionLag(0, 30, 1230, 1200)], "", [])

    soon = looked(streamed, LAST + HOUR, asked)
    later = looked(streamed, LAST + 1.1 * HOUR, asked)

    assert soon.ills == []
    assert later.ills == [
        (
            "1,200 records wait on topic touchpoints, and nothing has been recorded since "
            "24 November 2026 09:20. Hint: start polku ingest kafka, or see why it has stopped"
        )
    ]


def test_without_a_topic_it_is_said_where_each_was_left(streamed: Path) -> None:
    told = numbers_of(streamed)

    assert told["streams"]["partitions"] == [
        {"topic": "touchpoints", "partition": 0, "position": 30, "end": None, "behind": None}
    ]
    assert "touchpoints 0 30 - -" in " ".join(polku("status", "--data", streamed).out.split())


def numbers_of(data: Path) -> dict[str, dict[str, object]]:
    told: dict[str, dict[str, object]] = json.loads(
        polku("status", "--data", data, "--format", "json").out
    )
    return told


def test_gaps_are_said_for_ever_and_ill_never(streamed: Path) -> None:
    gaps = [
        SourceGapRecorded(
            source=POSITION, topic="touchpoints", partition=0, begin=b, end=e, reason=reason
        )
        for b, e, reason in ((30, 45, "retention"), (60, None, "recreated"))
    ]
    with EventLog.open(streamed / "log.db") as log:
        batch = Batch([], [], recorded_at=LAST, coordinates=(), gaps=gaps)
        log.append(batch, positions=[SourcePosition(POSITION, 60, 30)])
    projected(streamed)

    health = looked(streamed, LAST + HOUR)

    said = on_one_line(health)
    assert health.ills == []
    assert "touchpoints 0 30 to 44 deleted before they were read 24 November 2026 09:20" in said
    assert "touchpoints 0 60 on the topic was made again 24 November 2026 09:20" in said
    csv = polku("status", "--data", streamed, "--format", "csv", "--section", "gaps").out
    assert csv.splitlines()[0] == "topic,partition,begin,end,reason,recorded_at"
    assert csv.splitlines()[2].startswith("touchpoints,0,60,,recreated,2026-11-24T07:20:00")


def test_table_that_is_not_there_is_refused(streamed: Path) -> None:
    refused = polku("status", "--data", streamed, "--format", "csv", "--section", "gap")

    assert refused.code == 2
    assert "services, sources, partitions, gaps" in " ".join(refused.err.split())


def test_broker_that_is_away_is_said_within_seconds(small_city: City) -> None:
    begun = time.monotonic()
    done = process(  # kafka-python leaves sockets behind where nobody answers
        *("status", "--data", small_city.data),
        *("--topic", "touchpoints", "--bootstrap", "127.0.0.1:1"),
    )

    assert time.monotonic() - begun < 15
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "How much waits is not known: topic touchpoints at 127.0.0.1:1: Kafka" in said
    assert "Hint: check the address 127.0.0.1:1" in said


@pytest.mark.xdist_group("kafka")
def test_topic_is_asked_how_much_waits(
    real_broker: RealBroker, small_city: City, copy_of: Callable[[City], Path]
) -> None:
    data = copy_of(small_city)
    topic = real_broker.new_topic(2)
    lines = small_city.lines.read_bytes().splitlines()
    words = ("--topic", topic, "--bootstrap", real_broker.bootstrap, "--data", data)
    unread = numbers("status", *words)
    send(real_broker, topic, *lines[:5])
    answer("ingest", "kafka", *words, "--until-end")
    send(real_broker, topic, *lines[:3])

    told = numbers("status", *words)
    missing = polku("status", *words[2:], "--topic", "nope")

    assert unread["streams"]["partitions"][0] == {
        "topic": topic,
        "partition": 0,
        "position": None,
        "end": 0,
        "behind": 0,
    }
    assert [(p["position"], p["end"], p["behind"]) for p in told["streams"]["partitions"]] == [
        (5, 8, 3),
        (0, 0, 0),
    ]
    assert {source["state"] for source in told["streams"]["sources"]} == {"too_young"}
    assert missing.code == 1
    assert "UnknownTopicOrPartitionError" in missing.out
    assert "Hint: kafka-topics.sh" in missing.out
    assert f"{topic} 0 5 - -" in " ".join(missing.out.split())
