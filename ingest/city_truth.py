"""What is true of the synthetic city: the friction planted in it, and how its journeys stand.

`Standing` follows the rules of the ball and of outcomes as far as the city's own journeys need
them, one kind of touchpoint at a time over many journeys. It is written apart from the projection,
so that each can be held against the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ingest.city_calendar import SECOND, Flags, Times
from journeys.errors import PolkuError
from journeys.service import LOSSES, Actor, Outcome, ServiceHistory

FrictionKind = Literal[
    "drop_off",
    "retry",
    "loop",
    "slow_step",
    "slow_hand_off",
    "channel_switch",
    "repeat_contact",
    "re_entry",
]
KINDS: tuple[str, ...] = get_args(FrictionKind)
FACTORS = frozenset({"slow_step", "slow_hand_off"})

Places = npt.NDArray[np.intp]
"""Row numbers of journeys in a cohort."""

Truth = dict[str, Any]
"""JSON-able."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFriction:
    """Something wrong with one step, put there on purpose.

    Attributes:
        service: Key of the service.
        step: Key of the step; of a drop-off, the last customer step of those it loses.
        kind: Of friction, as in docs/glossary.md.
        since: The city's week it begins in, 0 the first; None: it was always so. In a city with
            fewer weeks nobody meets it.
        size: Additional share of the journeys that meet it; for `slow_step` and `slow_hand_off` the
            factor by which the time grows.
    """

    service: str
    step: str
    kind: FrictionKind
    since: int | None
    size: float

    def __post_init__(self) -> None:
        place = f"planted friction at {self.service}/{self.step}"
        if self.kind not in KINDS:
            raise PolkuError(
                f"{place}: kind {self.kind!r} is not known. Hint: one of {', '.join(KINDS)}"
            )
        if self.since is not None and self.since < 0:
            raise PolkuError(f"{place}: there is no week {self.since}. Hint: since=0")
        if self.kind in FACTORS and not self.size >= 1:
            raise PolkuError(f"{place}: a factor of {self.size} is not slower. Hint: 2.0")
        if self.kind not in FACTORS and not 0 < self.size <= 0.9:
            raise PolkuError(f"{place}: {self.size} is no share to add. Hint: 0.25")


PLANTED: tuple[PlantedFriction, ...] = (
    PlantedFriction(service="varaamo-booking", step="pay", kind="drop_off", since=22, size=0.28),
    PlantedFriction(
        service="varaamo-seasonal", step="page2", kind="drop_off", since=None, size=0.22
    ),
    PlantedFriction(
        service="resident-parking-permit", step="identify", kind="drop_off", since=26, size=0.24
    ),
    PlantedFriction(
        service="culture-kids-enrolment", step="choose", kind="drop_off", since=18, size=0.26
    ),
    PlantedFriction(
        service="city-grant-application", step="attachments", kind="drop_off", since=None, size=0.25
    ),
    PlantedFriction(
        service="youth-summer-voucher", step="form", kind="drop_off", since=None, size=0.2
    ),
    PlantedFriction(
        service="resident-parking-permit", step="vehicle", kind="retry", since=40, size=0.08
    ),
    PlantedFriction(
        service="varaamo-booking", step="pick_time", kind="loop", since=None, size=0.08
    ),
    PlantedFriction(
        service="city-grant-application", step="form", kind="slow_step", since=None, size=1.6
    ),
    PlantedFriction(
        service="varaamo-booking", step="submit", kind="slow_hand_off", since=36, size=2.0
    ),
    PlantedFriction(
        service="culture-kids-enrolment",
        step="register",
        kind="channel_switch",
        since=30,
        size=0.07,
    ),
    PlantedFriction(
        service="resident-parking-permit", step="pay", kind="repeat_contact", since=30, size=0.05
    ),
    PlantedFriction(
        service="varaamo-seasonal", step="page3", kind="re_entry", since=None, size=0.06
    ),
)
"""Six drop-offs at six kinds of step, one a service: payment, a long page, identification, a
choice, attachments, an activation mail; three of them from the start. The rest is modest."""

OPEN, UNBEGUN = -1, -1
_OUTCOMES = tuple(Outcome)
_LOSSES = tuple(_OUTCOMES.index(outcome) for outcome in _OUTCOMES if outcome in LOSSES)


@dataclass(frozen=True, slots=True)
class StepRule:
    """What a touchpoint of a step does to the ball, by its definition."""

    key: str
    actor: Actor
    passes_to: Actor | None
    deadline: int
    order: int
    optional: bool
    help: bool

    @property
    def gives_customer(self) -> bool:
        """Who has the ball after a first touchpoint: the customer, or the city."""
        return (self.passes_to or self.actor) is Actor.CUSTOMER


def step_rules(history: ServiceHistory) -> list[StepRule]:
    """One rule for each of `history.step_keys`, in their order; deadlines in milliseconds."""
    steps = [history.step(key) for key in history.step_keys]
    return [
        StepRule(
            key=step.key,
            actor=step.actor,
            passes_to=step.passes_to,
            deadline=round(step.deadline_or_assumed.total_seconds() * SECOND),
            order=order,
            optional=step.optional,
            help=step.help,
        )
        for order, step in enumerate(steps)
    ]


class Standing:
    """How the journeys of a cohort stand, as of the end of the city's time.

    Touchpoints of one journey must be told in the order they happen; those at or after `until` do
    not exist.
    """

    def __init__(self, rules: Sequence[StepRule], size: int, until: int) -> None:
        self._rules = rules
        self._until = until
        self._begun = np.zeros(size, dtype=bool)
        self._with_customer = np.zeros(size, dtype=bool)
        self._silent_since: Times = np.zeros(size, dtype=np.int64)
        self._deadline: Times = np.zeros(size, dtype=np.int64)
        self._in_force = np.zeros(size, dtype=np.int64)
        self._last_customer_step = np.full(size, UNBEGUN, dtype=np.int64)
        self._outcome = np.full(size, OPEN, dtype=np.int64)
        self._cancelled_afterwards = np.zeros(size, dtype=bool)
        self._lapsed_once = np.zeros(size, dtype=bool)
        self._entered = np.zeros((size, len(rules)), dtype=bool)

    def step(self, who: Places, at: Times, step: int) -> None:
        """Tell touchpoints of one step."""
        who, at = self._existing(who, at)
        self._entered[who, step] = True
        live = self._outcome[who] == OPEN
        who, at = who[live], at[live]
        rule = self._rules[step]
        first = ~self._begun[who]
        held = self._with_customer[who]
        if rule.help:
            takes, anew = first, first | held
        elif rule.actor is Actor.CUSTOMER and not rule.optional:
            looks_back = ~first & ~held & (self._last_customer_step[who] != UNBEGUN)
            looks_back &= rule.order < self._in_force[who]
            takes = anew = ~looks_back
        elif rule.actor is Actor.STAFF:
            takes = anew = np.ones(len(who), dtype=bool)
        else:
            changed = held != rule.gives_customer if rule.passes_to else np.zeros(len(who), bool)
            stays = held if rule.actor is Actor.CUSTOMER else ~held
            longer = stays & (rule.deadline > self._deadline[who])
            takes, anew = first | changed | longer, first | changed | stays
        self._restart(who[anew], at[anew])
        self._take(who[takes], rule, keeps=not (rule.passes_to or self._gives_by_actor(rule)))
        self._begun[who] = True
        if rule.actor is Actor.CUSTOMER and not rule.help:
            self._last_customer_step[who] = step

    def outcome(self, who: Places, at: Times, outcome: Outcome) -> None:
        """Tell outcomes: the first ends a journey, a loss after a completion is only noted."""
        who, at = self._existing(who, at)
        live = self._outcome[who] == OPEN
        self._note_lapse(who[live], at[live])
        self._outcome[who[live]] = _OUTCOMES.index(outcome)
        if outcome in LOSSES:
            ended = who[~live]
            self._cancelled_afterwards[ended] |= ~np.isin(self._outcome[ended], _LOSSES)

    @property
    def started(self) -> Flags:
        """Journeys with a step that is no help step."""
        steps = [index for index, rule in enumerate(self._rules) if not rule.help]
        started: Flags = np.asarray(self._entered[:, steps].any(axis=1))
        return started

    @property
    def abandoned(self) -> Flags:
        """Journeys that have been silent with the customer for longer than the deadline."""
        silent = self._until - self._silent_since > self._deadline
        abandoned: Flags = self.started & (self._outcome == OPEN) & self._with_customer & silent
        return abandoned

    @property
    def lost(self) -> Flags:
        """Journeys cancelled, expired or abandoned."""
        return self.abandoned | np.isin(self._outcome, _LOSSES)

    def tally(self) -> dict[str, int]:
        """Journeys started, by outcome, and what came afterwards."""
        started, abandoned = self.started, self.abandoned
        counts = {"started": int(started.sum())}
        for index, outcome in enumerate(_OUTCOMES):
            counts[outcome.value] = int((started & (self._outcome == index)).sum())
        counts["abandoned"] = int(abandoned.sum())
        counts["open"] = int((started & (self._outcome == OPEN) & ~abandoned).sum())
        counts["cancelled_afterwards"] = int((started & self._cancelled_afterwards).sum())
        counts["resurrected"] = int((started & self._lapsed_once & ~self.lost).sum())
        return counts

    def tally_entered(self) -> dict[str, int]:
        """Journeys that entered each step, help apart."""
        entered = self._entered.sum(axis=0).tolist()
        return {
            rule.key: count
            for rule, count in zip(self._rules, entered, strict=True)
            if not rule.help
        }

    def tally_lost(self) -> dict[str, int]:
        """Journeys lost at each last customer step; `""`: before the first."""
        lost_at = self._last_customer_step[self.lost].tolist()
        steps = {
            rule.key: lost_at.count(rule.order)
            for rule in self._rules
            if rule.actor is Actor.CUSTOMER and not rule.help
        }
        return {"": lost_at.count(UNBEGUN), **steps}

    def _existing(self, who: Places, at: Times) -> tuple[Places, Times]:
        exists = at < self._until
        return who[exists], at[exists]

    def _restart(self, who: Places, at: Times) -> None:
        self._note_lapse(who, at)
        self._silent_since[who] = at

    def _note_lapse(self, who: Places, at: Times) -> None:
        silent = at - self._silent_since[who] > self._deadline[who]
        self._lapsed_once[who] |= self._begun[who] & self._with_customer[who] & silent

    def _take(self, who: Places, rule: StepRule, *, keeps: bool) -> None:
        self._deadline[who] = rule.deadline
        self._in_force[who] = rule.order
        fresh = ~self._begun[who]
        gives = np.full(len(who), rule.gives_customer)
        self._with_customer[who] = np.where(keeps & ~fresh, self._with_customer[who], gives)

    @staticmethod
    def _gives_by_actor(rule: StepRule) -> bool:
        """Required customer steps and staff steps give the ball to their actor, others leave it."""
        return not rule.help and (
            rule.actor is Actor.STAFF or (rule.actor is Actor.CUSTOMER and not rule.optional)
        )


def add_counts(total: dict[str, int], more: Mapping[str, int]) -> None:
    """Add counts to those of the cohorts before."""
    for key, count in more.items():
        total[key] = total.get(key, 0) + count
