"""The journey report: every figure of one service, of the journeys that start in a period.

Counts are of all these journeys as they stand at the as-of time, rates are at the horizon, and what
fewer than k people share is left out and counted.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from analysis.after_drop_off import after_drop_off
from analysis.breakdown import CommonFunnel, Groups, break_down, untold_groups
from analysis.channels import channels_of
from analysis.comparison import NOT_COMPARED, Compared, Segment, compare
from analysis.drop_off import completion, lost_before_first_step, trend
from analysis.dwell import time_apart
from analysis.filtered import told_of_group
from analysis.funnel import Funnel, funnel_steps, hidden_steps, plan_funnel, trace_funnel
from analysis.funnel_rules import PLAIN_RULES, FunnelRules
from analysis.journey_report import (
    Breakdown,
    FunnelStep,
    JourneyCounts,
    JourneyReport,
    TrendWeek,
    UnmappedName,
    Window,
)
from analysis.quality import quality_of
from analysis.recording import Told, recording_of
from analysis.routes import Routes, route_funnels
from analysis.sections import FunnelOptions, Time
from analysis.selection import EVER, Period, left_out, moment_text, numbered_alike, select
from analysis.step_table import StepTable, table_of_steps
from analysis.suppression import MIN_K, check_k, hidden_rows
from analysis.transitions import flows
from analysis.variants import Variants, variants, walks
from journeys.errors import DisclosureError
from projections.frames import Frames

AT_ONCE = 2
"""So many sections are worked out side by side: Polars and NumPy let others run meanwhile."""


def journey_report(  # noqa: PLR0913 - each is an option of the command
    frames: Frames,
    *,
    window: Period = EVER,
    where: Mapping[str, str] | None = None,
    by: str | None = None,
    funnel_rules: FunnelRules = PLAIN_RULES,
    beside: Period | Segment | None = None,
    told: Told | None = None,
    k: int = MIN_K,
    public_log: bool = False,
) -> JourneyReport:
    """Report on the journeys of one service.

    Args:
        frames: One service, as of a moment, as known at a position.
        window: Journey starts.
        where: First values that the journeys began with, by attribute.
        by: Attribute to compare groups of, as `analysis.touch` reads it.
        funnel_rules: How the funnels are asked for.
        beside: Another period, or other journeys of this one, to compare those of the report with.
        told: What the log tells of what may be missing; None: it was not asked.
        k: Least number of people of a row that is shown.
        public_log: The log holds nobody's data, so k may be below 5.

    Returns:
        The same content for the same arguments. Zeros, nulls and empty lists where no journey is
        selected.

    Raises:
        DisclosureError: k is too small, or the answer would be about too few people.
        SettingsError: No such attribute, funnel rules that do not fit, or periods to compare that
            overlap.
        UnknownStepError: No such step to exclude.
    """
    check_k(k, public_log=public_log)
    conditions = where or {}
    known = select(frames, period=window, where=conditions, k=k)
    unselected = left_out(frames, period=window, where=conditions)
    as_of, service = frames.as_of, frames.service
    current = service.at(as_of)
    untold = partial(untold_groups, frames, period=window, where=conditions, k=k)
    of_group = partial(
        told_of_group, frames, period=window, where=conditions, rules=funnel_rules, k=k
    )
    with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:
        following = threads.submit(
            after_drop_off, known, everybody=frames, k=k, left_out=unselected
        )
        qualified = threads.submit(quality_of, known, k=k, left_out=unselected)
        of_groups = list(threads.map(of_group, conditions))
        selected, *others = numbered_alike(known, *unselected)
        journeys, visits = selected.journeys, selected.visits
        staying = threads.submit(
            _steps_and_time, selected, others, told=[group.steps for group in of_groups], k=k
        )
        reaching = threads.submit(
            _reach,
            selected,
            others,
            rules=funnel_rules,
            told=[group.funnel for group in of_groups],
            untold=untold,
            k=k,
        )
        moving = threads.submit(flows, journeys, visits, k=k, left_out=others)
        done = completion(journeys, horizon=current.horizon_days, as_of=as_of)
        channelled = threads.submit(
            channels_of, selected, day=done.day, k=k, left_out=others, untold=untold("channel")
        )
        weeks, weeks_hidden = _weeks(selected, others, horizon=current.horizon_days, k=k)
        reach, (steps, time) = reaching.result(), staying.result()
        moves, channels = moving.result(), channelled.result()
        after, quality = following.result(), qualified.result()
    funnel, ways = reach.funnel, reach.ways
    groups = Groups(Breakdown(attribute=None, groups=[]), Counter())
    if by is not None:
        common = CommonFunnel(funnel, reach.steps)
        groups = break_down(
            selected, attribute=by, steps=steps, common=common, day=done.day, k=k, untold=untold(by)
        )
    recorded = None if told is None else recording_of(frames, told, k=k)
    compared = Compared(NOT_COMPARED, 0)
    if beside is not None:
        compared = compare(frames, window=window, where=conditions, other=beside, k=k)
    names, names_hidden = _unmapped_names(selected, others, k=k)
    hidden: Counter[str] = Counter(
        funnel=len(reach.gone),
        trend=weeks_hidden,
        steps=len(steps.hidden),
        variants=ways.hidden,
        time=int(time.total.n > 0 and time.total.median_s is None),
        unmapped_names=names_hidden,
        channels=channels.hidden,
        quality=quality.hidden + (0 if recorded is None else recorded.hidden),
        comparison=compared.hidden,
    )
    hidden += reach.routes.hidden + groups.hidden + moves.hidden + after.hidden
    return JourneyReport(
        service=service.key,
        draft=not current.outcomes_confirmed,
        as_of=moment_text(as_of),
        position=selected.position,
        k=k,
        public_log=public_log,
        where=dict(conditions),
        window=window_of(window),
        journeys=journey_counts(journeys),
        touchpoints=int(journeys["touchpoints"].sum()),
        unmapped=int(selected.strays["unmapped"].sum()),
        unmapped_names=names,
        unlinked=int(selected.strays["unlinked"].sum()),
        horizon_days=current.horizon_days,
        assumed_deadlines=[step.key for step in current.steps if step.deadline is None],
        completion=done,
        funnel_options=reach.options,
        funnel=reach.steps,
        outside_funnel=_outside(funnel, k=k),
        routes=reach.routes.rows,
        trend=weeks,
        by=groups.breakdown,
        comparison=compared.comparison,
        steps=[replace(row, next=after.steps.get(row.step)) for row in steps.shown],
        before_first_step=lost_before_first_step(journeys),
        starts=moves.starts,
        transitions=moves.transitions,
        ends=moves.ends,
        variants=ways.rows,
        variants_total=ways.total,
        variants_coverage=ways.coverage,
        time=time,
        channels=channels.channels,
        quality=quality.quality,
        recording=None if recorded is None else recorded.recording,
        hidden=dict(sorted(hidden.items())),
    )


def journey_counts(journeys: pl.DataFrame) -> JourneyCounts:
    """Count journeys by where they stand."""
    stands = Counter(dict(journeys["outcome"].cast(pl.String).value_counts().iter_rows()))
    outcomes = ("succeeded", "refused", "cancelled", "expired", "abandoned", "open")
    flags = ("cancelled_afterwards", "resurrected", "broken_promise")
    return JourneyCounts(
        started=journeys.height,
        **{outcome: stands[outcome] for outcome in outcomes},
        **{flag: int(journeys[flag].sum()) for flag in flags},
    )


def window_of(period: Period) -> Window:
    """Write a period as ISO 8601 in UTC."""
    return Window(
        from_=None if period.start is None else moment_text(period.start),
        to=None if period.end is None else moment_text(period.end),
    )


class _Reach(NamedTuple):
    """How far the journeys come: the common funnel and what is left of it, routes and variants."""

    funnel: Funnel
    options: FunnelOptions
    gone: frozenset[int]
    steps: list[FunnelStep]
    routes: Routes
    ways: Variants


def _reach(  # noqa: PLR0913 - what is asked, of whom, and what else the reader knows
    selected: Frames,
    others: Sequence[Frames],
    *,
    rules: FunnelRules,
    told: Sequence[Collection[str]],
    untold: Callable[[str], Collection[str]],
    k: int,
) -> _Reach:
    walked = walks(selected.visits)
    funnel, options = _common_funnel(selected, walked, rules, k=k)
    gone = hidden_steps(funnel, k=k, beside=[_traced(part, rules) for part in others], told=told)
    return _Reach(
        funnel,
        options,
        gone,
        funnel_steps(funnel, hidden=gone),
        route_funnels(
            selected,
            walked,
            common=funnel,
            gone=gone,
            k=k,
            rules=rules,
            left_out=others,
            untold=untold("route"),
        ),
        variants(selected.journeys, walked, service=selected.service, k=k, left_out=others),
    )


def _steps_and_time(
    selected: Frames, others: Sequence[Frames], *, told: Sequence[Collection[str]], k: int
) -> tuple[StepTable, Time]:
    steps = table_of_steps(selected, k=k, told=told, left_out=others)
    shown = [row.step for row in steps.shown]
    return steps, time_apart(
        selected.journeys,
        selected.visits,
        service=selected.service,
        k=k,
        steps=shown,
        left_out=others,
    )


def _weeks(
    selected: Frames, others: Sequence[Frames], *, horizon: int, k: int
) -> tuple[list[TrendWeek], int]:
    weeks = trend(selected.journeys, horizon=horizon, as_of=selected.as_of)
    members, *beside = (part.journeys.select("people", "week") for part in (selected, *others))
    hidden = hidden_rows(members, row="week", k=k, beside=beside)
    return [row for row in weeks if row.week not in hidden], len(hidden)


def _common_funnel(
    selected: Frames, walked: pl.DataFrame, rules: FunnelRules, *, k: int
) -> tuple[Funnel, FunnelOptions]:
    service = selected.service
    plan = plan_funnel(service, as_of=selected.as_of)
    needed = [step for step, required in zip(plan.rows, plan.required, strict=True) if required]
    rules.checked(service, required=needed)

    funnel = _traced(selected, rules, walked)
    # As with a filter: neither those taken out nor those who stay may be too few.
    removed = funnel.removed["people"].n_unique()
    if 0 < removed < k or (removed and 0 < funnel.progress["people"].n_unique() < k):
        raise DisclosureError(
            f"the funnel of service {service.key!r} is not answered: the journeys a step takes "
            f"out of it, or those that stay, belong to fewer than {k} people. Hint: let the step "
            "stop and not remove, or take a longer period"
        )
    return funnel, FunnelOptions(
        order=rules.order,
        window_s=None if rules.window is None else rules.window.total_seconds(),
        complete_p95_s=(
            None
            if rules.window is None
            else _traced(selected, rules._replace(window=None), walked).slowest_s(level=0.95, k=k)
        ),
        stop=rules.excluding("stop"),
        remove=rules.excluding("remove"),
        removed=funnel.removed.height,
    )


def _traced(part: Frames, rules: FunnelRules, walked: pl.DataFrame | None = None) -> Funnel:
    return trace_funnel(
        part.journeys,
        part.visits,
        walks(part.visits) if walked is None else walked,
        plan=plan_funnel(part.service, as_of=part.as_of),
        service=part.service,
        rules=rules,
    )


def _outside(funnel: Funnel, *, k: int) -> int | None:
    """Count the journeys that never came to the first required step.

    Null where this would say how many did, and they are too few.
    """
    first = funnel.first()
    if first is None:
        return funnel.progress.height
    if 0 < funnel.people(first) < k:
        return None
    return funnel.progress.height - funnel.reaching(first).height


def _unmapped_names(
    selected: Frames, others: Sequence[Frames], *, k: int
) -> tuple[list[UnmappedName], int]:
    unmapped = selected.strays.filter(pl.col("unmapped"))
    # What is of no journey is in the report with a filter and without.
    beside = [part.strays.filter("unmapped", ~pl.col("unlinked")) for part in others]
    hidden = hidden_rows(unmapped, row="name", k=k, beside=beside)
    shown = unmapped.group_by("name").len().filter(~pl.col("name").is_in(list(hidden)))
    rows = [UnmappedName(name=name, touchpoints=count) for name, count in shown.iter_rows()]
    return sorted(rows, key=lambda row: (-row.touchpoints, row.name)), len(hidden)
