"""Is it well? `polku status`, for monitors."""

import typer

from delivery.answer import written
from delivery.options import Data, Database, Format, OutputFormat, Services
from delivery.settings import now, read_settings


def status(
    output: OutputFormat = Format.TEXT,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Say how the log and the read models are; exit code 1 if something is ill."""
    from delivery.app import open_house
    from delivery.report.health import health_of, health_rows, health_text
    from delivery.report.machine import rows_csv

    settings = read_settings(data=data, database=database, services=services)
    with open_house(settings) as house:
        health = health_of(house.log, house.models, now=now())
    answer = written(
        health,
        output,
        csv=lambda: rows_csv(health_rows(health)),
        text=lambda: health_text(health),
    )
    typer.echo(answer, nl=False)
    if health.ills:
        raise typer.Exit(1)
