"""What a first look at somebody's own file keeps: every name, and whole cases.

A definition is drafted from names, orders and silences. The first are kept of all rows; the others
of whole cases, of which a long file has more than are needed: those that a hash picks are kept.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

import polars as pl

from journeys.records import microseconds_of
from journeys.touchpoint import Touchpoint

MOST_ROWS = 250_000
"""Rows of whole cases that are kept; what is drafted from them takes some 100 MB."""


class CaseSample:
    """Touchpoints of one file, as far as a draft needs them.

    Attributes:
        names: How many touchpoints have each name, of all.
        channels: How many came by each channel, in the source's own words.
        first_at: The earliest moment; None without a touchpoint.
    """

    def __init__(self, *, most_rows: int = MOST_ROWS) -> None:
        self.names: Counter[str] = Counter()
        self.channels: Counter[str] = Counter()
        self.first_at: datetime | None = None
        self._most = most_rows
        self._mask = 0
        self._rows = 0
        self._places: dict[str, int] = {}
        self._kept = (array("Q"), array("I"), array("q"), array("q"))

    @property
    def one_in(self) -> int:
        """One in how many cases is kept."""
        return self._mask + 1

    def add(self, touchpoints: Iterable[Touchpoint]) -> None:
        """Take touchpoints in, in the order of the file."""
        cases, names, times, rows = self._kept
        for touchpoint in touchpoints:
            name, when = touchpoint.name, touchpoint.occurred_at
            self.names[name] += 1
            self.channels[touchpoint.channel] += 1
            if self.first_at is None or when < self.first_at:
                self.first_at = when
            self._rows += 1
            case = _hash(touchpoint.case or touchpoint.person or "")
            if not case & self._mask:
                cases.append(case)
                names.append(self._places.setdefault(name, len(self._places)))
                times.append(microseconds_of(when))
                rows.append(self._rows)
        while len(self._kept[0]) > self._most:
            self._thin_out()

    def frame(self) -> pl.DataFrame:
        """The cases kept: `case` u64, `name` str, `occurred_at`, `row` i64 (place in the file)."""
        cases, places, times, rows = self._kept
        names = pl.Series(list(self._places), dtype=pl.String())
        return pl.DataFrame(
            {
                "case": pl.Series(cases, dtype=pl.UInt64()),
                "name": names.gather(pl.Series(places, dtype=pl.UInt32())),
                "occurred_at": pl.Series(times, dtype=pl.Int64()).cast(pl.Datetime("us", "UTC")),
                "row": pl.Series(rows, dtype=pl.Int64()),
            }
        )

    def _thin_out(self) -> None:
        self._mask = 2 * self._mask + 1
        cases = self._kept[0]
        keep = [place for place, case in enumerate(cases) if not case & self._mask]
        first, *others = (
            array(column.typecode, [column[place] for place in keep]) for column in self._kept
        )
        self._kept = (first, others[0], others[1], others[2])


def _hash(reference: str) -> int:
    """A hash that is the same in every run: so is the draft of a long file."""
    return int.from_bytes(blake2b(reference.encode(), digest_size=8).digest())
