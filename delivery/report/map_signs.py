"""What a comparison says of the journeys on the map: where more of the others go than of these.

A *sign* is 1 where it is more, -1 where it is fewer, 0 where there is no clear difference. Where
there are too few to tell there is none.
"""

from collections.abc import Mapping
from typing import NamedTuple

from analysis.compared_rows import DIFFERS, TOO_FEW
from analysis.sections import ComparedRow, Comparison

Pair = tuple[str, str]


class Signs(NamedTuple):
    """The signs of a comparison.

    Attributes:
        moves: Of the share of journeys that move from one step to another.
        drop_offs: Of the share of entries that a step is the last for.
    """

    moves: Mapping[Pair, int]
    drop_offs: Mapping[str, int]


def signs_of(comparison: Comparison) -> Signs | None:
    """Give the signs; None if nothing is compared."""
    if not comparison.sides:
        return None
    told = [row for row in comparison.rows if row.verdict != TOO_FEW and row.step is not None]
    return Signs(
        moves={(str(row.step), row.to): sign_of(row) for row in told if row.to is not None},
        drop_offs={str(row.step): sign_of(row) for row in told if row.what == "drop_off"},
    )


def sign_of(row: ComparedRow) -> int:
    """Give the sign of a row that is not too few."""
    if row.verdict != DIFFERS or row.difference is None:
        return 0
    return 1 if row.difference > 0 else -1
