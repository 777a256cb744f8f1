"""How far do journeys come? The steps in their intended order, ordered, without a window.

A *required* step is neither optional nor help and, in the common funnel, in every route; the others
are optional here: they carry a count and no loss. The definition version valid at the as-of time
gives the rows and their order. What is required of a journey is what its own version requires too;
a step that its version does not require counts as reached once it has come past it.

A journey reaches a step by a visit after those to all required steps before it; other visits may
lie between. Of all its passes the furthest counts; of equal ones the one complete first, then the
one begun last, then each step at its first visit. Optional steps are looked for, in their order,
between the matched step before and the next required one. Visits after the end count.

*Lost*, *open* and *finished* are by the furthest required step, so between required rows
reached = next reached + lost + open + finished. That is not drop-off, which belongs to the *last*
customer step: see `analysis.drop_off`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from analysis.drop_off import COMPLETED, LOST
from analysis.journey_report import FunnelStep
from analysis.rates import MIN_JOURNEYS, wilson
from journeys.service import Service, ServiceHistory

NOWHERE = -1


class Plan(NamedTuple):
    """The rows of a funnel: step keys in intended order, and which are required.

    `of_version` says it for the journeys of each definition version, where it is at most what
    `required` says. The other rows are there if they are `offered` or somebody came to them.
    """

    rows: tuple[str, ...]
    required: tuple[bool, ...]
    offered: tuple[bool, ...]
    of_version: tuple[tuple[bool, ...], ...]


class Match(NamedTuple):
    """One walk through a funnel.

    `furthest` is the last required row reached, or `NOWHERE`; `visits` are (row, place of the visit
    in the walk, place of the visit matched to the required row before or None).
    """

    furthest: int
    visits: list[tuple[int, int, int | None]]


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """A funnel with everybody in it, before anything is left out.

    Attributes:
        plan: Its rows.
        progress: One row a journey: `people`, `outcome`, `route`, `furthest`.
        passed: One row a journey and optional row it reached: `row`, `people`, `route`.
        times: `row`, `median_s`, `p90_s` since the required row before.
    """

    plan: Plan
    progress: pl.DataFrame
    passed: pl.DataFrame
    times: Mapping[int, tuple[float, float]]

    def reaching(self, row: int) -> pl.DataFrame:
        """Return `people` and `route`, one row a journey that reached this row of the plan."""
        if self.plan.required[row]:
            reached = self.progress.filter(pl.col("furthest") >= row)
        else:
            reached = self.passed.filter(pl.col("row") == row)
        return reached.select("people", "route")

    def people(self, row: int) -> int:
        """Count the people who reached this row of the plan."""
        return self.reaching(row)["people"].n_unique()

    def before(self, row: int) -> int | None:
        """Return the required row before this one; None before the first."""
        return max(self._required_below(row), default=None)

    def first(self) -> int | None:
        """Return the first required row; None if nothing is required."""
        return min(self._required_below(len(self.plan.rows)), default=None)

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


def match(walk: Sequence[int], required: Sequence[bool], *, counted: Sequence[bool]) -> Match:
    """Match one walk to the rows of a funnel.

    Args:
        walk: The row of each visit, in order.
        required: Which rows this journey has to pass.
        counted: Which rows are required in the funnel; all of `required` are.

    Examples:
        Rows are form, files (optional), pay; the walk is form, form, files, pay, form.

        >>> match([0, 0, 1, 2, 0], [True, False, True], counted=[True, False, True])
        Match(furthest=2, visits=[(0, 1, None), (1, 2, 1), (2, 3, 1)])
    """
    wanted = [row for row, needed in enumerate(required) if needed]
    steps = wanted[: _depth(walk, wanted)]
    places = _places(walk, steps)
    bounds = [NOWHERE, *places]
    visits: list[tuple[int, int, int | None]] = []
    previous: int | None = None
    furthest = NOWHERE
    for stage, bound in enumerate(bounds):
        cursor = bound
        if stage:
            visits.append((steps[stage - 1], bound, previous))
            previous, furthest = bound, steps[stage - 1]
        following = wanted[stage] if stage < len(wanted) else len(required)
        limit = bounds[stage + 1] if stage + 1 < len(bounds) else len(walk)
        for row in range(wanted[stage - 1] + 1 if stage else 0, following):
            place = next((i for i in range(cursor + 1, limit) if walk[i] == row), None)
            if place is None:
                continue
            visits.append((row, place, previous))
            cursor = place
            if counted[row]:
                previous, furthest = place, row
    return Match(furthest, visits)


def trace_funnel(
    journeys: pl.DataFrame,
    visits: pl.DataFrame,
    walked: pl.DataFrame,
    *,
    plan: Plan,
    service: ServiceHistory,
) -> Funnel:
    """Match all journeys to the rows of a funnel, each distinct walk once.

    Args:
        journeys: Rows of `projections.frames.Frames.journeys`.
        visits: Their visits and perhaps others, sorted by journey and visit.
        walked: The walks of these visits, `analysis.variants.walks`.
        plan: The funnel's rows.
        service: What the codes of the steps in `walked` mean.
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
    distinct = (
        walked.join(kept.select("journey", "kind"), on="journey", how="inner")
        .group_by("walk", "kind")
        .agg("journey", pl.col("row").alias("first"))
        .with_row_index("variant")
    )
    places = {key: row for row, key in enumerate(plan.rows)}
    # A step that only a later version has is nowhere, and nobody has been there yet.
    row_of = [places.get(key, NOWHERE) for key in service.step_keys]
    furthest: list[int] = []
    found: list[tuple[int, int, int, int | None]] = []
    for variant, walk, kind in distinct.select("variant", "walk", "kind").iter_rows():
        reach = match([row_of[code] for code in walk], kinds[kind], counted=plan.required)
        furthest.append(reach.furthest)
        found.extend((variant, *visit) for visit in reach.visits)
    reached = (
        distinct.select("variant", "journey", "first", furthest=pl.Series(furthest, dtype=pl.Int64))
        .explode("journey", "first", empty_as_null=False)
        .join(kept.select("journey", "people", "route"), on="journey", how="left")
    )
    matched = pl.DataFrame(
        found,
        schema={"variant": pl.UInt32, "row": pl.Int64, "place": pl.Int64, "previous": pl.Int64},
        orient="row",
    ).join(reached, on="variant", how="inner")
    optional = [row for row, needed in enumerate(plan.required) if not needed]
    return Funnel(
        plan=plan,
        progress=kept.join(
            reached.select("journey", "furthest"), on="journey", how="left"
        ).with_columns(pl.col("furthest").fill_null(NOWHERE)),
        passed=matched.filter(pl.col("row").is_in(optional)).select("row", "people", "route"),
        times=_times(matched.filter(~pl.col("row").is_in(optional)), visits),
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


def hidden_steps(funnel: Funnel, *, k: int) -> frozenset[int]:
    """Choose the rows that fewer than k people reached, and those that would give them away.

    A required row is the one before less its lost, open and finished; so the row before the first
    one too small goes with it, and all required rows after it.
    """
    small = (row for row in range(len(funnel.plan.rows)) if 0 < funnel.people(row) < k)
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


def _depth(walk: Sequence[int], wanted: Sequence[int]) -> int:
    """Count how many of the wanted rows a walk passes in order, in its best pass."""
    depth = 0
    for row in walk:
        if depth < len(wanted) and row == wanted[depth]:
            depth += 1
    return depth


def _places(walk: Sequence[int], steps: Sequence[int]) -> list[int]:
    """Return where a walk passes these rows: complete first, begun last, each at its first visit.

    Source: the choice of PostHog's ordered funnels.
    """
    end = NOWHERE
    for row in steps:
        end = walk.index(row, end + 1)
    place = end + 1
    for row in reversed(steps):
        place = next(i for i in range(place - 1, NOWHERE, -1) if walk[i] == row)
    places = []
    for row in steps:
        place = walk.index(row, place)
        places.append(place)
        place += 1
    return places


def _times(matched: pl.DataFrame, visits: pl.DataFrame) -> dict[int, tuple[float, float]]:
    moments = pl.lit(visits["entered_at"])
    since = (
        matched.filter(pl.col("previous").is_not_null())
        .select(
            "row",
            span=moments.gather(pl.col("first") + pl.col("place"))
            - moments.gather(pl.col("first") + pl.col("previous")),
        )
        .group_by("row")
        .agg(
            (pl.col("span").dt.total_microseconds() / 1_000_000)
            .quantile(level, interpolation="linear")
            .alias(name)
            for level, name in ((0.5, "median_s"), (0.9, "p90_s"))
        )
    )
    return {row: (median, p90) for row, median, p90 in since.rows()}
