"""Who has the ball, and how an attempt ends: the state machine of one journey.

An attempt takes the touchpoints of one journey in order. The customer or the city has the *ball*;
one *deadline* is in force, and the *silence* runs since the touchpoint that started it anew.
Nothing here reads a clock: whether a silence has passed its deadline is asked of `standing_at`, by
the next touchpoint or by the report.

Times are integers, microseconds since 1970 in UTC; steps are integers, places in
`ServiceHistory.step_keys`.
"""

from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple

from journeys.service import COMPLETED, Actor, Outcome, ServiceHistory, Step

DAY = 86_400_000_000
UNMAPPED_DEADLINE = 14 * DAY
"""The silence allowed after a first touchpoint that no step covers; said as assumed."""


class Ball(IntEnum):
    """Who is to act next."""

    CUSTOMER = 0
    CITY = 1


class Kind(IntEnum):
    """What a step does to ball, deadline and silence: the table of docs/journeys.md 1."""

    HELP = 0
    REQUIRED = 1
    OPTIONAL = 2
    STAFF = 3
    SYSTEM = 4


class StepRule(NamedTuple):
    """One step, as the definition version of a journey sees it.

    `rank` is its place in that version, None where the version lacks it.
    """

    step: int
    kind: Kind
    passes_to: Ball | None
    deadline: int
    rank: int | None
    opens_with: Ball
    is_customer: bool

    def comes_before(self, other: "StepRule") -> bool:
        """Compare by the intended order: the version's own, else that of all versions."""
        if self.rank is None or other.rank is None:
            return self.step < other.step
        return self.rank < other.rank


class End(NamedTuple):
    """How an attempt ended, as that outcome left it."""

    outcome: Outcome
    at: int
    last_customer_step: int | None
    cancelled_afterwards: bool


class Standing(NamedTuple):
    """Where an attempt stands at a moment; `ended_at` is None while it runs."""

    ended_at: int | None
    deadline_at: int


# A member looked up on its class costs as much as all else that a touchpoint does to an attempt.
_CUSTOMER, _CITY = Ball
_HELP, _REQUIRED, _OPTIONAL, _STAFF, _SYSTEM = Kind


class Attempt:
    """One journey while it happens."""

    __slots__ = (
        "ball",
        "deadline",
        "end",
        "force",
        "last_customer_step",
        "reopened",
        "since",
        "was_abandoned",
    )

    def __init__(self) -> None:
        self.since: int | None = None
        self.ball = _CUSTOMER
        self.deadline = UNMAPPED_DEADLINE
        self.force: StepRule | None = None
        self.last_customer_step: int | None = None
        self.end: End | None = None
        self.reopened: End | None = None
        self.was_abandoned = False

    def take(
        self, at: int, rule: StepRule | None, outcome: Outcome | None, *, carries_case: bool
    ) -> None:
        """Take the next touchpoint, in the order (occurred_at, source, id).

        Args:
            at: When it happened.
            rule: Its step, or None.
            outcome: Its outcome, or None; never of a touchpoint with `status: error`.
            carries_case: Whether it carries the case itself; only such a touchpoint reopens.
        """
        taken_back = False
        if self.since is None:
            self._open(at, rule)
        else:
            if self.end is None and at - self.since > self.deadline:
                lapsed = self.lapses_to()
                if lapsed is not None:
                    self._give_back(lapsed)
                else:
                    taken_back = self.ball is _CUSTOMER
            if self.end is None:
                restarted = self._move(at, rule)
                if taken_back and (restarted or outcome is not None):
                    self.was_abandoned = True
            elif carries_case and rule is not None and rule.kind is _REQUIRED:
                self.reopened, self.end = self.end, None
                self._open(at, rule)
        if self.end is None and rule is not None and rule.is_customer:
            self.last_customer_step = rule.step
        if outcome is not None:
            self._end(at, outcome)

    def lapses_to(self) -> End | None:
        """Return the outcome that silence beyond the deadline gives a reopened attempt back.

        After a completion anyone's silence does, after a loss only the customer's: who waits for
        the city has not given up.
        """
        back = self.reopened
        if back is None or (back.outcome not in COMPLETED and self.ball is _CITY):
            return None
        return back

    def standing_at(self, at: int) -> Standing:
        """Say where the attempt stands at a moment not before its last touchpoint."""
        deadline_at = (at if self.since is None else self.since) + self.deadline
        ended_at = None
        if self.end is not None:
            ended_at = self.end.at
        elif at > deadline_at:
            lapsed = self.lapses_to()
            if lapsed is not None:
                ended_at = lapsed.at
            elif self.ball is _CUSTOMER:
                ended_at = deadline_at
        return Standing(ended_at, deadline_at)

    def _open(self, at: int, rule: StepRule | None) -> None:
        """Begin, or begin again: the step's `passes_to` has the ball, else its actor."""
        self.since = at
        self.force = rule
        if rule is None:
            return
        self.ball = rule.opens_with if rule.passes_to is None else rule.passes_to
        self.deadline = rule.deadline

    def _move(self, at: int, rule: StepRule | None) -> bool:
        """Apply the table of docs/journeys.md 1; True if the silence starts anew."""
        held = self.ball
        if rule is None or rule.kind is _HELP:
            restarts = held is _CUSTOMER
        elif rule.kind is _REQUIRED:
            restarts = not (held is _CITY and self._looks_back(rule))
            if restarts:
                self._pass(rule, _CUSTOMER)
        elif rule.kind is _STAFF:
            restarts = True
            self._pass(rule, _CITY)
        else:
            # Optional customer steps and system steps mirror each other: the one whose step it is
            # keeps the longer deadline, the other is not kept waiting or busy by it.
            own = _CUSTOMER if rule.kind is _OPTIONAL else _CITY
            self.ball = held if rule.passes_to is None else rule.passes_to
            if self.ball is not held or (held is own and rule.deadline > self.deadline):
                self.force, self.deadline = rule, rule.deadline
            restarts = self.ball is not held or held is own
        if restarts:
            self.since = at
        return restarts

    def _looks_back(self, rule: StepRule) -> bool:
        return (
            self.last_customer_step is not None
            and self.force is not None
            and rule.comes_before(self.force)
        )

    def _pass(self, rule: StepRule, otherwise: Ball) -> None:
        self.ball = otherwise if rule.passes_to is None else rule.passes_to
        self.force, self.deadline = rule, rule.deadline

    def _end(self, at: int, outcome: Outcome) -> None:
        """docs/journeys.md 2: the first outcome ends; later ones count only where it says so."""
        completes = outcome in COMPLETED
        before = self.end
        if before is None:
            if self.reopened is not None and self.reopened.outcome in COMPLETED and not completes:
                self._give_back(self.reopened._replace(cancelled_afterwards=True))
            else:
                self.end = End(outcome, at, self.last_customer_step, cancelled_afterwards=False)
                self.reopened = None
        elif before.outcome in COMPLETED and not completes:
            self.end = before._replace(cancelled_afterwards=True)
        elif completes and outcome is not before.outcome:
            self.end = End(outcome, at, before.last_customer_step, cancelled_afterwards=False)

    def _give_back(self, end: End) -> None:
        """A reopening that came to nothing counts as none."""
        self.end, self.reopened = end, None
        self.last_customer_step = end.last_customer_step


def step_rules(history: ServiceHistory) -> list[list[StepRule]]:
    """Build the rules of every step (second index) as each version (first index) sees it.

    A step that a version lacks is read from the newest version that has it and counts as optional.
    """
    rules = []
    for version in history.versions:
        own = {step.key: (rank, step) for rank, step in enumerate(version.steps)}
        row = []
        for code, key in enumerate(history.step_keys):
            rank, step = own.get(key, (None, history.step(key)))
            optional = rank is None or step.optional
            row.append(_rule(code, step, rank=rank, optional=optional))
        rules.append(row)
    return rules


def microseconds(span: timedelta) -> int:
    """Count the microseconds of a span, exactly."""
    return span // timedelta(microseconds=1)


def _rule(code: int, step: Step, *, rank: int | None, optional: bool) -> StepRule:
    customer = step.actor is Actor.CUSTOMER
    if step.help:
        kind = Kind.HELP
    elif customer:
        kind = Kind.OPTIONAL if optional else Kind.REQUIRED
    else:
        kind = Kind.STAFF if step.actor is Actor.STAFF else Kind.SYSTEM
    return StepRule(
        step=code,
        kind=kind,
        passes_to=None if step.passes_to is None else _holder(step.passes_to),
        deadline=microseconds(step.deadline_or_assumed),
        rank=rank,
        opens_with=_holder(step.actor),
        is_customer=customer and not step.help,
    )


def _holder(actor: Actor) -> Ball:
    return Ball.CUSTOMER if actor is Actor.CUSTOMER else Ball.CITY
