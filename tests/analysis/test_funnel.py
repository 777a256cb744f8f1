"""How far journeys come: one walk, and all of them."""

from collections.abc import Callable
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.funnel import Funnel, funnel_steps, hidden_steps, plan_funnel, trace_funnel
from analysis.journey_report import FunnelStep
from analysis.passes import match
from analysis.variants import walks
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]
HOUR = 3600.0
DAY = 24 * HOUR


def trace(frames: Frames, route: str | None = None) -> Funnel:
    return trace_funnel(
        frames.journeys,
        frames.visits,
        walks(frames.visits),
        plan=plan_funnel(frames.service, as_of=frames.as_of, route=route),
        service=frames.service,
    )


def rows_of(frames: Frames, route: str | None = None, k: int = 1) -> dict[str, FunnelStep]:
    funnel = trace(frames, route)
    return {row.step: row for row in funnel_steps(funnel, hidden=hidden_steps(funnel, k=k))}


def reached(frames: Frames, route: str | None = None) -> dict[str, int]:
    return {step: row.reached for step, row in rows_of(frames, route).items()}


# --- one walk -----------------------------------------------------------------------------------

A, B, C, D = range(4)
NEEDED = [True, True, True, True]


def furthest(walk: list[int], required: list[bool] = NEEDED) -> int:
    return match(walk, required, counted=required).furthest


def test_other_steps_may_lie_between() -> None:
    assert furthest([A, D, B, D, C]) == C


def test_a_step_before_the_ones_that_lead_to_it_does_not_count() -> None:
    assert furthest([B, C, A]) == A
    assert furthest([B, C]) == -1
    assert furthest([]) == -1


def test_the_furthest_pass_counts() -> None:
    assert furthest([A, A, B, A, B, C, A]) == C


def test_of_equal_passes_the_first_complete_one_counts_begun_last_and_gone_straight_on() -> None:
    # A B A A B B C C: complete at place 6, begun at 3; B is reached at 4, not at 5.
    found = match([A, B, A, A, B, B, C, C], [True] * 3, counted=[True] * 3)

    assert found.visits == [(A, 3, None), (B, 4, 3), (C, 6, 4)]


def test_an_optional_step_is_matched_between_the_steps_around_it() -> None:
    required = [True, False, True]

    def places(walk: list[int]) -> list[tuple[int, int]]:
        return [visit[:2] for visit in match(walk, required, counted=required).visits]

    assert places([A, B, C]) == [(A, 0), (B, 1), (C, 2)]
    assert places([A, C, B]) == [(A, 0), (C, 1)]
    assert places([B, A, C]) == [(A, 1), (C, 2)]
    # The pass begins at place 2, so B was before it.
    assert places([A, B, A, C]) == [(A, 2), (C, 3)]
    # The next required step is not reached: until the end.
    assert places([A, A, B]) == [(A, 0), (B, 2)]


def test_one_visit_satisfies_one_step_and_later_steps_need_later_visits() -> None:
    required = [True, False, False, True]

    found = match([A, C, B, C, D], required, counted=required)

    assert [visit[:2] for visit in found.visits] == [(A, 0), (B, 2), (C, 3), (D, 4)]


def test_optional_steps_around_the_required_ones_count_too() -> None:
    required = [False, True, False]

    found = match([A, B, C], required, counted=required)

    assert found.visits == [(A, 0, None), (B, 1, None), (C, 2, 1)]
    # Without the required step, what comes before it counts, and nothing after it.
    assert match([C, A], required, counted=required).visits == [(A, 1, None)]


def test_a_step_that_this_journey_may_skip_counts_where_it_was_visited() -> None:
    # B is required in the funnel, not of this journey.
    found = match([A, B], [True, False, True], counted=[True, True, True])
    skipped = match([A, C], [True, False, True], counted=[True, True, True])

    assert (found.furthest, found.visits) == (B, [(A, 0, None), (B, 1, 0)])
    assert (skipped.furthest, skipped.visits) == (C, [(A, 0, None), (C, 1, 0)])


def literal(walk: list[int], required: list[bool]) -> tuple[int, list[tuple[int, int]]]:
    """Try all passes: the furthest, complete first, begun last, each step at its first visit."""
    wanted = [row for row, needed in enumerate(required) if needed]
    best: tuple[int, ...] = ()
    for length in range(1, len(wanted) + 1):
        passes = [
            places
            for places in combinations(range(len(walk)), length)
            if [walk[place] for place in places] == wanted[:length]
        ]
        if passes:
            best = min(passes, key=lambda places: (places[-1], -places[0], places))
    visits = dict(zip(wanted, best, strict=False))
    after = -1
    for row, needed in enumerate(required):
        if needed and row not in visits:
            break
        if needed:
            after = visits[row]
            continue
        until = next((visits[r] for r in wanted if r > row and r in visits), len(walk))
        for place in range(after + 1, until):
            if walk[place] == row:
                visits[row] = after = place
                break
    return (wanted[len(best) - 1] if best else -1), sorted(visits.items())


@given(
    walk=st.lists(st.integers(0, 4), max_size=8),
    required=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_the_match_is_the_best_of_all_passes(walk: list[int], required: list[bool]) -> None:
    found = match(walk, required, counted=required)

    assert (found.furthest, sorted(visit[:2] for visit in found.visits)) == literal(walk, required)


# --- all walks ----------------------------------------------------------------------------------


def test_every_figure_of_a_funnel(world: World) -> None:
    # form pay>staff handling:staff are required; 30 hours after day 0 nobody is silent too long.
    frames = world(
        """
        10 * form.0 pay.0.5 handling.2 granted.3
         6 * form.0 files.0.5 pay.1 handling.2
         4 * form.0 pay.0.25
         8 * form.0
         2 * form.0 pay.0.5 refused.1
         1 * handling.0 granted.1
        """,
        at=4,
    )

    rows = rows_of(frames)

    assert list(rows) == ["search", "form", "files", "pay", "handling", "call"]
    # 30 journeys at form, 10 + 6 + 4 + 2 at pay; the 8 were abandoned after a day.
    assert rows["search"] == FunnelStep(step="search", reached=0)
    assert rows["files"] == FunnelStep(step="files", reached=6)
    form, pay, handling = rows["form"], rows["pay"], rows["handling"]
    assert (form.reached, form.lost, form.open, form.finished) == (30, 8, 0, 0)
    assert (pay.reached, pay.lost, pay.open, pay.finished) == (22, 0, 4, 2)
    assert (handling.reached, handling.lost, handling.open, handling.finished) == (16, 0, 6, 10)
    assert (form.of_entry, form.of_previous, form.median_s) == (1.0, None, None)
    assert pay.of_entry == pay.of_previous == pytest.approx(22 / 30)
    assert (handling.of_entry, handling.of_previous) == (
        pytest.approx(16 / 30),
        pytest.approx(16 / 22),
    )
    # Wilson, 22 of 30.
    assert (pay.low, pay.high) == (pytest.approx(0.5555, abs=1e-4), pytest.approx(0.8582, abs=1e-4))
    # To pay: 4 x 6 h, 12 x 12 h, 6 x 24 h. To handling: 10 x 36 h, 6 x 24 h.
    assert (pay.median_s, pay.p90_s) == (12 * HOUR, DAY)
    assert (handling.median_s, handling.p90_s) == (36 * HOUR, 36 * HOUR)


def test_quantiles_are_interpolated_between_the_journeys(world: World) -> None:
    frames = world("form.0 pay.0.25\n form.0 pay.0.75", at=1)

    pay = rows_of(frames)["pay"]

    # 6 h and 18 h: half way, and nine tenths of the way.
    assert (pay.median_s, pay.p90_s) == (12 * HOUR, pytest.approx(16.8 * HOUR))


def test_below_ten_journeys_there_are_counts_and_no_shares(world: World) -> None:
    pay = rows_of(world("9 * form.0 pay.0.1"))["pay"]

    assert (pay.reached, pay.of_entry, pay.of_previous, pay.low, pay.high) == (9, *[None] * 4)


def test_visits_after_the_end_count(world: World) -> None:
    assert reached(world("form.0 pay.0.1 granted.1 handling.2"))["handling"] == 1


def test_a_help_step_is_optional(world: World) -> None:
    assert reached(world("form.0 pay.0.1 handling.1 call.2"))["call"] == 1


def test_journeys_that_never_reached_the_first_step_are_nowhere(world: World) -> None:
    funnel = trace(world("5 * form.0\n 3 * handling.0\n 2 * granted.0"))

    assert funnel.progress.height == 10
    assert sorted(funnel.progress["furthest"].unique()) == [-1, 1]


def test_no_journey_gives_zeros_and_no_shares(world: World) -> None:
    rows = rows_of(world(""))

    assert {row.reached for row in rows.values()} == {0}
    assert rows["form"].of_entry is None


def test_a_service_in_which_nothing_is_required_has_counts_alone(
    world: World, service_of: ServiceOf
) -> None:
    frames = world("4 * a.0 b.1\n b.0 a.1", service_of("a? b?"))

    funnel = trace(frames)

    assert funnel.first() is None
    assert reached(frames) == {"a": 5, "b": 4}


# --- routes and versions ------------------------------------------------------------------------

BOOKING = "form identify pay handling:staff sign"
ROUTES = {"paid": "form identify pay sign", "handled": "form identify handling sign"}


def test_the_common_funnel_requires_what_every_route_has(
    world: World, service_of: ServiceOf
) -> None:
    frames = world("form.0 identify.0 sign.0", service_of(BOOKING, routes=ROUTES))

    plan = plan_funnel(frames.service, as_of=frames.as_of)

    assert [key for key, needed in zip(plan.rows, plan.required, strict=True) if needed] == [
        "form",
        "identify",
        "sign",
    ]
    assert reached(frames) == {"form": 1, "identify": 1, "pay": 0, "handling": 0, "sign": 1}


def test_the_funnel_of_a_route_requires_its_steps(world: World, service_of: ServiceOf) -> None:
    frames = world("form.0 identify.0 sign.0", service_of(BOOKING, routes=ROUTES))

    # handling is no step of this route and nobody came to it.
    assert reached(frames, "paid") == {"form": 1, "identify": 1, "pay": 0, "sign": 0}


def test_a_step_that_a_route_lacks_is_optional_in_its_funnel(
    world: World, service_of: ServiceOf
) -> None:
    frames = world("form.0 identify.0 pay.0 handling.1 sign.2", service_of(BOOKING, routes=ROUTES))

    row = rows_of(frames, "paid")["handling"]

    assert row == FunnelStep(step="handling", reached=1)


def test_each_journey_has_to_pass_what_its_own_version_requires(
    world: World, service_of: ServiceOf
) -> None:
    # The version of 2026-02-01 (day 26 or so) puts identify before pay, and drops stamp.
    old = service_of("form stamp pay sign")
    new = service_of("form identify pay sign", valid_from=date(2026, 2, 1))
    frames = world(
        """
        3 * form.0 stamp.0 pay.0.1 sign.0.2
        2 * form.0 stamp.0.1
        4 * form.60 identify.60 pay.60.1 sign.60.2
        1 * form.60 pay.60.1 sign.60.2
        """,
        old,
        new,
        at=70,
    )

    rows = rows_of(frames)

    # Order of the newest version; stamp is where it was, optional. The three old ones that paid
    # came past identify; the new one that skipped it did not get beyond form.
    assert {step: row.reached for step, row in rows.items()} == {
        "form": 10,
        "stamp": 5,
        "identify": 7,
        "pay": 7,
        "sign": 7,
    }
    assert (rows["form"].lost, rows["form"].of_entry) == (3, 1.0)
    # Four were at identify; the three others have no time there.
    assert rows["identify"].median_s == 0.0


def test_the_version_valid_at_the_as_of_time_gives_the_rows(
    world: World, service_of: ServiceOf
) -> None:
    old = service_of("form pay")
    new = service_of("pay form sign", valid_from=date(2026, 2, 1))

    assert list(rows_of(world("form.0 pay.0", old, new, at=10))) == ["form", "pay"]
    assert list(rows_of(world("form.0 pay.0", old, new, at=40))) == ["pay", "form", "sign"]


def test_a_route_of_an_older_version_keeps_its_rows(world: World, service_of: ServiceOf) -> None:
    old = service_of("form pay sign", routes={"paid": "form pay", "free": "form sign"})
    new = service_of("form pay sign", valid_from=date(2026, 2, 1))
    frames = world("form.0 pay.0", old, new, at=40)

    assert plan_funnel(frames.service, as_of=frames.as_of, route="paid").required == (
        True,
        True,
        False,
    )


# --- what is left out ---------------------------------------------------------------------------


def test_a_small_required_row_takes_the_one_before_and_all_after_it(world: World) -> None:
    # 40 - 37 lost - 0 - 0 would be the 3 who paid.
    frames = world("37 * form.0\n 3 * form.0 pay.0.1", at=10)

    assert list(rows_of(frames, k=5)) == ["search", "files", "call"]
    assert list(rows_of(frames, k=3)) == ["search", "form", "files", "pay", "handling", "call"]


def test_rows_before_that_are_shown(world: World, service_of: ServiceOf) -> None:
    frames = world(
        "40 * a.0\n 30 * a.0 b.0\n 20 * a.0 b.0 c.0\n 2 * a.0 b.0 c.0 d.0", service_of("a b c d")
    )

    assert list(rows_of(frames, k=5)) == ["a", "b"]


def test_a_small_optional_row_goes_alone(world: World) -> None:
    frames = world("30 * form.0 pay.0.2\n 2 * form.0 files.0.1 pay.0.2")

    assert list(rows_of(frames, k=5)) == ["search", "form", "pay", "handling", "call"]


def test_people_are_counted_not_journeys(world: World) -> None:
    frames = world("9 * person=P form.0 pay.0.1\n 30 * form.0")

    assert "pay" not in rows_of(frames, k=5)
