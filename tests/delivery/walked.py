"""Journey reports of walks that a test writes down."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec

from analysis.comparison import NOT_COMPARED
from analysis.journey_report import (
    End,
    JourneyCounts,
    JourneyReport,
    Start,
    StepRow,
    Transition,
)

Walk = tuple[Sequence[str], str]
"""The steps visited, and where the journey stands."""

LOST = ("cancelled", "expired", "abandoned")
OUTCOMES = ("succeeded", "refused", *LOST, "open")

Made = TypeVar("Made", bound=msgspec.Struct)


class Keys:
    """Names of steps: their keys."""

    def step(self, key: str) -> str:
        return key


def report_of(
    walks: Sequence[Walk],
    order: Sequence[str],
    *,
    draft: bool = False,
    hidden: Mapping[str, int] | None = None,
) -> JourneyReport:
    """Report on walks what a map is drawn from.

    Args:
        walks: The journeys.
        order: The steps that the report has rows of, as intended.
        draft: Nobody has confirmed the outcomes.
        hidden: Rows left out, by list.
    """
    stands = Counter(outcome for _, outcome in walks)
    starts = Counter(steps[0] for steps, _ in walks if steps)
    ends = Counter((steps[-1], outcome) for steps, outcome in walks if steps)
    moves = Counter(pair for steps, _ in walks for pair in pairwise(steps))
    counts = {outcome: stands[outcome] for outcome in OUTCOMES}
    return _made(
        JourneyReport,
        draft=draft,
        journeys=_made(JourneyCounts, started=len(walks), **counts),
        steps=[_step_row(step, walks) for step in order],
        starts=[Start(step=step, count=count) for step, count in starts.items()],
        transitions=[
            Transition(from_=source, to=target, count=count, median_s=90.0 * count, p90_s=None)
            for (source, target), count in moves.items()
        ],
        ends=[
            End(step=step, outcome=outcome, count=count) for (step, outcome), count in ends.items()
        ],
        comparison=NOT_COMPARED,
        hidden=dict(hidden or {}),
    )


def _step_row(step: str, walks: Sequence[Walk]) -> StepRow:
    entered = [(steps[-1] == step, outcome) for steps, outcome in walks if step in steps]
    dropped = sum(last and outcome in LOST for last, outcome in entered)
    still = sum(last and outcome == "open" for last, outcome in entered)
    few = len(entered) < 10
    rate = 0.0 if few else dropped / len(entered)
    return _made(
        StepRow,
        step=step,
        actor="customer",
        entered=len(entered),
        advanced=len(entered) - dropped - still,
        dropped=dropped,
        open=still,
        drop_off_rate=None if few else rate,
        low=None if few else max(0.0, rate - 0.1),
        high=None if few else min(1.0, rate + 0.1),
        n=len(entered),
        note="too few" if few else None,
    )


def _made(kind: type[Made], **values: object) -> Made:
    """Make a value; of what a map does not read there is nothing."""
    nothing = dict.fromkeys(kind.__struct_fields__)
    return kind(**{**nothing, **values})
