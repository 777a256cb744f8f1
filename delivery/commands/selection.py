"""Which journeys a command is about: its options, and how they are read."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.moments import end_of, start_of
from delivery.progress import say
from delivery.settings import now

if TYPE_CHECKING:
    from analysis.selection import Period
    from delivery.app import House

ServiceKey = Annotated[str, typer.Argument(help="Key of a service.", show_default=False)]
Outcome = Annotated[
    str | None, typer.Option(help="Only those that stand like this, e.g. abandoned or open.")
]
DroppedAt = Annotated[
    str | None, typer.Option(metavar="STEP", help="Only those lost at this step.")
]
Variant = Annotated[
    str | None,
    typer.Option(
        metavar="N|PATH",
        help="Only those of this path: its place in the report, or 'form > pay'.",
    ),
]


def as_of_moment(text: str | None) -> datetime:
    """Read the moment that it pretends to be; now, if nothing is said."""
    return now() if text is None else end_of(text)


def period_between(first: str | None, last: str | None) -> "Period":
    """Read the first and the last day of journey starts; `options` has checked their form."""
    from analysis.selection import Period

    start = None if first is None else start_of(first)
    end = None if last is None else end_of(last)
    if start is not None and end is not None and start >= end:
        raise typer.BadParameter(
            f"--from {first} is not before --to {last}. Hint: the earlier day first",
            param_hint="--from",
        )
    return Period(start, end)


def conditions_of(where: Sequence[str] | None) -> dict[str, str]:
    """Read conditions; `options` has checked their form."""
    conditions: dict[str, str] = {}
    for name, _, value in (condition.partition("=") for condition in where or ()):
        if name in conditions:
            raise typer.BadParameter(
                f"{name} is asked for twice, and no journey has both. Hint: one --where {name}=",
                param_hint="--where",
            )
        conditions[name] = value
    return conditions


def path_of(variant: str | None) -> int | list[str] | None:
    """Read which path is meant: its place in the report, or its steps."""
    if variant is None:
        return None
    if variant.isdecimal():
        return int(variant)
    return [step.strip() for step in variant.split(">")]


def say_what_is_behind(house: "House", position: int | None) -> None:
    """Say, beside the answer, that the log knows more than was projected."""
    if position is None:
        behind = house.log.head() - (house.models.position() or 0)
        if behind > 0:
            events = "1 event of the log is" if behind == 1 else f"{behind:,} events of the log are"
            say(f"Note: {events} not projected yet. Hint: polku project")
