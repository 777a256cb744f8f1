"""`polku database`: the schema of a served log, from one release to the next."""

import typer

from delivery.options import Data, Database, Services
from delivery.settings import read_settings
from journeys.errors import SettingsError
from journeys.postgres_address import PostgresAddress

app = typer.Typer(
    no_args_is_help=True, help="The PostgreSQL database of a served installation (--database)."
)

_SAYS = {
    "missing": "there is no log yet. Next: polku database upgrade makes an empty one",
    "older": "an earlier release has made the log. Next: back it up, stop what uses it, then "
    "polku database upgrade",
    "current": "the log is of this release",
    "newer": "a newer release has made or upgraded the log. Next: install that release, or a "
    "later one",
}


@app.command("state")
def state(data: Data = None, database: Database = None, services: Services = None) -> None:
    """Say whether the log is of this release; exit code 1 if it is not. Changes nothing."""
    from journeys import migrations

    address = _address(data, database, services)
    found = migrations.state(address)
    typer.echo(f"{address}: {_SAYS[found.value]}.")
    if found is not migrations.State.CURRENT:
        raise typer.Exit(1)


@app.command("upgrade")
def upgrade(data: Data = None, database: Database = None, services: Services = None) -> None:
    """Bring the log to this release, or make an empty one; the role must own it.

    Read models of another form are built anew by polku project.
    """
    from journeys import migrations

    address = _address(data, database, services)
    migrations.upgrade(address)
    typer.echo(f"{address}: {_SAYS['current']}.")


def _address(data: Data, database: Database, services: Services) -> PostgresAddress:
    settings = read_settings(data=data, database=database, services=services)
    if settings.database is None:
        raise SettingsError(
            f"the database in {settings.data} is a file, and a release that opens it upgrades it. "
            "Hint: these commands are for PostgreSQL: --database URL, or POLKU_DATABASE_FILE"
        )
    return settings.database
