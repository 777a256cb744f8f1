"""A first definition of a service, guessed from its log alone.

Nobody has said yet what the names mean: every name becomes a step, and everything else here is a
guess from order and time.

* A step's *place* is how far into its case a name first occurs, 0 to 1; the median over cases puts
  the steps in order.
* A step is *optional* where fewer than half of the cases have it.
* Its *deadline* comes from its own gaps (`analysis.silence`) where there are enough, else from
  those of the whole service, else none is given and 14 days are assumed.
* A case *has ended* when it has been silent for longer than the deadline of its last step, at the
  moment of the log's latest touchpoint. A name that ends at least half of the ended cases it is in
  is taken for an *outcome*.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

import polars as pl
from msgspec import Struct

from analysis.rates import DAY_S
from analysis.silence import MIN_GAPS, silence_curve, silence_deadline
from journeys.service import ASSUMED_DEADLINE, HELSINKI

Basis = Literal["step", "service", "assumed"]

ASSUMED_DAYS = ASSUMED_DEADLINE // timedelta(days=1)
LONGEST_HORIZON_DAYS = 36_525
"""No definition may have a longer one."""

_HORIZON_QUANTILE = 0.95


class DraftStep(Struct, frozen=True, kw_only=True):
    """One name of the log, as a step.

    Attributes:
        name: As the source system writes it.
        cases: Cases that have it.
        share: Of all cases, 0 to 1.
        position: Median over its cases of how far into the case it first occurs, 0 to 1.
        place, places: Median over its cases of the touchpoint at which it first occurs, counted
            from 1, and of how many touchpoints the case has.
        optional: Whether fewer than half of the cases have it.
        deadline_days: Whole days, 1 to 60.
        gaps: Gaps that begin at it, those that the extract cut off included.
        basis: Whose gaps the deadline is from; `assumed`: too few of any.
        ended: Ended cases that have it.
        ends: Ended cases whose last touchpoint it is.
        is_outcome: Whether it ends at least half of the ended cases that have it.
    """

    name: str
    cases: int
    share: float
    position: float
    place: int
    places: int
    optional: bool
    deadline_days: int
    gaps: int
    basis: Basis
    ended: int
    ends: int
    is_outcome: bool


class Draft(Struct, frozen=True, kw_only=True):
    """What a log suggests.

    Attributes:
        cases: In the log, or in the sample of it.
        touchpoints: Of these cases.
        steps: In the order they typically come.
        horizon_days: By this day 95 % of the ended cases had ended; no less than any deadline.
        ended: Cases that have ended.
        first_day: Of the first touchpoint, in Helsinki; None if there is none.
    """

    cases: int
    touchpoints: int
    steps: list[DraftStep]
    horizon_days: int
    ended: int
    first_day: date | None


class _Deadline(NamedTuple):
    days: int
    gaps: int
    basis: Basis


def draft(touchpoints: pl.DataFrame, *, names: Mapping[str, int] | None = None) -> Draft:
    """Guess a definition.

    Args:
        touchpoints: Of whole cases, in any order. Columns: `case` (String or an integer), `name`,
            `occurred_at` (Datetime us UTC), `row` (integer; the order in the file, it breaks ties
            in time).
        names: Every name of the whole log, with its count, where `touchpoints` is a sample. What
            the sample lacks becomes an optional step at the end.

    Returns:
        The same for any order of the rows. No steps for no touchpoints.
    """
    ordered = _ordered(touchpoints)
    pooled = _pooled(ordered)
    deadlines = _deadlines(ordered, pooled)
    cases = _cases(ordered, deadlines)
    steps = _steps(ordered, cases, deadlines)
    steps += _unseen(names or {}, deadlines, pooled)
    first = ordered["occurred_at"].min()
    return Draft(
        cases=cases.height,
        touchpoints=ordered.height,
        steps=steps,
        horizon_days=_horizon(cases, steps),
        ended=int(cases["ended"].sum()),
        first_day=first.astimezone(HELSINKI).date() if isinstance(first, datetime) else None,
    )


def _ordered(touchpoints: pl.DataFrame) -> pl.DataFrame:
    """Sort by case and time, and see what comes next.

    Returns:
        `case` (a number), `name`, `occurred_at`, `place` in its case from 1, `places` it has,
        `days` to the next touchpoint or, without one, to the log's latest, `returned`.
    """
    last = pl.col("place") == pl.col("places")
    until = (
        pl.when(last).then(pl.col("occurred_at").max()).otherwise(pl.col("occurred_at").shift(-1))
    )
    return (
        touchpoints.sort("case", "occurred_at", "row")
        .select("name", "occurred_at", case=pl.col("case").rle_id())
        .with_columns(
            place=pl.int_range(1, pl.len() + 1).over("case"), places=pl.len().over("case")
        )
        .with_columns(returned=~last, days=_days(until - pl.col("occurred_at")))
    )


def _pooled(ordered: pl.DataFrame) -> _Deadline:
    """Find the deadline of a step that has too few gaps of its own."""
    if ordered.height < MIN_GAPS:
        return _Deadline(ASSUMED_DAYS, 0, "assumed")
    return _Deadline(_deadline(ordered["days"], ordered["returned"]), 0, "service")


def _deadlines(ordered: pl.DataFrame, pooled: _Deadline) -> dict[str, _Deadline]:
    """Find the deadline of each name."""
    found = {
        name: pooled._replace(gaps=gaps)
        for name, gaps in ordered.group_by("name").len().iter_rows()
    }
    many = [name for name, own in found.items() if own.gaps >= MIN_GAPS]
    curves = ordered.filter(pl.col("name").is_in(many)).group_by("name").agg("days", "returned")
    for name, days, returned in zip(*curves.select("name", "days", "returned"), strict=True):
        found[name] = _Deadline(_deadline(days, returned), len(days), "step")
    return found


def _deadline(days: pl.Series, returned: pl.Series) -> int:
    return silence_deadline(silence_curve(days.to_numpy(), returned.to_numpy()))


def _cases(ordered: pl.DataFrame, deadlines: Mapping[str, _Deadline]) -> pl.DataFrame:
    """Describe each case.

    Returns:
        `case`, `first` and `last` touchpoint, `last_name`, the `deadline` after it, and whether the
        case has `ended`; by `case`.
    """
    deadline = pl.DataFrame(
        {"last_name": list(deadlines), "deadline": [own.days for own in deadlines.values()]},
        schema={"last_name": pl.String, "deadline": pl.Int64},
    )
    return (
        ordered.group_by("case", maintain_order=True)
        .agg(
            first=pl.col("occurred_at").first(),
            last=pl.col("occurred_at").last(),
            silent=pl.col("days").last(),
            last_name=pl.col("name").last(),
        )
        .join(deadline, on="last_name", how="left", maintain_order="left")
        .with_columns(ended=pl.col("silent") > pl.col("deadline"))
    )


def _steps(
    ordered: pl.DataFrame, cases: pl.DataFrame, deadlines: Mapping[str, _Deadline]
) -> list[DraftStep]:
    """Describe each name, in the order they typically come."""
    far = (pl.col("place") - 1) / (pl.col("places") - 1).clip(lower_bound=1)
    middle = [
        pl.col(what).quantile(0.5, interpolation="lower").cast(pl.Int64)
        for what in ("place", "places")
    ]
    described = (
        ordered.unique(["case", "name"], keep="first", maintain_order=True)
        .join(cases.select("case", "last_name", "ended"), on="case", maintain_order="left")
        .with_columns(far=far, ends=pl.col("ended") & (pl.col("last_name") == pl.col("name")))
        .group_by("name")
        .agg(
            *middle,
            cases=pl.len(),
            position=pl.col("far").median(),
            mean=pl.col("far").mean(),
            ended=pl.col("ended").sum(),
            ends=pl.col("ends").sum(),
        )
        .sort("position", "mean", "name")
    )
    return [
        DraftStep(
            name=row["name"],
            cases=row["cases"],
            share=row["cases"] / cases.height,
            position=row["position"],
            place=row["place"],
            places=row["places"],
            optional=2 * row["cases"] < cases.height,
            deadline_days=deadlines[row["name"]].days,
            gaps=deadlines[row["name"]].gaps,
            basis=deadlines[row["name"]].basis,
            ended=row["ended"],
            ends=row["ends"],
            is_outcome=0 < row["ended"] <= 2 * row["ends"],
        )
        for row in described.iter_rows(named=True)
    ]


def _unseen(
    names: Mapping[str, int], seen: Mapping[str, _Deadline], pooled: _Deadline
) -> list[DraftStep]:
    """Make steps of the names that a sample lacks, the more frequent first."""
    return [
        DraftStep(
            name=name,
            cases=0,
            share=0.0,
            position=1.0,
            place=0,
            places=0,
            optional=True,
            deadline_days=pooled.days,
            gaps=0,
            basis=pooled.basis,
            ended=0,
            ends=0,
            is_outcome=False,
        )
        for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0]))
        if name not in seen
    ]


def _horizon(cases: pl.DataFrame, steps: list[DraftStep]) -> int:
    """Find the day by which nearly all have ended.

    A silence is seen once a deadline has passed: a horizon below the longest deadline would read
    rates before anybody could be found to have stopped there.
    """
    outcomes = [step.name for step in steps if step.is_outcome]
    silence = pl.when(pl.col("last_name").is_in(outcomes)).then(0).otherwise("deadline")
    took = cases.filter("ended").select(_days(pl.col("last") - pl.col("first")) + silence)
    nearly_all = took.to_series().quantile(_HORIZON_QUANTILE, interpolation="linear")
    longest = max((step.deadline_days for step in steps), default=1)
    return min(max(math.ceil(nearly_all or 0.0), longest), LONGEST_HORIZON_DAYS)


def _days(duration: pl.Expr) -> pl.Expr:
    return duration.dt.total_microseconds() / (1_000_000 * DAY_S)
