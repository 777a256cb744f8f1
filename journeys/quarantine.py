"""What was rejected, and what has become of it.

A rejection is *resolved* once its stream goes on: what settles it is recorded there, as the next
event (`resolutions`).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from journeys.recorders import Cursor, LogRecorder, PlacedEvent
from journeys.records import TouchpointRejected, microseconds_of


class Quarantined(NamedTuple):
    """A rejection as it stands in the log.

    Attributes:
        position: Its place in the log.
        rejection: What was rejected, and why.
        resolved: Whether a later event of its stream has settled it.
    """

    position: int
    rejection: TouchpointRejected
    resolved: bool


class Wanted(NamedTuple):
    """Which rejections to look at.

    Attributes:
        reason: Those with this reason; None is any.
        service: Those of this service, `""` for those without one; None is any.
        since: Those recorded at or after this moment; None is any.
        unresolved: Leave out the resolved ones.
    """

    reason: str | None = None
    service: str | None = None
    since: datetime | None = None
    unresolved: bool = False


class _State(msgspec.Struct):
    origin: str
    place: int
    reason: str
    detail: str
    digest: str
    service: str
    recorded_at: int


_decode = msgspec.json.Decoder(_State).decode


def list_rejections(recorder: LogRecorder, c: Cursor, wanted: Wanted) -> list[Quarantined]:
    """List rejections in the order of recording."""
    return [_quarantined(event, state) for event, state in _wanted(recorder, c, wanted)]


def find_rejection(recorder: LogRecorder, c: Cursor, position: int) -> Quarantined | None:
    """The rejection at a position; None if something else, or nothing, is there."""
    placed = recorder.rare_events(c, TouchpointRejected.TOPIC, after=position - 1, until=position)
    return next((_quarantined(event, _decode(event.stored.state)) for event in placed), None)


def count_rejections(recorder: LogRecorder, c: Cursor, wanted: Wanted) -> dict[str, int]:
    """Count rejections by reason, the most frequent first, equal ones by name."""
    counts = Counter(state.reason for _, state in _wanted(recorder, c, wanted))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _quarantined(event: PlacedEvent, state: _State) -> Quarantined:
    rejection = TouchpointRejected(**msgspec.structs.asdict(state))
    return Quarantined(event.position, rejection, event.followed)


def _wanted(
    recorder: LogRecorder, c: Cursor, wanted: Wanted
) -> Iterator[tuple[PlacedEvent, _State]]:
    since = None if wanted.since is None else microseconds_of(wanted.since)
    for event in recorder.rare_events(c, TouchpointRejected.TOPIC):
        if wanted.unresolved and event.followed:
            continue
        state = _decode(event.stored.state)
        if (
            wanted.reason in (None, state.reason)
            and wanted.service in (None, state.service)
            and (since is None or since <= state.recorded_at)
        ):
            yield event, state
