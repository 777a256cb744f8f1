"""Where journeys are lost, and how many complete, on hand-sized worlds."""

from collections.abc import Callable
from datetime import date

import pytest

from analysis.drop_off import (
    NOT_A_CUSTOMER_STEP,
    StepTimes,
    completion,
    completion_at,
    group_steps,
    lost_before_first_step,
    step_entries,
    step_horizon,
    step_rows,
    trend,
)
from analysis.journey_report import StepRow
from analysis.rates import TOO_FEW, TOO_YOUNG, wilson
from journeys.service import Service, ServiceHistory
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]

# By day 400: 20 granted, 10 refused, 6 left at the form, 4 cancelled after paying.
CITY = """
    20 * form.0 pay.0.1 granted.3
    10 * form.0 pay.0.1 refused.9
     6 * form.0
     4 * form.0 pay.0.1 cancelled.2
"""


def rows(frames: Frames) -> dict[str, StepRow]:
    found = step_rows(
        step_entries(frames.journeys, frames.visits, as_of=frames.as_of),
        started=frames.journeys.height,
        service=frames.service,
        as_of=frames.as_of,
        times={"form": StepTimes(60.0, 120.0)},
    )
    return {row.step: row for row in found}


def test_a_refusal_completes_but_only_what_came_by_the_horizon_is_in_the_rate(world: World) -> None:
    # 20 granted on day 3; the 10 refusals of day 9 come after the horizon of 7 days.
    frames = world(CITY)

    done = completion(frames.journeys, horizon=7, as_of=frames.as_of)

    assert (done.rate, done.n, done.day, done.method) == (20 / 40, 40, 7, "wilson")
    assert (done.mature.rate, done.mature.n) == (20 / 40, 40)
    assert (done.mature.low, done.mature.high) == wilson(20, 40)


def test_completion_of_few_journeys_has_no_rate(world: World) -> None:
    frames = world("9 * form.0 granted.1")

    done = completion(frames.journeys, horizon=7, as_of=frames.as_of)

    assert (done.rate, done.note, done.n) == (None, TOO_FEW, 9)
    assert (done.mature.rate, done.mature.low, done.mature.n) == (None, None, 9)


def test_a_group_is_read_at_the_day_it_is_given_or_not_at_all(world: World) -> None:
    frames = world(CITY)

    assert completion_at(frames.journeys, day=10, as_of=frames.as_of).value == 30 / 40
    assert completion_at(frames.journeys, day=None, as_of=frames.as_of).note == TOO_YOUNG


def test_drop_off_belongs_to_the_last_customer_step(world: World) -> None:
    found = rows(world(CITY))

    form, pay = found["form"], found["pay"]
    assert (form.entered, form.advanced, form.dropped, form.open) == (40, 34, 6, 0)
    assert (pay.entered, pay.advanced, pay.dropped, pay.open) == (34, 30, 4, 0)
    assert (form.causes.abandoned, pay.causes.cancelled, pay.causes.expired) == (6, 4, 0)
    assert (form.drop_off_rate, form.n, form.day) == (6 / 40, 40, 2)
    assert (form.low, form.high) == wilson(6, 40)
    assert form.contribution == 6 / 40
    assert (form.median_s, pay.median_s) == (60.0, None)


def test_a_step_of_the_city_has_counts_and_no_drop_off_rate(world: World) -> None:
    found = rows(world("12 * form.0 pay.0.1 handling.1", at=5.0))

    handling = found["handling"]
    assert (handling.entered, handling.open, handling.dropped) == (12, 12, 0)
    assert (handling.drop_off_rate, handling.note) == (None, NOT_A_CUSTOMER_STEP)
    assert handling.day is None


def test_waiting_for_the_city_is_open_however_long(world: World) -> None:
    found = rows(world("12 * form.0 pay.0.1 handling.1", at=390.0))

    assert found["handling"].open == 12
    assert found["pay"].dropped == 0


def test_fewer_than_ten_started_have_no_contribution(world: World) -> None:
    assert rows(world("9 * form.0"))["form"].contribution is None


def test_groups_are_read_at_the_day_of_the_whole_report(world: World) -> None:
    frames = world(CITY)
    steps = list(rows(frames).values())
    some = frames.journeys.head(20)
    visits = frames.visits.filter(frames.visits["journey"].is_in(some["journey"].implode()))

    found = group_steps(step_entries(some, visits, as_of=frames.as_of), steps=steps)

    assert [(step.step, step.n, step.day) for step in found] == [("form", 20, 2), ("pay", 20, 2)]


def test_groups_have_no_rows_of_steps_they_did_not_enter_or_that_are_the_city_s(
    world: World,
) -> None:
    frames = world("12 * form.0 pay.0.1 handling.1\n 12 * week=1 form.0")
    steps = list(rows(frames).values())
    some = frames.journeys.tail(12)
    visits = frames.visits.filter(frames.visits["journey"].is_in(some["journey"].implode()))

    found = group_steps(step_entries(some, visits, as_of=frames.as_of), steps=steps)

    assert [step.step for step in found] == ["form"]


def test_only_mature_weeks_of_ten_have_a_rate_in_the_trend(world: World) -> None:
    # Weeks of 5, 12 and 19 January; at day 22 the horizon of 7 days has passed for the first two.
    frames = world(
        "12 * form.0 granted.1\n 5 * week=1 form.0 granted.1\n 12 * week=2 form.0 granted.1",
        at=22.0,
    )

    weeks = trend(frames.journeys, horizon=7, as_of=frames.as_of)

    assert [week.week for week in weeks] == ["2026-W02", "2026-W03", "2026-W04"]
    assert [week.note for week in weeks] == [None, TOO_FEW, TOO_YOUNG]
    assert [(week.started, week.completed, week.mature) for week in weeks] == [
        (12, 12, True),
        (5, 5, True),
        (12, 12, False),
    ]
    assert (weeks[0].rate, weeks[0].low) == (1.0, wilson(12, 12)[0])


def test_a_week_is_mature_exactly_when_its_end_and_the_horizon_have_come(world: World) -> None:
    # The week of 5 January ends on Sunday midnight in Helsinki, 22:00 UTC: day 6 + 13 h of DAY_0.
    end = 6 + 13 / 24
    before = world("12 * form.0 granted.1", at=end + 7 - 1 / 86_400)
    after = world("12 * form.0 granted.1", at=end + 7)

    assert not trend(before.journeys, horizon=7, as_of=before.as_of)[0].mature
    assert trend(after.journeys, horizon=7, as_of=after.as_of)[0].mature


def test_lost_without_a_customer_step_is_before_the_first_step(world: World) -> None:
    frames = world("3 * handling.0 expired.9\n 2 * form.0")

    assert lost_before_first_step(frames.journeys) == 3


@pytest.mark.parametrize(("step", "days"), [("form", 2), ("handling", 7), ("files", 2)])
def test_a_step_is_read_at_twice_its_deadline_but_not_after_the_service(
    service_of: ServiceOf, world: World, step: str, days: int
) -> None:
    frames = world("form.0")

    assert step_horizon(ServiceHistory([service_of()]), step, as_of=frames.as_of) == days


def test_a_step_that_the_current_version_lacks_is_read_as_the_newest_one_has_it(
    service_of: ServiceOf, world: World
) -> None:
    history = ServiceHistory(
        [
            service_of("form old pay>staff"),
            service_of("form pay>staff", valid_from=date(2025, 1, 1)),
        ]
    )

    assert step_horizon(history, "old", as_of=world("form.0").as_of) == 2
