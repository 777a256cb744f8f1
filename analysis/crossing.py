"""Two ways to group the same people, crossed: which of the cells to leave out.

The sums of both are told: a cell is its row less the row's other cells, and its column less the
column's. So cells are left out as `analysis.balance` says, of a graph in which each cell leads from
its row to its column, all rows come from one node and all columns lead to another.

A filter of two conditions is such a cell, and so is a group in a report with a filter: whoever
wants to know a cell may ask for its neighbours by one way or the other. Therefore what is left out
depends on the table alone, and not on who asks.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, combinations
from typing import NamedTuple

import polars as pl

from analysis.balance import Flow, hidden_flows
from analysis.suppression import hidden_rows

_ALL_ROWS, _ROW, _COLUMN, _ALL_COLUMNS = "rows", "row ", "column ", "columns"
_ANY = 2
"""A count in a sum of which only the missing parts matter."""

Cell = tuple[str, str]


class Condition(NamedTuple):
    """Journeys whose `values` are the `wanted` one; `values` are of all journeys, without nulls."""

    attribute: str
    values: pl.Series
    wanted: str


class Crossings:
    """What may be told of the journeys that meet conditions.

    A filter is answered if the groups that it is a cell of are told: of one condition, the values
    of its attribute; of several, each two of them crossed, among those who meet any of the others.
    So no two answers tell of few people by their difference.

    Args:
        people: Whose each journey is.
        k: Least number of people of a cell that is told.
    """

    def __init__(self, people: pl.Series, *, k: int) -> None:
        self._people = people
        self._k = k
        self._hidden: dict[tuple[object, ...], frozenset[Cell]] = {}

    def untold(self, conditions: Sequence[Condition]) -> str | None:
        """Name a condition because of which a filter is not answered; None if it is."""
        ordered = sorted(conditions, key=lambda condition: condition.attribute)
        for one in ordered:
            if (one.wanted, "") in self._cells(one, None, ()):
                return one.attribute
        for one, other in combinations(ordered, 2):
            two = {one.attribute, other.attribute}
            rest = [condition for condition in ordered if condition.attribute not in two]
            for among in some_of(rest):
                if (one.wanted, other.wanted) in self._cells(one, other, among):
                    return other.attribute
        return None

    def untold_values(
        self, attribute: str, values: pl.Series, conditions: Sequence[Condition]
    ) -> frozenset[str]:
        """Choose the groups to leave out of a report with a filter, of the groups by `values`."""
        if attribute in {condition.attribute for condition in conditions}:
            return frozenset()  # there is but one, and it is the report
        meets = meets_all(self._people.len(), conditions)
        return frozenset(
            value
            for value in values.filter(meets).unique()
            if self.untold([*conditions, Condition(attribute, values, value)]) is not None
        )

    def _cells(
        self, one: Condition, other: Condition | None, among: Sequence[Condition]
    ) -> frozenset[Cell]:
        """The hidden cells of one attribute, or of two crossed, among those who meet conditions."""
        crossed = (one, other) if other else (one,)
        key = (
            *(condition.attribute for condition in crossed),
            *((condition.attribute, condition.wanted) for condition in among),
        )
        if key not in self._hidden:
            self._hidden[key] = self._chosen(one, other, among)
        return self._hidden[key]

    def _chosen(
        self, one: Condition, other: Condition | None, among: Sequence[Condition]
    ) -> frozenset[Cell]:
        members = pl.DataFrame(
            {
                "people": self._people,
                "row": one.values,
                "column": other.values if other else pl.repeat("", one.values.len(), eager=True),
            }
        ).filter(meets_all(self._people.len(), among))
        rows = hidden_rows(members, row="row", k=self._k)
        if other is None:
            return frozenset((row, "") for row in rows)
        columns = hidden_rows(members, row="column", k=self._k)
        return hidden_cells(members, without_rows=rows, without_columns=columns, k=self._k)


def meets_all(height: int, conditions: Sequence[Condition]) -> pl.Series:
    """Say which of so many journeys meet all conditions."""
    meets = pl.repeat(value=True, n=height, dtype=pl.Boolean, eager=True)
    for condition in conditions:
        meets &= condition.values == condition.wanted
    return meets


def some_of(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, ...]]:
    """Yield each set of some of the conditions, of none and of all too."""
    return chain.from_iterable(
        combinations(conditions, size) for size in range(len(conditions) + 1)
    )


def hidden_cells(
    members: pl.DataFrame,
    *,
    without_rows: Collection[str] = (),
    without_columns: Collection[str] = (),
    k: int,
) -> frozenset[Cell]:
    """Choose the cells to leave out.

    Args:
        members: One row for each unit: `row` and `column`, text, say where it is counted, `people`
            whose it is.
        without_rows: Rows whose sums are not told.
        without_columns: Columns whose sums are not told.
        k: Least number of people of a cell that is shown.

    Returns:
        Pairs of row and column; all cells of what is not told among them.
    """
    missing: set[Cell] = set()
    for (row,), part in members.group_by("row"):
        columns = set(part["column"].unique())
        already = columns if row in without_rows else columns & set(without_columns)
        hidden = hidden_rows(part, row="column", k=k, already=already)
        missing |= {(str(row), column) for column in hidden}
    counted = (
        members.group_by("row", "column").agg(pl.col("people").n_unique()).sort("row", "column")
    )
    names = [(row, column) for row, column, _ in counted.iter_rows()]
    flows = [
        Flow("cells", _ROW + row, _COLUMN + column, _ANY, people)
        for row, column, people in counted.iter_rows()
    ]
    hidden_ones = {i for i, name in enumerate(names) if name in missing}
    totals = [
        *((_ALL_ROWS, _ROW + row, row in without_rows) for row in counted["row"].unique().sort()),
        *(
            (_COLUMN + column, _ALL_COLUMNS, column in without_columns)
            for column in counted["column"].unique().sort()
        ),
    ]
    for tail, head, is_missing in totals:
        if is_missing:
            hidden_ones.add(len(flows))
        # Whether a total is shown has been decided where it stands.
        flows.append(Flow("totals", tail, head, _ANY, k, fixed=True))
    chosen = hidden_flows(flows, k=k, already=hidden_ones)
    return frozenset(names[i] for i in chosen if i < len(names))
