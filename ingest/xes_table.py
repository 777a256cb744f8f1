"""XES as a table: a row for each event, a column for each attribute of events and of cases."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ingest.envelope import TOO_LARGE
from ingest.packed import is_packed, read_unpacked
from ingest.sources import UnreadRecord
from ingest.tables import Row
from ingest.xes_events import Event, NotXesError, XesReader
from journeys.errors import SourceError
from journeys.service import Lifecycle

PIECE = 1 << 18
"""Bytes read or unpacked at a time."""

SAMPLE = 1_000
"""Events whose attributes are the columns; others can be read as well, if their names are known."""


class XesTable:
    """A process log."""

    def __init__(
        self, path: Path, *, size: int, encoding: str | None, lifecycle: Lifecycle
    ) -> None:
        """Read the first events.

        Args:
            path: A file that was looked at.
            size: Its bytes.
            encoding: Overrules what the XML declares.
            lifecycle: Read events of transition `complete` or none, or all.

        Raises:
            SourceError: It is no XES log.
        """
        self.path = path
        self.form = f"XES{', packed with gzip' if is_packed(path) else ''}"
        self._size, self._read = size, 0
        self._encoding = encoding
        self._reads_all = lifecycle == "all"
        self._skipped = self._late = 0
        first = (event for event in islice(self._events(), SAMPLE) if isinstance(event, Event))
        seen = dict.fromkeys(key for event in first for key in (*event.case, *event.attributes))
        self.columns = tuple(seen)

    @property
    def done(self) -> float | None:
        return min(self._read / self._size, 1.0)

    @property
    def notes(self) -> tuple[str, ...]:
        notes = []
        if self._skipped:
            notes.append(
                f"{self._skipped:,} events of another lifecycle than complete were skipped. "
                "Hint: --lifecycle all"
            )
        if self._late:
            notes.append(
                f"{self._late:,} attributes of cases stand behind their events and were not read. "
                "Hint: XES has them before"
            )
        return tuple(notes)

    def rows(self, wanted: Sequence[str]) -> Iterator[Row | UnreadRecord]:
        """Read the events; a wanted name that none of them has is an empty cell."""
        for event in self._events():
            if isinstance(event, UnreadRecord):
                yield event
            elif event.is_too_large:
                digest = hashlib.sha256(event.raw).digest()
                yield UnreadRecord(event.line, "too_large", TOO_LARGE, digest)
            elif self._is_wanted(event):
                own, case = event.attributes, event.case
                cells = tuple([own.get(name) or case.get(name, "") for name in wanted])
                yield Row(event.number, event.line, cells, event.raw)
            else:
                self._skipped += 1

    def _is_wanted(self, event: Event) -> bool:
        transition = event.attributes.get("lifecycle:transition", "").strip().lower()
        return self._reads_all or transition in ("", "complete")

    def _events(self) -> Iterator[Event | UnreadRecord]:
        self._read = self._skipped = self._late = 0
        reader = XesReader(self._encoding)
        try:
            yield from reader.events(read_unpacked(self.path, piece=PIECE, count=self._count))
        except NotXesError as error:
            raise SourceError(f"file {self.path}: {error}") from None
        self._late = reader.late

    def _count(self, read: int) -> None:
        self._read += read
