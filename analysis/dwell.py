"""How long people stay in a step, and whose time a journey takes: the customer's or the city's.

Effort and waiting are never added up into one figure, and there are no averages: one browser tab
left open over a weekend would rule them. Quantiles are by linear interpolation.
"""

import polars as pl

from analysis.drop_off import COMPLETED, StepTimes
from analysis.journey_report import Spent, Time
from analysis.rates import quantiles
from journeys.service import Actor, ServiceHistory

_MICROSECONDS = 1_000_000


def step_times(visits: pl.DataFrame) -> dict[str, StepTimes]:
    """Measure the stays at each step, from a visit's first touchpoint to what comes next.

    Args:
        visits: Rows of `projections.frames.Frames.visits`. A visit without an end, because the
            journey is open there, was abandoned there or had ended before, has no time.
    """
    times = visits.group_by("step").agg(
        pl.col("dwell_s").quantile(0.5, interpolation="linear").alias("median_s"),
        pl.col("dwell_s").quantile(0.9, interpolation="linear").alias("p90_s"),
    )
    return {step: StepTimes(median, p90) for step, median, p90 in times.rows()}


def time_apart(
    journeys: pl.DataFrame, visits: pl.DataFrame, *, service: ServiceHistory, k: int
) -> Time:
    """Split the time of completed journeys into the customer's and the city's.

    Somebody's time are the stays in their steps, and the waiting after any visit that left them the
    ball. After a visit that brought an outcome nobody waits, even if a reopening follows, and
    before the first visit nobody is known to: so the two may add up to less than the total.

    Args:
        journeys: Rows of `Frames.journeys`.
        visits: Their visits.
        service: For the actors.
        k: With fewer people than this that have completed there are no times.
    """
    completed = journeys.filter(pl.col("outcome").is_in(COMPLETED))
    theirs = [key for key in service.step_keys if service.step(key).actor is Actor.CUSTOMER]
    by_customer = pl.col("step").cast(pl.String).is_in(theirs)
    # Before the end only: of a stay that lasts beyond it, the part before.
    stay = _whole(pl.col("dwell_s") - pl.col("wait_s"))
    wait = _whole(pl.col("wait_s"))
    parts = (
        visits.join(completed.select("journey"), on="journey", how="semi")
        .with_columns(stay=stay, wait=wait)
        .group_by("journey")
        .agg(
            customer=pl.col("stay").filter(by_customer).sum()
            + pl.col("wait").filter(pl.col("ball") == "customer").sum(),
            city=pl.col("stay").filter(~by_customer).sum()
            + pl.col("wait").filter(pl.col("ball") == "city").sum(),
        )
    )
    spent = completed.select("journey", "people").join(parts, on="journey", how="left")
    return Time(
        total=time_to_outcome(journeys, k=k),
        customer=_spent(spent["customer"].fill_null(0), spent["people"], k=k),
        city=_spent(spent["city"].fill_null(0), spent["people"], k=k),
    )


def time_to_outcome(journeys: pl.DataFrame, *, k: int) -> Spent:
    """Measure completed journeys from their start to their outcome.

    Args:
        journeys: Rows of `Frames.journeys`.
        k: With fewer people than this that have completed there are no times.
    """
    completed = journeys.filter(pl.col("outcome").is_in(COMPLETED))
    spans = (completed["ended_at"] - completed["started_at"]).dt.total_microseconds()
    return _spent(spans, completed["people"], k=k)


def _spent(microseconds: pl.Series, people: pl.Series, *, k: int) -> Spent:
    if people.n_unique() < k:
        return Spent(n=len(people), median_s=None, p90_s=None)
    median, p90 = quantiles(microseconds / _MICROSECONDS, (0.5, 0.9))
    return Spent(n=len(people), median_s=median, p90_s=p90)


def _whole(seconds: pl.Expr) -> pl.Expr:
    """Return whole microseconds: their sum does not depend on the order."""
    return (seconds * _MICROSECONDS).round().cast(pl.Int64)
