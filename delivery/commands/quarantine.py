"""`polku quarantine`: what could not be stored, and what becomes of it."""

from datetime import timedelta
from typing import Annotated

import typer

from delivery.answer import written
from delivery.options import Data, Database, Format, OutputFormat, Services
from delivery.settings import now, read_settings

app = typer.Typer(no_args_is_help=True, help="Records that could not be stored, and why.")


@app.command("list")
def list_(
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Only those of so many days, up to now.")
    ] = None,
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
    from ingest.rejections import REASONS

    if reason is not None and reason not in REASONS:
        raise typer.BadParameter(
            f"{reason!r} is no reason. Hint: one of {', '.join(REASONS)}", param_hint="--reason"
        )
    settings = read_settings(data=data, database=database, services=services)
    since = None if days is None else now() - timedelta(days=days)
    with open_log(settings) as log:
        found = log.rejections(reason=reason, since=since, unresolved=True)
    rows = quarantine_rows(found[::-1][:limit])
    answer = written(
        rows,
        output,
        csv=lambda: rows_csv(rows),
        text=lambda: quarantine_text(rows, total=len(found)),
    )
    typer.echo(answer, nl=False)
