"""The whole way, Kafka to PostgreSQL, while everything on it is killed: not one record amiss."""

import random
import signal
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from confluent_kafka import Producer

from ingest.kafka import KafkaSettings
from ingest.kafka_topic import find_topic
from journeys.errors import LogAwayError
from journeys.event_log import EventLog
from tests.brokers import RealBroker
from tests.faults.matrix import Ledger, is_full
from tests.faults.proofs import proof_of
from tests.faults.workers import Fate, ingest
from tests.ingest.messages import structured
from tests.ingest.streams import ids, settings_of, wait_until
from tests.postgres import PostgresServer

pytestmark = pytest.mark.xdist_group("kafka")

PARTITIONS = 8
PATIENCE_S = 120
CLIENT = {"session_timeout_ms": 1000, "heartbeat_interval_ms": 200}


class Plan(NamedTuple):
    """How much is sent, and how often what happens."""

    touchpoints: int
    kills: int
    zombies: int
    brokers: int
    servers: int

    def faults(self, chosen: random.Random) -> list[str]:
        """The faults in an order drawn at random."""
        kinds = ["kill"] * self.kills + ["zombie"] * self.zombies
        kinds += ["restart_broker"] * self.brokers + ["restart_server"] * self.servers
        chosen.shuffle(kinds)
        return kinds


WHOLE = Plan(240_000, kills=50, zombies=10, brokers=5, servers=5)
TWENTIETH = Plan(12_000, kills=3, zombies=1, brokers=1, servers=1)


class Way:
    """A topic, a log, and one member of a group that is to record all of it, whatever happens."""

    def __init__(self, broker: RealBroker, server: PostgresServer, chosen: random.Random) -> None:
        self.broker, self.server, self.chosen = broker, server, chosen
        self.topic = broker.new_topic(PARTITIONS)
        self.url = server.new_database()
        self.sent: list[str] = []
        self.fenced = self.killed = 0
        self._producer = Producer(
            {"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "linger.ms": 5}
        )
        self.log = EventLog.open(self.url)
        with broker.admin() as admin:
            found = find_topic(admin, self.topic)
        self._names = [found.position_name(partition) for partition in found.partitions]
        self.one = ingest(self.settings("one"), self.url)

    def close(self) -> None:
        """Leave no process and no session behind."""
        self.one.close()
        self.log.close()

    def settings(self, instance: str) -> KafkaSettings:
        return settings_of(
            self.broker,
            self.topic,
            group="way",
            instance=instance,
            until_end=False,
            batch_records=250,
            client=CLIENT,
        )

    def send(self, number: int) -> None:
        """Send so many more, spread over the partitions."""
        for _ in range(number):
            id_ = f"evt-{len(self.sent):06}"
            case = len(self.sent) // 5
            self._producer.produce(
                self.topic,
                structured(id=id_, data={"case": f"C-{case}", "person": f"p-{case % 1000}"}),
                partition=case % PARTITIONS,
            )
            self.sent.append(id_)
            self._producer.poll(0)
        assert self._producer.flush(30) == 0

    def kept(self) -> int:
        """How many are in the log, as far as it answers: offsets count what they hold here."""
        try:
            return sum(self.log.position_of(name) or 0 for name in self._names)
        except LogAwayError:
            return 0

    def wait_for_all(self) -> None:
        """Wait until everything that was sent is in the log."""
        wait_until(lambda: self.kept() >= len(self.sent), seconds=PATIENCE_S)

    def kill(self) -> None:
        """Kill the one while it records, and start it again."""
        begun, share = self.kept(), self.chosen.random()
        wanted = begun + int(share * (len(self.sent) - begun))
        wait_until(lambda: self.kept() >= wanted, seconds=PATIENCE_S)
        self.one.send_signal(signal.SIGKILL)
        self.killed += self.one.was_killed()
        self.one.close()
        self.one = ingest(self.settings("one"), self.url)

    def zombie(self) -> None:
        """Let another have partitions, sleep with records in hand, and wake when all is done."""
        with ingest(self.settings("two"), self.url, Fate(batch=1, sleeps=True)) as two:
            while not two.is_asleep():
                self.send(100)
                time.sleep(0.05)
            self.wait_for_all()
            two.send_signal(signal.SIGCONT)
            wait_until(lambda: not two.is_asleep())
            time.sleep(0.3)
            two.terminate()
            self.fenced += two.result().counters.fenced

    def restart_broker(self) -> None:
        """Kill the broker while records are on their way, and start it again."""
        self.broker.restart()

    def restart_server(self) -> None:
        """Stop PostgreSQL at once, and start it again."""
        time.sleep(self.chosen.uniform(0, 0.1))
        self.server.stop_immediately()
        self.server.start()


@pytest.fixture
def way(
    mortal_broker: RealBroker, oldest_postgres: PostgresServer, chosen: random.Random
) -> Iterator[Way]:
    way = Way(mortal_broker, oldest_postgres, chosen)
    yield way
    way.close()


@pytest.mark.row(25)
def test_nothing_is_missing_and_nothing_double_whatever_is_killed(
    way: Way, ledger: Ledger, chosen: random.Random
) -> None:
    plan = WHOLE if is_full() else TWENTIETH
    faults = plan.faults(chosen)
    for number, fault in enumerate(faults, 1):
        way.send(plan.touchpoints * number // len(faults) - len(way.sent))
        getattr(way, fault)()
        ledger.made += 1
    way.wait_for_all()
    way.one.terminate()
    way.one.result()

    proof = proof_of(way.settings("proof"), way.log)
    ledger.settle(way.sent, ids(way.log))
    assert proof.is_proved
    assert (proof.total("missing"), proof.doubled) == (0, 0)
    assert proof.total("recorded") == proof.touchpoints == len(way.sent) >= plan.touchpoints
    assert way.killed == plan.kills
    assert way.fenced >= plan.zombies
