"""A first definition guessed from a log: made logs whose truth is known come out right."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.draft import LONGEST_HORIZON_DAYS, Draft, DraftStep, draft

SCHEMA = {
    "case": pl.String,
    "name": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
    "row": pl.Int64,
}
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
Case = Sequence[tuple[str, float]]


def log(*cases: Case, start: datetime = START) -> pl.DataFrame:
    """Cases as (name, day); rows are numbered as given."""
    rows = [
        (f"case-{number}", name, start + timedelta(days=day))
        for number, case in enumerate(cases)
        for name, day in case
    ]
    return pl.DataFrame(
        [(*row, number) for number, row in enumerate(rows, 1)], schema=SCHEMA, orient="row"
    )


def drafted(*cases: Case, start: datetime = START) -> Draft:
    return draft(log(*cases, start=start))


def names(found: Draft) -> list[str]:
    return [step.name for step in found.steps]


def step(found: Draft, name: str) -> DraftStep:
    return next(step for step in found.steps if step.name == name)


def permits(cases: int, seed: int = 0) -> pl.DataFrame:
    """A planted log: 600 days of permits.

    Everybody applies and pays; 30 % send files in between; seven in ten are decided, of the others
    two in three stop after applying and one in three after paying. Who goes on does so within so
    many days, evenly: 10 after applying or sending files, 4 after paying.
    """
    rng = np.random.default_rng(seed)
    made: list[Case] = []
    for _ in range(cases):
        day = rng.uniform(0, 600)
        case = [("apply", day)]
        gives_up = rng.random() < 0.2
        if not gives_up and rng.random() < 0.3:
            day += rng.uniform(0, 10)
            case.append(("files", day))
        if not gives_up:
            day += rng.uniform(0, 10)
            case.append(("pay", day))
            if rng.random() < 0.875:
                case.append(("decided", day + rng.uniform(0, 4)))
        made.append(case)
    return log(*made)


def test_planted_order_options_deadlines_and_ends_are_found() -> None:
    found = draft(permits(4000))

    assert names(found) == ["apply", "files", "pay", "decided"]
    assert [step.optional for step in found.steps] == [False, True, False, False]
    assert [step.is_outcome for step in found.steps] == [False, False, False, True]
    # 80 % come back after applying, evenly within 10 days; R(t) = 5 % where .2 / (.2 + .8 s) = .95,
    # s = .0132 of them still to come: day 9.9. After paying 87.5 % within 4 days: day 3.97.
    assert [step.deadline_days for step in found.steps] == [10, 10, 4, 1]
    assert {step.basis for step in found.steps} == {"step"}
    # Of four touchpoints the files are the second, and paying is the second of three.
    assert [step.position for step in found.steps] == [0.0, 1 / 3, 0.5, 1.0]
    # Nearly all end within 10 + 10 + 4 days, or fall silent.
    assert 10 <= found.horizon_days <= 24
    assert found.cases == 4000
    assert found.first_day == date(2026, 1, 5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_rows_may_come_in_any_order(seed: int) -> None:
    rows = permits(60)

    assert draft(rows.sample(fraction=1.0, shuffle=True, seed=seed)) == draft(rows)


@settings(max_examples=80, deadline=None)
@given(
    cases=st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 40)), min_size=1, max_size=8),
        max_size=12,
    ),
    data=st.data(),
)
def test_every_log_has_a_draft_that_agrees_with_plain_counting(
    cases: list[list[tuple[str, float]]], data: st.DataObject
) -> None:
    rows = log(*cases)
    shuffled = rows[data.draw(st.permutations(range(rows.height)))]

    found = draft(shuffled)

    assert found == draft(rows)
    assert sorted(names(found)) == sorted({name for case in cases for name, _ in case})
    assert (found.cases, found.touchpoints) == (len(cases), sum(map(len, cases)))
    for own in found.steps:
        having = [case for case in cases if own.name in [name for name, _ in case]]
        assert own.cases == len(having)
        assert own.optional == (len(having) < len(cases) / 2)
        assert own.gaps == sum(name == own.name for case in cases for name, _ in case)
        assert (own.basis, own.deadline_days) == ("assumed", 14)
        assert 0 <= own.position <= 1
        assert 1 <= own.place <= own.places
        assert 0 <= own.ends <= own.ended <= own.cases
    latest = max((day for case in cases for _, day in case), default=0)
    ended = [case for case in cases if latest - max(day for _, day in case) > 14]
    assert found.ended == len(ended)
    assert sum(own.ends for own in found.steps) == len(ended)
    assert found.horizon_days >= (14 if cases else 1)


def test_steps_come_in_the_order_of_the_median_of_first_places() -> None:
    # b: first at 1/2, 1/2, 0 of the way. Later repetitions do not count.
    found = drafted(
        [("a", 0), ("b", 1), ("c", 2)],
        [("a", 0), ("b", 1), ("b", 2)],
        [("b", 0), ("a", 1)],
    )

    assert [(step.name, step.position) for step in found.steps] == [("a", 0), ("b", 0.5), ("c", 1)]
    assert [(step.place, step.places) for step in found.steps] == [(1, 3), (2, 3), (3, 3)]


def test_equal_medians_are_told_apart_by_the_mean_and_then_by_name() -> None:
    found = drafted(
        [("z", 0), ("y", 1), ("x", 2), ("b", 2), ("a", 2)],
        [("z", 0), ("y", 1)],
        [("z", 0), ("y", 1)],
        [("z", 0), ("x", 1), ("w", 1)],
        [("q", 0), ("p", 0), ("x", 1)],
        [("p", 0), ("q", 0), ("x", 1)],
    )

    # q and p: 0 and 1/2 each. x: 1/2, 1/2, 1, 1. b stands before a.
    assert names(found) == ["z", "p", "q", "b", "x", "y", "a", "w"]


def test_ties_in_time_keep_the_order_of_the_file() -> None:
    assert names(drafted([("z", 0), ("a", 0), ("m", 0)])) == ["z", "a", "m"]


def test_optional_is_what_under_half_of_the_cases_have() -> None:
    found = drafted(
        [("a", 0), ("half", 1)], [("a", 0), ("b", 1)], [("a", 0), ("half", 1)], [("a", 0)]
    )

    assert {step.name: step.optional for step in found.steps} == {
        "a": False,
        "half": False,
        "b": True,
    }


def test_deadline_is_the_step_s_own_from_200_gaps_on() -> None:
    # `a` is followed after 5 days by all but the last; `b` ends all but it.
    found = drafted(*[[("a", day), ("b", day + 5)] for day in range(200)], [("c", 0)])

    assert [(own.name, own.gaps, own.basis, own.deadline_days) for own in found.steps] == [
        ("a", 200, "step", 5),
        ("c", 1, "service", 5),
        ("b", 200, "step", 1),
    ]


def test_deadline_is_the_service_s_below_200_gaps() -> None:
    found = drafted(*[[("a", day), ("b", day + 5)] for day in range(199)])

    assert [(own.gaps, own.basis, own.deadline_days) for own in found.steps] == [
        (199, "service", 5),
        (199, "service", 5),
    ]


def test_deadline_is_assumed_where_the_service_has_too_few_gaps() -> None:
    found = drafted(*[[("a", day), ("b", day + 5)] for day in range(99)])

    assert {(own.basis, own.deadline_days) for own in found.steps} == {("assumed", 14)}


def test_outcome_is_what_ends_half_of_the_ended_cases_that_have_it() -> None:
    # At day 100 all but the last have been silent for more than 14 days.
    found = drafted(
        [("a", 0), ("granted", 1)],
        [("a", 0), ("granted", 1), ("mail", 2)],
        [("a", 0), ("mail", 1), ("refused", 2)],
        [("a", 0), ("mail", 1), ("b", 2)],
        [("refused", 99), ("a", 100)],
    )

    assert found.ended == 4
    assert {own.name: (own.ends, own.ended) for own in found.steps if own.is_outcome} == {
        "granted": (1, 2),
        "refused": (1, 1),
        "b": (1, 1),
    }
    assert (step(found, "mail").ends, step(found, "mail").ended) == (1, 3)
    assert (step(found, "a").ends, step(found, "a").ended) == (0, 4)


def test_case_has_ended_only_once_its_deadline_has_passed() -> None:
    waiting = drafted([("a", 0)], [("b", 14)])
    ended = drafted([("a", 0)], [("b", 14.001)])

    assert (waiting.ended, step(waiting, "a").is_outcome) == (0, False)
    assert (ended.ended, step(ended, "a").is_outcome) == (1, True)


def test_horizon_is_the_day_by_which_95_of_100_ended_cases_had_ended() -> None:
    # `done` ends them at day 20 to 119; the 95th of 100 (linear between the two) at 114.05.
    cases = [[("a", 0), ("done", 20.0 + number)] for number in range(100)]
    found = drafted(*cases, [("a", 200)])

    assert step(found, "done").is_outcome
    assert found.horizon_days == 115


def test_case_without_an_outcome_ends_with_its_deadline() -> None:
    # Each falls silent at day 30, at a name that ends few of the cases it is in.
    silent = [[("a", 0), ("b", 30)] for _ in range(2)]
    others = [[("b", 0), ("a", 1), ("done", 2)] for _ in range(3)]
    found = drafted(*silent, *others, [("a", 200)])

    assert [own.name for own in found.steps if own.is_outcome] == ["done"]
    # 2, 2, 2, 44, 44.
    assert found.horizon_days == 44


def test_horizon_is_no_shorter_than_the_longest_deadline() -> None:
    found = drafted([("a", 0)], [("a", 30)])

    assert (step(found, "a").deadline_days, step(found, "a").is_outcome) == (14, True)
    assert found.horizon_days == 14


def test_horizon_is_one_that_a_definition_may_have() -> None:
    found = drafted([("a", 0), ("b", 50_000)], [("a", 60_000)], start=START.replace(year=1850))

    assert found.horizon_days == LONGEST_HORIZON_DAYS


def test_first_day_is_that_of_helsinki() -> None:
    late = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)

    assert drafted([("a", 0)], start=late).first_day == date(2026, 1, 6)


def test_log_of_nothing_has_an_empty_draft() -> None:
    assert draft(log()) == Draft(
        cases=0, touchpoints=0, steps=[], horizon_days=1, ended=0, first_day=None
    )


def test_log_of_one_touchpoint_has_one_step() -> None:
    found = drafted([("a", 0)])

    assert (found.cases, found.touchpoints, found.ended, found.horizon_days) == (1, 1, 0, 14)
    assert found.steps == [
        DraftStep(
            name="a",
            cases=1,
            share=1.0,
            position=0.0,
            place=1,
            places=1,
            optional=False,
            deadline_days=14,
            gaps=1,
            basis="assumed",
            ended=0,
            ends=0,
            is_outcome=False,
        )
    ]


@pytest.mark.parametrize(
    ("cases", "steps"),
    [
        ([[("a", 0), ("b", 1)]], ["a", "b"]),  # two touchpoints
        ([[("a", 0)], [("a", 0)], [("a", 0)]], ["a"]),  # one name, one time
        ([[("a", 0)] * 500], ["a"]),  # one case, one time, one name
        ([[("a", 0), ("b", 0)]] * 300, ["a", "b"]),  # all at one time, many gaps
    ],
)
def test_poor_log_has_a_draft(cases: list[Case], steps: list[str]) -> None:
    found = drafted(*cases)

    assert names(found) == steps
    assert found.ended == 0
    assert not [own for own in found.steps if own.is_outcome]


def test_cases_may_be_numbers() -> None:
    rows = permits(50)
    numbered = rows.with_columns(pl.col("case").str.slice(5).cast(pl.UInt64))

    assert draft(numbered) == draft(rows)


def test_names_that_a_sample_lacks_become_optional_steps_at_the_end() -> None:
    sample = log([("a", 0), ("b", 1)])

    found = draft(sample, names={"rare": 1, "b": 60, "odd": 3, "also": 3, "a": 70})

    assert names(found) == ["a", "b", "also", "odd", "rare"]
    rare = step(found, "rare")
    assert (rare.cases, rare.share, rare.optional, rare.gaps) == (0, 0.0, True, 0)
    assert (rare.basis, rare.deadline_days, rare.is_outcome) == ("assumed", 14, False)
    assert draft(sample, names={"a": 1, "b": 1}) == draft(sample)


def test_names_that_a_sample_lacks_have_the_service_s_deadline() -> None:
    sample = log(*[[("a", day), ("b", day + 5)] for day in range(150)])

    assert (step(draft(sample, names={"rare": 1}), "rare").basis) == "service"


def test_log_of_398_names_is_drafted_within_a_second() -> None:
    rng = np.random.default_rng(1)
    cases = [
        [(f"step {rng.integers(398)}", day + rng.random()) for day in range(44)]
        for _ in range(1200)
    ]
    rows = log(*cases)

    begun = time.perf_counter()
    found = draft(rows)

    # Measured: 0.05 s.
    assert time.perf_counter() - begun < 2
    assert len(found.steps) == 398
