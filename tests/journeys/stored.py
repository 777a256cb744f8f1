"""Events and positions as the eventsourcing library has them."""

from uuid import uuid4

from eventsourcing.persistence import StoredEvent

from journeys.recorders import SourceTracking


def event(topic: str = "touchpoint", state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(uuid4(), 1, topic, state)


def read_from(position: int | None, to: int, name: str = "kafka/0") -> SourceTracking:
    return SourceTracking(name, to, expected=position)
