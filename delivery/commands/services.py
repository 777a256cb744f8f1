"""`polku services`: the catalogue, validated."""

from pathlib import Path
from typing import Annotated

import typer

from delivery.answer import written
from delivery.moments import end_of
from delivery.options import (
    AsOf,
    Data,
    Database,
    Format,
    InLanguage,
    K,
    Lang,
    OutputFormat,
    PublicLog,
    Services,
)
from delivery.progress import say
from delivery.settings import now, read_settings

app = typer.Typer(no_args_is_help=True, help="The service definitions in use.")


@app.command("list")
def list_(
    output: OutputFormat = Format.TEXT,
    lang: InLanguage = Lang.EN,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """List the services that are defined, with steps, routes and horizons."""
    from delivery.report.catalogue import service_rows, services_text
    from delivery.report.language import Language
    from delivery.report.machine import rows_csv
    from journeys.service import load_services

    settings = read_settings(data=data, database=database, services=services)
    known = load_services(settings.services_directory)
    rows = service_rows(known, lang.value)
    answer = written(
        rows,
        output,
        csv=lambda: rows_csv(rows),
        text=lambda: services_text(known, Language(lang.value)),
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
    preview: Annotated[  # noqa: FBT002 - a flag of the command line
        bool,
        typer.Option("--preview", help="Say which numbers they would move; nothing is recorded."),
    ] = False,
    output: OutputFormat = Format.TEXT,
    as_of: AsOf = None,
    lang: InLanguage = Lang.EN,
    k: K = None,
    public_log: PublicLog = False,  # noqa: FBT002 - a flag of the command line
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Check definitions; lists every problem at once, and what is assumed.

    With --preview, compare what the log says by the definitions recorded in it and by these.
    """
    from delivery.report.wording import counted
    from journeys.definitions import read_definitions
    from journeys.errors import ServiceDefinitionError

    asked = (output, as_of, lang, k, public_log)
    if not preview and asked != (Format.TEXT, None, Lang.EN, None, False):
        raise typer.BadParameter(
            "--format, --as-of, --lang, --k and --public-log are about a preview. "
            "Hint: add --preview",
            param_hint="--preview",
        )
    settings = read_settings(data=data, database=database, services=services)
    reading = read_definitions(path or settings.services_directory)
    tell = typer.echo if output is Format.TEXT else say
    for warning in reading.warnings:
        tell(f"note: {warning}")
    if reading.problems:
        raise ServiceDefinitionError(reading.problems)
    versions = sum(len(history) for history in reading.services.values())
    tell(
        f"{counted(len(reading.services), 'service')}, {counted(versions, 'definition')}: "
        "no problems."
    )
    if not preview:
        return
    from delivery.previewing import preview_definitions
    from delivery.report.preview import preview_csv, preview_text

    found = preview_definitions(
        settings,
        reading.services,
        as_of=now() if as_of is None else end_of(as_of),
        lang=lang.value,
        k=k,
        public_log=public_log,
    )
    folder = settings.services_directory or settings.data / "services"
    answer = written(
        found.preview,
        output,
        csv=lambda: preview_csv(found.preview),
        text=lambda: preview_text(found.preview, found.names, path=path or folder, folder=folder),
    )
    typer.echo(answer, nl=False)
