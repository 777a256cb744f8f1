"""Groups beside each other: the journeys by the first value of one attribute.

All groups are read at the day of the whole report, so that a younger group does not look worse for
being young.

What a group's step holds is the whole step less the other groups' (entered, dropped), and of the
drop-offs also the group's lost less its other steps'. So cells are left out as `analysis.balance`
says, of a graph in which each cell leads from its step to its group, all steps come from one node
and all groups lead to another: what is lost at all steps and in all groups is known.
"""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

import polars as pl

from analysis.balance import Flow, hidden_flows
from analysis.drop_off import (
    COMPLETED,
    LOST,
    completion_at,
    group_steps,
)
from analysis.journey_report import Breakdown, Group
from analysis.selection import NOT_STATED, first_values
from analysis.step_table import StepTable
from analysis.suppression import hidden_rows
from projections.frames import Frames

_ALL_STEPS, _STEP, _GROUP, _ALL_GROUPS = "steps", "step ", "group ", "groups"
_ANY = 2
"""A count in a sum of which only the missing parts matter."""


class Groups(NamedTuple):
    """Most journeys first, then by value; `hidden` counts groups and steps of groups."""

    breakdown: Breakdown
    hidden: Counter[str]


def break_down(
    selected: Frames, *, attribute: str, steps: StepTable, day: int | None, k: int
) -> Groups:
    """Report the groups of an attribute.

    Args:
        selected: The journeys to report on.
        attribute: What the groups share.
        steps: Those of the whole report; what it leaves out is left out of each group.
        day: The day at which completion is read in the whole report.
        k: Least number of people of a group, or of a step in a group, that is shown.

    Raises:
        SettingsError: No such attribute.
    """
    journeys, as_of = selected.journeys, selected.as_of
    values = first_values(journeys, attribute, service=selected.service)
    named = journeys.with_columns(group=values.fill_null(NOT_STATED))
    gone = hidden_rows(named, row="group", k=k)
    entries = steps.entries.join(
        named.select("journey", "group"), on="journey", how="inner"
    ).filter(pl.col("step").is_in(steps.of_the_customer))
    cells = _hidden_cells(entries, gone=gone, hidden_steps=steps.hidden, k=k)
    groups = []
    for (value,), part in named.filter(~pl.col("group").is_in(list(gone))).group_by("group"):
        rows = group_steps(entries.filter(pl.col("group") == value), steps=steps.shown)
        rate = completion_at(part, day=day, as_of=as_of)
        groups.append(
            Group(
                value=str(value),
                started=part.height,
                completed=_among(part, COMPLETED),
                lost=_among(part, LOST),
                open=_among(part, ("open",)),
                rate=rate.value,
                low=rate.low,
                high=rate.high,
                n=rate.n,
                day=rate.day,
                note=rate.note,
                steps=[row for row in rows if (row.step, value) not in cells],
            )
        )
    missing = sum(step not in steps.hidden and value not in gone for step, value in cells)
    return Groups(
        Breakdown(
            attribute=attribute, groups=sorted(groups, key=lambda row: (-row.started, row.value))
        ),
        Counter({"by": len(gone), "by_steps": missing}),
    )


def _hidden_cells(
    entries: pl.DataFrame, *, gone: Collection[str], hidden_steps: Collection[str], k: int
) -> frozenset[tuple[str, str]]:
    """Choose the (step, group) to leave out."""
    missing: set[tuple[str, str]] = set()
    for (step,), members in entries.group_by("step"):
        groups = set(members["group"].unique())
        already = groups if step in hidden_steps else groups & set(gone)
        missing |= {
            (str(step), group) for group in hidden_rows(members, row="group", k=k, already=already)
        }
    counted = (
        entries.group_by("step", "group").agg(pl.col("people").n_unique()).sort("step", "group")
    )
    flows = [
        Flow("cells", _STEP + step, _GROUP + group, _ANY, people)
        for step, group, people in counted.iter_rows()
    ]
    names = [(step, group) for step, group, _ in counted.iter_rows()]
    hidden = {i for i, name in enumerate(names) if name in missing}
    totals = [
        *(
            (_ALL_STEPS, _STEP + step, step in hidden_steps)
            for step in counted["step"].unique().sort()
        ),
        *(
            (_GROUP + group, _ALL_GROUPS, group in gone)
            for group in counted["group"].unique().sort()
        ),
    ]
    for tail, head, is_missing in totals:
        if is_missing:
            hidden.add(len(flows))
        # Whether a total is shown has been decided where it stands.
        flows.append(Flow("totals", tail, head, _ANY, k, fixed=True))
    return frozenset(names[i] for i in hidden_flows(flows, k=k, already=hidden) if i < len(names))


def _among(journeys: pl.DataFrame, outcomes: Collection[str]) -> int:
    return journeys.filter(pl.col("outcome").is_in(list(outcomes))).height
