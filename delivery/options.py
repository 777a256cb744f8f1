"""The options that commands share, and how their values are read."""

import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
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


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    HTML = "html"


class LifecycleChoice(StrEnum):
    """Which events of an XES log are read."""

    COMPLETE = "complete"
    ALL = "all"


class Lang(StrEnum):
    """Language of a report."""

    FI = "fi"
    SV = "sv"
    EN = "en"


class OrderChoice(StrEnum):
    """In which order the steps of a funnel are asked for."""

    ORDERED = "ordered"
    STRICT = "strict"
    ANY = "any"


def as_of_option(text: str) -> str:
    """Check a moment where it is typed, so that a wrong one ends with exit code 2."""
    return _checked(text, end_of)


def from_option(text: str) -> str:
    """Check the first day of a window."""
    return _checked(text, start_of)


def condition_option(text: str) -> str:
    """Check an ATTRIBUTE=VALUE."""
    return _pair(text, "ATTRIBUTE=VALUE", "lang=sv or device=mobile")


def window_option(text: str) -> str:
    """Check a period of ISO 8601, such as P14D."""
    period_of(text)
    return text


def period_of(text: str) -> timedelta:
    """Read a period of ISO 8601."""
    import msgspec  # noqa: PLC0415 - `--help` does not wait for it

    try:
        period = msgspec.convert(text, timedelta)
    except msgspec.ValidationError:
        period = timedelta(0)
    if period <= timedelta(0):
        raise typer.BadParameter(f"{text!r} is no period. Hint: P14D is 14 days, PT2H two hours")
    return period


def exclude_option(text: str) -> str:
    """Check a STEP or STEP:MODE."""
    step, colon, mode = text.partition(":")
    if not step or (colon and mode not in {"stop", "remove"}):
        raise typer.BadParameter(
            f"{text!r} is not STEP, STEP:stop or STEP:remove. Hint: for example call:remove"
        )
    return text


def compare_option(text: str) -> str:
    """Check a FROM..TO or ATTRIBUTE=VALUE."""
    first, dots, last = text.partition("..")
    if "=" in text:
        return _pair(text, "ATTRIBUTE=VALUE", "lang=sv or device=mobile")
    if not dots or _moment(first, start_of) >= _moment(last, end_of):
        raise typer.BadParameter(
            f"{text!r} is neither FROM..TO, the earlier day first, nor ATTRIBUTE=VALUE. "
            "Hint: for example 2026-03-01..2026-03-31 or lang=sv"
        )
    return text


def _moment(text: str, read: Callable[[str], datetime]) -> datetime:
    return read(_checked(text, read))


def _checked(text: str, read: Callable[[str], datetime]) -> str:
    try:
        read(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error)) from None
    return text


def column_option(text: str) -> str:
    """Check a ROLE=NAME."""
    return _pair(text, "ROLE=NAME", "case=Asia or touchpoint=Vaihe")


def channel_option(text: str) -> str:
    """Check a WORD=CHANNEL."""
    from journeys.service import CHANNELS  # noqa: PLC0415 - `--help` does not wait for it

    channel = _pair(text, "WORD=CHANNEL", "Puhelin=phone").rpartition("=")[2]
    if channel not in CHANNELS:
        raise typer.BadParameter(f"{channel!r} is no channel. Hint: one of {', '.join(CHANNELS)}")
    return text


def _of_file(key: str) -> Callable[[str | None], str | None]:
    """Check what is said of a file by the rule that its definition has for it."""

    def check(text: str | None) -> str | None:
        from journeys.definition_rules import problems_of_file  # noqa: PLC0415 - as above

        text = {"tab": "\t", "\\t": "\t"}.get(text or "", text) if key == "delimiter" else text
        for problem in problems_of_file({} if text is None else {key: text}):
            raise typer.BadParameter(problem.partition(": ")[2])
        return text

    return check


def same_place(data: Path | None, database: str | None) -> str:
    """Write the options of an installation into a hint; an address may hold a password."""
    folder = "" if data is None else f" --data {shlex.quote(str(data))}"
    return folder + ("" if database is None else " --database URL")


def _pair(text: str, form: str, example: str) -> str:
    name, _, value = text.partition("=")
    if not (name and value):
        raise typer.BadParameter(f"{text!r} is not {form}. Hint: for example {example}")
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
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Serve from PostgreSQL. [POLKU_DATABASE, POLKU_DATABASE_FILE; the data folder]",
        show_default=False,
    ),
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
Topic = Annotated[
    str | None,
    typer.Option("--topic", metavar="NAME", help="[POLKU_KAFKA_TOPIC]", show_default=False),
]
Bootstrap = Annotated[
    str | None,
    typer.Option(
        "--bootstrap",
        metavar="HOST:PORT",
        help="One or more brokers, separated by commas. [POLKU_KAFKA_BOOTSTRAP]",
        show_default=False,
    ),
]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        metavar="PORT",
        min=0,
        max=65_535,
        help="Tell Prometheus how it goes, at /metrics; 0: any port. [POLKU_METRICS_PORT; do not]",
        show_default=False,
    ),
]
MetricsHost = Annotated[
    str | None,
    typer.Option(
        "--metrics-host",
        metavar="HOST",
        help="Where to listen for it. [POLKU_METRICS_HOST; 127.0.0.1]",
        show_default=False,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to write the answer.")]
ReportOutput = Annotated[ReportFormat, typer.Option("--format", help="How to write the report.")]
InLanguage = Annotated[Lang, typer.Option("--lang", help="Finnish, Swedish or English.")]
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
    typer.Option(
        "--by",
        metavar="ATTRIBUTE[@TOUCH]",
        help="Compare groups by this at first touch; channel@last and channel@STEP too.",
    ),
]
Compare = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="FROM..TO|ATTRIBUTE=VALUE",
        callback=lambda value: value and compare_option(value),
        help="Beside journeys of another period, or others of this one that began with this.",
        show_default=False,
    ),
]
Order = Annotated[
    OrderChoice,
    typer.Option(
        "--order",
        help="Of the funnel: steps one after the other, with nothing between, or in any order.",
    ),
]
WindowOption = Annotated[
    str | None,
    typer.Option(
        "--window",
        metavar="PERIOD",
        callback=lambda value: value and window_option(value),
        help="Of the funnel: longest time from its first step to its last, e.g. P14D. [none]",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="STEP[:stop|remove]",
        callback=lambda values: values and [exclude_option(value) for value in values],
        help="Of the funnel: a step that ends a way through it, or takes the journey out of it. "
        "May be given more than once. [stop]",
        show_default=False,
    ),
]
K = Annotated[
    int | None,
    typer.Option("--k", min=1, help="Hide rows of fewer people than this. [5]", show_default=False),
]
PublicLog = Annotated[
    bool,
    typer.Option("--public-log", help="The log holds nobody's data: --k may go below 5."),
]

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="ROLE=NAME",
        callback=lambda values: values and [column_option(value) for value in values],
        help="Which column is what: id, case, person, touchpoint, time, channel, status or an "
        "attribute. May be given more than once.",
        show_default=False,
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        callback=_of_file("zone"),
        help="Zone of times without an offset, e.g. Europe/Helsinki.",
        show_default=False,
    ),
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        callback=_of_file("time_format"),
        help="How times are written, e.g. '%m/%d/%Y %H:%M'. [ISO 8601, or 24.6.2020 13.05]",
        show_default=False,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        callback=_of_file("encoding"),
        help="Of a CSV file. [detected]",
        show_default=False,
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER",
        callback=_of_file("delimiter"),
        help="Of a CSV file; tab for a tab. [detected]",
        show_default=False,
    ),
]
LifecycleOption = Annotated[
    LifecycleChoice | None,
    typer.Option(
        "--lifecycle",
        help="Events of an XES log: those that completed, or all. [complete]",
        show_default=False,
    ),
]
