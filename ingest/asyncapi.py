"""The stream for machines: an AsyncAPI 3.0 document of what Polku receives, and how it is sent.

The message is that of `ingest.message_schema`, in both modes of the Kafka binding of CloudEvents.
The name of the topic is the installation's own, so it is a parameter here.

Source: AsyncAPI 3.0.0; Kafka bindings 0.5.0; CloudEvents 1.0.2, Kafka protocol binding.
"""

from typing import Any

import msgspec

from ingest.envelope import MAX_BYTES
from ingest.message_schema import (
    BINARY_HEADERS,
    DATA,
    MESSAGE,
    STRUCTURED_HEADERS,
    message_schemas,
)

TOPIC = "touchpoints"
"""What the topic is called where nobody calls it otherwise."""

_DATA_EXAMPLE = {
    "case": "R-20931",
    "person": "customer-4711",
    "touchpoint": "payment.paid",
    "channel": "web",
    "status": "ok",
    "attributes": {"lang": "fi", "device": "mobile"},
}
_CONTEXT_EXAMPLE = {
    "specversion": "1.0",
    "type": "fi.hel.touchpoint.v1",
    "source": "urn:hel:varaamo",
    "id": "varaamo-booking-example-8",
    "subject": "varaamo-booking",
    "time": "2025-10-06T09:23:47+03:00",
}


def asyncapi() -> str:
    """Write `docs/asyncapi.json`."""
    return msgspec.json.format(msgspec.json.encode(_document()), indent=2).decode() + "\n"


def _document() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Polku: touchpoints of city services",
            "version": "1.0.0",
            "description": "What a service sends so that Polku shows where it loses and tires "
            "people. A message may be sent again, late and in any order; one that cannot be read "
            "is quarantined with a reason and stops nothing. No names, addresses, identity codes, "
            "free text: docs/joining.md says what never to send.",
            "license": {"name": "MIT"},
            "tags": [{"name": "CloudEvents"}],
        },
        "defaultContentType": "application/json",
        "channels": {
            "touchpoints": {
                "address": "{topic}",
                "title": "Touchpoints of one or more services",
                "description": "One touchpoint a record, in either mode of CloudEvents.",
                "parameters": {
                    "topic": {
                        "description": "The topic that Polku reads: POLKU_KAFKA_TOPIC.",
                        "default": TOPIC,
                    }
                },
                "messages": {
                    "structured": {"$ref": "#/components/messages/structured"},
                    "binary": {"$ref": "#/components/messages/binary"},
                },
            }
        },
        "operations": {
            "receiveTouchpoint": {
                "action": "receive",
                "title": "Record a touchpoint, once",
                "description": "Polku receives; a service sends. The source and the id name a "
                "touchpoint for ever: the first message is kept, a repeated one changes nothing, "
                "and one that says something else under the same id is quarantined as a conflict.",
                "channel": {"$ref": "#/channels/touchpoints"},
            }
        },
        "components": {
            "messages": {
                "structured": _message(
                    "The value is the whole CloudEvent",
                    "application/cloudevents+json",
                    MESSAGE,
                    STRUCTURED_HEADERS,
                    headers={"content-type": "application/cloudevents+json"},
                    payload={**_CONTEXT_EXAMPLE, "data": _DATA_EXAMPLE},
                ),
                "binary": _message(
                    "The value is the data alone, the rest are headers",
                    "application/json",
                    DATA,
                    BINARY_HEADERS,
                    headers={
                        "content-type": "application/json",
                        **{f"ce_{name}": text for name, text in _CONTEXT_EXAMPLE.items()},
                    },
                    payload=_DATA_EXAMPLE,
                ),
            },
            "schemas": message_schemas("#/components/schemas/{name}"),
        },
    }


def _message(  # noqa: PLR0913 - two documents' worth of names, each said once
    title: str,
    content_type: str,
    payload_schema: str,
    headers_schema: str,
    *,
    headers: dict[str, str],
    payload: dict[str, Any],
) -> dict[str, Any]:
    return {
        "title": title,
        "summary": f"At most {MAX_BYTES} bytes; one touchpoint takes about 300.",
        "contentType": content_type,
        "headers": {"$ref": f"#/components/schemas/{headers_schema}"},
        "payload": {"$ref": f"#/components/schemas/{payload_schema}"},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": "The case, or the person where there is no case: a journey "
                    "stays in one partition. Polku does not read it.",
                },
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [{"headers": headers, "payload": payload}],
    }
