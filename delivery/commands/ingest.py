"""`polku ingest`: record touchpoints."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.options import Data, Database, Services
from delivery.progress import progress, say
from delivery.settings import Settings, now, read_settings

if TYPE_CHECKING:
    from ingest.pipeline import IngestResult
    from ingest.sources import Source

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
        list[Path], typer.Argument(help="JSON Lines of CloudEvents, also .gz.", show_default=False)
    ],
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Record files; what is known already is dropped, what cannot be read is quarantined."""
    from ingest.files import JsonLinesSource

    settings = read_settings(data=data, database=database, services=services)
    result = record(JsonLinesSource(paths), settings, title="Reading")
    tell(result)
    if result.nothing_usable:
        from journeys.errors import SourceError

        raise SourceError(
            f"nothing could be stored of {', '.join(path.name for path in paths)}: "
            "every record was quarantined. Hint: polku quarantine list"
        )


@app.command("city")
def city(
    journeys: Journeys = 12_000,
    seed: Seed = 1,
    until: Until = None,
    weeks: Annotated[int, typer.Option(min=2, help="How many weeks it covers.")] = 65,
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
    if write is not None:
        truth = write_city(made, write)
        say(f"Wrote {write}; the truth about it is in {truth}.")
        return
    tell(record(made, settings, title="Making up a city"))


def record(source: "Source", settings: Settings, *, title: str) -> "IngestResult":
    """Record a source into the data folder's log, making folder, key and definitions if need be."""
    from delivery.app import open_log
    from delivery.settings import adopt_services, pseudonym_key
    from ingest.pipeline import Progress, run_ingest
    from ingest.privacy import Pseudonyms
    from journeys.service import load_services

    settings.data.mkdir(parents=True, exist_ok=True)
    if adopt_services(settings):
        say(f"Took the example services into {settings.data / 'services'}: edit them there.")
    key, made = pseudonym_key(settings)
    if made:
        say(
            f"Made a pseudonym key in {settings.key_path}: keep it safe and secret. Without it, "
            "what comes later cannot be joined to what is stored."
        )
    with open_log(settings, create=True) as log, progress(title) as report:

        def show(step: Progress) -> None:
            report(step.done, f"{step.recorded:,} touchpoints")

        return run_ingest(
            source,
            log,
            services=load_services(settings.services_directory),
            pseudonyms=Pseudonyms(key),
            clock=now,
            progress=show,
        )


def tell(result: "IngestResult") -> None:
    """Say what became of a source."""
    parts = [f"Recorded {result.recorded:,} touchpoints"]
    if result.duplicates:
        parts.append(f"{result.duplicates:,} were known already")
    refused = sum(result.rejected.values()) + result.conflicts
    if refused:
        reasons = [*result.rejected.items(), ("conflict", result.conflicts)]
        told = ", ".join(f"{reason} {number:,}" for reason, number in reasons if number)
        parts.append(f"{refused:,} are in quarantine ({told}; see polku quarantine list)")
    if result.dropped_attributes:
        told = ", ".join(f"{name} {number:,}" for name, number in result.dropped_attributes.items())
        parts.append(f"attributes that no definition allows were left out ({told})")
    typer.echo(f"{'; '.join(parts)}. The log is at position {result.position:,}.")


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
