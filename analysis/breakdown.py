"""Groups beside each other: the journeys by one attribute, at the touch that `analysis.touch` says.

All groups are read at the day of the whole report, so that a younger group does not look worse for
being young.

What a group's step holds is the whole step less the other groups' (entered, dropped), and of the
drop-offs also the group's lost less its other steps'. So steps and groups are crossed, and cells of
them left out as `analysis.crossing` says.

A group's row of the funnel is the common one less those of the other groups: a list with a total.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from analysis.crossing import Crossings, hidden_cells
from analysis.distribution import Times, spent
from analysis.drop_off import (
    COMPLETED,
    LOST,
    completion_at,
    group_steps,
)
from analysis.dwell import completed_times
from analysis.funnel import Funnel
from analysis.journey_report import Breakdown, FunnelStep, Group
from analysis.rates import MIN_JOURNEYS, wilson
from analysis.sections import GroupReach, GroupTime, Typical
from analysis.selection import Period, conditions_of, select
from analysis.step_table import StepTable
from analysis.suppression import hidden_rows
from analysis.touch import values_at_touch
from projections.frames import Frames


class CommonFunnel(NamedTuple):
    """The funnel of all groups together, and the rows of it that are shown."""

    funnel: Funnel
    shown: Sequence[FunnelStep]


class Groups(NamedTuple):
    """Most journeys first, then by value; `hidden` counts groups, and what is missing of them."""

    breakdown: Breakdown
    hidden: Counter[str]


def break_down(  # noqa: PLR0913 - what is asked, and the whole that the groups are parts of
    selected: Frames,
    *,
    attribute: str,
    steps: StepTable,
    common: CommonFunnel,
    day: int | None,
    k: int,
    untold: Collection[str] = (),
) -> Groups:
    """Report the groups of an attribute.

    Args:
        selected: The journeys to report on.
        attribute: What the groups share, as `analysis.touch` reads it.
        steps: Those of the whole report; what it leaves out is left out of each group.
        common: The funnel of the whole report; as with the steps.
        day: The day at which completion is read in the whole report.
        k: Least number of people of a group, or of a step in a group, that is shown.
        untold: Groups that no filter would be answered about: `untold_groups`.

    Raises:
        SettingsError: No such attribute, or not known at that touch.
        UnknownStepError: No such step.
    """
    journeys, as_of = selected.journeys, selected.as_of
    named = journeys.with_columns(group=values_at_touch(selected, attribute))
    gone = hidden_rows(named, row="group", k=k, already=untold)
    entries = (
        steps.entries.with_columns(pl.col("step").cast(pl.String))
        .join(named.select("journey", "group"), on="journey", how="inner")
        .filter(pl.col("step").is_in(steps.of_the_customer))
    )
    cells = hidden_cells(
        entries.rename({"step": "row", "group": "column"}),
        without_rows=steps.hidden,
        without_columns=gone,
        k=k,
    )
    reach, unreached = _funnels(named.select("journey", "group"), common, gone=gone, k=k)
    times = completed_times(journeys, selected.visits, service=selected.service).join(
        named.select("journey", "group"), on="journey", how="inner"
    )
    groups = []
    for (value,), part in named.filter(~pl.col("group").is_in(list(gone))).group_by("group"):
        rows = group_steps(entries.filter(pl.col("group") == value), steps=steps.shown)
        rate = completion_at(part, day=day, as_of=as_of)
        stands = Counter(dict(part["outcome"].cast(pl.String).value_counts().iter_rows()))
        groups.append(
            Group(
                value=str(value),
                started=part.height,
                completed=sum(stands[outcome] for outcome in COMPLETED),
                lost=sum(stands[outcome] for outcome in LOST),
                open=stands["open"],
                **{outcome: stands[outcome] for outcome in (*COMPLETED, *LOST)},
                rate=rate.value,
                low=rate.low,
                high=rate.high,
                n=rate.n,
                day=rate.day,
                note=rate.note,
                time=_time(times.filter(pl.col("group") == value), k=k),
                funnel=reach[str(value)],
                steps=[row for row in rows if (row.step, value) not in cells],
            )
        )
    missing = sum(step not in steps.hidden and value not in gone for step, value in cells)
    timeless = sum(group.time.total.n > 0 and group.time.total.median_s is None for group in groups)
    return Groups(
        Breakdown(
            attribute=attribute, groups=sorted(groups, key=lambda row: (-row.started, row.value))
        ),
        Counter(by=len(gone), by_steps=missing, by_funnel=unreached, by_time=timeless),
    )


def untold_groups(
    frames: Frames, attribute: str, *, period: Period, where: Mapping[str, str], k: int
) -> frozenset[str]:
    """Choose the groups of a report that a filter in their place would not be answered about.

    Of a report without a filter, those are left out by themselves: nothing.

    Args:
        frames: All of the service.
        attribute: As of `break_down`.
        period: Of journey starts.
        where: The report's own filter.
        k: Least number of people of a group.

    Raises:
        SettingsError: As of `break_down`.
        UnknownStepError: As of `break_down`.
    """
    if not where:
        return frozenset()
    everybody = select(frames, period=period, k=k)
    conditions = conditions_of(everybody.journeys, where, service=frames.service)
    values = values_at_touch(everybody, attribute)
    return Crossings(everybody.journeys["people"], k=k).untold_values(attribute, values, conditions)


def _funnels(
    named: pl.DataFrame, common: CommonFunnel, *, gone: Collection[str], k: int
) -> tuple[dict[str, list[GroupReach]], int]:
    """Write the funnel of each group, and count the rows left out of those that are shown."""
    funnel = common.funnel
    groups = [group for group in named["group"].unique().sort() if group not in gone]
    rows: dict[str, list[GroupReach]] = {group: [] for group in groups}
    entries: dict[str, int] = {}
    missing = 0
    for step in common.shown:
        place = funnel.plan.rows.index(step.step)
        members = funnel.reaching(place).join(named, on="journey", how="inner")
        hidden = hidden_rows(members, row="group", k=k, already=set(members["group"]) & set(gone))
        reached = Counter[str](members["group"].to_list())
        shown = [group for group in groups if group not in hidden]
        missing += len(groups) - len(shown)
        if place == funnel.first():
            entries = {group: reached[group] for group in shown}
        for group in shown:
            rows[group].append(
                _reach(step.step, reached[group], entries.get(group, 0))
                if funnel.plan.required[place]
                else _reach(step.step, reached[group], 0)
            )
    return rows, missing


def _reach(step: str, reached: int, entries: int) -> GroupReach:
    enough = entries >= MIN_JOURNEYS
    low, high = wilson(reached, entries) if enough else (None, None)
    return GroupReach(
        step=step,
        reached=reached,
        of_entry=reached / entries if enough else None,
        low=low,
        high=high,
    )


def _time(times: pl.DataFrame, *, k: int) -> GroupTime:
    def typical(whose: str) -> Typical:
        found = spent(Times(times[whose], times["people"]), k=k)
        return Typical(n=found.n, median_s=found.median_s, p90_s=found.p90_s)

    return GroupTime(total=typical("total"), customer=typical("customer"), city=typical("city"))
