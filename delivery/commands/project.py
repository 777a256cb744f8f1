"""`polku project`: bring the read models up to date."""

import signal
from threading import Event
from typing import Annotated

import typer

from delivery.options import Data, Database, Services
from delivery.progress import progress, say
from delivery.settings import Settings, now, read_settings


def project(
    rebuild: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--rebuild", help="Build them anew from the log; the old ones serve on.")
    ] = False,
    follow: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--follow", help="Go on until stopped (SIGTERM or Ctrl-C).")
    ] = False,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Trace the journeys of what the log holds; definitions that changed are recorded first."""
    settings = read_settings(data=data, database=database, services=services)
    reached = bring_up_to_date(settings, rebuild=rebuild, following=follow)
    typer.echo(f"The read models are at position {reached or 0:,}.")


def bring_up_to_date(
    settings: Settings, *, rebuild: bool = False, following: bool = False
) -> int | None:
    """Project everything the log has; the position reached."""
    from delivery.app import open_house, record_definitions
    from delivery.report.wording import counted
    from projections import runner

    with open_house(settings) as house, progress("Tracing journeys") as report:
        changed = record_definitions(settings, house.log, now=now())
        if changed:
            say(f"Recorded {counted(changed, 'changed service definition')}.")

        def show(done: int, total: int) -> None:
            report(done / total if total else None, f"position {done:,}")

        if rebuild:
            reached = runner.rebuild(house.log, house.models, progress=show)
        else:
            reached = runner.project(house.log, house.models, progress=show)
        if following:
            stop = Event()
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            say("Following the log; stop with Ctrl-C.")
            try:
                runner.follow(house.log, house.models, stop=stop)
            except KeyboardInterrupt:
                stop.set()
            reached = house.models.position()
    return reached
