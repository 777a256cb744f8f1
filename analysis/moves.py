"""Which numbers differ between two journey reports of one service: now, and by other definitions.

A *move* is one number that is not the same in both; a rate is one number with its interval, n and
day, and moves with any of them (`LEAST_MOVE` at least: a journey that ends an hour earlier shifts
the sixth decimal of every rate read at a day). What either report leaves out for want of k people
does not move.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from analysis.journey_report import JourneyReport, StepRow

LEAST_MOVE = 0.001
"""What a rate or an end of its interval has to differ by: a tenth of a percentage point."""


class Figure(Struct, frozen=True, kw_only=True):
    """A number of a report; a rate brings what it needs, and `note` says why it is missing."""

    value: float | int | None
    low: float | UnsetType | None = UNSET
    high: float | UnsetType | None = UNSET
    n: int | UnsetType = UNSET
    day: int | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET


class Move(Struct, frozen=True, kw_only=True):
    """One number that moves: `now` and `then`, null where that report has no such row.

    `step` is null for numbers of the whole service. `what` is named as in the journey report.
    """

    what: str
    step: str | None
    now: Figure | None
    then: Figure | None


class Hidden(NamedTuple):
    """Steps of which nothing is shown, and those of which the funnel shows nothing."""

    steps: frozenset[str]
    funnel: frozenset[str]

    def __or__(self, other: "Hidden") -> "Hidden":
        return Hidden(self.steps | other.steps, self.funnel | other.funnel)


class Rows(NamedTuple):
    """The numbers of one report, by name: of the whole service, and of each step.

    A step nobody came to has zeros. One that is missing from a table of which rows are hidden may
    be one of those, and counts as hidden.
    """

    service: dict[str, Figure]
    steps: dict[str, dict[str, Figure]]
    funnel: dict[str, dict[str, Figure]]
    hidden: Hidden


def rows_of(
    report: JourneyReport, *, known_steps: Collection[str], renamed: Mapping[str, str]
) -> Rows:
    """Take the numbers out of a report.

    Args:
        report: Of one service.
        known_steps: The step keys of its definitions.
        renamed: The keys that steps have in the other report, where they differ.
    """
    keys = {key: renamed.get(key, key) for key in known_steps}
    steps = {row.step: _step_figures(row) for row in report.steps}
    funnel = {row.step: {"reached": Figure(value=row.reached)} for row in report.funnel}
    return Rows(
        service=_service_figures(report),
        steps={name: steps.get(key, _NOBODY) for key, name in keys.items()},
        funnel={name: funnel.get(key, {}) for key, name in keys.items()},
        hidden=Hidden(
            *(
                frozenset(name for key, name in keys.items() if any_hidden and key not in shown)
                for shown, any_hidden in (
                    (steps, report.hidden.get("steps")),
                    (funnel, report.hidden.get("funnel")),
                )
            )
        ),
    )


def moves_between(now: Rows, then: Rows, *, hidden: Hidden) -> list[Move]:
    """List the numbers that are not the same, the whole service's first, then step by step.

    Args:
        now: The report of today.
        then: The report by the other definitions.
        hidden: What to leave out.
    """
    moves = list(_moves(None, now.service, then.service))
    for step in dict.fromkeys([*then.steps, *now.steps]):
        if step in hidden.steps:
            continue
        moves += _moves(step, now.steps.get(step, {}), then.steps.get(step, {}))
        if step not in hidden.funnel:
            moves += _moves(step, now.funnel.get(step, {}), then.funnel.get(step, {}))
    return moves


def _moves(
    step: str | None, now: Mapping[str, Figure], then: Mapping[str, Figure]
) -> Iterator[Move]:
    for what in dict.fromkeys([*then, *now]):
        before, after = now.get(what), then.get(what)
        if _differ(before, after) and not (_says_nothing(before) and _says_nothing(after)):
            yield Move(what=what, step=step, now=before, then=after)


def _differ(one: Figure | None, other: Figure | None) -> bool:
    if one is None or other is None or (one.n, one.day) != (other.n, other.day):
        return True
    parts = zip((one.value, one.low, one.high), (other.value, other.low, other.high), strict=True)
    return any(
        abs(first - second) >= LEAST_MOVE
        if isinstance(first, float) and isinstance(second, float) and one.n is not UNSET
        else first != second
        for first, second in parts
    )


def _says_nothing(figure: Figure | None) -> bool:
    """Tell whether a figure says no more than a missing row: nobody, or no rate yet."""
    return figure is None or figure.value is None or (figure.n is UNSET and not figure.value)


def _service_figures(report: JourneyReport) -> dict[str, Figure]:
    done = report.completion
    counts = msgspec.structs.asdict(report.journeys)
    return {
        "horizon_days": Figure(value=report.horizon_days),
        "touchpoints": Figure(value=report.touchpoints),
        "unmapped": Figure(value=report.unmapped),
        "unlinked": Figure(value=report.unlinked),
        **{what: Figure(value=number) for what, number in counts.items()},
        "completion_rate": Figure(
            value=done.rate, low=done.low, high=done.high, n=done.n, day=done.day, note=done.note
        ),
        "before_first_step": Figure(value=report.before_first_step),
    }


def _step_figures(row: StepRow) -> dict[str, Figure]:
    counts = ("entered", "advanced", "dropped", "open")
    return {
        **{what: Figure(value=getattr(row, what)) for what in counts},
        "drop_off_rate": Figure(
            value=row.drop_off_rate, low=row.low, high=row.high, n=row.n, day=row.day, note=row.note
        ),
        "median_s": Figure(value=row.median_s),
    }


_NOBODY = {what: Figure(value=0) for what in ("entered", "advanced", "dropped", "open")}
