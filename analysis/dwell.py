"""How long people stay in a step, and whose time a journey takes: the customer's or the city's.

Effort and waiting are never added up into one figure, and there are no averages: one browser tab
left open over a weekend would rule them.
"""

from collections.abc import Sequence

import polars as pl

from analysis.distribution import Times, spent
from analysis.drop_off import COMPLETED, StepTimes
from analysis.lookup import of_journeys, split, sums_by_journey
from analysis.rates import quantiles
from analysis.sections import Spent, StepTime, Time
from journeys.service import Actor, ServiceHistory
from projections.frames import Frames

_MICROSECONDS = 1_000_000
_SPAN = (pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds()


def step_times(visits: pl.DataFrame) -> dict[str, StepTimes]:
    """Measure the stays at each step, from a visit's first touchpoint to what comes next.

    Args:
        visits: Rows of `projections.frames.Frames.visits`. A visit without an end, because the
            journey is open there, was abandoned there or had ended before, has no time.
    """
    return {
        step: StepTimes(*quantiles(part["dwell_s"], (0.5, 0.9)))
        for step, part in split(visits.select("step", "dwell_s"), "step")
    }


def time_apart(  # noqa: PLR0913 - whose time, of which steps, and what else the reader knows
    journeys: pl.DataFrame,
    visits: pl.DataFrame,
    *,
    service: ServiceHistory,
    k: int,
    steps: Sequence[str] = (),
    left_out: Sequence[Frames] = (),
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
        steps: For which to measure the stays of all journeys, one by one.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
    """
    parts = [
        (whose, _stays(stays, service))
        for whose, stays in (
            (journeys, visits),
            *((some.journeys, some.visits) for some in left_out),
        )
    ]
    completed = [_completed(whose, stays) for whose, stays in parts]
    at_steps = [_at_steps(stays, whose, steps=steps) for whose, stays in parts]
    nobody = at_steps[0].clear()
    by_step = [dict(split(rows, "step")) for rows in at_steps]
    return Time(
        total=_spent("total", completed, k=k),
        customer=_spent("customer", completed, k=k),
        city=_spent("city", completed, k=k),
        steps=[
            StepTime(
                step=step,
                customer=_spent("customer", [rows.get(step, nobody) for rows in by_step], k=k),
                city=_spent("city", [rows.get(step, nobody) for rows in by_step], k=k),
            )
            for step in steps
        ],
    )


def completed_times(
    journeys: pl.DataFrame, visits: pl.DataFrame, *, service: ServiceHistory
) -> pl.DataFrame:
    """Measure each completed journey.

    Returns:
        `journey`, `people`; `total`, `customer` and `city`, whole microseconds.
    """
    return _completed(journeys, _stays(visits, service))


def time_to_outcome(journeys: pl.DataFrame, *, k: int) -> Spent:
    """Measure completed journeys from their start to their outcome.

    Args:
        journeys: Rows of `Frames.journeys`.
        k: With fewer people than this that have completed there are no times.
    """
    completed = journeys.filter(pl.col("outcome").is_in(COMPLETED))
    return spent(Times(completed.select(_SPAN).to_series(), completed["people"]), k=k)


def _spent(whose: str, parts: Sequence[pl.DataFrame], *, k: int) -> Spent:
    own, *beside = (Times(part[whose], part["people"]) for part in parts)
    return spent(own, k=k, beside=beside)


def _completed(journeys: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    completed = journeys.filter(pl.col("outcome").is_in(COMPLETED)).select(
        "journey", "people", total=_SPAN
    )
    sums = sums_by_journey(stays, "customer", "city")
    theirs = of_journeys(sums, completed["journey"], "customer", "city")
    return completed.hstack(theirs).with_columns(pl.col("customer", "city").fill_null(0))


def _stays(visits: pl.DataFrame, service: ServiceHistory) -> pl.DataFrame:
    """Split each visit: `customer` and `city`, whole microseconds, null who had no part in it."""
    theirs = [key for key in service.step_keys if service.step(key).actor is Actor.CUSTOMER]
    by_customer = pl.col("step").is_in(theirs)
    # Before the end only: of a stay that lasts beyond it, the part before.
    stay = _whole(pl.col("dwell_s") - pl.col("wait_s"))
    wait = _whole(pl.col("wait_s"))

    def part(acts: pl.Expr, ball: str) -> pl.Expr:
        waits = pl.col("ball").eq_missing(pl.lit(ball))
        return pl.when(acts | waits).then(
            pl.when(acts).then(stay).otherwise(0) + pl.when(waits).then(wait).otherwise(0)
        )

    return visits.select(
        "journey", "step", customer=part(by_customer, "customer"), city=part(~by_customer, "city")
    )


def _at_steps(stays: pl.DataFrame, journeys: pl.DataFrame, *, steps: Sequence[str]) -> pl.DataFrame:
    wanted = stays.filter(pl.col("step").is_in(steps))
    return wanted.hstack(of_journeys(journeys, wanted["journey"], "people"))


def _whole(seconds: pl.Expr) -> pl.Expr:
    """Return whole microseconds: their sum does not depend on the order."""
    return (seconds * _MICROSECONDS).round().cast(pl.Int64)
