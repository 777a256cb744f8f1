"""Touchpoints by the hundred thousand: from the log's rows to a frame, no object for each.

The database joins the JSON of many rows into one text, and polars reads that as JSON lines. It goes
through Python's own `sqlite3` and not through ADBC, whose driver brings another copy of SQLite: two
copies in one process do not see each other's locks, and closing the one deletes the write-ahead log
under the other, with all that is committed later.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from journeys.recorders import Lines, LogRecorder, WantedTouchpoints
from journeys.records import TouchpointRecorded
from journeys.retractions import newest_retractions
from journeys.rows import TouchpointState
from journeys.versions import refuse_unknown

LINES = 50_000
"""Touchpoints in one text, about 15 MB; more is no faster."""

COLUMNS: dict[str, Any] = {
    "position": pl.Int64(),
    "source": pl.String(),
    "id": pl.String(),
    "service": pl.String(),
    "occurred_at": pl.Datetime("us", "UTC"),
    "name": pl.String(),
    "channel": pl.String(),
    "error": pl.Boolean(),
    "case": pl.String(),
    "person": pl.String(),
    "attributes": pl.String(),
}
"""Columns of the frame; `case` and `person` may be null, `attributes` is a JSON object as text."""

_STATE = {
    **dict.fromkeys(TouchpointState.__struct_fields__[:-1], pl.String()),  # not recorded_at
    "occurred_at": pl.Int64(),
    "class_version": pl.Int64(),
}


def read_chunks(
    recorder: LogRecorder, wanted: WantedTouchpoints, *, rows: int
) -> Iterator[pl.DataFrame]:
    """Yield touchpoints that stand at the last position wanted, in order, in one snapshot.

    Args:
        recorder: Of the log.
        wanted: Which ones.
        rows: At most so many a frame; none is empty.

    Raises:
        LogError: A touchpoint is newer than this release.
    """
    with recorder.reading() as c:
        after = wanted.after
        end = recorder.head(c) if wanted.until is None else wanted.until
        retracted = newest_retractions(recorder, c, until=end)
        frames: list[pl.DataFrame] = []
        held = 0
        while after < end:
            rest = wanted._replace(after=after, until=end)
            lines = recorder.touchpoint_lines(c, rest, limit=min(LINES, rows - held))
            if lines.positions:
                frames.append(_standing(_frame_of(lines), retracted))
                held += len(frames[-1])
            after = lines.positions[-1] if lines.positions else end
            if held == rows or (held and after >= end):
                yield pl.concat(frames)
                frames, held = [], 0


def empty_frame() -> pl.DataFrame:
    """A frame without a row."""
    return pl.DataFrame(schema=COLUMNS)


def _standing(frame: pl.DataFrame, retracted: Mapping[str, int]) -> pl.DataFrame:
    if not retracted:
        return frame
    newest = pl.col("source").replace_strict(retracted, default=0, return_dtype=pl.Int64)
    return frame.filter(pl.col("position") > newest)


def _frame_of(lines: Lines) -> pl.DataFrame:
    frame = pl.read_ndjson(lines.states, schema=_STATE)
    newest = frame["class_version"].max()
    if newest is not None:
        refuse_unknown({(TouchpointRecorded.TOPIC, int(str(newest)))})
    return frame.select(
        pl.Series("position", lines.positions, dtype=COLUMNS["position"]),
        "source",
        "id",
        "service",
        pl.col("occurred_at").cast(COLUMNS["occurred_at"]),
        "name",
        "channel",
        (pl.col("status") == "error").alias("error"),
        "case",
        "person",
        "attributes",
    )
