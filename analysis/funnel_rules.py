"""How a funnel is asked for: the order of its steps, a window, and steps that exclude."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal, NamedTuple, get_args

import polars as pl

from analysis.passes import Order, Rules
from journeys.errors import SettingsError, UnknownStepError
from journeys.service import ServiceHistory

Mode = Literal["stop", "remove"]
MODES: tuple[Mode, ...] = get_args(Mode)


class FunnelRules(NamedTuple):
    """The options of a funnel: see `analysis.passes`. By default ordered, and nothing else.

    `window` runs from the first visit of a pass to its last, both included; positive. `exclude` are
    pairs of a step and what it does.
    """

    order: Order = "ordered"
    window: timedelta | None = None
    exclude: tuple[tuple[str, Mode], ...] = ()

    def checked(self, service: ServiceHistory, *, required: Iterable[str]) -> "FunnelRules":
        """Return the same rules, if they fit the service.

        Args:
            service: Whose steps may exclude.
            required: Steps that the common funnel requires: what must be reached cannot exclude.

        Raises:
            SettingsError: A step excludes twice, or is required; the window is not positive.
            UnknownStepError: No such step.
        """
        steps = [step for step, _ in self.exclude]
        for place, step in enumerate(steps):
            if step not in service.step_keys:
                raise UnknownStepError(step, service.key, service.step_keys)
            if step in required:
                raise SettingsError(
                    f"step {step!r} cannot exclude: the funnel of service {service.key!r} "
                    "requires it. Hint: exclude an optional step, a help step or one of some routes"
                )
            if step in steps[:place]:
                raise SettingsError(f"step {step!r} excludes twice. Hint: once, stop or remove")
        if self.window is not None and self.window <= timedelta(0):
            raise SettingsError("the window of a funnel is not positive. Hint: P14D is 14 days")
        return self

    def of_rows(self, rows: tuple[str, ...], *, required: Iterable[bool], helps: set[str]) -> Rules:
        """Say the same in the rows of one funnel; what a route's funnel requires excludes not."""
        free = {row for row, needed in enumerate(required) if not needed}
        doing = {
            mode: frozenset(rows.index(step) for step in self.excluding(mode) if step in rows)
            & free
            for mode in MODES
        }
        return Rules(
            order=self.order,
            passable=frozenset(row for row, key in enumerate(rows) if key in helps),
            stopping=doing["stop"],
            removing=doing["remove"],
        )

    def excluding(self, mode: Mode) -> list[str]:
        """Name the steps that do this."""
        return [step for step, what in self.exclude if what == mode]


PLAIN_RULES = FunnelRules()


def within_window(visits: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """Say how far a window reaches that begins with each visit.

    Args:
        visits: Rows of `projections.frames.Frames.visits`, sorted by journey and visit.
        window: From a visit's first touchpoint to another's, inclusive.

    Returns:
        `journey`; `until`, for each of its visits the place behind the last one within the window.
    """
    places = visits.select(
        "journey", "entered_at", place=pl.int_range(pl.len(), dtype=pl.Int64).over("journey")
    )
    ends = places.with_columns(pl.col("entered_at") + window).join_asof(
        places.rename({"place": "last"}),
        on="entered_at",
        by="journey",
        strategy="backward",
        check_sortedness=False,
    )
    return ends.group_by("journey", maintain_order=True).agg(until=pl.col("last") + 1)
