"""Every command of the compose file does its job outside of a container, too.

The services run as the file says, one process each, against the real broker and the PostgreSQL of
the tests. Only places differ: hosts, and folders that a container has at its root.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.brokers import JAVA, RealBroker, broker_jars
from tests.postgres import PostgresServer

pytestmark = pytest.mark.xdist_group("kafka")

KAFKA_SCRIPTS = {
    "/opt/kafka/bin/kafka-topics.sh": "TopicCommand",
    "/opt/kafka/bin/kafka-broker-api-versions.sh": "BrokerApiVersionsCommand",
}
"""What the scripts of Apache Kafka's image run, of `org.apache.kafka.tools`."""


class Stack:
    """The services of the compose file, as processes of this machine."""

    def __init__(
        self, services: dict[str, Any], places: dict[str, str], variables: dict[str, str]
    ) -> None:
        self._services = services
        self._variables = variables
        self._places = places
        self._running: dict[str, subprocess.Popen[str]] = {}

    def start(self, service: str, *more: str) -> "subprocess.Popen[str]":
        """Start a service's command."""
        told = self._services[service]
        words = [*told.get("entrypoint", ["polku"]), *told["command"], *more]
        self._running[service] = self._process(service, words)
        return self._running[service]

    def run(self, service: str, *more: str) -> str:
        """Run a service's command to its end; what it said."""
        out, err = self.start(service, *more).communicate(timeout=60)
        assert self._running.pop(service).returncode == 0, err
        return out + err

    def is_well(self, service: str) -> bool:
        """Ask as the engine does."""
        kind, *words = self._services[service]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", *words]
        asked = self._process(service, words)
        said = asked.communicate(timeout=60)
        assert "Traceback" not in said[1]
        return asked.returncode == 0

    def stop(self, service: str) -> tuple[int, str]:
        """Stop a service as the engine does; exit code, and what it said."""
        running = self._running.pop(service)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
        return running.returncode, out + err

    def kill_all(self) -> None:
        for running in self._running.values():
            running.kill()
            running.communicate()

    def _process(self, service: str, words: list[str]) -> "subprocess.Popen[str]":
        words = [self._here(word) for word in words]
        if words[0] == "polku":
            words[:1] = [sys.executable, "-c", "from delivery.cli import main; main()"]
        elif words[0] in KAFKA_SCRIPTS:
            tool = f"org.apache.kafka.tools.{KAFKA_SCRIPTS[words[0]]}"
            words[:1] = [*JAVA, "-cp", f"{broker_jars()}/*", tool]
        told = self._services[service].get("environment", {})
        env = {name: value for name, value in os.environ.items() if not name.startswith("POLKU_")}
        env |= self._variables | {name: self._here(value) for name, value in told.items()}
        return subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**env, "PYTHONPATH": str(Path(__file__).parents[2])},
        )

    def _here(self, text: str) -> str:
        for place, here in self._places.items():
            text = re.sub(rf"(?<![\w/]){re.escape(place)}", here, text)
        return text


@pytest.fixture
def stack(
    house: Path, tmp_path: Path, real_broker: RealBroker, postgres: PostgresServer
) -> Iterator[Stack]:
    text = (house / "docker-compose.yml").read_text(encoding="utf-8")
    for folder in ("data", "reports", "secrets"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secrets/pseudonym-key").write_text("only-for-tests-" * 3)
    (tmp_path / "secrets/database-url").write_text(postgres.new_database() + "\n")
    places = {
        "kafka:9092": real_broker.bootstrap,
        "localhost:9092": real_broker.bootstrap,
        "pg_isready": str(postgres.program("pg_isready")),
        "/run/secrets": str(tmp_path / "secrets"),
        "/data": str(tmp_path / "data"),
        "/reports": str(tmp_path / "reports"),
    }
    told = {"POLKU_DATA": str(tmp_path / "data"), "PGPORT": str(postgres.port)}  # as an image says
    stack = Stack(yaml.safe_load(text)["services"], places, told)
    yield stack
    stack.kill_all()


def test_the_demo_goes_through_the_services_and_they_stop_when_told(
    stack: Stack, tmp_path: Path
) -> None:
    # Given the services in another order than is good for them
    projector = stack.start("projector")
    assert stack.is_well("kafka")
    assert stack.is_well("postgres")
    stack.run("upgrade")
    stack.run("upgrade")  # there already: nothing to do
    assert "Created topic touchpoints" in stack.run("topic")
    assert stack.run("topic") == ""  # there already: nothing to do
    stack.start("ingest")

    # When a city is sent
    [sent] = re.findall(r"Sent ([\d,]+) messages", stack.run("demo", "--journeys", "600"))
    database = (tmp_path / "secrets/database-url").read_text().strip()
    _wait_until(lambda: _projected(database) == int(sent.replace(",", "")))
    _wait_until(lambda: stack.is_well("ingest") and stack.is_well("projector"))
    stack.start("reporter")
    report = tmp_path / "reports/overview.json"
    _wait_until(report.exists)

    # Then it is recorded, projected and reported, and every service is well and stops
    assert stack.is_well("reporter")
    stopped = {name: stack.stop(name) for name in ("reporter", "projector", "ingest")}
    assert {code for code, _ in stopped.values()} == {0}, stopped
    assert f"Recorded {sent} touchpoints" in stopped["ingest"][1]
    assert "does not answer" not in stopped["ingest"][1]
    assert projector.returncode == 0
    assert len(json.loads(report.read_text(encoding="utf-8"))["services"]) == 6
    assert (tmp_path / "reports/overview.txt").read_text(encoding="utf-8").startswith("All serv")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["cache", "services"]


def _projected(database: str) -> int:
    """How many touchpoints the read models have: cheaper to ask than a service is."""
    with suppress(psycopg.errors.UndefinedTable), psycopg.connect(database) as connection:
        for (number,) in connection.execute("SELECT count(*) FROM read_models.touchpoint"):
            return int(number)
    return 0


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)  # to ask costs a second of work, which those who are asked need
