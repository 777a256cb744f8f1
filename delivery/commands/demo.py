"""`polku demo`: a city in a minute."""

import json
from pathlib import Path
from typing import Annotated

import typer

from delivery.options import Database, InLanguage, Lang, same_place
from delivery.progress import say
from delivery.settings import make_data_folder, now, read_settings

DEMO_DATA = Path("demo-data")


def demo(
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of the demo.")
    ] = DEMO_DATA,
    journeys: Annotated[int, typer.Option(min=600, help="How many journeys to make up.")] = 12_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same city.")] = 1,
    lang: InLanguage = Lang.EN,
    database: Database = None,
) -> None:
    """Make up a city, record it, trace its journeys and show where it loses people.

    Ends with the overview, and with it and the six reports as pages in the folder `pages`.
    """
    from delivery.app import log_exists
    from delivery.commands.ingest import record, tell, until_day
    from delivery.commands.project import bring_up_to_date
    from delivery.pages import Pages
    from ingest.city import SyntheticCity
    from journeys.errors import SettingsError
    from journeys.service import load_services

    settings = read_settings(data=data, database=database)
    served = settings.database and str(settings.database)
    elsewhere = f"{'database, and with it' if served else 'folder, such as'} --data"
    note = settings.data / "demo.json"
    if note.exists():
        # One place holds one city: a second beside it would double every number.
        told = json.loads(note.read_text(encoding="utf-8"))
        if told.get("database") != served:
            raise SettingsError(
                f"{settings.data} tells of the demo city in {told.get('database') or 'it'}, and "
                f"this one is for {settings.location}. Hint: another folder, such as --data demo-2"
            )
        if (told["seed"], told["journeys"]) != (seed, journeys):
            raise SettingsError(
                f"{settings.location} holds the demo city of seed {told['seed']} with "
                f"{told['journeys']:,} journeys. Hint: another {elsewhere} demo-{seed}"
            )
        until = until_day(told["until"])
    elif log_exists(settings):
        raise SettingsError(
            f"{settings.location} holds a log that is not the demo's, and the two must not mix. "
            f"Hint: another {elsewhere} demo-data-2"
        )
    else:
        until = until_day(None)
        make_data_folder(settings)
        told = {"seed": seed, "journeys": journeys, "until": until.isoformat()}
        note.write_text(
            json.dumps(told | ({"database": served} if served else {})) + "\n", encoding="utf-8"
        )
    city = SyntheticCity(seed=seed, until=until, journeys=journeys, services=load_services())
    tell(record(city, settings, title="Making up a city"))
    bring_up_to_date(settings)
    (settings.data / "truth.json").write_text(
        json.dumps(city.truth(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    told_of_city = Pages(settings, as_of=now(), lang=lang.value)
    typer.echo("")
    typer.echo(told_of_city.overview_text(), nl=False)
    pages = told_of_city.write(settings.data / "pages")
    say(
        f"\nThe demo is in {settings.location}, what was planted in "
        f"{settings.data / 'truth.json'}.\n"
        f"As pages, to open in a browser: {pages[0]}, and beside it the report of each service.\n"
        f"Next: polku report varaamo-booking{same_place(data, database)}"
    )
