"""Which journeys a number of the report counts, and by which path each of them went.

A path is the steps of all visits of a journey, those after its end included.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import polars as pl

from analysis.drop_off import LOST
from analysis.selection import EVER, Period, left_out, numbered_alike, select
from analysis.suppression import MIN_K, check_k
from analysis.variants import variants, walks
from journeys.errors import DisclosureError, SettingsError, UnknownStepError
from projections.frames import OUTCOMES, Frames

ARROW = " > "


class Choice(NamedTuple):
    """What is asked for.

    Attributes:
        window: Journey starts.
        where: First values wanted, by attribute.
        outcome: Only those that stand like this.
        dropped_at: Only those lost with this as the last customer step.
        variant: Only those that walked this path: its place in the report's list, from 1, or its
            steps.
    """

    window: Period = EVER
    where: Mapping[str, str] | None = None
    outcome: str | None = None
    dropped_at: str | None = None
    variant: int | Sequence[str] | None = None


class Chosen(NamedTuple):
    """The journeys of a choice.

    Attributes:
        journeys: Rows of `Frames.journeys` with `path`, its steps joined by `ARROW`; `people` are
            numbers.
        visits: Of the selection, rows of `Frames.visits`; those of other journeys may be among
            them.
        path: The steps of the path that was asked for, if one was.
    """

    journeys: pl.DataFrame
    visits: pl.DataFrame
    path: list[str] | None


def choose(frames: Frames, choice: Choice, *, k: int = MIN_K, public_log: bool = False) -> Chosen:
    """Choose the journeys that a number of the report counts.

    Args:
        frames: One service.
        choice: Which.
        k: Least number of people of the answer.
        public_log: The log holds nobody's data, so k may be below 5.

    Raises:
        DisclosureError: The answer, or what one of its conditions leaves out, is of 1 to k - 1
            people; or the report shows no such path.
        SettingsError: No such outcome or attribute.
        UnknownStepError: No such step.
    """
    check_k(k, public_log=public_log)
    service, outcome, dropped_at = frames.service, choice.outcome, choice.dropped_at
    if outcome is not None and outcome not in OUTCOMES.categories:
        raise SettingsError(
            f"--outcome {outcome!r} is none. Hint: one of {', '.join(OUTCOMES.categories)}"
        )
    if dropped_at is not None and dropped_at not in service.step_keys:
        raise UnknownStepError(dropped_at, service.key, service.step_keys)
    period, where = choice.window, choice.where
    selected, *others = numbered_alike(
        select(frames, period=period, where=where, k=k),
        *left_out(frames, period=period, where=where),
    )
    wanted = _conditions(outcome, dropped_at)
    path = None
    if choice.variant is not None:
        path = _path(selected, choice.variant, beside=others, k=k)
        wanted.append(pl.col("path") == ARROW.join(path))
    is_shown = path is not None and len(wanted) == 1
    journeys = _that_meet(wanted, with_paths(selected), is_shown=is_shown, k=k)
    for part in others:
        # Whoever has the same list without the filter has these, too.
        _check_told(with_paths(part).filter(*wanted), k)
    return Chosen(journeys, selected.visits, path)


def with_paths(selected: Frames) -> pl.DataFrame:
    """Add its `path` to each journey of a selection."""
    paths = selected.visits.group_by("journey", maintain_order=True).agg(
        pl.col("step").cast(pl.String).str.join(ARROW).alias("path")
    )
    return selected.journeys.join(paths, on="journey", how="left").with_columns(
        pl.col("path").fill_null("")
    )


def _path(
    selected: Frames, variant: int | Sequence[str], *, beside: Sequence[Frames], k: int
) -> list[str]:
    """Find a path among those that the report shows."""
    service = selected.service
    walked = walks(selected.visits)
    found = variants(selected.journeys, walked, service=service, k=k, left_out=beside)
    shown = [row.steps for row in found.rows]
    if isinstance(variant, int):
        if 1 <= variant <= len(shown):
            return shown[variant - 1]
        raise DisclosureError(
            f"--variant {variant}: the report shows {len(shown)} paths that {k} people or more "
            "walked. Hint: the place of one of them, from 1, or a longer period"
        )
    for step in variant:
        if step not in service.step_keys:
            raise UnknownStepError(step, service.key, service.step_keys)
    if list(variant) not in shown:
        raise DisclosureError(
            f"--variant {ARROW.join(variant)!r}: the report shows no such path, for nobody walked "
            f"it or too few people did. Hint: a path of the report, or a longer period"
        )
    return list(variant)


def _that_meet(
    wanted: Sequence[pl.Expr], journeys: pl.DataFrame, *, is_shown: bool, k: int
) -> pl.DataFrame:
    """Keep the journeys that meet all conditions.

    Args:
        wanted: The conditions.
        journeys: What they are asked of.
        is_shown: The report shows how many meet them, so their number gives nobody away.
        k: Least number of people of the list, and of what lists with fewer of the conditions have
            more.
    """
    met = pl.all_horizontal(pl.lit(value=True), *wanted)
    if not is_shown:
        _check_told(journeys.filter(met), k)
        for size in range(len(wanted)):
            for some in combinations(wanted, size):
                _check_told(journeys.filter(*some, ~met), k)
    return journeys.filter(met)


def _check_told(part: pl.DataFrame, k: int) -> None:
    if 0 < part["people"].n_unique() < k:
        raise DisclosureError(
            f"this list, or what it leaves out, is about fewer than {k} people. "
            "Hint: a longer period, or fewer conditions"
        )


def _conditions(outcome: str | None, dropped_at: str | None) -> list[pl.Expr]:
    wanted = []
    if outcome is not None:
        wanted.append(pl.col("outcome") == outcome)
    if dropped_at is not None:
        lost = pl.col("outcome").is_in(LOST)
        wanted.append(lost & pl.col("last_customer_step").cast(pl.String).eq_missing(dropped_at))
    return wanted
