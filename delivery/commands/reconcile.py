"""`polku reconcile`: prove that the log has all of a topic, once."""

import typer

from delivery.answer import written
from delivery.options import Bootstrap, Data, Database, Format, OutputFormat, Services, Topic
from delivery.progress import progress
from delivery.settings import now, read_settings


def reconcile(
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    output: OutputFormat = Format.TEXT,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Read a Kafka topic again and prove that each record is recorded once or quarantined.

    It looks at what the topic still has, up to where the log has read it, and changes nothing;
    polku ingest kafka may go on meanwhile. Exit code 1 if anything differs. How to reach a broker
    that asks who it is: as with polku ingest kafka.
    """
    from delivery.app import kept_key, open_log
    from delivery.commands.ingest_kafka import kafka_settings
    from delivery.report.machine import rows_csv
    from delivery.report.reconciliation import reconciliation_rows, reconciliation_text
    from ingest.privacy import Pseudonyms
    from ingest.reconcile import reconcile_topic
    from journeys.service import load_services

    wanted = kafka_settings(topic, bootstrap)
    settings = read_settings(data=data, database=database, services=services)
    with open_log(settings) as log, progress(f"Reading {wanted.topic} again") as report:
        found = reconcile_topic(
            wanted,
            log,
            services=load_services(settings.services_directory),
            pseudonyms=Pseudonyms(kept_key(settings)),
            now=now(),
            report=report,
        )
    answer = written(
        found,
        output,
        csv=lambda: rows_csv(reconciliation_rows(found)),
        text=lambda: reconciliation_text(found),
    )
    typer.echo(answer, nl=False)
    if not found.is_proved:
        raise typer.Exit(1)
