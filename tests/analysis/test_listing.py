"""The journeys behind a number: listed, but nobody singled out."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.drop_off import LOST
from analysis.listing import JourneyList, list_journeys
from analysis.report import journey_report
from analysis.selection import Period, select
from journeys.errors import DisclosureError, SettingsError, UnknownStepError
from projections.frames import Frames
from tests.analysis.cities import HEAVY, ROUTES, STEPS, K, cities, with_enough_people
from tests.analysis.conftest import ServiceOf, World, day

# 12 granted and 6 abandoned at `form` share their paths; 2 granted after a call do not.
TWENTY = """
    12 * search.0 form.0.1 pay.0.2 handling.1 granted.2
    6 * week=1 search.0 form.0.1
    2 * week=1 search.0 call.0.05 form.0.1 pay.0.2 handling.1 granted.2
"""


@pytest.fixture
def twenty(world: World) -> Frames:
    return world(TWENTY)


def listed(frames: Frames, **options: object) -> JourneyList:
    return list_journeys(frames, **options)  # type: ignore[arg-type]


def test_every_journey_is_listed_the_latest_week_first(twenty: Frames) -> None:
    found = listed(twenty)

    assert (found.service, found.position, found.k) == ("permit", 1, 5)
    assert (found.total, len(found.journeys)) == (20, 20)
    assert [row.week for row in found.journeys] == ["2026-W03"] * 8 + ["2026-W02"] * 12


def test_rare_path_shows_outcome_and_week_alone(twenty: Frames) -> None:
    found = listed(twenty)

    rare = [row for row in found.journeys if row.steps is None]
    assert found.rare == len(rare) == 2
    for row in rare:
        assert (row.week, row.outcome) == ("2026-W03", "succeeded")
        assert (row.journey, row.started_at, row.ended_at) == (None, None, None)
    # Their place among those of their week tells nothing: they come after all others.
    assert [row.steps is None for row in found.journeys[:8]] == [False] * 6 + [True] * 2


def test_shared_path_is_shown_with_its_times(twenty: Frames) -> None:
    granted = listed(twenty).journeys[-1]

    assert granted.steps == ["search", "form", "pay", "handling"]
    assert granted.started_at == "2026-01-05T09:00:00Z"
    assert granted.ended_at == "2026-01-07T09:00:00Z"
    assert granted.journey
    assert granted.visits is not None
    assert [(visit.step, visit.entered_at, visit.ball) for visit in granted.visits] == [
        ("search", "2026-01-05T09:00:00Z", "customer"),
        ("form", "2026-01-05T11:24:00Z", "customer"),
        ("pay", "2026-01-05T13:48:00Z", "city"),
        ("handling", "2026-01-06T09:00:00Z", "city"),
    ]


def test_list_says_what_was_asked_for(twenty: Frames) -> None:
    found = listed(twenty, window=Period(day(-1), None), outcome="abandoned", dropped_at="form")

    assert found.window.from_ == "2026-01-04T09:00:00Z"
    assert (found.window.to, found.where, found.variant) == (None, {}, None)
    assert (found.outcome, found.dropped_at) == ("abandoned", "form")


def test_open_journey_has_no_end(world: World) -> None:
    found = listed(world("6 * search.0 form.0.1", at=0.5))

    assert {(row.outcome, row.ended_at) for row in found.journeys} == {("open", None)}


def test_list_is_that_of_an_outcome(twenty: Frames) -> None:
    found = listed(twenty, outcome="succeeded")

    assert (found.total, found.rare) == (14, 2)
    assert {row.outcome for row in found.journeys} == {"succeeded"}


def test_list_is_that_of_a_drop_off(twenty: Frames) -> None:
    found = listed(twenty, dropped_at="form")

    assert found.total == 6
    assert {(row.outcome, *(row.steps or ())) for row in found.journeys} == {
        ("abandoned", "search", "form")
    }
    assert listed(twenty, dropped_at="form", outcome="abandoned").total == 6
    assert listed(twenty, dropped_at="pay").total == 0


def test_limit_cuts_the_list_and_not_the_total(twenty: Frames) -> None:
    found = listed(twenty, limit=3)

    assert (found.total, found.rare, len(found.journeys)) == (20, 2, 3)


def test_window_and_conditions_select(world: World) -> None:
    frames = world("6 * lang=fi search.0\n7 * week=1 lang=sv search.0\n8 * week=1 lang=fi search.0")

    assert listed(frames, window=Period(day(5), None)).total == 15
    assert listed(frames, where={"lang": "sv"}).total == 7
    assert listed(frames, window=Period(day(90), None)).journeys == []


@pytest.mark.parametrize(
    "text",
    [
        "9 * search.0\n4 * search.0 form.0.1 pay.0.2 handling.1 granted.2",  # the list is small
        "4 * search.0\n9 * search.0 form.0.1 pay.0.2 handling.1 granted.2",  # what it leaves out
    ],
)
def test_list_that_tells_of_fewer_than_k_people_is_refused(world: World, text: str) -> None:
    with pytest.raises(DisclosureError, match="fewer than 5 people"):
        listed(world(text), outcome="succeeded")


def test_journeys_of_one_person_do_not_make_a_path_shared(world: World) -> None:
    frames = world(
        "6 * search.0\n" + "1 * person=same search.0 form.0.1\n" * 5 + "6 * form.0", at=0.3
    )

    found = listed(frames)

    assert sum(row.steps is None for row in found.journeys) == found.rare > 0
    assert all(row.steps != ["search", "form"] for row in found.journeys)


def test_journey_that_begins_with_its_outcome_has_an_empty_path(world: World) -> None:
    found = listed(world("6 * granted.0"))

    assert [(row.outcome, row.steps) for row in found.journeys] == [("succeeded", [])] * 6


def test_what_is_not_known_is_refused(twenty: Frames) -> None:
    with pytest.raises(SettingsError, match="one of succeeded, refused"):
        listed(twenty, outcome="lost")
    with pytest.raises(UnknownStepError, match="did you mean 'form'"):
        listed(twenty, dropped_at="from")


def test_k_below_5_is_for_public_logs(twenty: Frames) -> None:
    with pytest.raises(DisclosureError):
        listed(twenty, k=2)

    found = listed(twenty, k=2, public_log=True)
    assert (found.k, found.rare) == (2, 0)


# --- the paths of the report --------------------------------------------------------------------


def test_list_is_that_of_a_path_by_its_place_or_its_steps(twenty: Frames) -> None:
    by_place = listed(twenty, variant=1, k=1, public_log=True)
    by_steps = listed(twenty, variant=("search", "form", "pay", "handling"), k=1, public_log=True)

    assert by_place == by_steps
    assert (by_place.total, by_place.rare) == (12, 0)


@pytest.mark.parametrize("variant", [0, 3, ("search", "call", "form", "pay", "handling"), ("pay",)])
def test_a_path_that_the_report_does_not_show_is_not_listed(
    variant: int | tuple[str, ...], world: World
) -> None:
    frames = world(TWENTY.replace(" 2 *", " 3 *") + "9 * form.0\n9 * search.0")

    with pytest.raises(DisclosureError, match="the report shows"):
        listed(frames, variant=variant if variant != 3 else 30)


def test_a_path_of_unknown_steps_is_refused(twenty: Frames) -> None:
    with pytest.raises(UnknownStepError, match="did you mean 'form'"):
        listed(twenty, variant=("search", "from"))


def test_each_condition_is_judged_among_those_who_meet_the_others(world: World) -> None:
    frames = world("9 * form.0 granted.1\n 3 * form.0\n 20 * search.0 form.0.1")

    assert listed(frames, variant=("form",)).total == 12
    with pytest.raises(DisclosureError, match="what it leaves out"):
        listed(frames, variant=("form",), outcome="succeeded")


@HEAVY
@given(
    text=cities().map(with_enough_people),
    where=st.sampled_from([{}, {"lang": "fi"}, {"lang": "sv"}, {"channel": "phone"}]),
    weeks=st.sampled_from([(None, None), (0, 1), (1, None)]),
)
def test_the_list_behind_a_number_has_as_many(
    text: str,
    where: dict[str, str],
    weeks: tuple[int | None, int | None],
    world: World,
    service_of: ServiceOf,
) -> None:
    frames = world(text, service_of(STEPS, routes=ROUTES), at=60.0)
    period = Period(*(None if week is None else day(7 * week) for week in weeks))
    try:
        report = journey_report(frames, window=period, where=where, k=K)
    except DisclosureError:
        return

    def total(**options: object) -> int | None:
        try:
            return listed(frames, window=period, where=where, k=K, **options).total
        except DisclosureError:
            return None

    journeys = select(frames, period=period, where=where, k=K).journeys

    def is_told(wanted: pl.Expr) -> bool:
        parts = (journeys.filter(wanted), journeys.filter(~wanted))
        return not any(0 < part["people"].n_unique() < K for part in parts)

    for place, row in enumerate(report.variants[:10], start=1):
        assert total(variant=place) == total(variant=row.steps) == row.count
    last, stands = pl.col("last_customer_step").cast(pl.String), pl.col("outcome").cast(pl.String)
    numbers = [
        *(
            (total(dropped_at=row.step), row.dropped, stands.is_in(LOST) & (last == row.step))
            for row in report.steps
        ),
        *(
            (total(outcome=outcome), getattr(report.journeys, outcome), stands == outcome)
            for outcome in ("succeeded", "refused", *LOST, "open")
        ),
    ]
    for found, number, wanted in numbers:
        assert found in {number, None}
        # A list is refused for no other reason; with a filter, also for those it leaves out.
        assert where or (found is not None) == is_told(wanted.fill_null(value=False))
