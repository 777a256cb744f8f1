"""Dates and moments as people write them on a command line.

A date means that day, from its midnight to the next in Europe/Helsinki. A moment carries its
offset.
"""

from datetime import UTC, date, datetime, time, timedelta

from journeys.service import HELSINKI

HINT = (
    "Hint: a day such as 2026-11-17, or a moment with its offset such as 2026-11-17T09:14:05+02:00"
)


def start_of(text: str) -> datetime:
    """Read a moment, or the midnight a day begins with; aware, UTC.

    Raises:
        ValueError: Neither a date nor a moment with an offset.

    Examples:
        >>> start_of("2026-11-17").isoformat()
        '2026-11-16T22:00:00+00:00'
    """
    return _read(text, days=0)


def end_of(text: str) -> datetime:
    """Read a moment, or the midnight a day ends with; aware, UTC.

    Raises:
        ValueError: Neither a date nor a moment with an offset.

    Examples:
        >>> end_of("2026-11-17").isoformat()
        '2026-11-17T22:00:00+00:00'
    """
    return _read(text, days=1)


def _read(text: str, *, days: int) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return datetime.combine(day + timedelta(days=days), time(), HELSINKI).astimezone(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a day nor a moment. {HINT}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset. {HINT}")
    return moment.astimezone(UTC)
