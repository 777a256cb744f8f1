"""What adds up in every report, whatever the journeys."""

from collections import Counter
from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from analysis.after_drop_off import CLASSES
from analysis.funnel_rules import FunnelRules
from analysis.report import journey_report
from journeys.service import Service
from projections.frames import Frames
from tests.analysis.cities import HEAVY, ROUTES, STEPS, cities, everything, funnel_rules

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]


@HEAVY
@given(text=cities(), at=st.sampled_from([0.3, 3.0, 9.0, 60.0]))
def test_counts_add_up(text: str, at: float, world: World, service_of: ServiceOf) -> None:
    report = everything(world(text, service_of(STEPS, routes=ROUTES), at=at))

    journeys, steps = report.journeys, report.steps
    lost = journeys.cancelled + journeys.expired + journeys.abandoned
    assert journeys.started == journeys.succeeded + journeys.refused + lost + journeys.open
    assert sum(row.started for row in report.trend) == journeys.started
    groups = report.by.groups
    assert sum(group.started for group in groups) == journeys.started
    for outcome in ("succeeded", "refused", "cancelled", "expired", "abandoned", "open"):
        assert sum(getattr(group, outcome) for group in groups) == getattr(journeys, outcome)
    assert sum(group.time.city.n for group in groups) == report.time.city.n
    for place, row in enumerate(report.funnel):
        assert sum(group.funnel[place].reached for group in groups) == row.reached or not groups
    assert all(row.entered == row.advanced + row.dropped + row.open for row in steps)
    assert sum(row.dropped for row in steps) + report.before_first_step == lost
    assert sum(row.open for row in steps) <= journeys.open
    for row in steps:
        assert (row.next is None) == (row.dropped == 0)
        if row.next is not None:
            classes = [getattr(row.next, name) for name in CLASSES]
            assert sum(classes) == row.dropped
            assert sum(event.count for event in row.next.elsewhere) == row.next.went_elsewhere
    assert sum(row.started for row in report.channels.starts) == journeys.started
    assert sum(row.visits for row in report.channels.visits) == (
        sum(row.count for row in [*report.starts, *report.transitions])
    )
    assert sum(row.count for row in report.channels.moves) == report.channels.moves_total
    assert report.time.total.n == journeys.succeeded + journeys.refused
    assert [row.step for row in report.time.steps] == [row.step for row in steps]
    assert all(sum(msgspec.to_builtins(row.causes).values()) == row.dropped for row in steps)
    for step in steps:
        cells = [row for group in groups for row in group.steps if row.step == step.step]
        if cells:
            assert sum(row.entered for row in cells) == step.entered
            assert sum(row.dropped for row in cells) == step.dropped
    assert report.hidden == {}


@HEAVY
@given(text=cities(), at=st.sampled_from([0.3, 9.0, 60.0]), rules=funnel_rules())
def test_between_required_steps_nobody_is_lost_sight_of(
    text: str, at: float, rules: FunnelRules, world: World, service_of: ServiceOf
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=at)

    report = journey_report(frames, funnel_rules=rules, k=1, public_log=True)

    for started, funnel in [
        (report.journeys.started, report.funnel),
        *((route.started, route.funnel) for route in report.routes),
    ]:
        required = [msgspec.to_builtins(row) for row in funnel if isinstance(row.lost, int)]
        following = [*(row["reached"] for row in required[1:]), 0]
        for row, after in zip(required, following, strict=True):
            assert row["reached"] == after + row["lost"] + row["open"] + row["finished"]
        assert all(row.reached <= started for row in funnel)
    entries = next(row.reached for row in report.funnel if isinstance(row.lost, int))
    left = report.journeys.started - report.funnel_options.removed
    assert report.outside_funnel == left - entries


@HEAVY
@given(text=cities(), at=st.sampled_from([0.3, 60.0]))
def test_at_each_step_as_many_come_as_leave(text: str, at: float, world: World) -> None:
    report = everything(world(text, at=at))

    come, leave = Counter[str](), Counter[str]()
    for start in report.starts:
        come[start.step] += start.count
    for move in report.transitions:
        come[move.to] += move.count
        leave[move.from_] += move.count
    for end in report.ends:
        leave[end.step] += end.count
    assert come == leave
    walked = sum(row.count for row in report.variants)
    assert (
        sum(row.count for row in report.starts) == sum(row.count for row in report.ends) == walked
    )
    assert len(report.variants) == report.variants_total
