"""From step to step: where journeys start, how they move on, and where they end.

At each step starts + transitions in = transitions out + ends, visits after a journey's end and open
journeys included. Neighbouring transitions are not the same journeys.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from analysis.balance import Flow, hidden_flows
from analysis.journey_report import End, Start, Transition

_STARTS, _TRANSITIONS, _ENDS = "starts", "transitions", "ends"
_P50, _P90 = 0.5, 0.9


class Flows(NamedTuple):
    """Each most frequent first, then by name; `hidden` counts what each list leaves out."""

    starts: list[Start]
    transitions: list[Transition]
    ends: list[End]
    hidden: Counter[str]


def flows(journeys: pl.DataFrame, visits: pl.DataFrame, *, k: int) -> Flows:
    """Count starts, transitions and ends.

    Args:
        journeys: Rows of `projections.frames.Frames.journeys`.
        visits: Their visits, sorted by journey and visit.
        k: Least number of people of a row that is shown; rows that the balance of a step or the
            number of journeys of an outcome would give away are left out too.

    Returns:
        A transition's times run from the last touchpoint of a visit to the first of the next.
    """
    moves = visits.select("journey", "visit", "step", "next_step", "gap_s").join(
        journeys.select("journey", "people", "outcome"), on="journey", how="inner"
    )
    size = [pl.len().alias("count"), pl.col("people").n_unique()]
    starts = _rows(moves.filter(pl.col("visit") == 1).group_by("step").agg(size), "step")
    between = _rows(
        moves.filter(pl.col("next_step").is_not_null())
        .group_by("step", "next_step")
        .agg(
            *size,
            pl.col("gap_s").quantile(_P50, interpolation="linear").alias("median_s"),
            pl.col("gap_s").quantile(_P90, interpolation="linear").alias("p90_s"),
        ),
        "step",
        "next_step",
    )
    ends = _rows(
        moves.filter(pl.col("next_step").is_null()).group_by("step", "outcome").agg(size),
        "step",
        "outcome",
    )
    balance = [
        *(Flow(_STARTS, "", _at(step), count, people) for step, count, people in starts.rows()),
        *(
            Flow(_TRANSITIONS, _at(step), _at(after), count, people)
            for step, after, count, people, *_ in between.rows()
        ),
        *(
            Flow(_ENDS, _at(step), f"as {outcome}", count, people)
            for step, outcome, count, people in ends.rows()
        ),
    ]
    hidden = hidden_flows(balance, k=k)
    is_shown = pl.Series([i not in hidden for i in range(len(balance))], dtype=pl.Boolean)
    first, second = starts.height, starts.height + between.height
    return Flows(
        starts=[
            Start(step=step, count=count)
            for step, count, _ in starts.filter(is_shown[:first]).rows()
        ],
        transitions=[
            Transition(from_=step, to=after, count=count, median_s=median, p90_s=p90)
            for step, after, count, _, median, p90 in between.filter(is_shown[first:second]).rows()
        ],
        ends=[
            End(step=step, outcome=outcome, count=count)
            for step, outcome, count, _ in ends.filter(is_shown[second:]).rows()
        ],
        hidden=_kinds(balance, hidden),
    )


def _rows(counted: pl.DataFrame, *names: str) -> pl.DataFrame:
    return counted.with_columns(pl.col(*names).cast(pl.String)).sort(
        "count", *names, descending=[True, *(False for _ in names)]
    )


def _at(step: str) -> str:
    return f"at {step}"


def _kinds(balance: Sequence[Flow], hidden: frozenset[int]) -> Counter[str]:
    return Counter(balance[i].kind for i in hidden)
