"""Every text in a message, each with the field it stands in.

A field is told by the contract's own name for it. Other names come from outside and could be
personal themselves, so they are told by their kind alone.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ingest.envelope import CONTEXT_FIELDS, DATA_FIELDS


def texts_of(event: Mapping[str, Any], allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield field and text of everything in an opened event but `case` and `person`.

    Names are texts, too; so are numbers.

    Args:
        event: The event's attributes by name, with the decoded payload as `data`.
        allowed: The attributes that are stored.
    """
    for name, value in event.items():
        if name == "data" and isinstance(value, dict):
            yield from _texts_of_data(value, allowed)
        else:
            known = name in CONTEXT_FIELDS
            field = name if known else "an extension attribute"
            yield from _texts_of_field(field, value if known else {name: value})


def leaves(value: object) -> Iterator[str]:
    """Yield every text in a decoded JSON value, names and numbers included."""
    if isinstance(value, dict):
        for name, content in value.items():
            yield name
            yield from leaves(content)
    elif isinstance(value, list):
        for content in value:
            yield from leaves(content)
    else:
        text = attribute_text(value)
        if text is not None:
            yield text


def attribute_text(value: object) -> str | None:
    """Write a JSON scalar as text; None if there is nothing to write.

    Examples:
        >>> [attribute_text(value) for value in ("fi", True, 4.5, "", None)]
        ['fi', 'true', '4.5', None, None]
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def attribute_field(name: str, allowed: Collection[str]) -> str:
    """Tell an attribute's field; one that is not stored goes without its name."""
    return f"data.attributes.{name}" if name in allowed else "an attribute that is not stored"


def _texts_of_data(data: Mapping[str, Any], allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        if name in ("case", "person"):
            continue
        if name == "attributes" and isinstance(value, dict):
            for attribute, content in value.items():
                field = attribute_field(attribute, allowed)
                yield from _texts_of_field(field, {attribute: content})
        elif name in DATA_FIELDS:
            yield from _texts_of_field(f"data.{name}", value)
        else:
            yield from _texts_of_field("a field of data that is not stored", {name: value})


def _texts_of_field(field: str, value: object) -> Iterator[tuple[str, str]]:
    for text in leaves(value):
        yield field, text
