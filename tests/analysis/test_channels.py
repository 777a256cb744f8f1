"""Where journeys begin, and how they change channels."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.channels import channels_of
from analysis.sections import ChannelMove, Channels, ChannelVisits
from projections.frames import Frames

World = Callable[..., Frames]


def channels_in(frames: Frames, k: int = 5, day: int | None = 7) -> Channels:
    return channels_of(frames, day=day, k=k).channels


def test_journeys_by_the_channel_they_began_in(world: World) -> None:
    frames = world(
        """
        12 * form.0 pay.0.1@phone granted.1
         8 * form.0
        10 * form.0@phone refused.3
        """,
        at=30,
    )

    web, phone = channels_in(frames).starts

    assert (web.channel, web.started, web.completed, web.lost, web.open) == ("web", 20, 12, 8, 0)
    assert (web.rate, web.n, web.day, web.note) == (0.6, 20, 7, None)
    assert web.low is not None
    assert (phone.channel, phone.started, phone.completed, phone.rate) == ("phone", 10, 10, 1.0)


def test_visits_and_moves(world: World) -> None:
    frames = world(
        """
        6 * form.0 pay.0.1@phone handling.1@office granted.2
        5 * form.0@phone pay.0.1@phone
        5 * form.0 call.0.1@phone pay.0.2
        """
    )

    found = channels_in(frames)

    assert found.visits == [
        ChannelVisits(channel="phone", visits=21, share=pytest.approx(21 / 43)),
        ChannelVisits(channel="web", visits=16, share=pytest.approx(16 / 43)),
        ChannelVisits(channel="office", visits=6, share=pytest.approx(6 / 43)),
    ]
    assert found.moves == [
        ChannelMove(from_="web", to="phone", count=11),
        ChannelMove(from_="phone", to="office", count=6),
        ChannelMove(from_="phone", to="web", count=5),
    ]
    assert found.moves_total == 22


def test_an_unknown_channel_is_said_and_nobody_moves_there(world: World) -> None:
    found = channels_in(world("6 * form.0@ pay.0.1@phone"))

    assert [row.channel for row in found.starts] == ["(not stated)"]
    assert [row.channel for row in found.visits] == ["(not stated)", "phone"]
    assert (found.moves, found.moves_total) == ([], 0)


def test_rows_of_few_take_the_next_smallest(world: World) -> None:
    frames = world(
        "30 * form.0\n 9 * form.0@phone\n 2 * form.0@chat\n"
        "7 * form.0 pay.0.1@phone\n 3 * form.0 pay.0.1@office\n 8 * form.0@phone pay.0.1"
    )

    section = channels_of(frames, day=7, k=5)

    found = section.channels
    # 2 by chat hide the 17 by phone, and the 3 at the office, of two visits each, are with them.
    assert [(row.channel, row.started) for row in found.starts] == [("web", 40)]
    assert [(row.channel, row.visits) for row in found.visits] == [("web", 48), ("phone", 24)]
    assert found.moves == [ChannelMove(from_="phone", to="web", count=8)]
    assert (found.moves_total, section.hidden) == (18, 6)


def test_the_number_of_all_moves_is_not_told_of_few(world: World) -> None:
    found = channels_in(world("30 * form.0\n 3 * form.0 pay.0.1@phone"))

    assert (found.moves, found.moves_total) == ([], None)


def test_few_visits_have_no_shares_and_no_journey_no_rows(world: World) -> None:
    assert channels_in(world("9 * form.0")).visits[0].share is None
    assert channels_in(world("")) == Channels(starts=[], visits=[], moves=[], moves_total=0)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    walks=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["form", "pay", "handling", "call"]),
                st.sampled_from(["web", "phone", "office", ""]),
            ),
            min_size=1,
            max_size=5,
        ),
        max_size=8,
    )
)
def test_all_at_once_is_one_after_the_other(
    walks: list[list[tuple[str, str]]], world: World
) -> None:
    lines = [
        " ".join(f"{name}.{place}@{there}" for place, (name, there) in enumerate(walk))
        for walk in walks
    ]
    frames = world("\n".join(lines))

    found = channels_of(frames, day=7, k=1)

    by_journey: dict[int, list[str]] = {}
    for visit in frames.visits.iter_rows(named=True):
        by_journey.setdefault(visit["journey"], []).append(visit["channel"])
    visits = Counter(there or "(not stated)" for walk in by_journey.values() for there in walk)
    moves = Counter(
        (before, after)
        for walk in by_journey.values()
        for before, after in pairwise(walk)
        if before and after and before != after
    )
    starts = Counter(there or "(not stated)" for there in frames.journeys["channel"])
    shown = found.channels
    assert {row.channel: row.visits for row in shown.visits} == visits
    assert {(row.from_, row.to): row.count for row in shown.moves} == moves
    assert shown.moves_total == moves.total()
    assert {row.channel: row.started for row in shown.starts} == starts
    assert all(row.started == row.completed + row.lost + row.open for row in shown.starts)
    assert found.hidden == 0
