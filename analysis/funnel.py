"""How far do journeys come? The steps in their intended order.

A *required* step is neither optional nor help and, in the common funnel, in every route; the others
are optional here: they carry a count and no loss. The definition version valid at the as-of time
gives the rows and their order. What is required of a journey is what its own version requires too;
a step that its version does not require counts as reached once it has come past it.

Unless asked otherwise (`analysis.funnel_rules`), a journey reaches a step by a visit after those to
all required steps before it; other visits may lie between, and there is no window. Which of its
passes counts is said in `analysis.passes`. Optional steps are looked for, in their order, between
the matched step before and the next required one. Visits after the end count.

*Lost*, *open* and *finished* are by the furthest required step, so between required rows
reached = next reached + lost + open + finished. That is not drop-off, which belongs to the *last*
customer step: see `analysis.drop_off`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from analysis.drop_off import COMPLETED, LOST
from analysis.funnel_rules import PLAIN_RULES, FunnelRules, within_window
from analysis.journey_report import FunnelStep
from analysis.lookup import of_journeys
from analysis.passes import NOWHERE, match
from analysis.rates import MIN_JOURNEYS, quantiles, wilson
from analysis.suppression import are_enough
from journeys.service import Service, ServiceHistory

_MICROSECONDS = 1_000_000

_MATCHED = {
    "variant": pl.UInt32,
    "row": pl.Int64,
    "place": pl.Int64,
    "previous": pl.Int64,
    "start": pl.Int64,
}


class Plan(NamedTuple):
    """The rows of a funnel: step keys in intended order, and which are required.

    `of_version` says it for the journeys of each definition version, where it is at most what
    `required` says. The other rows are there if they are `offered` or somebody came to them.
    """

    rows: tuple[str, ...]
    required: tuple[bool, ...]
    offered: tuple[bool, ...]
    of_version: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """A funnel with everybody in it, before anything is left out.

    Attributes:
        plan: Its rows.
        progress: One row a journey: `journey`, `people`, `outcome`, `route`, `furthest`.
        passed: One row a journey and optional row it reached: `row`, `journey`, `people`, `route`.
        times: By required row, median and 90th percentile, seconds since the one before.
        removed: `people`, one row a journey that an excluding step took out; it is nowhere else.
        complete_s: Seconds from the first visit of a pass to the last required row, where reached.
    """

    plan: Plan
    progress: pl.DataFrame
    passed: pl.DataFrame
    times: Mapping[int, Sequence[float | None]]
    removed: pl.DataFrame
    complete_s: pl.Series

    def reaching(self, row: int) -> pl.DataFrame:
        """Return `journey`, `people`, `route` of those that reached this row of the plan."""
        return self._reaching(row, "journey", "people", "route")

    def people(self, row: int) -> int:
        """Count the people who reached this row of the plan."""
        return self._reaching(row, "people").to_series().n_unique()

    def is_small(self, row: int, *, k: int) -> bool:
        """Say whether people reached this row of the plan, but fewer than k."""
        people = self._reaching(row, "people").to_series()
        return not (people.is_empty() or are_enough(people, k=k))

    def before(self, row: int) -> int | None:
        """Return the required row before this one; None before the first."""
        return max(self._required_below(row), default=None)

    def first(self) -> int | None:
        """Return the first required row; None if nothing is required."""
        return min(self._required_below(len(self.plan.rows)), default=None)

    def slowest_s(self, *, level: float, k: int) -> float | None:
        """Say within what time this share of those who passed the whole funnel did so.

        None below ten journeys, or k people.
        """
        last = self.before(len(self.plan.rows))
        if last is None or len(self.complete_s) < MIN_JOURNEYS or self.people(last) < k:
            return None
        return quantiles(self.complete_s, [level])[0]

    def _reaching(self, row: int, *columns: str) -> pl.DataFrame:
        if self.plan.required[row]:
            return self.progress.select(columns).filter(self.progress["furthest"] >= row)
        return self.passed.select(columns).filter(self.passed["row"] == row)

    def _required_below(self, row: int) -> Iterator[int]:
        return (other for other in range(row) if self.plan.required[other])


def plan_funnel(service: ServiceHistory, *, as_of: datetime, route: str | None = None) -> Plan:
    """Say which steps make the common funnel, or that of one route."""
    known = ServiceHistory(service.versions[: service.index_at(as_of) + 1])
    current = next(
        (version for version in reversed(known.versions) if route in version.routes), known.newest
    )
    rows = known.step_keys
    required = _required(current, route)
    offered = set(current.routes.get(route or "", (step.key for step in current.steps)))
    return Plan(
        rows=rows,
        required=tuple(key in required for key in rows),
        offered=tuple(key in offered for key in rows),
        of_version=tuple(
            tuple(key in required & _required(version, route) for key in rows)
            for version in service.versions
        ),
    )


def trace_funnel(  # noqa: PLR0913 - what is asked, of whom, and how
    journeys: pl.DataFrame,
    visits: pl.DataFrame,
    walked: pl.DataFrame,
    *,
    plan: Plan,
    service: ServiceHistory,
    rules: FunnelRules = PLAIN_RULES,
) -> Funnel:
    """Match all journeys to the rows of a funnel, each distinct walk once.

    Args:
        journeys: Rows of `projections.frames.Frames.journeys`.
        visits: Their visits and perhaps others, sorted by journey and visit.
        walked: The walks of these visits, `analysis.variants.walks`.
        plan: The funnel's rows.
        service: What the codes of the steps in `walked` mean.
        rules: How the funnel is asked for.
    """
    kinds = sorted(set(plan.of_version))
    kind_of = [kinds.index(required) for required in plan.of_version]
    kept = journeys.select(
        "journey",
        "people",
        "route",
        pl.col("outcome").cast(pl.String),
        kind=pl.lit(pl.Series(kind_of, dtype=pl.Int64)).gather(pl.col("version")),
    )
    reach_of = (
        walked.with_columns(until=pl.lit(None, dtype=pl.List(pl.Int64)))
        if rules.window is None
        else walked.join(within_window(visits, rules.window), on="journey", how="inner")
    )
    distinct = (
        reach_of.hstack(of_journeys(kept, reach_of["journey"], "kind"))
        .filter(pl.col("kind").is_not_null())
        .group_by("walk", "until", "kind")
        .agg("journey", pl.col("row").alias("first"))
        .with_row_index("variant")
    )
    places = {key: row for row, key in enumerate(plan.rows)}
    # A step that only a later version has is nowhere, and nobody has been there yet.
    row_of = [places.get(key, NOWHERE) for key in service.step_keys]
    helps = {key for key in service.step_keys if service.step(key).help}
    allowed = rules.of_rows(plan.rows, required=plan.required, helps=helps)
    passes: list[tuple[int, bool]] = []
    met: list[tuple[int, int, int, int | None, int | None]] = []
    for variant, walk, until, kind in distinct.select(
        "variant", "walk", "until", "kind"
    ).iter_rows():
        rows = [row_of[code] for code in walk]
        reach = match(rows, kinds[kind], counted=plan.required, rules=allowed, until=until)
        passes.append((reach.furthest, reach.removed))
        if not reach.removed:
            met.extend((variant, *visit, reach.start) for visit in reach.visits)
    went = pl.DataFrame(passes, schema={"furthest": pl.Int64, "removed": pl.Boolean}, orient="row")
    reached = distinct.select("journey").hstack(went).explode("journey", empty_as_null=False)
    progress = kept.hstack(of_journeys(reached, kept["journey"], "furthest", "removed"))
    progress = progress.with_columns(
        pl.col("furthest").fill_null(NOWHERE), pl.col("removed").fill_null(value=False)
    )
    matched = pl.DataFrame(met, schema=_MATCHED, orient="row").join(
        distinct.select("variant", "journey", "first"), on="variant", how="inner"
    )
    optional = [row for row, needed in enumerate(plan.required) if not needed]
    passed = matched.filter(pl.col("row").is_in(optional)).select("row", "journey")
    passing = passed.explode("journey", empty_as_null=False)
    required = matched.filter(~pl.col("row").is_in(optional))
    last = max((row for row, needed in enumerate(plan.required) if needed), default=NOWHERE)
    return Funnel(
        plan=plan,
        progress=progress.filter(~pl.col("removed")).drop("removed"),
        passed=passing.hstack(of_journeys(kept, passing["journey"], "people", "route")),
        times={
            row: quantiles(
                _spans_s(required.filter(pl.col("row") == row), visits, since="previous"),
                (0.5, 0.9),
            )
            for row in required["row"].unique()
        },
        removed=progress.filter("removed").select("people"),
        complete_s=_spans_s(matched.filter(pl.col("row") == last), visits, since="start"),
    )


def funnel_steps(funnel: Funnel, *, hidden: frozenset[int]) -> list[FunnelStep]:
    """Write the rows of a funnel.

    Args:
        funnel: Everybody.
        hidden: Rows of the plan to leave out.

    Returns:
        Rows in intended order. Shares are null where fewer than ten journeys reached the row they
        refer to, and of the previous in the first row.
    """
    plan = funnel.plan
    stands = {
        (furthest, outcome): count
        for furthest, outcome, count in funnel.progress.group_by("furthest", "outcome")
        .len()
        .iter_rows()
    }
    entry = funnel.first()
    entries = 0 if entry is None else funnel.reaching(entry).height
    rows = []
    previous: int | None = None
    for row, step in enumerate(plan.rows):
        reached = funnel.reaching(row).height
        if row in hidden:
            continue
        if not plan.required[row]:
            if reached or plan.offered[row]:
                rows.append(FunnelStep(step=step, reached=reached))
            continue
        enough = entries >= MIN_JOURNEYS
        low, high = wilson(reached, entries) if enough else (None, None)
        median_s, p90_s = funnel.times.get(row, (None, None))
        rows.append(
            FunnelStep(
                step=step,
                reached=reached,
                lost=sum(stands.get((row, outcome), 0) for outcome in LOST),
                finished=sum(stands.get((row, outcome), 0) for outcome in COMPLETED),
                open=stands.get((row, "open"), 0),
                of_entry=reached / entries if enough else None,
                of_previous=(
                    reached / previous
                    if previous is not None and previous >= MIN_JOURNEYS
                    else None
                ),
                low=low,
                high=high,
                median_s=median_s,
                p90_s=p90_s,
            )
        )
        previous = reached
    return rows


def hidden_steps(
    funnel: Funnel,
    *,
    k: int,
    beside: Sequence[Funnel] = (),
    told: Sequence[Collection[str]] = (),
) -> frozenset[int]:
    """Choose the rows that fewer than k people reached, and those that would give them away.

    A required row is the one before less its lost, open and finished; so the row before the first
    one too small goes with it, and all required rows after it.

    Args:
        funnel: All rows.
        k: Least number of people of a row that is shown.
        beside: The same funnel of journeys that a filter leaves out, which a reader has by
            subtraction.
        told: Of a report with a filter, the steps that `analysis.filtered` leaves.
    """
    small = (
        row
        for row in range(len(funnel.plan.rows))
        if any(one.is_small(row, k=k) for one in (funnel, *beside))
        or (not all(funnel.plan.rows[row] in some for some in told) and funnel.people(row))
    )
    return frozenset().union(*(with_dependents(funnel, row) for row in small))


def with_dependents(funnel: Funnel, row: int) -> frozenset[int]:
    """Return what has to be left out with a row: of an optional one nothing but itself."""
    if not funnel.plan.required[row]:
        return frozenset({row})
    before = funnel.before(row)
    start = row if before is None else before
    return frozenset(
        other for other, needed in enumerate(funnel.plan.required) if needed and other >= start
    )


def _required(version: Service, route: str | None) -> set[str]:
    routes = [version.routes[route]] if route in version.routes else version.routes.values()
    return {
        step.key
        for step in version.steps
        if step.required and all(step.key in keys for keys in routes)
    }


def _spans_s(matched: pl.DataFrame, visits: pl.DataFrame, *, since: str) -> pl.Series:
    """Measure seconds from the place `since` to the matched one, in each journey that has it."""
    moments = visits["entered_at"].to_physical().to_numpy()
    places = matched.filter(pl.col(since).is_not_null()).select("place", since, "first")
    first, place, earlier = (
        column.to_numpy()
        for column in places.explode("first", empty_as_null=False).select("first", "place", since)
    )
    return pl.Series(moments[first + place] - moments[first + earlier]) / _MICROSECONDS
