"""A broker that is slow, cut off, killed, or has lost what it had; and a client that sits still."""

import os
import random
import time
from pathlib import Path

import pytest

from journeys.errors import TruncatedTopicError
from journeys.event_log import EventLog
from tests.brokers import RealBroker
from tests.faults.matrix import Ledger, is_full
from tests.faults.proxy import Proxy
from tests.faults.workers import Worker, ingest
from tests.ingest.messages import structured
from tests.ingest.streams import Sent, gaps, ids, record, send, settings_of, wait_until
from tests.ingest.test_kafka_watchdog import fake

pytestmark = pytest.mark.xdist_group("kafka")

LONG_CUT_S = 60.0
MOST_CPU, MOST_GROWTH = 0.15, 64 << 20
"""Of one core while the broker is away, and in bytes meanwhile."""


def messages(chosen: random.Random, numbers: range, partitions: int) -> list[Sent]:
    return [
        Sent(structured(id=f"evt-{number:05}"), partition=chosen.randrange(partitions))
        for number in numbers
    ]


def identified(numbers: range) -> list[str]:
    return [f"evt-{number:05}" for number in numbers]


class Usage:
    """What a process takes from here on."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._begun = time.monotonic()
        self._cpu_s, self._bytes = self._look()

    def _look(self) -> tuple[float, int]:
        folder = Path(f"/proc/{self._worker.pid}")
        if not folder.exists():
            pytest.skip("what a process takes is told by /proc, which is not there")
        user, system = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        pages = int((folder / "statm").read_text().split()[1])
        ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        return (int(user) + int(system)) / ticks, pages * page

    def check(self) -> None:
        """It has neither spun nor grown."""
        cpu_s, now = self._look()
        spent = (cpu_s - self._cpu_s) / (time.monotonic() - self._begun)
        assert spent < MOST_CPU, f"{spent:.0%} of a core"
        assert now - self._bytes < MOST_GROWTH, f"{now - self._bytes:,} bytes more"


@pytest.mark.row(5)
def test_broker_that_is_slow_or_cut_off_is_waited_for(
    real_broker: RealBroker, tmp_path: Path, ledger: Ledger, seed: int, chosen: random.Random
) -> None:
    cut_s = LONG_CUT_S if seed == 0 and is_full() else chosen.uniform(1.5, 3)
    topic, url = real_broker.new_topic(2), str(tmp_path / "log.db")
    send(real_broker, topic, *messages(chosen, range(50), 2))
    with Proxy(int(real_broker.bootstrap.rpartition(":")[2])) as network, EventLog.open(url) as log:
        settings = settings_of(real_broker, topic, until_end=False, batch_records=10)
        settings = type(settings)(**{**vars(settings), "bootstrap": f"127.0.0.1:{network.port}"})
        with ingest(settings, url) as process:
            wait_until(lambda: len(ids(log)) > 0)
            network.delay_s = chosen.uniform(0, 0.1)
            time.sleep(chosen.uniform(0, 0.3))
            network.cut(silently=chosen.random() < 0.5)
            time.sleep(0.2)
            usage = Usage(process)
            send(real_broker, topic, *messages(chosen, range(50, 100), 2))
            time.sleep(cut_s)
            usage.check()
            assert process.is_running()
            assert len(ids(log)) <= 50
            ledger.made += 1
            network.mend()
            network.delay_s = 0.0
            wait_until(lambda: len(ids(log)) >= 100, seconds=90)
            process.terminate()
            process.result()
        ledger.settle(identified(range(100)), ids(log))


@pytest.mark.row(4)
def test_broker_that_is_killed_goes_on_and_what_it_has_lost_is_named(
    mortal_broker: RealBroker, tmp_path: Path, ledger: Ledger, chosen: random.Random
) -> None:
    broker, url = mortal_broker, str(tmp_path / "log.db")
    topic = broker.new_topic()
    send(broker, topic, *messages(chosen, range(100), 1))
    settings = settings_of(broker, topic, until_end=False, batch_records=5)
    with EventLog.open(url) as log:
        with ingest(settings, url) as process:
            before = chosen.randrange(60)
            wait_until(lambda: len(ids(log)) > before)
            broker.kill()
            broker.start()
            send(broker, topic, *messages(chosen, range(100, 150), 1))
            wait_until(lambda: len(ids(log)) >= 150, seconds=90)
            process.terminate()
            process.result()
        ledger.settle(identified(range(150)), ids(log))

        broker.kill()
        lost = chosen.randint(1, 2000)
        cut_short(broker, topic, lost)
        broker.start()
        ledger.made += 2
        with pytest.raises(TruncatedTopicError, match="the broker has lost records"):
            record(settings_of(broker, topic), log)
        record(settings_of(broker, topic, allow_gap=True), log)
        send(broker, topic, *messages(chosen, range(150, 170), 1))
        record(settings_of(broker, topic), log)
        assert [(end, reason) for _, _, end, reason in gaps(log)] == [(150, "truncated")]
        ledger.settle(identified(range(170)), ids(log))


def cut_short(broker: RealBroker, topic: str, size: int) -> None:
    """Take the last bytes off a partition's only segment."""
    (segment,) = (broker.data / f"{topic}-0").glob("*.log")
    os.truncate(segment, segment.stat().st_size - size)


@pytest.mark.row(6)
def test_client_that_sits_still_is_made_anew_whenever_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger: Ledger, chosen: random.Random
) -> None:
    monkeypatch.setattr("ingest.kafka.WAIT_S", (0.0, 0.0))
    lives = []
    for _ in range(chosen.randint(1, 4)):
        polls = sorted(chosen.choices(range(5), k=chosen.randint(1, 4)))
        lives.append([*polls, polls[-1]])  # the last poll brings nothing, though more is there
    settings = fake(*lives, [])
    with EventLog.open(tmp_path / "log.db") as log:
        run = record(settings, log)
        ledger.made += run.counters.stalls
        ledger.settle([f"evt-{n}" for n in range(5)], ids(log))
    assert run.counters.stalls == run.counters.reconnects >= 1
    assert all(consumer.closed for consumer in settings.made)
