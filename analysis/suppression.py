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

from collections.abc import Collection

import polars as pl

from journeys.errors import DisclosureError

MIN_K = 5
"""The smallest k for a log that holds anybody's data."""


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


def hidden_rows(
    members: pl.DataFrame,
    *,
    row: str,
    k: int,
    unlisted: Collection[str] = (),
    already: Collection[str] = (),
) -> frozenset[str]:
    """Choose the rows to leave out of a list whose total is shown.

    Args:
        members: One row for each unit that the list counts: column `row` says in which row of the
            list, `people` whose it is.
        row: Name of the column, of any type.
        k: Least number of people of a row that is shown.
        unlisted: Rows that are part of the total and that no list shows.
        already: Rows left out for another reason.

    Returns:
        The rows to leave out, `already` among them; nothing more than those if no row is too
        small. All, if even that is not enough.
    """
    sizes = (
        members.group_by(row)
        .agg(pl.col("people").n_unique(), pl.len().alias("units"))
        .sort("people", "units", row)
    )
    small = set(sizes.filter(pl.col("people") < k)[row]) - set(unlisted)
    hidden = small | set(already)
    if not small:
        return frozenset(hidden)
    for candidate in sizes[row]:
        if _is_enough(hidden.union(unlisted), sizes, members, row=row, k=k):
            break
        if candidate not in unlisted:
            hidden.add(candidate)
    return frozenset(hidden)


def _is_enough(
    missing: Collection[str], sizes: pl.DataFrame, members: pl.DataFrame, *, row: str, k: int
) -> bool:
    names = pl.DataFrame({row: list(missing)}, schema={row: sizes.schema[row]})
    rows = sizes.join(names, on=row, how="semi")
    if rows.height < 2 or rows["units"].sum() == rows.height:
        return False
    if (rows["people"] >= k).any():
        return True
    return members.join(names, on=row, how="semi")["people"].n_unique() >= k
