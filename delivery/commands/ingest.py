"""`polku ingest`: record touchpoints."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.answer import counts_line
from delivery.options import (
    Bootstrap,
    Columns,
    Data,
    Database,
    Delimiter,
    Encoding,
    LifecycleOption,
    Services,
    TimeFormat,
    Topic,
    Zone,
)
from delivery.progress import progress, say
from delivery.settings import Settings, now, read_settings

if TYPE_CHECKING:
    from delivery.own_files import FileOptions
    from ingest.pipeline import IngestResult
    from ingest.sources import Source

QUICKLY_PROJECTED = 200_000
"""Events that are projected at once behind a file: some two seconds."""

JSON_SUFFIXES = frozenset((".json", ".jsonl", ".ndjson"))


class Destination(StrEnum):
    """Where else a made-up city can go."""

    KAFKA = "kafka"


app = typer.Typer(no_args_is_help=True, help="Record touchpoints, each exactly once.")

Journeys = Annotated[int, typer.Option(min=1, help="How many journeys to make up.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same city.")]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="DAY", help="The Monday the city ends at. [the latest Monday]", show_default=False
    ),
]


@app.command("files")
def files(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="JSON Lines of CloudEvents; with --service CSV or XES. Also .gz.",
            show_default=False,
        ),
    ],
    service: Annotated[
        str | None,
        typer.Option(
            "--service", metavar="KEY", help="Whose rows a CSV or XES file has.", show_default=False
        ),
    ] = None,
    column: Columns = None,
    zone: Zone = None,
    time_format: TimeFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    lifecycle: LifecycleOption = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What the file's source is called. [service and file name]",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--dry-run", help="Say what would be stored; store nothing.")
    ] = False,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Record files; what is known already is dropped, what cannot be read is quarantined."""
    from delivery.own_files import FileOptions, file_form, pairs

    settings = read_settings(data=data, database=database, services=services)
    options = FileOptions(
        pairs(column), file_form(zone, time_format, encoding, delimiter, lifecycle), source
    )
    if service is not None:
        record_own_files(paths, service, options, settings, dry=dry_run)
        return
    from ingest.files import JsonLinesSource
    from journeys.errors import SourceError

    refuse_rows(paths, options)
    if dry_run:
        raise SourceError(
            "--dry-run looks through CSV and XES files. Hint: --service KEY, or without --dry-run: "
            "messages that are known are dropped"
        )
    result = record(JsonLinesSource(paths), settings, title="Reading")
    tell(result)
    refuse_nothing(result, paths)


@app.command("city")
def city(
    journeys: Journeys = 12_000,
    seed: Seed = 1,
    until: Until = None,
    weeks: Annotated[int, typer.Option(min=2, help="How many weeks it covers.")] = 65,
    to: Annotated[
        Destination | None,
        typer.Option(help="Send it to a Kafka topic; record nothing.", show_default=False),
    ] = None,
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    partitions: Annotated[
        int, typer.Option(min=1, help="With --to kafka: of a topic that is made.")
    ] = 8,
    calm: Annotated[bool, typer.Option("--calm", help="Plant no friction.")] = False,  # noqa: FBT002
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Share sent twice.")] = 0.0,
    disorder: Annotated[float, typer.Option(min=0, max=1, help="Share out of order.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=1, help="Share that comes days late.")] = 0.0,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write it to a file (.jsonl or .gz), its truth beside it; record nothing.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Make up a city: six services, a year and a quarter, friction whose truth is known."""
    from ingest.city import PLANTED, Faults, SyntheticCity, write_city
    from journeys.service import load_services

    settings = read_settings(data=data, database=database, services=services)
    made = SyntheticCity(
        seed=seed,
        journeys=journeys,
        until=until_day(until),
        weeks=weeks,
        planted=() if calm else PLANTED,
        faults=Faults(duplicates=duplicates, disorder=disorder, late=late),
        services=load_services(settings.services_directory),
    )
    if to is not None:
        if write is not None:
            raise typer.BadParameter("one of --to and --write", param_hint="--to")
        from delivery.commands.ingest_kafka import send

        send(made, topic=topic, bootstrap=bootstrap, partitions=partitions)
        return
    if write is not None:
        truth = write_city(made, write)
        say(f"Wrote {write}; the truth about it is in {truth}.")
        return
    tell(record(made, settings, title="Making up a city"))


def record(source: "Source", settings: Settings, *, title: str) -> "IngestResult":
    """Record a source into the data folder's log, making folder, key and definitions if need be."""
    from delivery.app import open_log
    from ingest.pipeline import Progress, run_ingest
    from ingest.privacy import Pseudonyms
    from journeys.service import load_services

    key = made_ready(settings)
    known = load_services(settings.services_directory)
    with open_log(settings, create=True) as log, progress(title) as report:

        def show(step: Progress) -> None:
            report(step.done, f"{step.recorded:,} touchpoints")

        result = run_ingest(
            source,
            log,
            services=known,
            pseudonyms=Pseudonyms(key),
            clock=now,
            progress=show,
        )
    if "unknown_service" in result.rejected:
        where = settings.services_directory or "journeys/catalogue"
        say(f"The services that are known, from {where}: {', '.join(known)}.")
    return result


def made_ready(settings: Settings) -> bytes:
    """Make folder, definitions and key where there are none; the key."""
    from delivery.app import make_ready
    from delivery.settings import make_data_folder

    if settings.database is None:
        make_data_folder(settings)
    readied = make_ready(settings)
    if readied.took_examples:
        say(f"Took the example services into {settings.data / 'services'}: edit them there.")
    if readied.made_key:
        say(
            f"Made a pseudonym key in {settings.key_path}: keep it safe and secret. Without it, "
            "what comes later cannot be joined to what is stored."
        )
    return readied.key


def record_own_files(
    paths: Sequence[Path], key: str, options: "FileOptions", settings: Settings, *, dry: bool
) -> None:
    """Record somebody's own files, one after the other, or say what that would do."""
    from delivery.own_files import by_definition, look_through, open_rows, service_of_files
    from ingest.dry_run import refuse_doubtful
    from journeys.errors import SourceError
    from journeys.service import load_services

    known = load_services(settings.services_directory)
    options = by_definition(service_of_files(known, key, paths[0]), options)
    if options.source is not None and len(paths) > 1 and "id" not in options.columns:
        raise SourceError(
            f"--source {options.source} would be the source of {len(paths)} files whose rows are "
            "told by their number, and every file has a row 1. Hint: one file at a time, or "
            "--column id=NAME"
        )
    for source in [open_rows(path, key, options) for path in paths]:
        typer.echo(
            f"{source.table.path.name}: {source.table.form}; its source is called {source.name}."
        )
        found = look_through(source, settings, known, wanted=dry)
        if found is not None:
            refuse_doubtful(found, source, is_named=options.source is not None)
        result = found.result if dry and found else record(source, settings, title="Reading")
        tell(result, dry=dry)
        for note in source.notes:
            typer.echo(f"Note: {note}")
        if not dry:
            refuse_nothing(result, [source.table.path])
    if not dry:
        project_if_quick(settings)


def project_if_quick(settings: Settings) -> None:
    """Bring the read models up to date where that takes seconds, else say what does."""
    from delivery.app import open_house
    from delivery.commands.project import bring_up_to_date

    with open_house(settings) as house:
        behind = house.log.head() - (house.models.position() or 0)
    if behind <= QUICKLY_PROJECTED:
        reached = bring_up_to_date(settings)
        typer.echo(f"The read models are at position {reached or 0:,}.")
    else:
        typer.echo("Next: polku project")


def refuse_rows(paths: Sequence[Path], options: "FileOptions") -> None:
    """Send who has rows the way of rows.

    Raises:
        SourceError: A file is no JSON Lines, or something was said that only rows have.
    """
    from ingest.tables import is_json_lines
    from journeys.errors import SourceError

    if options.told:
        raise SourceError(
            "columns, times and source are said of CSV and XES files, which need a service. "
            "Hint: --service KEY"
        )
    for path in paths:
        # What is called JSON is read as JSON: a bad line in it goes to quarantine.
        if not JSON_SUFFIXES.intersection(path.suffixes) and not is_json_lines(path):
            raise SourceError(
                f"file {path}: it does not begin as JSON Lines do. Hint: CSV and XES files need a "
                f"service: polku services draft {path} --service KEY writes a first definition, "
                f"then polku ingest files {path} --service KEY"
            )


def refuse_nothing(result: "IngestResult", paths: Sequence[Path]) -> None:
    """End with an error where records were read and none of them is in the log.

    Raises:
        SourceError: It is so.
    """
    if result.nothing_usable:
        from journeys.errors import SourceError

        raise SourceError(
            f"nothing could be stored of {', '.join(path.name for path in paths)}: "
            "every record was quarantined. Hint: polku quarantine list"
        )


def tell(result: "IngestResult", *, dry: bool = False, more: Sequence[str] = ()) -> None:
    """Say what became of a source, or would become of it, in one line."""
    parts = [f"{'Would record' if dry else 'Recorded'} {result.recorded:,} touchpoints"]
    if result.duplicates:
        parts.append(f"{result.duplicates:,} were known already")
    refused = sum(result.rejected.values()) + result.conflicts
    if refused:
        told = counts_line(result.rejected | {"conflict": result.conflicts})
        where = "would go into" if dry else "are in"
        see = "" if dry else "; see polku quarantine list"
        parts.append(f"{refused:,} {where} quarantine ({told}{see})")
    if result.settled:
        is_are = "is" if result.settled == 1 else "are"
        parts.append(f"{result.settled:,} of the quarantine {is_are} settled")
    if result.dropped_attributes:
        told = counts_line(result.dropped_attributes)
        parts.append(f"attributes that no definition allows were left out ({told})")
    parts += more
    end = "Nothing was stored" if dry else f"The log is at position {result.position:,}"
    typer.echo(f"{'; '.join(parts)}. {end}.")


def until_day(text: str | None) -> date:
    """Read the Monday a city ends at; by default the latest one."""
    from datetime import timedelta

    from journeys.service import HELSINKI

    if text is None:
        today = now().astimezone(HELSINKI).date()
        return today - timedelta(days=today.weekday())
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day. Hint: for example 2026-11-23", param_hint="--until"
        ) from None
