"""What a file holds, whatever its format: looked at before it is read, unpacked while it is read.

A file is read in pieces. One that begins as gzip does is unpacked, whatever its name; if it is cut
off or damaged, what can be unpacked is given before the `TornError` that says so.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from journeys.errors import SourceError


class TornError(Exception):
    """The compressed data ends or breaks here; never leaves the reading of a file."""


def check_file(path: Path) -> int:
    """Look whether a path can be read at all.

    Returns:
        The bytes to be read; 0 if they cannot be told, as of a pipe, which is not opened.

    Raises:
        SourceError: It is missing, a folder, not readable or of a format that nothing here reads.
    """
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
    for magic, (what, hint) in _OTHER_FORMATS.items():
        if beginning.startswith(magic):
            raise SourceError(f"file {path}: it is {what}. Hint: {hint}")
    return path.stat().st_size


def is_packed(path: Path) -> bool:
    """Say whether a file that `check_file` has seen is packed with gzip."""
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def read_unpacked(
    path: Path, *, piece: int, count: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield what a file holds, unpacked, from its beginning.

    Args:
        path: A file that `check_file` has seen.
        piece: The most bytes to read, and to unpack, at a time.
        count: Told the bytes of each piece that was read, as they lie on the disk.

    Raises:
        TornError: Packed data ends too early, or cannot be unpacked from here on.
        SourceError: The file cannot be read any more.
    """
    try:
        with path.open("rb") as file:
            yield from _unpacked(_pieces(file, piece, count), piece)
    except OSError as error:
        raise SourceError(_cannot_read(path, error)) from error


_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_GZIP = b"\x1f\x8b"
_SAVE_AS_CSV = "in Excel, File, Save As, CSV UTF-8"
_UNPACK = "unpack it, or pack it with gzip instead"
_EXPORT = "export it as CSV"
_OTHER_FORMATS = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", _SAVE_AS_CSV),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook of the old kind", _SAVE_AS_CSV),
    b"BZh": ("packed with bzip2", _UNPACK),
    b"\xfd7zXZ": ("packed with xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("packed with zstd", _UNPACK),
    b"PAR1": ("a Parquet file", _EXPORT),
    b"SQLite format 3": ("a SQLite database", _EXPORT),
}
_CUT_OFF = "the gzip data is cut off here"
_DAMAGED = "the gzip data is damaged here"
_MISMATCH = "the gzip data does not match its checksum: lines before may be damaged, too"


def _cannot_read(path: Path, error: OSError) -> str:
    if not isinstance(error, FileNotFoundError):
        why = error.strerror or "it cannot be read"
        return f"file {path}: {why}. Hint: look at its permissions with `ls -l`"
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=1)
    hint = f"did you mean {path.parent / near[0]}?" if near else "names are relative to `pwd`"
    return f"file {path}: there is none. Hint: {hint}"


def _pieces(file: BinaryIO, piece: int, count: Callable[[int], None]) -> Iterator[bytes]:
    while read := file.read(piece):
        count(len(read))
        yield read


def _unpacked(pieces: Iterator[bytes], longest: int) -> Iterator[bytes]:
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
                raise TornError(_MISMATCH if is_mismatch else _DAMAGED) from None
            yield text
            is_full = len(text) == longest
            packed = member.unconsumed_tail
            if member.eof:
                packed = member.unused_data
                member, is_begun, is_full = zlib.decompressobj(_GZIP_FORMAT), False, False
    if is_begun:
        raise TornError(_CUT_OFF)


def _unpack_up_to_damage(member: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """Unpack again, a few bytes at a time: the last text before the damage is still good."""
    with suppress(zlib.error):
        for begin in range(0, len(packed), 64):
            yield member.decompress(packed[begin : begin + 64])
