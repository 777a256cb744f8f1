"""The CloudEvents envelope: what is an event, in either of its two modes.

*Structured*: the value is a JSON object that holds everything. *Binary*: each attribute is a `ce_`
header and the value is the data alone. The headers tell which, as the Kafka binding has it; a
record without CloudEvents headers is read as structured.

An envelope is opened in one of two manners: `decode_event` straight into types, for the many; for
what that cannot read `open_envelope` freely, and `type_event` then says what is wrong with it, or
that nothing is.

Source: CloudEvents 1.0.2, JSON format and Kafka protocol binding.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from ingest.rejections import RefusedError
from ingest.sources import Headers

MAX_BYTES = 1 << 20
"""Longest value, 1 MiB; a touchpoint takes about 300 bytes."""

TOO_LARGE = f"the value is longer than {MAX_BYTES:,} bytes"

MAX_DEPTH = 32
"""Deepest nesting; a touchpoint's is 3, the rest is room for extensions."""

JSON_TYPE = r"\s*(?:application|text)/(?:[\w.-]+\+)?json\s*(?:;.*)?"
"""Pattern of the content types of JSON, in whichever case."""

CONTEXT_FIELDS = frozenset(
    (
        *("specversion", "type", "source", "id", "subject", "time"),
        *("datacontenttype", "dataschema", "data"),
    )
)
DATA_FIELDS = frozenset(("touchpoint", "case", "person", "channel", "status", "attributes"))


class Data(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The data of a touchpoint message, its attributes still JSON."""

    touchpoint: str
    case: str | None = None
    person: str | None = None
    channel: str | None = None
    status: Literal["ok", "error"] = "ok"
    attributes: msgspec.Raw = msgspec.Raw(b"{}")


class Event(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A touchpoint message with nothing in it that the contract does not name."""

    specversion: Literal["1.0"]
    type: Literal["fi.hel.touchpoint.v1"]
    source: str
    id: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: Data


def decode_event(headers: Headers, value: bytes) -> Event | None:
    """Decode a message of the plain kind; None if it is of another kind, or wrong in any way."""
    if len(value) > MAX_BYTES or (b"\\" in value and b"\\u0000" in value):
        return None
    try:
        if not headers or _is_structured(headers):
            return _decode_structured(value)
        return _decode_binary(headers, value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None  # the exception may quote the payload: it goes no further


def open_envelope(headers: Headers, value: bytes | None) -> dict[str, Any]:
    """Read any message as an event's attributes by name, with the decoded payload as `data`.

    Returns:
        Fields of any type, none of them checked.

    Raises:
        RefusedError: It cannot be read as an event.
    """
    if value is None:
        raise RefusedError("tombstone", "the message has no value: a tombstone")
    if len(value) > MAX_BYTES:
        raise RefusedError("too_large", TOO_LARGE)
    check_nesting(value)
    attributes = None if _is_structured(headers) else _read_headers(headers)
    try:
        payload = msgspec.json.decode(value)
    except UnicodeDecodeError:
        raise RefusedError("payload_not_json", "the value is not UTF-8") from None
    except msgspec.MsgspecError:
        raise RefusedError("payload_not_json", "the value is not JSON") from None
    if attributes is not None:
        return {**attributes, "data": payload}
    if not isinstance(payload, dict) or "specversion" not in payload:
        raise RefusedError("not_cloudevent", "the value has no specversion: no CloudEvent")
    return payload


def type_event(event: Mapping[str, Any]) -> Event:
    """Check the fields of an opened event, leaving out what the contract does not name.

    Raises:
        RefusedError: A field is missing or not of its type.
    """
    _check_context(event)
    time = _read_time(event.get("time"))
    if not isinstance(event.get("subject"), str):
        raise RefusedError("unknown_service", "subject: expected the key of a service")
    return Event(
        specversion="1.0",
        type="fi.hel.touchpoint.v1",
        source=event["source"],
        id=event["id"],
        subject=event["subject"],
        time=time,
        data=_read_data(event.get("data")),
    )


def check_nesting(value: bytes) -> None:
    """Refuse JSON nested too deep, without decoding it, in linear time.

    Raises:
        RefusedError: It has more than `MAX_DEPTH` levels.
    """
    if value.count(b"{") + value.count(b"[") <= MAX_DEPTH:
        return
    outside = value.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    depth = 0
    for bracket in b"".join(outside).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        if depth > MAX_DEPTH:
            raise RefusedError("too_deep", f"the value has more than {MAX_DEPTH} levels")


_decode_structured = msgspec.json.Decoder(Event).decode
_decode_data = msgspec.json.Decoder(Data).decode

_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_PLAIN_HEADERS = frozenset(
    ("ce_specversion", "ce_type", "ce_source", "ce_id", "ce_subject", "ce_time")
)
_ATTRIBUTE_NAME = re.compile(r"[a-z0-9]+")
_JSON_TYPE = re.compile(JSON_TYPE, re.IGNORECASE)


def _is_structured(headers: Headers) -> bool:
    for name, text in headers:
        if name == "content-type" and text is not None:
            if text.lower().startswith(b"application/cloudevents"):
                return True
            break
    return not any(name.startswith("ce_") for name, _ in headers)


def _decode_binary(headers: Headers, value: bytes) -> Event | None:
    attributes: dict[str, str] = {}
    for name, text in headers:
        if name.startswith("ce_"):
            if text is None or name in attributes:
                return None
            attributes[name] = text.decode()
        elif name == "content-type" and text != b"application/json":
            return None
    if (
        attributes.keys() != _PLAIN_HEADERS
        or attributes["ce_specversion"] != "1.0"
        or attributes["ce_type"] != "fi.hel.touchpoint.v1"
    ):
        return None
    return Event(
        specversion="1.0",
        type="fi.hel.touchpoint.v1",
        source=attributes["ce_source"],
        id=attributes["ce_id"],
        subject=attributes["ce_subject"],
        time=msgspec.convert(attributes["ce_time"], datetime),
        data=_decode_data(value),
    )


def _read_headers(headers: Headers) -> dict[str, str]:
    """Read the attributes of the binary mode, by name without `ce_`."""
    attributes: dict[str, str] = {}
    for header, text in headers:
        name = "datacontenttype" if header == "content-type" else header.removeprefix("ce_")
        if name == header or text is None:
            continue  # not of CloudEvents, or without a value: as if it were not there
        if _ATTRIBUTE_NAME.fullmatch(name) is None or name == "data":
            raise RefusedError("not_cloudevent", "a ce_ header has a name no attribute can have")
        if name in attributes:
            raise RefusedError("not_cloudevent", "an attribute comes in two headers")
        try:
            attributes[name] = text.decode()
        except UnicodeDecodeError:
            raise RefusedError("not_cloudevent", "a ce_ header is not UTF-8") from None
    return attributes


def _check_context(event: Mapping[str, Any]) -> None:
    specversion = event.get("specversion")
    if isinstance(specversion, str) and specversion != "1.0":
        raise RefusedError("unsupported_specversion", "specversion: expected 1.0")
    if event.get("type") != "fi.hel.touchpoint.v1":
        raise RefusedError("not_cloudevent", "type: expected fi.hel.touchpoint.v1")
    for name in ("specversion", "source", "id"):
        if not isinstance(event.get(name), str):
            raise RefusedError("not_cloudevent", f"{name}: expected text")
    content_type = event.get("datacontenttype")
    if content_type is not None and not (
        isinstance(content_type, str) and _JSON_TYPE.fullmatch(content_type)
    ):
        raise RefusedError("payload_not_json", "datacontenttype: expected JSON")


def _read_time(time: object) -> datetime:
    if time is None:
        raise RefusedError("missing_time", "time: missing")
    try:
        return msgspec.convert(time, datetime)
    except msgspec.ValidationError:
        if isinstance(time, str) and _is_naive(time):
            raise RefusedError("naive_time", "time: it has no UTC offset") from None
        raise RefusedError("bad_time", "time: expected RFC 3339, as text") from None


def _is_naive(time: str) -> bool:
    """Whether it is a date or a time that lacks more than its seconds: an offset, above all."""
    try:
        return datetime.fromisoformat(time).tzinfo is None
    except ValueError:
        return False


def _read_data(data: object) -> Data:
    if not isinstance(data, dict):
        raise RefusedError("bad_row", "data: expected an object")
    for name in ("touchpoint", "case", "person", "channel"):
        if not isinstance(data.get(name), str | None):
            raise RefusedError("bad_row", f"data.{name}: expected text")
    if not isinstance(data.get("attributes"), dict | None):
        raise RefusedError("bad_row", "data.attributes: expected an object")
    if data.get("status") not in ("ok", "error", None):
        raise RefusedError("bad_row", "data.status: expected ok or error")
    return Data(
        touchpoint=data.get("touchpoint") or "",
        case=data.get("case"),
        person=data.get("person"),
        channel=data.get("channel"),
        status=data.get("status") or "ok",
        attributes=msgspec.Raw(msgspec.json.encode(data.get("attributes"))),
    )
