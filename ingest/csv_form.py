"""How a CSV file is written: its encoding and its delimiter, stated or found out.

Whatever is ambiguous is decided by the whole file (encoding) or by what its first rows agree on
(delimiter), never by its name.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from ingest.csv_records import Record, read_records
from ingest.packed import TornError, read_unpacked
from ingest.sources import UnreadRecord
from journeys.errors import SourceError

PIECE = 1 << 18
"""Bytes read or unpacked at a time."""

SAMPLE = 50
"""Records by which the delimiter is found."""

LETTERS_FOR_A_DAMAGED_ONE = 10
"""Letters of UTF-8 beyond ASCII that a file must have for each byte that is none."""

DELIMITERS = {";": '";"', ",": '","', "\t": "tabs", "|": '"|"'}
"""Those looked for, the likeliest first, with their names for people."""


def find_encoding(path: Path, stated: str | None) -> str:
    """Return the codec of a file: stated, told by its byte-order mark, UTF-8 or else cp1252.

    Raises:
        SourceError: There is no such encoding, or the file is no text.
    """
    codec = None if stated is None else _checked_encoding(path, stated)
    if codec is not None and codec != "utf-16":  # which leaves open the order of its bytes
        return codec
    pieces = filter(None, read_unpacked(path, piece=PIECE))
    with suppress(TornError):
        beginning = next(pieces, b"")
        if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in beginning or codec:
            return _wide_encoding(path, beginning)
        if beginning.startswith(codecs.BOM_UTF8) or _is_utf8(chain([beginning], pieces)):
            return "utf-8"
    return "cp1252"


def as_utf8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Write UTF-16 in UTF-8, in which lines end with one byte; what is no letter stays none."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"  # half a letter


def is_wide(encoding: str) -> bool:
    """Say whether a codec writes a line end in more than one byte."""
    return codecs.lookup(encoding).name.startswith("utf-16")


def stated_delimiter(path: Path, stated: str) -> str:
    """Return the character meant.

    Raises:
        SourceError: It cannot be a delimiter.
    """
    delimiter = "\t" if stated.lower() in ("tab", "\\t") else stated
    if len(delimiter) != 1 or delimiter in '"\r\n\0' or not delimiter.isascii():
        raise SourceError(f'file {path}: {stated!r} cannot separate cells. Hint: ";" or "tab"')
    return delimiter


def delimiter_line(lines: Sequence[bytes | UnreadRecord], encoding: str) -> str | None:
    """Return what a first line `sep=;` says, as Excel understands it."""
    first = lines[0] if lines else None
    if not isinstance(first, bytes) or len(first) > 10:
        return None
    text = first.decode(encoding, "replace").rstrip("\r\n").strip('"')
    delimiter = text[4:]
    return delimiter if text[:4].lower() == "sep=" and len(delimiter) == 1 else None


def find_delimiter(path: Path, lines: Sequence[bytes | UnreadRecord], encoding: str) -> str:
    """Return the delimiter by which most of the first records have as many cells as the first one.

    Among those by which nearly all have, the one that makes most cells wins.

    Raises:
        SourceError: None makes two cells of the first record.
    """
    scores = {}
    for delimiter in DELIMITERS:
        records = read_records(iter(lines), encoding=encoding, delimiter=delimiter)
        filled = (each for each in records if isinstance(each, Record) and not is_blank(each.cells))
        scores[delimiter] = _score([*islice(filled, SAMPLE)])
    best = max(scores, key=scores.__getitem__)
    if scores[best][1] < 2:
        raise SourceError(
            f"file {path}: its first line names no columns separated by "
            f"{', '.join(DELIMITERS.values())}. Hint: delete what stands above the names of the "
            "columns, or state --delimiter"
        )
    return best


def is_blank(cells: Sequence[str]) -> bool:
    """Say whether there is nothing in a record but delimiters and white space."""
    return not "".join(cells).strip()


def _score(records: Sequence[Record]) -> tuple[float, int]:
    """Return which share of records fits the first, above nine tenths all alike, and its cells."""
    if not records or len(records[0].cells) < 2:
        return 0.0, 0
    most = len(records[0].cells)
    fitting = sum(len(record.cells) == most and not _has_stray_quote(record) for record in records)
    return min(fitting / len(records), 0.9), most


def _has_stray_quote(record: Record) -> bool:
    """Say whether quotes are taken for letters, as by a delimiter that stands within them."""
    return b'""' not in record.raw and any('"' in cell for cell in record.cells)


def _is_utf8(pieces: Iterator[bytes]) -> bool:
    """Say whether nearly all that is not ASCII is UTF-8: a letter or two may be damaged.

    Text in cp1252 is next to never UTF-8 by chance, not even for a letter.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    letters = damaged = 0
    with suppress(TornError):
        for piece in pieces:
            text = decoder.decode(piece)
            if not text.isascii():
                escaped = len(_ESCAPED.findall(text))
                damaged += escaped
                letters += len(_NOT_ASCII.findall(text)) - escaped
    # A file may be cut off within a letter; if that is its first beyond ASCII, it rather is whole.
    damaged += bool(decoder.getstate()[0]) and not letters
    return letters >= LETTERS_FOR_A_DAMAGED_ONE * damaged


_ESCAPED = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _checked_encoding(path: Path, stated: str) -> str:
    try:
        codec = codecs.lookup(stated).name
        if codec == "utf-8-sig":
            return "utf-8"
        ascii_letters = bytes(range(1, 128))
        if is_wide(codec) or ascii_letters.decode(codec) == ascii_letters.decode("ascii"):
            return codec
    except (LookupError, UnicodeError, ValueError):
        pass
    raise SourceError(
        f"file {path}: {stated!r} is no encoding of tables. Hint: utf-8, cp1252 or utf-16"
    )


def _wide_encoding(path: Path, beginning: bytes) -> str:
    """Tell UTF-16 without a mark by where its zeros are."""
    for encoding, low, high in (("utf-16-le", 0, 1), ("utf-16-be", 1, 0)):
        if beginning[high::2].count(0) > len(beginning) // 4 and not beginning[low::2].count(0):
            return encoding
    raise SourceError(f"file {path}: it is no text. Hint: export it as CSV")
