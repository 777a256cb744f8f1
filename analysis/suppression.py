"""Nothing about fewer than k people: which rows of a list are left out.

k counts the distinct people of a row. A row of k or more shows all its cells; a smaller one is left
out. Where the rows of a list add up to a total that is shown, a single missing row could be worked
out, and so could the missing rows taken together be a row of too few. Then the next smallest rows
are left out as well, until

* at least two rows are missing,
* together they are k people or more, and
* they are not one journey each (their number is known, so that would say it all).

What the totals of flows give away is `analysis.balance`.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import polars as pl
import polars.selectors as cs

from journeys.errors import DisclosureError

MIN_K = 5
"""The smallest k for a log that holds anybody's data."""

_GLANCE = 100
"""So many units of a row are looked at first."""


def check_k(k: int, *, public_log: bool) -> None:
    """Refuse a k that would show too small groups.

    Raises:
        DisclosureError: k is below 5 and the log is not public, or below 1.
    """
    if k < 1:
        raise DisclosureError(f"k = {k} is no number of people. Hint: k = {MIN_K}")
    if k < MIN_K and not public_log:
        raise DisclosureError(
            f"k = {k} would show rows of fewer than {MIN_K} people, and this log may hold people's "
            f"data. Hint: k = {MIN_K}, or --public-log for a log that holds nobody's data"
        )


def are_enough(people: pl.Series, *, k: int) -> bool:
    """Say whether these are k people or more; mostly the first ones show it."""
    return people.head(_GLANCE).n_unique() >= k or people.n_unique() >= k


def hidden_rows(  # noqa: PLR0913 - the list, and what else its reader knows
    members: pl.DataFrame,
    *,
    row: str,
    k: int,
    unlisted: Collection[str] = (),
    already: Collection[str] = (),
    beside: Sequence[pl.DataFrame] = (),
) -> frozenset[str]:
    """Choose the rows to leave out of a list whose total is shown.

    Args:
        members: One row for each unit that the list counts: column `row` says in which row of the
            list, `people` whose it is.
        row: Name of the column, of any type.
        k: Least number of people of a row that is shown.
        unlisted: Rows that are part of the total and that no list shows.
        already: Rows left out for another reason.
        beside: The same list of journeys that a filter leaves out: a reader has those, too, by
            subtracting the list from that of a report without the filter.

    Returns:
        The rows to leave out, `already` among them; nothing more than those if no row is too
        small, here or beside. All, if even that is not enough.
    """
    # Most lists have no small row, and the first units of each row show that.
    glance = members.group_by(row).agg(pl.col("people").head(_GLANCE).n_unique())
    if not beside and (glance["people"] >= k).all():
        return frozenset(already)
    lists = [_List.of(units, row) for units in (members, *beside)]
    small = {name for one in lists for name in one.smaller_than(k)} - set(unlisted)
    for other in beside:
        # What that report leaves out would be known from this one.
        whole = pl.concat([members.select(row, "people"), other.select(row, "people")])
        small |= hidden_rows(whole, row=row, k=k, unlisted=unlisted)
    hidden = small | set(already)
    if not small:
        return frozenset(hidden)

    def next_smallest() -> Any:  # noqa: ANN401 - of any type, as `row`
        missing = hidden.union(unlisted)
        for one in lists:
            if not one.is_safe(missing, k=k):
                for name in one.sizes[row]:
                    if name not in missing:
                        return name
        return None

    while (another := next_smallest()) is not None:
        hidden.add(another)
    return frozenset(hidden.intersection([*lists[0].sizes[row], *already]))


class _List(NamedTuple):
    """The units of a list, and its rows, the fewest people first."""

    row: str
    members: pl.DataFrame
    sizes: pl.DataFrame

    @classmethod
    def of(cls, members: pl.DataFrame, row: str) -> "_List":
        people = pl.col("people").n_unique()
        sizes = members.group_by(row).agg(people, pl.len().alias("units"))
        named = sizes.with_columns((cs.enum() | cs.categorical()).cast(pl.String))
        return cls(row, members, named.sort("people", "units", row))

    def smaller_than(self, k: int) -> Iterable[str]:
        return self.sizes.filter(pl.col("people") < k)[self.row]

    def is_safe(self, missing: Collection[str], *, k: int) -> bool:
        """Say whether nothing about fewer than k people follows, if these rows are missing."""
        names = pl.DataFrame(
            {self.row: list(missing)}, schema={self.row: self.sizes.schema[self.row]}
        )
        rows = self.sizes.join(names, on=self.row, how="semi")
        if rows.is_empty():
            return True
        if rows.height < 2 or rows["units"].sum() == rows.height:
            return False
        if (rows["people"] >= k).any():
            return True
        names = names.cast({self.row: self.members.schema[self.row]})
        return self.members.join(names, on=self.row, how="semi")["people"].n_unique() >= k
