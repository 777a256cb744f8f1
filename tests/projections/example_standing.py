"""What a worked example says is so at a moment, in a form any implementation can be turned into."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from tests.projections.example_service import Days
from tests.projections.journey_oracle import AtStep


@dataclass(frozen=True)
class Journey:
    """One journey as it stands; everything not given is so: not ended, no promise broken, ..."""

    outcome: str
    start: Fraction
    end: Fraction | None = None
    last: str | None = None  # last customer step
    force: str | None = None  # of an open one: the step whose deadline is in force
    broken_since: Fraction | None = None
    resurrected: bool = False
    cancelled_afterwards: bool = False


@dataclass(frozen=True)
class Standing:
    """All that is expected at one moment."""

    journeys: tuple[Journey, ...]  # by start
    steps: Mapping[str, AtStep]  # those entered
    unlinked: int = 0
    unmapped: Mapping[str, int] = field(default_factory=dict)


class Example(NamedTuple):
    """Touchpoints, and what is so at moments."""

    number: str
    says: str
    notation: str
    at: Mapping[Days, Standing]


def stands(
    steps: str, *journeys: Journey, unlinked: int = 0, unmapped: Mapping[str, int] | None = None
) -> Standing:
    """Build an expectation: `form=ad` is one journey that advanced, one that dropped there."""
    counts: dict[str, AtStep] = {}
    for word in steps.split():
        step, _, letters = word.partition("=")
        count = Counter(letters)
        counts[step] = AtStep(len(letters), count["a"], count["d"], count["o"])
    return Standing(journeys, counts, unlinked, unmapped or {})


def ended(
    outcome: str,
    end: Days,
    last: str | None,
    *,
    start: Days = 0,
    resurrected: bool = False,
    cancelled_afterwards: bool = False,
) -> Journey:
    """Build a journey that has ended; `last` is its last customer step."""
    return Journey(
        outcome=outcome,
        start=Fraction(start),
        end=Fraction(end),
        last=last,
        resurrected=resurrected,
        cancelled_afterwards=cancelled_afterwards,
    )


def is_open(
    force: str | None,
    last: str | None,
    *,
    start: Days = 0,
    broken_since: Days | None = None,
    resurrected: bool = False,
) -> Journey:
    """Build an open journey; `force` is the step whose deadline is in force."""
    return Journey(
        outcome="open",
        start=Fraction(start),
        last=last,
        force=force,
        broken_since=None if broken_since is None else Fraction(broken_since),
        resurrected=resurrected,
    )
