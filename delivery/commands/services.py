"""`polku services`: the catalogue, validated."""

from pathlib import Path
from typing import Annotated

import typer

from delivery.answer import written
from delivery.options import Data, Database, Format, Lang, Language, OutputFormat, Services
from delivery.settings import read_settings

app = typer.Typer(no_args_is_help=True, help="The service definitions in use.")


@app.command("list")
def list_(
    output: OutputFormat = Format.TEXT,
    lang: Language = Lang.EN,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """List the services that are defined, with steps, routes and horizons."""
    from delivery.report.catalogue import service_rows, services_text
    from delivery.report.machine import rows_csv
    from journeys.service import load_services

    settings = read_settings(data=data, database=database, services=services)
    known = load_services(settings.services_directory)
    rows = service_rows(known, lang.value)
    answer = written(
        rows, output, csv=lambda: rows_csv(rows), text=lambda: services_text(known, lang.value)
    )
    typer.echo(answer, nl=False)


@app.command("check")
def check(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="A definition, or a folder of them. [those in use]", show_default=False
        ),
    ] = None,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Check definitions; lists every problem at once, and what is assumed."""
    from journeys.definitions import read_definitions
    from journeys.errors import ServiceDefinitionError

    settings = read_settings(data=data, database=database, services=services)
    reading = read_definitions(path or settings.services_directory)
    for warning in reading.warnings:
        typer.echo(f"note: {warning}")
    if reading.problems:
        raise ServiceDefinitionError(reading.problems)
    versions = sum(len(history) for history in reading.services.values())
    typer.echo(f"{len(reading.services)} services, {versions} definitions: no problems.")
