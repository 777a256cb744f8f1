"""How rejections stop waiting.

A rejection is settled with the touchpoint that its message turned out to be (`batches`), or
dismissed: somebody has dealt with it. Why is said by one word of a short list; there is no room for
free text in the log. A rejection is settled once, and stays so: reading the same bytes again
changes nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args
from uuid import UUID

import msgspec

from journeys.application import explained
from journeys.errors import LogError
from journeys.quarantine import Quarantined, find_rejection
from journeys.records import RejectionResolved, moment_of
from journeys.rows import row_of
from journeys.versions import kind_of

if TYPE_CHECKING:
    from journeys.event_log import EventLog

Reason = Literal["mended", "unwanted", "lost"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why somebody dismisses a rejection.

`mended`: what it should have said is recorded from elsewhere. `unwanted`: it was never meant to be
recorded. `lost`: it cannot be had any more, and that is accepted.
"""


class Resolution(NamedTuple):
    """How a rejection was settled.

    Attributes:
        position: Where in the log.
        how: As in `RejectionResolved`.
        why: As in `RejectionResolved`.
        recorded_at: When, UTC.
    """

    position: int
    how: str
    why: str
    recorded_at: datetime


class _State(msgspec.Struct):
    how: str
    why: str
    recorded_at: int


_decode = msgspec.json.Decoder(_State).decode


def dismiss(
    log: "EventLog", found: Sequence[Quarantined], *, why: Reason, recorded_at: datetime
) -> int:
    """Settle rejections without recording what they said.

    Returns:
        How many were not settled before.
    """
    rows = [
        row_of(
            RejectionResolved(originator_id=item.rejection.originator_id, how="dismissed", why=why),
            recorded_at=recorded_at,
        )
        for item in found
    ]
    recorder = log.application.recorder
    with explained(log.location), recorder.writing() as c:
        dismissed = recorder.insert_rows(c, rows)
        if dismissed:
            recorder.note_kinds(c, {kind_of(RejectionResolved)})
    return dismissed


def settled_streams(log: "EventLog", streams: Iterable[UUID]) -> set[UUID]:
    """Tell which of these streams of rejections are settled."""
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        versions = {stream.hex: 2 for stream in streams}
        return {UUID(stream) for stream in recorder.states(c, versions, until=recorder.head(c))}


def rejection_at(log: "EventLog", position: int) -> Quarantined:
    """Look up the rejection at a position.

    Raises:
        LogError: There is none.
    """
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        found = find_rejection(recorder, c, position)
    if found is None:
        raise LogError(
            f"position {position}: no rejection is there. "
            "Hint: polku quarantine list shows the positions of those that wait"
        )
    return found


def resolution_of(log: "EventLog", item: Quarantined) -> Resolution | None:
    """Look up how a rejection was settled; None if it was not."""
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        for event in recorder.rare_events(c, RejectionResolved.TOPIC, after=item.position):
            if event.stored.originator_id == item.rejection.originator_id:
                state = _decode(event.stored.state)
                return Resolution(
                    event.position, state.how, state.why, moment_of(state.recorded_at)
                )
    return None
