"""Which journeys a report is about: those that start in a period and began with certain values.

A condition asks for the first value of an attribute in the journey. `channel` is that of the first
touchpoint, `route` the journey's route in the definition, else the value it states. What has no
value is "(not stated)".
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NamedTuple

import msgspec
import polars as pl

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
        DisclosureError: The answer, or the answer to one condition less minus this one, is about 1
            to k - 1 people.
    """
    within = _within(frames.journeys, "started_at", period)
    journeys = frames.journeys.filter(within)
    conditions = [
        first_values(journeys, attribute, service=frames.service).fill_null(NOT_STATED) == value
        for attribute, value in (where or {}).items()
    ]
    everyone = pl.repeat(value=True, n=journeys.height, dtype=pl.Boolean, eager=True)
    for (attribute, value), meets in zip((where or {}).items(), conditions, strict=True):
        others = everyone
        for other in conditions:
            if other is not meets:
                others &= other
        if _few(journeys.filter(others & meets), k) or _few(journeys.filter(others & ~meets), k):
            raise DisclosureError(
                f"the filter {attribute}={value} on service {frames.service.key!r} is not "
                f"answered: the journeys it keeps, or those it leaves out, belong to fewer than "
                f"{k} people. Hint: leave this condition out, or take a longer period"
            )
    for meets in conditions:
        everyone &= meets
    kept = journeys.filter(everyone)
    if _few(kept, k):
        raise DisclosureError(
            f"the report on service {frames.service.key!r} is not answered: the journeys of this "
            f"period belong to fewer than {k} people. Hint: take a longer period"
        )
    if kept.height == frames.journeys.height and period == EVER:
        return frames
    strays = frames.strays.filter(
        pl.when(pl.col("unlinked"))
        .then(_within(frames.strays, "occurred_at", period))
        .otherwise(pl.col("journey_id").is_in(kept["journey_id"].implode()))
    )
    visits = frames.visits.join(kept.select("journey"), on="journey", how="semi")
    return replace(frames, journeys=kept, visits=visits, strays=strays)


def moment_text(when: datetime) -> str:
    """Write a moment as ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def with_people_numbered(frames: Frames) -> Frames:
    """Put a number for each person's pseudonym: people are only ever told apart and counted."""
    numbered = pl.col("people").cast(pl.Categorical).to_physical()
    return replace(frames, journeys=frames.journeys.with_columns(numbered))


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


def _within(rows: pl.DataFrame, column: str, period: Period) -> pl.Series:
    moments = rows[column]
    inside = pl.repeat(value=True, n=rows.height, dtype=pl.Boolean, eager=True)
    if period.start is not None:
        inside &= moments >= period.start
    if period.end is not None:
        inside &= moments < period.end
    return inside


def _few(journeys: pl.DataFrame, k: int) -> bool:
    return 0 < journeys["people"].n_unique() < k
