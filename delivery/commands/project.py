"""`polku project`: bring the read models up to date."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.options import Data, Database, MetricsHost, MetricsPort, Services
from delivery.progress import progress, say
from delivery.settings import MetricsAddress, Settings, now, read_metrics, read_settings
from delivery.stopping import told_to_stop

if TYPE_CHECKING:
    from delivery.app import House
    from delivery.metrics import Projected


def project(
    rebuild: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--rebuild", help="Build them anew from the log; the old ones serve on.")
    ] = False,
    follow: Annotated[  # noqa: FBT002 - a flag of the command line
        bool,
        typer.Option(
            "--follow",
            help="Go on until stopped (SIGTERM or Ctrl-C); a log that is not there is waited for.",
        ),
    ] = False,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = None,
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Trace the journeys of what the log holds; definitions that changed are recorded first.

    Metrics are told with --follow.
    """
    settings = read_settings(data=data, database=database, services=services)
    if follow:
        metrics = read_metrics(port=metrics_port, host=metrics_host)
        reached: int | None = follow_log(settings, rebuild=rebuild, metrics=metrics)
    else:
        reached = bring_up_to_date(settings, rebuild=rebuild)
    typer.echo(f"The read models are at position {reached or 0:,}.")


def bring_up_to_date(settings: Settings, *, rebuild: bool = False) -> int | None:
    """Project everything the log has; the position reached."""
    from delivery.app import open_house

    with open_house(settings) as house:
        return _project(settings, house, rebuild=rebuild, stop=Event())


def follow_log(
    settings: Settings, *, rebuild: bool = False, metrics: MetricsAddress | None = None
) -> int:
    """Project the log until told to stop, waiting for it where it is away or not there yet.

    Args:
        settings: Whose log.
        rebuild: Begin by building the read models anew.
        metrics: Where to tell Prometheus how far it is.

    Returns:
        The position reached, as far as is known; 0 where there was no log.
    """
    from delivery.metrics import Projected, ProjectMetrics, served
    from ingest.patience import FIRST_WAIT_S, StoppedError, sentence
    from journeys.errors import LogAwayError, ReadModelsAwayError
    from projections import runner

    seen = Projected()
    with told_to_stop() as stop, served(ProjectMetrics(seen), metrics):
        say("Following the log; stop with Ctrl-C.")
        while not stop.is_set():
            try:
                with _patiently_opened(settings, stop) as house:
                    watch = partial(_look, house, seen)
                    watch()
                    _project(settings, house, rebuild=rebuild, stop=stop)
                    rebuild = False
                    runner.follow(house.log, house.models, stop=stop, watch=watch)
                    watch()
            except StoppedError:
                break
            except (LogAwayError, ReadModelsAwayError) as error:
                say(f"Lost the database: {sentence(error)} Opening it anew.")
                stop.wait(FIRST_WAIT_S)
    return seen.position


@contextmanager
def _patiently_opened(settings: Settings, stop: Event) -> "Iterator[House]":
    from delivery.app import open_house
    from ingest.patience import patiently
    from journeys.errors import LogAwayError, NoLogError, ReadModelsAwayError

    may_pass = (LogAwayError, NoLogError, ReadModelsAwayError)
    with ExitStack() as stack:
        yield patiently(
            lambda: stack.enter_context(open_house(settings)),
            is_away=lambda error: isinstance(error, may_pass),
            stop=stop,
            say=say,
            what="The database",
        )


def _look(house: "House", seen: "Projected") -> None:
    seen.see(head=house.log.head(), position=house.models.position(), now=now())


def _project(settings: Settings, house: "House", *, rebuild: bool, stop: Event) -> int | None:
    from delivery.app import record_definitions
    from delivery.report.wording import counted
    from projections import runner

    with progress("Tracing journeys") as report:
        changed = record_definitions(settings, house.log, now=now())
        if changed:
            say(f"Recorded {counted(changed, 'changed service definition')}.")

        def show(done: int, total: int) -> None:
            report(done / total if total else None, f"position {done:,}")

        if rebuild:
            return runner.rebuild(house.log, house.models, stop=stop, progress=show)
        return runner.project(house.log, house.models, stop=stop, progress=show)
