"""What makes a journey: the worked examples, and a second reading of the rules beside ours."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.service import ServiceHistory
from journeys.touchpoint import Touchpoint
from projections.shapes import JOURNEYS, STRAYS, VISITS
from projections.trace import trace_journeys
from tests.projections import journey_oracle, product
from tests.projections.example_service import (
    DAY_0,
    EXAMPLE_HISTORY,
    EXAMPLE_SERVICE,
    Days,
    moment,
    touchpoints,
)
from tests.projections.example_standing import Example
from tests.projections.strategies import HISTORIES, Question, questions, recordings
from tests.projections.unclear_belonging import BELONGING
from tests.projections.unclear_examples import CHOICES
from tests.projections.worked_examples import EXAMPLES

CASES = [
    pytest.param(example, as_of, id=f"{example.number}@{as_of}")
    for example in (*EXAMPLES, *CHOICES, *BELONGING)
    for as_of in example.at
]


@pytest.mark.parametrize(("example", "as_of"), CASES)
def test_each_worked_example_is_as_the_table_says(example: Example, as_of: Days) -> None:
    recorded = touchpoints(example.notation)

    found = product.frames(recorded, EXAMPLE_HISTORY, moment(as_of))

    assert product.standing(found) == example.at[as_of]


@given(questions(), st.sampled_from(sorted(HISTORIES)))
def test_every_recording_is_read_as_the_oracle_reads_it(question: Question, history: str) -> None:
    service = HISTORIES[history]

    found = product.frames(question.recording, service, question.as_of)

    told = journey_oracle.trace(question.recording, service, question.as_of)
    assert _journeys(found) == _oracle_journeys(told)
    assert _visits(found) == _oracle_visits(told)
    assert found.strays.filter("unlinked").height == told.unlinked
    assert product.standing(found).unmapped == told.unmapped
    assert product.at_steps(found) == told.steps()


@settings(max_examples=100)
@given(recordings(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(recording: list[Touchpoint], random: object) -> None:
    latest = max(t.occurred_at for t in recording).replace(year=2030)
    shuffled = list(recording)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    one = trace_journeys(product.frame(recording, latest), EXAMPLE_HISTORY)
    other = trace_journeys(product.frame(shuffled, latest), EXAMPLE_HISTORY)

    assert one.journeys.equals(other.journeys)
    assert one.visits.equals(other.visits)
    assert one.strays.equals(other.strays)


def test_no_touchpoints_make_no_journeys_of_the_right_shape() -> None:
    trace = trace_journeys(product.frame([], DAY_0), EXAMPLE_HISTORY)

    assert dict(trace.journeys.schema) == dict(JOURNEYS)
    assert dict(trace.visits.schema) == dict(VISITS)
    assert dict(trace.strays.schema) == dict(STRAYS)


def test_a_trace_has_the_shapes_it_states() -> None:
    trace = trace_journeys(
        product.frame(touchpoints("c: form.0 pay.0 granted.2; p: call.90"), moment(100)),
        EXAMPLE_HISTORY,
    )

    assert dict(trace.journeys.schema) == dict(JOURNEYS)
    assert dict(trace.visits.schema) == dict(VISITS)
    assert dict(trace.strays.schema) == dict(STRAYS)


def test_steps_of_two_versions_are_ordered_by_all_of_them() -> None:
    # Begun on day 0 by the version that has no `review`; `ask` is read as `review` from day 9.6 on.
    # There `review` comes before `pay`, so paying after it is no look back: the city has it anew.
    recorded = touchpoints("c: form.0 ask.10 pay.11")

    found = product.frames(recorded, HISTORIES["two versions"], moment("11.02"))

    journey = found.journeys.row(0, named=True)
    assert (journey["ball"], journey["force_step"]) == ("city", "pay")


def test_a_journey_takes_the_first_value_of_each_attribute_and_its_first_channel() -> None:
    rows = product.frame(touchpoints("c: form.0 pay.1 granted.2"), moment(3)).with_columns(
        attributes=pl.Series(['{"lang":"fi"}', '{"device":"mobile","lang":"sv"}', '{"lang":"sv"}']),
        channel=pl.Series(["phone", "web", "email"]),
    )

    journeys = trace_journeys(rows, EXAMPLE_HISTORY).journeys

    assert journeys["attributes"].to_list() == ['{"device":"mobile","lang":"fi"}']
    assert journeys["channel"].to_list() == ["phone"]


def test_the_definition_s_words_for_channels_are_translated() -> None:
    service = ServiceHistory(
        [msgspec.structs.replace(EXAMPLE_SERVICE, channels={"Internet": "web"})]
    )
    rows = product.frame(touchpoints("c: form.0 pay.1"), moment(3)).with_columns(
        channel=pl.Series(["Internet", "Desk"])
    )

    trace = trace_journeys(rows, service)

    assert trace.journeys["channel"].to_list() == ["web"]
    assert trace.visits["channel"].to_list() == ["web", "Desk"]


def test_time_after_the_outcome_is_nobodys_and_time_before_has_a_holder() -> None:
    # form day 0 (customer, stays), pay day 0.5 (to the city), granted day 2, files day 3.
    found = product.frames(
        touchpoints("c: form.0 form.0.25 pay.0.5 granted.2 files.3"), EXAMPLE_HISTORY, moment(4)
    )

    form, pay, files = found.visits.iter_rows(named=True)
    day = 86_400.0
    assert (form["stay_s"], form["wait_s"], form["dwell_s"]) == (day / 4, day / 4, day / 2)
    assert (form["ball"], form["next_step"], form["gap_s"]) == ("customer", "pay", day / 4)
    assert (pay["dwell_s"], pay["gap_s"], pay["ball"]) == (1.5 * day, 2.5 * day, "city")
    assert (files["dwell_s"], files["next_step"], files["ball"]) == (None, None, None)


def _journeys(found: product.Frames) -> list[dict[str, object]]:
    return sorted(
        (
            {
                "key": row["journey_id"],
                "started_at": row["started_at"],
                "version": row["version"],
                "outcome": row["outcome"],
                "ended_at": row["ended_at"],
                "last": row["last_customer_step"],
                "force": row["force_step"],
                "ball": row["ball"] if row["outcome"] == "open" else None,
                "deadline_at": row["deadline_at"] if row["outcome"] == "open" else None,
                "broken": row["broken_promise"],
                "cancelled": row["cancelled_afterwards"],
                "resurrected": row["resurrected"],
                "touchpoints": row["touchpoints"],
            }
            for row in found.journeys.iter_rows(named=True)
        ),
        key=lambda row: str(row["key"]),
    )


def _oracle_journeys(told: journey_oracle.OracleResult) -> list[dict[str, object]]:
    return sorted(
        (
            {
                "key": _id(journey.key),
                "started_at": journey.started_at,
                "version": journey.version,
                "outcome": journey.outcome,
                "ended_at": journey.ended_at,
                "last": journey.last_customer_step,
                "force": journey.force_step,
                "ball": journey.ball,
                "deadline_at": journey.deadline_at,
                "broken": journey.broken_promise,
                "cancelled": journey.cancelled_afterwards,
                "resurrected": journey.resurrected,
                "touchpoints": len(journey.members),
            }
            for journey in told.journeys
        ),
        key=lambda row: str(row["key"]),
    )


def _id(key: journey_oracle.JourneyKey) -> str:
    return key.ref if key.kind == "case" else f"{key.ref}#{key.ordinal}"


Stay = tuple[str, str, datetime, datetime, int, int, str]


def _visits(found: product.Frames) -> Sequence[Stay]:
    joined = found.visits.join(found.journeys.select("journey", "journey_id"), on="journey")
    columns = ("journey_id", "step", "entered_at", "left_at", "touchpoints", "errors", "channel")
    return sorted(joined.sort("journey", "visit").select(*columns).rows(), key=lambda row: row[0])


def _oracle_visits(told: journey_oracle.OracleResult) -> Sequence[Stay]:
    return sorted(
        (
            (
                _id(journey.key),
                visit.step,
                visit.entered_at,
                visit.left_at,
                visit.touchpoints,
                visit.errors,
                visit.channel,
            )
            for journey in told.journeys
            for visit in journey.visits
        ),
        key=lambda row: row[0],
    )
