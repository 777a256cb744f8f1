"""From step to step: where journeys start, how they move on, and where they end.

At each step starts + transitions in = transitions out + ends, visits after a journey's end and open
journeys included. Neighbouring transitions are not the same journeys.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from analysis.balance import Flow, hidden_flows
from analysis.journey_report import End, Start, Transition
from analysis.lookup import of_journeys, split
from analysis.rates import quantiles
from projections.frames import Frames

_STARTS, _TRANSITIONS, _ENDS = "starts", "transitions", "ends"
_P50, _P90 = 0.5, 0.9

_Name = tuple[str, str, str]
_BETWEEN = {
    "step": pl.String,
    "next_step": pl.String,
    "count": pl.Int64,
    "people": pl.Int64,
    "median_s": pl.Float64,
    "p90_s": pl.Float64,
}


class Flows(NamedTuple):
    """Each most frequent first, then by name; `hidden` counts what each list leaves out."""

    starts: list[Start]
    transitions: list[Transition]
    ends: list[End]
    hidden: Counter[str]


class _Counted(NamedTuple):
    """The flows of some journeys, with `count` and `people`, and between steps their times."""

    starts: pl.DataFrame
    between: pl.DataFrame
    ends: pl.DataFrame

    def people(self) -> dict[_Name, int]:
        return {flow.name: flow.people for flow in self.balance({})}

    def balance(self, least: Mapping[_Name, int]) -> list[Flow]:
        """Write them as flows; `least`: where fewer people are known than those here."""
        flows = [
            *(
                Flow(_STARTS, "", _at(step), count, people)
                for step, count, people in self.starts.rows()
            ),
            *(
                Flow(_TRANSITIONS, _at(step), _at(after), count, people)
                for step, after, count, people, *_ in self.between.rows()
            ),
            *(
                Flow(_ENDS, _at(step), f"as {outcome}", count, people)
                for step, outcome, count, people in self.ends.rows()
            ),
        ]
        return [flow._replace(people=least.get(flow.name, flow.people)) for flow in flows]


def flows(
    journeys: pl.DataFrame, visits: pl.DataFrame, *, k: int, left_out: Sequence[Frames] = ()
) -> Flows:
    """Count starts, transitions and ends.

    Args:
        journeys: Rows of `projections.frames.Frames.journeys`.
        visits: Their visits, sorted by journey and visit.
        k: Least number of people of a row that is shown; rows that the balance of a step or the
            number of journeys of an outcome would give away are left out too.
        left_out: What a filter leaves out, `analysis.selection.left_out`.

    Returns:
        A transition's times run from the last touchpoint of a visit to the first of the next.
    """
    counted = _count(journeys, visits)
    starts, between, ends = counted
    balance = counted.balance({})
    beside = [_count(part.journeys, part.visits) for part in left_out]
    wholes = [
        _count(
            pl.concat([journeys, part.journeys]),
            pl.concat([visits, part.visits]).sort("journey", "visit"),
        )
        for part in left_out
    ]
    hidden = _hidden(counted, beside, wholes, k=k)
    is_shown = pl.Series([flow.name not in hidden for flow in balance], dtype=pl.Boolean)
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
        hidden=Counter(flow.kind for flow in balance if flow.name in hidden),
    )


def _hidden(
    counted: _Counted, beside: Sequence[_Counted], wholes: Sequence[_Counted], *, k: int
) -> set[_Name]:
    """Choose the flows to leave out: what is small, or left out, in one place is so in all."""
    left_out = {name for whole in wholes for name in _hidden(whole, [], [], k=k)}
    least = dict.fromkeys(left_out, 0)
    for one in (counted, *beside):
        for name, people in one.people().items():
            least[name] = min(people, least.get(name, people))
    balances = [one.balance(least) for one in (counted, *beside)]
    hidden: set[_Name] = set()
    while True:
        before = len(hidden)
        for balance in balances:
            already = [i for i, flow in enumerate(balance) if flow.name in hidden]
            hidden |= {balance[i].name for i in hidden_flows(balance, k=k, already=already)}
        if len(balances) == 1 or len(hidden) == before:
            return hidden


def _count(journeys: pl.DataFrame, visits: pl.DataFrame) -> _Counted:
    moves = visits.select("visit", "step", "next_step", "gap_s").hstack(
        of_journeys(journeys, visits["journey"], "people", "outcome")
    )
    begun = moves.select("step", "people").filter(moves["visit"] == 1)
    size = [pl.len().alias("count"), pl.col("people").n_unique()]
    return _Counted(
        _rows(begun.group_by("step").agg(size), "step"),
        _rows(_between(moves), "step", "next_step"),
        _rows(
            moves.filter(pl.col("next_step").is_null()).group_by("step", "outcome").agg(size),
            "step",
            "outcome",
        ),
    )


def _between(moves: pl.DataFrame) -> pl.DataFrame:
    """Count and time the moves of each pair of steps."""
    step, after = (pl.col(name).to_physical().cast(pl.UInt32) for name in ("step", "next_step"))
    pair = (step * (after.max() + 1) + after).alias("pair")
    made = (
        moves.select("step", "next_step", "people", "gap_s")
        .filter(moves["next_step"].is_not_null())
        .with_columns(pair)
    )
    rows = [
        (
            *part.row(0)[:2],
            part.height,
            part["people"].n_unique(),
            *quantiles(part["gap_s"], (_P50, _P90)),
        )
        for _, part in split(made, "pair")
    ]
    return pl.DataFrame(rows, schema=_BETWEEN, orient="row")


def _rows(counted: pl.DataFrame, *names: str) -> pl.DataFrame:
    return counted.with_columns(pl.col(*names).cast(pl.String)).sort(
        "count", *names, descending=[True, *(False for _ in names)]
    )


def _at(step: str) -> str:
    return f"at {step}"
