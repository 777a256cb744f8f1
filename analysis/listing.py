"""The journeys behind a number, without singling anybody out.

A path that fewer than k people of the list share is not shown: such a journey has its outcome and
its week alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from msgspec import Struct

from analysis.drop_off import LOST, week_of
from analysis.selection import EVER, Period, moment_text, select, with_people_numbered
from analysis.suppression import MIN_K, check_k
from analysis.variants import variants, walks
from journeys.errors import DisclosureError, SettingsError, UnknownStepError
from projections.frames import OUTCOMES, Frames

_ARROW = " > "


class ListedJourney(Struct, frozen=True, kw_only=True):
    """One journey; all but `week` and `outcome` are null where its path is rare."""

    week: str
    outcome: str
    journey: str | None
    started_at: str | None
    ended_at: str | None
    steps: list[str] | None


class JourneyList(Struct, frozen=True, kw_only=True):
    """The journeys of a selection: `total` of them, the latest first, `rare` without a path.

    `draft`: nobody has confirmed the outcomes yet; *abandoned* is ended without a known one.
    """

    service: str
    draft: bool
    as_of: str
    position: int
    k: int
    total: int
    rare: int
    journeys: list[ListedJourney]


def list_journeys(  # noqa: PLR0913 - each is an option of the command
    frames: Frames,
    *,
    window: Period = EVER,
    where: Mapping[str, str] | None = None,
    outcome: str | None = None,
    dropped_at: str | None = None,
    variant: int | Sequence[str] | None = None,
    limit: int = 50,
    k: int = MIN_K,
    public_log: bool = False,
) -> JourneyList:
    """List the journeys that a number of the report counts.

    Args:
        frames: One service.
        window: Journey starts.
        where: First values wanted, by attribute.
        outcome: Only those that stand like this.
        dropped_at: Only those lost with this as the last customer step.
        variant: Only those that walked this path: its place in the report's list, from 1, or its
            steps.
        limit: How many to list.
        k: Least number of people of a list, and of a path.
        public_log: The log holds nobody's data, so k may be below 5.

    Raises:
        DisclosureError: The list, or what one of its conditions leaves out, is of 1 to k - 1
            people; or the report shows no such path.
        SettingsError: No such outcome or attribute.
        UnknownStepError: No such step.
    """
    check_k(k, public_log=public_log)
    service = frames.service
    if outcome is not None and outcome not in OUTCOMES.categories:
        raise SettingsError(
            f"--outcome {outcome!r} is none. Hint: one of {', '.join(OUTCOMES.categories)}"
        )
    if dropped_at is not None and dropped_at not in service.step_keys:
        raise UnknownStepError(dropped_at, service.key, service.step_keys)
    selected = with_people_numbered(select(frames, period=window, where=where, k=k))
    wanted = _conditions(outcome, dropped_at)
    if variant is not None:
        wanted.append(pl.col("path") == _path(selected, variant, k=k))
    is_shown = variant is not None and len(wanted) == 1
    journeys = _that_meet(wanted, _with_paths(selected), is_shown=is_shown, k=k)
    listed = journeys.with_columns(
        shared=pl.col("people").n_unique().over("path") >= k, week=week_of("started_at")
    )
    # Within a week rare ones come in no order of theirs, or their place would tell their start.
    ordered = listed.sort(
        pl.col("week"),
        pl.col("shared"),
        pl.when("shared").then(pl.col("started_at")),
        pl.when("shared").then(pl.col("journey_id")),
        pl.col("outcome").cast(pl.String),
        descending=[True, True, True, False, False],
        nulls_last=True,
    )
    return JourneyList(
        service=service.key,
        draft=not service.at(frames.as_of).outcomes_confirmed,
        as_of=moment_text(frames.as_of),
        position=frames.position,
        k=k,
        total=listed.height,
        rare=int((~listed["shared"]).sum()),
        journeys=[_listed(row) for row in ordered.head(limit).iter_rows(named=True)],
    )


def _with_paths(selected: Frames) -> pl.DataFrame:
    paths = selected.visits.group_by("journey", maintain_order=True).agg(
        pl.col("step").cast(pl.String).str.join(_ARROW).alias("path")
    )
    return selected.journeys.join(paths, on="journey", how="left").with_columns(
        pl.col("path").fill_null("")
    )


def _path(selected: Frames, variant: int | Sequence[str], *, k: int) -> str:
    """Find a path among those that the report shows."""
    service = selected.service
    shown = [
        row.steps
        for row in variants(selected.journeys, walks(selected.visits), service=service, k=k).rows
    ]
    if isinstance(variant, int):
        if 1 <= variant <= len(shown):
            return _ARROW.join(shown[variant - 1])
        raise DisclosureError(
            f"--variant {variant}: the report shows {len(shown)} paths that {k} people or more "
            "walked. Hint: the place of one of them, from 1, or a longer period"
        )
    for step in variant:
        if step not in service.step_keys:
            raise UnknownStepError(step, service.key, service.step_keys)
    if list(variant) not in shown:
        raise DisclosureError(
            f"--variant {_ARROW.join(variant)!r}: the report shows no such path, for nobody walked "
            f"it or too few people did. Hint: a path of the report, or a longer period"
        )
    return _ARROW.join(variant)


def _that_meet(
    wanted: Sequence[pl.Expr], journeys: pl.DataFrame, *, is_shown: bool, k: int
) -> pl.DataFrame:
    """Keep the journeys that meet all conditions.

    Args:
        wanted: The conditions.
        journeys: What they are asked of.
        is_shown: The report shows how many meet them, so their number gives nobody away.
        k: Least number of people that meet a condition, or fail it, among those that meet the rest.
    """
    meets = [journeys.select(condition.fill_null(value=False)).to_series() for condition in wanted]
    everyone = pl.repeat(value=True, n=journeys.height, dtype=pl.Boolean, eager=True)
    for place, condition in enumerate(meets):
        rest = everyone
        for other in (*meets[:place], *meets[place + 1 :]):
            rest &= other
        for part in (journeys.filter(rest & condition), journeys.filter(rest & ~condition)):
            if not is_shown and 0 < part["people"].n_unique() < k:
                raise DisclosureError(
                    f"this list, or what it leaves out, is about fewer than {k} people. "
                    "Hint: a longer period, or fewer conditions"
                )
    for condition in meets:
        everyone &= condition
    return journeys.filter(everyone)


def _conditions(outcome: str | None, dropped_at: str | None) -> list[pl.Expr]:
    wanted = []
    if outcome is not None:
        wanted.append(pl.col("outcome") == outcome)
    if dropped_at is not None:
        lost = pl.col("outcome").is_in(LOST)
        wanted.append(lost & pl.col("last_customer_step").cast(pl.String).eq_missing(dropped_at))
    return wanted


def _listed(row: Mapping[str, object]) -> ListedJourney:
    shared = bool(row["shared"])
    path = str(row["path"])
    return ListedJourney(
        week=str(row["week"]),
        outcome=str(row["outcome"]),
        journey=str(row["journey_id"]) if shared else None,
        started_at=_moment(row["started_at"]) if shared else None,
        ended_at=_moment(row["ended_at"]) if shared else None,
        steps=(path.split(_ARROW) if path else []) if shared else None,
    )


def _moment(when: object) -> str | None:
    return moment_text(when) if isinstance(when, datetime) else None
