"""Touchpoint messages as a producer sends them, whole or spoilt in one place."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from ingest.cloudevents import TouchpointDecoder, decode_touchpoint
from ingest.privacy import Pseudonyms
from ingest.rejections import Rejection
from journeys.service import Actor, Service, Step
from journeys.touchpoint import Touchpoint

KEY = b"a deployment's secret, 32 bytes."
PSEUDONYMS = Pseudonyms(KEY)
RECEIVED_AT = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)

_NAME = {"fi": "Tila", "sv": "Lokal", "en": "Space"}


def service(key: str, *, version: int = 1, attributes: tuple[str, ...] = ()) -> Service:
    """A service of one step."""
    return Service(
        key=key,
        version=version,
        valid_from=date(2026, version, 1),
        name=_NAME,
        division="KUVA",
        steps=(Step(key="pay", name=_NAME, actor=Actor.CUSTOMER),),
        attributes=attributes,
    )


SERVICES: Mapping[str, tuple[Service, ...]] = {
    "varaamo-booking": (
        service("varaamo-booking", attributes=("unit",)),
        service("varaamo-booking", version=2, attributes=("floor",)),
    ),
    "city-grant-application": (service("city-grant-application"),),
}

MISSING = object()
"""Given for a field, leaves it out."""


def event(*, data: Mapping[str, Any] | None = None, **context: Any) -> dict[str, Any]:  # noqa: ANN401
    """The message of the README, with fields replaced, added or (MISSING) left out.

    `data` replaces fields within the data; to replace the data itself, change the result.
    """
    fields = {
        "specversion": "1.0",
        "type": "fi.hel.touchpoint.v1",
        "source": "urn:hel:varaamo",
        "id": "8f14e45f",
        "subject": "varaamo-booking",
        "time": "2026-11-17T09:14:05.120Z",
        "data": _changed(
            {
                "case": "R-20931",
                "person": "a1b2c3",
                "touchpoint": "pay",
                "channel": "web",
                "status": "ok",
                "attributes": {"lang": "fi", "device": "mobile", "route": "paid"},
            },
            data or {},
        ),
    }
    return _changed(fields, context)


def structured(**changes: Any) -> bytes:  # noqa: ANN401
    """The message as a value in structured mode."""
    return json.dumps(event(**changes)).encode()


def binary(message: Mapping[str, Any]) -> tuple[list[tuple[str, bytes | None]], bytes]:
    """The message as headers and value in binary mode."""
    headers: list[tuple[str, bytes | None]] = [("content-type", b"application/json")]
    headers += [(f"ce_{name}", text.encode()) for name, text in message.items() if name != "data"]
    return headers, json.dumps(message["data"]).encode()


def decode(
    value: bytes | None, headers: list[tuple[str, bytes | None]] | tuple[()] = ()
) -> Touchpoint | Rejection:
    """What becomes of a value, and its headers if it has any."""
    return decode_touchpoint(
        headers, value, services=SERVICES, pseudonyms=PSEUDONYMS, received_at=RECEIVED_AT
    )


def accepted(value: bytes, headers: list[tuple[str, bytes | None]] | tuple[()] = ()) -> Touchpoint:
    """The touchpoint that a good message is."""
    outcome = decode(value, headers)
    assert isinstance(outcome, Touchpoint), outcome
    return outcome


def reason_of(
    value: bytes | None, headers: list[tuple[str, bytes | None]] | tuple[()] = ()
) -> str | None:
    """Why a message is refused; None if it is not."""
    outcome = decode(value, headers)
    return outcome.reason if isinstance(outcome, Rejection) else None


def decoder() -> TouchpointDecoder:
    """A decoder that has seen nothing yet."""
    return TouchpointDecoder(SERVICES, PSEUDONYMS)


def _changed(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**fields, **changes}.items() if value is not MISSING}
