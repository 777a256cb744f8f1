"""The analysts' door: one service as Polars frames, as of a moment, as known at a position.

`Frames.visits` is sorted by journey and visit and carries everything that is computed once per
journey: the number of the visit at its step, the next step, and how long the stay took.
`Frames.journeys` says where each journey stands.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from journeys.service import ServiceHistory
from projections.trace import ABANDONED, OPEN, Trace, judge

OUTCOMES = pl.Enum(["succeeded", "refused", "cancelled", "expired", ABANDONED, OPEN])


@dataclass(frozen=True, kw_only=True)
class Frames:
    """What analysers read. Journeys are numbered from 0 in the order (started_at, journey_id).

    Attributes:
        service: The definition versions known at `position`.
        as_of: The moment the frames pretend it is now.
        position: The place in the log up to which they know.
        journeys: One row a journey, sorted by `journey`: `journey` u32, `journey_id`, `people` (one
            value a person), `started_at`, `version` i32 (into `service.versions`), `route` str or
            null, `channel` (of the first touchpoint), `attributes` (JSON object of first-touch
            values), `touchpoints`, `outcome` (`OUTCOMES`), `ended_at` (null if open),
            `last_customer_step`, `force_step` (open: the step whose deadline is in force), `ball`,
            `deadline_at`, `broken_promise`, `cancelled_afterwards`, `resurrected`.
        visits: One row a visit, sorted by (`journey`, `visit`): `journey`, `visit` u32 from 1,
            `step` (Enum of the step keys), `channel`, `entered_at`, `left_at`, `ball` (after the
            visit; null once the journey has ended), `touchpoints`, `errors`, `visit_no` u32 (nth
            visit to this step), `next_step`, `dwell_s` (first touchpoint to the next visit's first,
            or to the outcome if that comes first; null if neither), `gap_s` (last touchpoint to the
            next visit's first; null without one), `stay_s` (first to last touchpoint), `wait_s`
            (last touchpoint to the end of `dwell_s`).
        strays: Touchpoints without a journey or a meaning, as in `projections.trace.STRAYS`.
    """

    service: ServiceHistory
    as_of: datetime
    position: int
    journeys: pl.DataFrame
    visits: pl.DataFrame
    strays: pl.DataFrame


def frames_of(trace: Trace, service: ServiceHistory, *, as_of: datetime, position: int) -> Frames:
    """Judge a trace at `as_of` and derive what is computed once per journey.

    Args:
        trace: Of touchpoints before `as_of`, at or before `position`, alone.
        service: The definition versions known at `position`.
        as_of: Aware.
        position: Only stated, never used.
    """
    steps = pl.Enum(list(service.step_keys))
    journeys = (
        judge(trace.journeys, as_of)
        .sort("started_at", "journey_id")
        .with_row_index("journey")
        .with_columns(
            pl.col("outcome").cast(OUTCOMES),
            pl.col("last_customer_step", "force_step").cast(steps),
        )
    )
    ends = journeys.select(
        "journey",
        "journey_id",
        # Only a touchpoint ends a stay; the deadline of an abandoned journey is nobody's time.
        declared_at=pl.when(pl.col("outcome").cast(pl.String) != ABANDONED).then("ended_at"),
    )
    same = pl.col("journey") == pl.col("journey").shift(-1)
    upcoming = pl.when(same).then(pl.col("entered_at").shift(-1))
    declared = pl.when(pl.col("declared_at") >= pl.col("entered_at")).then("declared_at")
    visits = (
        trace.visits.join(ends, on="journey_id", how="inner")
        .sort("journey", "visit")
        .with_columns(
            pl.col("visit").cast(pl.UInt32),
            pl.col("step").cast(steps),
            next_step=pl.when(same).then(pl.col("step").shift(-1)).cast(steps),
            visit_no=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("journey", "step"),
            gap_s=_seconds(upcoming - pl.col("left_at")),
            stay_s=_seconds(pl.col("left_at") - pl.col("entered_at")),
            dwell_s=_seconds(pl.min_horizontal(upcoming, declared) - pl.col("entered_at")),
        )
        .with_columns(wait_s=(pl.col("dwell_s") - pl.col("stay_s")).clip(lower_bound=0.0))
        .drop("journey_id", "declared_at")
    )
    return Frames(
        service=service,
        as_of=as_of,
        position=position,
        journeys=journeys,
        visits=visits,
        strays=trace.strays,
    )


def _seconds(span: pl.Expr) -> pl.Expr:
    return span.dt.total_microseconds() / 1_000_000
