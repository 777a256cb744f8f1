"""What holds of every report, whatever the journeys."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.after_drop_off import CLASSES, classified
from analysis.journey_report import JourneyReport
from analysis.report import journey_report
from journeys.service import HELSINKI, Service, ServiceHistory
from projections.frames import Frames, frames_of
from projections.trace import trace_journeys
from tests.analysis.cities import HEAVY, ROUTES, STEPS, K, cities, everything, with_enough_people

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]


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

    dropped: dict[str, set[str]] = defaultdict(set)
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in classified(frames, everybody=frames).iter_rows(named=True):
        dropped[row["step"]].add(row["people"])
        named[row["step"], row["event"]].add(row["people"])
    for step in report.steps:
        if step.next is None:
            continue
        told = {getattr(step.next, name) is not None for name in CLASSES}
        assert told == {len(dropped[step.step]) >= K}
        assert all(len(named[step.step, event.name]) >= K for event in step.next.elsewhere)


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
