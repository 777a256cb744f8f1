"""Where and how often journeys are lost, and how many complete: at the horizon, open ones censored.

A journey *drops off* at its last customer step when it ends cancelled, expired or abandoned. What
counts is the journey's end, not the moment it moved on to the next step, because people come back
and stop at an earlier one. A refusal is a completion: the service did its work.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from analysis.journey_report import (
    Causes,
    Completion,
    GroupStep,
    MatureRate,
    StepRow,
    TrendWeek,
)
from analysis.lookup import of_journeys, split
from analysis.rates import (
    DAY_S,
    MIN_JOURNEYS,
    TOO_FEW,
    TOO_YOUNG,
    Rate,
    rate_at_day,
    rate_at_horizon,
    wilson,
)
from journeys.service import Actor, ServiceHistory
from projections.weeks import bounds_of

COMPLETED = ("succeeded", "refused")
LOST = ("cancelled", "expired", "abandoned")
NOT_A_CUSTOMER_STEP = "not a customer step"


class StepTimes(NamedTuple):
    """Median and 90th percentile of the stays at a step, seconds."""

    median_s: float | None
    p90_s: float | None


class _Week(NamedTuple):
    """Journeys that started in a week: `completed` by now, `within` by the horizon."""

    week: str
    started: int
    completed: int
    within: int
    mature: bool


def completion(journeys: pl.DataFrame, *, horizon: int, as_of: datetime) -> Completion:
    """Estimate the share of journeys that succeed or are refused by the horizon.

    Args:
        journeys: Rows of `projections.frames.Frames.journeys`.
        horizon: Whole days from the journey's start.
        as_of: The as-of time of the frames.
    """
    rate = rate_at_horizon(_starts(journeys, as_of), horizon=horizon)
    weeks = [row for row in _weeks(journeys, horizon=horizon, as_of=as_of) if row.mature]
    inside, n = sum(row.within for row in weeks), sum(row.started for row in weeks)
    enough = n >= MIN_JOURNEYS
    low, high = wilson(inside, n) if enough else (None, None)
    return Completion(
        rate=rate.value,
        low=rate.low,
        high=rate.high,
        n=rate.n,
        method=rate.method,
        day=rate.day,
        note=rate.note,
        mature=MatureRate(rate=inside / n if enough else None, low=low, high=high, n=n),
    )


def completion_at(journeys: pl.DataFrame, *, day: int | None, as_of: datetime) -> Rate:
    """Read the completion of a group at the day that it shares with the groups beside it."""
    return rate_at_day(_starts(journeys, as_of), day=day or 0)


def trend(journeys: pl.DataFrame, *, horizon: int, as_of: datetime) -> list[TrendWeek]:
    """Follow completion by ISO week of the journey's start, Europe/Helsinki.

    Only a mature week, one whose end + horizon is not after the as-of time, has a rate: younger
    ones would look worse for being young.

    Returns:
        One row a week with starts, oldest first.
    """
    rows = []
    weeks = _weeks(journeys, horizon=horizon, as_of=as_of)
    for week, started, completed, within, mature in weeks:
        rated = mature and started >= MIN_JOURNEYS
        low, high = wilson(within, started) if rated else (None, None)
        rows.append(
            TrendWeek(
                week=week,
                started=started,
                completed=completed,
                rate=within / started if rated else None,
                low=low,
                high=high,
                n=started,
                mature=mature,
                note=None if rated else TOO_FEW if mature else TOO_YOUNG,
            )
        )
    return rows


def step_rows(
    entries: pl.DataFrame,
    *,
    started: int,
    service: ServiceHistory,
    as_of: datetime,
    times: Mapping[str, StepTimes],
) -> list[StepRow]:
    """Count and rate what becomes of those who enter each step.

    Args:
        entries: As `step_entries` returns them.
        started: The journeys of the report, those without a visit included.
        service: For order, actors and horizons.
        as_of: The as-of time of the frames.
        times: Times of each step's stays.

    Returns:
        One row a step of any version that a journey entered, in intended order, without what
        people did next (`analysis.after_drop_off`).
    """
    rows = []
    for key, entered in split(entries.drop("journey", "people"), "step"):
        step = service.step(key)
        customer = step.actor is Actor.CUSTOMER and not step.help
        rate = (
            rate_at_horizon(entered, horizon=step_horizon(service, key, as_of=as_of))
            if customer
            else Rate(None, None, None, entered.height, None, None, NOT_A_CUSTOMER_STEP)
        )
        dropped = int(entered["event"].sum())
        still = int(entered["open_here"].sum())
        causes = {cause: int((entered["cause"] == cause).sum()) for cause in LOST}
        spent = times.get(key, StepTimes(None, None))
        rows.append(
            StepRow(
                step=key,
                actor=step.actor.value,
                entered=entered.height,
                advanced=entered.height - dropped - still,
                dropped=dropped,
                open=still,
                causes=Causes(**causes),
                drop_off_rate=rate.value,
                low=rate.low,
                high=rate.high,
                n=rate.n,
                method=rate.method,
                day=rate.day,
                note=rate.note,
                contribution=dropped / started if started >= MIN_JOURNEYS else None,
                median_s=spent.median_s,
                p90_s=spent.p90_s,
                next=None,
            )
        )
    return rows


def group_steps(entries: pl.DataFrame, *, steps: Sequence[StepRow]) -> list[GroupStep]:
    """Rate the customer steps of one group, each at the day of the whole report's row.

    Args:
        entries: The group's rows of `step_entries`.
        steps: The rows of the whole report.
    """
    rows = []
    for step in steps:
        entered = entries.filter(pl.col("step") == step.step)
        if step.note == NOT_A_CUSTOMER_STEP or entered.is_empty():
            continue
        rate = rate_at_day(entered, day=step.day or 0)
        rows.append(
            GroupStep(
                step=step.step,
                entered=entered.height,
                dropped=int(entered["event"].sum()),
                drop_off_rate=rate.value,
                low=rate.low,
                high=rate.high,
                n=rate.n,
                day=rate.day,
                note=rate.note,
            )
        )
    return rows


def step_entries(journeys: pl.DataFrame, visits: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """One row a journey and step it entered.

    Returns:
        `journey`, `people`, `step`, `age_s` (first entry to as-of), `end_s` (first entry to the
        journey's end, null if open), `event` (dropped off here), `cause` (the loss, null if none),
        `open_here`.
    """
    entries = visits.select("journey", "step", "entered_at").filter(visits["visit_no"] == 1)
    stands = ("people", "outcome", "ended_at", "last_customer_step", "force_step")
    return (
        entries.hstack(of_journeys(journeys, entries["journey"], *stands))
        .with_columns(
            age_s=_seconds(pl.lit(as_of) - pl.col("entered_at")),
            end_s=_seconds(pl.col("ended_at") - pl.col("entered_at")),
            event=pl.col("outcome").is_in(LOST)
            & pl.col("step").eq_missing(pl.col("last_customer_step")),
            open_here=(pl.col("outcome") == "open")
            & pl.col("step").eq_missing(pl.col("force_step")),
        )
        .with_columns(cause=pl.when("event").then("outcome"))
        .select("journey", "people", "step", "age_s", "end_s", "event", "cause", "open_here")
    )


def step_horizon(service: ServiceHistory, key: str, *, as_of: datetime) -> int:
    """Days at which a step's drop-off is read, by the version valid at `as_of` if it has it."""
    current = service.at(as_of)
    version = next(
        (
            version
            for version in (current, *reversed(service.versions))
            if key in {step.key for step in version.steps}
        ),
        current,
    )
    index = [step.key for step in version.steps].index(key)
    return min(version.step_horizon_days(index), current.horizon_days)


def lost_before_first_step(journeys: pl.DataFrame) -> int:
    """Count the lost journeys that have no customer step to belong to."""
    return journeys.filter(
        pl.col("outcome").is_in(LOST) & pl.col("last_customer_step").is_null()
    ).height


def _starts(journeys: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    return journeys.select(
        age_s=_seconds(pl.lit(as_of) - pl.col("started_at")),
        end_s=_seconds(pl.col("ended_at") - pl.col("started_at")),
        event=pl.col("outcome").is_in(COMPLETED),
    )


def _weeks(journeys: pl.DataFrame, *, horizon: int, as_of: datetime) -> list[_Week]:
    completed = pl.col("outcome").is_in(COMPLETED)
    took = _seconds(pl.col("ended_at") - pl.col("started_at"))
    counted = (
        journeys.select("week", completed=completed, within=completed & (took <= horizon * DAY_S))
        .group_by("week")
        .agg(pl.len().alias("started"), pl.col("completed", "within").sum())
        .sort("week")
    )
    ripe = timedelta(days=horizon)
    return [
        _Week(week, started, done, within, bounds_of(week)[1].astimezone(UTC) + ripe <= as_of)
        for week, started, done, within in counted.iter_rows()
    ]


def _seconds(span: pl.Expr) -> pl.Expr:
    return span.dt.total_microseconds() / 1_000_000
