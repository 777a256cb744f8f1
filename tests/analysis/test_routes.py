"""The funnels of routes, and what they and the common one would give away together."""

from collections.abc import Callable

import pytest

from analysis.funnel import hidden_steps, plan_funnel, trace_funnel
from analysis.routes import Routes, route_funnels
from analysis.variants import walks
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]

STEPS = "form identify pay handling:staff sign"
ROUTES = {"paid": "form identify pay sign", "handled": "form identify handling sign"}


@pytest.fixture(scope="module")
def booking(service_of: Callable[..., Service]) -> Service:
    return service_of(STEPS, routes=ROUTES)


def routes_in(frames: Frames, k: int = 5) -> Routes:
    walked = walks(frames.visits)
    common = trace_funnel(
        frames.journeys,
        frames.visits,
        walked,
        plan=plan_funnel(frames.service, as_of=frames.as_of),
        service=frames.service,
    )
    return route_funnels(frames, walked, common=common, gone=hidden_steps(common, k=k), k=k)


def reached(routes: Routes) -> dict[str, dict[str, int]]:
    return {row.route: {step.step: step.reached for step in row.funnel} for row in routes.rows}


def test_each_route_has_the_journeys_that_are_decided_for_it(
    world: World, booking: Service
) -> None:
    frames = world(
        """
        20 * form.0 identify.0 pay.0 sign.0 granted.0
        10 * form.0 identify.0 pay.0
        30 * form.0 identify.0 handling.1 sign.2 granted.2
        25 * form.0
        """,
        booking,
    )

    found = routes_in(frames)

    assert [(row.route, row.started) for row in found.rows] == [("handled", 30), ("paid", 30)]
    assert reached(found) == {
        "handled": {"form": 30, "identify": 30, "handling": 30, "sign": 30},
        "paid": {"form": 30, "identify": 30, "pay": 30, "sign": 20},
    }
    assert not +found.hidden


def test_a_service_without_routes_has_no_route_funnels(world: World) -> None:
    assert routes_in(world("20 * form.0")) == Routes([], {})


def test_a_route_of_few_goes_with_the_next_smallest(world: World, booking: Service) -> None:
    # All are decided, so 33 less 30 would be the 3 who were handled.
    frames = world(
        "30 * form.0 identify.0 pay.0\n 3 * form.0 identify.0 handling.1", booking, at=2.5
    )

    found = routes_in(frames)

    assert found.rows == []
    assert +found.hidden == {"routes": 2}


def test_undecided_journeys_hide_a_route_of_few(world: World, booking: Service) -> None:
    # Of those not in the route paid, 3 were handled and 9 are undecided: who could tell?
    frames = world(
        "30 * form.0 identify.0 pay.0\n 3 * form.0 identify.0 handling.1\n 9 * form.0 identify.0",
        booking,
    )

    found = routes_in(frames)

    assert [row.route for row in found.rows] == ["paid"]
    assert +found.hidden == {"routes": 1}


def test_a_row_that_the_other_routes_give_away_takes_theirs(world: World, booking: Service) -> None:
    # 23 signed in common, 20 of them paid: 3 of those handled. So sign goes in both routes, and in
    # each the required row before it. form and identify are 40 in both and stay.
    frames = world(
        """
        20 * form.0 identify.0 pay.0 sign.0
        20 * form.0 identify.0 pay.0
        37 * form.0 identify.0 handling.1
         3 * form.0 identify.0 handling.1 sign.2
        """,
        booking,
    )

    found = routes_in(frames)

    assert reached(found) == {
        "handled": {"form": 40, "identify": 40},
        "paid": {"form": 40, "identify": 40},
    }
    assert +found.hidden == {"route_funnels": 4}
    assert reached(routes_in(frames, k=3))["handled"]["sign"] == 3


def test_route_that_was_stated_counts_before_what_was_walked(
    world: World, booking: Service
) -> None:
    frames = world(
        """
        20 * route=paid form.0 identify.0
        10 * route=other form.0 identify.0 handling.1
        """,
        booking,
    )

    found = routes_in(frames)

    assert {row.route: row.started for row in found.rows} == {"paid": 20, "handled": 10}
