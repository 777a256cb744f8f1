"""How long, and whose time it was."""

from collections.abc import Callable
from statistics import median

import pytest

from analysis.drop_off import StepTimes
from analysis.dwell import step_times, time_apart, time_to_outcome
from analysis.sections import Spent, Time
from projections.frames import Frames

World = Callable[..., Frames]
DAY = 86_400.0


def short(spent: Spent) -> tuple[int, float | None, float | None]:
    return spent.n, spent.median_s, spent.p90_s


def time_in(frames: Frames, k: int = 1) -> Time:
    return time_apart(frames.journeys, frames.visits, service=frames.service, k=k)


def test_a_stay_lasts_until_the_next_visit_or_the_outcome(world: World) -> None:
    # form: 1 day to pay; 2 days to the outcome. pay: 3 days. The open and the abandoned have none.
    frames = world("form.0 form.0.5 pay.1 granted.4\n form.0 refused.2\n form.0\n form.399.5")

    times = step_times(frames.visits)

    assert times["form"] == StepTimes(1.5 * DAY, 1.9 * DAY)
    assert times["pay"] == StepTimes(3 * DAY, 3 * DAY)


def test_a_visit_after_the_end_lasts_for_nobody(world: World) -> None:
    times = step_times(world("form.0 granted.1 call.2").visits)

    assert times == {"form": StepTimes(DAY, DAY), "call": StepTimes(None, None)}


def test_stays_are_the_actors_and_waiting_is_whose_ball_it_is(world: World) -> None:
    # form: 0.25 stay and 0.25 wait, the customer's. pay gives the ball to the city: 1.5 wait.
    # handling: a stay of 1 and a wait of 2, the city's.
    frames = world("form.0 form.0.25 pay.0.5 handling.2 handling.3 granted.5")

    time = time_in(frames)

    assert short(time.total) == (1, 5 * DAY, 5 * DAY)
    assert short(time.customer) == (1, 0.5 * DAY, 0.5 * DAY)
    assert short(time.city) == (1, 4.5 * DAY, 4.5 * DAY)


def test_a_staff_step_can_leave_the_ball_with_the_customer(
    world: World, service_of: Callable[..., object]
) -> None:
    # handling passes the ball back: a stay of 1 is the city's, a wait of 0.5 the customer's.
    service = service_of("form>staff handling:staff>customer sign")
    frames = world("form.0 handling.1 handling.2 sign.2.5 granted.2.5", service)

    time = time_in(frames)

    assert (time.customer.median_s, time.city.median_s) == (0.5 * DAY, 2 * DAY)


def test_after_a_visit_that_brings_an_outcome_nobody_waits(
    world: World, service_of: Callable[..., object]
) -> None:
    # The customer: a day of form, and half a day once it is reopened; of the days 1 to 3, nobody.
    service = service_of("form refused:staff")
    frames = world("form.0 form.1 refused.1 form.3 granted.3.5", service)

    time = time_in(frames)

    assert time.total.median_s == 3.5 * DAY
    assert time.customer.median_s == 1.5 * DAY
    assert time.city.median_s == 0.0


def test_a_stay_beyond_the_end_counts_up_to_it(
    world: World, service_of: Callable[..., object]
) -> None:
    # The step `granted` is the outcome too, so the visit goes on after it.
    frames = world("form.0 granted.1 granted.2 granted.4", service_of("form granted:staff"))

    assert time_in(frames).total.median_s == DAY
    assert time_in(frames).city.median_s == 0.0


def test_only_completed_journeys_have_a_time(world: World) -> None:
    frames = world("form.0 granted.1\n form.0 refused.3\n form.0 cancelled.9\n form.0\n granted.0")

    # 1 and 3 days, and 0 for the one that is an outcome alone.
    assert short(time_to_outcome(frames.journeys, k=1)) == (3, DAY, 2.6 * DAY)
    assert time_in(frames).total.n == 3


def test_the_times_of_too_few_people_are_left_out(world: World) -> None:
    frames = world("9 * person=P form.0 granted.1\n 3 * form.0 granted.2\n 40 * form.0")

    few = time_in(frames, k=5)
    assert few.total == few.customer == few.city
    assert short(few.total) == (12, None, None)
    assert (few.total.p10_s, few.total.histogram) == (None, [])
    assert time_in(frames, k=4).total.median_s == DAY


def test_no_journey_has_no_time(world: World) -> None:
    time = time_in(world(""), k=1)

    assert short(time.total) == short(time.customer) == short(time.city) == (0, None, None)
    assert time.steps == []


def test_at_a_step_the_times_of_each_stay_are_told_apart(world: World) -> None:
    # pay: 0.25 d of it the customer's, then 2 d and 1 d with the city; form: the city has no part.
    frames = world("form.0 pay.0.5 pay.0.75 handling.2.75 granted.3\n form.0 pay.1 granted.2")

    form, pay = time_apart(
        frames.journeys, frames.visits, service=frames.service, k=1, steps=["form", "pay"]
    ).steps

    assert (form.step, short(form.customer), form.city.n) == (
        "form",
        (2, 0.75 * DAY, 0.95 * DAY),
        0,
    )
    assert (pay.customer.n, pay.customer.p90_s) == (2, 0.225 * DAY)
    assert short(pay.city) == (2, 1.5 * DAY, 1.9 * DAY)


def test_the_times_of_a_step_are_those_of_its_visits_one_by_one(world: World) -> None:
    frames = world(
        "7 * form.0 form.0.2 pay.0.5 handling.2 handling.3 call.3.5 granted.5\n"
        "6 * form.0 refused.2\n 5 * handling.0 form.1 granted.1.01 form.2\n"
        "9 * form.0\n form.0 granted.1 call.2"
    )

    steps = time_apart(
        frames.journeys,
        frames.visits,
        service=frames.service,
        k=1,
        steps=["form", "pay", "handling", "call"],
    ).steps

    for step in steps:
        for whose, spent in (("customer", step.customer), ("city", step.city)):
            times = []
            for visit in frames.visits.iter_rows(named=True):
                acts = (step.step != "handling") == (whose == "customer")
                waits = visit["ball"] == whose
                if visit["step"] != step.step or not (acts or waits) or visit["dwell_s"] is None:
                    continue
                stay = visit["dwell_s"] - visit["wait_s"] if acts else 0
                times.append(stay + (visit["wait_s"] if waits else 0))
            assert spent.n == len(times)
            if times:
                assert spent.median_s == pytest.approx(median(times))
