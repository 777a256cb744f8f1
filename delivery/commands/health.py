"""Is it well? `polku status`, for monitors."""

from typing import Annotated

import typer

from delivery.answer import written
from delivery.options import Bootstrap, Data, Database, Format, OutputFormat, Services, Topic
from delivery.settings import is_topic_named, now, read_settings


def status(
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    output: OutputFormat = Format.TEXT,
    section: Annotated[
        str, typer.Option(help="With --format csv: the table to write.", metavar="TABLE")
    ] = "services",
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Say how the log, the read models and the streams are; exit code 1 if something is ill.

    With a topic it asks the broker how much waits there, for a few seconds at most. How to reach a
    broker that asks who it is: as with polku ingest kafka.
    """
    from delivery.app import open_house
    from delivery.commands.ingest_kafka import kafka_settings
    from delivery.report.health import SECTIONS, health_of, health_rows, health_text
    from delivery.report.machine import rows_csv

    if section not in SECTIONS:
        raise typer.BadParameter(
            f"{section!r} is no table of the answer. Hint: one of {', '.join(SECTIONS)}",
            param_hint="--section",
        )
    settings = read_settings(data=data, database=database, services=services)
    wanted = kafka_settings(topic, bootstrap) if is_topic_named(topic) else None
    with open_house(settings) as house:
        asked = None
        if wanted is not None:
            from ingest.kafka_lag import look_at_topic
            from ingest.kafka_topic import POSITIONS
            from journeys.proof import source_positions

            asked = look_at_topic(wanted, source_positions(house.log, POSITIONS))
        health = health_of(house.log, house.models, now=now(), asked=asked)
    answer = written(
        health,
        output,
        csv=lambda: rows_csv(health_rows(health, section)),
        text=lambda: health_text(health),
    )
    typer.echo(answer, nl=False)
    if health.ills:
        raise typer.Exit(1)
