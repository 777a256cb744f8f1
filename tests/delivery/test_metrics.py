"""What Prometheus is told by processes that go on, as it is scraped."""

import re
import socket
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from delivery.metrics import IngestMetrics, Projected, ProjectMetrics
from delivery.settings import MetricsAddress, read_metrics
from ingest.stream_counters import StreamCounters
from journeys.errors import SettingsError
from tests.brokers import RealBroker
from tests.delivery.command_line import answer, polku, started
from tests.delivery.conftest import City
from tests.ingest.streams import send, wait_until

if TYPE_CHECKING:
    import subprocess

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Samples = dict[tuple[str, ...], float]


def scraped(address: str) -> Samples:
    """Name, then the values of the labels by their names, of every sample of ours."""
    with urllib.request.urlopen(address, timeout=5) as reply:  # noqa: S310 - ours
        text = reply.read().decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("polku_")
    }


def address_of(process: "subprocess.Popen[str]") -> str:
    """Where a process says that its metrics are; it says that first."""
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"Metrics are at (http://127\.0\.0\.1:\d+/metrics)\.", line)
    assert found, line
    return found[1]


def ended(process: "subprocess.Popen[str]") -> str:
    """Tell a process to stop, and hear what it says last."""
    process.terminate()
    out, err = process.communicate(timeout=30)
    return out + err


@pytest.mark.xdist_group("kafka")
def test_ingest_tells_what_has_become_of_a_topic(
    real_broker: RealBroker, small_city: City, tmp_path: Path
) -> None:
    topic = real_broker.new_topic(2)
    lines = small_city.lines.read_bytes().splitlines()[:50]
    send(real_broker, topic, *lines, lines[0], b"{oops")
    begun = datetime.now(UTC).timestamp()
    words = ("--topic", topic, "--bootstrap", real_broker.bootstrap, "--data", tmp_path)
    with started("ingest", "kafka", *words, "--metrics-port", 0) as process:
        try:
            address = address_of(process)
            wait_until(lambda: scraped(address)["polku_ingest_records_total",] == 52)
            told = scraped(address)
        finally:
            said = ended(process)
    unique = len(set(lines))

    assert process.returncode == 0, said
    assert told["polku_ingest_touchpoints_total",] == unique
    assert told["polku_ingest_duplicates_total",] == 51 - unique
    assert told["polku_ingest_rejected_total", "payload_not_json"] == 1
    assert told["polku_ingest_rejected_total", "bad_time"] == 0
    assert told["polku_ingest_lag_records", "0", topic] == 0
    assert told["polku_ingest_lag_records", "1", topic] == 0
    assert told["polku_ingest_log_position",] > unique
    assert begun <= told["polku_ingest_last_commit_timestamp_seconds",] <= begun + 60
    for name in ("fenced_batches", "gaps", "reconnects", "stalls", "store_waits", "conflicts"):
        assert told[f"polku_ingest_{name}_total",] == 0


def test_projector_tells_how_far_it_is(
    small_city: City, tmp_path: Path, write_lines: Callable[..., Path]
) -> None:
    first, second = (write_lines([m], f"{n}.jsonl") for n, m in enumerate(small_city.messages[:2]))
    answer("ingest", "files", first, "--data", tmp_path)
    with started("project", "--follow", "--data", tmp_path, "--metrics-port", 0) as process:
        try:
            address = address_of(process)
            name = "polku_project_last_projected_timestamp_seconds"
            wait_until(lambda: (name,) in scraped(address))
            before = scraped(address)
            answer("ingest", "files", second, "--data", tmp_path)
            wait_until(
                lambda: (
                    scraped(address)["polku_project_position",] > before["polku_project_position",]
                )
            )
            after = scraped(address)
        finally:
            said = ended(process)

    assert process.returncode == 0, said
    assert before["polku_project_events_behind",] == after["polku_project_events_behind",] == 0
    assert after["polku_project_position",] == before["polku_project_position",] + 1
    assert after[name,] > before[name,]


def test_projector_that_has_not_caught_up_says_how_far_it_is_behind() -> None:
    registry, seen = CollectorRegistry(), Projected()
    registry.register(ProjectMetrics(seen))
    moment = "polku_project_last_projected_timestamp_seconds"

    seen.see(head=100, position=None, now=NOW)
    assert registry.get_sample_value("polku_project_events_behind") == 100
    assert registry.get_sample_value(moment) is None
    seen.see(head=100, position=100, now=NOW)
    seen.see(head=130, position=100, now=NOW.replace(hour=13))

    assert registry.get_sample_value("polku_project_events_behind") == 30
    assert registry.get_sample_value(moment) == NOW.timestamp()


def test_every_counter_is_told_by_name_and_lag_of_lost_partitions_is_not() -> None:
    registry, counters = CollectorRegistry(), StreamCounters(lag={0: 7, 3: 9})
    registry.register(IngestMetrics("touchpoints", counters))
    numbered = {
        "records": "records",
        "recorded": "touchpoints",
        "duplicates": "duplicates",
        "conflicts": "conflicts",
        "fenced": "fenced_batches",
        "gaps": "gaps",
        "reconnects": "reconnects",
        "stalls": "stalls",
        "store_waits": "store_waits",
    }
    for number, name in enumerate(numbered):
        setattr(counters, name, number + 1)
    counters.rejected["bad_row"] = 4
    counters.lag.pop(0)

    told = {
        name: registry.get_sample_value(f"polku_ingest_{name}_total") for name in numbered.values()
    }
    lag = [
        registry.get_sample_value(
            "polku_ingest_lag_records", {"topic": "touchpoints", "partition": partition}
        )
        for partition in ("0", "3")
    ]

    assert told == {name: number + 1 for number, name in enumerate(numbered.values())}
    assert registry.get_sample_value("polku_ingest_rejected_total", {"reason": "bad_row"}) == 4
    assert lag == [None, 9]


def test_every_metric_is_in_the_documentation_and_its_rules_use_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs/running.md").read_text(encoding="utf-8")
    section = page.partition("## Metrics")[2].partition("\n## ")[0]
    table, rules = section.split("```yaml")
    counters = StreamCounters(lag={0: 1}, committed_at=NOW)
    projected = Projected(head=1, position=1, up_to_date_at=NOW)

    told = {
        sample.name
        for collector in (IngestMetrics("t", counters), ProjectMetrics(projected))
        for family in collector.collect()
        for sample in family.samples
    }

    assert set(re.findall(r"polku_[a-z_]+[a-z]", table)) == told
    assert set(re.findall(r"polku_[a-z_]+[a-z]", rules)) <= told


def test_port_that_is_taken_ends_the_run_with_a_hint(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = polku(
            *("ingest", "kafka", "--topic", "t", "--bootstrap", "127.0.0.1:1"),
            *("--data", tmp_path, "--metrics-port", port),
        )

    assert refused.code == 1
    assert f"metrics cannot be served at 127.0.0.1, port {port}: Address already in use" in (
        refused.err
    )
    assert "Hint: choose a free one with --metrics-port" in refused.err


def test_where_metrics_are_told_is_said_by_options_or_variables() -> None:
    told = {"POLKU_METRICS_PORT": "9464", "POLKU_METRICS_HOST": "0.0.0.0"}  # noqa: S104

    assert read_metrics(environment={}) is None
    assert read_metrics(environment={"POLKU_METRICS_HOST": "example.org"}) is None
    assert read_metrics(environment=told) == MetricsAddress(host="0.0.0.0", port=9464)  # noqa: S104
    assert read_metrics(port=0, host="127.0.0.1", environment=told) == MetricsAddress(
        host="127.0.0.1", port=0
    )
    for port in ("many", "-1", "65536"):
        with pytest.raises(SettingsError, match=r"POLKU_METRICS_PORT is no port.*Hint: "):
            read_metrics(environment={"POLKU_METRICS_PORT": port})
