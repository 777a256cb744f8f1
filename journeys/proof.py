"""What the log can prove: that a message is in it, and that nothing in it is there twice.

A touchpoint's stream is derived from its source and id, and its version from the retractions of its
source that stood when it was recorded. Two rows of one touchpoint between two retractions are
impossible then, unless one of them is not where it belongs.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from journeys.application import explained
from journeys.records import EPOCH, SourceGapRecorded, SourceRetracted, TouchpointRecorded
from journeys.retractions import count_retractions
from journeys.rows import differing_fields, touchpoint_rows
from journeys.touchpoint import Touchpoint, originator_of

if TYPE_CHECKING:
    from journeys.event_log import EventLog

CHUNK_ROWS = 5_000
"""Touchpoints looked at in one go."""


class Looked(NamedTuple):
    """A stretch of the log, looked at.

    Attributes:
        position: Its last position.
        touchpoints: How many touchpoints it has.
        misplaced: Positions of those that are not where they belong.
    """

    position: int
    touchpoints: int
    misplaced: Sequence[int]


class _State(msgspec.Struct):
    source: str
    id: str


_decode = msgspec.json.Decoder(_State).decode


def differing_from_recorded(
    log: "EventLog", touchpoints: Sequence[Touchpoint]
) -> list[list[str] | None]:
    """Compare touchpoints with what was recorded under their identities, retracted or not.

    Returns:
        For each the fields in which the most similar recorded one differs, none if it says the
        same; None where nothing was recorded.
    """
    rows = touchpoint_rows(touchpoints, recorded_at=EPOCH)
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        retracted = count_retractions(recorder, c)
        newest = 1 + max((retracted[touchpoint.source] for touchpoint in touchpoints), default=0)
        head = recorder.head(c)
        found = [
            recorder.states(c, {row[0]: version for row in rows}, until=head)
            for version in range(1, newest + 1)
        ]
    return [
        min(
            (differing_fields(states[stream], state) for states in found if stream in states),
            key=len,
            default=None,
        )
        for stream, _, _, state in rows
    ]


def rejected_streams(log: "EventLog", streams: Iterable[str]) -> set[str]:
    """Tell which of these streams (32 hexadecimal digits each) the log has a rejection in."""
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        return set(recorder.states(c, dict.fromkeys(streams, 1), until=recorder.head(c)))


def recorded_gaps(
    log: "EventLog", topic: str | None = None, *, until: int | None = None
) -> list[SourceGapRecorded]:
    """The gaps of a topic (None: of all) up to a position (None: the head), in their order."""
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        placed = recorder.rare_events(c, SourceGapRecorded.TOPIC, until=until)
    events = (log.application.mapper.to_domain_event(event.stored) for event in placed)
    gaps = cast("Iterator[SourceGapRecorded]", events)
    return [gap for gap in gaps if topic in (None, gap.topic)]


def source_positions(log: "EventLog", prefix: str) -> dict[str, int]:
    """The position of every source whose name begins so, e.g. `kafka/`."""
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        return recorder.source_positions(c, prefix)


def mark_of(log: "EventLog", position: int) -> str:
    """A digest of the event at a position, its moment of recording included; "" where none is."""
    with explained(log.location):
        found = log.application.recorder.select_notifications(position, 1, position)
    if not found:
        return ""
    (event,) = found
    place = f"{event.originator_id}/{event.originator_version}/"
    return hashlib.sha256(place.encode() + event.state).hexdigest()


def look_for_misplaced(log: "EventLog", *, rows: int = CHUNK_ROWS) -> Iterator[Looked]:
    """Go through all touchpoints once, up to the head of now, at most so many at a time."""
    recorder = log.application.recorder
    retractions = _retractions(log)
    at, head = 0, log.head()
    while at < head:
        with explained(log.location):
            found = recorder.select_notifications(
                at, rows, head, (TouchpointRecorded.TOPIC,), inclusive_of_start=False
            )
        misplaced = []
        for event in found:
            state = _decode(event.state)
            before = bisect_left(retractions.get(state.source, ()), event.id)
            place = originator_of(state.source, state.id), 1 + before
            if (event.originator_id, event.originator_version) != place:
                misplaced.append(event.id)
        at = found[-1].id if len(found) == rows else head
        yield Looked(at, len(found), misplaced)


def _retractions(log: "EventLog") -> dict[str, list[int]]:
    """The positions of the retractions of each source, in order."""
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        placed = recorder.rare_events(c, SourceRetracted.TOPIC)
    found: dict[str, list[int]] = {}
    for event in placed:
        retracted = cast(SourceRetracted, log.application.mapper.to_domain_event(event.stored))
        found.setdefault(retracted.source, []).append(event.position)
    return found
