"""What a page in HTML is made of: sections of blocks, each block an answer to one question.

A block has sentences, perhaps a picture, tables with the same content, and how it was computed.
Templates give these a form; what they say is said here and in `html_report`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from delivery.report.language import NOTHING, Language
from delivery.report.wording import readable

FIRST_ROWS = 24
"""Of a longer table these are seen at once, the others when asked for."""


class Figure(NamedTuple):
    """Numbers of the JSON as the language writes them.

    Attributes:
        text: What is read.
        values: The numbers in it, as they are.
        share: Length of the bar beside it, from 0 to 1; None for no bar.
    """

    text: str
    values: tuple[float, ...]
    share: float | None = None


class Path(NamedTuple):
    """Steps one after the other, by their names."""

    steps: tuple[str, ...]


Cell = str | Figure | Path


class Column(NamedTuple):
    """A column of a table: its head, and whether it holds words or numbers."""

    head: str
    is_words: bool = False


class Table(NamedTuple):
    """A table whose first column names its rows.

    Attributes:
        caption: What it shows.
        columns: As many as each row has cells.
        rows: From top to bottom.
        more: What the summary of the rows after the first ones says; none of them if empty.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: str = ""

    @property
    def first(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that are seen at once."""
        return self.rows[:FIRST_ROWS] if self.more else self.rows

    @property
    def others(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that are folded."""
        return self.rows[FIRST_ROWS:] if self.more else ()


class Legend(NamedTuple):
    """What a part of a picture means, by its ink."""

    ink: str
    words: str


class Picture(NamedTuple):
    """SVG of our own making, and what its inks mean."""

    svg: str
    legend: tuple[Legend, ...] = ()
    form: str = "chart"


class How(NamedTuple):
    """How numbers were computed.

    Attributes:
        what: What they mean.
        of: What they are of: the n.
        method: How they were found.
    """

    what: str
    of: str
    method: str


class Block(NamedTuple):
    """An answer to one question."""

    heading: str
    how: How
    lines: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    is_folded: bool = False


class Section(NamedTuple):
    """Blocks under one heading; `key` is its address within the page."""

    key: str
    heading: str
    blocks: tuple[Block, ...]
    lines: tuple[str, ...] = ()


class Tile(NamedTuple):
    """A number that is read from afar, with what it is and what it rests on."""

    what: str
    figure: Figure
    beside: str


class Cells:
    """Writes numbers of the JSON into cells, in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def count(self, number: int | None, *, share: float | None = None) -> Cell:
        """A count; one that too few people share is not said."""
        if number is None:
            return NOTHING
        return Figure(self._language.count(number), (number,), share)

    def percent(self, value: float | None, *, drawn: bool = False) -> Cell:
        """A share, with a bar if it is drawn."""
        if value is None:
            return NOTHING
        return Figure(self._language.percent(value), (value,), value if drawn else None)

    def interval(self, low: float | None, high: float | None) -> Cell:
        """A 95 % interval."""
        if low is None or high is None:
            return NOTHING
        return Figure(self._language.interval(low, high), (low, high))

    def rate(
        self, value: float | None, low: float | None, high: float | None, note: str | None = None
    ) -> Cell:
        """A rate with its interval, or why there is none."""
        text = self._language.rate(value, low, high, note)
        if value is None or low is None or high is None:
            return text
        return Figure(text, (value, low, high))

    def duration(self, seconds: float | None) -> Cell:
        """A time."""
        if seconds is None:
            return NOTHING
        return Figure(self._language.duration(seconds), (seconds,))

    def table(
        self, caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, words: int = 1
    ) -> Table:
        """A table whose first columns are words; long ones are folded."""
        columns = tuple(Column(head, place < words) for place, head in enumerate(heads))
        over = len(rows) - FIRST_ROWS
        more = ""
        if over > FIRST_ROWS // 4:
            more = self._language.plural("Show {n} more row", "Show {n} more rows", over)
        return Table(caption, columns, tuple(map(tuple, rows)), more)

    def name(self, text: str) -> str:
        """A name from elsewhere, which may not turn the page around."""
        return readable(text)
