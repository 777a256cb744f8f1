"""The command that lets journeys leave the house: `export`."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from delivery.commands.selection import (
    DroppedAt,
    Outcome,
    ServiceKey,
    Variant,
    as_of_moment,
    conditions_of,
    path_of,
    period_between,
    say_what_is_behind,
)
from delivery.options import (
    AsOf,
    Data,
    Database,
    From,
    InLanguage,
    K,
    Lang,
    Position,
    PublicLog,
    Services,
    To,
    Where,
)
from delivery.progress import say
from delivery.rewriting import replacing
from delivery.settings import read_settings

ENDINGS = (".xes", ".xes.gz")


def export(
    service: ServiceKey,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=lambda path: path and _checked(path),
            help="Where to write it: a name with the ending .xes, or .xes.gz. [stdout]",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    position: Position = None,
    from_: From = None,
    to: To = None,
    where: Where = None,
    outcome: Outcome = None,
    dropped_at: DroppedAt = None,
    variant: Variant = None,
    lang: InLanguage = Lang.EN,
    k: K = None,
    public_log: PublicLog = False,  # noqa: FBT002 - a flag of the command line
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Write the pseudonymous journeys as a process log in XES; rare ones are left out, counted."""
    from analysis.choice import Choice
    from analysis.export import export_journeys
    from analysis.suppression import MIN_K
    from delivery.app import frames_of_service, open_house
    from delivery.report.language import Language
    from delivery.report.wording import Names
    from delivery.report.xes import write_xes

    settings = read_settings(data=data, database=database, services=services)
    with open_house(settings) as house:
        frames = frames_of_service(house, service, as_of=as_of_moment(as_of), position=position)
        say_what_is_behind(house, position)
    found = export_journeys(
        frames,
        Choice(
            period_between(from_, to), conditions_of(where), outcome, dropped_at, path_of(variant)
        ),
        k=MIN_K if k is None else k,
        public_log=public_log,
    )
    with _opened(output) as write:
        write_xes(found, Names(frames.service, lang.value), Language(lang.value), write)
    say(f"Exported {found.total - found.left_out:,} of {found.total:,} journeys.")
    if found.left_out:
        say(
            f"Left out are {found.left_out:,}: fewer than {found.k} people share what they did and "
            "how it ended."
        )
    if found.draft:
        say(
            "Note: nobody has confirmed yet how journeys end here, so the outcomes are guesses. "
            f"Hint: see the top of polku report {service}"
        )


@contextmanager
def _opened(path: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Open what is written to; a file takes its place when it is whole.

    Raises:
        SettingsError: The file cannot be written.
    """
    if path is None:
        yield typer.get_binary_stream("stdout").write
        return
    with replacing(path, called=f"--output {path}") as draft, draft.open("wb") as file:
        if path.name.endswith(".gz"):
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                yield packed.write
        else:
            yield file.write


def _checked(path: Path) -> Path:
    if not path.name.endswith(ENDINGS):
        raise typer.BadParameter(
            f"{path}: its ending says no form. Hint: one of {', '.join(ENDINGS)}"
        )
    return path
