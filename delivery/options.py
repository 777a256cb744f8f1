"""The options that commands share, and how their values are read."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from delivery.moments import end_of, start_of


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Lang(StrEnum):
    """Language of the names of services and steps."""

    FI = "fi"
    SV = "sv"
    EN = "en"


def as_of_option(text: str) -> str:
    """Check a moment where it is typed, so that a wrong one ends with exit code 2."""
    return _checked(text, end_of)


def from_option(text: str) -> str:
    """Check the first day of a window."""
    return _checked(text, start_of)


def condition_option(text: str) -> str:
    """Check an ATTRIBUTE=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise typer.BadParameter(
            f"{text!r} is not ATTRIBUTE=VALUE. Hint: for example lang=sv or device=mobile"
        )
    return text


def _checked(text: str, read: Callable[[str], datetime]) -> str:
    try:
        read(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error)) from None
    return text


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of the embedded database, definitions and key. [POLKU_DATA; ./polku-data]",
        show_default=False,
    ),
]
Database = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="Served database.", hidden=True)
]
Services = Annotated[
    Path | None,
    typer.Option(
        "--services",
        metavar="DIR",
        help="Folder of service definitions. [POLKU_SERVICES; those in the data folder]",
        show_default=False,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to write the answer.")]
Language = Annotated[Lang, typer.Option("--lang", help="Language of service and step names.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="WHEN",
        callback=lambda value: value and as_of_option(value),
        help="Pretend it is this moment, or the end of this day. [now]",
        show_default=False,
    ),
]
Position = Annotated[
    int | None,
    typer.Option(
        "--position",
        min=0,
        help="Know only what the log held up to this position. [all that is projected]",
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="WHEN",
        callback=lambda value: value and from_option(value),
        help="Journeys started on or after this day or moment.",
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="WHEN",
        callback=lambda value: value and as_of_option(value),
        help="Journeys started up to the end of this day, or before this moment.",
        show_default=False,
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="ATTRIBUTE=VALUE",
        callback=lambda values: values and [condition_option(value) for value in values],
        help="Only journeys that began with this; may be given more than once.",
        show_default=False,
    ),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="ATTRIBUTE", help="Compare groups by this, at first touch."),
]
K = Annotated[
    int | None,
    typer.Option("--k", min=1, help="Hide rows of fewer people than this. [5]", show_default=False),
]
PublicLog = Annotated[
    bool,
    typer.Option("--public-log", help="The log holds nobody's data: --k may go below 5."),
]
