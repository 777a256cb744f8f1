"""Time lines of journeys in letters, for a terminal or a file."""

from collections.abc import Mapping

from delivery.report.language import Language
from delivery.report.time_line import TimeLine, places, rows_for

CUSTOMER, CITY = "\N{BOX DRAWINGS LIGHT HORIZONTAL}", "\N{MIDDLE DOT}"
_TURNS = {"customer": CUSTOMER, "city": CITY, None: " "}

ENDS = {
    "succeeded": "\N{CHECK MARK}",
    "refused": "\N{BLACK SQUARE}",
    "cancelled": "\N{MULTIPLICATION SIGN}",
    "expired": "!",
    "abandoned": "?",
    "open": ">",
}
"""Signs of where a journey stands."""


def drawn_line(
    line: TimeLine, *, outcome: str, signs: Mapping[str, str], room: int
) -> tuple[list[str], float]:
    """Draw a time line in one row, or in several where its marks need them.

    Args:
        line: What is to be drawn.
        outcome: Where the journey stands.
        signs: Of the steps, all of one length.
        room: Letters of a row, at least as many as a sign has.

    Returns:
        The rows, and how many seconds one letter is; 0 where the journey took no time.
    """
    size = max((len(sign) for sign in signs.values()), default=1)
    slot = size if size == 1 else size + 1  # numbers beside each other would read as one
    in_row = max(1, room // slot)
    rows = rows_for(line, room=in_row, least=1)
    length = rows * in_row
    exact = places(line, length=length - 1, least=1)
    at = [int(place) for place in exact]
    slots, turn, mark = list[str](), _TURNS[None], 0
    for place in range(at[-1] + 1):
        sign = ""
        if mark < len(at) and at[mark] == place:
            step = line.marks[mark].step
            sign = ENDS[outcome] if step is None else signs[step]
            turn = _TURNS[line.marks[mark].turn]
            mark += 1
        slots.append(sign.ljust(slot, turn) if sign else turn * slot)
    drawn = ["".join(slots[row : row + in_row]) for row in range(0, len(slots), in_row)]
    return [row.rstrip() for row in drawn], line.length_s / ((exact[line.end] or 1) * slot)


def scale_sentence(seconds: float, language: Language) -> str:
    """Say what a letter of a row stands for; nothing where the journey took no time."""
    if not seconds:
        return ""
    return language.text("1 character = {duration}", duration=language.duration(seconds))
