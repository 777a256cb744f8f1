"""What a report at a position may lack, as far as the log knows.

*Waiting* is what was rejected and not settled since. *Late* is a touchpoint that was recorded more
than `LATE` after it occurred: where many come late, the newest days are not complete yet. Gaps of
streams are in `proof.recorded_gaps`.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from journeys.application import explained
from journeys.recorders import WantedTouchpoints
from journeys.records import RejectionResolved, TouchpointRejected
from journeys.retractions import newest_retractions

if TYPE_CHECKING:
    from journeys.event_log import EventLog

LATE = timedelta(days=1)

LOOKED_BACK = 20_000
"""So many of the newest events are looked at for what came late, of whatever service they are."""

_ARRIVED = {
    "source": pl.String(),
    "occurred_at": pl.Int64(),
    "case": pl.String(),
    "person": pl.String(),
    "recorded_at": pl.Int64(),
}


class _State(msgspec.Struct):
    reason: str
    service: str


_decode = msgspec.json.Decoder(_State).decode


def waiting_records(log: "EventLog", service: str, *, until: int) -> Counter[tuple[str, str]]:
    """Count the records in quarantine at a position, by service and reason.

    Args:
        log: The log.
        service: Its records are counted, and those of `""`: of no service that could be told.
        until: The position.
    """
    recorder = log.application.recorder
    with explained(log.location), recorder.reading() as c:
        rejected = recorder.rare_events(c, TouchpointRejected.TOPIC, until=until)
        settled = recorder.rare_events(c, RejectionResolved.TOPIC, until=until)
    gone = {event.stored.originator_id for event in settled}
    states = [
        _decode(event.stored.state) for event in rejected if event.stored.originator_id not in gone
    ]
    return Counter(
        (state.service, state.reason) for state in states if state.service in {service, ""}
    )


def newest_arrivals(log: "EventLog", service: str, *, as_of: datetime, until: int) -> pl.DataFrame:
    """Read when the touchpoints of a service among the newest events occurred, and arrived.

    Args:
        log: The log.
        service: Key of a service.
        as_of: Touchpoints at or after it do not exist.
        until: The last of the newest events; those retracted up to it are left out.

    Returns:
        One row a touchpoint, in the order of recording: `people` (the person, else the case) and
        `late`.
    """
    recorder = log.application.recorder
    wanted = WantedTouchpoints(max(0, until - LOOKED_BACK), until, service=service)
    with explained(log.location), recorder.reading() as c:
        retracted = newest_retractions(recorder, c, until=until)
        lines = recorder.touchpoint_lines(c, wanted, limit=LOOKED_BACK)
    frame = pl.read_ndjson(lines.states, schema=_ARRIVED) if lines.positions else _nothing()
    newest = pl.col("source").replace_strict(retracted, default=0, return_dtype=pl.Int64)
    moment = pl.Datetime("us", "UTC")
    return (
        frame.with_columns(pl.Series("position", lines.positions, dtype=pl.Int64))
        .filter(
            pl.col("position") > newest, pl.col("occurred_at").cast(moment) < pl.lit(as_of, moment)
        )
        .select(
            people=pl.coalesce("person", "case"),
            late=pl.col("recorded_at") - pl.col("occurred_at") > LATE // timedelta(microseconds=1),
        )
    )


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=_ARRIVED)
