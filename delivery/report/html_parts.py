"""What a page in HTML is made of: sections of blocks, each block an answer to one question.

A block has sentences, perhaps pictures, tables with the same content, and how it was computed.
`templates` gives these their form.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from delivery.report.language import Language
from delivery.report.page import Cell as Words
from delivery.report.page import not_bars
from delivery.report.wording import readable

LONGEST_WORD, LONGEST_IN_TITLE = 32, 20
"""A longer one is broken at the end of a line, or written smaller, to stay on the page."""

DRAWN = 12
"""So many rows of a longer list are drawn, the largest ones; the tables have them all."""

BROAD = 9
"""So many columns leave little room for the names in the first one."""

FIRST_ROWS = 24
"""Of a longer table these are seen at once, the others when asked for."""


Row = TypeVar("Row")


class Drawn(NamedTuple):
    """A number with a bar beside it, from 0 to 1."""

    text: str
    share: float


class Apart(NamedTuple):
    """An interval of a difference, drawn about nothing: its ends and its middle, from -1 to 1."""

    text: str
    low: float
    middle: float
    high: float


class Strong(NamedTuple):
    """Words that matter."""

    strong: str


class Path(NamedTuple):
    """Steps one after the other, by their names."""

    steps: tuple[str, ...]


Cell = str | Drawn | Apart | Strong | Path


class Column(NamedTuple):
    """A column of a table: its head, and whether it holds words or numbers."""

    head: str
    is_words: bool


class Table(NamedTuple):
    """A table whose first column names its rows.

    Attributes:
        caption: What it shows.
        columns: As many as each row has cells.
        rows: From top to bottom.
        more: Says how many rows are folded; none if it says nothing.
        seen: So many rows are seen at once, where some are folded.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: str = ""
    seen: int = FIRST_ROWS

    @property
    def first(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that are seen at once."""
        return self.rows[: self.seen] if self.more else self.rows

    @property
    def form(self) -> str:
        """What it needs of its form: words too long for a column are endless, it may be broad."""
        is_endless = any(len(word) > LONGEST_WORD for row in self.rows for word in _words(row))
        forms = {"endless": is_endless, "broad": len(self.columns) >= BROAD}
        return " ".join(form for form, needed in forms.items() if needed)

    @property
    def others(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that are folded."""
        return self.rows[self.seen :] if self.more else ()

    def folded(self, language: Language) -> "Table":
        """The same, not seen before it is asked for."""
        return self._replace(more=language.text("As a table: {what}", what=self.caption), seen=0)


class Legend(NamedTuple):
    """What a part of a picture means, by its ink and its form.

    Attributes:
        ink: As in `charts.INKS`.
        words: What it means.
        form: What it looks like: a block, a dot, a tick, or a line that is thick or thin.
    """

    ink: str
    words: str
    form: str = "block"


class Picture(NamedTuple):
    """SVG that we have drawn, perhaps a heading for it, and what its inks mean."""

    svg: str
    legend: tuple[Legend, ...] = ()
    heading: str = ""
    form: str = "figure"


class Sign(NamedTuple):
    """A sign of pictures, as SVG that we have drawn, and what it means."""

    svg: str
    words: str


class Entry(NamedTuple):
    """One of a list of things that are told each for itself.

    Attributes:
        facts: What is said of it at once.
        svg: A picture that we have drawn; none is empty.
        table: The same content.
        asks: Opens the table.
    """

    facts: tuple[str, ...]
    svg: str = ""
    table: Table | None = None
    asks: str = ""


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
    notes: tuple[str, ...] = ()
    """Sentences below the tables."""
    signs: tuple[Sign, ...] = ()
    """What the pictures of the entries are made of."""
    entries: tuple[Entry, ...] = ()


class Section(NamedTuple):
    """Blocks under one heading; `key` is its address within the page."""

    key: str
    heading: str
    blocks: tuple[Block, ...]


class Tile(NamedTuple):
    """A number that is read from afar, with what it is and what it rests on."""

    what: str
    figure: str
    beside: str


class HtmlPage(NamedTuple):
    """All that a page says.

    Attributes:
        kind: What kind of page it is.
        title: Its heading.
        key: Of the service; empty of a page about several.
        scope: Its two clocks, and which journeys it is about.
        as_of: The first clock alone.
        position: The other one.
        warnings: What must be known before anything is read.
        lead: The first sentences.
        tiles: The numbers to remember.
        sections: The rest.
        footnotes: What is said at the end.
    """

    kind: str
    title: str
    key: str
    scope: str
    as_of: str
    position: str
    warnings: tuple[str, ...]
    lead: str
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]

    @property
    def has_long_title(self) -> bool:
        """Whether a word of the title is too long for a small telephone."""
        return any(len(word) > LONGEST_IN_TITLE for word in self.title.split())


def table(  # noqa: PLR0913 - a table is that much
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell | None]],
    language: Language,
    *,
    left: int = 1,
    last_is_words: bool = False,
) -> Table:
    """Make a table whose first `left` columns are words; a long one is folded."""
    last = len(columns) - 1
    heads = tuple(
        Column(head, place < left or (last_is_words and place == last))
        for place, head in enumerate(columns)
    )
    cells = tuple(tuple(_readable(cell) for cell in row) for row in rows)
    over = len(cells) - FIRST_ROWS
    more = ""
    if over > FIRST_ROWS // 4:
        more = language.plural("Show {n} more row", "Show {n} more rows", over)
    return Table(caption, heads, cells, more)


def foremost(rows: Sequence[Row], size: Callable[[Row], float]) -> Sequence[Row]:
    """Choose the rows that are drawn: all, or of a long list the largest ones in its order."""
    if len(rows) <= DRAWN + DRAWN // 4:
        return rows
    largest = sorted(range(len(rows)), key=lambda place: -size(rows[place]))[:DRAWN]
    return [rows[place] for place in sorted(largest)]


class Tables:
    """Takes the tables of a page of any kind, to be put where they belong."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.taken: list[Table] = []

    def table(
        self,
        heading: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Words]],
        *,
        left: int,
        last_is_words: bool = False,
    ) -> None:
        cells = [[cell or "" for cell in row] for row in rows]
        shown = not_bars(columns, cells)
        taken = table(
            heading,
            [columns[index] for index in shown],
            [[row[index] for index in shown] for row in cells],
            self._language,
            left=left,
            last_is_words=last_is_words,
        )
        if taken.rows:
            self.taken.append(taken)


def _words(row: Iterable[Cell]) -> Iterator[str]:
    for cell in row:
        for said in cell.steps if isinstance(cell, Path) else [cell]:
            if isinstance(said, str):
                yield from said.split()


def _readable(cell: Cell | None) -> Cell:
    match cell:
        case Path():
            return Path(tuple(map(readable, cell.steps)))
        case Drawn() | Apart() | Strong():
            return cell
        case _:
            return readable(cell or "")
