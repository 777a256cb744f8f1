"""Channels: where journeys begin, where their visits are, and how they move from one to another.

A visit's channel is that of its first touchpoint, a journey's that of its own first one. A move is
a visit in another channel than the visit before it, where both are known.
"""

from collections import Counter
from typing import NamedTuple

import polars as pl

from analysis.drop_off import COMPLETED, LOST, completion_at
from analysis.rates import MIN_JOURNEYS
from analysis.sections import ChannelMove, Channels, ChannelStart, ChannelVisits
from analysis.selection import NOT_STATED
from analysis.suppression import hidden_rows
from projections.frames import Frames


class ChannelSection(NamedTuple):
    """Most frequent first, then by name; `hidden` counts the rows left out of the three lists."""

    channels: Channels
    hidden: int


def channels_of(selected: Frames, *, day: int | None, k: int) -> ChannelSection:
    """Count journeys, visits and moves by channel.

    Args:
        selected: The journeys to report on.
        day: The day at which completion is read in the whole report.
        k: Least number of people of a row that is shown.
    """
    named = pl.when(pl.col("channel") != "").then("channel")
    journeys = selected.journeys.with_columns(named.fill_null(NOT_STATED))
    begun = hidden_rows(journeys, row="channel", k=k)
    visits = selected.visits.select("journey", named).join(
        journeys.select("journey", "people"), on="journey", how="inner", maintain_order="left"
    )
    places = visits.with_columns(pl.col("channel").fill_null(NOT_STATED))
    visited = hidden_rows(places, row="channel", k=k)
    moves, pairs = _moves(visits)
    moved = hidden_rows(moves, row="move", k=k)
    people = moves["people"].n_unique()
    return ChannelSection(
        Channels(
            starts=_starts(journeys.filter(~pl.col("channel").is_in(list(begun))), selected, day),
            visits=[
                ChannelVisits(
                    channel=channel,
                    visits=count,
                    share=count / places.height if places.height >= MIN_JOURNEYS else None,
                )
                for channel, count in _counted(places["channel"])
                if channel not in visited
            ],
            moves=[
                ChannelMove(from_=before, to=after, count=count)
                for move, before, after, count in pairs.iter_rows()
                if move not in moved
            ],
            moves_total=None if 0 < people < k else moves.height,
        ),
        len(begun) + len(visited) + len(moved),
    )


def _starts(journeys: pl.DataFrame, selected: Frames, day: int | None) -> list[ChannelStart]:
    rows = []
    for (channel,), part in journeys.group_by("channel"):
        stands = Counter[str](part["outcome"].cast(pl.String).to_list())
        rate = completion_at(part, day=day, as_of=selected.as_of)
        rows.append(
            ChannelStart(
                channel=str(channel),
                started=part.height,
                completed=sum(stands[outcome] for outcome in COMPLETED),
                lost=sum(stands[outcome] for outcome in LOST),
                open=stands["open"],
                rate=rate.value,
                low=rate.low,
                high=rate.high,
                n=rate.n,
                day=rate.day,
                note=rate.note,
            )
        )
    return sorted(rows, key=lambda row: (-row.started, row.channel))


def _moves(visits: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row a move: `move`, `people`; and one row a pair: `move`, `from`, `to`, `count`."""
    same = pl.col("journey") == pl.col("journey").shift()
    moves = visits.select(
        "people", to="channel", before=pl.when(same).then(pl.col("channel").shift())
    ).filter(pl.col("before") != pl.col("to"))
    pairs = (
        moves.group_by("before", "to")
        .agg(pl.len().alias("count"))
        .sort("count", "before", "to", descending=[True, False, False])
        .with_row_index("move")
    )
    members = moves.join(pairs, on=["before", "to"], how="inner").select("move", "people")
    return members, pairs


def _counted(values: pl.Series) -> list[tuple[str, int]]:
    counts = values.value_counts(name="rows").iter_rows()
    return sorted(counts, key=lambda row: (-row[1], row[0]))
