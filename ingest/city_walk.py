"""A cohort of journeys of one service, walked stage by stage, many at a time.

Every journey is walked to its end, however far away that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.city_behaviour import Decision, End, Stage, Wait
from ingest.city_calendar import DAY, HOUR, MINUTE, SECOND, CityCalendar, Flags, Floats, Times
from ingest.city_script import Script, StageRule
from ingest.city_telling import Cohort, Teller
from ingest.city_truth import FACTORS, FrictionKind, Places, PlantedFriction
from ingest.city_waits import Waits
from journeys.service import Actor, Outcome

FORGOTTEN = 0.012  # share of the city's waits that never end: broken promises
RETURNS_LATE = 0.03  # share of the pauses that last longer than the deadline
LOOKS_BACK = 0.02  # share that look at an earlier page again while the city decides
HURRIES = 0.8  # share that finish before the round closes rather than miss it
CALLS_FIRST = 0.02  # share that ask for help before they begin
OFFICES_AND_EVENTS = ("office", "round", "event")  # what people wait for, and ask about
REPEATED_WITHIN = 13 * DAY  # after a completion; later contacts would belong to nothing


@dataclass(frozen=True, slots=True)
class World:
    """What all cohorts of a city share.

    Attributes:
        calendar: Its days.
        until: Its last moment, ms.
        planted: What is wrong with it.
        planted_from: When each of these begins, ms.
    """

    calendar: CityCalendar
    until: int
    planted: Sequence[PlantedFriction]
    planted_from: Sequence[int]


class Walk:
    """One cohort on its way.

    Attributes:
        teller: Knows what happened.
        met, affected: By planted friction: journeys that met it, and those it changed.
        struck: By planted drop-off: rows of the journeys that it made end.
    """

    def __init__(
        self, script: Script, cohort: Cohort, world: World, *, mood: float, rng: np.random.Generator
    ) -> None:
        """Stand at the start.

        Args:
            script: Of the service.
            cohort: Who walks.
            world: Where.
            mood: Factor of the losses of these weeks.
            rng: Of all that happens to them.
        """
        self.teller = Teller(script, cohort, calendar=world.calendar, until=world.until, rng=rng)
        self.met = [0] * len(world.planted)
        self.affected = [0] * len(world.planted)
        self.struck: list[Places] = [np.empty(0, dtype=np.intp) for _ in world.planted]
        self._script, self._cohort, self._world = script, cohort, world
        self._calendar, self._mood, self._rng = world.calendar, mood, rng
        self._waits = Waits(world.calendar, rng)
        self._now = cohort.start.copy()
        self._walking = np.ones(len(cohort), dtype=bool)

    def walk(self) -> None:
        """Walk every journey to its end."""
        self._call_first()
        for index, stage in enumerate(self._script.behaviour.stages):
            who = np.flatnonzero(self._walking)
            rule = self._script.stages[index]
            if isinstance(stage, Decision):
                self._decide(who, stage)
            elif rule is not None:
                self._visit(who[rule.on_path[self._cohort.path[who]]], index, stage, rule)

    def _visit(self, who: Places, index: int, stage: Stage, rule: StageRule) -> None:
        if stage.share < 1:
            # Nobody is asked how it was in whose journey no case can be named.
            comes = self._rng.random(len(who)) < stage.share
            comes &= ~self._cohort.caseless[who]
            self._walking[who[~comes]] = False
            who = who[comes]
        self.teller.reach(who, stage.step)
        for number in rule.planted:
            here = int(self._meets(who, number).sum())
            self.met[number] += here
            if self._world.planted[number].kind in FACTORS:
                self.affected[number] += here
        self._attempt(who, stage, rule)
        self._pause(who, stage, rule)
        self._turn_back(who, index, stage, rule)
        if rule.with_customer:
            self._ask_for_help(who, stage, rule)
        self._go_on(self._lose(who, stage, rule), index, stage, rule)

    def _attempt(self, who: Places, stage: Stage, rule: StageRule) -> None:
        """Touch the step; some customers fail first, once or twice."""
        draws = self._rng.random(len(who))
        base = stage.retry if self._script.rules[rule.code].actor is Actor.CUSTOMER else 0.0
        failures = (draws < base).astype(np.int64)
        failures[self._strike(who, rule, "re_entry", base, draws)] = 1
        failures[self._strike(who, rule, "retry", base, draws)] = 2
        for attempt in range(int(failures.max(initial=0))):
            failing = who[failures > attempt]
            self.teller.touch(failing, self._now[failing], rule.code, stage=stage, error=True)
            self._now[failing] += self._waits.spans(len(failing), 12 * SECOND, 50 * SECOND)
        self.teller.touch(who, self._now[who], rule.code, stage=stage)

    def _pause(self, who: Places, stage: Stage, rule: StageRule) -> None:
        """Leave, and come back to the same step; near the round's close nobody does."""
        if stage.pause is None:
            return
        share, wait = stage.pause
        who = who[self._rng.random(len(who)) < share]
        back = self._after(who, wait, rule)
        late = (self._rng.random(len(who)) < RETURNS_LATE) & self.teller.is_cased(who)
        late &= rule.deadline >= DAY
        overdue = self._now[who] + _part(rule.deadline, self._rng.uniform(1.05, 1.6, len(who)))
        back = np.where(late, overdue, back)
        in_time = back < self._cohort.closes[who]
        who, back = who[in_time], back[in_time]
        self._now[who] = back
        self.teller.touch(who, back, rule.code)

    def _turn_back(self, who: Places, index: int, stage: Stage, rule: StageRule) -> None:
        """Go back to an earlier step and come forward again."""
        draws = self._rng.random(len(who))
        turns = draws < stage.back
        turns |= self._strike(who, rule, "loop", stage.back, draws)
        who = who[turns]
        first = self._script.place_of(stage.back_to, index)
        for other in self._script.stages[first : index + 1]:
            if other is not None and len(who):
                on = who[other.on_path[self._cohort.path[who]]]
                self._now[on] += self._waits.spans(len(on), 15 * SECOND, 2 * MINUTE)
                self.teller.touch(on, self._now[on], other.code)

    def _ask_for_help(self, who: Places, stage: Stage, rule: StageRule) -> None:
        """Call while the next step is the customer's own."""
        draws = self._rng.random(len(who))
        asks = draws < stage.contact
        asks |= self._strike(who, rule, "channel_switch", stage.contact, draws)
        who = who[asks]
        span = min(rule.deadline, 2 * DAY)
        at = self._now[who] + _part(span, self._rng.uniform(0.1, 0.5, len(who)))
        if span > HOUR:
            morning = self._calendar.awake(at, self._rng)
            at = np.where(morning - self._now[who] < 0.8 * rule.deadline, morning, at)
        in_time = at < self._cohort.closes[who]
        who, at = who[in_time], at[in_time]
        self.teller.contact(who, at)
        self._now[who] = at + self._waits.spans(len(who), MINUTE, 6 * MINUTE)

    def _lose(self, who: Places, stage: Stage, rule: StageRule) -> Places:
        """End some journeys without success, refuse some; return those that go on."""
        draws = self._rng.random(len(who))
        base = np.minimum(stage.loss * self._cohort.frailty[who] * self._mood, 0.5)
        leaves = draws < base
        for number in rule.planted:
            if self._world.planted[number].kind == "drop_off":
                made = self._strike(who, rule, "drop_off", base, draws)
                self.struck[number] = np.concatenate([self.struck[number], who[made]])
                leaves |= made
        lost, rest = who[leaves], who[~leaves]
        ends: list[End] = list(stage.ends)
        edges = np.cumsum([stage.ends[end] for end in ends])
        which = np.searchsorted(edges, self._rng.random(len(lost)) * edges[-1], side="right")
        for number, end in enumerate(ends):
            some = lost[which == number]
            if end == "cancelled":
                at = self._cancels_at(some, stage, rule)
                self.teller.end(some, at, Outcome.CANCELLED, stage=stage)
            elif end == "expired":
                at = self._after(some, stage.sweep, rule)
                self.teller.end(some, at, Outcome.EXPIRED, stage=stage)
        self._walking[lost] = False
        refuses = self._rng.random(len(rest)) < stage.refused
        refused = rest[refuses]
        at = self._now[refused] + self._waits.spans(len(refused), 2 * SECOND, 40 * SECOND)
        self.teller.end(refused, at, Outcome.REFUSED, stage=stage)
        self._walking[refused] = False
        return rest[~refuses]

    def _go_on(self, who: Places, index: int, stage: Stage, rule: StageRule) -> None:
        """Wait for the next stage: the customer at most the deadline, the city perhaps for ever."""
        slower = np.ones(len(who))
        for number in rule.planted:
            if self._world.planted[number].kind in FACTORS:
                slower[self._meets(who, number)] *= self._world.planted[number].size
        at = self._after(who, stage.wait, rule, slower)
        if rule.with_customer and rule.before_sending:
            who, at = self._meet_close(who, at, stage)
        if not rule.with_customer and not rule.decided and stage.wait.kind in OFFICES_AND_EVENTS:
            self._wonder(who, at, index, stage)
            if stage.wait.kind != "event":
                self._walking[who[self._rng.random(len(who)) < FORGOTTEN]] = False
        self._now[who] = at

    def _meet_close(self, who: Places, at: Times, stage: Stage) -> tuple[Places, Times]:
        """Who cannot finish before the round closes hurries, or misses it and the draft expires."""
        now, closes = self._now[who], self._cohort.closes[who]
        late = at >= closes
        hurried = np.maximum(
            closes - self._waits.spans(len(who), 20 * MINUTE, 8 * HOUR), now + 5 * SECOND
        )
        hurries = late & (self._rng.random(len(who)) < HURRIES) & (hurried < closes)
        missed = late & ~hurries
        drafts = missed & self.teller.is_cased(who)
        swept = np.maximum(closes, now) + self._waits.spans(len(who), MINUTE, 10 * MINUTE)
        self.teller.end(who[drafts], swept[drafts], Outcome.EXPIRED, stage=stage)
        self._walking[who[missed]] = False
        return who[~missed], np.where(hurries, hurried, at)[~missed]

    def _wonder(self, who: Places, at: Times, index: int, stage: Stage) -> None:
        """While the city works, some look at an earlier page again and some call."""
        now, span = self._now[who], at - self._now[who]
        long = span > HOUR
        page = self._script.page_before(index)
        if page is not None:
            looks = long & (self._rng.random(len(who)) < LOOKS_BACK)
            when = now + _part(span, self._rng.uniform(0.05, 0.15, len(who)))
            self.teller.touch(who[looks], when[looks], page)
        asks = long & (self._rng.random(len(who)) < stage.contact)
        when = now + _part(span, self._rng.uniform(0.2, 0.9, len(who)))
        opened = self._calendar.opening_time(when, self._rng)
        when = np.where(opened < at, opened, when)
        self.teller.contact(who[asks], when[asks])

    def _decide(self, who: Places, decision: Decision) -> None:
        behaviour = self._script.behaviour
        by_path = np.array([decision.refused.get(path, 0.0) for path in self._script.paths])
        refuses = self._rng.random(len(who)) < by_path[self._cohort.path[who]]
        refused, succeeded = who[refuses], who[~refuses]
        self.teller.end(refused, self._now[refused], Outcome.REFUSED)
        self.teller.end(succeeded, self._now[succeeded], Outcome.SUCCEEDED)
        self._contact_again(who)
        cancels = succeeded[self._rng.random(len(succeeded)) < behaviour.cancelled_later]
        days = self._rng.uniform(0.2, 12.0, len(cancels))
        at = self._calendar.awake(self._now[cancels] + _part(DAY, days), self._rng)
        self.teller.end(cancels, at, Outcome.CANCELLED)
        self._walking[refused] = False
        self._now[succeeded] = self._after(succeeded, decision.wait)

    def _contact_again(self, who: Places) -> None:
        """Contact the city about what is done."""
        draws = self._rng.random(len(who))
        base = self._script.behaviour.contacted_later
        asks = draws < base
        for number, friction in enumerate(self._world.planted):
            if friction.kind == "repeat_contact" and friction.service == self._script.key:
                here = self._meets(who, number)
                made = here & (draws >= base) & (draws < base + friction.size)
                self.met[number] += int(here.sum())
                self.affected[number] += int(made.sum())
                asks |= made
        who = who[asks]
        days = self._rng.uniform(0.1, 9.0, len(who))
        at = self._calendar.opening_time(self._now[who] + _part(DAY, days), self._rng)
        near = at - self._now[who] < REPEATED_WITHIN
        self.teller.contact(who[near], at[near])

    def _call_first(self) -> None:
        """Ask for help before beginning: a person, up to three days before there is a case."""
        if self._script.behaviour.begun_by == "city":
            return
        cohort = self._cohort
        knows = ~cohort.caseless & ~cohort.nameless & ~cohort.regular
        who = np.flatnonzero(knows & (self._rng.random(len(cohort)) < CALLS_FIRST))
        days = self._rng.uniform(0.05, 3.0, len(who))
        start = self._calendar.awake(self._now[who] + _part(DAY, days), self._rng)
        in_time = start < cohort.closes[who]
        who, start = who[in_time], start[in_time]
        self.teller.contact(who, self._now[who], before=True)
        self._now[who] = start

    def _after(
        self,
        who: Places,
        wait: Wait,
        rule: StageRule | None = None,
        slower: Floats | float = 1.0,
    ) -> Times:
        closes = self._cohort.closes[who]
        return self._waits.over(self._now[who], wait, closes=closes, rule=rule, slower=slower)

    def _cancels_at(self, who: Places, stage: Stage, rule: StageRule) -> Times:
        """The customer says so: soon if it is the customer's turn, else while the city works."""
        if rule.with_customer:
            span = np.full(len(who), min(rule.deadline, DAY))
        else:
            span = self._after(who, stage.wait, rule) - self._now[who]
        return self._now[who] + SECOND + _part(span, self._rng.uniform(0.1, 0.6, len(who)))

    def _meets(self, who: Places, number: int) -> Flags:
        now = self._now[who]
        return (now >= self._world.planted_from[number]) & (now < self._world.until)

    def _strike(
        self, who: Places, rule: StageRule, kind: FrictionKind, base: Floats | float, draws: Floats
    ) -> Flags:
        """Whom planted friction of a kind changes: whose draw lies just above the base share."""
        struck = np.zeros(len(who), dtype=bool)
        for number in rule.planted:
            friction = self._world.planted[number]
            if friction.kind == kind:
                made = (draws >= base) & (draws < base + friction.size) & self._meets(who, number)
                self.affected[number] += int(made.sum())
                struck |= made
        return struck


def _part(span: Times | int, share: Floats) -> Times:
    return (span * share).astype(np.int64)
