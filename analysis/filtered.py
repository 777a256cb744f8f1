"""What a report with a filter tells of steps: no more than a breakdown would of that group.

Who has the breakdown of the report without the filter knows each step's total and what it shows of
the other groups. So what it leaves out of a group, to protect another, has to be left out here.
"""

from collections.abc import Mapping
from typing import NamedTuple

from analysis.breakdown import CommonFunnel, break_down, untold_groups
from analysis.funnel import funnel_steps, hidden_steps, plan_funnel, trace_funnel
from analysis.funnel_rules import FunnelRules
from analysis.selection import Period, left_out, numbered_alike, select
from analysis.step_table import table_of_steps
from analysis.variants import walks
from projections.frames import Frames


class Told(NamedTuple):
    """The customer's steps, and the rows of the common funnel, that may be shown."""

    steps: frozenset[str]
    funnel: frozenset[str]


def told_of_group(  # noqa: PLR0913 - what is asked, and of whom
    frames: Frames,
    attribute: str,
    *,
    period: Period,
    where: Mapping[str, str],
    rules: FunnelRules,
    k: int,
) -> Told:
    """Read what a breakdown shows of the journeys that a filter selects.

    Args:
        frames: All of the service.
        attribute: The condition of the filter that is a group of the breakdown.
        period: Of journey starts.
        where: The filter; the report that is broken down has its other conditions.
        rules: How the funnel is asked for.
        k: Least number of people of a row that is shown.

    Returns:
        Nothing where no journey is selected.
    """
    rest = {name: value for name, value in where.items() if name != attribute}
    everybody, *others = numbered_alike(
        select(frames, period=period, where=rest, k=k), *left_out(frames, period=period, where=rest)
    )
    plan = plan_funnel(everybody.service, as_of=everybody.as_of)
    funnel, *beside = (
        trace_funnel(
            part.journeys,
            part.visits,
            walks(part.visits),
            plan=plan,
            service=part.service,
            rules=rules,
        )
        for part in (everybody, *others)
    )
    rows = funnel_steps(funnel, hidden=hidden_steps(funnel, k=k, beside=beside))
    groups = break_down(
        everybody,
        attribute=attribute,
        steps=table_of_steps(everybody, k=k, left_out=others),
        common=CommonFunnel(funnel, rows),
        day=None,
        k=k,
        untold=untold_groups(frames, attribute, period=period, where=rest, k=k),
    )
    ours = [group for group in groups.breakdown.groups if group.value == where[attribute]]
    return Told(
        frozenset(row.step for group in ours for row in group.steps),
        frozenset(row.step for group in ours for row in group.funnel),
    )
