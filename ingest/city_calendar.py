"""When things happen in Helsinki: days, office hours, holidays, in vectors.

Times are milliseconds since the epoch, UTC; days are counted from the calendar's first day, and a
day runs from one Helsinki midnight to the next. So the two odd days a year have 23 and 25 hours,
and every time is in exactly one day.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import numpy.typing as npt

HELSINKI = ZoneInfo("Europe/Helsinki")

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Times = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

WINTER_BREAK_WEEK = 8
AUTUMN_BREAK_WEEK = 42
SUMMER_BREAK = ((6, 1), (8, 8))
CHRISTMAS_BREAK = ((12, 21), (1, 6))

OPENS, CLOSES = 8 * HOUR + 15 * MINUTE, 15 * HOUR + 45 * MINUTE
WAKES, SLEEPS = 7 * HOUR, 23 * HOUR

# Customer contacts by local hour: quiet nights, a peak before noon, one after dinner.
HOURS_OF_CUSTOMERS = (
    1, 1, 0, 0, 0, 1, 3, 7, 13, 16, 16, 14, 13, 13, 13, 12, 12, 12, 13, 15, 16, 13, 8, 3,
)  # fmt: skip
# Monday to Sunday, of starts on the web.
WEEKDAYS_OF_CUSTOMERS = (1.2, 1.15, 1.1, 1.1, 0.95, 0.65, 0.75)


def helsinki_midnight(day: date) -> datetime:
    """The instant a Helsinki day begins, aware, in Helsinki time."""
    return datetime(day.year, day.month, day.day, tzinfo=HELSINKI)


def is_school_holiday(day: date) -> bool:
    """Winter break (week 8), summer, autumn break (week 42), Christmas.

    Examples:
        >>> is_school_holiday(date(2026, 2, 17)), is_school_holiday(date(2026, 3, 3))
        (True, False)
    """
    return (
        day.isocalendar().week in (WINTER_BREAK_WEEK, AUTUMN_BREAK_WEEK)
        or in_span(day, *SUMMER_BREAK)
        or in_span(day, *CHRISTMAS_BREAK)
    )


def in_span(day: date, first: tuple[int, int], last: tuple[int, int]) -> bool:
    """Whether a day lies in a yearly span of (month, day), both ends included, over New Year too.

    Examples:
        >>> in_span(date(2026, 1, 2), (12, 21), (1, 6))
        True
    """
    moment = (day.month, day.day)
    return first <= moment <= last if first <= last else moment >= first or moment <= last


class CityCalendar:
    """The days of a city, and the arithmetic on them.

    Attributes:
        dates: Every day, in order.
        midnights: When each day begins, and when the last one ends; `len(dates) + 1` times.
        public_holidays: Finnish public holidays, the eves of Midsummer and Christmas included.
        business: Days on which offices are open: weekdays that are no public holiday.
        school_holidays: Days without school.
    """

    def __init__(self, first: date, last: date) -> None:
        """Span the days from `first` to `last`, both included."""
        count = (last - first).days + 1
        self.dates: Sequence[date] = [first + timedelta(days=n) for n in range(count)]
        starts = [*self.dates, last + timedelta(days=1)]
        self.midnights: Times = np.array(
            [round(helsinki_midnight(day).timestamp() * SECOND) for day in starts], dtype=np.int64
        )
        public = holidays.country_holidays("FI", years=range(first.year, last.year + 1))
        self.public_holidays: Flags = np.array([day in public for day in self.dates])
        self.business: Flags = ~self.public_holidays & np.array(
            [day.weekday() < 5 for day in self.dates]
        )
        self.school_holidays: Flags = np.array([is_school_holiday(day) for day in self.dates])
        self._business_days = np.flatnonzero(self.business)
        self._business_before = np.concatenate([[0], np.cumsum(self.business)])
        weights = np.array(HOURS_OF_CUSTOMERS, dtype=np.float64)
        self._hours = np.cumsum(weights / weights.sum())

    def day_of(self, times: Times) -> Times:
        """Index of the day each time lies in; times outside count to the first or last day."""
        days = np.searchsorted(self.midnights, times, side="right") - 1
        return np.clip(days, 0, len(self.dates) - 1).astype(np.int64)

    def index_of(self, day: date) -> int:
        """Index of a date; outside the calendar the nearest one."""
        return min(max((day - self.dates[0]).days, 0), len(self.dates) - 1)

    def is_open(self, times: Times) -> Flags:
        """Whether offices and phone lines are open."""
        days = self.day_of(times)
        clock = times - self.midnights[days]
        return self.business[days] & (clock >= OPENS) & (clock < CLOSES)

    def customer_time(self, days: Times, rng: np.random.Generator) -> Times:
        """A moment of each day at which customers are about."""
        draws = rng.random(len(days))
        hours = np.searchsorted(self._hours, draws, side="right")
        within = rng.integers(0, HOUR, len(days))
        moments: Times = self.midnights[days] + np.minimum(hours, 23) * HOUR + within
        return moments

    def awake(self, times: Times, rng: np.random.Generator) -> Times:
        """Move what falls into the night to the morning after it."""
        days = self.day_of(times)
        clock = times - self.midnights[days]
        morning = self.midnights[np.minimum(days + (clock >= SLEEPS), len(self.dates) - 1)]
        asleep = (clock < WAKES) | (clock >= SLEEPS)
        return np.where(asleep, morning + WAKES + rng.integers(0, 3 * HOUR, len(times)), times)

    def opening_time(self, times: Times, rng: np.random.Generator) -> Times:
        """The same moment if offices are open, else one of the next open day."""
        return np.where(self.is_open(times), times, self._on_open_day(self.day_of(times), 0, rng))

    def after_business_days(
        self, times: Times, business_days: Floats, rng: np.random.Generator
    ) -> Times:
        """When the city acts after some days of work: in office hours, later than `times`."""
        whole = np.floor(business_days).astype(np.int64)
        soon = times + rng.integers(10 * MINUTE, 3 * HOUR, len(times))
        later = self._on_open_day(self.day_of(times), whole, rng)
        return np.where((whole == 0) & self.is_open(soon), soon, later)

    def _on_open_day(self, days: Times, extra: Times | int, rng: np.random.Generator) -> Times:
        """A moment in office hours of the open day after each, or `extra - 1` open days later."""
        nth = self._business_before[days + 1] + np.maximum(np.asarray(extra) - 1, 0)
        open_days = self._business_days[np.minimum(nth, len(self._business_days) - 1)]
        moments: Times = self.midnights[open_days] + rng.integers(OPENS, CLOSES, len(days))
        return moments
