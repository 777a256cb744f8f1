"""Which journeys a report is about: those that start in a period and began with certain values.

A condition asks for the first value of an attribute in the journey. `channel` is that of the first
touchpoint, `route` the journey's route in the definition, else the value it states. What has no
value is "(not stated)".
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import accumulate
from typing import NamedTuple

import msgspec
import polars as pl

from analysis.crossing import Condition, Crossings, meets_all, some_of
from journeys.errors import DisclosureError, SettingsError
from journeys.service import COMMON_ATTRIBUTES, ServiceHistory
from projections.frames import Frames

NOT_STATED = "(not stated)"


class Period(NamedTuple):
    """Journey starts: `start` included, `end` not; both aware, None is no bound."""

    start: datetime | None = None
    end: datetime | None = None


EVER = Period()


def select(
    frames: Frames, *, period: Period = EVER, where: Mapping[str, str] | None = None, k: int
) -> Frames:
    """Keep the journeys that start in a period and meet all conditions.

    Args:
        frames: One service.
        period: Of journey starts.
        where: First value wanted, by attribute.
        k: Least number of people that an answer may be about.

    Returns:
        Frames of these journeys and their visits; journeys keep their numbers. Strays of a journey
        go with it; those of none, of which no filter can tell, are kept if they occurred in the
        period.

    Raises:
        SettingsError: No such attribute.
        DisclosureError: The answer, or what tells it from answers to fewer conditions or to others
            of the same attributes, is about 1 to k - 1 people (`analysis.crossing`).
    """
    within = _within(frames.journeys, "started_at", period)
    journeys = frames.journeys.filter(within)
    if 0 < journeys["people"].n_unique() < k:
        raise DisclosureError(
            f"the report on service {frames.service.key!r} is not answered: the journeys of this "
            f"period belong to fewer than {k} people. Hint: take a longer period"
        )
    asked = conditions_of(journeys, where or {}, service=frames.service)
    untold = Crossings(journeys["people"], k=k).untold(asked)
    if untold is not None:
        raise DisclosureError(
            f"the filter {untold}={(where or {})[untold]} on service {frames.service.key!r} is not "
            f"answered: the journeys it keeps, or those it leaves out, belong to fewer than "
            f"{k} people, or would tell of others that do. Hint: leave this condition out, or take "
            "a longer period"
        )
    kept = journeys.filter(meets_all(journeys.height, asked))
    if kept.height == frames.journeys.height and period == EVER:
        return frames
    return _part(frames, kept, period=period)


def left_out(
    frames: Frames, *, period: Period = EVER, where: Mapping[str, str] | None = None
) -> tuple[Frames, ...]:
    """Return what a reader has who subtracts a report from one with fewer of its conditions.

    Returns:
        Of each set of some of the conditions, but not all, the journeys that meet these and not the
        others; as of `select`. Nothing without conditions.

    Raises:
        SettingsError: No such attribute.
    """
    journeys = frames.journeys.filter(_within(frames.journeys, "started_at", period))
    asked = conditions_of(journeys, where or {}, service=frames.service)
    all_of_them = meets_all(journeys.height, asked)
    return tuple(
        _part(
            frames, journeys.filter(meets_all(journeys.height, some) & ~all_of_them), period=period
        )
        for some in some_of(asked)
        if len(some) < len(asked)
    )


def conditions_of(
    journeys: pl.DataFrame, where: Mapping[str, str], *, service: ServiceHistory
) -> list[Condition]:
    """Read what conditions ask of journeys.

    Raises:
        SettingsError: No such attribute.
    """
    return [
        Condition(
            attribute,
            first_values(journeys, attribute, service=service).fill_null(NOT_STATED),
            value,
        )
        for attribute, value in where.items()
    ]


def moment_text(when: datetime) -> str:
    """Write a moment as ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def with_people_numbered(frames: Frames) -> Frames:
    """Put a number for each person's pseudonym: people are only ever told apart and counted."""
    (numbered,) = numbered_alike(frames)
    return numbered


def numbered_alike(*parts: Frames) -> tuple[Frames, ...]:
    """Put a number for each person's pseudonym, the same in all of them."""
    people = pl.concat([part.journeys["people"] for part in parts])
    numbers = people.cast(pl.Categorical).to_physical()
    ends = accumulate((part.journeys.height for part in parts), initial=0)
    return tuple(
        replace(
            part,
            journeys=part.journeys.with_columns(numbers.slice(begin, part.journeys.height)),
        )
        for part, begin in zip(parts, ends, strict=False)
    )


def first_values(journeys: pl.DataFrame, attribute: str, *, service: ServiceHistory) -> pl.Series:
    """Read the first value of an attribute in each journey.

    Returns:
        Text, null where the journey has none; in the order of `journeys`.

    Raises:
        SettingsError: No version of the definition allows the attribute and no journey has it.
    """
    if attribute == "channel":
        return journeys.select(_stated("channel")).to_series()
    objects = journeys["attributes"].unique().sort()
    values = [msgspec.json.decode(text).get(attribute) for text in objects]
    if attribute not in (known := _attributes(service)) and not any(values):
        near = get_close_matches(attribute, known, n=1)
        raise SettingsError(
            f"attribute {attribute!r} is not recorded for service {service.key!r}. Hint: "
            + (f"did you mean {near[0]!r}? " if near else "")
            + f"Known attributes: {', '.join(known)}"
        )
    found = pl.DataFrame({"attributes": objects, "value": pl.Series(values, dtype=pl.String)})
    read = journeys.select("attributes", "route").join(
        found, on="attributes", how="left", maintain_order="left"
    )
    if attribute == "route":
        return read.select(pl.coalesce("route", _stated("value"))).to_series()
    return read.select(_stated("value")).to_series()


def _stated(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(column)


def _attributes(service: ServiceHistory) -> list[str]:
    own = {name for version in service.versions for name in version.attributes}
    return sorted({"channel", *COMMON_ATTRIBUTES, *own})


def _part(frames: Frames, journeys: pl.DataFrame, *, period: Period) -> Frames:
    strays = frames.strays.filter(
        pl.when(pl.col("unlinked"))
        .then(_within(frames.strays, "occurred_at", period))
        .otherwise(pl.col("journey_id").is_in(journeys["journey_id"].implode()))
    )
    visits = frames.visits.join(journeys.select("journey"), on="journey", how="semi")
    return replace(frames, journeys=journeys, visits=visits, strays=strays)


def _within(rows: pl.DataFrame, column: str, period: Period) -> pl.Series:
    moments = rows[column]
    inside = pl.repeat(value=True, n=rows.height, dtype=pl.Boolean, eager=True)
    if period.start is not None:
        inside &= moments >= period.start
    if period.end is not None:
        inside &= moments < period.end
    return inside
