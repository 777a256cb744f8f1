"""What may be missing of a service: late touchpoints, silences, the quarantine, lost records.

A service's *arrivals* are the hours in which its touchpoints occurred; whether a silence is long,
its own habits say (`journeys.silences`). What the log tells is handed in, at one position: so the
same position gives the same answer for ever.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from analysis.rates import MIN_JOURNEYS
from analysis.sections import LongSilence, LostRecords, Recording, WaitingRecords
from analysis.selection import moment_text
from journeys.silences import EPOCH, HOUR, WINDOW, allowed_hours, silences
from projections.frames import Frames

LOOKED_AT = 50
"""So many of the longest silences are judged."""

SHOWN = 10
"""Of those that were long, the newest so many are listed."""

NOTHING = "nothing"

_MICROSECONDS_OF_AN_HOUR = HOUR // timedelta(microseconds=1)


class Told(NamedTuple):
    """What the log tells of a service at a position.

    Attributes:
        arrivals: One row a touchpoint that was looked at: `people`, and whether it came `late`.
        late_after: Later than this is late.
        waiting: Records in quarantine by service, `""` for none that could be told, and reason.
        lost: What streams have lost.
    """

    arrivals: pl.DataFrame
    late_after: timedelta
    waiting: Mapping[tuple[str, str], int]
    lost: Sequence[LostRecords]


class RecordingSection(NamedTuple):
    """The figures; `hidden` counts those that too few people share."""

    recording: Recording
    hidden: int


def recording_of(frames: Frames, told: Told, *, k: int) -> RecordingSection:
    """Say what may be missing of a service.

    Args:
        frames: All of the service.
        told: What the log tells of it.
        k: Least number of people of a count that is shown, and of what it leaves of its total.
    """
    hours = _hours(frames)
    key = frames.service.key
    heard = next(iter(silences([(key, hour) for hour in hours], now=frames.as_of)), None)
    known = heard if heard is not None and heard.allowed is not None else None
    late, hidden = _late(told.arrivals, k=k)
    looked_at = told.arrivals.height
    enough = late is not None and looked_at >= MIN_JOURNEYS
    return RecordingSection(
        Recording(
            newest_at=None if known is None else moment_text(known.last),
            silent_hours=None if known is None else known.hours,
            usual_hours=None if known is None else known.allowed,
            state=NOTHING if heard is None else heard.hearing,
            silences=_long_silences(hours),
            looked_at=looked_at,
            late=late,
            late_share=late / looked_at if enough and late is not None else None,
            late_after_s=told.late_after.total_seconds(),
            waiting=_waiting(told.waiting, key),
            lost=list(told.lost),
        ),
        hidden,
    )


def _hours(frames: Frames) -> list[int]:
    """The hours since 1970 in which something occurred, rising."""
    moments = [
        *(frames.visits[column] for column in ("entered_at", "left_at")),
        frames.strays["occurred_at"],
    ]
    hours = [(moment.dt.epoch("us") // _MICROSECONDS_OF_AN_HOUR).unique() for moment in moments]
    return pl.concat(hours).drop_nulls().unique().sort().to_list()


def _long_silences(hours: Sequence[int]) -> list[LongSilence]:
    """Judge the longest silences but the one at the end; longer ones than four weeks are none."""
    gaps = [
        (after - before, place)
        for place, (before, after) in enumerate(pairwise(hours))
        if 1 < after - before <= WINDOW
    ]
    longest = sorted(sorted(gaps, reverse=True)[:LOOKED_AT], key=lambda gap: gap[1])
    found = []
    for length, place in longest:
        usual = allowed_hours(hours[: place + 1])
        if usual is not None and length > usual:
            found.append(_silence(hours[place], hours[place + 1], usual))
    return found[-SHOWN:]


def _silence(before: int, after: int, usual: int) -> LongSilence:
    return LongSilence(
        from_=moment_text(EPOCH + before * HOUR),
        to=moment_text(EPOCH + after * HOUR),
        hours=after - before,
        usual_hours=usual,
    )


def _late(arrivals: pl.DataFrame, *, k: int) -> tuple[int | None, int]:
    """Count the late ones; None where they, or the others, are of too few people."""
    sides = [arrivals.filter(pl.col("late") == late)["people"].n_unique() for late in (True, False)]
    if any(0 < people < k for people in sides):
        return None, 1
    return int(arrivals["late"].sum()), 0


def _waiting(waiting: Mapping[tuple[str, str], int], service: str) -> list[WaitingRecords]:
    reasons = {reason for _, reason in waiting}
    rows = [
        WaitingRecords(
            reason=reason,
            of_service=waiting.get((service, reason), 0),
            of_unknown=waiting.get(("", reason), 0),
        )
        for reason in reasons
    ]
    return sorted(rows, key=lambda row: (-row.of_service, -row.of_unknown, row.reason))
