"""The value everything starts from: one recorded contact of a customer with a service."""

import json
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec

TOUCHPOINT_NAMESPACE = UUID("6f1d2a3e-0c55-5d0b-9a43-6d1f6e0b7c11")
"""Fixed for ever: a touchpoint's place in the log is derived from it."""

Status = Literal["ok", "error"]


class Touchpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One contact, pseudonymous already: no raw reference ever reaches this type.

    Attributes:
        source: URI of the system that recorded it; with `id` it identifies the touchpoint for ever.
        id: The producer's identifier.
        service: Key of a service definition.
        occurred_at: When it happened, aware, UTC.
        name: The raw name the source system uses; the catalogue maps it to steps and outcomes.
        channel: web, phone, office, email, chat, paper, sms, or the source's own word.
        status: `error` where the contact failed; an error is a visit, but never an outcome.
        case: Pseudonym of the case, if the message carried one.
        person: Pseudonym of the person, if the message carried one.
        attributes: Allowed attributes only, all values as text.
    """

    source: str
    id: str
    service: str
    occurred_at: datetime
    name: str
    channel: str = "web"
    status: Status = "ok"
    case: str | None = None
    person: str | None = None
    attributes: dict[str, str] = {}

    @property
    def originator_id(self) -> UUID:
        """The touchpoint's own stream in the log: the same for every copy of the message."""
        return originator_of(self.source, self.id)


def originator_of(source: str, identifier: str) -> UUID:
    """Derive the log's key of a touchpoint: uuid5 of the JSON array `[source, id]`."""
    return uuid5(TOUCHPOINT_NAMESPACE, json.dumps([source, identifier], separators=(",", ":")))
