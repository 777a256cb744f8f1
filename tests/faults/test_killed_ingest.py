"""Ingest that is killed, that sleeps and wakes, and whose group never comes to rest."""

import random
import signal
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from journeys.event_log import EventLog
from tests.brokers import RealBroker
from tests.faults.matrix import Ledger
from tests.faults.workers import Fate, Worker, ingest
from tests.ingest.messages import structured
from tests.ingest.streams import Sent, ids, send, settings_of, wait_until
from tests.postgres import PostgresServer

pytestmark = pytest.mark.xdist_group("kafka")

MESSAGES, PARTITIONS = 240, 4
GROUPS = count(1)
SENT = [f"evt-{number:05}" for number in range(MESSAGES)]


@pytest.fixture(scope="module")
def topic(real_broker: RealBroker) -> str:
    """A topic of a few hundred records."""
    name = real_broker.new_topic(PARTITIONS)
    send(
        real_broker,
        name,
        *(Sent(structured(id=id_), partition=n % PARTITIONS) for n, id_ in enumerate(SENT)),
    )
    return name


@pytest.fixture
def url(tmp_path: Path, postgres: PostgresServer, seed: int) -> str:
    """A new log; that of odd seeds is on PostgreSQL."""
    return postgres.new_database() if seed % 2 else str(tmp_path / "log.db")


@pytest.mark.row(1)
def test_ingest_killed_anywhere_loses_and_doubles_nothing(
    real_broker: RealBroker, topic: str, url: str, ledger: Ledger, chosen: random.Random
) -> None:
    settings = settings_of(real_broker, topic, batch_records=20)
    for _ in range(2):
        batch = chosen.randrange(6)
        calls = 10 ** chosen.uniform(0, 3.2 if batch else 4.5)  # first it opens and connects
        fate = Fate(batch=batch, calls=int(calls))
        with ingest(settings, url, fate) as process:
            ledger.made += process.was_killed()
    with ingest(settings, url) as process:
        process.result()

    with EventLog.open(url) as log:
        ledger.settle(SENT, ids(log))


@pytest.mark.row(2)
def test_process_that_slept_while_another_went_on_is_refused(
    real_broker: RealBroker,
    topic: str,
    url: str,
    ledger: Ledger,
    chosen: random.Random,
) -> None:
    client = {"session_timeout_ms": 1000, "heartbeat_interval_ms": 200}
    group = f"zombie-{next(GROUPS)}" if chosen.random() < 0.2 else None
    settings = settings_of(real_broker, topic, batch_records=20, group=group, client=client)
    with ingest(settings, url, Fate(batch=chosen.randint(1, 8), sleeps=True)) as zombie:
        wait_until(zombie.is_asleep)
        for _ in range(chosen.randrange(3)):  # an heir need not be the last one
            with ingest(settings, url, Fate(batch=chosen.randint(1, 6), calls=500)) as heir:
                heir.was_killed()
        with ingest(settings, url) as heir:
            heir.result()
        with EventLog.open(url) as log:
            ledger.settle(SENT, ids(log))
            before = log.head()
            zombie.send_signal(signal.SIGCONT)
            woken = zombie.result()
            ledger.made += woken.counters.fenced
            ledger.settle(SENT, ids(log))
            assert log.head() == before
    assert woken.counters.fenced >= 1


@pytest.mark.row(3)
def test_group_whose_members_come_and_go_loses_and_doubles_nothing(
    real_broker: RealBroker, topic: str, url: str, ledger: Ledger, chosen: random.Random
) -> None:
    client = {"session_timeout_ms": 1000, "heartbeat_interval_ms": 100}
    settings = settings_of(
        real_broker,
        topic,
        batch_records=2,
        group=f"storm-{next(GROUPS)}",
        client=client,
        until_end=False,
    )
    members: list[Worker] = []
    everyone: list[Worker] = []
    with ExitStack() as stack, EventLog.open(url) as log:
        for _ in range(12):
            if len(members) < 3 and (not members or chosen.random() < 0.6):
                members.append(stack.enter_context(ingest(settings, url)))
                everyone.append(members[-1])
            else:
                leaving = members.pop(chosen.randrange(len(members)))
                leaving.send_signal(chosen.choice([signal.SIGTERM, signal.SIGKILL]))
                ledger.made += 1
            time.sleep(chosen.uniform(0.05, 0.4))
        everyone.append(stack.enter_context(ingest(settings, url)))
        wait_until(lambda: len(ids(log)) >= MESSAGES)
        for member in (*members, everyone[-1]):
            member.send_signal(signal.SIGTERM)
        # Whoever is told to stop before it can listen ends by the signal.
        assert {member.wait() for member in everyone} <= {0, -signal.SIGKILL, -signal.SIGTERM}
        ledger.settle(SENT, ids(log))
