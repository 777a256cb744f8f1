"""Comparisons that a test writes down."""

from collections.abc import Mapping

from msgspec.structs import replace

from analysis.compared_rows import DIFFERS, NO_CLEAR_DIFFERENCE, TOO_FEW
from analysis.journey_report import JourneyReport
from analysis.sections import ComparedRow, ComparedSide, Comparison


def beside_others(
    report: JourneyReport, signs: Mapping[tuple[str, ...], int | None]
) -> JourneyReport:
    """Put a report beside others.

    Args:
        report: Of any journeys.
        signs: For a step its drop-off, for two a move: 1 where more of the others, -1 where fewer,
            0 where it is not clear, None where they are too few.
    """
    sides = [
        ComparedSide(side=side, where={}, from_=None, to=None, started=100)
        for side in ("base", "other")
    ]
    rows = [_row(steps, sign) for steps, sign in signs.items()]
    return replace(report, comparison=Comparison(rest=False, sides=sides, rows=rows))


def _row(steps: tuple[str, ...], sign: int | None) -> ComparedRow:
    difference = None if sign is None else sign / 10
    verdict = TOO_FEW if sign is None else DIFFERS if sign else NO_CLEAR_DIFFERENCE
    return ComparedRow(
        what="moved" if len(steps) > 1 else "drop_off",
        step=steps[0],
        to=steps[1] if len(steps) > 1 else None,
        base=0.5,
        base_n=100,
        other=None if difference is None else 0.5 + difference,
        other_n=100,
        difference=difference,
        low=None if difference is None else difference - 0.05,
        high=None if difference is None else difference + 0.05,
        q=None if sign is None else 0.01 if sign else 0.9,
        day=30,
        verdict=verdict,
    )
