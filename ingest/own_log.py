"""Somebody's own log: the rows of a CSV or XES file, read by a column map.

A *column map* says which column is what: `case`, `person`, `touchpoint`, `time`, `channel`,
`status`, `id`, or an attribute. Columns it leaves out are never read. Where no column is the `id`,
a row is told by its number: reading a file again, or one that has grown, then adds what is new.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import msgspec

from ingest.envelope import Data, Event
from ingest.privacy import find_personal_data
from ingest.rejections import RefusedError
from ingest.sources import RawBatch, RowRecord, UnreadRecord
from ingest.tables import Row, Table
from ingest.times import TimeReader
from journeys.definition_rules import COLUMN_ROLES
from journeys.errors import SourceError
from journeys.touchpoint import Status

ROWS_OF_A_BATCH = 4_000
BYTES_OF_A_BATCH = 2 << 20
"""A batch is full at whichever comes first; some five of them are in memory at once."""

ROWS_LOOKED_AT = 100
"""Rows whose times are tried before anything is done with a file."""

DIGITS_OF_A_NUMBER = 12
"""Row numbers all have as many, so that their order as text is the order of the file."""

PLUS = " + "
"""Between the names of a column of days and one of hours: `time=Datum + Tid`."""

LONGEST_SOURCE = 200
"""Characters."""

_CONVENTIONS: dict[str, tuple[str, ...]] = {
    "case": (
        *("case:concept:name", "case", "caseid", "case id", "case number", "session id"),
        *("ga session id", "request id", "application id", "ticket id", "incident id", "order id"),
        *("asia", "asiatunnus", "asianumero", "asian numero", "tapaus", "hakemusnumero"),
        *("hakemustunnus", "diaarinumero", "ärende", "ärendenummer", "diarienummer", "dnr"),
    ),
    "touchpoint": (
        *("concept:name", "touchpoint", "activity", "event", "event name", "task", "step"),
        *("vaihe", "tapahtuma", "toimenpide", "tila", "händelse", "steg", "åtgärd"),
    ),
    "time": (
        *("time:timestamp", "time", "timestamp", "datetime", "date", "complete timestamp"),
        *("completetimestamp", "event timestamp", "event time", "updated", "created"),
        *("aika", "aikaleima", "pvm", "päivämäärä", "ajankohta", "tid", "tidpunkt", "datum"),
    ),
    "channel": ("channel", "case:channel", "kanava", "asiointikanava", "kanal"),
}
_DAYS_AND_HOURS = (
    *(("date", "time"), ("datum", "tid"), ("päivämäärä", "aika"), ("päivämäärä", "kellonaika")),
    *(("pvm", "aika"), ("pvm", "klo")),
)
_STATUSES: dict[str, Status] = {"": "ok", "ok": "ok", "error": "error"}


class RowSource:
    """One file as a source of touchpoints of one service; see `ingest.sources.Source`."""

    def __init__(
        self,
        table: Table,
        *,
        service: str,
        columns: Mapping[str, str],
        times: TimeReader,
        source: str | None = None,
    ) -> None:
        """Bring a file and its column map together.

        Args:
            table: The file.
            service: Key of the service that its rows are about.
            columns: Column by role; for the time also `DAYS + HOURS`, two columns.
            times: Reads the column of the times.
            source: What the rows' source is called; None: service and file name.

        Raises:
            SourceError: A column is not in the file, a needed one is not mapped, or the source
                cannot be called so.
        """
        self.table = table
        self.service = service
        self.columns = dict(columns)
        self.name = source or f"file:{service}/{_printable(table.path.name)}"
        self.times = times
        self._days = _check_columns(table, self.columns)
        _check_name(self.name, is_given=source is not None)
        roles = list(self.columns)
        self._wanted = [self.columns[role] for role in roles]
        if self._days is not None:
            # The cell of the day is the last: where those of roles are, it changes nothing.
            day, hour = self._days
            self._wanted[roles.index("time")] = hour
            self._wanted.append(day)
        self._places = _Places(*(_place(role, roles) for role in COLUMN_ROLES))
        self._attributes = [
            (role, place) for place, role in enumerate(roles) if role not in COLUMN_ROLES
        ]

    @property
    def is_numbered(self) -> bool:
        """Whether rows are told by their number, for want of a producer's id."""
        return "id" not in self.columns

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the last reading."""
        doubled = self.times.doubled
        if not doubled:
            return self.table.notes
        which = f"{doubled:,} times fall" if doubled > 1 else "1 time falls"
        return (
            *self.table.notes,
            f"{which} into the hour that an autumn night has twice: read as the earlier.",
        )

    def check_times(self) -> None:
        """Read the first times, so that a file of which none can be read is refused at the door.

        Raises:
            SourceError: None of them can be read; the message says what would help.
        """
        column = self.columns["time"]
        day_and_hour = self._days or (column,)
        refusals: list[RefusedError] = []
        for row in islice(self.table.rows(day_and_hour), ROWS_LOOKED_AT):
            if isinstance(row, Row) and row.cells[0].strip():
                try:
                    self.times.read(" ".join(row.cells))
                except RefusedError as refused:
                    refusals.append(refused)
                else:
                    return
        if not refusals:
            return
        if all(refused.reason == "naive_time" for refused in refusals):
            raise SourceError(
                f"file {self.table.path}: the times of column {column!r} have no offset from UTC, "
                "so they could mean any zone. Hint: --zone Europe/Helsinki"
            )
        raise SourceError(
            f"file {self.table.path}: none of the first times of column {column!r} can be read "
            f"({refusals[0].detail}). Hint: --time-format '%m/%d/%Y %H:%M' says how they are "
            "written, or --column time=NAME that they are in another column"
        )

    def batches(self) -> Iterator[RawBatch]:
        """Read the file from its beginning.

        Raises:
            SourceError: It cannot be read any more.
        """
        self.times.doubled = 0
        records: list[RowRecord] = []
        unread: list[UnreadRecord] = []
        size = 0
        for row in self.table.rows(self._wanted):
            if isinstance(row, UnreadRecord):
                unread.append(row)
            else:
                try:
                    records.append(self._record(row))
                except RefusedError as refused:
                    digest = sha256(row.raw).digest()
                    unread.append(UnreadRecord(row.line, refused.reason, refused.detail, digest))
                size += len(row.raw)
            if len(records) + len(unread) >= ROWS_OF_A_BATCH or size >= BYTES_OF_A_BATCH:
                yield self._batch(records, unread)
                records, unread, size = [], [], 0
        yield self._batch(records, unread)

    def _batch(self, records: Sequence[RowRecord], unread: Sequence[UnreadRecord]) -> RawBatch:
        return RawBatch(self.name, records, unread, done=self.table.done, service=self.service)

    def _record(self, row: Row) -> RowRecord:
        cells, at = (*row.cells, _NO_CELL), self._places
        status = _STATUSES.get(cells[at.status].strip().lower())
        if status is None:
            raise RefusedError("bad_row", "status: expected ok or error")
        attributes = _NO_ATTRIBUTES
        if self._attributes:
            values = {role: _line(cells[place]) for role, place in self._attributes}
            attributes = msgspec.Raw(msgspec.json.encode(values))
        numbered = self.is_numbered
        event = Event(
            specversion="1.0",
            type="fi.hel.touchpoint.v1",
            source=self.name,
            id=f"{row.number:0{DIGITS_OF_A_NUMBER}d}" if numbered else cells[at.id],
            subject=self.service,
            time=self.times.read(self._time_of(cells[at.time], row.cells)),
            data=Data(
                touchpoint=_line(cells[at.touchpoint]),
                case=cells[at.case] or None,
                person=cells[at.person] or None,
                channel=_line(cells[at.channel]) or None,
                status=status,
                attributes=attributes,
            ),
        )
        return RowRecord(row.line, event, row.raw, numbered)

    def _time_of(self, cell: str, cells: Sequence[str]) -> str:
        return cell if self._days is None else f"{cells[-1]} {cell}"


class _Places(NamedTuple):
    """Where the cell of each role is; the order is that of `COLUMN_ROLES`."""

    id: int
    case: int
    person: int
    touchpoint: int
    time: int
    channel: int
    status: int


def _place(role: str, roles: Sequence[str]) -> int:
    """The place of a role's cell; of a role without a column the one behind all others."""
    return roles.index(role) if role in roles else -1


def conventional_columns(columns: Sequence[str]) -> dict[str, str]:
    """Guess case, touchpoint, time and channel by the names that columns usually have.

    Returns:
        Column by role; without a role for which no name is usual.

    Examples:
        >>> conventional_columns(["Asia", "Vaihe", "Aika", "Lisätieto"])
        {'case': 'Asia', 'touchpoint': 'Vaihe', 'time': 'Aika'}
    """
    folded = {_folded(column): column for column in reversed(columns)}
    found = {
        role: next((folded[name] for name in names if name in folded), None)
        for role, names in _CONVENTIONS.items()
    }
    for day, hour in _DAYS_AND_HOURS:
        if day in folded and hour in folded:
            found["time"] = f"{folded[day]}{PLUS}{folded[hour]}"
    return {role: column for role, column in found.items() if column is not None}


def _folded(column: str) -> str:
    return " ".join(column.casefold().replace("_", " ").replace("-", " ").split())


def _check_columns(table: Table, columns: Mapping[str, str]) -> tuple[str, str] | None:
    """Find every column; return those of the day and the hour, if they are two."""
    there = table.columns
    days = None
    for role, column in columns.items():
        if role == "time" and column not in there:
            day, _, hour = (name.strip() for name in column.partition(PLUS.strip()))
            if day in there and hour in there:
                days = day, hour
                continue
        if column not in there:
            near = get_close_matches(column, there, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise SourceError(
                f"file {table.path}: there is no column {column!r} (for {role}). Hint: {hint}"
                f"--column {role}=NAME with one of these: {_listed(there)}"
            )
    missing = [role for role in _NEEDED if role not in columns]
    if "person" in columns and "case" in missing:
        missing.remove("case")
    if missing:
        what = " and ".join(_NEEDED[role] for role in missing)
        say = " ".join(f"--column {role}=NAME" for role in missing)
        raise SourceError(
            f"file {table.path}: no column is named that says {what}. Hint: {say} with one of "
            f"these each: {_listed(there)}"
        )
    return days


def _check_name(name: str, *, is_given: bool) -> None:
    """A source is stored and shown: nothing personal, and nothing a terminal would obey."""
    kind = find_personal_data(name, plates=False)
    why = (
        f"it holds {kind}, and sources are stored as they are"
        if kind is not None
        else "it has a character that cannot be printed"
        if not name.isprintable()
        else f"it is longer than {LONGEST_SOURCE} characters"
        if len(name) > LONGEST_SOURCE
        else None
    )
    if why is not None:
        whose = "--source" if is_given else "the file's name"
        raise SourceError(f"source {name!r}: {why}. Hint: another {whose}, such as --source export")


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:40])
    return shown if len(columns) <= 40 else f"{shown} and {len(columns) - 40} more"


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()


def _line(cell: str) -> str:
    """Write a cell of several lines as one: a name is what people read, not how it was broken."""
    return cell if cell.isprintable() else " ".join(cell.split())


_NEEDED = {
    "case": "whose journey it is",
    "touchpoint": "what happened",
    "time": "when it happened",
}
_NO_CELL = ""
_NO_ATTRIBUTES = msgspec.Raw(b"{}")
