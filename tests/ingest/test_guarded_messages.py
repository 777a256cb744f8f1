"""Nothing personal and no raw reference gets past the decoder, in whatever field it stands."""

import json
from typing import Any

import pytest

from ingest.privacy import PSEUDONYM_LENGTH
from ingest.rejections import Rejection
from tests.ingest.messages import (
    PSEUDONYMS,
    accepted,
    binary,
    decode,
    event,
    reason_of,
    structured,
)
from tests.ingest.personal import ONE_OF_EACH


def in_every_field(text: str) -> dict[str, dict[str, Any]]:
    """Messages that hold the text in one field each, by what the detail must call the field."""
    return {
        "source": event(source=f"urn:hel:{text}"),
        "subject": event(subject=text),
        "type": event(type=text),
        "specversion": event(specversion=text),
        "time": event(time=text),
        "datacontenttype": event(datacontenttype=text),
        "dataschema": event(dataschema=text),
        "data.touchpoint": event(data={"touchpoint": text}),
        "data.channel": event(data={"channel": text}),
        "data.status": event(data={"status": text}),
        "data.attributes": event(data={"attributes": text}),
        "data.attributes.reason": event(data={"attributes": {"reason": text}}),
        "data.attributes.unit": event(data={"attributes": {"unit": ["x", {"y": text}]}}),
        "an attribute that is not stored": event(data={"attributes": {"note": text}}),
        "an attribute that is not stored ": event(data={"attributes": {text: "x"}}),
        "a field of data that is not stored": event(data={"customer": {"name": [text]}}),
        "a field of data that is not stored ": event(data={text: None}),
        "an extension attribute": event(partitionkey=text),
        "an extension attribute ": event(**{text: 1}),
        "data": {**event(), "data": text},
    }


FIELDS = list(in_every_field("x"))
PROTOCOL_FIELDS = ("type", "specversion", "time", "datacontenttype", "dataschema")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_personal_data_in_any_field_is_refused_without_being_told(kind: str, field: str) -> None:
    personal = ONE_OF_EACH[kind]

    outcome = decode(json.dumps(in_every_field(personal)[field]).encode())

    assert personal not in repr(outcome)
    if kind != "a licence plate" or field not in PROTOCOL_FIELDS:  # `UTF-16` is no car
        detail = f"{field.strip()} holds {kind}"
        service = "" if field == "subject" else "varaamo-booking"
        assert outcome == Rejection("personal_data", detail, service)


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_personal_data_in_a_header_is_refused(kind: str) -> None:
    for message in (event(source=ONE_OF_EACH[kind]), event(comexample=ONE_OF_EACH[kind])):
        headers, value = binary(message)

        assert reason_of(value, headers) == "personal_data"


@pytest.mark.parametrize("kind", sorted(set(ONE_OF_EACH) - {"a licence plate"}))
def test_personal_data_in_an_id_is_refused(kind: str) -> None:
    rejection = decode(structured(id=f"pay/{ONE_OF_EACH[kind]}"))

    assert rejection == Rejection("personal_data", f"id holds {kind}", "varaamo-booking")


def test_personal_data_behind_an_escape_is_found() -> None:
    value = structured(data={"attributes": {"reason": "AT"}}).replace(
        b'"AT"', rb'"matti\u0040example.org"'
    )

    assert reason_of(value) == "personal_data"


def test_personal_data_sent_as_a_number_is_found() -> None:
    assert reason_of(structured(data={"attributes": {"score": 358401234567}})) == "personal_data"


def test_personal_data_is_told_before_anything_else_that_is_wrong() -> None:
    assert reason_of(structured(time=None, data={"note": "matti@example.org"})) == "personal_data"


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_references_may_be_personal_for_they_are_hashed(kind: str) -> None:
    personal = ONE_OF_EACH[kind]

    touchpoint = accepted(structured(data={"case": personal, "person": personal}))

    assert touchpoint.case == PSEUDONYMS.of(personal, "varaamo-booking")
    assert personal not in repr(touchpoint)


@pytest.mark.parametrize(
    "identifier",
    ["R-20931", "r-20931/pay", "payR-20931x", "a1b2c3:7", "tilaus A1B2C3", "17", "x-17-y", "AB-17"],
)
def test_id_that_shows_a_reference_is_stored_as_its_hash(identifier: str) -> None:
    case = "17" if "17" in identifier else "R-20931"

    touchpoint = accepted(structured(id=identifier, data={"case": case}))

    assert touchpoint.id == PSEUDONYMS.of_identifier(identifier, "urn:hel:varaamo")
    assert len(touchpoint.id) == PSEUDONYM_LENGTH


@pytest.mark.parametrize("identifier", ["8f14e45f-17ab", "171", "a17", "TP-1", "EVT-20"])
def test_id_that_shows_no_reference_is_kept(identifier: str) -> None:
    assert accepted(structured(id=identifier, data={"case": "17"})).id == identifier


def test_hashed_id_does_not_depend_on_the_service_or_the_case() -> None:
    one = accepted(structured(id="R-20931 a1b2c3"))
    other = accepted(
        structured(id="R-20931 a1b2c3", subject="city-grant-application", data={"case": "zzzz"})
    )

    assert one.id == other.id
    assert one.person != other.person


def test_id_that_shows_a_cars_plate_is_stored_as_its_hash() -> None:
    touchpoint = accepted(structured(id="ABC-123"))

    assert touchpoint.id == PSEUDONYMS.of_identifier("ABC-123", "urn:hel:varaamo")


@pytest.mark.parametrize(
    "message",
    [
        event(source="urn:hel:varaamo:R-20931"),
        event(data={"touchpoint": "pay r-20931"}),
        event(data={"channel": "R-20931"}),
        event(data={"attributes": {"reason": "see R-20931"}}),
        event(data={"attributes": {"unit": "A1B2C3"}}),
        event(data={"person": "matti meikäläinen", "attributes": {"field": "Matti Meikäläinen"}}),
    ],
)
def test_reference_in_a_field_that_is_stored_is_refused(message: dict[str, Any]) -> None:
    assert reason_of(json.dumps(message).encode()) == "personal_data"
    assert reason_of(*reversed(binary(message))) == "personal_data"


@pytest.mark.parametrize(
    "message",
    [
        event(partitionkey="R-20931"),
        event(data={"attributes": {"reservation": "R-20931"}}),
        event(data={"case": "fi"}),
        event(data={"case": "mobile", "person": "web"}),
        event(data={"case": "123", "attributes": {"unit": 12345}}),
    ],
)
def test_reference_that_is_not_stored_or_a_word_of_its_own_is_let_through(
    message: dict[str, Any],
) -> None:
    touchpoint = accepted(json.dumps(message).encode())

    assert "R-20931" not in repr(touchpoint)
