"""All services in a line each."""

from collections.abc import Callable

import pytest

from analysis.journey_report import DropOff, Window
from analysis.overview import overview
from analysis.selection import Period
from journeys.errors import DisclosureError
from journeys.service import Service
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]


def test_every_figure_of_a_line(world: World) -> None:
    # Day 60: every start is older than the horizon of 7 days.
    frames = world(
        """
        12 * form.0 pay.0.1 granted.1
         6 * form.0
         2 * form.0 pay.0.1 cancelled.1
         5 * form.0 pay.0.1
        """,
        at=60,
    )

    found = overview([frames])

    (line,) = found.services
    assert (line.service, line.division) == ("permit", "KUVA")
    assert (line.started, line.completed, line.lost, line.open) == (25, 12, 8, 5)
    assert (line.rate, line.n, line.day, line.note) == (0.48, 25, 7, None)
    assert line.median_s == 86_400.0
    assert line.worst_step == "form"
    assert [(row.step, row.dropped, row.n) for row in found.drop_offs] == [
        ("form", 6, 25),
        ("pay", 2, 19),
    ]
    assert (found.position, found.k, found.window, found.hidden) == (1, 5, Window(None, None), {})


def test_the_city_ranks_steps_by_the_journeys_they_lose(
    world: World, service_of: ServiceOf
) -> None:
    permits = world("30 * form.0 pay.0.1 cancelled.1\n 9 * form.0", service_of("form pay"))
    loans = world(
        "20 * form.0\n 9 * form.0 pay.0.1 cancelled.1", service_of("form pay", key="loan")
    )

    found = overview([permits, loans])

    assert [line.service for line in found.services] == ["loan", "permit"]
    assert [(row.service, row.step, row.dropped) for row in found.drop_offs] == [
        ("permit", "pay", 30),
        ("loan", "form", 20),
        ("loan", "pay", 9),
        ("permit", "form", 9),
    ]
    assert isinstance(found.drop_offs[0], DropOff)


def test_lately_are_the_last_four_mature_weeks_and_before_the_four_before_them(
    world: World,
) -> None:
    # Day 70 less 7 days is in week 9: the newest mature week is week 8, so 5-8 and 1-4 are read.
    frames = world(
        """
        10 * week=0 form.0 granted.1
        10 * week=1 form.0 granted.1
        10 * week=4 form.0
        15 * week=5 form.0 granted.1
         5 * week=8 form.0
        10 * week=9 form.0 granted.1
        """,
        at=70,
    )

    (line,) = overview([frames]).services

    assert (line.earlier_rate, line.earlier_n) == (0.5, 20)
    assert (line.recent_rate, line.recent_n) == (0.75, 20)


def test_weeks_of_too_few_people_are_left_out(world: World) -> None:
    found = overview([world("40 * week=0 form.0\n 3 * week=5 form.0", at=70)])

    (line,) = found.services
    assert (line.recent_rate, line.recent_n) == (None, None)
    # Weeks that nobody began in are not too few.
    assert (line.earlier_rate, line.earlier_n) == (None, 0)
    assert found.hidden == {"weeks": 1}


def test_a_service_of_too_few_people_is_left_out(world: World, service_of: ServiceOf) -> None:
    found = overview([world("9 * form.0"), world("4 * form.0", service_of(key="loan"))])

    assert [line.service for line in found.services] == ["permit"]
    assert found.hidden == {"services": 1}


def test_small_steps_are_not_ranked(world: World) -> None:
    found = overview(
        [world("30 * form.0\n 3 * form.0 pay.0.1 cancelled.1\n 9 * form.0 files.0.1 cancelled.1")]
    )

    assert [row.step for row in found.drop_offs] == ["form"]
    assert found.hidden == {"drop_offs": 2}


def test_a_service_without_journeys_has_zeros(world: World) -> None:
    found = overview([world("")])

    (line,) = found.services
    assert (line.started, line.rate, line.worst_step, line.recent_n) == (0, None, None, 0)
    assert found.drop_offs == []


def test_the_window_is_of_journey_starts(world: World, at_day: Callable[..., object]) -> None:
    found = overview([world("9 * form.0\n 8 * form.20")], window=Period(at_day(10), None))

    assert found.services[0].started == 8
    assert found.window == Window(from_="2026-01-15T09:00:00Z", to=None)


def test_k_below_five_is_for_public_logs_alone(world: World) -> None:
    frames = world("2 * form.0")

    assert overview([frames], k=1, public_log=True).services[0].started == 2
    with pytest.raises(DisclosureError, match="k = 4"):
        overview([frames], k=4)
