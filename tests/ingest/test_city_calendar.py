"""Days, hours and holidays of the synthetic city."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.city_calendar import (
    DAY,
    HOUR,
    CityCalendar,
    helsinki_midnight,
    in_span,
    is_school_holiday,
)

CALENDAR = CityCalendar(date(2025, 9, 1), date(2026, 12, 31))
INSTANTS = st.integers(int(CALENDAR.midnights[0]), int(CALENDAR.midnights[-1]) - 40 * DAY)


def as_time(*moment: int) -> np.ndarray:
    return np.array([round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)])  # type: ignore[misc]


def test_a_day_begins_at_midnight_in_helsinki_in_summer_and_in_winter() -> None:
    assert helsinki_midnight(date(2026, 7, 1)).astimezone(UTC).hour == 21
    assert helsinki_midnight(date(2026, 1, 1)).astimezone(UTC).hour == 22


def test_the_days_of_the_clock_change_have_23_and_25_hours() -> None:
    lengths = dict(zip(CALENDAR.dates, np.diff(CALENDAR.midnights), strict=True))

    assert lengths[date(2026, 3, 29)] == 23 * HOUR
    assert lengths[date(2026, 10, 25)] == 25 * HOUR
    assert sum(length != DAY for length in lengths.values()) == 3  # October 2025 too


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 12, 6),  # Independence Day
        date(2025, 12, 24),
        date(2026, 1, 6),  # Epiphany
        date(2026, 4, 3),  # Good Friday
        date(2026, 6, 19),  # Midsummer Eve
        date(2026, 11, 14),  # a Saturday
    ],
)
def test_offices_are_closed_on_holidays_and_at_weekends(day: date) -> None:
    assert not CALENDAR.business[CALENDAR.index_of(day)]


def test_offices_are_open_in_the_day_of_a_weekday() -> None:
    assert CALENDAR.is_open(as_time(2026, 11, 12, 8, 0)).all()  # 10:00
    assert not CALENDAR.is_open(as_time(2026, 11, 12, 5, 0)).any()  # 7:00
    assert not CALENDAR.is_open(as_time(2026, 11, 12, 15, 0)).any()  # 17:00


@pytest.mark.parametrize(
    ("day", "is_holiday"),
    [
        (date(2026, 2, 18), True),  # week 8
        (date(2026, 2, 25), False),
        (date(2026, 7, 15), True),
        (date(2026, 8, 12), False),
        (date(2026, 10, 14), True),  # week 42
        (date(2025, 12, 29), True),
        (date(2026, 1, 5), True),
    ],
)
def test_schools_close_in_weeks_8_and_42_in_summer_and_at_christmas(
    *, day: date, is_holiday: bool
) -> None:
    assert is_school_holiday(day) is is_holiday
    assert CALENDAR.school_holidays[CALENDAR.index_of(day)] == is_holiday


def test_a_span_of_the_year_may_lead_over_new_year() -> None:
    assert in_span(date(2026, 1, 1), (12, 21), (1, 6))
    assert in_span(date(2026, 12, 21), (12, 21), (1, 6))
    assert not in_span(date(2026, 1, 7), (12, 21), (1, 6))


@given(instant=INSTANTS, business_days=st.floats(0, 12), seed=st.integers(0, 99))
def test_the_city_acts_later_and_in_office_hours(
    instant: int, business_days: float, seed: int
) -> None:
    times = np.array([instant])

    acts = CALENDAR.after_business_days(
        times, np.array([business_days]), np.random.default_rng(seed)
    )

    assert acts > times
    assert CALENDAR.is_open(acts).all()
    first, last = CALENDAR.day_of(times)[0], CALENDAR.day_of(acts)[0]
    # Three working days after a Tuesday is a Friday: so many working days lie in between.
    assert CALENDAR.business[first + 1 : last + 1].sum() <= max(int(business_days), 1)


@given(instant=INSTANTS, seed=st.integers(0, 99))
def test_customers_are_moved_out_of_the_night_only_and_only_forward(
    instant: int, seed: int
) -> None:
    times = np.array([instant])

    awake = CALENDAR.awake(times, np.random.default_rng(seed))

    assert awake >= times
    assert CALENDAR.awake(awake, np.random.default_rng(seed + 1)) == awake
    clock = awake - CALENDAR.midnights[CALENDAR.day_of(awake)]
    assert (clock >= 7 * HOUR).all()
    assert (clock < 23 * HOUR).all()


@given(instant=INSTANTS, seed=st.integers(0, 99))
def test_a_closed_office_is_called_when_it_opens(instant: int, seed: int) -> None:
    times = np.array([instant])

    calls = CALENDAR.opening_time(times, np.random.default_rng(seed))

    assert calls >= times
    assert CALENDAR.is_open(calls).all()


def test_customers_come_by_day_and_hardly_by_night() -> None:
    days = np.full(20_000, CALENDAR.index_of(date(2026, 11, 12)))

    times = CALENDAR.customer_time(days, np.random.default_rng(0))

    hours = np.bincount((times - CALENDAR.midnights[days]) // HOUR, minlength=24)
    assert (CALENDAR.day_of(times) == days).all()
    assert hours[:5].sum() < 400
    assert hours[8:21].min() > 900
