"""What may leave the house: courses that k people share, at times that are nobody's own."""

from collections import Counter
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.choice import Choice
from analysis.export import Export, ExportedJourneys, _groups, export_journeys
from analysis.listing import list_journeys
from analysis.selection import Period
from journeys.errors import DisclosureError
from tests.analysis.cities import HEAVY, ROUTES, STEPS, K, cities, with_enough_people
from tests.analysis.conftest import ServiceOf, World, day


def courses(found: Export) -> list[tuple[str, int]]:
    """The courses in order, with how many journeys walk them."""
    return [(course(group), group.journeys) for group in found.groups]


def course(group: ExportedJourneys) -> str:
    return " ".join(event.step or group.outcome.upper() for event in group.events)


def days(group: ExportedJourneys) -> list[float]:
    """When the events happened, in days since the first day."""
    return [round((event.at - day(0)) / timedelta(days=1), 6) for event in group.events]


def test_course_that_too_few_people_share_is_left_out_and_counted(world: World) -> None:
    frames = world("6 * form.0 pay.0.1 granted.1\n4 * form.0 pay.0.1 refused.1\n7 * search.0")

    found = export_journeys(frames, Choice())

    assert sorted(courses(found)) == [("form pay SUCCEEDED", 6), ("search", 7)]
    assert (found.total, found.left_out) == (17, 4)


def test_people_share_a_course_not_journeys(world: World) -> None:
    frames = world("1 * person=same form.0 granted.1\n" * 6 + "5 * search.0")

    found = export_journeys(frames, Choice())

    assert courses(found) == [("search", 5)]
    assert found.left_out == 6


def test_outcome_stands_where_it_came_among_the_visits(world: World) -> None:
    frames = world("5 * form.0 pay.0 granted.0 call.3\n5 * week=1 form.0", at=7.5)

    found = export_journeys(frames, Choice())

    assert courses(found) == [("form pay SUCCEEDED call", 5), ("form", 5)]
    assert [group.outcome for group in found.groups] == ["succeeded", "open"]


def test_events_of_one_moment_are_parted(world: World) -> None:
    (group,) = export_journeys(world("5 * form.0 pay.0 granted.0"), Choice()).groups

    first, second, third = (event.at for event in group.events)
    assert first == day(0)
    assert second - first == third - second == timedelta(milliseconds=1)


def test_times_are_the_means_of_a_group(world: World) -> None:
    # Those of one start belong together: (3 * 1 + 2 * 2) / 5 days; a week later 4 days.
    frames = world("3 * form.0 granted.1\n2 * form.0 granted.2\n5 * week=1 form.0 granted.4")

    found = export_journeys(frames, Choice())

    assert [(days(group), group.journeys) for group in found.groups] == [
        ([0.0, 1.4], 5),
        ([7.0, 11.0], 5),
    ]


def test_few_who_are_left_belong_to_the_group_before(world: World) -> None:
    frames = world("5 * form.0 granted.1\n2 * week=7 form.0 granted.1")

    (group,) = export_journeys(frames, Choice()).groups

    assert (days(group), group.journeys) == ([14.0, 15.0], 7)


def test_group_is_of_people_not_of_journeys(world: World) -> None:
    frames = world(
        "4 * form.0 granted.1\n"
        + "1 * person=same week=1 form.0 granted.1\n" * 6
        + "5 * week=2 form.0 granted.1"
    )

    found = export_journeys(frames, Choice())

    # The sixth of one person would not make a group of five; the fifth person does.
    assert [group.journeys for group in found.groups] == [5, 10]


def test_condition_does_not_part_a_group(world: World) -> None:
    # Six begin every week, three in each language: alone no group tells of five of one language.
    lines = [
        f"3 * week={week} lang={lang} form.0 granted.{week + 1}"
        for week in range(4)
        for lang in ("fi", "sv")
    ]
    frames = world("\n".join(lines))

    everyone = export_journeys(frames, Choice())
    finnish = export_journeys(frames, Choice(where={"lang": "fi"}))

    assert [group.journeys for group in everyone.groups] == [5, 5, 5, 9]
    assert [group.journeys for group in finnish.groups] == [12]
    # The one group of the Finnish has the times of all.
    assert days(finnish.groups[0]) == [10.5, 13.0]


@given(
    people=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60),
    k=st.integers(1, 6),
)
def test_groups_tell_of_nobody(people: list[tuple[int, bool]], k: int) -> None:
    rows = [(place, *row) for place, row in enumerate(people)]
    schema = ["journey", "people", "is_chosen"]
    table = pl.DataFrame(rows, schema=schema, orient="row")

    groups = _groups(table, k=k)
    undivided = _groups(table.with_columns(is_chosen=pl.lit(value=True)), k=k)

    assert [journey for group in groups for journey in group.journeys] == list(range(len(people)))
    for group in groups if len(groups) > 1 else []:
        assert not group.inside or len(group.inside) >= k
        assert not group.outside or len(group.outside) >= k
    # They are made of whole groups of those that have no condition.
    begins = {group.journeys[0] for group in undivided}
    assert {group.journeys[0] for group in groups} <= begins


def test_public_log_goes_out_as_it_is(world: World) -> None:
    frames = world("form.0 granted.1.5\nsearch.0 form.0.25")

    found = export_journeys(frames, Choice(), k=1, public_log=True)

    assert [(course(group), days(group)) for group in found.groups] == [
        ("search form", [0.0, 0.25]),
        ("form SUCCEEDED", [0.0, 1.5]),
    ]
    assert found.left_out == 0


def test_what_is_asked_for_goes_out_and_nothing_else(world: World) -> None:
    frames = world(
        "6 * form.0 granted.1\n7 * week=1 form.0 refused.1\n8 * week=2 search.0 form.0.1"
    )

    refused = export_journeys(frames, Choice(outcome="refused"))
    late = export_journeys(frames, Choice(window=Period(day(10), None)))
    lost = export_journeys(frames, Choice(dropped_at="form"))
    path = export_journeys(frames, Choice(variant=("form",)))

    assert courses(refused) == [("form REFUSED", 7)]
    assert courses(late) == courses(lost) == [("search form", 8)]
    assert courses(path) == [("form SUCCEEDED", 6), ("form REFUSED", 7)]


def test_nothing_goes_out_of_too_few(world: World) -> None:
    with pytest.raises(DisclosureError):
        export_journeys(world("3 * form.0"), Choice())
    with pytest.raises(DisclosureError):
        export_journeys(world("9 * form.0"), Choice(), k=2)
    nothing = export_journeys(world("9 * form.0"), Choice(outcome="refused"))
    assert (nothing.total, nothing.left_out, nothing.groups) == (0, 0, ())


@HEAVY
@given(
    text=cities().map(with_enough_people),
    where=st.sampled_from([{}, {"lang": "fi"}, {"channel": "phone"}]),
    weeks=st.sampled_from([(None, None), (1, None)]),
)
def test_what_goes_out_and_what_does_not_is_what_is_listed(
    text: str,
    where: dict[str, str],
    weeks: tuple[int | None, int | None],
    world: World,
    service_of: ServiceOf,
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)
    period = Period(*(None if week is None else day(7 * week) for week in weeks))
    try:
        found = export_journeys(frames, Choice(period, where), k=K)
    except DisclosureError:
        return
    listed = list_journeys(frames, window=period, where=where, limit=10_000, k=K)

    exported = Counter[tuple[object, ...]]()
    for group in found.groups:
        steps = [event.step for event in group.events if event.step is not None]
        exported[group.outcome, *steps] += group.journeys
        times = [event.at for event in group.events]
        assert times == sorted(set(times))
    shown = Counter((row.outcome, *row.steps) for row in listed.journeys if row.steps is not None)
    assert found.total == listed.total
    assert found.left_out == listed.total - exported.total()
    assert exported <= shown
