"""The funnel of each route: of the journeys whose route is decided.

A journey counts in the funnel of its route and in the common one; while its route is undecided, in
the common one alone. So a small row of one route could be worked out from the common funnel and the
other routes. The routes' rows of one step are therefore treated as a list with a total, in which
the undecided journeys are a row that no list shows.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from analysis.funnel import (
    Funnel,
    funnel_steps,
    hidden_steps,
    plan_funnel,
    trace_funnel,
    with_dependents,
)
from analysis.funnel_rules import PLAIN_RULES, FunnelRules
from analysis.journey_report import RouteFunnel
from analysis.suppression import hidden_rows
from analysis.variants import walks
from projections.frames import Frames

_UNDECIDED = ""


class Routes(NamedTuple):
    """The route that most journeys took first, then by name; `hidden` counts routes and rows."""

    rows: list[RouteFunnel]
    hidden: Counter[str]


def route_funnels(  # noqa: PLR0913 - what is asked, of whom, and how
    selected: Frames,
    walked: pl.DataFrame,
    *,
    common: Funnel,
    gone: frozenset[int],
    k: int,
    rules: FunnelRules = PLAIN_RULES,
    left_out: Sequence[Frames] = (),
    untold: Collection[str] = (),
) -> Routes:
    """Trace the funnel of each route that journeys took.

    Args:
        selected: The journeys to report on.
        walked: Their `analysis.variants.walks`.
        common: The common funnel.
        gone: The rows that are left out of the common funnel.
        k: Least number of people of a row that is shown.
        rules: How the funnels are asked for.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
        untold: Routes that no filter would be answered about.
    """
    named, *others = (
        part.journeys.with_columns(pl.col("route").fill_null(_UNDECIDED))
        for part in (selected, *left_out)
    )
    taken = sorted(set(named["route"].unique()) - {_UNDECIDED})
    if not taken:
        return Routes([], Counter())
    funnels = {route: _funnel_of(route, selected, walked, rules) for route in taken}
    beside = [(part, walks(part.visits)) for part in left_out]
    already = set(taken).intersection(untold)
    lost = hidden_rows(
        named, row="route", k=k, unlisted={_UNDECIDED}, already=already, beside=others
    )
    small = {
        route: frozenset(range(len(funnel.plan.rows)))
        if route in lost
        else hidden_steps(
            funnel, k=k, beside=[_funnel_of(route, *other, rules) for other in beside]
        )
        for route, funnel in funnels.items()
    }
    shown = [row for row in range(len(common.plan.rows)) if row not in gone]
    hidden = _hide_across(funnels, small, common=common, shown=shown, k=k)
    rows = [
        RouteFunnel(
            route=route,
            started=funnel.progress.height,
            funnel=funnel_steps(funnel, hidden=hidden[route]),
        )
        for route, funnel in funnels.items()
        if route not in lost
    ]
    missing = sum(len(hidden[route]) for route in funnels if route not in lost)
    return Routes(
        sorted(rows, key=lambda row: (-row.started, row.route)),
        Counter({"routes": len(lost), "route_funnels": missing}),
    )


def _funnel_of(route: str, selected: Frames, walked: pl.DataFrame, rules: FunnelRules) -> Funnel:
    return trace_funnel(
        selected.journeys.filter(pl.col("route") == route),
        selected.visits,
        walked,
        plan=plan_funnel(selected.service, as_of=selected.as_of, route=route),
        service=selected.service,
        rules=rules,
    )


def _hide_across(
    funnels: Mapping[str, Funnel],
    hidden: Mapping[str, frozenset[int]],
    *,
    common: Funnel,
    shown: Sequence[int],
    k: int,
) -> dict[str, frozenset[int]]:
    """Hide further rows until no route's row is the common one less those of the other routes."""
    result = dict(hidden)
    while True:
        before = dict(result)
        for row in shown:
            already = {route for route, rows in result.items() if row in rows}
            if not already:
                continue
            parts = [funnel.reaching(row) for funnel in funnels.values()]
            undecided = common.reaching(row).filter(pl.col("route").is_null())
            members = pl.concat([*parts, undecided.fill_null(_UNDECIDED)])
            missing = hidden_rows(members, row="route", k=k, unlisted={_UNDECIDED}, already=already)
            for route in missing - already:
                result[route] |= with_dependents(funnels[route], row)
        if result == before:
            return result
