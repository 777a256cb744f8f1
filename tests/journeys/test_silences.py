"""When a stream is silent: laws, and the rhythms of a city."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from journeys.service import HELSINKI
from journeys.silences import WINDOW, Hearing, Silence, allowed_hours, hour_of, silences

HOUR = timedelta(hours=1)
HOURS = st.lists(st.integers(0, 3000), min_size=1, unique=True).map(sorted)


def moment(hour: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + hour * HOUR


def heard(hours: list[int], *, now: int) -> Silence:
    (found,) = silences([("urn:hel:varaamo", hour) for hour in hours], now=moment(now))
    return found


def opening_hours(first: str, last: str, *, days: int, begin: int, end: int) -> list[int]:
    """Every full hour of local time from `begin` up to `end`, on the first `days` of each week."""
    at, until = (datetime.fromisoformat(day).replace(tzinfo=HELSINKI) for day in (first, last))
    found = []
    while at < until:
        local = at.astimezone(HELSINKI)
        if local.weekday() < days and begin <= local.hour < end:
            found.append(hour_of(at))
        at = (at.astimezone(UTC) + HOUR).astimezone(HELSINKI)
    return found


def local(text: str) -> int:
    return hour_of(datetime.fromisoformat(text).replace(tzinfo=HELSINKI))


def test_stream_that_says_something_every_hour_is_silent_after_three() -> None:
    hours = list(range(1000))

    assert heard(hours, now=999) == Silence("urn:hel:varaamo", moment(999), 0, 3, Hearing.HEARD)
    assert heard(hours, now=1002).hearing is Hearing.HEARD
    assert heard(hours, now=1003).hearing is Hearing.SILENT


def test_one_outage_is_no_habit() -> None:
    hours = [hour for hour in range(600) if not 300 < hour < 348]

    assert allowed_hours(hours) == 3


def test_usual_is_what_nineteen_of_twenty_gaps_do_not_exceed() -> None:
    # 40 gaps, all of 1 but two of 5: rank ceil(38.0) = 38 is a 1. With three of 5 it is a 5.
    two, three = [*range(39), 43, 48], [*range(38), 42, 47, 52]

    assert (len(two), len(three)) == (41, 41)
    assert (allowed_hours(two), allowed_hours(three)) == (3, 15)


def test_nights_are_not_silent() -> None:
    # Asleep from 2 to 5: 20 gaps of an hour and one of 4 a day, so 3 x 1, but it is a habit: 6.
    hours = opening_hours("2026-05-04", "2026-06-01", days=7, begin=5, end=24)
    hours += opening_hours("2026-05-04", "2026-06-01", days=7, begin=0, end=2)
    hours.sort()

    until_two = [hour for hour in hours if hour < local("2026-05-30T02:00")]

    assert allowed_hours(hours) == 6
    assert heard(until_two, now=local("2026-05-30T05:00")).hearing is Hearing.HEARD


def test_office_that_is_closed_at_weekends_is_silent_on_tuesday_and_not_before() -> None:
    # Monday to Friday, 8 to 16: gaps of 1, 17 at night and 65 over the weekend; 1.5 x 65 = 97.
    hours = opening_hours("2026-05-04", "2026-06-01", days=5, begin=8, end=16)

    assert allowed_hours(hours) == 97
    assert heard(hours, now=local("2026-06-01T08:00")).hearing is Hearing.HEARD
    assert heard(hours, now=local("2026-06-02T08:00")).hearing is Hearing.HEARD
    assert heard(hours, now=local("2026-06-02T17:00")).hearing is Hearing.SILENT


def test_change_of_the_clocks_makes_nobody_ill() -> None:
    for first, last, monday in [
        ("2026-09-28", "2026-10-24", "2026-10-26T08:00"),  # the weekend has 25 hours on Sunday
        ("2026-03-02", "2026-03-28", "2026-03-30T08:00"),  # 23
    ]:
        hours = opening_hours(first, last, days=5, begin=8, end=16)

        assert heard(hours, now=local(monday)).hearing is Hearing.HEARD


def test_stream_that_speaks_once_a_night_may_miss_two() -> None:
    hours = [24 * day for day in range(28)]

    assert heard(hours, now=27 * 24 + 72).hearing is Hearing.HEARD
    assert heard(hours, now=27 * 24 + 73).hearing is Hearing.SILENT


def test_with_fewer_than_twenty_gaps_nothing_is_judged() -> None:
    assert heard(list(range(20)), now=500).hearing is Hearing.TOO_YOUNG
    assert heard(list(range(21)), now=500).hearing is Hearing.SILENT
    # Once a week for a year: 4 gaps in the window.
    assert heard([168 * week for week in range(52)], now=168 * 52).hearing is Hearing.TOO_YOUNG


def test_habits_are_those_of_the_last_four_weeks() -> None:
    once_a_day = [24 * day for day in range(100)]
    hourly_since = [2400 + hour for hour in range(WINDOW)]

    assert allowed_hours(once_a_day) == 72
    assert allowed_hours(once_a_day + hourly_since) == 3


def test_after_four_weeks_of_silence_the_source_has_ended() -> None:
    hours = list(range(100))

    assert heard(hours, now=99 + WINDOW).hearing is Hearing.SILENT
    assert heard(hours, now=100 + WINDOW).hearing is Hearing.ENDED
    assert heard([0], now=1 + WINDOW).hearing is Hearing.ENDED


def test_each_source_is_judged_by_itself_and_none_is_nothing() -> None:
    arrivals = [("b", hour) for hour in range(100)] + [("a", 99)] + [("b", 99)]

    found = silences(arrivals, now=moment(110))

    assert [(one.source, one.hearing) for one in found] == [
        ("a", Hearing.TOO_YOUNG),
        ("b", Hearing.SILENT),
    ]
    assert silences([], now=moment(0)) == []


@given(HOURS, st.integers(0, 2000), st.integers(-3000, 3000))
def test_judgement_depends_on_distances_alone(hours: list[int], since: int, shift: int) -> None:
    now, base = hours[-1] + since, 10_000
    moved = heard([base + shift + hour for hour in hours], now=base + shift + now)
    found = heard([base + hour for hour in hours], now=base + now)

    assert (moved.hours, moved.allowed, moved.hearing) == (
        found.hours,
        found.allowed,
        found.hearing,
    )


@given(HOURS, st.integers(0, WINDOW), st.integers(0, WINDOW))
def test_longer_silence_is_never_judged_milder(hours: list[int], one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    is_silent = [
        heard(hours, now=hours[-1] + s).hearing is Hearing.SILENT for s in (shorter, longer)
    ]

    assert is_silent == sorted(is_silent)


@given(HOURS)
def test_allowed_is_at_least_three_times_the_usual_gap(hours: list[int]) -> None:
    allowed = allowed_hours(hours)
    window = [hour for hour in hours if hour > hours[-1] - WINDOW]
    gaps = [b - a for a, b in pairwise(window)]

    assert (allowed is None) == (len(gaps) < 20)
    if allowed is not None:
        within = sum(3 * gap <= allowed for gap in gaps)
        assert within >= 0.95 * len(gaps)
