"""Laws of reading messages: whatever comes is a touchpoint or has a reason."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ingest.rejections import REASONS
from tests.ingest.messages import RECEIVED_AT, binary, decoder, event, reason_of, structured

_TEXTS = st.sampled_from(["", "pay", "R-20931", "a\x00b", "ä", "x" * 600, "040 123 4567", "\x1b"])
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS
_JSON = st.recursive(
    _SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("specversion", "type", "source", "id", "subject", "time", "extra")
_DATA = ("case", "person", "touchpoint", "channel", "status", "attributes", "extra")


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """The good message with up to three fields replaced by anything or left out."""
    message = event()
    for _ in range(draw(st.integers(0, 3))):
        within = draw(st.sampled_from([message, message["data"]]))
        name = draw(st.sampled_from(_FIELDS if within is message else _DATA))
        if draw(st.booleans()):
            within[name] = draw(_JSON)
        else:
            within.pop(name, None)
    return json.dumps(message).encode()


@given(messages())
def test_any_message_is_a_touchpoint_or_has_a_reason(value: bytes) -> None:
    reason = reason_of(value)

    assert reason is None or reason in REASONS


@given(messages())
def test_both_ways_of_reading_come_to_the_same(value: bytes) -> None:
    fast, slow = decoder(), decoder()

    assert fast.decode((), value, RECEIVED_AT) == slow._examine((), value, RECEIVED_AT)
    assert fast.dropped == slow.dropped


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_have_a_reason(value: bytes) -> None:
    headers, _ = binary(event())

    assert reason_of(value) in REASONS
    assert reason_of(value, headers) in REASONS


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_byte_changed_never_breaks_the_reading(place: int, byte: int) -> None:
    value = bytearray(structured())

    value[place % len(value)] = byte

    assert reason_of(bytes(value)) in (None, *REASONS)
