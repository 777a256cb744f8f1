"""The schemas of the message say what the decoder does."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from delivery.documents import write
from ingest.asyncapi import asyncapi
from ingest.message_schema import (
    BINARY_HEADERS,
    DATA,
    MESSAGE,
    STRUCTURED_HEADERS,
    message_schemas,
    touchpoint_schema,
)
from tests.ingest.messages import binary, event, reason_of
from tests.parts import ASYNCAPI, NoSchemaError, published_schema

NOT_OF_SHAPE = {"unknown_service", "time_out_of_range", "personal_data"}
"""Reasons that no schema can give."""

_DOCUMENT = {"$defs": message_schemas()}


def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", **_DOCUMENT})


_VALIDATORS = {
    name: _validator(name) for name in (MESSAGE, DATA, BINARY_HEADERS, STRUCTURED_HEADERS)
}

_TEXTS = st.sampled_from(
    [
        "",
        " ",
        "pay",
        "R-20931",
        "1.0",
        "0.3",
        "ok",
        "varaamo-booking",
        "ä\x01",
        "x" * 201,
        "x" * 513,
    ]
)
_TIMES = st.sampled_from(
    [
        *("2026-11-17T09:14:05Z", "2026-11-17t09:14:05.1234567z", "2026-11-17 09:14:05+0200"),
        *("2026-11-17T09:14:05", "2026-11-17", "17.11.2026 9.14", "2026-11-17T09:14Z", "soon"),
        *("2026-11-17T09:14:05+02", "1726-11-17T09:14:05-00:00"),
    ]
)
_TYPES = st.sampled_from(
    [
        *("application/json", "Text/JSON; charset=utf-8", "application/hal+json", "text/plain"),
        *("application/json5", "json"),
    ]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("lang"), inner),
    max_leaves=3,
)
_PLACES: list[tuple[str, ...]] = [
    *(("specversion",), ("type",), ("source",), ("id",), ("subject",), ("extension",), ("data",)),
    *(("data", "touchpoint"), ("data", "channel"), ("data", "status"), ("data", "more")),
    *(("data", "case"), ("data", "person"), ("data", "attributes"), ("data", "attributes", "lang")),
]


@st.composite
def spoilt_messages(draw: st.DrawFn) -> dict[str, Any]:
    """The good message with up to three fields replaced by anything or left out."""
    message = event()
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["any", "any", "any", "time", "type"]))
        if kind == "time":
            message["time"] = draw(_TIMES | _ANYTHING)
        elif kind == "type":
            message["datacontenttype"] = draw(_TYPES | st.none())
        else:
            *way, name = draw(st.sampled_from(_PLACES))
            within: Any = message
            for step in way:
                within = within.get(step) if isinstance(within, dict) else None
            if isinstance(within, dict):
                within[name] = draw(_ANYTHING)
                if draw(st.booleans()):
                    del within[name]
    return message


def test_the_documents_are_those_of_the_program(house: Path, tmp_path: Path) -> None:
    write(tmp_path)

    stale = [
        file.name
        for file in sorted(tmp_path.iterdir())
        if (house / "docs" / file.name).read_bytes() != file.read_bytes()
    ]

    assert not stale, f"make schemas writes {stale} anew"


def test_the_schemas_are_schemas() -> None:
    for schema in (json.loads(touchpoint_schema()), *message_schemas().values()):
        validator_for(schema).check_schema(schema)


def test_every_example_message_keeps_the_schema(house: Path) -> None:
    lines = [
        line
        for file in sorted((house / "docs/examples/messages").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]

    assert len(lines) == 57
    for line in lines:
        _VALIDATORS[MESSAGE].validate(json.loads(line))


@given(spoilt_messages())
def test_what_the_schema_refuses_the_decoder_refuses(message: dict[str, Any]) -> None:
    assume(not _VALIDATORS[MESSAGE].is_valid(message))

    assert reason_of(json.dumps(message).encode()) is not None


@given(spoilt_messages())
def test_what_has_the_wrong_shape_for_the_decoder_has_it_for_the_schema(
    message: dict[str, Any],
) -> None:
    reason = reason_of(json.dumps(message).encode())

    assume(reason is not None and reason not in NOT_OF_SHAPE)

    assert not _VALIDATORS[MESSAGE].is_valid(message)


@given(spoilt_messages())
def test_binary_mode_keeps_its_schemas_in_both_directions(message: dict[str, Any]) -> None:
    assume("data" in message)
    fields = {
        name: text for name, text in message.items() if isinstance(text, str) or name == "data"
    }
    content_type = fields.pop("datacontenttype", "application/json")
    [_, *headers], value = binary(fields)
    headers.append(("content-type", content_type.encode()))
    told = {name: text.decode() for name, text in headers if text is not None}

    reason = reason_of(value, headers)

    is_valid = _VALIDATORS[BINARY_HEADERS].is_valid(told) and _VALIDATORS[DATA].is_valid(
        message["data"]
    )
    assert is_valid or reason is not None
    assert not is_valid or reason is None or reason in NOT_OF_SHAPE


def test_the_stream_document_keeps_the_schema_of_asyncapi() -> None:
    try:
        published = published_schema(ASYNCAPI)
    except NoSchemaError as missing:
        pytest.skip(str(missing))

    errors = list(validator_for(published)(published).iter_errors(json.loads(asyncapi())))

    assert errors == []


def test_every_reference_of_the_stream_document_leads_somewhere() -> None:
    document = json.loads(asyncapi())

    references = list(_references(document))

    assert "#/components/schemas/TouchpointData" in references
    for reference in references:
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_the_examples_of_the_stream_document_are_read(mode: str) -> None:
    message = json.loads(asyncapi())["components"]["messages"][mode]
    (example,) = message["examples"]
    headers = [(name, text.encode()) for name, text in example["headers"].items()]

    reason = reason_of(json.dumps(example["payload"]).encode(), headers)

    assert reason is None
    for part in ("headers", "payload"):
        _VALIDATORS[message[part]["$ref"].rpartition("/")[2]].validate(example[part])


def _references(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
