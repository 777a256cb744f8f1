"""Time lines of listed journeys: what is drawn where, whatever it is drawn with.

A time line begins with the first touchpoint and ends with the end of the journey, of an open one at
the as-of moment. Visits and the end are *marks* on it, in proportion to time. Marks that would
cover each other stand side by side, in their order. Visits after the end stand side by side behind
it, for one of them a year later would leave no room for all that matters.
"""

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple

from analysis.listing import ListedJourney
from delivery.moments import start_of

_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNOPQRSTUVWXYZ"
"""All but the two that look alike: a small L and a large I."""

_FULL = 0.8
"""Share of a row that marks may fill."""

_GAP = 2
"""From the end to the first visit after it, in marks."""


class Mark(NamedTuple):
    """A visit, or the end.

    Attributes:
        at_s: Seconds since the journey's first touchpoint.
        step: Key of the step; None of the end.
        turn: Whose turn it is from here to the next mark: customer, city, or None for nobody's.
    """

    at_s: float
    step: str | None
    turn: str | None


class TimeLine(NamedTuple):
    """The marks of a journey in the order of time.

    Attributes:
        marks: Visits, the end, visits after the end.
        end: Which of them is the end, from 0.
    """

    marks: tuple[Mark, ...]
    end: int

    @property
    def length_s(self) -> float:
        """Seconds from the first touchpoint to the end."""
        return self.marks[self.end].at_s


def time_line(journey: ListedJourney, *, as_of: str) -> TimeLine | None:
    """Lay the visits of a journey along time; None where its path is not shown."""
    if journey.started_at is None or journey.visits is None:
        return None
    begin = start_of(journey.started_at)
    end_s = _seconds(begin, journey.ended_at or as_of)
    marks = [
        Mark(_seconds(begin, visit.entered_at), visit.step, visit.ball) for visit in journey.visits
    ]
    place = sum(mark.at_s <= end_s for mark in marks)
    behind = [mark._replace(turn=None) for mark in marks[place:]]
    return TimeLine((*marks[:place], Mark(end_s, None, None), *behind), place)


def rows_for(line: TimeLine, *, room: float, least: float) -> int:
    """Say how many rows a time line needs to be readable.

    Args:
        line: What is to be drawn.
        room: Width of a row.
        least: Width of a mark.
    """
    return max(1, ceil((len(line.marks) + _GAP) * least / (_FULL * room)))


def places(line: TimeLine, *, length: float, least: float) -> list[float]:
    """Place the marks of a time line.

    Args:
        line: What is to be drawn.
        length: Where the last mark may be; room for all marks at least.
        least: From one mark to the next.

    Returns:
        A place of each mark from 0 to `length`, up to the end in proportion to time where the marks
        before and behind leave room for that.
    """
    after = len(line.marks) - 1 - line.end
    end = length - (after + _GAP - 1) * least if after else length
    scale = end / line.length_s if line.length_s else 0.0
    found, free = list[float](), 0.0
    for mark in line.marks[: line.end + 1]:
        found.append(max(mark.at_s * scale, free))
        free = found[-1] + least
    free = end
    for index in reversed(range(len(found))):
        found[index] = min(found[index], free)
        free = found[index] - least
    behind = found[-1] + (_GAP - 1) * least
    return found + [behind + place * least for place in range(1, after + 1)]


def signs_of(names: Sequence[str]) -> list[str]:
    """Give each of some names a sign of its own: a letter, or of very many a number.

    Args:
        names: In the order of their importance: the first gets its own first letter.

    Returns:
        Signs of one length, all different.

    Examples:
        >>> signs_of(["Review", "Payment", "Receipt"]), signs_of([""] * 100)[:2]
        (['r', 'p', 'R'], ['001', '002'])
    """
    if len(names) > len(_LETTERS):
        digits = len(str(len(names)))
        return [f"{number:0{digits}}" for number in range(1, len(names) + 1)]
    taken: list[str] = []
    for name in names:
        first = name[:1].lower()
        wanted = (first, first.upper(), *name.lower(), *name.upper(), *_LETTERS)
        taken.append(next(sign for sign in wanted if sign in _LETTER and sign not in taken))
    return taken


_LETTER = frozenset(_LETTERS)


def _seconds(begin: datetime, moment: str) -> float:
    return (start_of(moment) - begin).total_seconds()
