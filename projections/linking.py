"""Which journey is it? Cases, and people without one.

A touchpoint that carries a case belongs to it. One that carries a person alone joins the case it
fits, or the person's own journey, or nothing (docs/journeys.md 3). The choice depends on the state
of each of the person's cases at that moment, judged on the touchpoints that carry the case alone,
so people are independent of each other here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from journeys.service import Outcome
from projections.attempt import Attempt, Ball, Kind, StepRule

MANY_CASES = 200
"""A person with more cases at one service is an organisation or a shared login: links nothing."""


class Named(NamedTuple):
    """What linking needs of one touchpoint; `row` is its place in the total order."""

    row: int
    at: int
    version: int
    step: int | None
    outcome: Outcome | None


class Windows(NamedTuple):
    """The link windows of one definition version, in microseconds."""

    before: int
    after: int


@dataclass(slots=True)
class CaseTimeline:
    """One case as its own touchpoints tell it."""

    case: str
    touchpoints: Sequence[Named]
    attempt: Attempt = field(default_factory=Attempt)
    last_at: int | None = None

    @property
    def first(self) -> Named:
        return self.touchpoints[0]


@dataclass(slots=True)
class OwnJourney:
    """A journey of a person without a case number."""

    number: int
    first: Named
    attempt: Attempt = field(default_factory=Attempt)


class Link(NamedTuple):
    """Where a touchpoint of a person belongs: a case, an own journey by number, or neither."""

    row: int
    case: str | None
    own: int | None


def link_person(
    alone: Sequence[Named],
    cases: Mapping[str, Sequence[Named]],
    rules: Sequence[Sequence[StepRule]],
    windows: Sequence[Windows],
) -> list[Link]:
    """Give each touchpoint that carries only this person its journey.

    Args:
        alone: The person's touchpoints without a case, in order.
        cases: The touchpoints that carry each case the person is known in, in order.
        rules: Step rules by definition version and step.
        windows: Link windows by definition version.

    Returns:
        One link a touchpoint of `alone`, in order.
    """
    if len(cases) > MANY_CASES:
        return [Link(touchpoint.row, None, None) for touchpoint in alone]
    sweep = _Sweep([CaseTimeline(case, own) for case, own in cases.items()], rules, windows)
    steps: list[tuple[int, Named, CaseTimeline | None]] = [(t.row, t, None) for t in alone]
    for timeline in sweep.timelines:
        steps += [(t.row, t, timeline) for t in timeline.touchpoints]
    steps.sort(key=itemgetter(0))
    links = []
    for _, touchpoint, line in steps:
        if line is None:
            links.append(sweep.place(touchpoint))
        else:
            sweep.see(touchpoint, line)
    return links


class _Sweep:
    """One person's cases and own journeys, as they stand while time goes by."""

    def __init__(
        self,
        timelines: Sequence[CaseTimeline],
        rules: Sequence[Sequence[StepRule]],
        windows: Sequence[Windows],
    ) -> None:
        self.timelines = timelines
        self.own: OwnJourney | None = None
        self._rules = rules
        self._windows = windows

    def see(self, touchpoint: Named, line: CaseTimeline) -> None:
        """Move a case on by a touchpoint that carries it."""
        rule = self._rule(line.first.version, touchpoint)
        line.attempt.take(touchpoint.at, rule, touchpoint.outcome, carries_case=True)
        line.last_at = touchpoint.at

    def place(self, touchpoint: Named) -> Link:
        """Choose the journey of a touchpoint without a case: docs/journeys.md 3, rules 2 and 3."""
        rule = self._rule(touchpoint.version, touchpoint)
        chosen: CaseTimeline | OwnJourney | None
        if rule is not None and rule.kind is Kind.REQUIRED:
            chosen = self._next_to_begin(touchpoint) or self._awaiting_customer(touchpoint)
        else:
            chosen = (
                self._latest_running(touchpoint)
                or self._next_to_begin(touchpoint)
                or self._latest_ended(touchpoint)
            )
        if chosen is None:
            chosen = self._own_journey(touchpoint, rule)
        if isinstance(chosen, CaseTimeline):
            return Link(touchpoint.row, chosen.case, None)
        if chosen is None:
            return Link(touchpoint.row, None, None)
        rule = self._rule(chosen.first.version, touchpoint)
        chosen.attempt.take(touchpoint.at, rule, touchpoint.outcome, carries_case=False)
        return Link(touchpoint.row, None, chosen.number)

    def _rule(self, version: int, touchpoint: Named) -> StepRule | None:
        return None if touchpoint.step is None else self._rules[version][touchpoint.step]

    def _next_to_begin(self, touchpoint: Named) -> CaseTimeline | None:
        upcoming = (
            line
            for line in self.timelines
            if line.last_at is None
            and line.first.at - touchpoint.at <= self._windows[line.first.version].before
        )
        return min(upcoming, key=_begun, default=None)

    def _awaiting_customer(self, touchpoint: Named) -> CaseTimeline | None:
        waiting = (
            line
            for line in self.timelines
            if line.last_at is not None
            and line.attempt.standing_at(touchpoint.at).ended_at is None
            and line.attempt.ball is Ball.CUSTOMER
        )
        return max(waiting, key=_begun, default=None)

    def _latest_running(self, touchpoint: Named) -> CaseTimeline | OwnJourney | None:
        running = (
            line
            for line in self._begun_ones()
            if line.attempt.standing_at(touchpoint.at).ended_at is None
        )
        return max(running, key=_begun, default=None)

    def _latest_ended(self, touchpoint: Named) -> CaseTimeline | OwnJourney | None:
        latest: tuple[int, int] | None = None
        chosen = None
        for line in self._begun_ones():
            moment = line.attempt.standing_at(touchpoint.at).ended_at
            if moment is None:  # pragma: no cover - a running one was chosen before
                continue
            if isinstance(line, CaseTimeline) and line.last_at is not None:
                moment = max(moment, line.last_at)
            recent = touchpoint.at - moment <= self._windows[line.first.version].after
            if recent and (latest is None or (moment, _begun(line)) > latest):
                latest, chosen = (moment, _begun(line)), line
        return chosen

    def _begun_ones(self) -> Iterator[CaseTimeline | OwnJourney]:
        yield from (line for line in self.timelines if line.last_at is not None)
        if self.own is not None:
            yield self.own

    def _own_journey(self, touchpoint: Named, rule: StepRule | None) -> OwnJourney | None:
        """Rule 3: the person's own journey, begun here if need be; None for unlinked."""
        customer = rule is not None and rule.is_customer
        required = rule is not None and rule.kind is Kind.REQUIRED
        own = self.own
        if own is not None:
            standing = own.attempt.standing_at(touchpoint.at)
            # An end is what it is measured from; where the city let its deadline pass, that is.
            over_at = standing.deadline_at if standing.ended_at is None else standing.ended_at
            long_past = touchpoint.at - over_at > self._windows[own.first.version].after
            if standing.ended_at is None:
                begins = required and long_past
                takes_part = not begins
            else:
                begins = required or (customer and long_past)
                takes_part = not begins and not long_past
            if takes_part:
                return own
            if not begins:
                return None
        elif not customer:
            return None
        self.own = OwnJourney(1 if own is None else own.number + 1, touchpoint)
        return self.own


def _begun(line: CaseTimeline | OwnJourney) -> int:
    return line.first.row
