"""The synthetic city's time, a few weeks after the other: what happens, and when the messages come.

Journeys that begin in one block of weeks are walked together; what they say is kept until its time
has come. So memory holds the messages of the journeys under way, however many weeks there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ingest.city_calendar import DAY, HOUR, MINUTE, SECOND, CityCalendar
from ingest.city_messages import Pieces, Touches, is_on_device, routes_of_paths
from ingest.city_people import Beginnings, People, share_out, weight_of
from ingest.city_script import Script
from ingest.city_telling import CASE, PERSON, Teller, Told
from ingest.city_truth import PlantedFriction, Truth, add_counts
from ingest.city_walk import Walk, World
from journeys.errors import PolkuError

JOURNEYS_TOGETHER = 1_500
"""Journeys begun in one block of weeks, at least: fewer are slow to walk, more take memory."""

MARGIN = timedelta(days=90)
"""Days of the calendar behind the city's last moment: waits must find a day to end on."""

LATE_BY = (1 * DAY, 10 * DAY)
COPIES_WITHIN = 2 * HOUR

MOOD = 0.12  # losses of a block of weeks vary by this much, on the scale of logarithms

BEGINNINGS, WALKS, WAYS = 1, 2, 3  # streams of randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What happens to messages on their way; it changes nothing of what they say.

    Attributes:
        duplicates: Share of the touchpoints that come a second time, within two hours.
        disorder: Share that are held up, by up to `disorder_minutes`.
        disorder_minutes: The longest such delay.
        late: Share that come 1 to 10 days late.
    """

    duplicates: float = 0.0
    disorder: float = 0.0
    disorder_minutes: float = 30.0
    late: float = 0.0

    def __post_init__(self) -> None:
        for name in ("duplicates", "disorder", "late"):
            if not 0 <= getattr(self, name) <= 1:
                raise PolkuError(
                    f"city: {name} {getattr(self, name)} is no share. "
                    "Hint: 0.02 for two in a hundred"
                )
        if self.disorder_minutes <= 0:
            raise PolkuError(f"city: disorder_minutes {self.disorder_minutes} is none. Hint: 30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What makes one city differ from another.

    Attributes:
        seed: Of all that is random.
        until: The Monday it ends before.
        journeys: How many begin.
        weeks: How many.
        planted: What is wrong with it.
        faults: Of transport.
    """

    seed: int
    until: date
    journeys: int
    weeks: int
    planted: tuple[PlantedFriction, ...]
    faults: Faults

    def __post_init__(self) -> None:
        if self.until.weekday() != 0:
            monday = self.until - timedelta(days=self.until.weekday())
            raise PolkuError(
                f"city: until {self.until} is no Monday, and weeks end on Sunday. Hint: {monday}"
            )
        for name, least in (("seed", 0), ("journeys", 1), ("weeks", 1)):
            if getattr(self, name) < least:
                raise PolkuError(
                    f"city: {name} {getattr(self, name)} is less than {least}. Hint: {least + 41}"
                )

    @property
    def first(self) -> date:
        """The Monday the city begins."""
        return self.until - timedelta(weeks=self.weeks)


class Weeks:
    """One telling of the city, from its first week to its last."""

    def __init__(self, scripts: Sequence[Script], pieces: Pieces, settings: Settings) -> None:
        """Plan who begins when; nothing happens yet.

        Args:
            scripts: One a service.
            pieces: Of the messages.
            settings: Of the city.
        """
        self._scripts, self._pieces, self._settings = scripts, pieces, settings
        calendar = CityCalendar(settings.first, settings.until + MARGIN)
        days, planted = 7 * settings.weeks, settings.planted
        begins = [min(7 * (friction.since or 0), days) for friction in planted]
        self._calendar = calendar
        self._world = World(
            calendar=calendar,
            until=int(calendar.midnights[days]),
            planted=planted,
            planted_from=[int(calendar.midnights[day]) for day in begins],
        )
        weights = np.array([weight_of(script, calendar, days) for script in scripts])
        self._beginnings = [
            Beginnings(script, int(total), calendar, days, self._rng(BEGINNINGS, number))
            for number, (script, total) in enumerate(
                zip(scripts, share_out(settings.journeys, weights), strict=True)
            )
        ]
        self._met, self._affected, self._lost = ([0] * len(planted) for _ in range(3))
        self._counts: list[dict[str, int]] = [{} for _ in scripts]
        self._entered: list[dict[str, int]] = [{} for _ in scripts]
        self._lost_at: list[dict[str, int]] = [{} for _ in scripts]
        self._faulty: dict[str, int] = {}
        self._told = self._sent = 0

    def blocks(self) -> Iterator[tuple[Touches, float]]:
        """Let time pass, some weeks at once; what is on its way at the end comes with the last.

        Yields:
            What arrives, in order, and the share of the time that is gone.
        """
        weeks = self._settings.weeks
        together = max(-(-JOURNEYS_TOGETHER * weeks // self._settings.journeys), 1)
        waiting = Touches.together([])
        for week in range(0, weeks, together):
            last = min(week + together, weeks)
            happened = [
                self._happen(number, 7 * week, 7 * last) for number in range(len(self._scripts))
            ]
            everything = Touches.together([waiting, *happened])
            arrives = everything.arrival < self._calendar.midnights[7 * last]
            if last == weeks:
                arrives[:] = True
            arrived, waiting = everything.rows(arrives), everything.rows(~arrives)
            order = np.lexsort((arrived.number, arrived.arrival))
            self._sent += len(order)
            yield arrived.rows(order), last / weeks

    def truth(self) -> Truth:
        """What was true, once all blocks have passed; see `SyntheticCity.truth`."""
        settings = self._settings
        return {
            "seed": settings.seed,
            "first": settings.first.isoformat(),
            "until": settings.until.isoformat(),
            "weeks": settings.weeks,
            "journeys": sum(counts["started"] for counts in self._counts),
            "touchpoints": self._told,
            "messages": self._sent,
            "faults": dict(self._faulty),
            "planted": [self._planted_truth(number) for number in range(len(settings.planted))],
            "services": {
                script.key: {
                    **self._counts[number],
                    "entered": dict(self._entered[number]),
                    "lost": dict(self._lost_at[number]),
                }
                for number, script in enumerate(self._scripts)
            },
        }

    def _happen(self, number: int, first: int, last: int) -> Touches:
        """Walk the journeys of one service that begin from day `first` up to `last`."""
        rng = self._rng(WALKS, number, first)
        people = self._beginnings[number].begin(first, last, rng)
        mood = float(np.exp(rng.normal(0.0, MOOD)))
        walk = Walk(self._scripts[number], people.cohort, self._world, mood=mood, rng=rng)
        walk.walk()
        told = walk.teller.told
        self._note(number, walk, told)
        touches = self._as_touches(number, people, walk.teller, told)
        return self._send(touches, self._rng(WAYS, number, first))

    def _note(self, number: int, walk: Walk, told: Told) -> None:
        standing = walk.teller.standing
        add_counts(self._counts[number], {**standing.tally(), "touchpoints": len(told)})
        add_counts(self._entered[number], standing.tally_entered())
        add_counts(self._lost_at[number], standing.tally_lost())
        lost = standing.lost
        for place, struck in enumerate(walk.struck):
            self._met[place] += walk.met[place]
            self._affected[place] += walk.affected[place]
            self._lost[place] += int(lost[struck].sum())

    def _as_touches(self, number: int, people: People, teller: Teller, told: Told) -> Touches:
        script, who = self._scripts[number], told.journey
        *own, device = (column[who] for column in people.attributes)
        device = np.where(is_on_device(script, told), device, 0)
        route = np.where(told.routed, routes_of_paths(script)[people.cohort.path[who]], 0)
        extras = np.array([0, *(self._pieces.extra(*extra) for extra in teller.extras)])
        running = self._told + np.arange(len(told))
        self._told += len(told)
        return Touches(
            at=told.at,
            arrival=told.at.copy(),
            number=running,
            service=np.full(len(told), number),
            says=self._pieces.says(number, told),
            attributes=self._pieces.attributes(number, [*own, device, route]),
            extra=extras[told.extra],
            case=np.where(told.refs & CASE, people.case[who], -1),
            person=np.where(told.refs & PERSON, people.person[who], -1),
            by_centre=(told.code == script.help_code).astype(np.int64),
        )

    def _send(self, touches: Touches, rng: np.random.Generator) -> Touches:
        """Let the messages go their ways: some are held up, some come twice."""
        faults, count = self._settings.faults, len(touches)
        held = rng.random(count) < faults.disorder
        late = rng.random(count) < faults.late
        copied = rng.random(count) < faults.duplicates
        longest = max(int(faults.disorder_minutes * MINUTE), SECOND + 1)
        touches.arrival[:] += np.where(held, rng.integers(SECOND, longest, count), 0)
        touches.arrival[:] += np.where(late, rng.integers(*LATE_BY, count), 0)
        copies = touches.rows(copied)
        copies.arrival[:] += rng.integers(SECOND, COPIES_WITHIN, len(copies))
        met = {"duplicates": copied, "disorder": held, "late": late}
        add_counts(self._faulty, {name: int(share.sum()) for name, share in met.items()})
        return Touches.together([touches, copies])

    def _planted_truth(self, number: int) -> Truth:
        friction = self._settings.planted[number]
        begins = None
        if friction.since is not None:
            begins = self._settings.first + timedelta(weeks=friction.since)
        truth: Truth = {
            "service": friction.service,
            "step": friction.step,
            "kind": friction.kind,
            "size": friction.size,
            "since": None if begins is None else begins.isoformat(),
            "week": None if begins is None else f"{begins:%G-W%V}",
            "met": self._met[number],
            "affected": self._affected[number],
        }
        if friction.kind == "drop_off":
            truth["lost"] = self._lost[number]
        return truth

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, *stream])
