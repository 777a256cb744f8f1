"""The journeys behind a number, without singling anybody out.

A path that fewer than k people of the list share is not shown: such a journey has its outcome and
its week alone.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl
from msgspec import Struct

from analysis.drop_off import LOST, week_of
from analysis.selection import EVER, Period, moment_text, select, with_people_numbered
from analysis.suppression import MIN_K, check_k
from journeys.errors import DisclosureError, SettingsError, UnknownStepError
from projections.frames import OUTCOMES, Frames


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
        limit: How many to list.
        k: Least number of people of a list, and of a path.
        public_log: The log holds nobody's data, so k may be below 5.

    Raises:
        DisclosureError: The list, or what it leaves out, is of 1 to k - 1 people.
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
    journeys = selected.journeys
    for wanted in _conditions(outcome, dropped_at):
        kept = journeys.filter(wanted)
        for part in (kept, journeys.filter(~wanted)):
            if 0 < part["people"].n_unique() < k:
                raise DisclosureError(
                    f"this list, or what it leaves out, is about fewer than {k} people. "
                    "Hint: a longer period, or fewer conditions"
                )
        journeys = kept
    paths = selected.visits.group_by("journey", maintain_order=True).agg(
        pl.col("step").cast(pl.String).str.join(" > ").alias("path")
    )
    listed = (
        journeys.join(paths, on="journey", how="left")
        .with_columns(pl.col("path").fill_null(""))
        .with_columns(shared=pl.col("people").n_unique().over("path") >= k)
        .with_columns(week=week_of("started_at"))
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
        steps=(path.split(" > ") if path else []) if shared else None,
    )


def _moment(when: object) -> str | None:
    return moment_text(when) if isinstance(when, datetime) else None
