"""Times as people and their programs write them in tables.

ISO 8601 (`2020-06-24T13:05:00+03:00`, also with a space, with `Z`, or the date alone) and what a
Finnish Excel writes (`24.6.2020 13.05`, `24.6.2020 klo 13.05`); a date alone is its midnight. A
number of 10, 13 or 16 digits counts seconds, milliseconds or microseconds since 1970 UTC, as web
analytics do. Any other form is stated. An offset in the text says which hour is meant; else the
stated zone does.

Twice a year a zone's clocks are not to be trusted: an hour of an autumn night comes twice and is
read as the earlier, and counted; an hour of a spring night does not exist and is refused.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from ingest.rejections import Reason, RefusedError
from journeys.errors import SettingsError

REMEMBERED = 1 << 16
"""Texts whose times are kept: a sorted table repeats itself soon, or never."""


class TimeReader:
    """Reads times of one table.

    Attributes:
        doubled: How many times read so far are of an hour that came twice.
    """

    def __init__(self, *, zone: str | None = None, time_format: str | None = None) -> None:
        """State what the texts do not say.

        Args:
            zone: Name of the zone of times without an offset, `Europe/Helsinki`; without it they
                are refused.
            time_format: As of `datetime.strptime`, instead of the forms known.

        Raises:
            SettingsError: There is no such zone, or nothing can be read by the format.
        """
        self.doubled = 0
        self._zone = None if zone is None else _zone(zone)
        self._parse = _parse_known if time_format is None else _parser(time_format)
        self._expected = (
            "time: expected 2020-06-24T13:05:00+03:00 or 24.6.2020 13.05; others need --time-format"
            if time_format is None
            else "time: not of the form that --time-format says"
        )
        self._impossible = (
            "time: there is no such day or hour" if time_format is None else self._expected
        )
        # A method's own cache would keep the reader; refusals are kept, too, so they are returned.
        self._read_once = lru_cache(REMEMBERED)(self._read)

    def read(self, text: str) -> datetime:
        """Read one time.

        Returns:
            Aware, in UTC.

        Raises:
            RefusedError: `missing_time`, `naive_time` or `bad_time`.
        """
        time, is_doubled = self._read_once(text)
        if isinstance(time, datetime):
            self.doubled += is_doubled
            return time
        raise RefusedError(*time)

    def _read(self, text: str) -> tuple[datetime | tuple[Reason, str], bool]:
        text = text.strip()
        if not text:
            return ("missing_time", "time: missing"), False
        try:
            time = self._parse(text)
            if time.tzinfo is not None:
                return time.astimezone(UTC), False
            if self._zone is None:
                return ("naive_time", "time: it has no UTC offset, and no --zone says its"), False
            # PEP 495: where the clocks jump, the fold tells the offset before from the one after.
            earlier = time.replace(tzinfo=self._zone)
            before = earlier.utcoffset() or _NO_OFFSET
            after = earlier.replace(fold=1).utcoffset() or _NO_OFFSET
            if before < after:
                return ("bad_time", "time: it does not exist: the clocks skipped it"), False
            return earlier.astimezone(UTC), before > after
        except (ValueError, OverflowError) as error:
            is_unknown = isinstance(error, _UnknownFormError)
            return ("bad_time", self._expected if is_unknown else self._impossible), False


class _UnknownFormError(ValueError):
    """A text is not of a form that times have."""


_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ]\s*(\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?))?"
    r"\s*(?:([Zz]|UTC|GMT)|([+-]\d\d(?::?\d\d)?))?",
    re.ASCII,
)
_SINCE_1970 = re.compile(r"[0-9]{10}|[0-9]{13}|[0-9]{16}")
_FINNISH = re.compile(
    r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})"
    r"(?:,?\s+(?:(?:klo|kl)\.?\s*)?([0-9]{1,2})[.:]([0-9]{2})(?:[.:]([0-9]{2}))?)?",
    re.IGNORECASE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_OFFSET = timedelta()
_PROBE = datetime(2020, 6, 24, 13, 5, 1, tzinfo=UTC)


def _parse_known(text: str) -> datetime:
    found = _ISO.fullmatch(text)
    if found is not None:
        day, time, utc, offset = found.groups()
        return datetime.fromisoformat(f"{day}T{time or '00:00'}{'+00:00' if utc else offset or ''}")
    if _SINCE_1970.fullmatch(text) is not None:
        # Seconds, milliseconds or microseconds: of 1970 to 2286 they have as many digits.
        return _EPOCH + timedelta(microseconds=int(text.ljust(16, "0")))
    found = _FINNISH.fullmatch(text)
    if found is None:
        raise _UnknownFormError
    day_of_month, month, year, hour, minute, second = found.groups()
    return datetime(  # noqa: DTZ001 - the zone comes later
        int(year),
        int(month),
        int(day_of_month),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
    )


def _parser(time_format: str) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        return datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone comes later

    example = "%d.%m.%Y %H:%M:%S"
    try:
        if "%Z" in time_format:
            raise SettingsError(
                f"time format {time_format!r}: names of zones cannot be read. "
                "Hint: %z for an offset; else leave it out and state --zone"
            )
        day = parse(_PROBE.strftime(time_format)).date()
    except (ValueError, re.error):
        raise SettingsError(
            f"time format {time_format!r}: no time can be read by it. Hint: {example}"
        ) from None
    if day != _PROBE.date():
        raise SettingsError(f"time format {time_format!r}: it has no full date. Hint: {example}")
    return parse


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = sorted(available_timezones())
        of_city = {zone.rpartition("/")[2].lower(): zone for zone in known}
        near = get_close_matches(name, known, n=1) or [
            of_city[city] for city in get_close_matches(name.lower(), of_city, n=1)
        ]
        hint = f"did you mean {near[0]}?" if near else "for example Europe/Helsinki"
        raise SettingsError(f"zone {name!r}: there is none of that name. Hint: {hint}") from None
