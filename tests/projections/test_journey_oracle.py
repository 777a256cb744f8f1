"""The oracle says what the worked examples say, so that the product may be compared with it."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.touchpoint import Touchpoint
from tests.projections.example_service import EXAMPLE_HISTORY, Days, days, moment, touchpoints
from tests.projections.example_standing import Example, Journey, Standing
from tests.projections.journey_oracle import OracleJourney, trace
from tests.projections.strategies import (
    AWKWARD_HISTORY,
    HISTORIES,
    TWO_VERSIONS,
    Question,
    questions,
)
from tests.projections.unclear_belonging import BELONGING
from tests.projections.unclear_examples import CHOICES
from tests.projections.worked_examples import EXAMPLES

CASES = [
    pytest.param(example, as_of, id=f"{example.number}@{as_of}")
    for example in (*EXAMPLES, *CHOICES, *BELONGING)
    for as_of in example.at
]


@pytest.mark.parametrize(("example", "as_of"), CASES)
def test_the_oracle_says_what_each_worked_example_says(example: Example, as_of: Days) -> None:
    recorded = touchpoints(example.notation)

    standing = _standing(recorded, as_of)

    assert standing == example.at[as_of]


@given(question=questions(), history=st.sampled_from(sorted(HISTORIES)), data=st.data())
def test_order_of_arrival_and_duplicates_change_nothing(
    question: Question, history: str, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(question.recording)))
    arrived = data.draw(st.permutations([*question.recording, *again]))

    result = trace(arrived, HISTORIES[history], question.as_of)

    assert result == trace(question.recording, HISTORIES[history], question.as_of)


@given(question=questions(), history=st.sampled_from(sorted(HISTORIES)))
def test_every_touchpoint_is_in_one_journey_or_unlinked(question: Question, history: str) -> None:
    existing = [t for t in question.recording if t.occurred_at < question.as_of]

    result = trace(question.recording, HISTORIES[history], question.as_of)

    members = [member for journey in result.journeys for member in journey.members]
    assert len(set(members)) == len(members) == len(existing) - result.unlinked


def test_visits_are_parted_by_an_outcome_alone_and_by_nothing_else() -> None:
    recorded = touchpoints(
        "c: form.0 unheard-of.0.1 form!.0.2 expired!.0.3 form.0.4 expired.0.5 form.0.6 pay.0.7"
    )

    (journey,) = trace(recorded, EXAMPLE_HISTORY, moment(1)).journeys

    assert [
        (visit.step, days(visit.entered_at), days(visit.left_at), visit.touchpoints, visit.errors)
        for visit in journey.visits
    ] == [
        ("form", 0, Fraction("0.4"), 3, 1),
        ("form", Fraction("0.6"), Fraction("0.6"), 1, 0),
        ("pay", Fraction("0.7"), Fraction("0.7"), 1, 0),
    ]


def test_with_visits_each_every_touchpoint_of_a_step_is_a_visit() -> None:
    recorded = touchpoints("c: form.0 form.0.1 unheard-of.0.2")

    (journey,) = trace(recorded, AWKWARD_HISTORY, moment(1)).journeys

    assert [(visit.step, days(visit.entered_at)) for visit in journey.visits] == [
        ("form", 0),
        ("form", Fraction("0.1")),
    ]


def test_a_name_that_is_step_and_outcome_visits_first_and_then_ends() -> None:
    recorded = touchpoints("c: form.0 granted.0.5")  # `granted` is the step `pay` there, too

    (journey,) = trace(recorded, AWKWARD_HISTORY, moment(1)).journeys

    assert (journey.outcome, journey.last_customer_step) == ("succeeded", "pay")
    assert [visit.step for visit in journey.visits] == ["form", "pay"]


def test_a_name_is_read_by_the_version_of_its_time_and_the_journey_by_that_of_its_start() -> None:
    # The second version, valid from day 9.6, reads `search` as `identify`, which the first lacks:
    # there it counts as optional; of two equal deadlines the earlier in force stays.
    recorded = touchpoints("c: form.9 search.9.7")

    (journey,) = trace(recorded, TWO_VERSIONS, moment("9.8")).journeys

    assert [visit.step for visit in journey.visits] == ["form", "identify"]
    assert (journey.version, journey.force_step, journey.last_customer_step) == (
        0,
        "form",
        "identify",
    )


def test_looking_back_takes_no_ball_from_a_step_that_only_a_newer_version_has() -> None:
    recorded = touchpoints("c: form.9 pay.9 review.10 form.11")

    (journey,) = trace(recorded, TWO_VERSIONS, moment(30)).journeys

    assert (journey.outcome, journey.ball, journey.force_step) == ("open", "city", "review")


def test_whether_a_step_without_a_case_is_required_is_said_by_the_version_of_its_time() -> None:
    # `files` is optional in the first version, required in the second: it begins a new attempt.
    recorded = touchpoints("p: form.8 files.10")

    journeys = trace(recorded, TWO_VERSIONS, moment(11)).journeys

    assert [journey.outcome for journey in journeys] == ["abandoned", "open"]


def test_what_carries_neither_a_case_nor_a_person_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a case nor a person"):
        trace(touchpoints("-/-: form.0"), EXAMPLE_HISTORY, moment(1))


def _standing(recorded: Sequence[Touchpoint], as_of: Days) -> Standing:
    result = trace(recorded, EXAMPLE_HISTORY, moment(as_of))
    return Standing(
        journeys=tuple(_journey(journey) for journey in result.journeys),
        steps=result.steps(),
        unlinked=result.unlinked,
        unmapped=result.unmapped,
    )


def _journey(journey: OracleJourney) -> Journey:
    return Journey(
        outcome=journey.outcome,
        start=days(journey.started_at),
        end=None if journey.ended_at is None else days(journey.ended_at),
        last=journey.last_customer_step,
        force=journey.force_step,
        broken_since=days(journey.deadline_at)
        if journey.broken_promise and journey.deadline_at
        else None,
        resurrected=journey.resurrected,
        cancelled_afterwards=journey.cancelled_afterwards,
    )
