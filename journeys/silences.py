"""Has a stream fallen silent? Each source that comes by a stream is compared with its own habits.

A source has *arrivals*: the whole hours, counted since 1970, in which something of it was recorded.
A *gap* is the distance between an hour with arrivals and the next such hour, so 1 where something
comes every hour. Judged are the gaps of the `WINDOW` before the last arrival; by whole hours and
not by minutes, since a city sleeps.

It is *silent* when it has said nothing for more than three times the gap that 19 of 20 of its gaps
do not exceed, unless that is its rhythm: a gap that it has had three times within four weeks (of
every night, of every weekend) it may have again, and half as long again, for a holiday or the
change of the clocks. After four weeks of silence there is nothing to compare it with any more: the
source has *ended*, and whoever watches has been told for four weeks.

Hours are those of recording. A file has none: it is read when somebody likes to.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from math import ceil
from typing import NamedTuple

from journeys.recorders import ARRIVAL_HOURS, Arrival

WINDOW = ARRIVAL_HOURS
"""Hours before the last arrival that are its habits, and hours of silence that are its end."""

FEWEST_GAPS = 20
"""With fewer, the gap that 19 of 20 do not exceed is the longest one, however odd."""

USUAL = 0.95
"""Share of the gaps that are usual; the nearest rank."""

TIMES_USUAL = 3
RHYTHM = 3
"""How often a gap makes a rhythm."""
TIMES_RHYTHM = 1.5

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hearing(StrEnum):
    """How a source that came by a stream is heard."""

    HEARD = "heard"
    SILENT = "silent"
    ENDED = "ended"
    TOO_YOUNG = "too_young"


class Silence(NamedTuple):
    """How long a source has said nothing, and whether that is long for it.

    Attributes:
        source: Its name.
        last: Beginning of the hour of its last arrival, in UTC.
        hours: Whole hours since; 0 within the same hour.
        allowed: So many are not long for it; None where there is too little to tell.
        hearing: What that makes of it.
    """

    source: str
    last: datetime
    hours: int
    allowed: int | None
    hearing: Hearing


def hour_of(when: datetime) -> int:
    """Count the whole hours from 1970 to an aware datetime.

    Examples:
        >>> hour_of(datetime(1970, 1, 2, 0, 59, tzinfo=UTC))
        24
    """
    return (when - EPOCH) // HOUR


def silences(arrivals: Iterable[Arrival], *, now: datetime) -> list[Silence]:
    """Judge each source by its arrivals.

    Args:
        arrivals: Source and hour, in any order; `EventLog.arrivals`.
        now: The moment to judge at, aware.

    Returns:
        One for each source, by its name.
    """
    by_source = groupby(sorted(set(arrivals)), key=lambda arrival: arrival[0])
    return [_silence(source, [hour for _, hour in own], hour_of(now)) for source, own in by_source]


def allowed_hours(hours: Sequence[int]) -> int | None:
    """So many hours without arrivals are not long, as its habits are.

    Args:
        hours: Those with arrivals, rising; the last one ends the window.

    Returns:
        Whole hours; None where there are too few gaps to tell.

    Examples:
        >>> allowed_hours(range(100))
        3
        >>> allowed_hours(range(20))
    """
    gaps = sorted(b - a for a, b in pairwise(h for h in hours if h > hours[-1] - WINDOW))
    if len(gaps) < FEWEST_GAPS:
        return None
    usual = gaps[ceil(USUAL * len(gaps)) - 1]
    return max(TIMES_USUAL * usual, int(TIMES_RHYTHM * gaps[-RHYTHM]))


def _silence(source: str, hours: Sequence[int], now: int) -> Silence:
    silent = max(0, now - hours[-1])
    allowed = allowed_hours(hours)
    if silent > WINDOW:
        hearing = Hearing.ENDED
    elif allowed is None:
        hearing = Hearing.TOO_YOUNG
    else:
        hearing = Hearing.SILENT if silent > allowed else Hearing.HEARD
    return Silence(source, EPOCH + hours[-1] * HOUR, silent, allowed, hearing)
