"""Events of an XES log (IEEE 1849), read by expat piece by piece.

Nothing is expanded: a DOCTYPE, without which XML has no entities of its own, is refused where it is
met. What expat would have to hold is bounded: a tag that never ends, nesting without end and names
without number end the reading. Events before such a place, or before damage, are given; the place
is one unread record.

A trace's attributes stand before its events, as the standard's schema has it; those behind them are
counted and not read, for the events are given by then. Attributes within attributes, lists and all
that describes the log itself are passed over.
"""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple
from xml.parsers import expat

import msgspec

from ingest.envelope import MAX_BYTES
from ingest.packed import TornError
from ingest.rejections import Reason
from ingest.sources import UnreadRecord

MOST_HELD = 8 << 20
"""Bytes of one tag or comment, which expat holds until it ends."""

DEEPEST = 64
"""Levels of elements; a log without nested attributes has four."""

MOST_NAMES = 10_000
"""Different names of elements and their XML attributes; XES knows some twenty."""


class NotXesError(Exception):
    """The file is none that holds a log; its text says why, with a hint."""


class Event(NamedTuple):
    """An event with what is known of its case.

    Attributes:
        number: From 1, as the events stand in the file.
        line: Where its tag begins.
        attributes: Its own, by key.
        case: Those of its trace, by `case:` and key; none of an event outside traces.
        case_raw: The latter as JSON, worked out once.
        is_too_large: The attributes of the event, or of its case, are left out: they are too long.
    """

    number: int
    line: int
    attributes: dict[str, str]
    case: dict[str, str]
    case_raw: bytes
    is_too_large: bool

    @property
    def raw(self) -> bytes:
        """The event as JSON, the same for the same content however its XML is laid out."""
        return b"[%d,%s,%s]" % (self.number, self.case_raw, _encode(self.attributes))


class XesReader:
    """Reads one file.

    Attributes:
        late: Attributes of traces that stand behind an event.
    """

    def __init__(self, encoding: str | None) -> None:
        self.late = 0
        self._parser = expat.ParserCreate(encoding)
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._found: list[Event] = []
        self._number = self._line = 0
        self._depth = 0
        self._inside = 0  # the depth of the attributes that are read, if any
        self._event_depth = 0  # of the event that is read, if any
        self._trace = self._event = self._owner = _Attributes()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def events(self, pieces: Iterator[bytes]) -> Iterator[Event | UnreadRecord]:
        """Read the pieces of a file.

        Raises:
            NotXesError: It is no XML, or none that holds a log; or it has a DOCTYPE.
        """
        reason: Reason = "bad_row"
        try:
            yield from self._read(pieces)
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code) or "unknown error"
            if not self._number and not self._depth:
                raise NotXesError(f"it cannot be read as XML: {why}. {_HINT}") from None
            detail = f"the XML cannot be read on from here: {why}"
        except (LookupError, ValueError):  # so Python's codecs answer expat
            if self._depth:
                raise
            raise NotXesError(f"it is in an encoding that XML cannot have. {_HINT}") from None
        except TornError as torn:
            detail = str(torn)
        except _StoppedError as stopped:
            reason, detail = stopped.reason, f"{stopped}: the file is not read on from here"
        else:
            return
        finally:
            # They hold this reader, and it the parser: a circle, which would keep what expat holds.
            self._parser.StartElementHandler = self._parser.EndElementHandler = None
        yield from self._take()
        digest = hashlib.sha256(_encode(self._event.by_key)).digest()
        yield UnreadRecord(self._parser.CurrentLineNumber, reason, detail, digest)

    def _read(self, pieces: Iterator[bytes]) -> Iterator[Event]:
        fed = 0
        for piece in pieces:
            self._parser.Parse(piece)
            yield from self._take()
            fed += len(piece)
            self._check_held(fed)
        self._parser.Parse(b"", True)  # noqa: FBT003 - expat names no arguments
        yield from self._take()

    def _check_held(self, fed: int) -> None:
        if fed - self._parser.CurrentByteIndex > MOST_HELD:
            raise _StoppedError("too_large", f"a tag of more than {MOST_HELD:,} bytes")
        if len(self._parser.intern) > MOST_NAMES:
            raise _StoppedError("bad_row", f"more than {MOST_NAMES:,} names of elements")

    def _take(self) -> list[Event]:
        found, self._found = self._found, []
        return found

    def _start(self, name: str, xml: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        kind = _KINDS.get(name) or _KINDS.get(name.rpartition(":")[2])
        if kind == "attribute" and depth > 1:
            if depth == self._inside:
                self._owner.add(xml)
            elif depth == 3 and self._trace.has_events:
                self.late += 1
        elif depth == 1:
            if kind != "log":
                what = f"it is XML, but no XES log: its first element is {name[:40]!r}"
                raise NotXesError(f"{what}. {_HINT}")
        elif kind == "trace" and depth == 2:
            self._trace = self._owner = _Attributes("case:")
            self._inside = 3
        elif kind == "event" and (depth == 2 or (depth == 3 and self._trace.is_open)):
            self._trace.has_events = depth == 3
            self._event = self._owner = _Attributes()
            self._event_depth, self._inside = depth, depth + 1
            self._number += 1
            self._line = self._parser.CurrentLineNumber
        if depth > DEEPEST:
            raise _StoppedError("too_deep", f"more than {DEEPEST} levels of elements")

    def _end(self, _: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth > 3:
            return
        if depth == self._event_depth:
            self._found.append(self._event_of_case())
            self._event = self._owner = _Attributes()
            self._event_depth = self._inside = 0
        if depth == 2:
            self._trace = _Attributes()
            self._inside = 0

    def _event_of_case(self) -> Event:
        event, trace = self._event, self._trace
        is_too_large = event.is_too_large or trace.is_too_large
        return Event(self._number, self._line, event.by_key, trace.by_key, trace.raw, is_too_large)


class _StoppedError(Exception):
    """The file is not read on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason


class _Attributes:
    """Attributes of a trace or an event, as long as they are not too long."""

    def __init__(self, prefix: str = "") -> None:
        self.by_key: dict[str, str] = {}
        self.is_too_large = False
        self.has_events = False
        self._prefix = prefix
        self._size = 0

    @property
    def is_open(self) -> bool:
        """Whether they are of a trace."""
        return bool(self._prefix)

    @cached_property
    def raw(self) -> bytes:
        """As JSON; asked for when there are no more to come."""
        return _encode(self.by_key)

    def add(self, xml: dict[str, str]) -> None:
        key, value = xml.get("key"), xml.get("value", "")
        if key is None:
            return
        self._size += len(key) + len(value)
        if self._size > MAX_BYTES:
            self.is_too_large = True
            self.by_key.clear()
        if not self.is_too_large:
            self.by_key[self._prefix + key] = value


_HINT = "Hint: export it as CSV, or as XES, whose first element is log"
_encode = msgspec.json.Encoder(order="sorted").encode
_KINDS = {
    **dict.fromkeys(("string", "date", "int", "float", "boolean", "id"), "attribute"),
    **{kind: kind for kind in ("log", "trace", "event")},
}


def _refuse_doctype(*_: object) -> None:
    raise NotXesError(
        "it has a DOCTYPE, by which XML can read other files or fill the memory. "
        "Hint: no XES needs one, delete it; a web page is no table, export it as CSV"
    )
