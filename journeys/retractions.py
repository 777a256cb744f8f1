"""Taking back what a source has recorded.

A retraction is an event of its own, and changes nothing that was recorded before it. A touchpoint
*stands* at a position if its source has not been retracted between the touchpoint and there: so as
known at an earlier position all is as it was. What the source says after a retraction is new, each
touchpoint the next version of its stream (`batches`).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import msgspec

from journeys.errors import LogError
from journeys.recorders import Cursor, LogRecorder
from journeys.records import SourceRetracted
from journeys.rows import row_of
from journeys.versions import kind_of


class _State(msgspec.Struct):
    source: str


_decode = msgspec.json.Decoder(_State).decode


def newest_retractions(
    recorder: LogRecorder, c: Cursor, *, after: int = 0, until: int | None = None
) -> dict[str, int]:
    """The position of the newest retraction in (after, until] of each source that has one."""
    return {source: position for position, source in _retractions(recorder, c, after, until)}


def count_retractions(recorder: LogRecorder, c: Cursor) -> Counter[str]:
    """Count the retractions of each source up to the head."""
    return Counter(source for _, source in _retractions(recorder, c, 0, None))


def record_retraction(
    recorder: LogRecorder, c: Cursor, event: SourceRetracted, *, recorded_at: datetime
) -> int:
    """Put a retraction into the log, within the caller's transaction; return its position.

    Raises:
        LogError: Its place in the stream is taken: another one was first.
    """
    if not recorder.insert_rows(c, [row_of(event, recorded_at=recorded_at)]):
        newest = newest_retractions(recorder, c)[event.source]
        raise retracted_already(event.source, newest)
    recorder.note_kinds(c, {kind_of(SourceRetracted)})
    return recorder.head(c)


def retracted_already(source: str, position: int) -> LogError:
    """Explain that nothing of a source stands any more."""
    return LogError(
        f"source {source!r} was retracted at position {position}, and nothing has come of it "
        f"since. Hint: read it again, or see the reports of before with --position {position - 1}"
    )


def _retractions(
    recorder: LogRecorder, c: Cursor, after: int, until: int | None
) -> Iterator[tuple[int, str]]:
    for event in recorder.rare_events(c, SourceRetracted.TOPIC, after=after, until=until):
        yield event.position, _decode(event.stored.state).source
