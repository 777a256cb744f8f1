"""A message becomes a touchpoint, or is refused with one word and the field it is about."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.rejections import Rejection
from journeys.touchpoint import Touchpoint
from tests.ingest.messages import (
    MISSING,
    PSEUDONYMS,
    accepted,
    binary,
    decode,
    event,
    reason_of,
    structured,
)

BOOKING = "varaamo-booking"


def with_data(data: object) -> bytes:
    return json.dumps({**event(), "data": data}).encode()


def test_message_becomes_a_touchpoint() -> None:
    touchpoint = accepted(structured())

    assert touchpoint == Touchpoint(
        source="urn:hel:varaamo",
        id="8f14e45f",
        service=BOOKING,
        occurred_at=datetime(2026, 11, 17, 9, 14, 5, 120_000, UTC),
        name="pay",
        channel="web",
        status="ok",
        case=PSEUDONYMS.of("R-20931", BOOKING),
        person=PSEUDONYMS.of("a1b2c3", BOOKING),
        attributes={"device": "mobile", "lang": "fi", "route": "paid"},
    )


# -- domain.md 3.1, row by row


def test_binary_value_that_is_no_json_is_refused() -> None:
    headers, _ = binary(event())

    assert reason_of(b"{oops", headers) == "payload_not_json"


def test_binary_message_without_a_time_is_refused() -> None:
    headers, value = binary(event(time=MISSING))

    assert reason_of(value, headers) == "missing_time"


@pytest.mark.parametrize("headers", [(), binary(event())[0]])
def test_tombstone_is_refused(headers: list[tuple[str, bytes | None]]) -> None:
    assert reason_of(None, headers) == "tombstone"


def test_structured_value_that_is_no_json_is_refused() -> None:
    headers = [("content-type", b"application/cloudevents+json")]

    assert reason_of(b'{"specversion": "1.0"', headers) == "payload_not_json"


@pytest.mark.parametrize("value", [b'{"touchpoint": "pay"}', b"[]", b"42", b'"text"', b"null"])
def test_json_that_is_no_cloudevent_is_refused(value: bytes) -> None:
    assert reason_of(value) == "not_cloudevent"
    assert reason_of(value, [("content-type", b"application/json")]) == "not_cloudevent"


def test_time_that_is_none_is_refused_in_both_modes() -> None:
    message = event(time="yesterday")

    assert reason_of(json.dumps(message).encode()) == "bad_time"
    assert reason_of(*reversed(binary(message))) == "bad_time"


def test_time_without_an_offset_is_refused_in_both_modes() -> None:
    message = event(time="2026-11-17T09:14:05")

    assert reason_of(json.dumps(message).encode()) == "naive_time"
    assert reason_of(*reversed(binary(message))) == "naive_time"


@pytest.mark.parametrize("specversion", ["2.0", "0.3", "1.1", "", "1"])
def test_other_specversion_is_refused_in_both_modes(specversion: str) -> None:
    message = event(specversion=specversion)

    assert reason_of(json.dumps(message).encode()) == "unsupported_specversion"
    assert reason_of(*reversed(binary(message))) == "unsupported_specversion"


@pytest.mark.parametrize("doubled", ["ce_id", "ce_time", "ce_partitionkey", "content-type"])
def test_attribute_in_two_headers_is_refused(doubled: str) -> None:
    headers, value = binary(event(partitionkey="x"))
    twice = dict(headers)[doubled]

    assert reason_of(value, [*headers, (doubled, twice)]) == "not_cloudevent"


# -- the two modes


@pytest.mark.parametrize(
    "message",
    [
        event(),
        event(time="2026-11-17T11:14:05.12+02:00"),
        event(data={"attributes": {"score": 4.5, "unit": 12, "lang": None, "other": [1]}}),
        event(data={"case": MISSING, "channel": MISSING, "status": MISSING, "attributes": None}),
        event(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        event(id="tilaus-R-20931-ä"),
        event(data={"extra": {"deep": [1, 2, {"a": True}]}}),
    ],
)
def test_both_modes_give_the_same_touchpoint(message: dict[str, Any]) -> None:
    headers, value = binary(message)

    assert accepted(value, headers) == accepted(json.dumps(message).encode())


def test_structured_mode_is_told_by_the_content_type() -> None:
    headers = [
        ("content-type", b"application/cloudevents+json; charset=UTF-8"),
        ("ce_id", b"ignored"),
    ]

    assert accepted(structured(), headers) == accepted(structured())


def test_headers_that_are_not_of_cloudevents_change_nothing() -> None:
    headers = [("trace", b"\xff\x00"), ("trace", None), ("content-type", b"application/json")]

    assert accepted(structured(), headers) == accepted(structured())


@pytest.mark.parametrize(
    "content_type", [b"application/json; charset=utf-8", b"text/json", b"application/x+json", None]
)
def test_binary_data_is_json_under_any_of_its_names(content_type: bytes | None) -> None:
    headers, value = binary(event())

    headers[0] = ("content-type", content_type)

    assert accepted(value, headers) == accepted(structured())


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "json"])
def test_data_that_is_declared_as_something_else_is_refused(content_type: str) -> None:
    headers, value = binary(event())
    headers[0] = ("content-type", content_type.encode())

    assert reason_of(value, headers) == "payload_not_json"
    assert reason_of(structured(datacontenttype=content_type)) == "payload_not_json"


@pytest.mark.parametrize(
    "header", [("ce_id", b"\xff"), ("ce_data", b"{}"), ("ce_Id", b"x"), ("ce_", b"x")]
)
def test_header_that_can_be_no_attribute_is_refused(header: tuple[str, bytes]) -> None:
    headers, value = binary(event(id=MISSING))

    assert reason_of(value, [*headers, header]) == "not_cloudevent"


def test_header_without_a_value_is_as_good_as_none() -> None:
    headers, value = binary(event(time=MISSING))

    assert reason_of(value, [*headers, ("ce_time", None)]) == "missing_time"


# -- every other rule


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        ("payload_not_json", b""),
        ("payload_not_json", b"{"),
        ("payload_not_json", structured() + b"}"),
        ("payload_not_json", structured().replace(b"mobile", b"m\xffbile")),
        ("payload_not_json", structured().replace(b"8f14", b"\xff\xfe")),
        ("payload_not_json", structured().decode().encode("utf-16")),
        ("payload_not_json", structured().replace(b"mobile", b"\\ud800")),
        ("payload_not_json", structured().replace(b"R-20931", b"\\ud800")),
        ("payload_not_json", structured().replace(b"mobile", b"a\x00b")),
        ("payload_not_json", structured().replace(b"mobile", b"a\nb")),
        ("payload_not_json", structured().replace(b'"mobile"', b"1e999")),
        ("payload_not_json", structured().replace(b'"mobile"', b"9" * 5000)),
        ("payload_not_json", structured().replace(b'"mobile"', b"NaN")),
        ("not_cloudevent", structured(specversion=MISSING)),
        ("not_cloudevent", structured(specversion=1.0)),
        ("not_cloudevent", structured(type=MISSING)),
        ("not_cloudevent", structured(type="fi.hel.touchpoint.v2")),
        ("not_cloudevent", structured(source=MISSING)),
        ("not_cloudevent", structured(source="")),
        ("not_cloudevent", structured(source=7)),
        ("not_cloudevent", structured(id=MISSING)),
        ("not_cloudevent", structured(id="")),
        ("not_cloudevent", structured(id=8)),
        ("missing_time", structured(time=MISSING)),
        ("missing_time", structured(time=None)),
        ("bad_time", structured(time="")),
        ("bad_time", structured(time=1_795_000_000)),
        ("bad_time", structured(time="2026-11-17T09:14Z")),
        ("bad_time", structured(time="2026-02-30T09:14:05Z")),
        ("bad_time", structured(time="17.11.2026 9.14")),
        ("bad_time", structured(time="2026-11-17T09:14:05+25:00")),
        ("bad_time", structured(time={})),
        ("naive_time", structured(time="2026-11-17T09:14:05.120")),
        ("naive_time", structured(time="2026-11-17 09:14")),
        ("naive_time", structured(time="2026-11-17")),
        ("time_out_of_range", structured(time="1970-01-01T00:00:00Z")),
        ("time_out_of_range", structured(time="1989-12-31T23:59:59.999999Z")),
        ("time_out_of_range", structured(time="2026-11-18T12:00:00.000001Z")),
        ("time_out_of_range", structured(time="2100-01-01T00:00:00Z")),
        ("time_out_of_range", structured(time="0001-01-01T00:00:00+14:00")),
        ("time_out_of_range", structured(time="9999-12-31T23:59:59-14:00")),
        ("unknown_service", structured(subject="varaamo")),
        ("unknown_service", structured(subject=MISSING)),
        ("unknown_service", structured(subject=None)),
        ("unknown_service", structured(subject=["varaamo-booking"])),
        ("unknown_service", structured(subject="")),
        ("missing_reference", structured(data={"case": MISSING, "person": MISSING})),
        ("missing_reference", structured(data={"case": None, "person": None})),
        ("missing_reference", structured(data={"case": "", "person": " \t\n"})),
        ("too_deep", structured(data={"deep": json.loads("[" * 40 + "]" * 40)})),
        ("too_deep", structured().replace(b'"mobile"', b"[" * 100_000)),
        ("too_deep", b'{"a":' * 100_000),
        ("too_deep", b"[" * 400_000),
        ("too_large", b" " * 2_000_000),
        ("too_large", structured(data={"note": "x" * 2_000_000})),
        ("bad_row", with_data(None)),
        ("bad_row", with_data([])),
        ("bad_row", with_data(json.dumps(event()["data"]))),
        ("bad_row", json.dumps(event() | {"data_base64": "e30=", "data": None}).encode()),
        ("bad_row", structured(data={"touchpoint": MISSING})),
        ("bad_row", structured(data={"touchpoint": ""})),
        ("bad_row", structured(data={"touchpoint": 7})),
        ("bad_row", structured(data={"case": 20931})),
        ("bad_row", structured(data={"person": {"id": 1}})),
        ("bad_row", structured(data={"channel": ["web"]})),
        ("bad_row", structured(data={"status": "failed"})),
        ("bad_row", structured(data={"status": True})),
        ("bad_row", structured(data={"status": []})),
        ("bad_row", structured(data={"attributes": []})),
        ("bad_row", structured(data={"attributes": 0})),
        ("bad_row", structured(data={"attributes": "lang=fi"})),
        ("bad_row", structured(data={"attributes": {"lang": ["fi"]}})),
        ("bad_row", structured(data={"attributes": {"lang": {}}})),
        ("bad_row", structured(data={"attributes": {"lang": "f\x1b[31mi"}})),
        ("bad_row", structured(data={"attributes": {"lang": "a\x00b"}})),
        ("bad_row", structured(data={"attributes": {"note": "a\x00b"}})),
        ("bad_row", structured(data={"note": ["a\x00b"]})),
        ("bad_row", structured(data={"touchpoint": "pay\x00"})),
        ("bad_row", structured(data={"touchpoint": "pay\x9b2J"})),
        ("bad_row", structured(data={"touchpoint": "pay\npay"})),
        ("bad_row", structured(data={"case": "R\x00"})),
        ("bad_row", structured(id="a\x00b")),
        ("bad_row", structured(id="a\tb")),
        ("bad_row", structured(source="urn:\x7f")),
        ("bad_row", structured(id="i" * 513)),
        ("bad_row", structured(source="s" * 513)),
        ("bad_row", structured(data={"touchpoint": "t" * 201})),
        ("bad_row", structured(data={"channel": "c" * 201})),
        ("bad_row", structured(data={"person": "p" * 513})),
    ],
)
def test_message_that_breaks_a_rule_is_refused_with_its_reason(reason: str, value: bytes) -> None:
    assert reason_of(value) == reason


@pytest.mark.parametrize(
    ("detail", "value"),
    [
        ("data.status: expected ok or error", structured(data={"status": "failed"})),
        ("data.channel: expected text", structured(data={"channel": []})),
        ("id: longer than 512 characters", structured(id="i" * 513)),
        ("type: expected fi.hel.touchpoint.v1", structured(type="other")),
        ("the value has more than 32 levels", b"[" * 100),
    ],
)
def test_rejection_names_field_and_rule(detail: str, value: bytes) -> None:
    rejection = decode(value)

    assert isinstance(rejection, Rejection)
    assert rejection.detail == detail


def test_rejection_names_the_service_only_if_it_is_known() -> None:
    known, unknown = decode(structured(time=None)), decode(structured(time=None, subject="x"))

    assert isinstance(known, Rejection)
    assert isinstance(unknown, Rejection)
    assert (known.service, unknown.service) == (BOOKING, "")


# -- what is accepted


@pytest.mark.parametrize(
    "time", ["1990-01-01T00:00:00Z", "2026-11-18T12:00:00Z", "2026-11-18T14:00:00+02:00"]
)
def test_time_may_be_from_1990_to_a_day_after_receipt(time: str) -> None:
    touchpoint = accepted(structured(time=time))

    assert touchpoint.occurred_at == datetime.fromisoformat(time)
    assert touchpoint.occurred_at.tzinfo is UTC


def test_times_of_the_night_when_clocks_change_stay_apart() -> None:
    before = accepted(structured(time="2026-10-25T03:30:00+03:00"))
    after = accepted(structured(time="2026-10-25T03:30:00+02:00"))

    assert (after.occurred_at - before.occurred_at).total_seconds() == 3600


def test_unknown_channel_is_kept_and_a_missing_one_is_the_web() -> None:
    channels = [
        accepted(structured(data={"channel": channel})).channel
        for channel in ("Internet", MISSING, None, "")
    ]

    assert channels == ["Internet", "web", "web", "web"]


@pytest.mark.parametrize(("case", "person"), [("R-20931", MISSING), (None, "a1b2c3"), ("", "a1")])
def test_one_of_case_and_person_is_enough(case: object, person: object) -> None:
    touchpoint = accepted(structured(data={"case": case, "person": person}))

    assert (touchpoint.case is None) != (touchpoint.person is None)
