"""What a process that goes on tells Prometheus: `GET /metrics`, by its conventions for names.

Nothing here looks anything up: a scrape reads what the process has counted, and keeps no work
waiting. Counters begin at 0 with the process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from delivery.progress import say
from delivery.settings import MetricsAddress
from ingest.rejections import REASONS
from ingest.stream_counters import StreamCounters
from journeys.errors import SettingsError


class IngestMetrics(Collector):
    """What has become of a topic since the process began."""

    def __init__(self, topic: str, counters: StreamCounters) -> None:
        self._topic = topic
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        counted = self._counters
        for name, words, value in (
            ("records", "Records whose batch is in the log.", counted.records),
            ("touchpoints", "Touchpoints recorded, new ones.", counted.recorded),
            ("duplicates", "Touchpoints that were known.", counted.duplicates),
            (
                "conflicts",
                "Touchpoints that contradict a known one; in quarantine.",
                counted.conflicts,
            ),
            (
                "fenced_batches",
                "Batches refused because another process had moved on.",
                counted.fenced,
            ),
            ("gaps", "Gaps of the topic that were recorded.", counted.gaps),
            ("reconnects", "Connections to Kafka made anew.", counted.reconnects),
            ("stalls", "Connections made anew because the client sat still.", counted.stalls),
            ("store_waits", "Batches to which the log did not answer.", counted.store_waits),
        ):
            yield CounterMetricFamily(f"polku_ingest_{name}", words, value)
        yield self._rejected()
        yield self._lag()
        yield GaugeMetricFamily(
            "polku_ingest_log_position",
            "Position of the log after the last batch of this process.",
            counted.position,
        )
        yield from _moment(
            "polku_ingest_last_commit_timestamp_seconds",
            "When the last batch of this process was in the log.",
            counted.committed_at,
        )

    def _rejected(self) -> Metric:
        family = CounterMetricFamily(
            "polku_ingest_rejected", "Records put into quarantine.", labels=("reason",)
        )
        rejected = dict(self._counters.rejected)  # a copy at once: it grows meanwhile
        for reason in REASONS:
            if reason != "conflict":  # counted by the log, above
                family.add_metric((reason,), rejected.get(reason, 0))
        return family

    def _lag(self) -> Metric:
        family = GaugeMetricFamily(
            "polku_ingest_lag_records",
            "Offsets not yet recorded of a partition that this process reads.",
            labels=("topic", "partition"),
        )
        for partition, behind in sorted(dict(self._counters.lag).items()):
            family.add_metric((self._topic, str(partition)), behind)
        return family


@dataclass
class Projected:
    """How far a projector is, as it saw it last.

    Attributes:
        head: Position of the log.
        position: Of the read models; 0 where nothing is projected.
        up_to_date_at: When there was nothing left to project; None if that has not been.
    """

    head: int = 0
    position: int = 0
    up_to_date_at: datetime | None = None

    def see(self, *, head: int, position: int | None, now: datetime) -> None:
        """Note how far it is."""
        self.head, self.position = head, position or 0
        if position is not None and position >= head:
            self.up_to_date_at = now


class ProjectMetrics(Collector):
    """How far a projector is."""

    def __init__(self, projected: Projected) -> None:
        self._projected = projected

    def collect(self) -> Iterator[Metric]:
        seen = self._projected
        yield GaugeMetricFamily(
            "polku_project_events_behind",
            "Events of the log that are not projected yet.",
            max(0, seen.head - seen.position),
        )
        yield GaugeMetricFamily(
            "polku_project_position", "Position of the read models.", seen.position
        )
        yield from _moment(
            "polku_project_last_projected_timestamp_seconds",
            "When there was last nothing left to project.",
            seen.up_to_date_at,
        )


@contextmanager
def served(collector: Collector, at: MetricsAddress | None) -> Iterator[None]:
    """Answer `GET /metrics` while the block runs; nothing is served without an address.

    Args:
        collector: What to tell, beside memory, processor time and files of this process.
        at: Where to listen; port 0 takes a free one.

    Raises:
        SettingsError: It cannot listen there.
    """
    if at is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(at.port, at.host, registry)
    except OSError as error:
        raise SettingsError(
            f"metrics cannot be served at {at.host}, port {at.port}: {error.strerror}. "
            "Hint: choose a free one with --metrics-port, 0 for any, and an address of this "
            "machine with --metrics-host"
        ) from error
    try:
        say(f"Metrics are at http://{at.host}:{server.server_port}/metrics.")
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _moment(name: str, words: str, when: datetime | None) -> Iterator[Metric]:
    if when is not None:
        yield GaugeMetricFamily(name, words, when.timestamp())
