"""The table of steps: all its rows, and which of them to leave out."""

from typing import NamedTuple

import polars as pl

from analysis.drop_off import NOT_A_CUSTOMER_STEP, step_entries, step_rows
from analysis.dwell import step_times
from analysis.journey_report import StepRow
from analysis.suppression import hidden_rows
from projections.frames import Frames


class StepTable(NamedTuple):
    """One row a step that somebody entered, in intended order; `hidden` are the steps left out.

    `entries` are what the rows count: `analysis.drop_off.step_entries`.
    """

    rows: list[StepRow]
    hidden: frozenset[str]
    entries: pl.DataFrame

    @property
    def shown(self) -> list[StepRow]:
        """The rows to show."""
        return [row for row in self.rows if row.step not in self.hidden]

    @property
    def of_the_customer(self) -> list[str]:
        """The steps at which a journey can drop off, shown or not."""
        return [row.step for row in self.rows if row.note != NOT_A_CUSTOMER_STEP]


def table_of_steps(selected: Frames, *, k: int) -> StepTable:
    """Rate the steps, and choose those to leave out.

    The drop-offs of all customer steps add up to the losses, and the open journeys of all steps to
    those that are open: so a customer step is left out beside another customer step.

    Args:
        selected: The journeys to report on.
        k: Least number of people of a row that is shown.
    """
    journeys, visits, as_of = selected.journeys, selected.visits, selected.as_of
    entries = step_entries(journeys, visits, as_of=as_of)
    rows = step_rows(
        entries,
        started=journeys.height,
        service=selected.service,
        as_of=as_of,
        times=step_times(visits),
    )
    table = StepTable(rows, frozenset(), entries)
    theirs = entries.filter(pl.col("step").is_in(table.of_the_customer))
    hidden = hidden_rows(theirs, row="step", k=k)
    return table._replace(hidden=hidden_rows(entries, row="step", k=k, already=hidden))
