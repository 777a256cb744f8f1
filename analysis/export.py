"""The journeys that may leave the house, and at which times.

A journey goes out as its *course*: the steps of its visits, its outcome among them where that came,
and where it stands. A course that fewer than k people of the list share stays here and is counted.

Of the times nobody's own go out, for a moment is as telling as a name to who was there. The
journeys of a course are put into groups of k people or more who began after one another, and each
event goes out at the mean of its times in the group. Which groups there are depends on the window
and the clocks, on nothing else that is asked for: of two exports of one window that differ by a
condition, neither tells more of times than the other. Where a condition divides a group so that 1
to k - 1 people are on a side, groups are joined until it does not.

Source: groups of k with their means are microaggregation: Domingo-Ferrer & Mateo-Sanz (2002),
Practical data-oriented microaggregation for statistical disclosure control.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from analysis.choice import Choice, choose
from analysis.selection import select, with_people_numbered
from analysis.suppression import MIN_K
from journeys.service import ServiceHistory
from projections.frames import Frames
from projections.shapes import ABANDONED, OPEN

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_DECLARED = (ABANDONED, OPEN)
"""Outcomes that nobody has said: nothing happens when a journey comes to stand like that."""


class ExportedEvent(NamedTuple):
    """A visit, or the outcome where `step` is None; `at` is aware, whole milliseconds."""

    step: str | None
    at: datetime


class ExportedJourneys(NamedTuple):
    """So many journeys of one course at the same times, each event later than the one before."""

    outcome: str
    events: tuple[ExportedEvent, ...]
    journeys: int


class Export(NamedTuple):
    """What goes out.

    Attributes:
        service: Its definitions.
        draft: Nobody has confirmed the outcomes yet.
        as_of: The moment it pretends to be.
        position: What was known.
        choice: What was asked for.
        k: Least number of people of a course, and of the times of one.
        total: Journeys that were asked for.
        left_out: Those of them whose course too few people share.
        groups: The others, by their first time.
    """

    service: ServiceHistory
    draft: bool
    as_of: datetime
    position: int
    choice: Choice
    k: int
    total: int
    left_out: int
    groups: tuple[ExportedJourneys, ...]


class _Group(NamedTuple):
    """Journeys one after the other, by number; who of their people is asked for, and who is not."""

    journeys: tuple[int, ...]
    inside: frozenset[int]
    outside: frozenset[int]


def export_journeys(
    frames: Frames, choice: Choice, *, k: int = MIN_K, public_log: bool = False
) -> Export:
    """Choose the journeys that go out, and their times.

    Args:
        frames: One service.
        choice: Which journeys are asked for.
        k: Least number of people of a course, and of the times of one.
        public_log: The log holds nobody's data, so k may be below 5.

    Raises:
        DisclosureError: As `choose`.
        SettingsError: As `choose`.
        UnknownStepError: As `choose`.
    """
    chosen = choose(frames, choice, k=k, public_log=public_log).journeys
    started = with_people_numbered(select(frames, period=choice.window, k=k))
    courses = _courses(started).with_columns(
        is_chosen=pl.col("journey").is_in(chosen["journey"].implode())
    )
    people = pl.col("people").filter("is_chosen").n_unique()
    shared = courses.filter(people.over("course") >= k)
    groups = [
        group
        for course in shared.partition_by("course", maintain_order=True)
        for group in _groups(course, k=k)
    ]
    exported = _timed(shared, groups, steps=frames.service.step_keys)
    return Export(
        service=frames.service,
        draft=not frames.service.at(frames.as_of).outcomes_confirmed,
        as_of=frames.as_of,
        position=frames.position,
        choice=choice,
        k=k,
        total=chosen.height,
        left_out=chosen.height - sum(group.journeys for group in exported),
        groups=tuple(sorted(exported, key=_content)),
    )


def _courses(started: Frames) -> pl.DataFrame:
    """Write the course of each journey.

    Returns:
        `journey`, sorted, thus by start; `people`, `outcome`; `steps`, the codes of its steps, null
        for the outcome; `at`, the milliseconds of its events; `course`, text that is the same for
        the same steps and outcome.
    """
    visits = started.visits.select(
        "journey",
        at=pl.col("entered_at"),
        is_outcome=pl.lit(value=False),
        steps=pl.col("step").to_physical().cast(pl.Int64),
    )
    outcomes = started.journeys.filter(~pl.col("outcome").is_in(_NOT_DECLARED)).select(
        "journey",
        at=pl.col("ended_at"),
        is_outcome=pl.lit(value=True),
        steps=pl.lit(None, dtype=pl.Int64),
    )
    # A stable sort: visits at one moment keep their order, and the outcome comes behind them.
    events = pl.concat([visits, outcomes]).sort("journey", "at", "is_outcome", maintain_order=True)
    text = pl.col("steps").cast(pl.String).fill_null("-").str.join(" ")
    walked = events.group_by("journey", maintain_order=True).agg(
        "steps", pl.col("at").dt.timestamp("ms"), course=text
    )
    return (
        started.journeys.select("journey", "people", "outcome")
        .join(walked, on="journey", how="inner", maintain_order="left")
        .with_columns(course=pl.concat_str("course", pl.col("outcome").cast(pl.String)))
    )


def _groups(course: pl.DataFrame, *, k: int) -> list[_Group]:
    """Put the journeys of one course into groups."""

    def is_enough(group: _Group) -> bool:
        return len(group.inside | group.outside) >= k

    def tells_of_nobody(group: _Group) -> bool:
        return all(not people or len(people) >= k for people in (group.inside, group.outside))

    single = [
        _Group(
            (journey,),
            frozenset([people] if is_chosen else []),
            frozenset([] if is_chosen else [people]),
        )
        for journey, people, is_chosen in course.select(
            "journey", "people", "is_chosen"
        ).iter_rows()
    ]
    return _joined(_joined(single, is_enough), tells_of_nobody)


def _joined(parts: Sequence[_Group], is_enough: Callable[[_Group], bool]) -> list[_Group]:
    """Join neighbours until each group is enough, or there is but one."""
    groups: list[_Group] = []
    for part in parts:
        if groups and not is_enough(groups[-1]):
            groups[-1] = _union(groups[-1], part)
        else:
            groups.append(part)
    while len(groups) > 1 and not is_enough(groups[-1]):
        last = groups.pop()
        groups[-1] = _union(groups[-1], last)
    return groups


def _union(one: _Group, other: _Group) -> _Group:
    return _Group(
        one.journeys + other.journeys, one.inside | other.inside, one.outside | other.outside
    )


def _timed(
    shared: pl.DataFrame, groups: Sequence[_Group], *, steps: Sequence[str]
) -> list[ExportedJourneys]:
    """Give each group of which something was asked for its times."""
    members = pl.DataFrame(
        [(place, journey) for place, group in enumerate(groups) for journey in group.journeys],
        schema={"group": pl.UInt32, "journey": shared.schema["journey"]},
        orient="row",
    )
    events = (
        members.join(shared, on="journey", how="inner", maintain_order="left")
        .with_columns(place=pl.int_ranges(pl.col("at").list.len()))
        .explode("at", "steps", "place")
    )
    # Means in whole numbers: the same whatever the order that they are added up in.
    first = pl.col("at").min()
    mean = first + (pl.col("at") - first).sum() // pl.len()
    timed = (
        events.group_by("group", "place", maintain_order=True)
        .agg(pl.col("outcome", "steps").first(), at=mean)
        .group_by("group", maintain_order=True)
        .agg(pl.col("outcome").first(), "steps", "at")
    )
    chosen = members.join(shared.filter("is_chosen"), on="journey", how="semi")
    counts = dict(chosen.group_by("group").len().iter_rows())
    return [
        ExportedJourneys(outcome, tuple(_events(codes, at, steps)), counts[group])
        for group, outcome, codes, at in timed.iter_rows()
        if group in counts
    ]


def _events(
    codes: Sequence[int | None], at: Sequence[int], steps: Sequence[str]
) -> Iterator[ExportedEvent]:
    """Part events of one moment, or readers would put them into an order of their own."""
    last = at[0] - 1
    for code, when in zip(codes, at, strict=True):
        last = max(when, last + 1)
        step = None if code is None else steps[code]
        yield ExportedEvent(step, _EPOCH + timedelta(milliseconds=last))


def _content(group: ExportedJourneys) -> tuple[object, ...]:
    """Order groups by what they tell and by nothing else."""
    return (
        *(event.at for event in group.events[:1]),
        group.outcome,
        [(event.at, event.step or "") for event in group.events],
    )
