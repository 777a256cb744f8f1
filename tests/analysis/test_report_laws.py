"""What holds of every report, whatever the journeys."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.after_drop_off import CLASSES, classified
from analysis.funnel_rules import MODES, FunnelRules
from analysis.journey_report import JourneyReport
from analysis.passes import ORDERS
from analysis.report import journey_report
from journeys.service import HELSINKI, Service, ServiceHistory
from projections.frames import Frames, frames_of
from projections.trace import trace_journeys

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]

STEPS = "search? form pay>staff handling:staff call~"
ROUTES = {"paid": "search form pay", "handled": "search form handling"}
NAMES = ["search", "form", "pay", "handling", "call"]
LAST = ["", "granted", "refused", "cancelled", "granted cancelled", "refused form"]
K = 5

# One example makes one or two reports, each of many frames.
HEAVY = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def cities(draw: st.DrawFn) -> str:
    """Lines of equal journeys; a few belong to one person."""
    lines = []
    for _ in range(draw(st.integers(1, 10))):
        walk = draw(st.lists(st.sampled_from(NAMES), min_size=0, max_size=4))
        names = [*walk, *draw(st.sampled_from(LAST)).split()] or ["form"]
        step = draw(st.sampled_from([0.1, 0.5, 2.0]))
        options = [
            f"week={draw(st.integers(0, 3))}",
            draw(st.sampled_from(["lang=fi", "lang=sv", "channel=phone", "device=x"])),
            *(["person=P"] if draw(st.integers(0, 5)) == 0 else []),
        ]
        there = draw(st.sampled_from(["", "", "@office"]))
        touchpoints = [
            f"{name}.{place * step:.1f}{there if place else ''}" for place, name in enumerate(names)
        ]
        times = draw(st.sampled_from([1, 2, 3, 4, 6, 9, 14]))
        lines.append(" ".join([f"{times} *", *options, *touchpoints]))
    return "\n".join(lines)


def everything(frames: Frames) -> JourneyReport:
    return journey_report(frames, by="lang", k=1, public_log=True)


def with_enough_people(text: str) -> str:
    """Add what makes a report be answered at all."""
    return f"{text}\n 5 * lang=fi form.0 pay.0.1 granted.1"


# --- counts -------------------------------------------------------------------------------------


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


@st.composite
def funnel_rules(draw: st.DrawFn) -> FunnelRules:
    modes = st.sampled_from(MODES)
    exclude = draw(st.lists(st.sampled_from(["search", "call", "handling"]), unique=True))
    return FunnelRules(
        order=draw(st.sampled_from(ORDERS)),
        window=draw(st.sampled_from([None, timedelta(hours=3), timedelta(days=1)])),
        exclude=tuple((step, draw(modes)) for step in exclude),
    )


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


# --- the order of things ------------------------------------------------------------------------


@HEAVY
@given(text=cities(), random=st.randoms(use_true_random=False))
def test_neither_order_nor_names_of_journeys_change_a_byte(
    text: str, random: Random, world: World, touchpoints: Callable[[str], pl.DataFrame]
) -> None:
    one = world(text, at=9.0)
    read = touchpoints(text).filter(pl.col("occurred_at") < one.as_of)
    cases = read["case"].unique().sort().to_list()
    renamed = random.sample([f"other-{place:04}" for place in range(len(cases))], len(cases))
    shuffled = read.with_columns(
        pl.col("case").replace_strict(cases, renamed, return_dtype=pl.String)
    ).sample(fraction=1.0, shuffle=True, seed=random.randrange(1000))
    service = ServiceHistory(one.service.versions)
    other = frames_of(
        trace_journeys(shuffled, service), service, as_of=one.as_of, position=one.position
    )

    assert msgspec.json.encode(everything(one)) == msgspec.json.encode(everything(other))


# --- nobody is singled out ----------------------------------------------------------------------


class Row(NamedTuple):
    """One row of a report: its list, and what names it there."""

    of: str
    name: Any


def people_of_rows(frames: Frames) -> dict[Row, set[str]]:
    """Count people the slow way, from the frames."""
    people: dict[Row, set[str]] = defaultdict(set)
    journeys = {row["journey"]: row for row in frames.journeys.iter_rows(named=True)}
    visits: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for visit in frames.visits.iter_rows(named=True):
        visits[visit["journey"]].append(visit)
    for number, journey in journeys.items():
        who, walk = journey["people"], [visit["step"] for visit in visits[number]]
        lang = msgspec.json.decode(journey["attributes"]).get("lang", "(not stated)")
        year, week, _ = journey["started_at"].astimezone(HELSINKI).isocalendar()
        rows = [Row("trend", f"{year}-W{week:02}"), Row("by", lang)]
        rows += [Row("steps", step) for step in walk]
        rows += [Row("by_steps", (lang, step)) for step in walk]
        there = [visit["channel"] for visit in visits[number]]
        rows += [Row("first", journey["channel"])] + [Row("visits", place) for place in there]
        rows += [Row("moves", (one, two)) for one, two in pairwise(there) if one != two]
        if walk:
            rows += [Row("starts", walk[0]), Row("ends", (walk[-1], journey["outcome"]))]
            rows += [Row("transitions", pair) for pair in pairwise(walk)]
            rows += [Row("variants", tuple(walk))]
        if journey["route"]:
            rows += [Row("routes", journey["route"])]
        for row in rows:
            people[row].add(who)
    return people


def rows_of(report: JourneyReport) -> dict[Row, Any]:
    """The rows shown, with their content."""
    return {
        **{Row("trend", row.week): row for row in report.trend},
        **{
            Row("by", row.value): _plain(row, "steps", "funnel", "time") for row in report.by.groups
        },
        **{
            Row("by_funnel", (group.value, row.step)): row.reached
            for group in report.by.groups
            for row in group.funnel
        },
        **{
            Row("by_steps", (group.value, row.step)): row
            for group in report.by.groups
            for row in group.steps
        },
        **{Row("steps", row.step): _plain(row, "next") for row in report.steps},
        **{Row("first", row.channel): row for row in report.channels.starts},
        **{Row("visits", row.channel): row for row in report.channels.visits},
        **{Row("moves", (row.from_, row.to)): row for row in report.channels.moves},
        **{Row("starts", row.step): row for row in report.starts},
        **{Row("transitions", (row.from_, row.to)): row for row in report.transitions},
        **{Row("ends", (row.step, row.outcome)): row for row in report.ends},
        **{Row("variants", tuple(row.steps)): row for row in report.variants},
        **{Row("routes", row.route): _plain(row, "funnel") for row in report.routes},
        **{Row("funnel", row.step): row for row in report.funnel},
        **{
            Row("route_funnels", (route.route, row.step)): row
            for route in report.routes
            for row in route.funnel
        },
    }


def _plain(row: msgspec.Struct, *without: str) -> dict[str, Any]:
    return {key: value for key, value in msgspec.to_builtins(row).items() if key not in without}


@HEAVY
@given(text=cities().map(with_enough_people), at=st.sampled_from([3.0, 60.0]))
def test_no_row_of_fewer_than_k_people_is_shown_and_the_others_are_whole(
    text: str, at: float, world: World, service_of: ServiceOf
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=at)

    report = journey_report(frames, by="lang", k=K)

    people = people_of_rows(frames)
    whole, shown = rows_of(everything(frames)), rows_of(report)
    assert all(len(people[row]) >= K for row in shown if "funnel" not in row.of)
    assert {row: whole[row] for row in shown} == shown
    for row, content in shown.items():
        if row.of == "by_funnel":
            assert content == 0 or content >= K
        elif "funnel" in row.of:
            assert content.reached == 0 or content.reached >= K
    missing = Counter(row.of for row in whole if row not in shown)
    for of in ("trend", "by", "steps", "starts", "transitions", "ends", "variants", "routes"):
        assert missing[of] == report.hidden.get(of, 0)
    channels = ("first", "visits", "moves")
    assert sum(missing[of] for of in channels) == report.hidden.get("channels", 0)
    # Nothing is missing for nothing. Flows balance each other, and are taken together.
    small = {row.of for row in whole if row in people and len(people[row]) < K}
    flows = {"starts", "transitions", "ends"}
    assert bool(flows & set(missing)) == bool(flows & small)
    for of in ("trend", "by", "steps", "variants", *channels):
        assert (of in missing) == (of in small)


@HEAVY
@given(text=cities().map(with_enough_people))
def test_no_missing_row_of_a_list_is_its_total_less_the_others(
    text: str, world: World, service_of: ServiceOf
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)

    report = journey_report(frames, by="lang", k=K)

    people = people_of_rows(frames)
    whole, shown = rows_of(everything(frames)), rows_of(report)
    for of in ("trend", "by", "variants", "first", "visits", "moves"):
        gone = [row for row in whole if row.of == of and row not in shown]
        if gone and any(row.of == of for row in shown):
            assert len(gone) >= 2
            assert len(set().union(*(people[row] for row in gone))) >= K
    # So is a row of the funnel in a group; that nobody of a group came there is no row about few.
    for step in report.funnel:
        cells = [row for row in whole if row.of == "by_funnel" and row.name[1] == step.step]
        missing = sum(whole[row] for row in cells if row not in shown)
        assert not 0 < missing < K or missing == step.reached
    # A step in a group is the step less the other groups, for all that the report shows.
    for step in report.steps:
        cells = [row for row in whole if row.of == "by_steps" and row.name[1] == step.step]
        gone = [row for row in cells if row not in shown]
        if len(gone) < len(cells) and any(len(people[row]) < K for row in gone):
            assert len(gone) >= 2
            assert len(set().union(*(people[row] for row in gone))) >= K


@HEAVY
@example(
    # Two groups and two steps are missing: what they hold together is known all the same.
    text="1 * lang=sv person=P granted.0\n 4 * channel=phone search.0\n 5 * lang=fi form.0 pay.0.1"
)
@given(text=cities().map(with_enough_people))
def test_no_missing_step_of_a_group_follows_from_the_sums_of_drop_offs(
    text: str, world: World, service_of: ServiceOf
) -> None:
    frames = world(text, service_of("search? form pay", routes=ROUTES), at=60.0)

    report = journey_report(frames, by="lang", k=K)

    # The reader's equations: cells of a step add up to it, cells of a group to it, and all steps
    # and all groups to the journeys lost. What is missing is unknown.
    people = people_of_rows(frames)
    whole, shown = rows_of(everything(frames)), rows_of(report)
    steps = [row for row in whole if row.of == "steps"]
    groups = [row for row in whole if row.of == "by"]
    cells = [row for row in whole if row.of == "by_steps"]
    sums = [
        *([*(cell for cell in cells if cell.name[1] == step.name), step] for step in steps),
        *([*(cell for cell in cells if cell.name[0] == group.name), group] for group in groups),
        steps,
        groups,
    ]
    unknown = [row for row in (*steps, *groups, *cells) if row not in shown]
    equations = np.array([[float(row in terms) for row in unknown] for terms in sums])
    for place, row in enumerate(unknown):
        if row.of == "by_steps" and len(people[row]) < K:
            alone = np.eye(len(unknown))[place]
            follows = np.linalg.matrix_rank(np.vstack([equations, alone])) == (
                np.linalg.matrix_rank(equations)
            )
            # What the totals alone say cannot be helped: then no cell is shown at all.
            assert not follows or not any(cell in shown for cell in cells)


@HEAVY
@given(text=cities().map(with_enough_people))
def test_what_people_did_next_is_told_of_enough_or_of_nobody(
    text: str, world: World, service_of: ServiceOf
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)

    report = journey_report(frames, k=K)

    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in classified(frames, everybody=frames).iter_rows(named=True):
        people[row["step"], row["class"]].add(row["people"])
    for step in report.steps:
        missing = set[str]()
        for name in CLASSES if step.next else ():
            whose = people[step.step, name]
            if getattr(step.next, name) is None:
                missing |= whose
            else:
                assert not 0 < len(whose) < K
        # What is missing is the sum less the others, so it is of enough, unless it is all there is.
        assert not 0 < len(missing) < K or len(missing) == len(
            set().union(*(people[step.step, name] for name in CLASSES))
        )


@HEAVY
@given(text=cities().map(with_enough_people))
def test_no_missing_row_of_a_funnel_is_the_one_before_less_its_parts(
    text: str, world: World, service_of: ServiceOf
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)

    report = journey_report(frames, k=K)

    truth = everything(frames)
    for funnel, full in _funnels(report, truth):
        small = {row.step for row in full if 0 < row.reached < K}
        required = [row.step for row in full if isinstance(row.lost, int)]
        shown = {row.step for row in funnel}
        for before, after in pairwise(required):
            assert not (after in small and before in shown)
            assert before in shown or after not in shown
        assert not small & shown


def _funnels(report: JourneyReport, truth: JourneyReport) -> Iterable[tuple[list[Any], list[Any]]]:
    yield report.funnel, truth.funnel
    routes = {route.route: route.funnel for route in truth.routes}
    for route in report.routes:
        yield route.funnel, routes[route.route]
