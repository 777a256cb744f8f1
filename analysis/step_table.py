"""The table of steps: all its rows, and which of them to leave out."""

from collections.abc import Collection, Sequence
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


def table_of_steps(
    selected: Frames,
    *,
    k: int,
    told: Sequence[Collection[str]] = (),
    left_out: Sequence[Frames] = (),
) -> StepTable:
    """Rate the steps, and choose those to leave out.

    The drop-offs of all customer steps add up to the losses, and the open journeys of all steps to
    those that are open: so a customer step is left out beside another customer step.

    Args:
        selected: The journeys to report on.
        k: Least number of people of a row that is shown.
        told: Of a report with a filter, the customer's steps that `analysis.filtered` leaves.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
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
    beside = [step_entries(part.journeys, part.visits, as_of=as_of) for part in left_out]
    theirs, *others = (
        part.filter(pl.col("step").is_in(table.of_the_customer)) for part in (entries, *beside)
    )
    untold = {step for step in theirs["step"].unique() if not all(step in some for some in told)}
    hidden = hidden_rows(theirs, row="step", k=k, already=untold, beside=others)
    return table._replace(
        hidden=hidden_rows(entries, row="step", k=k, already=hidden, beside=beside)
    )
