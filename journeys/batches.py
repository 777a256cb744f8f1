"""What becomes of a batch on its way into the log.

The primary key decides: rows whose stream is new go in, the others stay out. Only when some stayed
out is the log asked what it holds of them, so that a batch without duplicates costs no read at all.
A row that stayed out is a *duplicate* if it says the same as the one that stands, else a
*conflict*; whether the other stands in the log or earlier in the same batch makes no difference.

Which version of a stream a row is, its source's retractions so far decide, as the log has them in
the writing transaction: what was recorded before one is neither copied nor contradicted behind it.

A touchpoint may *settle* a rejection: its own, once it can be read. That is recorded with it, in
the same transaction, unless the touchpoint turns out to contradict another.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from journeys.recorders import Cursor, LogRecorder
from journeys.records import (
    EPOCH,
    RejectionResolved,
    SourceGapRecorded,
    TouchpointRecorded,
    TouchpointRejected,
    microseconds_of,
)
from journeys.retractions import count_retractions
from journeys.rows import Row, content_digest, differing_fields, row_of, touchpoint_rows
from journeys.touchpoint import Touchpoint
from journeys.versions import Kind, kind_of

Settling = tuple[int, RejectionResolved]
"""The index of a touchpoint in its batch, and what is recorded if that touchpoint stands."""

_HOUR = 3_600_000_000
"""In microseconds."""

_CALLED = {
    "occurred_at": "time",
    "name": "touchpoint name",
}


class Appended(NamedTuple):
    """What became of a batch: recorded + duplicates + conflicts are its touchpoints.

    Attributes:
        recorded: New touchpoints.
        duplicates: Touchpoints that were known, dropped.
        conflicts: Touchpoints whose identity was known with other content; quarantined, once.
        rejected: New ones among the given rejections; a bad line that is read again is not.
        position: The head of the log afterwards.
        resolved: Rejections that this batch settled.
    """

    recorded: int
    duplicates: int
    conflicts: int
    rejected: int
    position: int
    resolved: int = 0


class Compared(NamedTuple):
    """What the log knows of touchpoints: new ones, duplicates and conflicts are all there are.

    Attributes:
        new: Those it does not know; of two with one identity, both.
        duplicates: How many it knows.
        conflicts: How many it knows with other content.
    """

    new: list[Touchpoint]
    duplicates: int
    conflicts: int


class Batch:
    """Touchpoints and rejections, encoded before the log is locked for them."""

    def __init__(  # noqa: PLR0913 - each is one part of a batch
        self,
        touchpoints: Sequence[Touchpoint],
        rejections: Sequence[TouchpointRejected],
        *,
        recorded_at: datetime,
        coordinates: Sequence[tuple[str, int, str]],
        gaps: Sequence[SourceGapRecorded] = (),
        settling: Sequence[Settling] = (),
    ) -> None:
        self._touchpoints = touchpoints
        self._rows = touchpoint_rows(touchpoints, recorded_at=recorded_at)
        self._rejected = [row_of(rejection, recorded_at=recorded_at) for rejection in rejections]
        self._gaps = [row_of(gap, recorded_at=recorded_at) for gap in gaps]
        self._settling = [
            (index, row_of(resolved, recorded_at=recorded_at)) for index, resolved in settling
        ]
        self._recorded_at = recorded_at
        self._coordinates = coordinates

    def store(self, recorder: LogRecorder, c: Cursor) -> Appended:
        """Put the batch into the log, within the caller's transaction."""
        before = recorder.head(c)
        rows = _in_force(recorder, c, self._touchpoints, self._rows)
        recorded = recorder.insert_touchpoints(c, rows)
        left_out = len(rows) - recorded
        contradicting: dict[int, list[str]] = {}
        if left_out:
            contradicting = dict(_contradicting(recorder, c, rows, until=before))
        conflicts = [self._conflict(index, fields) for index, fields in contradicting.items()]
        settled = [row for index, row in self._settling if index not in contradicting]
        recorder.insert_rows(c, conflicts)
        rejected = recorder.insert_rows(c, self._rejected)
        recorder.insert_rows(c, self._gaps)
        resolved = recorder.insert_rows(c, settled)
        recorder.note_kinds(c, self._kinds(conflicts, settled))
        return Appended(
            recorded=recorded,
            duplicates=left_out - len(conflicts),
            conflicts=len(conflicts),
            rejected=rejected,
            position=recorder.head(c),
            resolved=resolved,
        )

    def note_arrivals(self, recorder: LogRecorder, c: Cursor) -> None:
        """Remember the sources whose touchpoints a stream brought in this hour, known ones too."""
        hour = microseconds_of(self._recorded_at) // _HOUR
        recorder.note_arrivals(c, {touchpoint.source for touchpoint in self._touchpoints}, hour)

    def _conflict(self, index: int, fields: Sequence[str]) -> Row:
        touchpoint = self._touchpoints[index]
        origin, place, digest = (
            self._coordinates[index]
            if self._coordinates
            else (touchpoint.source, 0, content_digest(self._rows[index][3]))
        )
        others = ", ".join(_CALLED.get(field, field) for field in fields)
        rejection = TouchpointRejected(
            origin=origin,
            place=place,
            reason="conflict",
            detail=f"an earlier touchpoint has this source and id, with another {others}",
            digest=digest,
            service=touchpoint.service,
        )
        return row_of(rejection, recorded_at=self._recorded_at)

    def _kinds(self, conflicts: Sequence[Row], settled: Sequence[Row]) -> set[Kind]:
        kinds = set()
        if self._rows:
            kinds.add(kind_of(TouchpointRecorded))
        if conflicts or self._rejected:
            kinds.add(kind_of(TouchpointRejected))
        if settled:
            kinds.add(kind_of(RejectionResolved))
        if self._gaps:
            kinds.add(kind_of(SourceGapRecorded))
        return kinds


def compare(recorder: LogRecorder, c: Cursor, touchpoints: Sequence[Touchpoint]) -> Compared:
    """Tell what the log knows of touchpoints, and store nothing."""
    rows = touchpoint_rows(touchpoints, recorded_at=EPOCH)
    rows = _in_force(recorder, c, touchpoints, rows)
    kept = recorder.states(c, {row[0]: row[1] for row in rows}, until=recorder.head(c))
    new = []
    conflicts = 0
    for touchpoint, (originator, _, _, state) in zip(touchpoints, rows, strict=True):
        first = kept.get(originator)
        if first is None:
            new.append(touchpoint)
        else:
            conflicts += bool(differing_fields(first, state))
    return Compared(new, len(rows) - len(new) - conflicts, conflicts)


def _in_force(
    recorder: LogRecorder, c: Cursor, touchpoints: Sequence[Touchpoint], rows: list[Row]
) -> list[Row]:
    """Give rows the version that the retractions of their sources leave them."""
    retracted = count_retractions(recorder, c)
    if not retracted:
        return rows
    return [
        (stream, 1 + retracted[touchpoint.source], topic, state)
        for touchpoint, (stream, _, topic, state) in zip(touchpoints, rows, strict=True)
    ]


def _contradicting(
    recorder: LogRecorder, c: Cursor, rows: Sequence[Row], *, until: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield the index of each row that contradicts the one that stands, and in which fields."""
    kept = recorder.states(c, {row[0]: row[1] for row in rows}, until=until)
    for index, (originator, _, _, state) in enumerate(rows):
        first = kept.setdefault(originator, state)
        fields = [] if first is state else differing_fields(first, state)
        if fields:
            yield index, fields
