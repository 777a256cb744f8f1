"""A page of plain text: lines and tables of at most 100 columns.

It reads the same on a terminal and in a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from delivery.moments import start_of
from delivery.report.wording import BLOCKS, WIDTH, counted, moment

Cell = str | None


class Page:
    """Lines and tables of at most `WIDTH` columns."""

    def __init__(self) -> None:
        self._out = StringIO()
        self._console = Console(
            file=self._out,
            width=WIDTH,
            color_system=None,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def title(self, words: str) -> None:
        self._console.print(words)
        self._console.print("=" * min(len(words), WIDTH))

    def line(self, words: str) -> None:
        self._console.print(words, soft_wrap=False)

    def note(self, words: str) -> None:
        self._console.print(words)

    def copied(self, words: str) -> None:
        """Print on one line, however long, what people copy from the page."""
        self._console.print(words, soft_wrap=True)

    def table(
        self, heading: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, left: int
    ) -> None:
        """Print a table; the first `left` columns are words, the others figures and bars.

        A column called `path` is words wherever it stands.
        """
        rows = list(rows)
        if not rows:
            return
        if heading:
            self._console.print(f"\n{heading}")
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
        for index, column in enumerate(columns):
            words = index < left or column == "path"
            drawn = any((row[index] or "").startswith(tuple(BLOCKS[1:])) for row in rows)
            table.add_column(
                column,
                justify="left" if words or drawn else "right",
                no_wrap=not words,
                min_width=None if words else max(len(row[index] or "") for row in rows),
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(cell or "" for cell in row))
        self._console.print(table)

    def hidden(self, hidden: Mapping[str, int], k: int) -> None:
        told = ", ".join(
            f"{counted(rows, 'row')} of {what.replace('_', ' ')}"
            for what, rows in hidden.items()
            if rows
        )
        if told:
            self.note(f"Left out because fewer than {k} people share them: {told}.")

    def text(self) -> str:
        lines = (line.rstrip() for line in self._out.getvalue().splitlines())
        return "\n".join(lines) + "\n"


def window_sentence(first: str | None, last: str | None) -> str:
    """Say which journey starts are selected; ISO 8601 in, Helsinki's time out."""
    if first is None and last is None:
        return "All journeys."
    since = "" if first is None else f" from {moment(start_of(first))}"
    until = "" if last is None else f" until {moment(start_of(last))}"
    return f"Journeys started{since}{until}."
