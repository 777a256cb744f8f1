"""Channels: where journeys begin, where their visits are, and how they move from one to another.

A visit's channel is that of its first touchpoint, a journey's that of its own first one. A move is
a visit in another channel than the visit before it, where both are known.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import polars as pl

from analysis.drop_off import COMPLETED, LOST, completion_at
from analysis.lookup import of_journeys
from analysis.rates import MIN_JOURNEYS
from analysis.sections import ChannelMove, Channels, ChannelStart, ChannelVisits
from analysis.selection import NOT_STATED
from analysis.suppression import hidden_rows
from projections.frames import Frames

_BETWEEN = "\0"
"""Between the two channels of a move: in no channel's name."""


class ChannelSection(NamedTuple):
    """Most frequent first, then by name; `hidden` counts the rows left out of the three lists."""

    channels: Channels
    hidden: int


class _Members(NamedTuple):
    """What the three lists count, with `people`: `channel`, or `move`."""

    starts: pl.DataFrame
    visits: pl.DataFrame
    moves: pl.DataFrame


def channels_of(
    selected: Frames,
    *,
    day: int | None,
    k: int,
    left_out: Sequence[Frames] = (),
    untold: Collection[str] = (),
) -> ChannelSection:
    """Count journeys, visits and moves by channel.

    Args:
        selected: The journeys to report on.
        day: The day at which completion is read in the whole report.
        k: Least number of people of a row that is shown.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
        untold: Channels that no filter would be answered about.
    """
    whole, *beside = (_members(part) for part in (selected, *left_out))
    journeys, places, moves = whole
    others = [other.starts for other in beside]
    begun = hidden_rows(journeys, row="channel", k=k, already=untold, beside=others)
    visited = hidden_rows(places, row="channel", k=k, beside=[other.visits for other in beside])
    moved = hidden_rows(moves, row="move", k=k, beside=[other.moves for other in beside])
    totals = [other.moves["people"].n_unique() for other in (whole, *beside)]
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
                for before, after, count in _pairs(moves.filter(~pl.col("move").is_in(list(moved))))
            ],
            moves_total=None if any(0 < people < k for people in totals) else moves.height,
        ),
        len(begun) + len(visited) + len(moved),
    )


def _starts(journeys: pl.DataFrame, selected: Frames, day: int | None) -> list[ChannelStart]:
    rows = []
    begun = journeys.select("channel", "outcome", "started_at", "ended_at")
    for (channel,), part in begun.group_by("channel"):
        stands = Counter(dict(part["outcome"].cast(pl.String).value_counts().iter_rows()))
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


def _members(part: Frames) -> _Members:
    named = pl.when(pl.col("channel") != "").then("channel")
    journeys = part.journeys.with_columns(named.fill_null(NOT_STATED))
    visits = part.visits.select("journey", named).hstack(
        of_journeys(journeys, part.visits["journey"], "people")
    )
    same = pl.col("journey") == pl.col("journey").shift()
    moves = (
        visits.select("people", to="channel", before=pl.when(same).then(pl.col("channel").shift()))
        .filter(pl.col("before") != pl.col("to"))
        .with_columns(pl.col("before", "to").cast(pl.String))
    )
    return _Members(
        journeys,
        visits.with_columns(pl.col("channel").fill_null(NOT_STATED)),
        moves.with_columns(move=pl.concat_str("before", "to", separator=_BETWEEN)),
    )


def _pairs(moves: pl.DataFrame) -> Iterator[tuple[str, str, int]]:
    """Yield from, to and count, the most frequent first."""
    return (
        moves.group_by("before", "to")
        .agg(pl.len().alias("count"))
        .sort("count", "before", "to", descending=[True, False, False])
        .iter_rows()
    )


def _counted(values: pl.Series) -> list[tuple[str, int]]:
    counts = values.value_counts(name="rows").iter_rows()
    return sorted(counts, key=lambda row: (-row[1], row[0]))
