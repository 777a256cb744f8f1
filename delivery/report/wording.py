"""Numbers and names as people read them: percent, intervals, durations, counts."""

from datetime import datetime
from typing import NamedTuple

from journeys.service import HELSINKI, Service, ServiceHistory, text
from projections.shapes import ABANDONED

WIDTH = 100
"""Columns of a page, and of a comment."""

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
BLOCKS = " ▏▎▍▌▋▊▉█"
TOO_FEW_TO_COMPARE = 30

WHY = {
    "too few": "too few to tell",
    "too young": "too young to tell",
    "not a customer step": "",
}


def count(number: int) -> str:
    """Write a count with thin groups of three.

    Examples:
        >>> count(12345)
        '12,345'
    """
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """Write a count with its noun, which gets an s unless it is one.

    Examples:
        >>> counted(1, "record"), counted(1200, "record")
        ('1 record', '1,200 records')
    """
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


_OF_ONE = {"are": "is", "were": "was", "have": "has", "belong": "belongs", "stop": "stops"}


def agree(number: int, words: str) -> str:
    """Make the verb that words begin with agree with a count.

    Examples:
        >>> agree(1, "were refused"), agree(2, "were refused"), agree(1, "stopped")
        ('was refused', 'were refused', 'stopped')
    """
    verb, space, rest = words.partition(" ")
    return f"{_OF_ONE.get(verb, verb)}{space}{rest}" if number == 1 else words


def told(number: int, words: str) -> str:
    """Write a count with what is said of it, which begins with a verb.

    Examples:
        >>> told(1, "are still open"), told(1200, "are still open")
        ('1 is still open', '1,200 are still open')
    """
    return f"{count(number)} {agree(number, words)}"


def titled(name: str, key: str) -> str:
    """Write the name of a service with its key, once where they are equal.

    Examples:
        >>> titled("Parking permit", "permit"), titled("permit", "permit")
        ('Parking permit - permit', 'permit')
    """
    return key if name == key else f"{name} - {key}"


def percent(share: float | None) -> str:
    """Write a share of 0 to 1, with a decimal only where it matters.

    Examples:
        >>> percent(0.314), percent(0.0042), percent(0.0), percent(None)
        ('31 %', '0.4 %', '0 %', '-')
    """
    if share is None:
        return "-"
    if 0 < share < 0.0995 or 0.9905 < share < 1:
        return f"{100 * share:.1f} %"
    return f"{100 * share:.0f} %"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of shares.

    Examples:
        >>> interval(0.27, 0.354)
        '27-35 %'
    """
    if low is None or high is None:
        return "-"
    decimals = 1 if high < 0.0995 else 0
    return f"{100 * low:.{decimals}f}-{100 * high:.{decimals}f} %"


def rate(
    value: float | None, low: float | None, high: float | None, note: str | None = None
) -> str:
    """Write a rate with its interval, or why there is none."""
    if value is None:
        return WHY.get(note or "", note or "-")
    return f"{percent(value)} ({interval(low, high)})"


def duration(seconds: float | None) -> str:
    """Write a duration in the two units that say enough.

    Examples:
        >>> duration(42.4), duration(200), duration(7500), duration(190000), duration(None)
        ('42 s', '3 min 20 s', '2 h 5 min', '2 d 4 h', '-')
    """
    if seconds is None:
        return "-"
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    for unit, name, smaller, smaller_name in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
        (MINUTE, "min", 1.0, "s"),
    ):
        if seconds >= unit:
            whole, rest = divmod(seconds, unit)
            part = int(rest // smaller)
            if whole >= 10 or not part:
                return f"{round(seconds / unit)} {name}"
            return f"{whole:.0f} {name} {part} {smaller_name}"
    raise AssertionError(seconds)  # pragma: no cover - every duration is under or over a minute


def bar(share: float | None, width: int) -> str:
    """Draw a share as a bar of eighths of a character.

    Examples:
        >>> bar(0.5, 4)
        '██  '
    """
    eighths = round(max(0.0, min(1.0, share or 0.0)) * width * 8)
    full, part = divmod(eighths, 8)
    drawn = "█" * full + (BLOCKS[part] if part else "")
    return drawn.ljust(width)


def moment(when: datetime) -> str:
    """Write a moment as Finns do, in Helsinki's time.

    Examples:
        >>> from datetime import UTC
        >>> moment(datetime(2026, 6, 24, 12, 0, tzinfo=UTC))
        '24.6.2026 15:00'
    """
    local = when.astimezone(HELSINKI)
    return f"{local.day}.{local.month}.{local.year} {local:%H:%M}"


class Endings(NamedTuple):
    """What to call journeys that ended without success.

    Attributes:
        abandoned: Those that fell silent.
        lost: Those that fell silent, were cancelled or expired; the head of a column.
        are_lost, were_lost: The same as a verb.
        ranking: Heads the table of the steps that most are lost at.
        drop_off: Heads the tables that give `rate` by step.
        rate: The share of them; the head of a column.
        taken_back: Those that went on after a silence; follows a count.
    """

    abandoned: str
    lost: str
    are_lost: str
    were_lost: str
    ranking: str
    drop_off: str
    rate: str
    taken_back: str

    def stands(self, outcome: str) -> str:
        """Say where a journey stands."""
        return self.abandoned if outcome == ABANDONED else outcome


_CONFIRMED = Endings(
    abandoned=ABANDONED,
    lost="lost",
    are_lost="are lost",
    were_lost="were lost",
    ranking="Where the city loses most journeys",
    drop_off="Drop-off",
    rate="drop-off rate",
    taken_back="came back after they had been given up",
)
_DRAFTED = Endings(
    abandoned="ended without a known outcome",
    lost="stopped",
    are_lost="stop",
    were_lost="stopped",
    ranking="Where most journeys stop",
    drop_off="Last steps",
    rate="rate",
    taken_back="went on after they had seemed to end",
)


def endings(*, draft: bool) -> Endings:
    """Choose the words: of a drafted service nobody has said yet how its journeys end."""
    return _DRAFTED if draft else _CONFIRMED


class Names:
    """The names of one service and its steps in a language."""

    def __init__(self, service: ServiceHistory, lang: str) -> None:
        self._service = service
        self._lang = lang

    @property
    def service(self) -> str:
        """The service's name in its newest version."""
        return text(self._service.newest.name, self._lang)

    @property
    def newest(self) -> Service:
        """The newest version: the one that somebody would edit."""
        return self._service.newest

    def step(self, key: str) -> str:
        """A step's name in the newest version that has it."""
        return text(self._service.step(key).name, self._lang)
