"""JSON Lines: a file with one CloudEvent (structured mode) a line, plain or gzip.

A file is read in pieces, whatever it holds: a line too long is skipped while it is read, and a
compressed file that is cut off or damaged gives what can be unpacked; the place where it tears is
one unread record. Lines are counted from 1 and end with a line feed; blank ones are passed over.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ingest.envelope import MAX_BYTES, TOO_LARGE
from ingest.sources import RawBatch, RawRecord, UnreadRecord
from journeys.errors import SourceError

PIECE = 3 << 20
"""Bytes read or unpacked at a time: some 8,000 touchpoints, which is also the size of a batch."""

LARGEST_BATCH = 10_000
"""Records in a batch, should the lines be very short."""


class JsonLinesSource:
    """Files of CloudEvents, one after the other."""

    def __init__(self, paths: Sequence[Path], *, piece: int = PIECE) -> None:
        """Name the files; a pipe will do.

        Args:
            paths: Files, read in this order.
            piece: Bytes to read and to unpack at a time; a batch is what ends in one.

        Raises:
            SourceError: One of them is missing, a folder, not readable or of another format; all
                are looked at before anything is read.
        """
        self._paths = list(paths)
        self._size = sum(_checked_size(path) for path in self._paths)
        self._piece = piece
        self._read = 0

    def batches(self) -> Iterator[RawBatch]:
        """Read all files from their beginning.

        Raises:
            SourceError: A file cannot be read any more.
        """
        self._read = 0
        for path in self._paths:
            try:
                with path.open("rb") as file:
                    for records, unread in _read_lines(self._pieces(file), self._piece):
                        yield self._batch(path, records, unread)
            except OSError as error:
                raise SourceError(_cannot_read(path, error)) from error

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        while piece := file.read(self._piece):
            self._read += len(piece)
            yield piece

    def _batch(
        self, path: Path, records: Sequence[RawRecord], unread: Sequence[UnreadRecord]
    ) -> RawBatch:
        name = path.name.encode(errors="replace").decode()
        done = min(self._read / self._size, 1.0) if self._size else None
        return RawBatch(f"file:{name}", records, unread, done=done)


_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_GZIP = b"\x1f\x8b"
_OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a SQLite database",
}
_CUT_OFF = "the gzip data is cut off here"
_DAMAGED = "the gzip data is damaged here"
_MISMATCH = "the gzip data does not match its checksum: lines before may be damaged, too"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _TornError(Exception):
    """The compressed data ends or breaks here."""


def _checked_size(path: Path) -> int:
    """Return the bytes to be read, 0 if they cannot be told."""
    try:
        if path.is_dir():
            raise SourceError(f"file {path}: it is a folder. Hint: name its files, {path}/*.jsonl")
        if not path.is_file():
            path.stat()  # a pipe must not be opened twice, but has to be there
            return 0
        with path.open("rb") as file:
            beginning = file.read(16)
    except OSError as error:
        raise SourceError(_cannot_read(path, error)) from error
    for magic, what in _OTHER_FORMATS.items():
        if beginning.startswith(magic):
            raise SourceError(
                f"file {path}: it is {what}, not JSON Lines. Hint: one CloudEvent a line, plain or "
                "packed with gzip"
            )
    return path.stat().st_size


def _cannot_read(path: Path, error: OSError) -> str:
    if not isinstance(error, FileNotFoundError):
        why = error.strerror or "it cannot be read"
        return f"file {path}: {why}. Hint: look at its permissions with `ls -l`"
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=1)
    hint = f"did you mean {path.parent / near[0]}?" if near else "names are relative to `pwd`"
    return f"file {path}: there is none. Hint: {hint}"


_Lines = tuple[list[RawRecord], list[UnreadRecord]]


def _read_lines(pieces: Iterator[bytes], longest: int) -> Iterator[_Lines]:
    cutter = _LineCutter()
    try:
        for piece in _unpacked(pieces, longest):
            records, unread = cutter.cut(piece)
            # Unread ones go first: their number is small, their place says where they belong.
            yield records[:LARGEST_BATCH], unread
            for begin in range(LARGEST_BATCH, len(records), LARGEST_BATCH):
                yield records[begin : begin + LARGEST_BATCH], []
    except _TornError as torn:
        yield cutter.end_torn(str(torn))
    else:
        yield cutter.end()


class _LineCutter:
    """Cuts pieces of a file into lines, of which none longer than a message may be is kept."""

    def __init__(self) -> None:
        self._line = 1  # the number of the line that the next byte belongs to
        self._begun = b""
        self._skipped = hashlib.sha256()
        self._is_skipping = False

    def cut(self, piece: bytes) -> _Lines:
        unread: list[UnreadRecord] = []
        if self._is_skipping:
            end = piece.find(b"\n")
            self._skipped.update(piece if end < 0 else piece[:end])
            if end < 0:
                return [], []
            unread.append(self._end_skipped())
            piece = piece[end + 1 :]
        if self._line == 1:
            piece = (self._begun + piece).removeprefix(_BYTE_ORDER_MARK)
            self._begun = b""
        lines = (self._begun + piece).split(b"\n")
        self._begun = lines.pop()
        if len(self._begun) > MAX_BYTES:
            self._is_skipping, self._skipped = True, hashlib.sha256(self._begun)
            self._begun = b""
        numbered = enumerate(lines, self._line)
        self._line += len(lines)
        records = [RawRecord(number, line) for number, line in numbered if line.strip()]
        return records, unread

    def end(self) -> _Lines:
        """Take what is left for a line: many a file lacks the last line feed."""
        if self._is_skipping:
            return [], [self._end_skipped()]
        return [RawRecord(self._line, self._begun)] if self._begun.strip() else [], []

    def end_torn(self, why: str) -> _Lines:
        """Report the line in which the file tears, as far as there is any of it."""
        seen = self._skipped if self._is_skipping else hashlib.sha256(self._begun)
        return [], [UnreadRecord(self._line, "bad_row", why, seen.digest())]

    def _end_skipped(self) -> UnreadRecord:
        self._is_skipping = False
        self._line += 1
        return UnreadRecord(self._line - 1, "too_large", TOO_LARGE, self._skipped.digest())


def _unpacked(pieces: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Yield the text of a file, unpacked if it begins as gzip does, whatever its name.

    Raises:
        _TornError: Packed data ends too early, or cannot be unpacked from here on.
    """
    beginning = b""
    for piece in pieces:
        beginning += piece
        if len(beginning) >= len(_GZIP):
            break
    whole = chain([beginning], pieces)
    yield from _gunzip(whole, longest) if beginning.startswith(_GZIP) else whole


def _gunzip(pieces: Iterator[bytes], longest: int) -> Iterator[bytes]:
    """Unpack gzip, of several members and with zeros behind it, too.

    The `gzip` module keeps back the text it has unpacked before it meets the end of a torn file.
    """
    member, is_begun = zlib.decompressobj(_GZIP_FORMAT), False
    for piece in pieces:
        packed, is_full = piece, False
        while packed or is_full:
            if not is_begun:
                packed = packed.lstrip(b"\0")
                is_begun = bool(packed)
            before = member.copy()
            try:
                text = member.decompress(packed, longest)
            except zlib.error as error:
                yield from _unpack_up_to_damage(before, packed)
                is_mismatch = "data check" in str(error) or "length check" in str(error)
                raise _TornError(_MISMATCH if is_mismatch else _DAMAGED) from None
            yield text
            is_full = len(text) == longest
            packed = member.unconsumed_tail
            if member.eof:
                packed = member.unused_data
                member, is_begun, is_full = zlib.decompressobj(_GZIP_FORMAT), False, False
    if is_begun:
        raise _TornError(_CUT_OFF)


def _unpack_up_to_damage(member: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """Unpack again, a few bytes at a time: the last text before the damage is still good."""
    with suppress(zlib.error):
        for begin in range(0, len(packed), 64):
            yield member.decompress(packed[begin : begin + 64])
