"""What of a message is kept: attributes, and what means the same."""

import json

import pytest

from ingest.cloudevents import OTHER, REMEMBERED
from journeys.touchpoint import Touchpoint
from tests.ingest.messages import RECEIVED_AT, accepted, decoder, event, reason_of, structured

BOOKING = "varaamo-booking"


def test_attributes_become_text() -> None:
    attributes = {"score": 4.5, "unit": 12, "floor": True, "lang": None, "route": "", "field": "ä"}

    touchpoint = accepted(structured(data={"attributes": attributes}))

    assert touchpoint.attributes == {"score": "4.5", "unit": "12", "floor": "true", "field": "ä"}


def test_attributes_off_the_list_are_dropped_and_counted_by_name() -> None:
    reading = decoder()
    attributes = {"lang": "fi", "browser": "x", "school": [1, {"a": 2}], "R-20931": 1, "note\n": 1}
    values = [
        structured(data={"attributes": attributes}),
        structured(data={"attributes": {"browser": "y"}, "extra": 1}),
        structured(data={"attributes": {"lang": "free text " * 30}}),
    ]

    outcomes = [reading.decode((), value, RECEIVED_AT) for value in values]

    assert [outcome.attributes for outcome in outcomes if isinstance(outcome, Touchpoint)] == [
        {"lang": "fi"},
        {},
        {},
    ]
    assert reading.dropped == {"browser": 2, "school": 1, OTHER: 2, "extra": 1, "lang": 1}


def test_names_of_dropped_attributes_are_told_apart_up_to_a_hundred() -> None:
    reading = decoder()
    letters = "abcdefghijklmnopqrst"

    for one in letters:
        attributes = dict.fromkeys((one + other for other in letters), 1)
        reading.decode((), structured(data={"attributes": attributes}), RECEIVED_AT)

    assert len(reading.dropped) == 101
    assert reading.dropped[OTHER] == 400 - 100


def test_attributes_of_another_service_are_dropped() -> None:
    touchpoint = accepted(
        structured(subject="city-grant-application", data={"attributes": {"unit": 1}})
    )

    assert touchpoint.attributes == {}


def test_attributes_come_sorted_whatever_their_order() -> None:
    one = accepted(structured(data={"attributes": {"lang": "fi", "device": "mobile"}}))
    other = accepted(structured(data={"attributes": {"device": "mobile", "lang": "fi"}}))

    assert list(one.attributes) == list(other.attributes) == ["device", "lang"]


@pytest.mark.parametrize(
    "value",
    [
        b" \r\t" + structured() + b"\r",
        structured(dataschema="https://hel.fi/touchpoint.json", datacontenttype="application/json"),
        structured(partitionkey="R-20931", sequence=7, nested={"a": [1]}),
        structured(data={"status": None}),
        json.dumps(event(), ensure_ascii=False, indent=2).encode(),
    ],
)
def test_what_means_the_same_gives_the_same_touchpoint(value: bytes) -> None:
    assert accepted(value) == accepted(structured())


def test_brackets_within_text_are_no_nesting() -> None:
    touchpoint = accepted(structured(data={"attributes": {"field": '[{"\\' * 20}}))

    assert touchpoint.attributes == {"field": '[{"\\' * 20}


def test_many_brackets_side_by_side_are_no_nesting() -> None:
    assert reason_of(structured(data={"attributes": {"other": [[]] * 1000}})) is None


def test_escaped_backslash_before_u0000_is_no_nul() -> None:
    touchpoint = accepted(structured(data={"attributes": {"field": "\\u0000"}}))

    assert touchpoint.attributes == {"field": "\\u0000"}


def test_verdicts_remembered_do_not_change_them() -> None:
    reading = decoder()
    values = [structured(), structured(data={"attributes": {"lang": "a@b.fi"}}), structured()] * 2

    outcomes = [reading.decode((), value, RECEIVED_AT) for value in values]

    assert outcomes[:3] == outcomes[3:]
    assert outcomes[0] == accepted(structured())


def test_verdicts_are_forgotten_when_there_are_too_many() -> None:
    reading = decoder()
    value = structured(data={"person": None})

    outcomes = [
        reading.decode((), value.replace(b"R-20931", b"R-%d" % case), RECEIVED_AT)
        for case in range(REMEMBERED + 10)
    ]

    assert outcomes[0] == reading.decode((), value.replace(b"R-20931", b"R-0"), RECEIVED_AT)
    assert {type(outcome) for outcome in outcomes} == {Touchpoint}
    assert len(reading._memories[BOOKING].references) < REMEMBERED
