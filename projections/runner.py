"""Keeping the read models up to date: once, for ever, or anew; and how they are.

A runner projects the log in batches, each with its position in one transaction. Any number may run
at once: one that finds the position moved reads it again and goes on. Where nothing is projected
yet, or much is still to come, the tables are built anew in columns, which is quicker.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from sqlalchemy import Connection, Select, func, select

from journeys.event_log import EventLog
from projections.course import known_position, other_course
from projections.projector import project_batch
from projections.read_models import ReadModels, position_of
from projections.rebuild import Interrupted, Progress, build
from projections.tables import LIVE

BATCH = 20_000
"""Positions projected in one transaction."""

BACKLOG = 50_000
"""So many positions behind, batches are always quick enough."""

BACKLOG_SHARE = 0.25
"""Of the log: beyond it building anew is quicker, at a fifth of the price for each touchpoint."""

POLL_S = 0.5
"""How often a follower looks whether there is more."""


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """What the read models hold of one service.

    Attributes:
        service: Its key.
        touchpoints: All of the log up to the position.
        journeys: Those they make.
        unlinked: Touchpoints that belong to no journey.
        unmapped: Touchpoints that no definition names.
    """

    service: str
    touchpoints: int
    journeys: int
    unlinked: int
    unmapped: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far the read models are.

    Attributes:
        position: Projected up to here; None if nothing is.
        head: The newest position of the log.
        misfit: Why they cannot be of this log; None if they can.
        services: By key, those that have touchpoints.
    """

    position: int | None
    head: int
    misfit: str | None
    services: tuple[ServiceStatus, ...]

    @property
    def behind(self) -> int:
        """Events of the log that are not projected yet."""
        return self.head - (self.position or 0)


def project(
    log: EventLog,
    models: ReadModels,
    *,
    until: int | None = None,
    stop: Event | None = None,
    progress: Progress | None = None,
) -> int | None:
    """Project what the log has now.

    Args:
        log: Is only read.
        models: Brought up to date.
        until: Last position; None is the head at the time of the call.
        stop: Set from outside to stop after the transaction under way.
        progress: Is told how many positions are done, and how many there are to do.

    Returns:
        The position reached; None if `stop` was set before there was any.

    Raises:
        ProjectionError: The database failed, or knows more than the log; it is as it was.
    """
    stop = stop or Event()
    progress = progress or _tell_nobody
    head = log.head()
    until = head if until is None else min(until, head)
    position = _known(log, models)
    while not stop.is_set() and (position is None or position < until):
        if position is None or _is_long(until - position, until):
            with suppress(Interrupted), models.building(stop) as granted:
                if granted and models.position() == position:  # nobody else was quicker
                    build(log, models, until=until, stop=stop, progress=progress)
        else:
            reached = min(position + BATCH, until)
            if project_batch(log, models, after=position, until=reached):
                progress(reached, until)
        position = _known(log, models)
    return position


def follow(
    log: EventLog,
    models: ReadModels,
    *,
    stop: Event,
    poll_s: float = POLL_S,
    watch: Callable[[], None] | None = None,
) -> None:
    """Project what the log has and what it gets, until `stop` is set.

    Args:
        log: Is only read.
        models: Kept up to date.
        stop: Set from outside to stop after the transaction under way.
        poll_s: How often to look whether there is more.
        watch: Called before and after each look, by who keeps an eye on both.

    Raises:
        ProjectionError: As `project`.
    """
    watch = watch or _watch_nothing
    while not stop.is_set():
        watch()
        project(log, models, stop=stop)
        watch()
        stop.wait(poll_s)


def rebuild(
    log: EventLog,
    models: ReadModels,
    *,
    stop: Event | None = None,
    progress: Progress | None = None,
) -> int | None:
    """Build the read models anew from the log; the old ones are in use until that is done.

    Args:
        log: Is only read.
        models: Whatever they hold, it is replaced.
        stop: Set from outside to give up; the old ones stay.
        progress: Is told how many positions are done, and how many there are to do.

    Returns:
        The position of the tables in use.

    Raises:
        ProjectionError: The database failed; it is as it was.
    """
    stop = stop or Event()
    with suppress(Interrupted), models.building(stop) as granted:
        if granted:
            build(log, models, until=log.head(), stop=stop, progress=progress or _tell_nobody)
    return models.position()


def status_of(log: EventLog, models: ReadModels) -> Status:
    """Say how far the read models are, and how much they hold."""
    extent, journey, stray = LIVE.extent.c, LIVE.journey.c, LIVE.stray.c
    with models.reading() as connection:
        position = position_of(connection)
        if position is None:
            return Status(position=None, head=log.head(), misfit=None, services=())
        misfit = other_course(log, connection, position)
        extents = connection.execute(
            select(extent.service, extent.touchpoints).order_by(extent.service)
        ).all()
        journeys = _counts(connection, select(journey.service, func.count()))
        unlinked = _counts(connection, select(stray.service, func.count()).where(stray.unlinked))
        unmapped = _counts(connection, select(stray.service, func.count()).where(stray.unmapped))
    return Status(
        position=position,
        head=log.head(),
        misfit=misfit,
        services=tuple(
            ServiceStatus(
                service=service,
                touchpoints=touchpoints,
                journeys=journeys.get(service, 0),
                unlinked=unlinked.get(service, 0),
                unmapped=unmapped.get(service, 0),
            )
            for service, touchpoints in extents
        ),
    )


def _known(log: EventLog, models: ReadModels) -> int | None:
    with models.reading() as connection:
        return known_position(log, connection)


def _counts(connection: Connection, statement: Select[str, int]) -> dict[str, int]:
    return dict(connection.execute(statement.group_by("service")).all())


def _is_long(backlog: int, until: int) -> bool:
    return backlog > max(BACKLOG, BACKLOG_SHARE * until)


def _tell_nobody(done: int, total: int) -> None:
    """Progress for those who do not watch."""


def _watch_nothing() -> None:
    """For those who keep no eye on it."""
