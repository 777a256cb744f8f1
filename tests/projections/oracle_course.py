"""The oracle's reading of sections 1 and 2 of the rules: the ball, and how a journey ends.

Taken one touchpoint at a time, a branch for every row of the table. Where the text leaves a
choice, the comment says "Reading:" and why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeGuard

from msgspec.structs import replace

from journeys.service import (
    ASSUMED_DEADLINE,
    COMPLETED,
    LOSSES,
    Actor,
    Outcome,
    Service,
    ServiceHistory,
    Step,
)
from journeys.touchpoint import Touchpoint

CUSTOMER, CITY = "customer", "city"

Order = tuple[datetime, str, str]
"""(occurred_at, source, id): what begun, before and next mean, at equal times too."""


@dataclass(frozen=True)
class Touch:
    """A touchpoint, its name read by the definition version valid at its time."""

    order: Order
    at: datetime
    name: str
    channel: str
    error: bool
    case: str | None
    person: str | None
    step: Step | None
    outcome: Outcome | None  # 2: never of an error
    is_unmapped: bool

    @classmethod
    def read(cls, touchpoint: Touchpoint, history: ServiceHistory) -> "Touch":
        version = history.at(touchpoint.occurred_at)
        index, outcome = version.resolve(touchpoint.name)
        error = touchpoint.status == "error"
        return cls(
            order=(touchpoint.occurred_at, touchpoint.source, touchpoint.id),
            at=touchpoint.occurred_at,
            name=touchpoint.name,
            channel=touchpoint.channel,
            error=error,
            case=touchpoint.case,
            person=touchpoint.person,
            step=None if index is None else version.steps[index],
            outcome=None if error else outcome,
            is_unmapped=index is None and outcome is None,
        )

    @property
    def step_key(self) -> str:
        return "" if self.step is None else self.step.key

    @property
    def is_required_customer_step(self) -> bool:
        """Reading: 3 asks before it is known which journey; the version that read it answers."""
        return _is_required_customer_step(self.step)

    @property
    def is_customer_step_but_no_help(self) -> bool:
        return _is_customer_step_but_no_help(self.step)


def _is_required_customer_step(step: Step | None) -> TypeGuard[Step]:
    return _is_customer_step_but_no_help(step) and not step.optional


def _is_customer_step_but_no_help(step: Step | None) -> TypeGuard[Step]:
    return step is not None and step.actor is Actor.CUSTOMER and not step.help


class Rules:
    """The version valid at the first touchpoint that carries the case (of an own one: its first).

    Reading: beside order, deadlines, routes and windows also who acts, who gets the ball, what is
    optional or help, and whether visits are merged, are this version's: one journey, one book.
    """

    def __init__(self, history: ServiceHistory, first: Touch) -> None:
        self.history = history
        self.index = history.index_at(first.at)
        self.version: Service = history.versions[self.index]
        self._steps = {step.key: step for step in self.version.steps}

    def step_of(self, touch: Touch) -> Step | None:
        """Return this version's step; one it lacks, as its own version has it, but optional."""
        if touch.step is None or touch.step.key in self._steps:
            return None if touch.step is None else self._steps[touch.step.key]
        return replace(touch.step, optional=True)

    def is_before(self, step: Step, other: Step | None) -> bool:
        """Compare by the intended order.

        Reading: a step this version lacks has its place in the order of all versions, so that
        looking back while the city is busy in a step of a newer version takes no ball either.
        """
        if other is None:
            return False
        order = list(self._steps)
        if step.key not in order or other.key not in order:
            order = list(self.history.step_keys)
        return order.index(step.key) < order.index(other.key)


@dataclass
class Ending:
    outcome: Outcome
    at: datetime
    last_customer_step: str | None
    cancelled_afterwards: bool = False


class Standing(NamedTuple):
    """How a journey stands at a moment."""

    outcome: str
    ended_at: datetime | None
    last_customer_step: str | None


class Course:
    """The course of one journey: its touchpoints in order, taken one by one."""

    def __init__(self, rules: Rules, touches: Sequence[Touch]) -> None:
        self.rules = rules
        self.last_customer_step: str | None = None
        self.ending: Ending | None = None  # by the last outcome; kept while reopened
        self.reopened = False
        self.was_abandoned = False
        first, *later = touches
        self._give_as_first(rules.step_of(first), first.at)
        self._note_customer_step(rules.step_of(first))
        self._note_outcome(first)
        for touch in later:
            self._take(touch)

    @property
    def deadline_at(self) -> datetime:
        return self.silent_since + self.deadline

    def standing(self, moment: datetime) -> Standing:
        silent = moment > self.deadline_at  # more than, not exactly
        if self.ending and (not self.reopened or (silent and self._silence_gives_back())):
            return Standing(
                self.ending.outcome.value, self.ending.at, self.ending.last_customer_step
            )
        if silent and self.ball == CUSTOMER:
            return Standing("abandoned", self.deadline_at, self.last_customer_step)
        return Standing("open", None, self.last_customer_step)

    def _silence_gives_back(self) -> bool:
        """2, reopened: after a completion anyone's silence, after a loss the customer's."""
        return self.ending is not None and (
            self.ending.outcome in COMPLETED or self.ball == CUSTOMER
        )

    def _take(self, touch: Touch) -> None:
        step = self.rules.step_of(touch)
        self._settle(touch.at)
        ended = self.ending is not None and not self.reopened
        if ended and touch.case is not None and _is_required_customer_step(step):
            self.reopened = True  # own journeys carry no case, linked touchpoints neither
            self._give_as_first(step, touch.at)
            self._note_customer_step(step)
        elif not ended:
            self._move(step, touch.at)
            self._note_customer_step(step)
        self._note_outcome(touch)

    def _settle(self, moment: datetime) -> None:
        """Let the silence before this moment have done what it does."""
        standing = self.standing(moment)
        if standing.outcome == "abandoned":
            self.was_abandoned = True
        if self.reopened and standing.outcome != "open":
            self.reopened = False  # lapsed: it counts as none
            self.last_customer_step = standing.last_customer_step

    def _give_as_first(self, step: Step | None, at: datetime) -> None:
        """1: to its step's `passes_to`, else to its actor, else to the customer."""
        self.ball = CUSTOMER if step is None else _holder(step.passes_to or step.actor)
        self.force_step = step
        self.deadline = ASSUMED_DEADLINE if step is None else step.deadline_or_assumed
        self.silent_since = at

    def _move(self, step: Step | None, at: datetime) -> None:
        """1, the table: every row moves ball and deadline, and says if the silence starts anew."""
        if step is None or step.help:  # or only an outcome, which here is an error
            starts_anew = self.ball == CUSTOMER
        elif _is_required_customer_step(step):
            starts_anew = self._required_customer_step(step)
        elif step.actor is Actor.CUSTOMER:
            starts_anew = self._optional_customer_step(step)
        elif step.actor is Actor.STAFF:
            starts_anew = self._staff_step(step)
        else:
            starts_anew = self._system_step(step)
        if starts_anew:
            self.silent_since = at

    def _required_customer_step(self, step: Step) -> bool:
        if (
            self.ball == CITY
            and self.rules.is_before(step, self.force_step)
            and self.last_customer_step is not None
        ):
            return False  # all stays
        self.ball = _holder(step.passes_to or Actor.CUSTOMER)
        self._set_deadline(step)
        return True

    def _optional_customer_step(self, step: Step) -> bool:
        had = self.ball
        self.ball = _holder(step.passes_to) if step.passes_to else had
        if self.ball != had:
            self._set_deadline(step)
        elif had == CUSTOMER:
            self._set_longer_deadline(step)
        return not (had == CITY and self.ball == CITY)

    def _staff_step(self, step: Step) -> bool:
        self.ball = _holder(step.passes_to or Actor.STAFF)
        self._set_deadline(step)
        return True

    def _system_step(self, step: Step) -> bool:
        had = self.ball
        self.ball = _holder(step.passes_to) if step.passes_to else had
        if self.ball != had:
            self._set_deadline(step)
        elif had == CITY:
            self._set_longer_deadline(step)
        return not (had == CUSTOMER and self.ball == CUSTOMER)

    def _set_deadline(self, step: Step) -> None:
        self.force_step = step
        self.deadline = step.deadline_or_assumed

    def _set_longer_deadline(self, step: Step) -> None:
        if step.deadline_or_assumed > self.deadline:  # of two equal ones the earlier in force
            self._set_deadline(step)

    def _note_customer_step(self, step: Step | None) -> None:
        if _is_customer_step_but_no_help(step):
            self.last_customer_step = step.key

    def _note_outcome(self, touch: Touch) -> None:
        if touch.outcome is None:
            return
        is_loss = touch.outcome in LOSSES
        if self.ending is None:  # the first outcome
            self.ending = Ending(touch.outcome, touch.at, self.last_customer_step)
        elif is_loss and self.ending.outcome in COMPLETED:  # reopened or not
            self.reopened = False
            self.last_customer_step = self.ending.last_customer_step
            self.ending.cancelled_afterwards = True
        elif self.reopened:
            # Reading: "another outcome" is a further one, be it the same as before.
            self.ending = Ending(touch.outcome, touch.at, self.last_customer_step)
            self.reopened = False
        elif not is_loss and touch.outcome != self.ending.outcome:
            self.ending = Ending(touch.outcome, touch.at, self.ending.last_customer_step)


def _holder(actor: Actor) -> str:
    return CUSTOMER if actor is Actor.CUSTOMER else CITY
