"""Drafts of public logs against plain Python and lifelines."""

from collections import defaultdict
from itertools import pairwise
from math import ceil
from statistics import median

import polars as pl
import pytest
from lifelines import KaplanMeierFitter

from analysis.draft import Draft, draft
from delivery.report.definition import definition_text
from journeys.service import decode_service
from tests.real_logs import REAL_LOGS, RealEvent, RealLog, events_of

DAY_S = 86_400.0
LARGE = 10_000
"""Events; a log of more takes lifelines ten seconds."""

EACH_LOG = pytest.mark.parametrize(
    "log",
    [
        pytest.param(log, id=log.file, marks=[pytest.mark.slow] if log.events > LARGE else [])
        for log in REAL_LOGS
    ],
)
Cases = list[list[RealEvent]]


def cases_of(events: list[RealEvent]) -> Cases:
    cases: dict[str, list[RealEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.when):
        cases[event.case].append(event)
    return list(cases.values())


def drafted(events: list[RealEvent]) -> Draft:
    rows = [(*event, number) for number, event in enumerate(events)]
    schema = {
        "case": pl.String,
        "name": pl.String,
        "occurred_at": pl.Datetime("us", "UTC"),
        "row": pl.Int64,
    }
    return draft(pl.DataFrame(rows, schema=schema, orient="row"))


def gaps_of(cases: Cases) -> dict[str, list[tuple[float, bool]]]:
    """Days from each touchpoint to the next or, without one, to the latest; by name."""
    latest = max(case[-1].when for case in cases)
    gaps: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for case in cases:
        for one, following in pairwise(case):
            gaps[one.name].append(((following.when - one.when).total_seconds() / DAY_S, True))
        silent = (latest - case[-1].when).total_seconds() / DAY_S
        gaps[case[-1].name].append((silent, False))
    return gaps


def deadline_of(gaps: list[tuple[float, bool]]) -> int:
    """Days by the rule, on lifelines' curve; those not back by day 90 are not."""
    days = [min(gap, 90.0) for gap, _ in gaps]
    fitter = KaplanMeierFitter().fit(days, [back and gap <= 90 for gap, back in gaps])
    curve = fitter.survival_function_.iloc[:, 0]
    plateau = curve.iloc[-1]
    first = next(day for day, silent in curve.items() if silent - plateau <= 0.05 * silent + 1e-12)
    return min(max(ceil(first), 1), 60)


@EACH_LOG
def test_draft_of_a_real_log_is_what_plain_counting_says(log: RealLog) -> None:
    events = events_of(log.path)
    cases = cases_of(events)
    gaps = gaps_of(cases)
    pooled = deadline_of([gap for own in gaps.values() for gap in own])

    found = drafted(events)

    assert (found.cases, found.touchpoints, len(found.steps)) == (log.cases, log.events, log.names)
    places: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        names = [event.name for event in case]
        for name in set(names):
            places[name].append(names.index(name) / max(len(names) - 1, 1))
    for step in found.steps:
        assert step.cases == len(places[step.name])
        assert step.position == pytest.approx(median(places[step.name]))
        assert step.optional == (step.cases < log.cases / 2)
        own = gaps[step.name]
        assert step.gaps == len(own)
        assert step.deadline_days == (deadline_of(own) if len(own) >= 200 else pooled)
    assert [step.position for step in found.steps] == sorted(step.position for step in found.steps)

    deadline = {step.name: step.deadline_days for step in found.steps}
    latest = max(event.when for event in events)
    ended = [
        case
        for case in cases
        if (latest - case[-1].when).total_seconds() / DAY_S > deadline[case[-1].name]
    ]
    outcomes = set()
    for name in places:
        having = [case for case in ended if any(event.name == name for event in case)]
        ending = [case for case in having if case[-1].name == name]
        if having and 2 * len(ending) >= len(having):
            outcomes.add(name)
    assert found.ended == len(ended)
    assert {step.name for step in found.steps if step.is_outcome} == outcomes


@EACH_LOG
def test_definition_of_a_real_log_has_its_names_as_steps(log: RealLog) -> None:
    found = drafted(events_of(log.path))

    service = decode_service(definition_text(found, key="real", source_name=log.file))

    assert [step.key for step in service.steps] == [step.name for step in found.steps]
    assert service.horizon_days == found.horizon_days
    assert not service.outcomes_confirmed
