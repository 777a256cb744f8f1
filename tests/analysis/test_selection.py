"""Which journeys a report is about, and which questions get no answer."""

from collections.abc import Callable
from datetime import datetime

import pytest

from analysis.selection import Period, first_values, select, with_people_numbered
from journeys.errors import DisclosureError, SettingsError
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]
At = Callable[[float], datetime]

CITY = """
    30 * lang=fi form.0 pay.0.1 granted.1
    20 * lang=sv channel=phone form.8 call.8.1
     6 * form.15
     8 * lang=fi channel=phone form.15
"""


def test_without_bounds_and_conditions_all_frames_are_kept(world: World) -> None:
    frames = world(CITY)

    assert select(frames, k=5) is frames


def test_a_period_takes_journeys_by_their_start(world: World, at_day: At) -> None:
    frames = world(CITY)

    early = select(frames, period=Period(end=at_day(8)), k=5)
    middle = select(frames, period=Period(at_day(8), at_day(15)), k=5)
    late = select(frames, period=Period(start=at_day(15)), k=5)

    # The start is included, the end is not.
    assert [part.journeys.height for part in (early, middle, late)] == [30, 20, 14]
    assert set(middle.visits["journey"]) == set(middle.journeys["journey"])
    assert middle.visits.height == 40


def test_a_condition_keeps_the_journeys_that_began_with_a_value(world: World) -> None:
    kept = select(world(CITY), where={"lang": "sv"}, k=5)

    assert kept.journeys.height == 20
    assert set(kept.journeys["channel"]) == {"phone"}


def test_all_conditions_have_to_hold(world: World) -> None:
    kept = select(world(CITY), where={"channel": "phone", "lang": "fi"}, k=5)

    assert kept.journeys.height == 8


def test_what_states_nothing_can_be_asked_for(world: World) -> None:
    assert select(world(CITY), where={"lang": "(not stated)"}, k=5).journeys.height == 6


def test_a_value_that_nobody_has_gives_an_empty_answer(world: World) -> None:
    kept = select(world(CITY), where={"lang": "en"}, k=5)

    assert kept.journeys.is_empty()
    assert kept.visits.is_empty()


def test_values_are_in_the_order_of_the_journeys(world: World) -> None:
    frames = world("lang=sv form.2\n lang=fi channel=office form.1\n form.0")

    values = {
        name: first_values(frames.journeys, name, service=frames.service).to_list()
        for name in ("lang", "channel", "device")
    }

    assert values == {
        "lang": [None, "fi", "sv"],
        "channel": ["web", "office", "web"],
        "device": [None, None, None],
    }


def test_an_empty_channel_is_not_stated(world: World) -> None:
    frames = world("5 * channel= form.0")

    assert set(first_values(frames.journeys, "channel", service=frames.service)) == {None}


def test_the_route_is_that_of_the_definition_else_what_was_stated(
    world: World, service_of: Callable[..., Service]
) -> None:
    # Both routes hold form, only paid holds pay; "express" is a route of no definition.
    service = service_of("form pay sign", routes={"paid": "form pay", "free": "form sign"})
    frames = world("form.0 pay.0\n route=express form.1\n form.2", service)

    routes = first_values(frames.journeys, "route", service=frames.service)

    assert routes.to_list() == ["paid", "express", None]


def test_an_attribute_of_the_definition_or_of_the_data_is_known(
    world: World, service_of: Callable[..., Service]
) -> None:
    frames = world("6 * age=18 form.0", service_of(attributes=["school"]))

    assert select(frames, where={"school": "A"}, k=5).journeys.is_empty()
    assert select(frames, where={"age": "18"}, k=5).journeys.height == 6


def test_an_unknown_attribute_is_said_with_the_nearest(world: World) -> None:
    frames = world(CITY)

    with pytest.raises(SettingsError, match=r"'devise' is not recorded.*did you mean 'device'\?"):
        select(frames, where={"devise": "mobile"}, k=5)
    with pytest.raises(SettingsError, match=r"Hint: Known attributes: channel, device, district"):
        select(frames, where={"zzz": "mobile"}, k=5)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4 * lang=sv form.0\n 50 * lang=fi form.0", id="too few asked for"),
        pytest.param("50 * lang=sv form.0\n 4 * lang=fi form.0", id="all but too few asked for"),
        pytest.param("20 * lang=sv person=P form.0\n 50 * lang=fi form.0", id="one person"),
    ],
)
def test_a_filter_that_singles_out_too_few_is_not_answered(world: World, text: str) -> None:
    with pytest.raises(DisclosureError, match="the filter lang=sv on service 'permit' is not"):
        select(world(text), where={"lang": "sv"}, k=5)


def test_what_would_tell_of_too_few_others_is_not_answered(world: World) -> None:
    # All less the 50 and the 20 would be the 3.
    frames = world("50 * lang=fi form.0\n 20 * lang=sv form.0\n 3 * lang=en form.0")

    assert select(frames, where={"lang": "fi"}, k=5).journeys.height == 50
    for language in ("sv", "en"):
        with pytest.raises(DisclosureError, match=f"the filter lang={language} "):
            select(frames, where={"lang": language}, k=5)


def test_no_condition_hides_behind_another(world: World) -> None:
    # Whoever has the one has the other: all less these are the 3.
    frames = world("50 * lang=sv channel=phone form.0\n 3 * lang=fi form.0")

    with pytest.raises(DisclosureError, match="the filter channel=phone "):
        select(frames, where={"lang": "sv", "channel": "phone"}, k=5)


def test_groups_of_two_attributes_are_told_together(world: World) -> None:
    # Of the 3 Swedish ones on the phone nothing is told, so nothing of one of their neighbours.
    frames = world(
        """
        50 * lang=fi form.0
        40 * lang=fi channel=phone form.0
        30 * lang=sv form.0
         3 * lang=sv channel=phone form.0
        """
    )

    for channel in ("web", "phone"):
        for language in ("fi", "sv"):
            with pytest.raises(DisclosureError):
                select(frames, where={"lang": language, "channel": channel}, k=5)


def test_each_condition_is_judged_among_those_who_meet_the_others(world: World) -> None:
    # Of the 14 who came by phone, 11 state a language and 3 do not; with the web there are enough.
    frames = world(
        """
        11 * lang=fi channel=phone form.0
         3 * channel=phone form.0
        30 * form.0
        """
    )

    assert select(frames, where={"lang": "fi"}, k=5).journeys.height == 11
    with pytest.raises(DisclosureError, match=r"the filter lang=fi .*\. Hint: leave this"):
        select(frames, where={"channel": "phone", "lang": "fi"}, k=5)


def test_a_message_does_not_say_how_few_they_are(world: World) -> None:
    with pytest.raises(DisclosureError) as refused:
        select(world("3 * lang=sv form.0\n 9 * form.0"), where={"lang": "sv"}, k=5)

    assert "3" not in str(refused.value)


def test_a_period_of_too_few_people_is_not_answered(world: World, at_day: At) -> None:
    frames = world("4 * form.0\n 50 * form.9")

    with pytest.raises(DisclosureError, match=r"fewer than 5 people\. Hint: take a longer period"):
        select(frames, period=Period(end=at_day(5)), k=5)
    assert select(frames, period=Period(end=at_day(5)), k=4).journeys.height == 4


def test_strays_of_no_journey_go_by_the_period_and_others_by_their_journey(
    world: World, at_day: At
) -> None:
    # "brochure" means nothing: in the journeys it is unmapped, and alone it is unlinked as well.
    frames = world(
        """
        5 * lang=fi form.0 brochure.9
        5 * lang=sv form.0 brochure.1
        6 * case=- brochure.2
        7 * case=- brochure.20
        """
    )

    early = select(frames, period=Period(end=at_day(10)), k=5).strays
    finnish = select(frames, where={"lang": "fi"}, k=5).strays

    assert (early["unlinked"].sum(), early["unmapped"].sum()) == (6, 16)
    # No filter can tell about the 13 of no journey.
    assert (finnish["unlinked"].sum(), finnish["unmapped"].sum()) == (13, 18)


def test_people_become_numbers_that_tell_them_apart(world: World) -> None:
    frames = world("3 * person=P form.0 granted.1\n 2 * form.0")

    numbered = with_people_numbered(frames)

    assert numbered.journeys["people"].n_unique() == frames.journeys["people"].n_unique() == 3
    assert numbered.journeys["people"].dtype.is_integer()
