"""By what journeys are grouped: the value of an attribute at first touch, at last touch, at a step.

`ATTRIBUTE` and `ATTRIBUTE@first` are the first value that the journey has. A journey keeps only the
first value of each attribute, but the channel of every visit: so `channel@last` (of the last visit)
and `channel@STEP` (of the first visit to that step) are the others that can be answered. What comes
later than the first touch may be a result of how the journey went, and no cause of it.
"""

import polars as pl

from analysis.selection import NOT_STATED, first_values
from journeys.errors import SettingsError, UnknownStepError
from projections.frames import Frames

FIRST, LAST = "first", "last"
NEVER_THERE = "(never there)"
"""The group of the journeys without a visit to that step, or without any."""


def values_at_touch(selected: Frames, asked: str) -> pl.Series:
    """Read the value that each journey is grouped by.

    Args:
        selected: The journeys to report on.
        asked: `ATTRIBUTE`, or with `@first`, `@last` or `@STEP`.

    Returns:
        Text without nulls, in the order of the journeys.

    Raises:
        SettingsError: No such attribute, or not known but at first touch.
        UnknownStepError: No such step.
    """
    attribute, at, touch = asked.partition("@")
    journeys, service = selected.journeys, selected.service
    if not at or touch == FIRST:
        return first_values(journeys, attribute, service=service).fill_null(NOT_STATED)
    if attribute != "channel":
        first_values(journeys, attribute, service=service)
        raise SettingsError(
            f"attribute {attribute!r} is known at first touch alone, and not at {touch!r}. "
            f"Hint: {attribute}, or channel@{LAST}"
        )
    visits = selected.visits
    if touch != LAST:
        if touch not in service.step_keys:
            raise UnknownStepError(touch, service.key, service.step_keys)
        visits = visits.filter(pl.col("step") == touch).reverse()
    stated = (
        pl.when(pl.col("channel") != "")
        .then(pl.col("channel").cast(pl.String))
        .otherwise(pl.lit(NOT_STATED))
    )
    there = visits.group_by("journey").agg(stated.last().alias("value"))
    return journeys.join(there, on="journey", how="left", maintain_order="left").select(
        pl.col("value").fill_null(NEVER_THERE)
    )["value"]
