"""The analysts' door: one service as Polars frames, as of a moment, as known at a position.

`Frames.visits` is sorted by journey and visit and carries everything that is computed once per
journey: the number of the visit at its step, the next step, and how long the stay took.
`Frames.journeys` says where each journey stands.

What is asked at the last projected position and after the last touchpoint is read from the tables;
any other moment or position is traced again from the log, by the same function, to the same frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Connection, select

from journeys.errors import ProjectionError, UnknownServiceError
from journeys.event_log import EventLog
from journeys.records import microseconds_of
from journeys.service import ServiceHistory
from projections.course import known_position
from projections.prepared import OUTCOMES, Prepared, prepare, seconds
from projections.read_models import ReadModels
from projections.rows import read_touchpoints
from projections.shapes import ABANDONED, Trace
from projections.slices import read_prepared
from projections.tables import LIVE
from projections.trace import judge, trace_journeys

__all__ = [
    "OUTCOMES",
    "Frames",
    "frames_of",
    "frames_under",
    "read_every_service",
    "read_frames",
]


@dataclass(frozen=True, kw_only=True)
class Frames:
    """What analysers read. Journeys are numbered from 0 in the order (started_at, journey_id).

    Attributes:
        service: The definition versions known at `position`.
        as_of: The moment the frames pretend it is now.
        position: The place in the log up to which they know.
        journeys: One row a journey, sorted by `journey`: `journey` u32, `journey_id`, `people` (one
            value a person), `started_at`, `week` (of it, as `2026-W03`), `version` i32 (into
            `service.versions`), `route` str or null, `channel` (of the first touchpoint),
            `attributes` (JSON object of first-touch values), `touchpoints`, `outcome` (`OUTCOMES`),
            `ended_at` (null if open), `last_customer_step`, `force_step` (open: the step whose
            deadline is in force), `ball`, `deadline_at`, `broken_promise`, `cancelled_afterwards`,
            `resurrected`.
        visits: One row a visit, sorted by (`journey`, `visit`): `journey`, `visit` u32 from 1,
            `step` (Enum of the step keys), `channel` (categorical), `entered_at`, `left_at`, `ball`
            (after the visit; null once the journey has ended), `touchpoints`, `errors`, `visit_no`
            u32 (nth visit to this step), `next_step`, `dwell_s` (first touchpoint to the next
            visit's first, or to the outcome if that comes first; null if neither), `gap_s` (last
            touchpoint to the next visit's first; null without one), `stay_s` (first to last
            touchpoint), `wait_s` (last touchpoint to the end of `dwell_s`).
        strays: Touchpoints without a journey or a meaning, as in `projections.shapes.STRAYS`.
    """

    service: ServiceHistory
    as_of: datetime
    position: int
    journeys: pl.DataFrame
    visits: pl.DataFrame
    strays: pl.DataFrame


def read_frames(
    log: EventLog,
    models: ReadModels,
    service: str,
    *,
    as_of: datetime,
    position: int | None = None,
) -> Frames:
    """Read one service.

    Args:
        log: Holds the definitions, and the touchpoints where the tables cannot answer.
        models: The tables.
        service: Its key.
        as_of: Aware; touchpoints at or after it do not exist.
        position: Events behind it do not exist, nor definitions; None is the last projected one.

    Raises:
        UnknownServiceError: No definition has this key.
        ProjectionError: Nothing is projected yet, the position is not one of the log, or the
            service was defined behind it.
    """
    with models.reading() as connection:
        door = _Door(log, connection, position, cache=models.cache)
        return door.frames(service, as_of)


def read_every_service(
    log: EventLog, models: ReadModels, *, as_of: datetime, position: int | None = None
) -> Iterator[Frames]:
    """Read the services known at a position, by key: one after the other, of one state.

    Raises:
        ProjectionError: As `read_frames`.
    """
    with models.reading() as connection:
        door = _Door(log, connection, position, cache=models.cache)
        for service in door.histories:
            yield door.frames(service, as_of)


def frames_under(
    log: EventLog, histories: Sequence[ServiceHistory], *, as_of: datetime, position: int
) -> list[Frames]:
    """Read one service as it would be under given definitions, recorded or not; nothing is written.

    Args:
        log: Holds the touchpoints.
        histories: Of one service; the touchpoints are read once for all of them.
        as_of: Aware; touchpoints at or after it do not exist.
        position: Touchpoints behind it do not exist.

    Returns:
        Frames for each history, in order: what `read_frames` gives where that history is the one
        known at the position.
    """
    service = histories[0].key
    touchpoints = read_touchpoints(log, until=position, service=service)
    known = touchpoints.filter(pl.col("occurred_at") < as_of)
    return [
        frames_of(trace_journeys(known, history), history, as_of=as_of, position=position)
        for history in histories
    ]


def frames_of(trace: Trace, service: ServiceHistory, *, as_of: datetime, position: int) -> Frames:
    """Judge a trace at `as_of` and derive what is computed once per journey.

    Args:
        trace: Of touchpoints before `as_of`, at or before `position`, alone.
        service: The definition versions known at `position`.
        as_of: Aware.
        position: Only stated, never used.
    """
    return _judged(prepare(trace, service), service, as_of=as_of, position=position)


def _judged(
    prepared: Prepared, service: ServiceHistory, *, as_of: datetime, position: int
) -> Frames:
    # In one piece, not one a slice: what is put beside it would be cut up, too.
    journeys = judge(prepared.journeys.rechunk(), as_of).with_row_index("journey")
    number = pl.Series(np.repeat(journeys["journey"].to_numpy(), journeys["visits"].to_numpy()))
    # Only a touchpoint ends a stay; the deadline of an abandoned journey is nobody's time.
    ended_at = pl.when(pl.col("outcome") != ABANDONED).then("ended_at")
    ends = journeys.select(ended_at).to_series().gather(number)
    upcoming = pl.when(pl.col("next_step").is_not_null()).then(pl.col("entered_at").shift(-1))
    visits = (
        prepared.visits.rechunk()
        .with_columns(journey=number, ended_at=ends)
        .with_columns(
            dwell_s=seconds(
                pl.min_horizontal(
                    upcoming,
                    pl.when(pl.col("ended_at") >= pl.col("entered_at")).then("ended_at"),
                )
                - pl.col("entered_at")
            )
        )
        .with_columns(wait_s=(pl.col("dwell_s") - pl.col("stay_s")).clip(lower_bound=0.0))
        .drop("ended_at")
    )
    return Frames(
        service=service,
        as_of=as_of,
        position=position,
        journeys=journeys.drop("visits"),
        visits=visits,
        strays=prepared.strays,
    )


class _Door:
    """One state of the tables, and the log up to the position in question."""

    def __init__(
        self,
        log: EventLog,
        connection: Connection,
        position: int | None,
        *,
        cache: Path | None,
    ) -> None:
        self._log = log
        self._connection = connection
        self._cache = cache
        self._projected = known_position(log, connection)
        self.position = self._resolve(position)
        self.histories = log.definitions(self.position)

    def frames(self, service: str, as_of: datetime) -> Frames:
        history = self.histories.get(service)
        if history is None:
            raise self._unknown(service)
        if self.position == self._projected and not self._has_touchpoint_from(as_of, service):
            prepared = read_prepared(self._connection, history, cache=self._cache)
        else:
            touchpoints = read_touchpoints(self._log, until=self.position, service=service)
            known = touchpoints.filter(pl.col("occurred_at") < as_of)
            prepared = prepare(trace_journeys(known, history), history)
        return _judged(prepared, history, as_of=as_of, position=self.position)

    def _resolve(self, position: int | None) -> int:
        head = self._log.head()
        if position is None:
            if self._projected is None:
                raise ProjectionError("read models: nothing is projected yet. Hint: polku project")
            return self._projected
        if not 0 <= position <= head:
            raise ProjectionError(
                f"position {position}: the log has positions up to {head}. "
                f"Hint: 0 to {head}, or none for what is projected"
            )
        return position

    def _unknown(self, service: str) -> UnknownServiceError | ProjectionError:
        if service not in self._log.definitions():
            return UnknownServiceError(service, self.histories)
        return ProjectionError(
            f"service {service!r} at position {self.position}: its definition was recorded later. "
            "Hint: a later position, or none for what is projected"
        )

    def _has_touchpoint_from(self, moment: datetime, service: str) -> bool:
        extent = LIVE.extent.c
        latest_at = self._connection.scalar(
            select(extent.latest_at).where(extent.service == service)
        )
        return latest_at is not None and latest_at >= microseconds_of(moment)
