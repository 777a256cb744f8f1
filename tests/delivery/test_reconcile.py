"""`polku reconcile`: what an operator is told, and with which exit code."""

import csv
import json
from io import StringIO
from pathlib import Path

import jsonschema
import pytest

from delivery.documents import documents
from delivery.report.reconciliation import reconciliation_text
from ingest.kafka_topic import find_topic
from ingest.reconcile import Difference, Gap, PartitionProof, Reconciliation
from journeys.event_log import EventLog, SourcePosition
from tests.brokers import RealBroker
from tests.delivery.command_line import answer, polku
from tests.ingest.messages import structured
from tests.ingest.streams import Sent, send, settings_of

pytestmark = pytest.mark.xdist_group("kafka")


@pytest.fixture
def topic(real_broker: RealBroker) -> str:
    """A topic of four records, one of which is a duplicate and one no message."""
    name = real_broker.new_topic(2)
    same = structured(id="same", time="2026-03-02T10:00:00Z")
    other = structured(id="other", time="2026-03-02T10:00:00Z")
    send(real_broker, name, same, other, b"not json", Sent(same, partition=1))
    return name


@pytest.fixture
def data(real_broker: RealBroker, topic: str, tmp_path: Path) -> Path:
    """A data folder that has read the topic."""
    words = ("--topic", topic, "--bootstrap", real_broker.bootstrap, "--data", tmp_path)
    answer("ingest", "kafka", *words, "--until-end")
    return tmp_path


def words(broker: RealBroker, topic: str, data: Path) -> tuple[object, ...]:
    access = ("--topic", topic, "--bootstrap", broker.bootstrap)
    return ("reconcile", *access, "--data", data)


def skip_unread(broker: RealBroker, topic: str, data: Path) -> None:
    """Send two records, and say that they were read."""
    send(broker, topic, Sent(structured(id="a"), partition=1), Sent(b"no", partition=1))
    with settings_of(broker, topic).admin() as admin:
        name = find_topic(admin, topic).position_name(1)
    with EventLog.open(data / "log.db", create=False) as log:
        at = log.position_of(name)
        assert at is not None
        moment = log.newest_recorded_at()
        assert moment is not None
        log.append_batch([], recorded_at=moment, positions=[SourcePosition(name, at + 2, at)])


def test_what_is_proved_is_said_by_partition(
    real_broker: RealBroker, topic: str, data: Path
) -> None:
    asked = words(real_broker, topic, data)

    text = answer(*asked)
    content = json.loads(answer(*asked, "--format", "json"))
    rows = list(csv.DictReader(StringIO(answer(*asked, "--format", "csv"))))

    assert text.startswith(f"Reconciliation of topic {topic}\n")
    assert "\nProved: each record that the topic still has" in text
    assert "4 records were read again: 2 recorded, 1 sent twice and dropped, 1 in" in text
    assert content["is_proved"] is True
    assert [int(row["records"]) for row in rows] == [3, 1]
    jsonschema.validate(content, json.loads(documents()["reconciliation.schema.json"]))


def test_what_differs_is_said_by_offset_and_ends_with_exit_code_1(
    real_broker: RealBroker, topic: str, data: Path
) -> None:
    skip_unread(real_broker, topic, data)

    done = polku(*words(real_broker, topic, data))

    assert done.code == 1
    assert "\nNot proved:\n- 2 records are missing: " in done.out
    assert "the log has no touchpoint of its id" in done.out
    assert "it is refused now as payload_not_json" in done.out


def test_nothing_to_hold_a_topic_against_is_an_expected_failure(
    real_broker: RealBroker, topic: str, tmp_path: Path
) -> None:
    none = polku(*words(real_broker, topic, tmp_path))
    answer("ingest", "city", "--journeys", 1, "--until", "2026-06-01", "--data", tmp_path)
    unread = polku(*words(real_broker, topic, tmp_path))

    assert (none.code, unread.code) == (1, 1)
    assert "Hint: polku demo, or polku ingest first" in none.err
    assert f"has read nothing of it. Hint: polku ingest kafka --topic {topic}" in unread.err


def proof(**changes: object) -> PartitionProof:
    given: dict[str, object] = dict.fromkeys(PartitionProof.__struct_fields__, 0)
    return PartitionProof(**{**given, "gaps": [], **changes})  # type: ignore[arg-type]


def told(*partitions: PartitionProof, **changes: object) -> str:
    """The page on one line, as its words are broken by the width alone."""
    given: dict[str, object] = {
        "topic": "t",
        "is_proved": False,
        "head": 9,
        "touchpoints": 3,
        "doubled": 0,
        "doubled_at": [],
        "differences": [],
        "partitions": list(partitions),
    }
    text = reconciliation_text(Reconciliation(**{**given, **changes}))  # type: ignore[arg-type]
    return " ".join(text.split())


def test_each_difference_says_what_to_do() -> None:
    first = Difference(0, 7, "missing", "so")
    text = told(
        proof(missing=2, differing=1), proof(lost=1, beyond=3), doubled=2, doubled_at=[4],
        differences=[first],
    )  # fmt: skip

    assert "- 2 records are missing" in text
    assert "- 1 record is recorded with another content. Hint: if it is nearly all" in text
    assert "- 2 touchpoints are not where source and id belong, at position 4, ...," in text
    assert "- 1 offset was deleted before the log had read them" in text
    assert "- 3 offsets that the log has read are not on the topic any more" in text
    assert "The log has 3 touchpoints." in text
    assert "What differs, the first of it" in text
    assert text.count("Hint: ") == 5


def test_what_is_no_difference_is_said_as_well() -> None:
    gaps = [Gap(1, 3, "retention"), Gap(9, None, "recreated")]
    part = proof(partition=1, begin=4, end=9, position=6, unread=3, gaps=gaps)

    text = told(proof(position=None), part, is_proved=True)

    assert "Proved: " in text
    assert "None of the log's 3 touchpoints is there twice." in text
    assert " 0 none 0 " in text
    assert " 1 4 to 5 0 " in text
    assert "Of 1 partition the first offsets are deleted (1: up to 3)" in text
    assert "Partition 1: a gap is recorded, offsets 1 to 2: deleted by retention" in text
    assert "offsets 9 onwards: the topic was deleted and made again." in text
    assert "3 offsets were not read yet" in text


def test_served_log_is_proved_and_its_quarantine_seen_to(
    real_broker: RealBroker, topic: str, tmp_path: Path, postgres_url: str
) -> None:
    broker = ("--bootstrap", real_broker.bootstrap)
    served = ("--database", postgres_url, "--data", tmp_path)
    answer("ingest", "kafka", "--topic", topic, *broker, *served, "--until-end")

    proved = polku("reconcile", "--topic", topic, *broker, *served)
    tried = polku("quarantine", "retry", *broker, *served)
    answer("quarantine", "dismiss", "--reason", "payload_not_json", "--because", "lost", *served)

    assert (proved.code, tried.code) == (0, 1)
    assert "Proved: each record" in proved.out
    assert "Tried 1 record again: 1 refused again." in tried.out
    assert "Nothing is in quarantine." in answer("quarantine", "list", *served)
    assert not (tmp_path / "log.db").exists()
