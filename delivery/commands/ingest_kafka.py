"""`polku ingest kafka`: record what a topic says, each touchpoint once, until told to stop."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from delivery.options import Bootstrap, Data, Database, MetricsHost, MetricsPort, Services, Topic
from delivery.progress import progress, say
from delivery.settings import Settings, now, read_kafka, read_metrics, read_settings
from delivery.stopping import told_to_stop

if TYPE_CHECKING:
    from ingest.city import SyntheticCity
    from ingest.kafka import KafkaSettings
    from ingest.pipeline import IngestResult
    from ingest.stream_counters import StreamCounters
    from journeys.service import Service

Result = TypeVar("Result")


def kafka(
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Share the partitions with other processes of this name. [read all of them]",
            show_default=False,
        ),
    ] = None,
    instance: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="This process's own name in the group: a restart divides nothing anew.",
            show_default=False,
        ),
    ] = None,
    until_end: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--until-end", help="Stop at what is there now. [go on until stopped]")
    ] = False,
    allow_gap: Annotated[  # noqa: FBT002 - a flag of the command line
        bool,
        typer.Option("--allow-gap", help="Record what the topic has lost unread, and go on."),
    ] = False,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = None,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Record a Kafka topic until stopped (SIGTERM or Ctrl-C); a broker that is away is waited for.

    What is read is remembered in the log, with the records themselves: kill it, run it again, or
    run several with one --group, and each record is stored once. How to reach a broker that asks
    who it is: POLKU_KAFKA_SECURITY_PROTOCOL, POLKU_KAFKA_SASL_MECHANISM, POLKU_KAFKA_USERNAME,
    POLKU_KAFKA_PASSWORD_FILE, POLKU_KAFKA_CA_FILE, POLKU_KAFKA_CERTIFICATE_FILE,
    POLKU_KAFKA_KEY_FILE. Any other setting of kafka-python: POLKU_KAFKA_CLIENT_ and its name.
    """
    from delivery.commands.ingest import tell
    from delivery.metrics import IngestMetrics, served
    from ingest.stream_counters import StreamCounters
    from journeys.errors import SettingsError, SourceError

    if instance is not None and group is None:
        raise SettingsError("--instance names a member of a group. Hint: --group NAME as well")
    settings = read_settings(data=data, database=database, services=services)
    wanted = replace(
        kafka_settings(topic, bootstrap),
        group=group,
        instance=instance,
        until_end=until_end,
        allow_gap=allow_gap,
    )
    counters = StreamCounters()
    metrics = read_metrics(port=metrics_port, host=metrics_host)
    with served(IngestMetrics(wanted.topic, counters), metrics):
        result = record_topic(wanted, settings, counters)
    tell(result, more=_told(counters))
    if until_end and result.nothing_usable:
        raise SourceError(
            f"nothing could be stored of topic {wanted.topic}: every record was quarantined. "
            "Hint: polku quarantine list"
        )


def record_topic(
    wanted: "KafkaSettings", settings: Settings, counters: "StreamCounters"
) -> "IngestResult":
    """Record a topic into an installation's log until it ends or the process is told to stop."""
    from delivery.app import open_log
    from delivery.commands.ingest import made_ready
    from ingest.kafka import KafkaSource
    from ingest.pipeline import Progress
    from ingest.privacy import Pseudonyms
    from ingest.stream import run_stream

    with ExitStack() as stack:
        stop = stack.enter_context(told_to_stop())
        key = _patiently(lambda: made_ready(settings), stop)
        definitions = Definitions(settings)
        log = _patiently(lambda: stack.enter_context(open_log(settings, create=True)), stop)
        report = stack.enter_context(progress(f"Reading {wanted.topic}"))

        def show(step: Progress) -> None:
            behind = sum(counters.lag.values())
            report(None, f"{step.recorded:,} touchpoints, {behind:,} behind")

        if not wanted.until_end:
            say(f"Reading topic {wanted.topic} at {wanted.bootstrap}; stop with Ctrl-C.")
        source = KafkaSource(wanted, log.position_of, counters=counters, say=say, stop=stop)
        return run_stream(
            source,
            log,
            services=definitions.known,
            pseudonyms=Pseudonyms(key),
            clock=now,
            stop=stop,
            say=say,
            progress=show,
            changed_services=definitions.changed,
        )


def send(
    made: "SyntheticCity", *, topic: str | None, bootstrap: str | None, partitions: int
) -> None:
    """Send a made-up city's messages to a topic, which is made if it is not there."""
    from ingest.kafka_producer import make_topic, send_messages

    wanted = kafka_settings(topic, bootstrap)
    if make_topic(wanted, partitions):
        say(f"Made topic {wanted.topic} with {partitions} partitions.")
    with progress(f"Sending to {wanted.topic}") as report:
        sent = send_messages(
            made.messages(), wanted, progress=lambda sent: report(None, f"{sent:,} messages")
        )
    typer.echo(f"Sent {sent:,} messages to topic {wanted.topic}.")


class Definitions:
    """The service definitions in use, and whether their files have changed since they were read.

    Attributes:
        known: As they were read last.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files = self._look()
        self.known = self._load()

    def changed(self) -> "Mapping[str, Sequence[Service]] | None":
        """Read them again if a file is not as it was; those that cannot be used are said."""
        from journeys.errors import PolkuError

        files = self._look()
        if files == self._files:
            return None
        self._files = files
        try:
            self.known = self._load()
        except PolkuError as error:
            say(f"The service definitions have changed and cannot be used; going on: {error}")
            return None
        return self.known

    def _load(self) -> "Mapping[str, Sequence[Service]]":
        from journeys.service import load_services

        return load_services(self._settings.services_directory)

    def _look(self) -> list[tuple[str, int, int]]:
        folder = self._settings.services_directory
        if folder is None:
            return []
        found = [(path.name, path.stat()) for path in sorted(folder.glob("*.yaml"))]
        return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in found]


def kafka_settings(topic: str | None, bootstrap: str | None) -> "KafkaSettings":
    """Read from options and environment which topic it is, and how to reach it."""
    from ingest.kafka_settings import (
        LARGEST_BATCH,
        KafkaSettings,
        check_certificates,
        client_settings,
    )

    access = read_kafka(topic=topic, bootstrap=bootstrap)
    client = client_settings(access.client)
    check_certificates(client)
    most = int(client.pop("max_poll_records", LARGEST_BATCH))
    return KafkaSettings(
        bootstrap=access.bootstrap, topic=access.topic, client=client, batch_records=most
    )


def _patiently(call: Callable[[], Result], stop: Event) -> Result:
    from ingest.patience import StoppedError, until_the_log_answers
    from journeys.errors import LogError

    try:
        return until_the_log_answers(call, stop=stop, say=say)
    except StoppedError as stopped:
        raise LogError("stopped before the log answered. Hint: is its database up?") from stopped


def _told(counters: "StreamCounters") -> list[str]:
    behind = sum(counters.lag.values())
    told = (
        (counters.fenced, "batch was fenced", "batches were fenced", " and read again"),
        (counters.gaps, "gap is recorded", "gaps are recorded", ""),
        (counters.reconnects, "connection was made anew", "connections were made anew", ""),
        (behind, "offset is behind", "offsets are behind", ""),
    )
    return [
        f"{number:,} {one if number == 1 else several}{more}"
        for number, one, several, more in told
        if number
    ]
