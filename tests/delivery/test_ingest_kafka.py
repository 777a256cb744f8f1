"""`polku ingest kafka` as an operator runs it: killed, stopped, woken, without its broker."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
)

from delivery.commands.ingest_kafka import Definitions
from delivery.settings import Settings
from ingest.kafka import KafkaSettings, read_range
from journeys.event_log import EventLog
from tests.brokers import SASL_PASSWORD, SASL_USER, RealBroker
from tests.delivery.command_line import UNTIL, answer, polku
from tests.ingest.streams import ids, send, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("kafka")

JOURNEYS = 700


class City:
    """A small city on a topic of four partitions, and what of it must be in a log."""

    def __init__(self, broker: RealBroker, topic: str, folder: Path) -> None:
        self.broker, self.topic = broker, topic
        answer(*self.words("city"), "--data", folder, "--to", "kafka", "--partitions", 4)
        answer("ingest", "city", *self.made(), "--data", folder, "--write", folder / "city.jsonl")
        lines = (folder / "city.jsonl").read_bytes().splitlines()
        self.ids = sorted(json.loads(line)["id"] for line in lines)

    @staticmethod
    def made() -> tuple[object, ...]:
        return ("--until", UNTIL, "--journeys", JOURNEYS)

    def words(self, source: str) -> tuple[object, ...]:
        made = self.made() if source == "city" else ()
        return (
            *("ingest", source, *made),
            *("--topic", self.topic, "--bootstrap", self.broker.bootstrap),
        )


@pytest.fixture(scope="module")
def city(real_broker: RealBroker, tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(real_broker, "a-city", tmp_path_factory.mktemp("city"))


def kept(data: Path) -> list[str]:
    with EventLog.open(data / "log.db", create=False) as log:
        return ids(log)


def kept_so_far(data: Path) -> int:
    if not (data / "log.db").exists():
        return 0
    with EventLog.open(data / "log.db", create=False) as log:
        return log.head()


@contextmanager
def running(*words: object, **variables: object) -> "Iterator[subprocess.Popen[str]]":
    """A process with small batches, killed at last if it has not ended."""
    ours = {"MAX_POLL_RECORDS": 20, **variables}
    env = {name: value for name, value in os.environ.items() if not name.startswith("POLKU_")}
    env |= {f"POLKU_KAFKA_CLIENT_{name}": str(value) for name, value in ours.items()}
    process = subprocess.Popen(
        [sys.executable, "-c", "from delivery.cli import main; main()", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**env, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def test_city_on_a_topic_is_recorded_once_and_its_cases_stay_together(
    city: City, tmp_path: Path
) -> None:
    told = answer(*city.words("kafka"), "--data", tmp_path, "--until-end")
    again = answer(*city.words("kafka"), "--data", tmp_path, "--until-end", "--group", "g")

    assert f"Recorded {len(city.ids):,} touchpoints. The log is at" in told
    assert "Recorded 0 touchpoints." in again
    assert kept(tmp_path) == city.ids
    settings = KafkaSettings(bootstrap=city.broker.bootstrap, topic=city.topic)
    partitions: dict[str | None, set[int]] = {}
    for partition in range(4):
        for raw in read_range(settings, partition, 0, 1_000_000):
            case = json.loads(raw.value or b"")["data"].get("case")
            partitions.setdefault(case, set()).add(partition)
    assert {len(found) for case, found in partitions.items() if case} == {1}
    assert set.union(*partitions.values()) == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_ingest_killed_at_any_moment_and_run_again_records_all_of_it_once(
    city: City, tmp_path: Path, seed: int
) -> None:
    random = np.random.default_rng(seed)
    for _ in range(3):
        with running(*city.words("kafka"), "--data", tmp_path) as process:
            begun = kept_so_far(tmp_path)
            wait_until(lambda begun=begun: kept_so_far(tmp_path) > begun)
            time.sleep(float(random.uniform(0, 0.1)))
            process.kill()
        assert kept_so_far(tmp_path) < len(city.ids)
    answer(*city.words("kafka"), "--data", tmp_path, "--until-end")

    assert kept(tmp_path) == city.ids


def test_ingest_ends_by_itself_between_two_batches_when_told_to_stop(
    city: City, tmp_path: Path
) -> None:
    with running(*city.words("kafka"), "--data", tmp_path) as process:
        wait_until(lambda: kept_so_far(tmp_path) > 100)
        process.terminate()
        said, _ = process.communicate(timeout=20)
    number = re.search(r"Recorded ([\d,]+) touchpoints", said)

    assert process.returncode == 0
    assert number, said
    assert int(number[1].replace(",", "")) == len(kept(tmp_path)) < len(city.ids)


def stop_where_nobody_waits(process: "subprocess.Popen[str]", data: Path) -> None:
    """Stop a process, but not while it holds the lock that others need."""
    for _ in range(100):
        process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(data / "log.db", timeout=0.1)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                time.sleep(0.003)
            else:
                return
    pytest.fail("it holds the lock all the time")


def test_process_that_slept_while_another_took_its_partitions_records_nothing_twice(
    city: City, tmp_path: Path
) -> None:
    short = {"SESSION_TIMEOUT_MS": 1500, "HEARTBEAT_INTERVAL_MS": 300}
    fenced = None
    for attempt in range(5):
        data = tmp_path / str(attempt)
        words = (*city.words("kafka"), "--data", data, "--group", f"zombie-{attempt}")
        with running(*words, **short) as zombie:
            wait_until(lambda data=data: kept_so_far(data) > 200)
            stop_where_nobody_waits(zombie, data)
            with running(*words, "--until-end", **short) as heir:
                assert heir.wait(timeout=40) == 0
            assert kept(data) == city.ids
            zombie.send_signal(signal.SIGCONT)
            zombie.terminate()
            said, _ = zombie.communicate(timeout=30)
        assert kept(data) == city.ids
        fenced = re.search(r"(\d+) batch(es were| was) fenced", said)
        if fenced:
            break
    assert fenced


def test_broker_that_is_killed_and_comes_back_is_waited_for(
    mortal_broker: RealBroker, tmp_path: Path
) -> None:
    city = City(mortal_broker, "its-city", tmp_path)
    data = tmp_path / "data"
    with running(*city.words("kafka"), "--data", data) as process:
        wait_until(lambda: kept_so_far(data) > 100)
        mortal_broker.restart()
        wait_until(lambda: kept_so_far(data) >= len(city.ids), seconds=60)
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert kept(data) == city.ids


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As somebody with a name and a password."""
    (tmp_path / "password").write_text(SASL_PASSWORD + "\n")
    monkeypatch.setenv("POLKU_KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("POLKU_KAFKA_SASL_MECHANISM", "PLAIN")
    monkeypatch.setenv("POLKU_KAFKA_USERNAME", SASL_USER)
    monkeypatch.setenv("POLKU_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    return tmp_path


def test_who_may_not_read_the_topic_is_told_so(real_broker: RealBroker, guarded: Path) -> None:
    topic = real_broker.new_topic()
    words = ("ingest", "kafka", "--topic", topic, "--bootstrap", real_broker.guarded)

    refused = polku(*words, "--data", guarded / "data")
    with real_broker.admin() as admin:
        admin.create_acls(
            [
                ACL(
                    principal=f"User:{SASL_USER}",
                    host="*",
                    operation=operation,
                    permission_type=ACLPermissionType.ALLOW,
                    resource_pattern=ResourcePattern(ResourceType.TOPIC, topic),
                )
                for operation in (ACLOperation.READ, ACLOperation.DESCRIBE)
            ]
        )
    allowed = polku(*words, "--data", guarded / "data", "--until-end")
    grouped = polku(*words, "--data", guarded / "data", "--until-end", "--group", "g")

    assert refused.code == 1
    assert "TopicAuthorizationFailedError" in refused.err
    assert "Hint: this user needs READ and DESCRIBE on the topic" in refused.err
    assert allowed.code == 0
    assert grouped.code == 1
    assert "Hint: this user needs READ on the group g, or leave --group out" in grouped.err


def test_wrong_password_ends_the_run_and_is_not_repeated(
    real_broker: RealBroker, guarded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLKU_KAFKA_CLIENT_BOOTSTRAP_TIMEOUT_MS", "1000")
    # On a busy machine that is too short for an answer at times, and it is asked again.
    monkeypatch.setattr("ingest.patience.LONGEST_WAIT_S", 0.1)
    (guarded / "password").write_text("a-wrong-one")

    refused = polku(
        *("ingest", "kafka", "--topic", "t", "--bootstrap", real_broker.guarded),
        *("--data", guarded / "data"),
    )

    assert refused.code == 1
    assert "Hint: check POLKU_KAFKA_SASL_MECHANISM, POLKU_KAFKA_USERNAME" in refused.err
    assert "a-wrong-one" not in refused.err + refused.out


def test_topic_of_nothing_but_poison_ends_with_a_hint(
    real_broker: RealBroker, tmp_path: Path
) -> None:
    topic = real_broker.new_topic()
    send(real_broker, topic, b"{oops")
    words = ("--topic", topic, "--bootstrap", real_broker.bootstrap, "--data", tmp_path)

    refused = polku("ingest", "kafka", *words, "--until-end")

    assert refused.code == 1
    assert "every record was quarantined. Hint: polku quarantine list" in refused.err
    assert f"kafka:{topic}/0" in answer("quarantine", "list", "--data", tmp_path)


def test_definitions_are_read_again_when_a_file_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer("ingest", "city", "--data", tmp_path, "--until", UNTIL, "--journeys", 10)
    definitions = Definitions(Settings(data=tmp_path))
    file = tmp_path / "services" / "varaamo-booking.yaml"
    text = file.read_text()

    assert definitions.changed() is None
    file.write_text(text + "\n# a remark\n")
    changed = definitions.changed()
    file.write_text("key: [")
    broken = definitions.changed()

    assert changed is not None
    assert "varaamo-booking" in changed
    assert broken is None
    assert definitions.known is changed
    assert "cannot be used; going on" in capsys.readouterr().err


def test_city_goes_to_one_place(tmp_path: Path) -> None:
    both = polku(
        *("ingest", "city", "--to", "kafka", "--write", tmp_path / "x.jsonl"),
        *("--topic", "t", "--bootstrap", "b:1", "--data", tmp_path),
    )
    assert both.code == 2


def test_member_needs_a_group_and_a_topic_a_name(tmp_path: Path) -> None:
    nameless = polku("ingest", "kafka", "--bootstrap", "b:1", "--data", tmp_path)
    alone = polku("ingest", "kafka", "--instance", "a", "--data", tmp_path)

    assert (nameless.code, alone.code) == (1, 1)
    assert "Hint: --topic NAME" in nameless.err
    assert "Hint: --group NAME" in alone.err
