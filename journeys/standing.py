"""What stands of the touchpoints that each source has recorded; see `retractions`."""

from typing import NamedTuple

import polars as pl

from journeys.errors import UnknownSourceError
from journeys.recorders import LogRecorder, WantedTouchpoints
from journeys.retractions import newest_retractions, retracted_already
from journeys.touchpoint_frame import LINES, read_chunks


class StandingSource(NamedTuple):
    """What stands of a source.

    Attributes:
        source: Its name, as the touchpoints have it.
        touchpoints: How many.
        services: The keys of the services they belong to, sorted.
    """

    source: str
    touchpoints: int
    services: tuple[str, ...]


def standing_sources(
    recorder: LogRecorder, *, until: int | None, source: str | None = None
) -> list[StandingSource]:
    """Say what stands at a position (None: the head) of every source, or of one, by name."""
    wanted = WantedTouchpoints(until=until, source=source)
    counted = [
        frame.group_by("source", "service").len()
        for frame in read_chunks(recorder, wanted, rows=LINES)
    ]
    if not counted:
        return []
    found = (
        pl.concat(counted)
        .group_by("source")
        .agg(pl.col("len").sum(), pl.col("service").unique().sort())
        .sort("source")
    )
    return [StandingSource(name, count, tuple(keys)) for name, count, keys in found.iter_rows()]


def standing_source(recorder: LogRecorder, source: str, *, until: int | None) -> StandingSource:
    """Say what stands at a position (None: the head) of a source.

    Raises:
        UnknownSourceError: It has recorded no touchpoint.
        LogError: All it has recorded is retracted.
    """
    for found in standing_sources(recorder, until=until, source=source):
        return found
    with recorder.reading() as c:
        retracted = newest_retractions(recorder, c, until=until)
    if source in retracted:
        raise retracted_already(source, retracted[source])
    known = standing_sources(recorder, until=until)
    raise UnknownSourceError(source, [other.source for other in known])
