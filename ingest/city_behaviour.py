"""How the people of the synthetic city behave: a semi-Markov table per service.

A *stage* is a stay in one step; the *decision* ends the journey; a *path* is the sequence of stages
that one kind of customer meets. What happens at a stage happens in this order: attempts that fail,
the touchpoint, a pause, a turn back, a call for help, loss, and the wait for the next stage.
Names, actors, deadlines and channels are not here: they are the catalogue's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["active", "later", "office", "round", "machine", "event", "deadline", "close"]
End = Literal["abandoned", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class Wait:
    """A lognormal time until something happens.

    Attributes:
        kind: `active` the customer goes on, minutes · `later` the customer comes back, days ·
            `office` the city acts, business days · `round` the city acts, business days after the
            round's close · `machine` seconds · `event` days, in the daytime · `deadline` minutes
            after the deadline · `close` minutes after the round's close.
        median: In the unit of the kind.
        spread: Standard deviation of the logarithm.
    """

    kind: Kind
    median: float
    spread: float = 0.6


def active(minutes: float, spread: float = 0.6) -> Wait:
    """The customer goes on at once."""
    return Wait("active", minutes, spread)


def later(days: float, spread: float = 0.8) -> Wait:
    """The customer comes back."""
    return Wait("later", days, spread)


def office(business_days: float, spread: float = 0.6) -> Wait:
    """The city acts."""
    return Wait("office", business_days, spread)


def machine(seconds: float) -> Wait:
    """A system acts."""
    return Wait("machine", seconds, 0.4)


SWEEP = Wait("deadline", 2.0, 0.5)
ROUND_CLOSE = Wait("close", 3.0, 0.4)

SILENT: Mapping[End, float] = {"abandoned": 1.0}
WITHDRAWN: Mapping[End, float] = {"cancelled": 1.0}
DRAFT: Mapping[End, float] = {"expired": 0.55, "abandoned": 0.37, "cancelled": 0.08}
MISSED: Mapping[End, float] = {"expired": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stay in one step.

    Attributes:
        step: Key in the catalogue.
        wait: Until the next stage.
        paths: Those that have this stage; empty: all.
        share: Of the journeys that get here, those that come to it; the others stay where they are.
        loss: Share of an average customer's journeys that end here without success.
        ends: How they end.
        lost_at: Last customer step of those; None: this one; empty: there is none yet.
        sweep: When the system closes what expired.
        refused: Share refused right after this stage.
        retry: Share of visits with a failed attempt.
        pause: Share that leave and come back, and after how long.
        back_to: Earlier step that some turn back to.
        back: Their share.
        contact: Share that ask for help.
        datum: Name of a datum that is asked for here, never its value.
        scored: The touchpoint carries a satisfaction score.
    """

    step: str
    wait: Wait
    paths: frozenset[str] = frozenset()
    share: float = 1.0
    loss: float = 0.0
    ends: Mapping[End, float] = field(default_factory=lambda: SILENT)
    lost_at: str | None = None
    sweep: Wait = SWEEP
    refused: float = 0.0
    retry: float = 0.01
    pause: tuple[float, Wait] | None = None
    back_to: str | None = None
    back: float = 0.0
    contact: float = 0.0
    datum: str | None = None
    scored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The end of a journey: success, or refusal for a share of each path.

    Stages behind it are those of what succeeded.
    """

    wait: Wait
    refused: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the city's people do with one service.

    Attributes:
        source: Last part of the CloudEvents source.
        prefix: Of its case references.
        weight: Share of the city's journeys, before all are made to add up to 1.
        paths: Share of each path.
        routes: `route` attribute of each path that has one.
        routed_at: Step from which the route is known.
        stages: In order.
        case_from: Step from which the system has a case number.
        caseless: Share that never get one.
        begun_by: Who begins: customers at their hours, or the city in office hours.
        months: Relative volume, January to December.
        on_holidays: Relative volume while schools are closed.
        rounds: Yearly application rounds, (month, day) from and to; none: always open. Nothing
            begins outside a round.
        closes: What is not sent when the round closes, expires.
        sent_at: Step that sends the application.
        cancelled_later: Share of the successes that are cancelled afterwards.
        contacted_later: Share of the completed journeys followed by a contact.
        reasons: Of cancellations and refusals.
        own: Values of the service's own attributes.
        variants: Versions of the pages, tried on equal shares of the customers.
    """

    source: str
    prefix: str
    weight: float
    paths: Mapping[str, float]
    stages: tuple[Stage | Decision, ...]
    routes: Mapping[str, str] = field(default_factory=dict)
    routed_at: str | None = None
    case_from: str
    caseless: float = 0.0
    begun_by: Literal["customer", "city"] = "customer"
    months: tuple[float, ...] = (1.0,) * 12
    on_holidays: float = 0.85
    rounds: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    closes: bool = False
    sent_at: str | None = None
    cancelled_later: float = 0.02
    contacted_later: float = 0.03
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
