"""The journey report put together."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec
import pytest

from analysis.funnel_rules import FunnelRules
from analysis.journey_report import JourneyCounts, UnmappedName, Window
from analysis.report import journey_report
from analysis.sections import FunnelOptions
from analysis.selection import Period
from journeys.errors import DisclosureError, SettingsError
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]
At = Callable[[float], datetime]

CITY = """
    40 * lang=fi form.0 pay.0.1 handling.1 granted.3
    20 * lang=fi form.0 files.0.5 pay.0.7 handling.2 refused.4
    12 * lang=sv form.0
    10 * lang=sv form.0 pay.0.1
     6 * lang=sv form.0 pay.0.1 granted.1 cancelled.2
     5 * lang=sv form.0 form.3
    10 * lang=sv week=1 form.0
"""


def test_counts_add_up_to_the_journeys_started(world: World) -> None:
    # Day 7.5: the journeys of the second week are half a day old; 10 wait for the city; 5 came
    # back to the form after a day of silence, and were silent for another.
    report = journey_report(world(CITY, at=7.5))

    assert report.journeys == JourneyCounts(
        started=103,
        succeeded=46,
        refused=20,
        cancelled=0,
        expired=0,
        abandoned=17,
        open=20,
        cancelled_afterwards=6,
        resurrected=0,
        broken_promise=10,
    )
    assert report.touchpoints == 40 * 4 + 20 * 5 + 12 + 20 + 24 + 10 + 10


def test_it_says_what_it_was_asked(world: World, at_day: At) -> None:
    report = journey_report(
        world(CITY, position=4711),
        window=Period(at_day(-1), at_day(7)),
        where={"lang": "fi"},
        k=6,
    )

    assert (report.service, report.position, report.k, report.public_log) == (
        "permit",
        4711,
        6,
        False,
    )
    assert report.where == {"lang": "fi"}
    assert report.as_of == "2027-02-09T09:00:00Z"
    assert report.window == Window(from_="2026-01-04T09:00:00Z", to="2026-01-12T09:00:00Z")
    assert report.journeys.started == 60
    assert report.by.attribute is None


def test_the_sections_tell_the_same_story(world: World) -> None:
    report = journey_report(world(CITY, at=7.5), by="lang")

    form = next(row for row in report.funnel if row.step == "form")
    assert form.reached == 103
    assert report.outside_funnel == 0
    assert [row.started for row in report.trend] == [93, 10]
    assert [(group.value, group.started) for group in report.by.groups] == [("fi", 60), ("sv", 43)]
    assert sum(row.count for row in report.starts) == 103
    assert sum(row.count for row in report.ends) == 103
    assert report.completion.n == 103
    assert report.time.total.n == 66
    assert report.hidden == {}


def test_groups_are_read_at_the_day_of_the_whole_report(world: World) -> None:
    report = journey_report(world(CITY, at=7.5), by="lang")

    assert {group.day for group in report.by.groups} == {report.completion.day}


def test_horizon_and_assumed_deadlines_are_those_of_the_version_at_the_as_of_time(
    world: World, service_of: ServiceOf
) -> None:
    old = service_of("form pay", horizon=7)
    new = service_of(
        "form pay sign", horizon=21, no_deadline=["pay", "sign"], valid_from=date(2026, 3, 1)
    )

    before = journey_report(world("5 * form.0", old, new, at=30))
    after = journey_report(world("5 * form.0", old, new, at=90))

    assert (before.horizon_days, before.assumed_deadlines) == (7, [])
    assert (after.horizon_days, after.assumed_deadlines) == (21, ["pay", "sign"])


def test_losses_without_a_customer_step_are_before_the_first(world: World) -> None:
    assert journey_report(world("6 * handling.0 expired.1")).before_first_step == 6


# --- nothing about too few ----------------------------------------------------------------------


def test_small_weeks_are_left_out_and_counted(world: World) -> None:
    report = journey_report(world("30 * form.0\n 20 * week=1 form.0\n 2 * week=2 form.0"))

    assert [row.started for row in report.trend] == [30]
    assert report.hidden["trend"] == 2


def test_a_week_begins_at_midnight_in_helsinki(world: World) -> None:
    # 22:30 in UTC on Sunday, half a day and an hour and a half after day 6, is Monday there.
    report = journey_report(world("6 * form.6.5\n 6 * form.6.5625"))

    assert [(row.week, row.started) for row in report.trend] == [("2026-W02", 6), ("2026-W03", 6)]


def test_small_steps_are_left_out_and_counted(world: World) -> None:
    report = journey_report(world("30 * form.0 pay.0.1\n 3 * form.0 files.0.1\n 40 * form.0"))

    assert [row.step for row in report.steps] == ["form"]
    assert report.hidden["steps"] == 2


def test_a_customer_step_is_left_out_beside_a_customer_step(world: World) -> None:
    # handling (9) is the next smallest of all, but nobody can drop off there: 3 less 0.
    report = journey_report(
        world("9 * form.0 pay.0.1 handling.1\n 21 * form.0 pay.0.1\n 3 * form.0 files.0.1")
    )

    assert [row.step for row in report.steps] == ["form", "handling"]


def test_who_began_later_on_is_not_counted_where_that_would_tell_who_did_not(
    world: World,
) -> None:
    # 43 less 40 would be the 3 that reached the first step.
    report = journey_report(world("3 * form.0\n 40 * handling.0"))

    assert report.outside_funnel is None
    assert "form" not in [row.step for row in report.funnel]


def test_a_service_that_requires_nothing_has_everybody_outside_the_funnel(
    world: World, service_of: ServiceOf
) -> None:
    assert journey_report(world("6 * a.0", service_of("a? b?"))).outside_funnel == 6


def test_names_without_a_meaning_are_listed_from_k_people_on(world: World) -> None:
    report = journey_report(
        world("9 * form.0 brochure.0.1 brochure.0.2\n 6 * form.0 poster.0.1\n 2 * form.0 flyer.0.1")
    )

    # 26 touchpoints less 18 are those of the 8 people of the two others.
    assert report.unmapped == 26
    assert report.unmapped_names == [UnmappedName(name="brochure", touchpoints=18)]
    assert report.hidden["unmapped_names"] == 2


def test_touchpoints_of_no_journey_are_counted(world: World) -> None:
    report = journey_report(world("6 * form.0\n 7 * case=- call.0"))

    assert (report.unlinked, report.unmapped, report.touchpoints) == (7, 0, 6)


def test_times_of_too_few_completed_journeys_are_said_to_be_missing(world: World) -> None:
    report = journey_report(world("30 * form.0\n 3 * form.0 granted.1"))

    assert (report.time.total.n, report.time.total.median_s) == (3, None)
    assert report.hidden["time"] == 1


def test_k_below_five_is_for_public_logs_alone(world: World) -> None:
    frames = world("3 * form.0")

    public = journey_report(frames, k=1, public_log=True)

    assert (public.journeys.started, public.k, public.public_log) == (3, 1, True)
    with pytest.raises(DisclosureError, match="k = 1 would show rows of fewer than 5 people"):
        journey_report(frames, k=1)


def test_a_report_on_too_few_people_is_not_answered(world: World) -> None:
    with pytest.raises(DisclosureError, match="the report on service 'permit' is not answered"):
        journey_report(world("3 * form.0"))


def test_an_unknown_attribute_cannot_be_asked_for(world: World) -> None:
    with pytest.raises(SettingsError, match="did you mean 'lang'"):
        journey_report(world(CITY), by="language")


# --- how a funnel is asked for ------------------------------------------------------------------


def test_it_says_how_the_funnel_was_asked_for(world: World) -> None:
    plain = journey_report(world(CITY)).funnel_options
    rules = FunnelRules("any", timedelta(hours=12), (("search", "stop"), ("call", "remove")))
    asked = journey_report(world(CITY), funnel_rules=rules).funnel_options

    assert plain == FunnelOptions(
        order="ordered", window_s=None, complete_p95_s=None, stop=[], remove=[], removed=0
    )
    # From form to handling: 40 in a day, 20 in two.
    assert asked == FunnelOptions(
        order="any",
        window_s=12 * 3600.0,
        complete_p95_s=2 * 86_400.0,
        stop=["search"],
        remove=["call"],
        removed=0,
    )


def test_without_enough_complete_passes_it_is_not_said_how_long_they_take(world: World) -> None:
    rules = FunnelRules(window=timedelta(hours=12))
    nine = "30 * form.0\n 9 * form.0 pay.0.1 handling.1"
    one = "30 * form.0\n 12 * person=P form.0 pay.0.1 handling.1"

    for text in (nine, one):
        assert journey_report(world(text), funnel_rules=rules).funnel_options.complete_p95_s is None


def test_a_step_takes_journeys_out_of_the_funnel_and_of_nothing_else(world: World) -> None:
    rules = FunnelRules(exclude=(("files", "remove"),))

    report = journey_report(world(CITY), funnel_rules=rules)

    assert {row.step: row.reached for row in report.funnel}["form"] == 83
    assert (report.funnel_options.removed, report.outside_funnel) == (20, 0)
    assert report.journeys.started == 103


@pytest.mark.parametrize(
    "text", ["30 * form.0\n 3 * form.0 files.0.1", "3 * form.0\n 30 * form.0 files.0.1"]
)
def test_neither_few_can_be_taken_out_nor_few_stay(text: str, world: World) -> None:
    rules = FunnelRules(exclude=(("files", "remove"),))

    with pytest.raises(DisclosureError, match="or those that stay, belong to fewer than 5 people"):
        journey_report(world(text), funnel_rules=rules)


# --- nobody -------------------------------------------------------------------------------------


def test_no_journey_gives_zeros_and_nulls(world: World, at_day: At) -> None:
    for report in (
        journey_report(world(""), by="lang"),
        journey_report(world(CITY), window=Period(at_day(100), at_day(90)), by="lang"),
    ):
        assert report.journeys == JourneyCounts(
            **dict.fromkeys(msgspec.structs.asdict(report.journeys), 0)
        )
        assert (report.completion.rate, report.completion.n) == (None, 0)
        assert (report.steps, report.trend, report.variants, report.routes) == ([], [], [], [])
        assert report.hidden == {}
        assert {row.reached for row in report.funnel} == {0}


def test_it_is_written_as_json_and_read_back(world: World) -> None:
    report = journey_report(world(CITY), by="lang")

    written = msgspec.json.encode(report)

    assert msgspec.json.decode(written, type=type(report)) == report
    assert b'"from":null' in written
