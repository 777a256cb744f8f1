"""By which value of an attribute a journey is grouped."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.report import journey_report
from analysis.touch import values_at_touch
from journeys.errors import SettingsError, UnknownStepError
from projections.frames import Frames

World = Callable[..., Frames]

JOURNEYS = """
    lang=fi form.0 pay.0.1@phone handling.1@office
    lang=sv form.0@phone form.0.1@office pay.0.2@ form.0.3@chat
    granted.0@email
"""


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ("lang", ["(not stated)", "fi", "sv"]),
        ("lang@first", ["(not stated)", "fi", "sv"]),
        ("channel", ["email", "phone", "web"]),
        ("channel@first", ["email", "phone", "web"]),
        ("channel@last", ["(never there)", "chat", "office"]),
        # The first visit there.
        ("channel@form", ["(never there)", "phone", "web"]),
        ("channel@pay", ["(never there)", "(not stated)", "phone"]),
        ("channel@files", ["(never there)"] * 3),
    ],
)
def test_the_value_at_each_touch(asked: str, values: list[str], world: World) -> None:
    assert sorted(values_at_touch(world(JOURNEYS), asked)) == values


def test_what_is_known_at_first_touch_alone_is_said(world: World) -> None:
    with pytest.raises(SettingsError, match="'lang' is known at first touch alone"):
        values_at_touch(world(JOURNEYS), "lang@last")


def test_an_unknown_attribute_or_step_is_said(world: World) -> None:
    with pytest.raises(SettingsError, match="attribute 'lnag' is not recorded"):
        values_at_touch(world(JOURNEYS), "lnag@last")
    with pytest.raises(UnknownStepError, match="pya"):
        values_at_touch(world(JOURNEYS), "channel@pya")


def test_a_report_by_the_last_channel(world: World) -> None:
    by = journey_report(world("9 * form.0 pay.0.1@phone\n 7 * form.0@office"), by="channel@last").by

    assert by.attribute == "channel@last"
    assert [(group.value, group.started) for group in by.groups] == [("phone", 9), ("office", 7)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    walks=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["form", "pay", "granted"]), st.sampled_from(["web", "phone", ""])
            ),
            min_size=1,
            max_size=5,
        ),
        max_size=6,
    )
)
def test_the_same_one_journey_after_the_other(
    walks: list[list[tuple[str, str]]], world: World
) -> None:
    frames = world(
        "\n".join(
            " ".join(f"{name}.{place}@{there}" for place, (name, there) in enumerate(walk))
            for walk in walks
        )
    )

    at_last, at_pay = [], []
    visits = frames.visits.to_dicts()
    for journey in frames.journeys["journey"]:
        own = [visit for visit in visits if visit["journey"] == journey]
        paid = [visit for visit in own if visit["step"] == "pay"]
        at_last.append(own[-1]["channel"] or "(not stated)" if own else "(never there)")
        at_pay.append(paid[0]["channel"] or "(not stated)" if paid else "(never there)")
    assert values_at_touch(frames, "channel@last").to_list() == at_last
    assert values_at_touch(frames, "channel@pay").to_list() == at_pay
