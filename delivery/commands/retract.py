"""`polku retract`: undo a wrong import."""

from typing import Annotated

import typer

from delivery.options import Data, Database, Services, same_place
from delivery.progress import progress
from delivery.settings import now, read_settings

_NAMED = 3
"""Services named one by one; more are counted."""


def retract(
    source: Annotated[
        str,
        typer.Argument(
            help="As its touchpoints name it, e.g. file:receipt/receipt.csv or urn:hel:varaamo.",
            show_default=False,
        ),
    ],
    dry_run: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--dry-run", help="Say what would be ignored; record nothing.")
    ] = False,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Undo a wrong import: reports ignore what a source recorded so far; the log keeps it."""
    from delivery.app import open_log
    from delivery.report.wording import count, counted

    settings = read_settings(data=data, database=database, services=services)
    with open_log(settings) as log, progress("Looking through the log") as report:
        report(None, source)
        before = log.head() if dry_run else log.retract(source, recorded_at=now()) - 1
        taken = log.standing(source, until=before)
    same = same_place(data, database)
    one = taken.touchpoints == 1
    what = (
        f"{counted(taken.touchpoints, 'touchpoint')} of {_listed(taken.services)}, "
        f"recorded up to position {count(before)}"
    )
    if dry_run:
        typer.echo(
            f"Would retract {source}: {what}, would be ignored from there on. Nothing is recorded."
        )
        return
    typer.echo(
        f"Retracted {source}: {what}, {'is' if one else 'are'} ignored from here on. "
        f"The log keeps {'it' if one else 'them'}: "
        f"--position {before} shows the reports of before.\n"
        f"Next: polku project{same}"
    )


def _listed(services: tuple[str, ...]) -> str:
    if len(services) > _NAMED:
        return f"{len(services)} services"
    *others, last = services
    return f"{', '.join(others)} and {last}" if others else last
