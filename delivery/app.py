"""The composition root: settings in, the parts of Polku put together for a job.

Only this module knows which log, read models and definitions belong to an installation.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import NamedTuple

from analysis.recording import Told
from analysis.sections import LostRecords
from analysis.selection import moment_text
from delivery.settings import Settings, adopt_services, make_pseudonym_key, pseudonym_key
from journeys.errors import NoLogError, SettingsError
from journeys.event_log import EventLog
from journeys.missing import LATE, newest_arrivals, waiting_records
from journeys.proof import recorded_gaps
from journeys.records import SourceGapRecorded, moment_of
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
    with EventLog.open(settings.log_url, create=create, settings=dict(os.environ)) as log:
        yield log


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Open log and read models; the log must be there, the read models are made if need be."""
    with ExitStack() as stack:
        log = stack.enter_context(open_log(settings))
        models = stack.enter_context(
            ReadModels.open(settings.read_models_url, cache=settings.cache)
        )
        yield House(log, models)


def log_exists(settings: Settings) -> bool:
    """Tell whether anything has been recorded.

    Raises:
        LogError: Nobody can tell, as the log cannot be opened.
    """
    try:
        with open_log(settings) as log:
            return log.head() > 0
    except NoLogError:
        return False


class Readied(NamedTuple):
    """What an installation records with, and what of it was made for it just now."""

    key: bytes
    made_key: bool
    took_examples: bool


def make_ready(settings: Settings) -> Readied:
    """Give a new installation definitions and a pseudonym key; one that exists keeps its own.

    Raises:
        SettingsError: Something is recorded already, and what it was recorded with is not here.
        LogError: Nobody can tell whether something is.
    """
    key = pseudonym_key(settings)
    lacks_services = settings.services_directory is None
    if (key is None or lacks_services) and log_exists(settings):
        kept_key(settings)
        raise SettingsError(
            f"there are no service definitions in {settings.data / 'services'}, but a log that was "
            f"recorded with some, in {settings.location}: the examples would replace them. "
            "Hint: name their folder with --services or POLKU_SERVICES"
        )
    if lacks_services:
        adopt_services(settings)
    return Readied(key or make_pseudonym_key(settings), key is None, lacks_services)


def kept_key(settings: Settings) -> bytes:
    """Return the pseudonym key that what there is was recorded with.

    Raises:
        SettingsError: It is not here.
    """
    key = pseudonym_key(settings)
    if key is None:
        raise SettingsError(
            f"there is no pseudonym key in {settings.key_path}, but a log that was recorded with "
            f"one, in {settings.location}: with another, cases that are under way would fall in "
            "two. Hint: bring the key back from where it is kept, or name it with "
            "POLKU_PSEUDONYM_KEY_FILE; docs/pseudonym-key.md says how to go on without it"
        )
    return key


def record_definitions(settings: Settings, log: EventLog, *, now: datetime) -> int:
    """Record the definitions in use that differ from those in the log; how many those were.

    Where none are in use, those in the log stand: the examples are taken by who records first.
    """
    if settings.services_directory is None:
        return 0
    return log.record_definitions(load_services(settings.services_directory), recorded_at=now)


def frames_of_service(
    house: House, service: str, *, as_of: datetime, position: int | None
) -> Frames:
    """Read one service as of a moment, as known at a position."""
    return read_frames(house.log, house.models, service, as_of=as_of, position=position)


def frames_of_all(house: House, *, as_of: datetime, position: int | None) -> list[Frames]:
    """Read all services of one state, so that they tell of the same moment."""
    return list(read_every_service(house.log, house.models, as_of=as_of, position=position))


def told_of_service(house: House, frames: Frames) -> Told:
    """Ask the log what may be missing of a service, at the position of its frames."""
    log, key, until = house.log, frames.service.key, frames.position
    return Told(
        arrivals=newest_arrivals(log, key, as_of=frames.as_of, until=until),
        late_after=LATE,
        waiting=waiting_records(log, key, until=until),
        lost=[_lost(gap) for gap in recorded_gaps(log, until=until)],
    )


def _lost(gap: SourceGapRecorded) -> LostRecords:
    return LostRecords(
        topic=gap.topic,
        partition=gap.partition,
        begin=gap.begin,
        end=gap.end,
        reason=gap.reason,
        recorded_at=moment_text(moment_of(gap.recorded_at)),
    )
