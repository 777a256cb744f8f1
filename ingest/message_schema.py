"""The touchpoint message for machines: JSON Schemas, generated from the types it is decoded into.

The types of `ingest.envelope` say which fields there are. What they leave to the code that follows
is added here: lengths, which characters, that one of case and person is there, and the little more
that is let through (a null is as good as nothing).

A message that a schema refuses is refused by the decoder as well. The other way round there is more
than a schema can say: whether the service is known, whether a time is possible, whether something
personal stands in a text, how long and how deep the whole is.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ingest.cloudevents import LONGEST_IDENTIFIER, LONGEST_NAME
from ingest.envelope import JSON_TYPE, MAX_BYTES, MAX_DEPTH, Data, Event
from journeys.service import CHANNELS, COMMON_ATTRIBUTES

MESSAGE = "TouchpointMessage"
DATA = "TouchpointData"
VALUE = "AttributeValue"
STRUCTURED_HEADERS = "StructuredHeaders"
BINARY_HEADERS = "BinaryHeaders"

Schema = dict[str, Any]

_CONTROL: Schema = {"type": "string", "pattern": r"[\u0000-\u001f\u007f-\u009f]"}


def message_schemas(ref_template: str = "#/$defs/{name}") -> dict[str, Schema]:
    """Return the schemas of the message's parts, by name.

    They say the same in JSON Schema drafts 7 to 2020-12.

    Args:
        ref_template: How one refers to another.

    Returns:
        `TouchpointMessage`, the value in structured mode; `TouchpointData`, the value in binary
        mode; `AttributeValue`, in it; `BinaryHeaders` and `StructuredHeaders`, the record's
        headers, as an object of texts.
    """
    data = _described(Data, DATA, _DATA_SAYS)
    event = _described(Event, MESSAGE, _MESSAGE_SAYS, data=data)
    _, made = msgspec.json.schema_components([event], ref_template=ref_template)
    message, payload = made[MESSAGE], made[DATA]
    payload["anyOf"] = [_HAS_CASE, _HAS_PERSON]
    value = {"$ref": ref_template.format(name=VALUE)}
    payload["properties"]["attributes"]["properties"] = dict.fromkeys(COMMON_ATTRIBUTES, value)
    told = {name: told for name, told in message["properties"].items() if name != "data"}
    json_type = told.pop("datacontenttype")
    return {
        MESSAGE: message,
        DATA: payload,
        VALUE: {
            "title": VALUE,
            "type": ["string", "number", "boolean", "null"],
            "not": {**_CONTROL, "maxLength": LONGEST_NAME},
        },
        STRUCTURED_HEADERS: {
            "title": STRUCTURED_HEADERS,
            "description": "Headers of a record whose value is the whole message.",
            "type": "object",
            "properties": {"content-type": _STRUCTURED_TYPE},
        },
        BINARY_HEADERS: {
            "title": BINARY_HEADERS,
            "description": "Headers of a record whose value is the data alone. Each is UTF-8.",
            "type": "object",
            "properties": {
                "content-type": json_type,
                **{f"ce_{name}": schema for name, schema in told.items()},
            },
            "required": [f"ce_{name}" for name in message["required"] if name != "data"],
        },
    }


def touchpoint_schema() -> str:
    """Write `docs/touchpoint.schema.json`: the message in structured mode, with all parts."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A touchpoint message (CloudEvents 1.0, JSON)",
        "$ref": f"#/$defs/{MESSAGE}",
        "$defs": message_schemas(),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _described(struct: type[Struct], name: str, says: str, **types: object) -> type[Struct]:
    """Make a type anew with what is told of each of its fields, and with other types for some."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(struct):
        found: Any = types.get(field.name) or _WIDER.get(field.name) or field.type
        if field.required:
            fields.append((field.name, Annotated[found, _FIELDS[field.name]]))
        else:
            found = Annotated[found | msgspec.UnsetType, _FIELDS[field.name]]
            fields.append((field.name, found, msgspec.UNSET))
    made: type[Struct] = msgspec.defstruct(name, fields, kw_only=True, namespace={"__doc__": says})
    return made


def _text(says: str, longest: int, *examples: str, least: int = 1) -> Meta:
    more: Schema = {"maxLength": longest, "not": _CONTROL}
    if least:
        more["minLength"] = least
    return Meta(description=says, examples=list(examples), extra_json_schema=more)


def _any_case(pattern: str) -> str:
    """Write a pattern so that it needs no flag, which a schema cannot give."""
    return re.sub(
        r"\\.|[a-z]",
        lambda found: found[0] if len(found[0]) > 1 else f"[{found[0]}{found[0].upper()}]",
        pattern,
    )


_MESSAGE_SAYS = (
    "One contact of a customer with a service, as a CloudEvent. `source` and `id` name it for "
    f"ever. At most {MAX_BYTES} bytes and {MAX_DEPTH} levels. Other fields are left out."
)
_DATA_SAYS = "What happened. A case or a person is there, or both. Other fields are left out."

_WIDER: dict[str, Any] = {
    "datacontenttype": str | None,
    "status": Literal["ok", "error", None],  # noqa: PYI061 - one enumeration, not a choice of two
    "attributes": dict[str, Any] | None,
}
"""What is let through where the type knows one form alone, or none."""

_FIELDS = {
    "specversion": Meta(description="Of CloudEvents."),
    "type": Meta(description="What kind of event it is."),
    "source": _text("Your system, always the same.", LONGEST_IDENTIFIER, "urn:hel:varaamo"),
    "id": _text(
        "Different for every touchpoint of the source, the same however often it is sent.",
        LONGEST_IDENTIFIER,
        "8f14e45f",
    ),
    "subject": Meta(
        description="Key of the service, as in its definition.",
        examples=["varaamo-booking"],
        extra_json_schema={"minLength": 1},
    ),
    "time": Meta(
        description="When it happened, with an offset or Z: from 1990 to a day after receipt.",
        examples=["2026-11-17T09:14:05.120Z"],
        extra_json_schema={
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$",
        },
    ),
    "datacontenttype": Meta(
        description="JSON, whatever it calls itself.",
        examples=["application/json"],
        extra_json_schema={"pattern": f"^{_any_case(JSON_TYPE)}$"},
    ),
    "data": Meta(),
    "touchpoint": _text("Your own name for what happened.", LONGEST_NAME, "payment.paid"),
    "case": _text(
        "Number of the case, booking or application. Replaced by a pseudonym.",
        LONGEST_IDENTIFIER,
        "R-20931",
        least=0,
    ),
    "person": _text(
        "Number of the customer; no identity code. Replaced by a pseudonym.",
        LONGEST_IDENTIFIER,
        "customer-4711",
        least=0,
    ),
    "channel": _text(
        f"One of {', '.join(CHANNELS)}; another word is kept as it is. Without it: web.",
        LONGEST_NAME,
        *CHANNELS,
        least=0,
    ),
    "status": Meta(description="error if the customer could not do it. Without it: ok."),
    "attributes": Meta(
        description="Words to compare journeys by: these, and those of the service's "
        f"definition. Others are dropped, and values of more than {LONGEST_NAME} characters.",
        examples=[{"lang": "fi", "device": "mobile"}],
    ),
}
_HAS_CASE, _HAS_PERSON = (
    {"required": [name], "properties": {name: {"type": "string", "pattern": r"\S"}}}
    for name in ("case", "person")
)
_STRUCTURED_TYPE: Schema = {
    "description": "Says that the value is a CloudEvent.",
    "type": "string",
    "pattern": f"^{_any_case('application/cloudevents')}",
    "examples": ["application/cloudevents+json"],
}
