"""How wide words are, and how they are broken, where nobody measures them in a browser.

Widths are those of a wide sans-serif (DejaVu Sans), so what fits here fits in any font a reader is
likely to have. The same text is always broken alike.
"""

from collections.abc import Iterator, Sequence
from unicodedata import category, east_asian_width

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
BOLD = 1.12
_WIDTHS = (
    ("ijl|!'.,:; \N{NO-BREAK SPACE}\N{MIDDLE DOT}", 0.34),
    ("frtI()[]-/", 0.42),
    ("mwMW%@", 0.98),
)
_NARROW_OR_WIDE = {letter: width for letters, width in _WIDTHS for letter in letters}
_SMALL, _OTHER, _FOREIGN, _FULL = 0.62, 0.78, 1.15, 1.3
_LATIN = "\N{LATIN SMALL LETTER Y WITH STROKE}"
"""The last letter whose width is like that of an English one."""

_JOINER = "\N{ZERO WIDTH JOINER}"
_BLANKS = "\t\n\r\v\f\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"


def legible(text: str) -> str:
    """Put a blank for a line break, and a question mark in a lozenge for what no page may hold."""
    return "".join(_legible(letter) for letter in text)


def one_line(text: str) -> str:
    """Make one line of a text, with one blank between words; what is not to be broken stays so."""
    return " ".join(word for word in legible(text).split(" ") if word)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Say how wide a text is at most, in the unit of the font's size."""
    return size * (BOLD if bold else 1.0) * sum(map(_width, text))


def fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """Cut a text that is wider than the room for it, and say so by an ellipsis.

    Examples:
        >>> fitted("Payment", 10, 100), fitted("Payment summary", 10, 60)
        ('Payment', 'Payment…')
    """
    (line,) = broken(text, size, room, lines=1, bold=bold)
    return line


def broken(text: str, size: float, room: float, *, lines: int, bold: bool = False) -> list[str]:
    """Break a text into lines, at blanks where there are any, and cut what is over.

    Args:
        text: One paragraph.
        size: Of the font.
        room: Width of a line, at least a few letters; same unit as `size`.
        lines: How many there may be.
        bold: Whether the font is.

    Returns:
        One line at least, none wider than the room.
    """
    rest, done = one_line(text), list[str]()
    while True:
        head = _head(rest, size, room, bold=bold)
        if len(head) == len(rest):
            return [*done, rest]
        if len(done) == lines - 1:
            short = _head(rest, size, room - width(ELLIPSIS, size, bold=bold), bold=bold)
            return [*done, short.rstrip() + ELLIPSIS]
        blank = rest.rfind(" ", 0, len(head) + 1)
        line = rest[:blank] if blank > 0 else head
        done.append(line)
        rest = rest[len(line) :].lstrip()


def _head(text: str, size: float, room: float, *, bold: bool) -> str:
    taken, used = "", 0.0
    for cluster in _clusters(text):
        used += width(cluster, size, bold=bold)
        if used > room:
            break
        taken += cluster
    return taken


def _clusters(text: str) -> Iterator[str]:
    """Yield what is not to be torn apart: a letter with its accents, joined emoji."""
    cluster = ""
    for letter in text:
        joins = category(letter) in {"Mn", "Me", "Mc", "Cf", "Sk"} or cluster.endswith(_JOINER)
        if cluster and not joins:
            yield cluster
            cluster = ""
        cluster += letter
    yield cluster


def _width(letter: str) -> float:
    if letter in _NARROW_OR_WIDE:
        return _NARROW_OR_WIDE[letter]
    if category(letter) in {"Mn", "Me", "Cf"}:
        return 0.0
    if east_asian_width(letter) in {"W", "F"} or ord(letter) > 0x2E80:
        return _FULL
    if letter > _LATIN:
        return _FOREIGN
    return _SMALL if letter.islower() or letter.isdigit() else _OTHER


def _legible(letter: str) -> str:
    if letter in _BLANKS:
        return " "
    if category(letter) in {"Cc", "Cs"} or ord(letter) & 0xFFFE == 0xFFFE:
        return "\N{REPLACEMENT CHARACTER}"
    return letter


def beside_each_other(names: Sequence[str], room: float, size: int) -> list[str]:
    """Choose evenly of names those that fit beside each other, the last one among them."""
    widest = max(width(name, size) for name in names) + 14
    step = max(1, -int(-len(names) * widest // room))
    return list(reversed(names[::-1][step // 2 :: step]))
