"""What an operator is told where a topic has lost something, or the log has: never nothing."""

import json
import shutil
from pathlib import Path

import pytest
from kafka import TopicPartition

from tests.brokers import RealBroker
from tests.delivery.command_line import Answer, answer, polku
from tests.ingest.messages import structured
from tests.ingest.streams import send

pytestmark = pytest.mark.xdist_group("kafka")

NAMED = "its-topic"


class Operator:
    """Whoever types the commands for one topic and one data folder."""

    def __init__(self, broker: RealBroker, topic: str, data: Path) -> None:
        self.broker, self.topic, self.data = broker, topic, data

    def sends(self, numbers: range) -> None:
        send(self.broker, self.topic, *(structured(id=f"evt-{n:05}") for n in numbers))

    def ingests(self, *words: str) -> Answer:
        return polku("ingest", "kafka", *self._words, "--until-end", *words)

    def projects(self) -> None:
        answer("project", "--data", self.data)

    def asks(self) -> tuple[list[str], list[dict[str, object]]]:
        """What is ill, and the gaps."""
        told = json.loads(polku("status", *self._words, "--format", "json").out)
        return told["ills"], told["streams"]["gaps"]

    @property
    def _words(self) -> tuple[object, ...]:
        where = ("--topic", self.topic, "--bootstrap", self.broker.bootstrap)
        return (*where, "--data", self.data)


@pytest.fixture
def operator(real_broker: RealBroker, tmp_path: Path) -> Operator:
    """One who has ten touchpoints of a topic recorded and projected."""
    found = Operator(real_broker, real_broker.new_topic(), tmp_path / "data")
    found.sends(range(10))
    assert "Recorded 10 touchpoints." in found.ingests().out
    found.projects()
    assert found.asks() == ([], [])
    return found


def make_again(operator: Operator) -> None:
    with operator.broker.admin() as admin:
        admin.delete_topics([operator.topic])
    operator.broker.create_topic(operator.topic)


def test_retention_that_passes_the_reader_by_is_said_and_then_recorded(operator: Operator) -> None:
    operator.sends(range(10, 30))
    with operator.broker.admin() as admin:
        admin.delete_records({TopicPartition(operator.topic, 0): 25})
    lost = (
        f"topic {operator.topic}, partition 0: it was read up to offset 10, and begins at 25 now: "
        "15 offsets were deleted unread. Hint: bring them back from a mirror or a backup of the "
        "topic, or polku ingest kafka --allow-gap records what is missing and goes on"
    )

    ended = operator.ingests()
    asked = operator.asks()
    allowed = operator.ingests("--allow-gap")
    operator.projects()

    assert (ended.code, ended.out) == (1, "")
    assert lost in ended.err
    assert [lost in ill for ill in asked[0]] == [True]
    assert asked[1] == []
    assert "Recorded 5 touchpoints; 1 gap is recorded." in allowed.out
    assert "partition 0: offsets 10 to 24 are missing (retention): recorded as a gap" in allowed.err
    ills, gaps = operator.asks()
    assert ills == []
    assert [(g["begin"], g["end"], g["reason"]) for g in gaps] == [(10, 25, "retention")]


def test_topic_that_was_made_again_is_said_and_then_read_from_its_beginning(
    operator: Operator,
) -> None:
    make_again(operator)
    operator.sends(range(8, 15))
    anew = (
        f"topic {operator.topic}: it was deleted and made again under its name since it was last "
        "read; what the old one held and was not read is gone. Hint: polku ingest kafka "
        "--allow-gap records what is missing and goes on, with the new one from its first record"
    )

    ended = operator.ingests()
    asked = operator.asks()
    allowed = operator.ingests("--allow-gap")
    again = operator.ingests()
    operator.projects()

    assert (ended.code, ended.out) == (1, "")
    assert anew in ended.err
    assert asked == ([anew], [])
    assert "Recorded 5 touchpoints; 2 were known already; 1 gap is recorded." in allowed.out
    assert "partition 0: offsets 10 on are missing (recreated): recorded as a gap" in allowed.err
    assert (again.code, "Recorded 0 touchpoints." in again.out) == (0, True)
    ills, gaps = operator.asks()
    assert ills == []
    assert [(g["begin"], g["end"], g["reason"]) for g in gaps] == [(10, None, "recreated")]


@pytest.mark.parametrize("group", [(), ("--group", "readers")])
def test_log_restored_from_an_older_copy_reads_again_what_it_does_not_have(
    operator: Operator, group: tuple[str, ...]
) -> None:
    older = operator.data.with_name("older")
    operator.ingests(*group)
    shutil.copytree(operator.data, older)
    operator.sends(range(10, 30))
    operator.ingests(*group)
    operator.projects()
    models = operator.data / "read-models.db"
    shutil.copy(models, older / models.name)
    restored = Operator(operator.broker, operator.topic, older)

    told = polku("project", "--data", older)
    ills, _ = restored.asks()
    rebuilt = polku("project", "--data", older, "--rebuild")
    read = restored.ingests(*group)

    newer = (
        "read models: they know 37 events and the log has 17, so they are of another log, or this "
        "one came from a backup. Hint: polku project --rebuild"
    )
    assert (told.code, told.err) == (1, f"polku: {newer}\n")
    assert newer in ills
    assert rebuilt.code == 0
    assert "Recorded 20 touchpoints." in read.out
    said = "the log was read up to 10, and Kafka remembers 30: the log is an older copy."
    assert (said in read.err) == bool(group)
