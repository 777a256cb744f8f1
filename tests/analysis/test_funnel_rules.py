"""How a funnel is asked for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.funnel import Funnel, funnel_steps, plan_funnel, trace_funnel
from analysis.funnel_rules import FunnelRules, within_window
from analysis.variants import walks
from journeys.errors import SettingsError, UnknownStepError
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]


def traced(frames: Frames, rules: FunnelRules, route: str | None = None) -> Funnel:
    return trace_funnel(
        frames.journeys,
        frames.visits,
        walks(frames.visits),
        plan=plan_funnel(frames.service, as_of=frames.as_of, route=route),
        service=frames.service,
        rules=rules,
    )


def reached(frames: Frames, rules: FunnelRules, route: str | None = None) -> dict[str, int]:
    rows = funnel_steps(traced(frames, rules, route), hidden=frozenset())
    return {row.step: row.reached for row in rows if isinstance(row.lost, int)}


def test_the_window_holds_a_visit_at_its_end(world: World) -> None:
    frames = world("3 * form.0 pay.1 handling.2\n 2 * form.0 pay.1.1 handling.1.2")

    assert reached(frames, FunnelRules(window=timedelta(days=1))) == {
        "form": 5,
        "pay": 3,
        "handling": 0,
    }
    assert reached(frames, FunnelRules(window=timedelta(days=2))) == {
        "form": 5,
        "pay": 5,
        "handling": 5,
    }


def test_help_and_the_optional_steps_between_break_no_strict_order(world: World) -> None:
    frames = world(
        "3 * form.0 files.0.1 pay.0.2 handling.1\n 2 * form.0 call.0.1 pay.0.2\n"
        "4 * form.0 search.0.1 pay.0.2"
    )

    assert reached(frames, FunnelRules("strict")) == {"form": 9, "pay": 5, "handling": 3}


def test_in_any_order(world: World) -> None:
    frames = world("3 * pay.0 form.0.1\n 2 * handling.0 form.0.1\n 4 * pay.0")

    assert reached(frames, FunnelRules("any")) == {"form": 5, "pay": 3, "handling": 0}


def test_a_step_that_removes_takes_the_journey_out(world: World) -> None:
    frames = world("3 * form.0 call.0.1 pay.0.2\n 2 * form.0 pay.0.1\n 4 * call.0 form.0.1")

    funnel = traced(frames, FunnelRules(exclude=(("call", "remove"),)))

    assert (funnel.progress.height, funnel.removed.height) == (6, 3)
    assert reached(frames, FunnelRules(exclude=(("call", "remove"),)))["pay"] == 2
    assert reached(frames, FunnelRules(exclude=(("call", "stop"),))) == {
        "form": 9,
        "pay": 2,
        "handling": 0,
    }


def test_what_a_route_requires_does_not_exclude_in_its_funnel(
    world: World, service_of: ServiceOf
) -> None:
    service = service_of(
        "form identify pay sign", routes={"paid": "form pay sign", "free": "form identify sign"}
    )
    frames = world("6 * form.0 pay.0.1 sign.0.2", service)
    rules = FunnelRules(exclude=(("pay", "stop"),))

    assert reached(frames, rules) == {"form": 6, "sign": 0}
    assert reached(frames, rules, "paid") == {"form": 6, "pay": 6, "sign": 6}


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        (FunnelRules(exclude=(("pya", "stop"),)), UnknownStepError, "pya"),
        (FunnelRules(exclude=(("pay", "stop"),)), SettingsError, "the funnel of service 'permit'"),
        (
            FunnelRules(exclude=(("call", "stop"), ("call", "remove"))),
            SettingsError,
            "step 'call' excludes twice",
        ),
        (FunnelRules(window=timedelta(0)), SettingsError, "is not positive"),
    ],
)
def test_rules_that_do_not_fit_are_refused(
    rules: FunnelRules, error: type[Exception], message: str, world: World
) -> None:
    with pytest.raises(error, match=message):
        rules.checked(world("6 * form.0").service, required=["form", "pay"])


@given(
    lines=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=6), max_size=5),
    window=st.integers(1, 12),
)
def test_the_window_of_each_visit(lines: list[list[int]], window: int, world: World) -> None:
    hours = [sorted(line) for line in lines]
    frames = world(
        "\n".join(
            " ".join(
                f"{'form' if place % 2 else 'pay'}.{hour / 4}" for place, hour in enumerate(line)
            )
            for line in hours
        )
    )

    found = within_window(frames.visits, timedelta(hours=6 * window)).sort("journey")

    visits = frames.visits.to_dicts()
    expected = []
    for journey in frames.journeys["journey"]:
        entered = [visit["entered_at"] for visit in visits if visit["journey"] == journey]
        limits = [at + timedelta(hours=6 * window) for at in entered]
        expected.append([sum(at <= limit for at in entered) for limit in limits])
    assert found["until"].to_list() == expected
