"""How a message becomes a touchpoint, or is refused with a reason.

A message is a CloudEvent (`ingest.envelope`); both its modes give the same touchpoint. Nothing is
invented: a message without a time, or one that could mean two things, is refused. Nothing personal
is stored: see `ingest.privacy`.

Two ways lead through this file. Nearly every message is decoded straight into its type and
*admitted*, with verdicts remembered by value. What fails anywhere on that way is *examined*: opened
freely, searched whole for personal data, and refused with its reason, or admitted after all (one
with an extension attribute, say).

What the contract leaves open is decided here. An empty `case`, `person` or `channel` is as good as
none; so is an attribute without a value. Numbers and booleans in attributes become text. Control
characters are refused, in what is stored and in what is hashed: they have no place in a name and
could command a terminal.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from ingest.contents import attribute_field, attribute_text, leaves, texts_of
from ingest.envelope import (
    DATA_FIELDS,
    Event,
    check_nesting,
    decode_event,
    open_envelope,
    type_event,
)
from ingest.privacy import (
    Kind,
    Pseudonyms,
    allowed_attributes,
    find_personal_data,
    shows_car_plate,
    shows_reference,
)
from ingest.rejections import Reason, RefusedError, Rejection
from ingest.sources import Headers
from journeys.service import Service
from journeys.touchpoint import Touchpoint

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_AFTER_RECEIPT = timedelta(days=1)

LONGEST_IDENTIFIER = 512
"""Characters of a `source`, an `id`, a `case` or a `person`."""

LONGEST_NAME = 200
"""Characters of a touchpoint's name, a channel or an attribute.

A longer attribute is free text, which is never stored: dropped and counted.
"""

OTHER = "(other)"
"""What a dropped attribute counts under if its name could say too much, or there are too many."""

MOST_DROPPED = 100
"""Names of dropped attributes that are told apart."""

REMEMBERED = 50_000
"""Verdicts of each kind that are kept: room for the cases in progress, in tens of megabytes."""


def decode_touchpoint(
    headers: Headers,
    value: bytes | None,
    *,
    services: Mapping[str, Sequence[Service]],
    pseudonyms: Pseudonyms,
    received_at: datetime,
) -> Touchpoint | Rejection:
    """Decode one message; `TouchpointDecoder` does many.

    Args:
        headers: As in the record; empty for a line of a file.
        value: The payload; None for a tombstone.
        services: The versions of each known service, by key.
        pseudonyms: The deployment's keyed hashes.
        received_at: Aware; a message may be from a day later at most.
    """
    return TouchpointDecoder(services, pseudonyms).decode(headers, value, received_at)


class TouchpointDecoder:
    """Decodes the messages of one run; remembers its verdicts on values that come again.

    Attributes:
        dropped: How often something was left out of a touchpoint, by the attribute's name.
    """

    def __init__(self, services: Mapping[str, Sequence[Service]], pseudonyms: Pseudonyms) -> None:
        self.dropped: Counter[str] = Counter()
        self._pseudonyms = pseudonyms
        self._memories = {
            key: _Memory(key, allowed_attributes(versions), {}, {None: _NOBODY})
            for key, versions in services.items()
        }
        self._contexts: dict[tuple[str, str, str, str | None, bool], _Context] = {}
        self._verdicts: dict[str, Kind | None] = {}

    def decode(
        self, headers: Headers, value: bytes | None, received_at: datetime
    ) -> Touchpoint | Rejection:
        """Turn a message into a touchpoint, or say why it is none; never raises for its content."""
        try:
            event = None if value is None else decode_event(headers, value)
            if event is not None:
                return self._admit(event, received_at)
        except RefusedError:
            pass  # examined, so that personal data anywhere in it is what is told
        return self._examine(headers, value, received_at)

    def decode_row(
        self, row: Event, received_at: datetime, *, is_numbered: bool
    ) -> Touchpoint | Rejection:
        """Turn a row of somebody's own file into a touchpoint, or say why it is none.

        What a column map leaves out was never said. The source is the reader's own word and not the
        row's; so is the number of a row, which keeps the order of the file among equal times. Both
        may look like anything.
        """
        try:
            return self._admit(row, received_at, is_row=True, is_numbered=is_numbered)
        except RefusedError as refused:
            return Rejection(refused.reason, refused.detail, row.subject)

    def _examine(
        self, headers: Headers, value: bytes | None, received_at: datetime
    ) -> Touchpoint | Rejection:
        memory = None
        try:
            opened = open_envelope(headers, value)
            subject = opened.get("subject")
            memory = self._memories.get(subject) if isinstance(subject, str) else None
            _search(opened, memory.allowed if memory is not None else frozenset())
            touchpoint = self._admit(type_event(opened), received_at)
        except RefusedError as refused:
            service = memory.service if memory is not None else ""
            return Rejection(refused.reason, refused.detail, service)
        self._count_dropped(name for name in opened["data"] if name not in DATA_FIELDS)
        return touchpoint

    def _admit(
        self,
        event: Event,
        received_at: datetime,
        *,
        is_row: bool = False,
        is_numbered: bool = False,
    ) -> Touchpoint:
        data = event.data
        context = self._contexts.get(
            (event.source, event.subject, data.touchpoint, data.channel, is_row)
        ) or self._read_context(event, is_row=is_row)
        memory = context.memory
        occurred_at = _read_moment(event.time, received_at)
        raw = bytes(data.attributes)
        kept = memory.attributes.get(raw) or self._read_attributes(memory, raw)
        case = memory.references.get(data.case) or self._read_reference(memory, data.case)
        person = memory.references.get(data.person) or self._read_reference(memory, data.person)
        if case.pseudonym is None and person.pseudonym is None:
            raise RefusedError("missing_reference", "data: expected a case or a person")
        for who in (case, person):
            if who.telling and (who.folded in context.shown or who.folded in kept.shown):
                raise RefusedError("personal_data", "a field shows the message's case or person")
        identifier = (
            event.id if is_numbered else self._read_identifier(event, case.folded, person.folded)
        )
        if kept.dropped:
            self._count_dropped(kept.dropped)
        return Touchpoint(
            source=event.source,
            id=identifier,
            service=memory.service,
            occurred_at=occurred_at,
            name=data.touchpoint,
            channel=context.channel,
            status=data.status,
            case=case.pseudonym,
            person=person.pseudonym,
            attributes=kept.values,
        )

    def _read_context(self, event: Event, *, is_row: bool) -> "_Context":
        data = event.data
        memory = self._memories.get(event.subject)
        if memory is None:
            raise RefusedError("unknown_service", "subject: no service has this key")
        channel = data.channel or "web"
        _check_text("source", event.source, LONGEST_IDENTIFIER)
        _check_text("data.touchpoint", data.touchpoint, LONGEST_NAME)
        _check_text("data.channel", channel, LONGEST_NAME)
        self._guard("source", event.source)
        self._guard("data.touchpoint", data.touchpoint)
        self._guard("data.channel", channel)
        source = "" if is_row else event.source
        shown = f"{source}\n{data.touchpoint}\n{channel}".casefold()
        key = (event.source, event.subject, data.touchpoint, data.channel, is_row)
        return _remember(self._contexts, key, _Context(memory, channel, shown))

    def _read_attributes(self, memory: "_Memory", raw: bytes) -> "_Kept":
        """Sort a message's attributes into those that are stored and those that are left out."""
        values: dict[str, str] = {}
        dropped: list[str] = []
        for name, value in sorted(_decode_attributes(raw).items()):
            field = attribute_field(name, memory.allowed)
            for text in leaves({name: value}):
                self._guard(field, text)
            if name not in memory.allowed:
                dropped.append(name)
                continue
            if isinstance(value, dict | list):
                raise RefusedError("bad_row", f"{field}: expected text or a number")
            text = attribute_text(value) or ""
            if len(text) > LONGEST_NAME:
                dropped.append(name)
            elif text:
                _check_text(field, text, LONGEST_NAME)
                values[name] = text
        kept = _Kept(values, tuple(dropped), "\n".join(values.values()).casefold())
        # Long ones are not likely to come again.
        return _remember(memory.attributes, raw, kept) if len(raw) <= 1024 else kept

    def _read_reference(self, memory: "_Memory", reference: str | None) -> "_Reference":
        if reference is None or not reference.strip():
            return _NOBODY
        _check_text("data.case or data.person", reference, LONGEST_IDENTIFIER)
        folded = reference.casefold()
        # A short word (`anna`) would be found in words that have nothing to do with it.
        telling = len(folded) >= 8 or (len(folded) >= 4 and any(map(str.isdigit, folded)))
        read = _Reference(self._pseudonyms.of(reference, memory.service), folded, telling)
        return _remember(memory.references, reference, read)

    def _read_identifier(self, event: Event, case: str, person: str) -> str:
        identifier = event.id
        _check_text("id", identifier, LONGEST_IDENTIFIER)
        kind = find_personal_data(identifier, plates=False)
        if kind is not None:
            raise RefusedError("personal_data", f"id holds {kind}")
        folded = identifier.casefold()
        if (
            (case and case in folded and shows_reference(folded, case))
            or (person and person in folded and shows_reference(folded, person))
            or (not identifier.islower() and shows_car_plate(identifier))
        ):
            return self._pseudonyms.of_identifier(identifier, event.source)
        return identifier

    def _guard(self, field: str, text: str) -> None:
        if text in self._verdicts:
            kind = self._verdicts[text]
        else:
            kind = find_personal_data(text)
            if len(text) <= LONGEST_NAME:
                _remember(self._verdicts, text, kind)
        if kind is not None:
            raise RefusedError("personal_data", f"{field} holds {kind}")

    def _count_dropped(self, names: Iterable[str]) -> None:
        for name in names:
            told = name in self.dropped or (
                len(self.dropped) < MOST_DROPPED and _SAYS_NOTHING.fullmatch(name) is not None
            )
            self.dropped[name if told else OTHER] += 1


class _Memory(msgspec.Struct, frozen=True, gc=False):
    """What is known of one service's messages."""

    service: str
    allowed: frozenset[str]
    attributes: "dict[bytes, _Kept]"
    references: "dict[str | None, _Reference]"


class _Context(msgspec.Struct, frozen=True, gc=False):
    """What one producer's messages of one name and channel have in common, found good."""

    memory: _Memory
    channel: str
    shown: str  # the texts that are stored, case-folded


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """What is stored of a message's attributes, and the names of the rest."""

    values: dict[str, str]
    dropped: tuple[str, ...]
    shown: str


class _Reference(msgspec.Struct, frozen=True, gc=False):
    """A case or a person."""

    pseudonym: str | None
    folded: str
    telling: bool  # so long that, seen elsewhere, it is itself and no chance


_NOBODY = _Reference(None, "", telling=False)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# No digits to speak of, so no reference.
_SAYS_NOTHING = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}[0-9]{0,2}")

# Where `UTF-8` and its like are no plates; for the id see `shows_car_plate`.
_PROTOCOL_FIELDS = ("id", "specversion", "type", "time", "datacontenttype", "dataschema")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
    """Keep a verdict; forget all when there are too many: cheaper than keeping them in order."""
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value
    return value


def _read_moment(time: datetime, received_at: datetime) -> datetime:
    if time.tzinfo is None:
        raise RefusedError("naive_time", "time: it has no UTC offset")
    if not EARLIEST <= time <= received_at + LATEST_AFTER_RECEIPT:
        raise RefusedError("time_out_of_range", "time: before 1990, or over a day after receipt")
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def _decode_attributes(raw: bytes) -> dict[str, Any]:
    check_nesting(raw)
    try:
        attributes = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RefusedError("payload_not_json", "the value is not JSON") from None
    if not isinstance(attributes, dict | None):
        raise RefusedError("bad_row", "data.attributes: expected an object")
    return attributes or {}


def _check_text(field: str, text: str, longest: int) -> None:
    if not text:
        reason: Reason = "not_cloudevent" if field in ("source", "id") else "bad_row"
        raise RefusedError(reason, f"{field}: empty")
    if len(text) > longest:
        raise RefusedError("bad_row", f"{field}: longer than {longest} characters")
    if not text.isprintable() and _CONTROL.search(text) is not None:
        raise RefusedError("bad_row", f"{field} holds a control character")


def _search(event: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """Search everything but case and person, whether it would be stored or not."""
    for field, text in texts_of(event, allowed):
        kind = find_personal_data(text, plates=field not in _PROTOCOL_FIELDS)
        if kind is not None:
            raise RefusedError("personal_data", f"{field} holds {kind}")
        if "\x00" in text:
            raise RefusedError("bad_row", f"{field} holds a NUL character")
