"""How far the data can be trusted: what has no meaning, no journey, no person, and what failed.

When a touchpoint arrived plays no part here. The frames do not hold it, for a report is the same
bytes in any order of arrival; what came late, is missing or in quarantine is told from the log.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

from analysis.lookup import of_journeys
from analysis.rates import MIN_JOURNEYS
from analysis.sections import Quality
from projections.frames import Frames


class QualitySection(NamedTuple):
    """The figures; `hidden` counts those that too few people share."""

    quality: Quality
    hidden: int


def quality_of(selected: Frames, *, k: int, left_out: Sequence[Frames] = ()) -> QualitySection:
    """Count what is wrong with the touchpoints of a selection.

    Args:
        selected: The journeys to report on, people by their pseudonyms.
        k: Least number of people of a count that is shown, and of what it leaves of its total.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
    """
    journeys, visits, strays = selected.journeys, selected.visits, selected.strays
    unmapped, unlinked = int(strays["unmapped"].sum()), int(strays["unlinked"].sum())
    total = int(journeys["touchpoints"].sum()) + unlinked
    at_steps = int(visits["touchpoints"].sum())
    parts = (selected, *left_out)
    failed = [_failed(part)["people"].n_unique() for part in parts]
    errors = None if _few(failed, k) else int(_failed(selected)["errors"].sum())
    people = [size for part in parts for size in _unknown_and_known(part.journeys)]
    without = None if _few(people, k) else people[0]
    return QualitySection(
        Quality(
            touchpoints=total,
            unmapped=unmapped,
            unmapped_share=_share(unmapped, total),
            unlinked=unlinked,
            unlinked_share=_share(unlinked, total),
            step_touchpoints=at_steps,
            errors=errors,
            error_share=_share(errors, at_steps),
            without_person=without,
            without_person_share=_share(without, journeys.height),
        ),
        (errors is None) + (without is None),
    )


def _failed(part: Frames) -> pl.DataFrame:
    failed = part.visits.select("journey", "errors").filter(pl.col("errors") > 0)
    return failed.hstack(of_journeys(part.journeys, failed["journey"], "people"))


def _unknown_and_known(journeys: pl.DataFrame) -> tuple[int, int]:
    """Count the journeys of an unknown person, each its own person, and the known people."""
    unknown = journeys.filter(pl.col("people") == pl.col("journey_id"))
    known = journeys.filter(pl.col("people") != pl.col("journey_id"))
    return unknown.height, known["people"].n_unique()


def _few(sizes: Collection[int], k: int) -> bool:
    return any(0 < size < k for size in sizes)


def _share(count: int | None, total: int) -> float | None:
    return None if count is None or total < MIN_JOURNEYS else count / total
