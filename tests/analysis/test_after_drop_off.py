"""What people did after they dropped off."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.after_drop_off import CLASSES, WITHIN_DAYS, after_drop_off, classified
from analysis.sections import NextEvent
from analysis.selection import Period, select
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]

ELSEWHERE, SWITCHED, RETURNED = "completed_in_another_channel", "switched_channel", "returned_later"
WENT, NOTHING = "went_elsewhere", "no_further_action"


def fates(frames: Frames) -> list[tuple[str, str, str | None]]:
    found = classified(frames, everybody=frames).sort("journey")
    return found.select("step", "class", "event").rows()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("form.0", (NOTHING, None)),
        ("form.0 files.0.1", (NOTHING, None)),
        # What the city does is not what people do.
        ("form.0 expired.1 handling.2", (NOTHING, None)),
        # A call before the journey ends, in another channel or in the same.
        ("form.0 call.0.5@phone", (SWITCHED, None)),
        ("form.0 call.0.5", (WENT, "call")),
        ("form.0 brochure.0.5", (WENT, "brochure")),
        ("form.0 brochure.0.5 call.0.6", (WENT, "brochure")),
        # An unknown channel is no other one.
        ("form.0 call.0.5@", (WENT, "call")),
        # Came back to this journey after it had ended, but did not open it again for good.
        ("form.0 expired.1 files.3", (RETURNED, None)),
        ("form.0 expired.1 files.3@office", (SWITCHED, None)),
        ("form.0 expired.1 form.5", (RETURNED, None)),
        # Watched for 30 days from the last touchpoint at the step.
        ("form.0 form.0.5 expired.1 files.30.5", (RETURNED, None)),
        ("form.0 form.0.5 expired.1 files.30.6", (NOTHING, None)),
        # Contacts before do not count.
        ("call.0@phone form.0.1", (NOTHING, None)),
        ("brochure.0 form.0.1", (NOTHING, None)),
    ],
)
def test_what_one_journey_shows(text: str, expected: tuple[str, str | None], world: World) -> None:
    ((_, fate, event),) = fates(world(text))

    assert (fate, event) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ("form.9", RETURNED),
        ("form.9 pay.9 granted.10", RETURNED),
        ("form.9@phone", SWITCHED),
        ("form.9@phone cancelled.10", SWITCHED),
        ("form.9@phone pay.9.1@phone granted.10", ELSEWHERE),
        ("form.9@office refused.10", ELSEWHERE),
        ("form.31 granted.32", NOTHING),
    ],
)
def test_a_later_journey_of_the_same_person(later: str, expected: str, world: World) -> None:
    frames = world(f"person=P form.0\n person=P {later}\n person=Q form.9@phone granted.10")

    assert fates(frames)[0][:2] == ("form", expected)


def test_the_first_class_that_fits_counts(world: World) -> None:
    frames = world(
        "person=P form.0 brochure.0.1 call.0.2@phone\n person=P form.5\n"
        "person=P form.9@office granted.9.5"
    )

    assert [fate for _, fate, _ in fates(frames)] == [ELSEWHERE, ELSEWHERE]


def test_nothing_after_the_as_of_time_is_known(world: World) -> None:
    text = "person=P form.0\n person=P form.9@phone granted.10"

    assert fates(world(text, at=5))[0][1] == NOTHING
    assert fates(world(text, at=9.5))[0][1] == SWITCHED
    assert fates(world(text, at=11))[0][1] == ELSEWHERE


def test_who_returns_may_do_so_outside_the_selection(
    world: World, at_day: Callable[[float], Any]
) -> None:
    frames = world("\n".join(f"person=P{i} form.0\n person=P{i} form.9" for i in range(6)))
    first = select(frames, period=Period(at_day(0), at_day(1)), k=5)

    found = after_drop_off(first, everybody=frames, k=5)

    assert found.steps["form"].returned_later == 6


def test_contacts_that_no_journey_holds_are_elsewhere(world: World) -> None:
    # The call comes more than 14 days after the end of the journey.
    frames = world("person=P case=- form.0\n person=P case=- call.20@phone")

    assert fates(frames) == [("form", WENT, "call")]


def test_a_shared_login_returns_to_nothing(world: World) -> None:
    found = fates(world("201 * person=P form.0\n 2 * person=P form.5"))

    assert {fate for _, fate, _ in found} == {NOTHING}


def test_only_who_dropped_off_at_a_step_counts(world: World) -> None:
    frames = world("handling.0 expired.9\n form.0 granted.1\n form.399.9\n form.0 pay.0.1")

    assert fates(frames) == []
    assert after_drop_off(frames, everybody=frames, k=1).steps == {}


# --- nothing about too few ----------------------------------------------------------------------


def test_all_classes_of_enough_who_dropped_off_are_told(world: World) -> None:
    frames = world("3 * form.0\n 2 * form.0 brochure.0.5\n 1 * form.0 call.0.5@phone")

    found = after_drop_off(frames, everybody=frames, k=5)

    form = found.steps["form"]
    assert (form.no_further_action, form.went_elsewhere, form.switched_channel) == (3, 2, 1)
    assert (form.returned_later, form.elsewhere, form.within_days) == (0, [], WITHIN_DAYS)
    assert found.hidden == {"next_events": 1}


def test_of_few_who_dropped_off_nothing_is_told(world: World) -> None:
    frames = world("3 * form.0")

    found = after_drop_off(frames, everybody=frames, k=5)

    assert {getattr(found.steps["form"], name) for name in CLASSES} == {None}
    assert found.hidden == {"next": len(CLASSES)}


def test_names_of_few_are_left_out(world: World) -> None:
    frames = world(
        "9 * form.0 brochure.0.5\n 6 * form.0 call.0.5\n 8 * form.0 poster.0.5\n"
        "2 * form.0 flyer.0.5"
    )

    found = after_drop_off(frames, everybody=frames, k=5)

    assert found.steps["form"].went_elsewhere == 25
    assert found.steps["form"].elsewhere == [
        NextEvent(name="brochure", count=9),
        NextEvent(name="poster", count=8),
    ]
    assert found.hidden == {"next_events": 2}


# --- the same, one journey after the other ------------------------------------------------------


@st.composite
def lives(draw: st.DrawFn) -> str:
    """Journeys of a few people, in any order."""
    words = ["form", "pay", "files", "call", "brochure", "handling", "expired", "granted"]
    lines = []
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.sampled_from([0.0, 1.0, 10.0, 25.0]))
        names = draw(st.lists(st.sampled_from(words), min_size=1, max_size=4))
        touchpoints = []
        for name in names:
            touchpoints.append(f"{name}.{at:.1f}@{draw(st.sampled_from(['web', 'phone']))}")
            at += draw(st.sampled_from([0.1, 0.6, 3.0, 30.0]))
        case = draw(st.sampled_from(["", "", "case=- "]))
        lines.append(f"person={draw(st.sampled_from('PQ'))} {case}{' '.join(touchpoints)}")
    return "\n".join(lines)


Row = dict[str, Any]


def acts(mine: Row, drop: Row, frames: Frames) -> Iterator[tuple[datetime, str, str]]:
    """Yield what a journey that dropped off, or its person, did at any time: when, class, name."""
    for other in frames.journeys.to_dicts():
        if other["journey"] != mine["journey"] and other["people"] == mine["people"]:
            moved = other["channel"] != drop["channel"]
            done = other["outcome"] in {"succeeded", "refused"}
            fate = (ELSEWHERE if done else SWITCHED) if moved else RETURNED
            yield other["started_at"], fate, ""
    for visit in frames.visits.to_dicts():
        later = visit["journey"] == mine["journey"] and visit["visit"] > drop["visit"]
        if later and visit["step"] != "handling":
            moved = visit["channel"] != drop["channel"]
            here = WENT if visit["step"] == "call" else RETURNED
            yield visit["entered_at"], SWITCHED if moved else here, visit["step"]
    for stray in frames.strays.to_dicts():
        whose = "people" if stray["unlinked"] else "journey_id"
        if stray[whose] == mine[whose]:
            yield stray["occurred_at"], WENT, stray["name"]


def literal(frames: Frames) -> list[tuple[str, str, str | None]]:
    """Follow each journey by hand."""
    found = []
    for mine in frames.journeys.to_dicts():
        step = mine["last_customer_step"]
        if mine["outcome"] not in {"cancelled", "expired", "abandoned"} or step is None:
            continue
        drop = [
            visit
            for visit in frames.visits.to_dicts()
            if (visit["journey"], visit["step"]) == (mine["journey"], step)
            and visit["entered_at"] <= mine["ended_at"]
        ][-1]
        left, until = drop["left_at"], drop["left_at"] + timedelta(days=30)
        seen = sorted(act for act in acts(mine, drop, frames) if left < act[0] <= until)
        fate = min((fate for _, fate, _ in seen), key=CLASSES.index, default=NOTHING)
        found.append((step, fate, seen[0][2] if fate == WENT else None))
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(text=lives(), at=st.sampled_from([5.0, 40.0, 400.0]))
def test_all_at_once_is_one_after_the_other(text: str, at: float, world: World) -> None:
    frames = world(text, at=at)

    expected = literal(frames)

    assert fates(frames) == expected
    found = after_drop_off(frames, everybody=frames, k=1)
    assert found.hidden == {}
    counts = Counter((step, fate) for step, fate, _ in expected)
    for step, following in found.steps.items():
        for name in CLASSES:
            assert getattr(following, name) == counts[step, name]
