"""Are the read models of this log, as it is now?

A log that comes back from an older copy goes on from there, and the positions behind the copy come
again with other events. So the tables keep a mark of the event at their position. It is made of the
event and the moment of its recording, so that not even the same touchpoint, recorded once more, has
the same.
"""

from sqlalchemy import Connection, select

from journeys.errors import ProjectionError
from journeys.event_log import EventLog
from journeys.proof import mark_of
from projections.read_models import READER, position_of
from projections.tables import LIVE


def known_position(log: EventLog, connection: Connection) -> int | None:
    """The position that the tables in use know; None where nothing is projected yet.

    Raises:
        ProjectionError: They are of another log, or of another course of this one.
    """
    position = position_of(connection)
    if position is not None:
        why = other_course(log, connection, position)
        if why is not None:
            raise ProjectionError(why)
    return position


def other_course(log: EventLog, connection: Connection, position: int) -> str | None:
    """Say why tables in use that know a position cannot be of this log; None if they can."""
    head = log.head()
    if position > head:
        what = f"they know {position} events and the log has {head}"
    else:
        told = LIVE.position.c
        mark = connection.scalar(select(told.mark).where(told.reader == READER))
        if mark == mark_of(log, position):
            return None
        what = f"the event at position {position} is not the one they know"
    return (
        f"read models: {what}, so they are of another log, or this one came from a backup. "
        "Hint: polku project --rebuild"
    )
