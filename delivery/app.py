"""The composition root: settings in, the parts of Polku put together for a job.

Only this module knows which log, read models and definitions belong to an installation.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import NamedTuple

from delivery.settings import Settings
from journeys.event_log import EventLog
from journeys.service import load_services
from projections.frames import Frames, read_every_service, read_frames
from projections.read_models import ReadModels


class House(NamedTuple):
    """The log and the read models of one installation, opened."""

    log: EventLog
    models: ReadModels


@contextmanager
def open_log(settings: Settings, *, create: bool = False) -> Iterator[EventLog]:
    """Open the log of an installation."""
    with EventLog.open(settings.log_path, create=create, settings=dict(os.environ)) as log:
        yield log


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Open log and read models; the log must be there, the read models are made if need be."""
    with ExitStack() as stack:
        log = stack.enter_context(open_log(settings))
        models = stack.enter_context(ReadModels.open(settings.read_models_path))
        yield House(log, models)


def record_definitions(settings: Settings, log: EventLog, *, now: datetime) -> int:
    """Record the definitions in use that differ from those in the log; how many those were."""
    return log.record_definitions(load_services(settings.services_directory), recorded_at=now)


def frames_of_service(
    house: House, service: str, *, as_of: datetime, position: int | None
) -> Frames:
    """Read one service as of a moment, as known at a position."""
    return read_frames(house.log, house.models, service, as_of=as_of, position=position)


def frames_of_all(house: House, *, as_of: datetime, position: int | None) -> list[Frames]:
    """Read all services of one state, so that they tell of the same moment."""
    return list(read_every_service(house.log, house.models, as_of=as_of, position=position))
