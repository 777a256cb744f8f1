"""`polku services draft`: a first definition from an unknown log."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.answer import counts_line
from delivery.options import (
    Columns,
    Data,
    Database,
    Delimiter,
    Encoding,
    LifecycleOption,
    Services,
    TimeFormat,
    Zone,
    channel_option,
    same_place,
)
from delivery.progress import say
from delivery.settings import Settings, make_data_folder, read_settings

if TYPE_CHECKING:
    from delivery.drafting import Drafted


def draft(
    path: Annotated[Path, typer.Argument(help="A CSV or XES file, also .gz.", show_default=False)],
    service: Annotated[
        str,
        typer.Option(
            "--service",
            metavar="KEY",
            help="What the service shall be called, e.g. parking-permit.",
            show_default=False,
        ),
    ],
    column: Columns = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="WORD=CHANNEL",
            callback=lambda values: values and [channel_option(value) for value in values],
            help="What the file calls web, phone, office, email, chat, paper or sms.",
            show_default=False,
        ),
    ] = None,
    zone: Zone = None,
    time_format: TimeFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    lifecycle: LifecycleOption = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Where to write it; - is standard output. [the services of the data folder]",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Draft a first definition from a file: steps, deadlines and outcomes, each a marked guess."""
    from delivery.drafting import draft_from
    from delivery.own_files import FileOptions, file_form, pairs

    settings = read_settings(data=data, database=database, services=services)
    place = None if output == "-" else _place(settings, service, output)
    options = FileOptions(
        pairs(column), file_form(zone, time_format, encoding, delimiter, lifecycle)
    )
    drafted = draft_from(path, service, options, pairs(channel))
    say(_told(drafted))
    if place is None:
        typer.echo(drafted.text, nl=False)
        return
    if settings.services is None and output is None:
        make_data_folder(settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(drafted.text, encoding="utf-8")
    same = same_place(data, database)
    typer.echo(
        f"Wrote {place}: a draft to look over; each guess in it is marked as one.\n"
        f"Next: polku ingest files {shlex.quote(str(path))} --service {service}{same}\n"
        f"      polku report {service}{same}"
    )


def _place(settings: Settings, key: str, output: str | None) -> Path:
    """Say where the definition goes.

    Raises:
        SettingsError: Something is there already: a person may have worked on it.
    """
    from journeys.definitions import read_definitions
    from journeys.errors import SettingsError

    folder = settings.services or settings.data / "services"
    place = folder / f"{key}.yaml" if output is None else Path(output)
    if place.exists():
        raise SettingsError(
            f"{place} is there already, and may have been worked on. Hint: --output FILE writes "
            "the draft elsewhere, --output - shows it"
        )
    if output is None and folder.is_dir() and key in read_definitions(folder).services:
        raise SettingsError(
            f"{folder} defines {key} already. Hint: another --service, or --output - to compare"
        )
    return place


def _told(drafted: "Drafted") -> str:
    """Say what was read, and how."""
    source, guess = drafted.source, drafted.draft
    columns = ", ".join(f"{role} = {column!r}" for role, column in source.columns.items())
    lines = [
        f"Read {source.table.path}: {source.table.form}; {columns}.",
        (
            f"{drafted.touchpoints:,} touchpoints, {drafted.names:,} names; "
            f"{guess.ended:,} of {guess.cases:,} cases have ended."
        ),
    ]
    if drafted.rejected:
        lines.append(f"Rows that would go into quarantine: {counts_line(drafted.rejected)}.")
    return "\n".join([*lines, *(f"Note: {note}" for note in source.notes)])
