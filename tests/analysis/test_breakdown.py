"""Groups beside each other."""

from collections.abc import Callable

import pytest

from analysis.breakdown import CommonFunnel, Groups, break_down
from analysis.funnel import funnel_steps, hidden_steps, plan_funnel, trace_funnel
from analysis.journey_report import Group
from analysis.sections import Typical
from analysis.step_table import table_of_steps
from analysis.variants import walks
from journeys.errors import SettingsError
from projections.frames import Frames

World = Callable[..., Frames]


def groups_in(
    frames: Frames, attribute: str = "lang", *, day: int | None = 7, k: int = 5
) -> Groups:
    funnel = trace_funnel(
        frames.journeys,
        frames.visits,
        walks(frames.visits),
        plan=plan_funnel(frames.service, as_of=frames.as_of),
        service=frames.service,
    )
    return break_down(
        frames,
        attribute=attribute,
        steps=table_of_steps(frames, k=k),
        common=CommonFunnel(funnel, funnel_steps(funnel, hidden=hidden_steps(funnel, k=k))),
        day=day,
        k=k,
    )


def by_value(groups: Groups) -> dict[str, Group]:
    return {group.value: group for group in groups.breakdown.groups}


def cells(groups: Groups) -> dict[str, dict[str, int]]:
    return {
        group.value: {step.step: step.entered for step in group.steps}
        for group in groups.breakdown.groups
    }


def test_every_figure_of_a_group(world: World) -> None:
    # Day 30: all starts are 30 days old, and a rate is read at day 7.
    frames = world(
        """
        12 * lang=fi form.0 pay.0.1 granted.1
         6 * lang=fi form.0
         2 * lang=fi form.0 pay.0.1
        10 * lang=sv form.0 refused.3
        """,
        at=30,
    )

    found = by_value(groups_in(frames, k=1))

    fi, sv = found["fi"], found["sv"]
    assert (fi.started, fi.completed, fi.lost, fi.open) == (20, 12, 6, 2)
    assert (fi.rate, fi.n, fi.day, fi.note) == (0.6, 20, 7, None)
    assert fi.low is not None
    assert fi.low < 0.6 < (fi.high or 0)
    assert (sv.started, sv.completed, sv.lost, sv.open, sv.rate) == (10, 10, 0, 0, 1.0)
    assert (fi.succeeded, fi.refused, fi.abandoned, sv.refused) == (12, 0, 6, 10)
    assert fi.time.total == Typical(n=12, median_s=86_400.0, p90_s=86_400.0)
    assert fi.time.customer == Typical(n=12, median_s=8_640.0, p90_s=8_640.0)
    assert fi.time.city == Typical(n=12, median_s=77_760.0, p90_s=77_760.0)
    assert [(row.step, row.reached) for row in fi.funnel] == [
        ("search", 0),
        ("form", 20),
        ("files", 0),
        ("pay", 14),
        ("handling", 0),
        ("call", 0),
    ]
    assert (fi.funnel[3].of_entry, fi.funnel[0].of_entry) == (0.7, None)
    assert (fi.funnel[3].low or 1) < 0.7 < (fi.funnel[3].high or 0)
    assert [(step.step, step.entered, step.dropped) for step in fi.steps] == [
        ("form", 20, 6),
        ("pay", 14, 0),
    ]
    assert fi.steps[0].drop_off_rate == pytest.approx(0.3)


def test_groups_have_the_largest_first_and_then_go_by_name(world: World) -> None:
    found = groups_in(world("6 * lang=sv form.0\n 6 * lang=fi form.0\n 9 * form.0"))

    assert [group.value for group in found.breakdown.groups] == ["(not stated)", "fi", "sv"]


def test_a_group_younger_than_the_common_day_has_no_rate(world: World) -> None:
    found = by_value(groups_in(world("20 * lang=fi form.0\n 20 * lang=sv form.9", at=10)))

    assert found["fi"].rate == 0.0
    assert (found["sv"].rate, found["sv"].note, found["sv"].started) == (None, "too young", 20)


def test_without_a_common_day_no_group_has_a_rate(world: World) -> None:
    found = by_value(groups_in(world("20 * lang=fi form.0"), day=None))

    assert found["fi"].rate is None


def test_a_group_of_few_takes_the_next_smallest(world: World) -> None:
    found = groups_in(world("50 * lang=fi form.0\n 20 * lang=sv form.0\n 2 * lang=en form.0"))

    assert [group.value for group in found.breakdown.groups] == ["fi"]
    assert +found.hidden == {"by": 2}


def test_a_step_of_few_in_a_group_takes_others_until_no_sum_tells_it(world: World) -> None:
    # pay in sv are 3: 53 - 50 - 0, so pay goes in fi too; and sv lost 17 at form and 3 at pay, so
    # form goes in both. Nothing is left to show.
    frames = world(
        """
        20 * lang=fi form.0
        50 * lang=fi form.0 pay.0.1
        17 * lang=sv form.0
         3 * lang=sv form.0 pay.0.1
        """
    )

    found = groups_in(frames)

    assert cells(found) == {"fi": {}, "sv": {}}
    assert +found.hidden == {"by_steps": 4, "by_funnel": 2}


def test_a_row_of_the_funnel_of_few_takes_that_of_the_next_smallest_group(world: World) -> None:
    # Of 61 at pay 3 are sv; en is the next smallest.
    found = groups_in(
        world(
            """
            50 * lang=fi form.0 pay.0.1
             9 * lang=sv form.0
             3 * lang=sv form.0 pay.0.1
             4 * lang=en form.0
             8 * lang=en form.0 pay.0.1
            """
        )
    )

    reached = {
        value: {row.step for row in group.funnel} for value, group in by_value(found).items()
    }
    assert {value for value, steps in reached.items() if "pay" in steps} == {"fi"}
    assert found.hidden["by_funnel"] == 2


def test_a_group_without_its_entry_has_no_shares(world: World) -> None:
    # 3 of sv came to the form, and with them the entry of fi is left out.
    found = by_value(
        groups_in(world("30 * lang=fi form.0\n 9 * lang=sv handling.0\n 3 * lang=sv form.0"))
    )

    assert all(row.of_entry is None for group in found.values() for row in group.funnel)


def test_the_times_of_few_completed_journeys_of_a_group_are_missing(world: World) -> None:
    found = groups_in(
        world("30 * lang=fi form.0 granted.1\n 9 * lang=sv form.0\n2 * lang=sv form.0 granted.1")
    )

    assert by_value(found)["sv"].time.total == Typical(n=2, median_s=None, p90_s=None)
    assert found.hidden["by_time"] == 1


def test_groups_that_no_sum_needs_keep_their_steps(world: World) -> None:
    # The cheapest square round (pay, sv) is over en: form and pay of the two.
    frames = world(
        """
        20 * lang=fi form.0
        50 * lang=fi form.0 pay.0.1
        17 * lang=sv form.0
         3 * lang=sv form.0 pay.0.1
         9 * lang=en form.0
         8 * lang=en form.0 pay.0.1
        """
    )

    assert cells(groups_in(frames)) == {"fi": {"form": 70, "pay": 50}, "sv": {}, "en": {}}


def test_a_step_left_out_of_the_report_is_left_out_of_every_group(world: World) -> None:
    # search was entered by 3, all Finnish; form hides it in the whole report.
    frames = world("3 * lang=fi search.0\n 20 * lang=fi form.0\n 20 * lang=sv form.0")

    found = groups_in(frames)

    assert cells(found) == {"fi": {}, "sv": {}}
    # Those rows are counted where the steps are.
    assert +found.hidden == {}


def test_an_attribute_that_there_is_not_cannot_group(world: World) -> None:
    with pytest.raises(SettingsError, match="attribute 'lnag' is not recorded"):
        groups_in(world("20 * lang=fi form.0"), attribute="lnag")


def test_no_journey_makes_no_group(world: World) -> None:
    assert groups_in(world("")).breakdown.groups == []
