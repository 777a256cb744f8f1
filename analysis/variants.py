"""Which ways are really walked: each distinct sequence of visits, and how many walk it."""

from typing import NamedTuple

import polars as pl

from analysis.journey_report import Variant
from analysis.rates import MIN_JOURNEYS
from analysis.suppression import hidden_rows
from journeys.service import ServiceHistory


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
        visits.select("journey", "step")
        .with_row_index("row")
        .group_by("journey", maintain_order=True)
        .agg(pl.col("step").to_physical().alias("walk"), pl.col("row").first())
    )


def variants(
    journeys: pl.DataFrame, walked: pl.DataFrame, *, service: ServiceHistory, k: int
) -> Variants:
    """Count the journeys of each sequence of visits, those after the end included.

    Args:
        journeys: Rows of `Frames.journeys`.
        walked: Their `walks`.
        service: What the codes of the steps mean.
        k: Least number of people of a variant that is shown.
    """
    distinct = walked.group_by("walk").agg("journey").with_row_index("variant")
    members = distinct.select("variant", "journey").explode("journey", empty_as_null=False)
    members = members.join(journeys.select("journey", "people"), on="journey", how="inner")
    hidden = hidden_rows(members, row="variant", k=k)
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
