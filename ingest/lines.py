"""Lines of a file, of which none too long is kept.

Lines are counted from 1. One that is longer than a message may be, and does not end in the piece it
begins in, is skipped while it is read: it takes no memory, whatever its length.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from ingest.envelope import MAX_BYTES, TOO_LARGE
from ingest.packed import TornError
from ingest.sources import UnreadRecord


class Lines(NamedTuple):
    """Neighbouring lines.

    Attributes:
        number: Of the first of them.
        lines: Whole lines.
        unread: What could not be read between the lines before and these.
    """

    number: int
    lines: list[bytes]
    unread: list[UnreadRecord]


def read_lines(pieces: Iterator[bytes], *, any_end: bool = False) -> Iterator[Lines]:
    """Cut the pieces of a file into lines, without a byte-order mark.

    Args:
        pieces: What the file holds; where a `TornError` ends it, the line that tears is unread.
        any_end: Lines end with a line feed, a carriage return or both, and are given with their
            ends; else with a line feed alone, and are given without.
    """
    cutter = _LineCutter(any_end=any_end)
    try:
        for piece in pieces:
            yield cutter.cut(piece)
    except TornError as torn:
        yield cutter.end_torn(str(torn))
    else:
        yield cutter.end()


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _LineCutter:
    def __init__(self, *, any_end: bool) -> None:
        self._any_end = any_end
        self._line = 1  # the number of the line that the next byte belongs to
        self._begun = b""
        self._skipped = hashlib.sha256()
        self._is_skipping = False

    def cut(self, piece: bytes) -> Lines:
        text = self._begun + piece
        if self._line == 1 and not self._is_skipping:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        lines = self._split(text)
        unread: list[UnreadRecord] = []
        if self._is_skipping and lines:
            last = lines.pop(0)
            self._skipped.update(last.rstrip(b"\r\n") if self._any_end else last)
            unread.append(self._end_skipped())
        if self._is_skipping:
            self._skip()
        elif len(self._begun) > MAX_BYTES:
            self._is_skipping, self._skipped = True, hashlib.sha256()
            self._skip()
        number = self._line
        self._line += len(lines)
        return Lines(number, lines, unread)

    def end(self) -> Lines:
        """Take what is left for a line: many a file lacks the last line end."""
        if self._is_skipping:
            return Lines(self._line + 1, [], [self._end_skipped()])
        return Lines(self._line, [self._begun] if self._begun else [], [])

    def end_torn(self, why: str) -> Lines:
        """Report the line in which the file tears, as far as there is any of it."""
        seen = self._skipped if self._is_skipping else hashlib.sha256(self._begun)
        torn = UnreadRecord(self._line, "bad_row", why, seen.digest())
        return Lines(self._line + 1, [], [torn])

    def _split(self, text: bytes) -> list[bytes]:
        """Split off whole lines; what is left is a line that has begun."""
        if not self._any_end:
            *lines, self._begun = text.split(b"\n")
            return lines
        lines = text.splitlines(keepends=True)
        # A carriage return at the end may be the first half of an end.
        self._begun = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        return lines

    def _skip(self) -> None:
        kept = b"\r" if self._any_end and self._begun.endswith(b"\r") else b""
        self._skipped.update(self._begun.removesuffix(kept))
        self._begun = kept

    def _end_skipped(self) -> UnreadRecord:
        self._is_skipping = False
        self._line += 1
        return UnreadRecord(self._line - 1, "too_large", TOO_LARGE, self._skipped.digest())
