"""CSV and its kin, as spreadsheets write them.

The first line that is not blank names the columns; one without a name is called by its place, a
name that comes again gets a number (`Name (2)`), and line breaks in names are spaces. A row has a
cell for each column; behind them it may have empty cells. Lines that hold nothing but delimiters
are blank; blank lines are no rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path

from ingest.csv_form import (
    DELIMITERS,
    PIECE,
    as_utf8,
    delimiter_line,
    find_delimiter,
    find_encoding,
    is_blank,
    is_wide,
    stated_delimiter,
)
from ingest.csv_records import Record, bad_row, read_records
from ingest.envelope import MAX_BYTES
from ingest.lines import read_lines
from ingest.packed import is_packed, read_unpacked
from ingest.sources import UnreadRecord
from ingest.tables import Row
from journeys.errors import SourceError

MOST_COLUMNS = 1 << 14
"""As many as Excel has."""


class CsvTable:
    """A table in a text file."""

    notes: tuple[str, ...] = ()

    def __init__(
        self, path: Path, *, size: int, encoding: str | None, delimiter: str | None
    ) -> None:
        """Find out how the file is written, and read its header.

        Args:
            path: A file that was looked at.
            size: Its bytes.
            encoding: If known.
            delimiter: If known.

        Raises:
            SourceError: It is no table, or what is stated about it cannot be.
        """
        self.path = path
        self._size, self._read = size, 0
        encoding = find_encoding(path, encoding)
        self._wide = encoding if is_wide(encoding) else None
        self._encoding = "utf-8" if self._wide else encoding
        sample = self._sample()
        named = delimiter_line(sample, self._encoding)
        self._has_delimiter_line = named is not None
        if delimiter is not None or named is not None:
            self._delimiter = stated_delimiter(path, delimiter or named or "")
        else:
            self._delimiter = find_delimiter(path, sample, self._encoding)
        header = self._take_header(self._records(iter(sample)))
        if len(header) > MOST_COLUMNS:
            raise SourceError(
                f"file {path}: it has {len(header):,} columns, more than {MOST_COLUMNS:,}. "
                "Hint: state --delimiter"
            )
        self.columns = _columns(header)
        # Excel leaves off the empty cells of the last columns, if those have no name.
        self._least = max(number for number, name in enumerate(header, 1) if name.strip())
        separated = DELIMITERS.get(self._delimiter, f'"{self._delimiter}"')
        packed = ", packed with gzip" if is_packed(path) else ""
        self.form = (
            f"CSV in {_ENCODING_NAMES.get(encoding, encoding)}, separated by {separated}, "
            f"{len(self.columns)} columns{packed}"
        )

    @property
    def done(self) -> float | None:
        return min(self._read / self._size, 1.0)

    def rows(self, wanted: Sequence[str]) -> Iterator[Row | UnreadRecord]:
        return self._rows(_picker([self._index(name) for name in wanted]))

    def _rows(
        self, pick: Callable[[Sequence[str]], tuple[str, ...]]
    ) -> Iterator[Row | UnreadRecord]:
        most, number = len(self.columns), 0
        records = self._records(self._lines())
        self._take_header(records)
        for record in records:
            if isinstance(record, UnreadRecord):
                number += 1
                yield record
                continue
            line, cells, raw = record
            if not any(cells):
                continue
            if len(cells) != most:
                if is_blank(cells):
                    continue
                if any(cells[most:]) or len(cells) < self._least:
                    number += 1
                    count = f"{len(cells):,} cell{'' if len(cells) == 1 else 's'}"
                    yield bad_row(line, f"{count} where the header has {most:,}", raw)
                    continue
                cells += [""] * (most - len(cells))
            number += 1
            yield Row(number, line, pick(cells), raw)

    def _index(self, name: str) -> int:
        if name in self.columns:
            return self.columns.index(name)
        near = get_close_matches(name, self.columns, n=1)
        hint = f"did you mean {near[0]!r}? Columns" if near else "columns"
        raise SourceError(
            f"file {self.path}: it has no column {name!r}. Hint: {hint}: {', '.join(self.columns)}"
        )

    def _take_header(self, records: Iterator[Record | UnreadRecord]) -> list[str]:
        if self._has_delimiter_line:
            next(records, None)
        for record in records:
            if isinstance(record, UnreadRecord):
                raise SourceError(
                    f"file {self.path}: line {record.place}, which names the columns, cannot be "
                    f"read: {record.detail}. Hint: state --encoding or --delimiter"
                )
            if len(record.cells) > 1 and not is_blank(record.cells):
                return record.cells
            if not is_blank(record.cells):
                raise SourceError(
                    f"file {self.path}: line {record.line}, which names the columns, has no "
                    f"{DELIMITERS.get(self._delimiter, repr(self._delimiter))} in it. "
                    "Hint: leave out --delimiter, and it is found"
                )
        raise SourceError(f"file {self.path}: it is empty. Hint: the first line names the columns")

    def _records(self, lines: Iterator[bytes | UnreadRecord]) -> Iterator[Record | UnreadRecord]:
        return read_records(lines, encoding=self._encoding, delimiter=self._delimiter)

    def _sample(self) -> list[bytes | UnreadRecord]:
        """Return the first lines, together as long as one may be: they hold the header, or none."""
        sample: list[bytes | UnreadRecord] = []
        size = 0
        for line in self._lines():
            sample.append(line)
            size += len(line)
            if size > MAX_BYTES:
                break
        return sample

    def _lines(self) -> Iterator[bytes | UnreadRecord]:
        self._read = 0
        pieces = read_unpacked(self.path, piece=PIECE, count=self._count)
        if self._wide is not None:
            pieces = as_utf8(pieces, self._wide)
        for _, lines, unread in read_lines(pieces, any_end=True):
            yield from unread
            yield from lines

    def _count(self, read: int) -> None:
        self._read += read


_ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}


def _columns(header: Sequence[str]) -> tuple[str, ...]:
    """Give each cell of the header a name of its own, on one line."""
    names = [" ".join(cell.split()) for cell in header]
    given = set(names)
    columns: dict[str, None] = {}
    again: Counter[str] = Counter()
    for place, own in enumerate(names, 1):
        name = wanted = own or f"column {place}"
        while name in columns or (name != own and name in given):
            again[wanted] += 1
            name = f"{wanted} ({again[wanted] + 1})"
        columns[name] = None
    return tuple(columns)


def _picker(indexes: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Return what picks the cells of a row at these places."""
    if len(indexes) > 1:
        return itemgetter(*indexes)
    return lambda cells: tuple(cells[index] for index in indexes)
