"""Who begins a journey in the synthetic city, and when."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from ingest.city_behaviour import Behaviour
from ingest.city_calendar import DAY, MINUTE, WEEKDAYS_OF_CUSTOMERS, CityCalendar, Floats, Times
from ingest.city_messages import Numbers, dimensions
from ingest.city_script import Script
from ingest.city_telling import Cohort
from journeys.service import CHANNELS

PREFERRED_CHANNELS = {"web": 0.87, "phone": 0.06, "office": 0.04, "email": 0.03}
NAMELESS = 0.05  # share that give no person: helped at a desk, or on paper
REGULARS = 0.1  # share of the journeys of people who have several cases
CASES_OF_A_REGULAR = 3
SHAPE_OF_FRAILTY = 2.0  # gamma with mean 1

SHARES = {
    "lang": (0.79, 0.07, 0.14),
    "district": (0.24, 0.2, 0.16, 0.14, 0.14, 0.12),
    "device": (0.0, 0.56, 0.38, 0.06),
}

PUBLIC_HOLIDAY = 0.4
OPENING_DAYS, OPENING_RUSH = 3, 2.0
CLOSING_DAYS, CLOSING_RUSH = 4, 1.8
NOISE_SHAPE = 100.0  # weekly volumes vary by a tenth

LAST_MINUTES = 4 * MINUTE


@dataclass(frozen=True, slots=True)
class People:
    """The journeys of a cohort, and whose they are.

    Attributes:
        cohort: What the walk needs.
        case: Number of each case; -1 where it never gets one.
        person: Number of each person; -1 where none is given.
        attributes: One column for each of `dimensions(script)`, but the last, the route; places in
            the values.
    """

    cohort: Cohort
    case: Numbers
    person: Numbers
    attributes: tuple[Numbers, ...]


class Beginnings:
    """The beginnings of one service's journeys.

    Attributes:
        by_day: How many begin on each day of the city's time.
    """

    def __init__(
        self,
        script: Script,
        total: int,
        calendar: CityCalendar,
        days: int,
        rng: np.random.Generator,
    ) -> None:
        """Spread `total` journeys over the first `days` days of the calendar."""
        self._script, self._total, self._calendar, self._days = script, total, calendar, days
        volumes = _volumes(script.behaviour, calendar, days)
        weekly = rng.gamma(NOISE_SHAPE, 1 / NOISE_SHAPE, days // 7 + 1)
        volumes *= np.repeat(weekly, 7)[:days]
        mass = volumes.sum()
        self.by_day: Numbers = (
            rng.multinomial(total, volumes / mass) if mass > 0 else np.zeros(days, dtype=np.int64)
        )
        self._numbered = np.concatenate([[0], np.cumsum(self.by_day)])
        self._regulars = max(round(total * REGULARS / CASES_OF_A_REGULAR), 1)
        self._frailty_of_regulars = _frailty(self._regulars, rng)
        self._closes = _closes(script.behaviour, calendar)

    def begin(self, first: int, last: int, rng: np.random.Generator) -> People:
        """Begin the journeys of the days from `first` up to `last`, sorted by their start."""
        days = np.repeat(np.arange(first, last), self.by_day[first:last])
        count = len(days)
        behaviour, calendar = self._script.behaviour, self._calendar
        channel = _pick(rng, tuple(PREFERRED_CHANNELS.values()), count)
        start = calendar.customer_time(days, rng)
        opened = calendar.opening_time(start, rng)
        closes = self._close_after(start)
        by_office = channel != 0
        if behaviour.begun_by == "city":
            by_office = np.ones(count, dtype=bool)
        start = np.where(by_office & (opened < closes), opened, start)
        if last == self._days and count and not behaviour.rounds and behaviour.begun_by != "city":
            # Where it is always open someone is always at it, at the last moment too.
            start[-1], channel[-1] = calendar.midnights[last] - LAST_MINUTES, 0
        order = np.argsort(start, kind="stable")
        draws = rng.random(count)
        caseless = draws < behaviour.caseless
        nameless = ~caseless & (draws < behaviour.caseless + NAMELESS)
        regular = ~caseless & ~nameless & (draws < behaviour.caseless + NAMELESS + REGULARS)
        who = rng.integers(0, self._regulars, count)
        frailty = np.where(regular, self._frailty_of_regulars[who], _frailty(count, rng))
        numbers = self._numbered[first] + np.arange(count)
        preferred = np.array([CHANNELS.index(name) for name in PREFERRED_CHANNELS])
        return People(
            cohort=Cohort(
                start=start[order],
                path=_pick(rng, tuple(behaviour.paths.values()), count),
                frailty=frailty,
                channel=preferred[channel[order]],
                caseless=caseless,
                nameless=nameless,
                regular=regular,
                closes=closes[order],
            ),
            case=np.where(caseless, -1, numbers),
            person=np.where(nameless, -1, np.where(regular, self._total + who, numbers)),
            attributes=tuple(
                _pick(rng, SHARES.get(name, (1 / len(values),) * len(values)), count)
                for name, values in dimensions(self._script)[:-1]
            ),
        )

    def _close_after(self, start: Times) -> Times:
        place = np.searchsorted(self._closes, start, side="right")
        closes: Times = self._closes[np.minimum(place, len(self._closes) - 1)]
        return closes


def share_out(total: int, weights: Floats) -> Numbers:
    """Share a total out by weight, in whole numbers: the largest remainders get one more.

    Examples:
        >>> share_out(10, np.array([0.0, 1.0, 2.0])).tolist()
        [0, 3, 7]
    """
    exact = total * weights / weights.sum()
    shares: Numbers = np.floor(exact).astype(np.int64)
    missing = total - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:missing]] += 1
    return shares


def weight_of(script: Script, calendar: CityCalendar, days: int) -> float:
    """Share of the city's journeys that a service has; 0 if it is never open in these days."""
    return script.behaviour.weight * bool(_volumes(script.behaviour, calendar, days).sum() > 0)


def _volumes(behaviour: Behaviour, calendar: CityCalendar, days: int) -> Floats:
    """Relative number of journeys that begin on each day."""
    volumes = np.array(
        [
            behaviour.months[day.month - 1] * WEEKDAYS_OF_CUSTOMERS[day.weekday()]
            for day in calendar.dates[:days]
        ]
    )
    volumes[calendar.public_holidays[:days]] *= PUBLIC_HOLIDAY
    volumes[calendar.school_holidays[:days]] *= behaviour.on_holidays
    if behaviour.rounds:
        volumes *= _rush(behaviour, calendar, days)
    return volumes


def _rush(behaviour: Behaviour, calendar: CityCalendar, days: int) -> Floats:
    """0 outside the rounds, 1 within, more in their first and last days."""
    rush = np.zeros(days)
    for opens, closes in _rounds(behaviour, calendar):
        first, last = (opens - calendar.dates[0]).days, (closes - calendar.dates[0]).days
        for day in range(max(first, 0), min(last + 1, days)):
            rush[day] = 1.0
            if day < first + OPENING_DAYS:
                rush[day] = OPENING_RUSH
            elif day > last - CLOSING_DAYS:
                rush[day] = CLOSING_RUSH
    return rush


def _rounds(behaviour: Behaviour, calendar: CityCalendar) -> list[tuple[date, date]]:
    years = range(calendar.dates[0].year - 1, calendar.dates[-1].year + 1)
    return sorted(
        (date(year, *opens), date(year, *closes))
        for year in years
        for opens, closes in behaviour.rounds
    )


def _closes(behaviour: Behaviour, calendar: CityCalendar) -> Times:
    """When rounds close, ending with a moment that never comes."""
    ends = [closes + timedelta(days=1) for _, closes in _rounds(behaviour, calendar)]
    within = [
        int(calendar.midnights[calendar.index_of(day)])
        for day in ends
        if calendar.dates[0] < day <= calendar.dates[-1]
    ]
    return np.array([*within, int(calendar.midnights[-1]) + 365 * DAY], dtype=np.int64)


def _pick(rng: np.random.Generator, shares: tuple[float, ...], count: int) -> Numbers:
    edges = np.cumsum(shares)
    return np.searchsorted(edges[:-1] / edges[-1], rng.random(count), side="right").astype(np.int64)


def _frailty(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.gamma(SHAPE_OF_FRAILTY, 1 / SHAPE_OF_FRAILTY, count)
