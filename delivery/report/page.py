"""A page: lines and tables, written as plain text of at most 100 columns or otherwise.

Plain text reads the same on a terminal and in a file.
"""

from collections.abc import Container, Iterable, Sequence
from io import StringIO
from typing import Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from delivery.report.wording import BLOCKS, WIDTH, readable

Cell = str | None


class Tabled(Protocol):
    """What tables are written on, whatever the form."""

    def table(
        self,
        heading: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        left: int,
        last_is_words: bool = False,
    ) -> None:
        """Write a table, unless it has no row.

        The first `left` columns are words, the others figures and bars, unless the last is words.
        """


class Leaf(Tabled, Protocol):
    """What reports are written on, whatever the form."""

    def title(self, words: str) -> None:
        """Write the heading of it all."""

    def line(self, words: str) -> None:
        """Write a paragraph."""

    def heading(self, words: str) -> None:
        """Write the heading of a section that is no table."""

    def text(self) -> str:
        """Everything that was written, ending with a line break."""


class Page:
    """Lines and tables of at most so many columns."""

    def __init__(self, width: int = WIDTH) -> None:
        self._out = StringIO()
        self._width = width
        self._console = Console(
            file=self._out,
            width=width,
            color_system=None,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def title(self, words: str) -> None:
        self._console.print(words)
        self._console.print("=" * min(len(words), self._width))

    def line(self, words: str) -> None:
        self._console.print(words, soft_wrap=False)

    def heading(self, words: str) -> None:
        self._console.print(f"\n{words}")

    def note(self, words: str) -> None:
        self._console.print(words)

    def copied(self, words: str) -> None:
        """Print on one line, however long, what people copy from the page."""
        self._console.print(words, soft_wrap=True)

    def table(
        self,
        heading: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        left: int,
        last_is_words: bool = False,
    ) -> None:
        cells = [[readable(cell or "") for cell in row] for row in rows]
        if not cells:
            return
        if heading:
            self.heading(heading)
        words = {*range(left), *([len(columns) - 1] if last_is_words else [])}
        least = _least_widths(columns, cells, words, room=self._width)
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
        for index, column in enumerate(columns):
            drawn = any(row[index].startswith(tuple(BLOCKS[1:])) for row in cells)
            table.add_column(
                column,
                justify="left" if index in words or drawn else "right",
                no_wrap=index not in words,
                min_width=least[index],
                overflow="fold",
            )
        for row in cells:
            table.add_row(*row)
        self._console.print(table)

    def text(self) -> str:
        lines = (line.rstrip() for line in self._out.getvalue().splitlines())
        return "\n".join(lines) + "\n"


def not_bars(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """Number the columns that say something; a bar says what the figure beside it says."""
    return [
        index
        for index, column in enumerate(columns)
        if column or not all(set(row[index]) <= set(BLOCKS) for row in cells)
    ]


def _least_widths(
    columns: Sequence[str], cells: Sequence[Sequence[str]], words: Container[int], *, room: int
) -> list[int | None]:
    """Keep figures whole, and words where the page is wide enough for the longest of each column.

    Returns:
        A width for each column; None for words that may be broken.
    """
    widths = []
    for index, column in enumerate(columns):
        written = [row[index] for row in cells]
        parts = " ".join([column, *written]).split(" ") if index in words else written
        widths.append(max(len(part) for part in parts))
    heads = [
        width if index in words else max(width, len(columns[index]))
        for index, width in enumerate(widths)
    ]
    fits = sum(heads) + 2 * len(columns) <= room
    return [width if fits or index not in words else None for index, width in enumerate(widths)]
