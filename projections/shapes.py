"""The shapes of what goes into a trace and what comes out: columns, their types and meaning."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

MOMENT = pl.Datetime("us", "UTC")

TOUCHPOINTS: Mapping[str, pl.DataType] = {
    "source": pl.String(),
    "id": pl.String(),
    "occurred_at": MOMENT,
    "name": pl.String(),
    "channel": pl.String(),
    "error": pl.Boolean(),
    "case": pl.String(),
    "person": pl.String(),
    "attributes": pl.String(),
}
"""What `trace_journeys` needs of a touchpoint; further columns are ignored."""

JOURNEYS: Mapping[str, pl.DataType] = {
    "journey_id": pl.String(),
    "people": pl.String(),
    "started_at": MOMENT,
    "version": pl.Int32(),
    "route": pl.String(),
    "channel": pl.String(),
    "attributes": pl.String(),
    "touchpoints": pl.Int64(),
    "outcome": pl.String(),
    "ended_at": MOMENT,
    "last_customer_step": pl.String(),
    "cancelled_afterwards": pl.Boolean(),
    "ball": pl.String(),
    "force_step": pl.String(),
    "deadline_at": MOMENT,
    "lapse_outcome": pl.String(),
    "lapse_ended_at": MOMENT,
    "lapse_last_customer_step": pl.String(),
    "lapse_cancelled_afterwards": pl.Boolean(),
    "was_abandoned": pl.Boolean(),
}
"""One row a journey, sorted by (started_at, journey_id).

`outcome` is null while the journey runs; then `deadline_at` is the moment its silence goes beyond
the deadline, and the `lapse_*` columns are what it becomes: `abandoned`, the outcome a reopening
gives back, or nothing where the city has the ball.
"""

VISITS: Mapping[str, pl.DataType] = {
    "journey_id": pl.String(),
    "visit": pl.Int64(),
    "step": pl.String(),
    "channel": pl.String(),
    "entered_at": MOMENT,
    "left_at": MOMENT,
    "ball": pl.String(),
    "touchpoints": pl.Int64(),
    "errors": pl.Int64(),
}
"""One row a visit, sorted by (journey_id, visit); `visit` counts from 1 within the journey.

`ball` is who has it after the visit's last touchpoint, `customer` or `city`; null once the journey
has ended, for nobody waits then.
"""

STRAYS: Mapping[str, pl.DataType] = {
    "source": pl.String(),
    "id": pl.String(),
    "occurred_at": MOMENT,
    "name": pl.String(),
    "people": pl.String(),
    "journey_id": pl.String(),
    "unlinked": pl.Boolean(),
    "unmapped": pl.Boolean(),
}
"""Touchpoints that no journey holds (*unlinked*) or no definition names (*unmapped*), or both."""

ABANDONED = "abandoned"
OPEN = "open"


class Trace(NamedTuple):
    """The journeys of one service; the shapes are `JOURNEYS`, `VISITS` and `STRAYS`."""

    journeys: pl.DataFrame
    visits: pl.DataFrame
    strays: pl.DataFrame
