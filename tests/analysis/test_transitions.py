"""Starts, transitions and ends of hand-sized worlds."""

from collections.abc import Callable

from analysis.journey_report import End, Start, Transition
from analysis.transitions import Flows, flows
from projections.frames import Frames

World = Callable[..., Frames]
DAY = 86_400.0


def flows_in(frames: Frames, k: int = 1) -> Flows:
    return flows(frames.journeys, frames.visits, k=k)


def test_every_figure_of_the_flows(world: World) -> None:
    # Day 20: the three at form were abandoned, the one at handling waits for the city.
    frames = world(
        """
        2 * form.0 form.0.5 pay.1 handling.2 granted.3
        1 * form.0 pay.0.25 handling.19
        3 * form.0
        1 * search.0 form.0.1 refused.1 call.2
        """,
        at=20,
    )

    found = flows_in(frames)

    assert found.starts == [Start(step="form", count=6), Start(step="search", count=1)]
    # From form's last touchpoint: twice half a day, once a quarter. From pay: 1, 1 and 18.75 days.
    assert found.transitions == [
        Transition(from_="form", to="pay", count=3, median_s=0.5 * DAY, p90_s=0.5 * DAY),
        Transition(from_="pay", to="handling", count=3, median_s=DAY, p90_s=15.2 * DAY),
        # The call after the end is there too.
        Transition(from_="form", to="call", count=1, median_s=1.9 * DAY, p90_s=1.9 * DAY),
        Transition(from_="search", to="form", count=1, median_s=0.1 * DAY, p90_s=0.1 * DAY),
    ]
    assert found.ends == [
        End(step="form", outcome="abandoned", count=3),
        End(step="handling", outcome="succeeded", count=2),
        End(step="call", outcome="refused", count=1),
        End(step="handling", outcome="open", count=1),
    ]
    assert not found.hidden


def test_a_journey_without_a_visit_neither_starts_nor_ends_at_a_step(world: World) -> None:
    found = flows_in(world("5 * granted.0"))

    assert (found.starts, found.transitions, found.ends) == ([], [], [])


def test_an_outcome_that_no_step_covers_parts_two_visits_of_one_step(world: World) -> None:
    found = flows_in(world("form.0 refused.1 form.1.5 granted.2"))

    assert [(row.from_, row.to) for row in found.transitions] == [("form", "form")]


def test_small_rows_are_left_out_and_counted_with_what_gives_them_away(world: World) -> None:
    # The 2 cancelled at form could be worked out from starts less form to pay.
    frames = world("20 * form.0 pay.0.1 granted.1\n 2 * form.0 cancelled.1")

    found = flows_in(frames, k=5)

    assert found.starts == [Start(step="form", count=22)]
    assert found.transitions == []
    assert found.ends == [End(step="pay", outcome="succeeded", count=20)]
    assert found.hidden == {"transitions": 1, "ends": 1}


def test_one_person_with_many_journeys_is_one_person(world: World) -> None:
    found = flows_in(world("30 * form.0\n 30 * person=P form.0 cancelled.1"), k=5)

    assert End(step="form", outcome="cancelled", count=30) not in found.ends
