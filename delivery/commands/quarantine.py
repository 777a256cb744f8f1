"""`polku quarantine`: what could not be stored, and what becomes of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.answer import written
from delivery.options import Bootstrap, Data, Database, Format, OutputFormat, Services
from delivery.progress import progress
from delivery.settings import Settings, now, read_settings

if TYPE_CHECKING:
    from ingest.retry import Retried
    from journeys.event_log import EventLog
    from journeys.quarantine import Quarantined
    from journeys.service import Service

app = typer.Typer(no_args_is_help=True, help="Records that could not be stored, and why.")


class Because(StrEnum):
    """Why a rejection is dismissed; the words of `journeys.resolutions.REASONS`."""

    MENDED = "mended"
    UNWANTED = "unwanted"
    LOST = "lost"


def _reason_option(reason: str | None) -> str | None:
    from ingest.rejections import REASONS

    if reason is not None and reason not in REASONS:
        raise typer.BadParameter(f"{reason!r} is no reason. Hint: one of {', '.join(REASONS)}")
    return reason


Reason = Annotated[
    str | None,
    typer.Option(callback=_reason_option, help="Only those with this reason.", show_default=False),
]
Origin = Annotated[
    str | None,
    typer.Option(
        metavar="ORIGIN",
        help="Only those from here, e.g. kafka:touchpoints/3 or file:a.jsonl.",
        show_default=False,
    ),
]
Days = Annotated[
    int | None,
    typer.Option(min=1, help="Only those of so many days, up to now.", show_default=False),
]
Positions = Annotated[
    list[int] | None,
    typer.Argument(metavar="POSITION", help="Their positions in the log.", show_default=False),
]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--file",
        metavar="PATH",
        help="Where a file is now; may be given more than once. [the current folder]",
        show_default=False,
    ),
]


@app.command("list")
def list_(
    reason: Reason = None,
    origin: Origin = None,
    days: Days = None,
    every: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--all", help="Those that are settled as well.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to list, the latest first.")] = 50,
    output: OutputFormat = Format.TEXT,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """List quarantined records with their coordinates; what they said is not stored."""
    from delivery.app import open_log
    from delivery.report.machine import rows_csv
    from delivery.report.quarantine import quarantine_rows, quarantine_text

    settings = read_settings(data=data, database=database, services=services)
    with open_log(settings) as log:
        found = _selected(log, reason=reason, origin=origin, days=days, every=every)
    rows = quarantine_rows(found[::-1][:limit])
    answer = written(
        rows,
        output,
        csv=lambda: rows_csv(rows),
        text=lambda: quarantine_text(rows, total=len(found)),
    )
    typer.echo(answer, nl=False)


@app.command("show")
def show(
    positions: Positions = None,
    origin: Origin = None,
    place: Annotated[
        int | None,
        typer.Option(help="With --origin: the line or offset there.", show_default=False),
    ] = None,
    file: Files = None,
    bootstrap: Bootstrap = None,
    output: OutputFormat = Format.TEXT,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Show a quarantined record: why, what to do, and whether it is still where it came from.

    It is told by its position in the log, or by --origin and --place.
    """
    from delivery.app import open_log
    from delivery.report.machine import rows_csv
    from delivery.report.quarantine import shown, shown_rows, shown_text
    from journeys.errors import PolkuError
    from journeys.resolutions import resolution_of

    if bool(positions) == (place is not None) or (place is not None and origin is None):
        raise typer.BadParameter(
            "name positions, or a place. Hint: polku quarantine show 412, or "
            "--origin kafka:touchpoints/3 --place 1009"
        )
    settings = read_settings(data=data, database=database, services=services)
    with open_log(settings) as log:
        found = _selected(log, positions=positions, origin=origin, every=True)
        found = [item for item in found if place in (None, item.rejection.place)]
        if not found:
            raise PolkuError(
                f"nothing was quarantined at place {place} of {origin}. "
                f"Hint: polku quarantine list --origin {origin} --all"
            )
        retried = _tried(log, found, settings, file or (), bootstrap, store=False)
        answers = [shown(one, resolution_of(log, one.item)) for one in retried]
    answer = written(
        answers,
        output,
        csv=lambda: rows_csv(shown_rows(answers)),
        text=lambda: shown_text(answers),
    )
    typer.echo(answer, nl=False)


@app.command("retry")
def retry(
    positions: Positions = None,
    reason: Reason = None,
    origin: Origin = None,
    days: Days = None,
    file: Files = None,
    bootstrap: Bootstrap = None,
    output: OutputFormat = Format.TEXT,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Read quarantined records again where they came from, and store those that can be now.

    By default all that wait are tried. A topic is read at their offsets, and a file of the same
    name in the current folder, or at --file, at their lines. A record counts as the same only if
    every byte of it is.
    """
    from delivery.app import open_log
    from delivery.report.machine import rows_csv
    from delivery.report.quarantine import retry_answer, retry_rows, retry_text
    from journeys.errors import SourceError

    settings = read_settings(data=data, database=database, services=services)
    with open_log(settings) as log:
        found = _selected(log, positions=positions, reason=reason, origin=origin, days=days)
        retried = _tried(log, found, settings, file or (), bootstrap, store=True) if found else []
        told = retry_answer(retried, head=log.head())
    answer = written(
        told, output, csv=lambda: rows_csv(retry_rows(told)), text=lambda: retry_text(told)
    )
    typer.echo(answer, nl=False)
    if retried and "stored" not in told.outcomes:
        raise SourceError(
            "none of them could be stored. Hint: "
            f"polku quarantine show {retried[0].item.position} says what to do about the first"
        )


@app.command("dismiss")
def dismiss(
    because: Annotated[
        Because,
        typer.Option(
            help="mended: recorded from elsewhere since; unwanted: never meant for Polku; lost: "
            "it cannot be had any more.",
            show_default=False,
        ),
    ],
    positions: Positions = None,
    reason: Reason = None,
    origin: Origin = None,
    days: Days = None,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Take records off the list that nobody needs to see to any more; the log remembers why."""
    from delivery.app import open_log
    from delivery.report.wording import counted
    from journeys.resolutions import dismiss as settle

    if not (positions or reason or origin or days):
        raise typer.BadParameter(
            "say which. Hint: positions, as polku quarantine list shows them, or --reason tombstone"
        )
    settings = read_settings(data=data, database=database, services=services)
    with open_log(settings) as log:
        found = _selected(log, positions=positions, reason=reason, origin=origin, days=days)
        dismissed = settle(log, found, why=because.value, recorded_at=now())
        head = log.head()
    before = len(found) - dismissed
    settled = f"; {before:,} {'was' if before == 1 else 'were'} settled before" if before else ""
    typer.echo(
        f"Dismissed {counted(dismissed, 'record')} as {because.value}{settled}. "
        f"The log is at position {head:,}."
    )


def _selected(
    log: "EventLog",
    *,
    positions: Sequence[int] | None = None,
    reason: str | None = None,
    origin: str | None = None,
    days: int | None = None,
    every: bool = False,
) -> "list[Quarantined]":
    """The rejections that were asked for: by position, settled ones, too; else those that wait.

    Raises:
        PolkuError: At a position is no rejection, or nothing was ever refused from the origin.
    """
    from journeys.errors import PolkuError
    from journeys.resolutions import rejection_at

    if positions:
        return [rejection_at(log, position) for position in dict.fromkeys(positions)]
    since = None if days is None else now() - timedelta(days=days)
    found = log.rejections(reason=reason, since=since, unresolved=not every)
    if origin is None:
        return found
    own = [item for item in found if item.rejection.origin == origin]
    if not own:
        known = sorted({item.rejection.origin for item in log.rejections()})
        if origin not in known:
            near = get_close_matches(origin, known, n=1) or known[:1]
            hint = f"for example {near[0]}" if near else "nothing is in quarantine"
            raise PolkuError(f"nothing was ever quarantined from {origin!r}. Hint: {hint}")
    return own


def _tried(
    log: "EventLog",
    items: "Sequence[Quarantined]",
    settings: Settings,
    paths: Sequence[Path],
    bootstrap: str | None,
    *,
    store: bool,
) -> "list[Retried]":
    """Read records again."""
    from delivery.app import kept_key
    from delivery.commands.ingest_kafka import kafka_settings
    from delivery.raw_records import RawRecords
    from ingest.privacy import Pseudonyms
    from ingest.retry import retry as try_again
    from journeys.service import load_services

    pseudonyms = Pseudonyms(kept_key(settings))
    folder = settings.services_directory
    known: Mapping[str, Sequence[Service]] = (
        # Those in the log stand where no others are in use: the examples must not replace them.
        {key: history.versions for key, history in log.definitions().items()}
        if folder is None
        else load_services(folder)
    )
    raw = RawRecords(
        paths,
        topic=lambda topic: kafka_settings(topic, bootstrap),
        services=known,
        pseudonyms=pseudonyms,
    )
    with progress("Reading again") as report:
        return try_again(
            items,
            log,
            reader_of=raw.reader_of,
            services=known,
            pseudonyms=pseudonyms,
            clock=now,
            store=store,
            report=report,
        )
