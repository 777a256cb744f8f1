"""Events from the future: refused, never misread.

The library accepts a stored event newer than the code, and hands out what it cannot know the
meaning of. Our log notes every kind of event it holds (topic and class version, in the transaction
of the first of its kind), so that a look at a handful of rows tells at the start whether this
release can read it. Events that arrive later are looked at when they are read.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.utils import TopicError, get_topic, resolve_topic

from journeys.errors import LogError

Kind = tuple[str, int]
"""A topic and the class version of an event of it."""


class _Versioned(msgspec.Struct):
    class_version: int = 1


_decode_version = msgspec.json.Decoder(_Versioned).decode


class CarefulMapper(Mapper[UUID]):
    """The library's mapper, which refuses an event it does not know."""

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        refuse_unknown({(stored_event.topic, class_version_of(stored_event.state))})
        return super().to_domain_event(stored_event)


def kind_of(record: type) -> Kind:
    """The kind of events that this release writes for a class."""
    return get_topic(record), getattr(record, "class_version", 1)


def class_version_of(state: bytes) -> int:
    """Read the class version of an event's state; without one it is 1."""
    if b'"class_version":' not in state:
        return 1
    return _decode_version(state).class_version


def refuse_unknown(kinds: Iterable[Kind]) -> None:
    """Let the kinds of events pass that this release can read.

    Raises:
        LogError: A topic is not known, or an event of it is newer than the code.
    """
    for topic, version in sorted(kinds):
        try:
            known: Any = resolve_topic(topic)
        except TopicError:
            raise _too_new(f"events of the unknown kind {topic!r}") from None
        newest = getattr(known, "class_version", 1)
        if version > newest:
            raise _too_new(f"{topic} events of version {version}, and this release knows {newest}")


def _too_new(what: str) -> LogError:
    return LogError(
        f"the log holds {what}: a newer release has written to it. "
        "Hint: install the release that wrote them, or a later one"
    )
