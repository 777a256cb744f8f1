"""The figures of two groups of journeys beside each other, and what is said of each.

Both are read at one day after the start that enough of both have reached: journeys that old count
alone, with what they did up to that day. Shares of steps and moves are of journeys.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

import numpy as np
import polars as pl
from msgspec import structs

from analysis.differences import Difference, Floats, benjamini_hochberg, of_medians, of_shares
from analysis.drop_off import COMPLETED, NOT_A_CUSTOMER_STEP, step_horizon
from analysis.dwell import completed_times
from analysis.rates import DAY_S, MIN_JOURNEYS
from analysis.sections import ComparedRow
from analysis.step_table import StepTable, table_of_steps
from analysis.transitions import flows
from projections.frames import Frames

MIN_COMPARED = 30
"""Below this many people on a side there are too few to compare."""

Q = 0.05
"""Of what is said to differ, at most this share is chance (Benjamini-Hochberg)."""

DIFFERS, NO_CLEAR_DIFFERENCE, TOO_FEW = "differs", "no clear difference", "too few"

_MICROSECONDS = 1_000_000
_TIMES = {"time": "total", "customer_time": "customer", "city_time": "city"}

Move = tuple[str, str]


class _Figure(NamedTuple):
    """A share (`events` of `n`) or a median (of `values`, sorted seconds) of one side.

    `people` made the n, and the row is about `told` people.
    """

    n: int
    people: int
    told: int
    events: int = 0
    values: Floats | None = None

    def value(self) -> float:
        return self.events / self.n if self.values is None else float(np.median(self.values))


class _Candidate(NamedTuple):
    """A row to be, unless a report of either side hides it; `sides` are the base and the other."""

    what: str
    step: str | None
    to: str | None
    day: int | None
    sides: Sequence[_Figure]
    is_shown: bool = True


class Group:
    """A group of journeys: its figures, and what a report on it would leave out.

    Args:
        frames: Its journeys and visits.
        k: Least number of people of a row that is shown.
        left_out: What its filter leaves out, `analysis.selection.left_out`.
    """

    def __init__(self, frames: Frames, *, k: int, left_out: Sequence[Frames] = ()) -> None:
        self.frames = frames
        self.journeys = frames.journeys.with_columns(
            age_s=_seconds(pl.lit(frames.as_of) - pl.col("started_at")),
            end_s=_seconds(pl.col("ended_at") - pl.col("started_at")),
            event=pl.col("outcome").is_in(COMPLETED),
        )
        self.table: StepTable = table_of_steps(frames, k=k, left_out=left_out)
        shown = flows(frames.journeys, frames.visits, k=k, left_out=left_out).transitions
        self.moves: list[Move] = [(move.from_, move.to) for move in shown]
        moved = frames.visits.filter(pl.col("next_step").is_not_null())
        names = moved.select(pl.col("step", "next_step").cast(pl.String)).unique()
        self.hidden_moves = set(names.rows()) - set(self.moves)

    def old(self, day: int | None) -> pl.DataFrame:
        """The journeys that have been seen for so many days."""
        return self.journeys.filter(pl.col("age_s") >= (day or 0) * DAY_S)

    def entries(self, step: str) -> pl.DataFrame:
        """Those who entered a step, as `analysis.drop_off.step_entries`."""
        return self.table.entries.filter(pl.col("step") == step)

    def share_of(self, names: Sequence[str], day: int | None) -> Mapping[Move, _Figure]:
        """Count the journeys that came to each step (`step`), or moved (`step`, `next_step`)."""
        old = self.old(day)
        # The move is made when the next visit begins.
        begins = _seconds(pl.col("left_at" if len(names) > 1 else "entered_at") - pl.col("start"))
        after = begins + pl.col("gap_s") if len(names) > 1 else begins
        rows = (
            self.frames.visits.join(
                old.select("journey", "people", start=pl.col("started_at")), on="journey"
            )
            .filter((after <= _until(day)) & pl.all_horizontal(pl.col(names).is_not_null()))
            .unique(["journey", *names])
            .group_by(pl.col(names).cast(pl.String))
            .agg(pl.len().alias("events"), pl.col("people").n_unique())
        )
        n, people = old.height, old["people"].n_unique()
        return {
            (row[names[0]], row[names[-1]]): _Figure(n, people, row["people"], row["events"])
            for row in rows.iter_rows(named=True)
        }

    def nobody(self, day: int | None) -> _Figure:
        """A share that no journey is in."""
        old = self.old(day)
        return _Figure(old.height, old["people"].n_unique(), 0)

    def times(self, day: int | None) -> dict[str, _Figure]:
        """Times of the journeys that had completed by the day, by whose time it was."""
        done = self.old(day).filter("event", pl.col("end_s") <= _until(day)).select("journey")
        spent = completed_times(
            self.frames.journeys, self.frames.visits, service=self.frames.service
        ).join(done, on="journey", how="semi")
        return {
            what: _median(spent[whose] / _MICROSECONDS, spent["people"])
            for what, whose in _TIMES.items()
        }

    def stays(self, day: int | None) -> dict[str, _Figure]:
        """Times of the stays that had ended by the day, by step."""
        old = self.old(day).select("journey", "people", start=pl.col("started_at"))
        ended = _seconds(pl.col("entered_at") - pl.col("start")) + pl.col("dwell_s")
        known = self.frames.visits.join(old, on="journey").filter(ended <= _until(day))
        return {
            str(step): _median(part["dwell_s"], part["people"])
            for (step,), part in known.group_by(pl.col("step").cast(pl.String))
        }


def compared_rows(
    base: Group, other: Group, *, whole: Group, k: int
) -> tuple[list[ComparedRow], int]:
    """Compare two groups in everything.

    Args:
        base: The one side.
        other: The other, of the same service at the same moment.
        whole: What both are parts of, or the base: what its report hides is not compared.
        k: Least number of people that a row is about, on each side.

    Returns:
        The rows, and how many were left out.
    """
    rows: list[ComparedRow] = []
    differences: list[Difference | None] = []
    hidden = 0
    for candidate in _candidates(base, other, whole):
        about = [side.told for side in candidate.sides]
        if not any(about):
            continue
        if not candidate.is_shown or any(0 < people < k for people in about):
            hidden += 1
            continue
        difference = _difference(candidate)
        rows.append(_row(candidate, difference))
        differences.append(difference)
    tested = [difference.p for difference in differences if difference]
    adjusted = iter(benjamini_hochberg(tested))
    judged = [
        row if difference is None else _judged(row, next(adjusted))
        for row, difference in zip(rows, differences, strict=True)
    ]
    return judged, hidden


def common_day(ages: Sequence[pl.Series], *, horizon: int) -> int | None:
    """Choose the day at which both sides are read.

    Args:
        ages: Seconds from entry to the as-of time, of each side.
        horizon: Whole days.

    Returns:
        The horizon, or the last whole day before it that 30 of each side have reached; None if
        there is none.
    """
    days = [horizon]
    for side in ages:
        if len(side) < MIN_COMPARED:
            return None
        days.append(int(side.sort(descending=True)[MIN_COMPARED - 1] // DAY_S))
    return min(days) or None


def _candidates(base: Group, other: Group, whole: Group) -> Iterator[_Candidate]:
    sides, groups = (base, other), (base, other, whole)
    service, as_of = base.frames.service, base.frames.as_of
    day = common_day(
        [side.journeys["age_s"] for side in sides], horizon=service.at(as_of).horizon_days
    )
    done = [_by_day(side.journeys, day) for side in sides]
    yield _Candidate("completion", None, None, day, done)
    entered = {
        row.step: row.note == NOT_A_CUSTOMER_STEP for side in sides for row in side.table.rows
    }
    steps = [step for step in service.step_keys if step in entered]
    customers = [step for step in steps if not entered[step]]
    shown = {step: all(step not in group.table.hidden for group in groups) for step in steps}
    for step in customers:
        entries = [side.entries(step) for side in sides]
        at = common_day(
            [rows["age_s"] for rows in entries], horizon=step_horizon(service, step, as_of=as_of)
        )
        figures = [_by_day(rows, at) for rows in entries]
        yield _Candidate("drop_off", step, None, at, figures, shown[step])
    nobody = [side.nobody(day) for side in sides]
    reached = [side.share_of(["step"], day) for side in sides]
    for step in customers:
        figures = [
            found.get((step, step), none) for none, found in zip(nobody, reached, strict=True)
        ]
        yield _Candidate("reached", step, None, day, figures, shown[step])
    moved = [side.share_of(["step", "next_step"], day) for side in sides]
    for move in dict.fromkeys(move for group in groups for move in group.moves):
        figures = [found.get(move, none) for none, found in zip(nobody, moved, strict=True)]
        told = all(move not in group.hidden_moves for group in groups)
        yield _Candidate("moved", *move, day, figures, told)
    times = [side.times(day) for side in sides]
    for what in _TIMES:
        yield _Candidate(what, None, None, day, [found[what] for found in times])
    stays = [side.stays(day) for side in sides]
    for step in steps:
        figures = [found.get(step, _NO_TIMES) for found in stays]
        yield _Candidate("stay", step, None, day, figures, shown[step])


def _by_day(rows: pl.DataFrame, day: int | None) -> _Figure:
    """Of those seen for so many days, count those with the event by then."""
    old = rows.filter(pl.col("age_s") >= (day or 0) * DAY_S)
    people = old["people"].n_unique()
    events = old.filter("event", pl.col("end_s") <= _until(day)).height
    return _Figure(old.height, people, people, events)


def _median(seconds: pl.Series, people: pl.Series) -> _Figure:
    who = people.n_unique()
    return _Figure(len(seconds), who, who, values=seconds.sort().to_numpy())


_NO_TIMES = _Figure(0, 0, 0, values=np.array([]))


def _difference(candidate: _Candidate) -> Difference | None:
    base, other = candidate.sides
    if candidate.day is None or min(base.people, other.people) < MIN_COMPARED:
        return None
    if base.values is None or other.values is None:
        return of_shares(base.value(), base.people, other.value(), other.people)
    return of_medians(base.values, base.people, other.values, other.people)


def _row(candidate: _Candidate, difference: Difference | None) -> ComparedRow:
    (base, other), is_read = candidate.sides, candidate.day is not None
    return ComparedRow(
        what=candidate.what,
        step=candidate.step,
        to=candidate.to,
        base=base.value() if is_read and base.n >= MIN_JOURNEYS else None,
        base_n=base.n,
        other=other.value() if is_read and other.n >= MIN_JOURNEYS else None,
        other_n=other.n,
        difference=difference and difference.value,
        low=difference and difference.low,
        high=difference and difference.high,
        q=None,
        day=candidate.day,
        verdict=TOO_FEW,
    )


def _judged(row: ComparedRow, q: float) -> ComparedRow:
    return structs.replace(row, q=q, verdict=DIFFERS if q < Q else NO_CLEAR_DIFFERENCE)


def _until(day: int | None) -> float:
    return inf if day is None else day * DAY_S


def _seconds(span: pl.Expr) -> pl.Expr:
    return span.dt.total_microseconds() / 1_000_000
