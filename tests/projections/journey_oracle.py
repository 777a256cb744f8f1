"""A second, slow reading of what makes a journey and how it ends, to test the product against.

Written from the text of the rules alone (its sections are cited as 1, 2 and 3), as literally as
Python allows: plain objects, everything worked out from scratch wherever that is shorter to read.
Sections 1 and 2 are in `oracle_course`, section 3 is here. Where the text leaves a choice, the
comment says "Reading:" and why.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from journeys.service import COMPLETED, ServiceHistory
from journeys.touchpoint import Touchpoint
from tests.projections.oracle_course import CITY, CUSTOMER, Course, Order, Rules, Standing, Touch

MOST_CASES_OF_A_PERSON = 200


class JourneyKey(NamedTuple):
    """Which journey: a case by its reference; an own one by its person, counted from 1."""

    kind: str  # "case" or "own"
    ref: str
    ordinal: int = 0


@dataclass(frozen=True)
class OracleVisit:
    step: str
    entered_at: datetime
    left_at: datetime
    touchpoints: int
    errors: int
    channel: str


@dataclass(frozen=True)
class OracleJourney:
    """One journey as it stands at `as_of`; ball, deadline and step in force of open ones only."""

    key: JourneyKey
    started_at: datetime
    version: int
    outcome: str
    ended_at: datetime | None
    last_customer_step: str | None
    force_step: str | None
    ball: str | None
    deadline_at: datetime | None
    broken_promise: bool
    cancelled_afterwards: bool
    resurrected: bool
    members: tuple[tuple[str, str], ...]  # (source, id) of its touchpoints, in order
    visits: tuple[OracleVisit, ...]

    def stands_at(self, step: str) -> str:
        """Say where a journey stands at a step it entered: advanced, dropped or open (2)."""
        lost = self.outcome in {"cancelled", "expired", "abandoned"}
        if lost and self.last_customer_step == step:
            return "dropped"
        return "open" if self.outcome == "open" and self.force_step == step else "advanced"


class AtStep(NamedTuple):
    """Journeys that entered a step: entered = advanced + dropped + open."""

    entered: int
    advanced: int
    dropped: int
    open: int


@dataclass(frozen=True)
class OracleResult:
    journeys: tuple[OracleJourney, ...]  # by start, then key
    unlinked: int
    unmapped: dict[str, int]

    def steps(self) -> dict[str, AtStep]:
        """Count for each step entered how many advanced, dropped or are open there (2)."""
        counts: dict[str, Counter[str]] = {}
        for journey in self.journeys:
            for step in {visit.step for visit in journey.visits}:
                counts.setdefault(step, Counter())[journey.stands_at(step)] += 1
        return {
            step: AtStep(count.total(), count["advanced"], count["dropped"], count["open"])
            for step, count in counts.items()
        }


def trace(
    touchpoints: Iterable[Touchpoint], history: ServiceHistory, as_of: datetime
) -> OracleResult:
    """Judge the set of touchpoints of one service as it stands at a moment."""
    first_to_arrive: dict[tuple[str, str], Touchpoint] = {}
    for touchpoint in touchpoints:
        first_to_arrive.setdefault((touchpoint.source, touchpoint.id), touchpoint)
    existing = [t for t in first_to_arrive.values() if t.occurred_at < as_of]
    touches = sorted((Touch.read(t, history) for t in existing), key=lambda touch: touch.order)
    cases, own_journeys, unlinked = _which_journey(touches, history)
    journeys = [
        _as_it_stands(JourneyKey("case", case.ref), case.all_touches, case.rules, as_of)
        for case in cases
        if case.is_counted
    ]
    journeys += [
        _as_it_stands(JourneyKey("own", own.person, own.ordinal), own.touches, own.rules, as_of)
        for own in own_journeys
    ]
    return OracleResult(
        journeys=tuple(sorted(journeys, key=lambda journey: (journey.started_at, journey.key))),
        unlinked=unlinked + sum(len(case.all_touches) for case in cases if not case.is_counted),
        unmapped=dict(Counter(touch.name for touch in touches if touch.is_unmapped)),
    )


def _as_it_stands(
    key: JourneyKey, touches: Sequence[Touch], rules: Rules, as_of: datetime
) -> OracleJourney:
    course = Course(rules, touches)
    standing = course.standing(as_of)
    is_open = standing.outcome == "open"
    is_completed = standing.outcome in {outcome.value for outcome in COMPLETED}
    return OracleJourney(
        key=key,
        started_at=touches[0].at,
        version=rules.index,
        outcome=standing.outcome,
        ended_at=standing.ended_at,
        last_customer_step=standing.last_customer_step,
        force_step=course.force_step.key if is_open and course.force_step else None,
        ball=course.ball if is_open else None,
        deadline_at=course.deadline_at if is_open else None,
        broken_promise=is_open and course.ball == CITY and as_of > course.deadline_at,
        cancelled_afterwards=is_completed
        and course.ending is not None
        and course.ending.cancelled_afterwards,
        resurrected=course.was_abandoned and (is_open or is_completed),
        members=tuple(touch.order[1:] for touch in touches),
        visits=_visits(touches, rules),
    )


def _visits(touches: Sequence[Touch], rules: Rules) -> tuple[OracleVisit, ...]:
    """Consecutive touchpoints of one step, or with `visits: each` every touchpoint of a step."""
    together: list[list[Touch]] = []
    parted = True
    for touch in touches:
        if touch.step is None:
            # 2: an outcome that no step covers (and no error) parts; what is unmapped does not.
            parted = parted or touch.outcome is not None
            continue
        parted = parted or rules.version.visits == "each"
        if not parted and together[-1][0].step_key == touch.step_key:
            together[-1].append(touch)
        else:
            together.append([touch])
        parted = False
    return tuple(
        OracleVisit(
            step=visit[0].step_key,
            entered_at=visit[0].at,
            left_at=visit[-1].at,
            touchpoints=len(visit),
            errors=sum(touch.error for touch in visit),
            channel=visit[0].channel,  # Reading: where the visit began
        )
        for visit in together
    )


# --- 3: which journey ---------------------------------------------------------------------------


@dataclass
class Case:
    """Rule 1: everything that carries the case, and what is linked to it."""

    ref: str
    carrying: list[Touch]
    rules: Rules
    linked: list[Touch] = field(default_factory=list)

    @property
    def all_touches(self) -> list[Touch]:
        return sorted(self.carrying + self.linked, key=lambda touch: touch.order)

    @property
    def is_counted(self) -> bool:
        """Whether it has, linked touchpoints included, an outcome or a step that is no help."""
        steps = [self.rules.step_of(touch) for touch in self.all_touches]
        return any(step is not None and not step.help for step in steps) or any(
            touch.outcome is not None for touch in self.all_touches
        )

    @property
    def begun(self) -> Order:
        return self.carrying[0].order

    def is_to_begin(self, touch: Touch) -> bool:
        wait = self.carrying[0].at - touch.at
        return self.begun > touch.order and wait <= self.rules.version.link_before

    def course(self, touch: Touch) -> Course:
        """Its course up to that moment, judged on the touchpoints that carry it alone."""
        return Course(self.rules, self._carried_before(touch))

    def standing(self, touch: Touch) -> Standing:
        return self.course(touch).standing(touch.at)

    def last_moment(self, touch: Touch) -> datetime | None:
        """Its end, or its last such touchpoint if later; None while it runs."""
        end = self.standing(touch).ended_at
        return None if end is None else max(end, self._carried_before(touch)[-1].at)

    def _carried_before(self, touch: Touch) -> list[Touch]:
        return [carrying for carrying in self.carrying if carrying.order < touch.order]


@dataclass
class OwnJourney:
    """Rule 3: an attempt of a person without a case."""

    person: str
    ordinal: int
    touches: list[Touch]
    rules: Rules

    @property
    def begun(self) -> Order:
        return self.touches[0].order

    def course(self) -> Course:
        return Course(self.rules, self.touches)

    def standing(self, touch: Touch) -> Standing:
        return self.course().standing(touch.at)

    def last_moment(self, touch: Touch) -> datetime | None:
        """Its end; None while it runs."""
        return self.standing(touch).ended_at


def _which_journey(
    touches: Sequence[Touch], history: ServiceHistory
) -> tuple[list[Case], list[OwnJourney], int]:
    """Share the touchpoints out; the number counts those that belong to no case and no one."""
    carrying: dict[str, list[Touch]] = {}
    refs_of_person: dict[str, set[str]] = {}
    for touch in touches:
        if touch.case is not None:  # rule 1
            carrying.setdefault(touch.case, []).append(touch)
            if touch.person is not None:
                refs_of_person.setdefault(touch.person, set()).add(touch.case)
    cases = {ref: Case(ref, its, Rules(history, its[0])) for ref, its in carrying.items()}

    own_of_person: dict[str, list[OwnJourney]] = {}
    unlinked = 0
    for touch in touches:
        if touch.case is not None:
            continue
        if touch.person is None:
            raise ValueError(f"{touch.name} at {touch.at} carries neither a case nor a person")
        refs = refs_of_person.get(touch.person, set())
        if len(refs) > MOST_CASES_OF_A_PERSON:  # rule 4
            unlinked += 1
            continue
        own = own_of_person.setdefault(touch.person, [])
        journey = _rule_2(touch, [cases[ref] for ref in refs], own, history)
        if isinstance(journey, Case):
            journey.linked.append(touch)
        elif isinstance(journey, OwnJourney):
            journey.touches.append(touch)
        else:
            unlinked += 1
    return (
        list(cases.values()),
        [own for group in own_of_person.values() for own in group],
        unlinked,
    )


def _rule_2(
    touch: Touch, cases: Sequence[Case], own: list[OwnJourney], history: ServiceHistory
) -> Case | OwnJourney | None:
    begun = [case for case in cases if case.begun < touch.order]
    to_begin = [case for case in cases if case.is_to_begin(touch)]
    journey: Case | OwnJourney | None = None
    if cases and touch.is_required_customer_step:
        journey = _for_a_required_customer_step(touch, begun, to_begin)
    elif cases:
        # Of the own journeys only the one begun last matters, whether it runs or has ended.
        journey = _for_anything_else(touch, [*begun, *own[-1:]], to_begin)
    return journey or _rule_3(touch, own, history)


def _for_a_required_customer_step(
    touch: Touch, begun: Sequence[Case], to_begin: Sequence[Case]
) -> Case | None:
    running = [case for case in begun if case.standing(touch).ended_at is None]
    with_customer = [case for case in running if case.course(touch).ball == CUSTOMER]
    if to_begin:
        return min(to_begin, key=lambda case: case.begun)
    return max(with_customer, key=lambda case: case.begun, default=None)


def _for_anything_else(
    touch: Touch, begun: Sequence[Case | OwnJourney], to_begin: Sequence[Case]
) -> Case | OwnJourney | None:
    running: list[tuple[Order, Case | OwnJourney]] = []
    lately_ended: list[tuple[datetime, Order, Case | OwnJourney]] = []
    for journey in begun:
        last_moment = journey.last_moment(touch)
        if last_moment is None:
            running.append((journey.begun, journey))
        elif touch.at - last_moment <= journey.rules.version.link_after:
            lately_ended.append((last_moment, journey.begun, journey))
    if running:
        return max(running, key=lambda one: one[0])[1]
    if to_begin:
        return min(to_begin, key=lambda case: case.begun)
    if lately_ended:
        return max(lately_ended, key=lambda one: one[:2])[2]
    return None


def _rule_3(touch: Touch, own: list[OwnJourney], history: ServiceHistory) -> OwnJourney | None:
    if not own:
        return _begun(touch, own, history) if touch.is_customer_step_but_no_help else None
    last = own[-1]
    after = last.rules.version.link_after
    end = last.standing(touch).ended_at
    if end is not None and touch.at - end > after:
        return _begun(touch, own, history) if touch.is_customer_step_but_no_help else None
    if end is not None:  # an outcome, or silence with the customer
        over = True
    else:  # open: the city's deadline has passed by more than `after`
        course = last.course()
        over = course.ball == CITY and touch.at - course.deadline_at > after
    if over and touch.is_required_customer_step:
        return _begun(touch, own, history)
    return last


def _begun(touch: Touch, own: list[OwnJourney], history: ServiceHistory) -> OwnJourney:
    own.append(OwnJourney(touch.person or "", len(own) + 1, [], Rules(history, touch)))
    return own[-1]
