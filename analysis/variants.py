"""Which ways are really walked: each distinct sequence of visits, and how many walk it."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from analysis.journey_report import Variant
from analysis.rates import MIN_JOURNEYS
from analysis.suppression import hidden_rows
from journeys.service import ServiceHistory
from projections.frames import Frames


class Variants(NamedTuple):
    """Variants of k people or more, most walked first, then by their steps.

    `total` counts all distinct sequences; `coverage` is the share of the journeys with a visit that
    walk one of the `rows`, null below ten journeys; `hidden` counts the variants left out.
    """

    rows: list[Variant]
    total: int
    coverage: float | None
    hidden: int


def walks(visits: pl.DataFrame) -> pl.DataFrame:
    """Give each journey with a visit its sequence of steps.

    Args:
        visits: Rows of `projections.frames.Frames.visits`, sorted by journey and visit.

    Returns:
        `journey`; `walk`, the visits' steps as their codes in the column `step`; `row`, the place
        of the first of them in `visits`.
    """
    return (
        visits.select(pl.col("journey").set_sorted(), "step")
        .with_row_index("row")
        .group_by("journey", maintain_order=True)
        .agg(pl.col("step").to_physical().alias("walk"), pl.col("row").first())
    )


def variants(
    journeys: pl.DataFrame,
    walked: pl.DataFrame,
    *,
    service: ServiceHistory,
    k: int,
    left_out: Sequence[Frames] = (),
) -> Variants:
    """Count the journeys of each sequence of visits, those after the end included.

    Args:
        journeys: Rows of `Frames.journeys`.
        walked: Their `walks`.
        service: What the codes of the steps mean.
        k: Least number of people of a variant that is shown.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
    """
    distinct = _numbered(walked)
    beside = [
        _members(_numbered(walks(part.visits), like=distinct), part.journeys) for part in left_out
    ]
    members = _members(distinct, journeys)
    hidden = hidden_rows(members, row="variant", k=k, beside=beside)
    counts = members.group_by("variant").agg(pl.len().alias("count"))
    shown = counts.filter(~pl.col("variant").is_in(list(hidden))).join(distinct, on="variant")
    n = members.height
    enough = n >= MIN_JOURNEYS
    rows = [
        Variant(
            steps=[service.step_keys[code] for code in walk],
            count=count,
            share=count / n if enough else None,
        )
        for walk, count in shown.select("walk", "count").iter_rows()
    ]
    return Variants(
        rows=sorted(rows, key=lambda variant: (-variant.count, variant.steps)),
        total=distinct.height,
        coverage=sum(variant.count for variant in rows) / n if enough else None,
        hidden=len(hidden),
    )


def _numbered(walked: pl.DataFrame, *, like: pl.DataFrame | None = None) -> pl.DataFrame:
    """Number the distinct sequences: `walk`, `journey` (all that walk it), `variant`.

    Args:
        walked: As of `walks`.
        like: Sequences that keep the numbers they have here.
    """
    # By its steps, for which of two equal variants is left out may not depend on chance.
    steps = pl.col("walk").cast(pl.List(pl.String)).list.join(" ")
    distinct = walked.group_by("walk").agg("journey").sort(steps)
    if like is None:
        return distinct.with_row_index("variant")
    known = distinct.join(like.select("walk", "variant"), on="walk", how="left")
    free = pl.int_range(pl.len(), dtype=pl.UInt32) + like.height
    return known.with_columns(pl.coalesce("variant", free).alias("variant"))


def _members(distinct: pl.DataFrame, journeys: pl.DataFrame) -> pl.DataFrame:
    members = distinct.select("variant", "journey").explode("journey", empty_as_null=False)
    return members.join(journeys.select("journey", "people"), on="journey", how="inner")
