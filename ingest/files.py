"""JSON Lines: a file with one CloudEvent (structured mode) a line, plain or gzip.

A file is read in pieces, whatever it holds: a line too long is skipped while it is read, and a
compressed file that is cut off or damaged gives what can be unpacked; the place where it tears is
one unread record. Lines are counted from 1 and end with a line feed; blank ones are passed over.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.lines import read_lines
from ingest.packed import check_file, read_unpacked
from ingest.sources import RawBatch, RawRecord, UnreadRecord

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
        self._size = sum(check_file(path) for path in self._paths)
        self._piece = piece
        self._read = 0

    def batches(self) -> Iterator[RawBatch]:
        """Read all files from their beginning.

        Raises:
            SourceError: A file cannot be read any more.
        """
        self._read = 0
        for path in self._paths:
            pieces = read_unpacked(path, piece=self._piece, count=self._count)
            for number, lines, unread in read_lines(pieces):
                numbered = enumerate(lines, number)
                records = [RawRecord(place, line) for place, line in numbered if line.strip()]
                # Unread ones go first: their number is small, their place says where they belong.
                yield self._batch(path, records[:LARGEST_BATCH], unread)
                for begin in range(LARGEST_BATCH, len(records), LARGEST_BATCH):
                    yield self._batch(path, records[begin : begin + LARGEST_BATCH], [])

    def _count(self, read: int) -> None:
        self._read += read

    def _batch(
        self, path: Path, records: Sequence[RawRecord], unread: Sequence[UnreadRecord]
    ) -> RawBatch:
        name = path.name.encode(errors="replace").decode()
        done = min(self._read / self._size, 1.0) if self._size else None
        return RawBatch(f"file:{name}", records, unread, done=done)
