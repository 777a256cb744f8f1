"""What a visit takes from its journey, and a list from its rows: by number, without a join or hash.

Journeys are numbered, and few names are in a column of names: so a place in a table is enough.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl


def of_journeys(journeys: pl.DataFrame, numbers: pl.Series, *columns: str) -> pl.DataFrame:
    """Look up columns of journeys.

    Args:
        journeys: Rows of `projections.frames.Frames.journeys`, perhaps not all.
        numbers: Of journeys, in any order and as often as wanted.
        columns: Names.

    Returns:
        The columns, one row a number; nulls where the journey is not among these.
    """
    known, wanted = journeys["journey"].to_numpy(), numbers.to_numpy()
    found = journeys.select(columns)
    place = np.full(max(known.max(initial=0), wanted.max(initial=0)) + 1, len(known), np.uint32)
    place[known] = np.arange(len(known), dtype=np.uint32)
    return pl.concat([found, found.clear(1)], rechunk=True)[pl.Series(place[wanted])]


def sums_by_journey(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Add up columns of whole numbers; a null is nothing.

    Args:
        rows: With the number of their `journey`, by which they are sorted.
        columns: Names.

    Returns:
        `journey` and the sums, one row a journey that has rows.
    """
    journeys = rows["journey"]
    firsts = (journeys != journeys.shift()).fill_null(value=True).arg_true()
    if firsts.is_empty():
        return rows.select("journey", *columns)
    sums = {
        name: np.add.reduceat(rows[name].fill_null(0).to_numpy(), firsts.to_numpy())
        for name in columns
    }
    return pl.DataFrame({"journey": journeys[firsts], **sums})


def split(rows: pl.DataFrame, by: str) -> Iterator[tuple[Any, pl.DataFrame]]:
    """Split rows by what is in a column of names.

    Args:
        rows: Any.
        by: The name of a column of an Enum or of small whole numbers, without nulls.

    Yields:
        Each name that is there, in the order of the Enum, and its rows in the order they had.
    """
    # Of one or two bytes, they are sorted by counting.
    codes = rows[by].to_physical().shrink_dtype().to_numpy()
    order = np.argsort(codes, kind="stable")
    found = rows[pl.Series(order.astype(np.uint32))]
    sizes = np.bincount(codes)
    start = 0
    for size in map(int, sizes[sizes > 0]):
        yield found[by][start], found.slice(start, size)
        start += size
