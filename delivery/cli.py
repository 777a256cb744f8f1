"""`polku`: one sub-command a job.

Exit codes: 0 done; 1 an expected failure, one line on stderr; 2 a value that cannot be parsed or is
no valid choice. A traceback is a bug.
"""

import sys

import typer

from delivery.commands import (
    database,
    demo,
    draft,
    export,
    health,
    ingest,
    ingest_kafka,
    journeys,
    project,
    quarantine,
    reading,
    reconcile,
    retract,
    services,
)
from journeys.errors import PolkuError

app = typer.Typer(
    name="polku",
    help="Where public services lose and tire people: journeys from an append-only log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
ingest.app.command("kafka")(ingest_kafka.kafka)
app.add_typer(ingest.app, name="ingest")
app.command("project")(project.project)
services.app.command("draft")(draft.draft)
app.add_typer(services.app, name="services")
app.command("overview")(reading.overview)
app.command("report")(reading.report)
app.command("journeys")(journeys.journeys)
app.command("export")(export.export)
app.command("retract")(retract.retract)
app.command("status")(health.status)
app.command("reconcile")(reconcile.reconcile)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(database.app, name="database")


def main() -> None:
    """Run the command line; an expected failure ends with one line and exit code 1."""
    try:
        app()
    except PolkuError as error:
        print(f"polku: {error}", file=sys.stderr)  # noqa: T201 - the one line of a failure
        sys.exit(1)
    except KeyboardInterrupt:
        print("polku: stopped", file=sys.stderr)  # noqa: T201 - as above
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (`polku report x | head`): nothing is wrong here.
        sys.stderr.close()
        sys.exit(0)
