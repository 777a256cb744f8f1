"""What two answers tell together: nothing about few people, whatever is subtracted from what.

Both are answers about one window, as of one moment, as known at one position. A *cell* is a number
that an answer shows, of the journeys that meet some conditions. Two cells are *equal* if they count
the same thing, and one of them among fewer journeys: only those does a reader subtract.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.comparison import Segment
from analysis.drop_off import LOST
from analysis.journey_report import JourneyReport
from analysis.listing import list_journeys
from analysis.report import journey_report
from analysis.selection import NOT_STATED
from journeys.errors import DisclosureError
from journeys.service import HELSINKI, Service
from projections.frames import Frames
from tests.analysis.cities import ROUTES, STEPS, K, cities, with_enough_people

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]
Where = Mapping[str, str]

VALUES = {"lang": ["fi", "sv", "en", NOT_STATED], "channel": ["web", "phone", "chat"]}
PLANTED = ("lang=en", "channel=chat", "lang=sv channel=phone", "lang=fi channel=chat")
"""What three people have, and perhaps nobody else."""


class Journey(NamedTuple):
    """One journey as the tests see it: what it began with, and every row that it is counted in."""

    number: int
    people: str
    began: Mapping[str, str]
    rows: frozenset[tuple[object, ...]]


class Cell(NamedTuple):
    """A number: the row that is counted, among journeys that began so, without those of `less`."""

    row: tuple[object, ...]
    where: frozenset[tuple[str, str]]
    less: frozenset[tuple[object, ...]] = frozenset()
    missing_of: str = ""
    """Of this list: what is missing of it; `less` are the rows shown."""

    def counts(self, journey: Journey) -> bool:
        began = journey.began.items()
        if self.missing_of:
            (row,) = (row for row in journey.rows if row[0] == self.missing_of)
            return self.where <= began and row not in self.less
        return (
            self.where <= began
            and not any(pair in began for pair in self.less)
            and (self.row == ("started",) or self.row in journey.rows)
        )

    def holds(self, other: "Cell") -> bool:
        """Say whether a reader knows that these are more journeys than those."""
        apart = dict(other.where)
        if self.missing_of:
            is_row = other.row[0] == self.missing_of and not other.missing_of
            return is_row and self.where <= other.where and other.row not in self.less
        return (
            self.row == other.row
            and self.where <= other.where
            and all(apart.get(name, value) != value for name, value in self.less)
            and all(any(name == known for known in apart) for name, _ in self.less)
        )


def journeys_of(frames: Frames) -> list[Journey]:
    """Read journeys the slow way."""
    found = []
    walks: dict[int, list[dict[str, Any]]] = {}
    for visit in frames.visits.iter_rows(named=True):
        walks.setdefault(visit["journey"], []).append(visit)
    for journey in frames.journeys.iter_rows(named=True):
        visits = walks.get(journey["journey"], [])
        steps = [visit["step"] for visit in visits]
        there = [visit["channel"] for visit in visits]
        year, week, _ = journey["started_at"].astimezone(HELSINKI).isocalendar()
        lost = journey["outcome"] in LOST
        rows: set[tuple[object, ...]] = {("trend", f"{year}-W{week:02}"), ("variants", *steps)}
        rows |= {("steps", step) for step in steps}
        rows |= {("visits", channel) for channel in there}
        rows |= {("moves", *pair) for pair in pairwise(there) if pair[0] != pair[1]}
        rows |= {("transitions", *pair) for pair in pairwise(steps)}
        rows |= {("routes", journey["route"]), ("outcome", journey["outcome"])}
        if steps:
            rows |= {("starts", steps[0]), ("ends", steps[-1], journey["outcome"])}
        if lost:
            rows.add(("dropped", journey["last_customer_step"]))
        lang = msgspec.json.decode(journey["attributes"]).get("lang", NOT_STATED)
        began = {"lang": lang, "channel": journey["channel"]}
        found.append(Journey(journey["journey"], journey["people"], began, frozenset(rows)))
    return found


class Ask(NamedTuple):
    """A question; `listed` asks for a list in the place of a report."""

    where: tuple[tuple[str, str], ...] = ()
    by: str | None = None
    beside: tuple[str, str] | None = None
    listed: tuple[tuple[str, str], ...] | None = None


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    names = draw(st.lists(st.sampled_from([*VALUES]), unique=True, max_size=2))
    where = tuple((name, draw(st.sampled_from(VALUES[name]))) for name in names)
    kind = draw(st.sampled_from(["plain", "by", "beside", "listed"]))
    name = draw(st.sampled_from([*VALUES]))
    if kind == "by":
        return Ask(where, by=name)
    if kind == "beside":
        return Ask(where, beside=(name, draw(st.sampled_from(VALUES[name]))))
    if kind == "listed":
        option = draw(st.sampled_from([(), ("outcome", "abandoned"), ("dropped_at", "form")]))
        return Ask(where, listed=(option,) if option else ())
    return Ask(where)


def answered(frames: Frames, ask: Ask) -> list[Cell]:
    """Ask, and read every number about people; nothing if there is no answer."""
    where = dict(ask.where)
    try:
        if ask.listed is not None:
            list_journeys(frames, where=where, **dict(ask.listed), k=K)
            names = {"outcome": "outcome", "dropped_at": "dropped"}
            row = tuple((names[name], value) for name, value in ask.listed)
            return [Cell(row[0] if row else ("started",), frozenset(ask.where))]
        beside = None if ask.beside is None else Segment(*ask.beside)
        report = journey_report(frames, where=where, by=ask.by, beside=beside, k=K)
    except DisclosureError:
        return []
    return [*cells_of(report, frozenset(ask.where), ask)]


def cells_of(report: JourneyReport, where: frozenset[tuple[str, str]], ask: Ask) -> Iterator[Cell]:
    channels = report.channels
    dropped = [
        row.step
        for row in report.steps
        if row.next is not None and row.next.no_further_action is not None
    ]
    rows: list[tuple[object, ...]] = [
        ("started",),
        *(("trend", row.week) for row in report.trend),
        *(("steps", row.step) for row in report.steps),
        *(("dropped", step) for step in dropped),
        *(("starts", row.step) for row in report.starts),
        *(("transitions", row.from_, row.to) for row in report.transitions),
        *(("ends", row.step, row.outcome) for row in report.ends),
        *(("variants", *row.steps) for row in report.variants),
        *(("routes", row.route) for row in report.routes),
        *(("visits", row.channel) for row in channels.visits),
        *(("moves", row.from_, row.to) for row in channels.moves),
    ]
    yield from (Cell(row, where) for row in rows)
    for name in ("trend", "variants"):
        shown = frozenset(row for row in rows if row[0] == name)
        yield Cell(("missing",), where, shown, missing_of=name)
    yield from of_groups("channel", [row.channel for row in channels.starts], where)
    if ask.by is not None:
        yield from of_groups(ask.by, [group.value for group in report.by.groups], where)
        for step in report.steps:
            told = frozenset(
                (ask.by, group.value)
                for group in report.by.groups
                if step.step in {row.step for row in group.steps}
            )
            yield from (Cell(("steps", step.step), where | {pair}) for pair in told)
            if told and ask.by not in dict(where):
                yield Cell(("steps", step.step), where, told)
    if report.comparison.rest and ask.beside is not None:
        yield Cell(("started",), where | {ask.beside})
        yield Cell(("started",), where, frozenset({ask.beside}))


def of_groups(
    attribute: str, shown: list[str], where: frozenset[tuple[str, str]]
) -> Iterator[Cell]:
    """The groups of a list, and what is missing of it: the total less those shown."""
    pairs = frozenset((attribute, value) for value in shown)
    for pair in pairs:
        yield Cell(("started",), where | {pair})
    if attribute not in dict(where):
        yield Cell(("started",), where, pairs)


def told(one: list[Cell], other: list[Cell], known: list[Journey]) -> Iterator[tuple[Cell, Cell]]:
    """Every two equal cells whose difference is about few people."""
    for more in one:
        for fewer in other:
            if more != fewer and more.holds(fewer):
                people = {j.people for j in known if more.counts(j) and not fewer.counts(j)}
                if 0 < len(people) < K:
                    yield more, fewer


def check(asked: list[Ask], frames: Frames) -> None:
    known = journeys_of(frames)
    answers = [answered(frames, ask) for ask in asked]

    found = [
        (asked[one], asked[other], *cells)
        for one, other in permutations(range(len(asked)), 2)
        for cells in told(answers[one], answers[other], known)
    ]

    assert not found, found[0]


@st.composite
def cities_with_a_segment(draw: st.DrawFn) -> str:
    planted = draw(st.sampled_from(PLANTED))
    walk = draw(st.sampled_from(["form.0", "form.0 pay.0.1", "search.0 form.0.1 granted.1"]))
    week = draw(st.integers(0, 3))
    many = "30 * lang=fi form.0 pay.0.1 granted.1\n 20 * lang=sv form.0"
    return with_enough_people(f"{draw(cities())}\n 3 * {planted} week={week} {walk}\n {many}")


QUESTIONS = st.lists(asks(), min_size=3, max_size=6).map(lambda asked: [Ask(), *asked])
FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None)
MANY = settings(FEW, max_examples=600)


@FEW
@given(text=cities_with_a_segment(), asked=QUESTIONS)
def test_two_answers_tell_nothing_about_few(
    text: str, asked: list[Ask], world: World, service_of: ServiceOf
) -> None:
    check(asked, world(text, service_of(STEPS, routes=ROUTES), at=60.0))


@pytest.mark.slow
@MANY
@given(text=cities_with_a_segment(), asked=QUESTIONS)
def test_two_answers_of_many_tell_nothing_about_few(
    text: str, asked: list[Ask], world: World, service_of: ServiceOf
) -> None:
    check(asked, world(text, service_of(STEPS, routes=ROUTES), at=60.0))


def test_a_filter_tells_no_step_that_a_breakdown_left_out(world: World) -> None:
    # Of those who pay, 20 speak Finnish, 6 Swedish and 3 English: all less the others are the 3.
    frames = world(
        """
        20 * lang=fi form.0 pay.0.1
        20 * lang=sv form.0
         6 * lang=sv form.0 pay.0.1
        20 * lang=en form.0
         3 * lang=en form.0 pay.0.1
        """
    )

    swedish = journey_report(frames, where={"lang": "sv"}, k=K)
    finnish = journey_report(frames, where={"lang": "fi"}, k=K)

    assert "pay" not in {row.step for row in (*swedish.steps, *swedish.funnel)}
    assert {"form", "pay"} <= {row.step for row in finnish.steps}
