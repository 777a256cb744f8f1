"""Names, bars, and the counts of the pages for those who run Polku, which are in English."""

import unicodedata

from journeys.service import Service, ServiceHistory, text

WIDTH = 100
"""Columns of a page, and of a comment."""

BLOCKS = " ▏▎▍▌▋▊▉█"

_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what stands after them."""


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


def readable(words: str) -> str:
    """Put a sign in the place of what would move, break or hide the words around it.

    Line breaks and other control characters are meant, and those that turn the direction of
    writing: names come from other systems.

    Examples:
        >>> readable("Pay" + chr(10) + "ment") == "Pay" + chr(0xFFFD) + "ment"
        True
    """
    if words.isascii() and words.isprintable():
        return words
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if _is_unruly(character) else character for character in words
    )


def _is_unruly(character: str) -> bool:
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"}


def titled(name: str, key: str) -> str:
    """Write the name of a service with its key, once where they are equal.

    Examples:
        >>> titled("Parking permit", "permit"), titled("permit", "permit")
        ('Parking permit - permit', 'permit')
    """
    return key if name == key else f"{name} - {key}"


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


class Names:
    """The names of one service and its steps in a language."""

    def __init__(self, service: ServiceHistory, lang: str) -> None:
        self._service = service
        self._lang = lang

    @property
    def service(self) -> str:
        """The service's name in its newest version."""
        return readable(text(self._service.newest.name, self._lang))

    @property
    def newest(self) -> Service:
        """The newest version: the one that somebody would edit."""
        return self._service.newest

    @property
    def step_keys(self) -> tuple[str, ...]:
        """The keys of all steps of all versions, in the intended order."""
        return self._service.step_keys

    def step(self, key: str) -> str:
        """A step's name in the newest version that has it."""
        return readable(text(self._service.step(key).name, self._lang))

    def event(self, name: str) -> str:
        """The name of the step with this key, or the name itself as a source wrote it."""
        return self.step(name) if name in self._service.step_keys else readable(name)
