"""Records of a CSV file: Python's csv module, fed line by line and started again where it stumbles.

A record is one line, or several where a quoted cell holds line ends. One that cannot be read costs
its first line alone: what was taken for its other lines is read again as records of their own,
so that a quote that never ends does not swallow the rest of the file.
"""

import csv
import hashlib
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from ingest.envelope import MAX_BYTES, TOO_LARGE
from ingest.sources import UnreadRecord

MOST_LINES = 1_000
"""Lines of one record; beyond them a quote is taken for one that never ends."""

ENDLESS = "a quote begins here that does not end"
UNDECODABLE = "some of its bytes are no letters in the encoding of the file"


class Record(NamedTuple):
    """What the csv module made of some lines.

    Attributes:
        line: The number of the first.
        cells: As text; none of a blank line.
        raw: The lines, with all line ends but the last.
    """

    line: int
    cells: list[str]
    raw: bytes


def read_records(
    lines: Iterator[bytes | UnreadRecord], *, encoding: str, delimiter: str
) -> Iterator[Record | UnreadRecord]:
    """Read lines, given with their ends, as records."""
    feed = _Feed(lines, encoding)
    is_over = False
    while not is_over:
        reader = csv.reader(feed.texts(), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                line, raw = feed.take()
                if feed.is_undecodable:
                    feed.is_undecodable = False
                    yield bad_row(line, UNDECODABLE, raw)
                else:
                    yield Record(line, cells, raw)
            is_over = True
        except _InterruptedError:
            yield feed.give_up()
        except csv.Error as error:
            yield feed.give_up(error)


def bad_row(line: int, detail: str, raw: bytes) -> UnreadRecord:
    """Say that a row cannot be read whole."""
    return UnreadRecord(line, "bad_row", detail, hashlib.sha256(raw).digest())


class _InterruptedError(Exception):
    """A record is too long, or meets what is no line."""


class _Feed:
    """Hands out lines and remembers those of the record that is being read."""

    def __init__(self, lines: Iterator[bytes | UnreadRecord], encoding: str) -> None:
        self.is_undecodable = False
        self._encoding = encoding
        self._lines = lines
        self._again: deque[bytes | UnreadRecord] = deque()
        self._taken: list[bytes] = []
        self._line = 1  # the number of the first line taken

    def texts(self) -> Iterator[str]:
        """Yield lines as text.

        Raises:
            _InterruptedError: The record that is being read cannot go on.
        """
        taken, encoding, size = self._taken, self._encoding, 0
        for line in chain(self._put_back(), self._lines):
            size = len(line) + (size if taken else 0)
            if not isinstance(line, bytes) or size > MAX_BYTES or len(taken) == MOST_LINES:
                self._again.appendleft(line)
                raise _InterruptedError
            taken.append(line)
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                self.is_undecodable = True
                text = line.decode(encoding, "replace")
            yield text

    def take(self) -> tuple[int, bytes]:
        """Return the record's first line number and its bytes, and begin the next record."""
        taken, line = self._taken, self._line
        raw = taken[0] if len(taken) == 1 else b"".join(taken)
        self._line += len(taken)
        taken.clear()
        return line, raw.rstrip(b"\r\n")

    def give_up(self, error: csv.Error | None = None) -> UnreadRecord:
        """Return the first line taken as unread, or what came in place of a line."""
        self.is_undecodable = False
        if not self._taken:
            return self._skip(self._again.popleft())
        self._again.extendleft(reversed(self._taken[1:]))
        is_endless = error is None or len(self._taken) > 1 or "end of data" in str(error)
        del self._taken[1:]
        line, raw = self.take()
        if is_endless:
            return bad_row(line, ENDLESS, raw)
        if "field limit" in str(error):
            return _too_large(line, f"a cell has more than {csv.field_size_limit():,} letters", raw)
        return bad_row(line, "a quoted cell goes on behind its quote", raw)

    def _skip(self, unread: bytes | UnreadRecord) -> UnreadRecord:
        line = self._line
        self._line += 1
        if isinstance(unread, bytes):
            return _too_large(line, TOO_LARGE, unread.rstrip(b"\r\n"))
        return unread

    def _put_back(self) -> Iterator[bytes | UnreadRecord]:
        while self._again:
            yield self._again.popleft()


def _too_large(line: int, detail: str, raw: bytes) -> UnreadRecord:
    return UnreadRecord(line, "too_large", detail, hashlib.sha256(raw).digest())
