"""What the frames of a service are made of: a trace, with all that needs no moment worked out."""

from typing import NamedTuple

import polars as pl

from journeys.service import ServiceHistory
from projections.shapes import ABANDONED, OPEN, Trace
from projections.weeks import week_of

OUTCOMES = pl.Enum(["succeeded", "refused", "cancelled", "expired", ABANDONED, OPEN])

BALLS = pl.Enum(["customer", "city"])

_OUTCOME_COLUMNS = ("outcome", "lapse_outcome")
_STEP_COLUMNS = ("last_customer_step", "lapse_last_customer_step", "force_step")


class Prepared(NamedTuple):
    """A trace of one service, prepared to be judged.

    Attributes:
        journeys: As `projections.shapes.JOURNEYS`, names as `OUTCOMES` and Enums of the step keys,
            with `week` of the start and `visits`, how many; sorted by (started_at, journey_id).
        visits: As `projections.shapes.VISITS` in the order of the journeys, `step` an Enum of the
            step keys, `ball` as `BALLS`, `channel` categorical, without the journey and with
            `visit_no`, `next_step`, `gap_s` and `stay_s` as in `projections.frames.Frames`.
        strays: As `projections.shapes.STRAYS`.
    """

    journeys: pl.DataFrame
    visits: pl.DataFrame
    strays: pl.DataFrame


def prepare(trace: Trace, service: ServiceHistory) -> Prepared:
    """Work out what needs no moment.

    Args:
        trace: All of a service, or whole journeys of it.
        service: The definition versions of the trace.
    """
    steps = pl.Enum(list(service.step_keys))
    counts = trace.visits.group_by("journey_id").agg(pl.len().alias("visits"))
    journeys = (
        trace.journeys.join(counts, on="journey_id", how="left")
        .sort("started_at", "journey_id")
        .with_columns(
            pl.col(_OUTCOME_COLUMNS).cast(OUTCOMES),
            pl.col(_STEP_COLUMNS).cast(steps),
            pl.col("visits").fill_null(0),
            week=week_of("started_at"),
        )
    )
    numbers = journeys.select("journey_id").with_row_index("journey")
    same = pl.col("journey") == pl.col("journey").shift(-1)
    visits = (
        trace.visits.join(numbers, on="journey_id", how="inner")
        .sort("journey", "visit")
        .with_columns(
            pl.col("visit").cast(pl.UInt32),
            pl.col("step").cast(steps),
            pl.col("ball").cast(BALLS),
            pl.col("channel").cast(pl.Categorical),
            next_step=pl.when(same).then(pl.col("step").shift(-1)).cast(steps),
            visit_no=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("journey", "step"),
            gap_s=seconds(pl.when(same).then(pl.col("entered_at").shift(-1)) - pl.col("left_at")),
            stay_s=seconds(pl.col("left_at") - pl.col("entered_at")),
        )
        .drop("journey", "journey_id")
    )
    return Prepared(journeys, visits, trace.strays)


def seconds(span: pl.Expr) -> pl.Expr:
    """A time span in seconds."""
    return span.dt.total_microseconds() / 1_000_000
