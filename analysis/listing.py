"""The journeys behind a number, without singling anybody out.

A path that fewer than k people of the list share is not shown: such a journey has its outcome and
its week alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Struct

from analysis.choice import Choice, choose
from analysis.journey_report import Window
from analysis.report import window_of
from analysis.selection import EVER, Period, moment_text
from analysis.suppression import MIN_K
from projections.frames import Frames


class ListedVisit(Struct, frozen=True, kw_only=True):
    """One stay at a step; `ball` is whose turn it is then: customer, city, or null after the end.

    `entered_at` and `left_at` are its first and last touchpoint.
    """

    step: str
    entered_at: str
    left_at: str
    ball: str | None


class ListedJourney(Struct, frozen=True, kw_only=True):
    """One journey; all but `week` and `outcome` are null where its path is rare.

    `steps` are those of its `visits`.
    """

    week: str
    outcome: str
    journey: str | None
    started_at: str | None
    ended_at: str | None
    steps: list[str] | None
    visits: list[ListedVisit] | None


class JourneyList(Struct, frozen=True, kw_only=True):
    """The journeys of a selection: `total` of them, the latest first, `rare` without a path.

    `window` .. `variant` are what was asked for. `draft`: nobody has confirmed the outcomes yet;
    *abandoned* is ended without a known one.
    """

    service: str
    draft: bool
    as_of: str
    position: int
    window: Window
    where: dict[str, str]
    outcome: str | None
    dropped_at: str | None
    variant: list[str] | None
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
        window: As the others up to `variant`: see `Choice`.
        where: As above.
        outcome: As above.
        dropped_at: As above.
        variant: As above.
        limit: How many to list.
        k: Least number of people of a list, and of a path.
        public_log: The log holds nobody's data, so k may be below 5.

    Raises:
        DisclosureError: As `choose`.
        SettingsError: As `choose`.
        UnknownStepError: As `choose`.
    """
    choice = Choice(window, where, outcome, dropped_at, variant)
    chosen = choose(frames, choice, k=k, public_log=public_log)
    listed = chosen.journeys.with_columns(shared=pl.col("people").n_unique().over("path") >= k)
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
    shown = ordered.head(limit)
    visits = _visits(chosen.visits.join(shown.filter("shared"), on="journey", how="semi"))
    return JourneyList(
        service=frames.service.key,
        draft=not frames.service.at(frames.as_of).outcomes_confirmed,
        as_of=moment_text(frames.as_of),
        position=frames.position,
        window=window_of(window),
        where=dict(where or {}),
        outcome=outcome,
        dropped_at=dropped_at,
        variant=chosen.path,
        k=k,
        total=listed.height,
        rare=int((~listed["shared"]).sum()),
        journeys=[_listed(row, visits) for row in shown.iter_rows(named=True)],
    )


def _visits(visits: pl.DataFrame) -> dict[int, list[ListedVisit]]:
    """List the visits of each journey, by its number."""
    found: dict[int, list[ListedVisit]] = {}
    columns = ("journey", "step", "entered_at", "left_at", "ball")
    for journey, step, entered_at, left_at, ball in visits.select(columns).iter_rows():
        visit = ListedVisit(
            step=step, entered_at=moment_text(entered_at), left_at=moment_text(left_at), ball=ball
        )
        found.setdefault(journey, []).append(visit)
    return found


def _listed(row: Mapping[str, Any], visits: Mapping[int, list[ListedVisit]]) -> ListedJourney:
    is_shared = row["shared"]
    walked = visits.get(row["journey"], []) if is_shared else None
    return ListedJourney(
        week=row["week"],
        outcome=row["outcome"],
        journey=row["journey_id"] if is_shared else None,
        started_at=_moment(row["started_at"]) if is_shared else None,
        ended_at=_moment(row["ended_at"]) if is_shared else None,
        steps=None if walked is None else [visit.step for visit in walked],
        visits=walked,
    )


def _moment(when: datetime | None) -> str | None:
    return None if when is None else moment_text(when)
