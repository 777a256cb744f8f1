"""All services beside each other, and where the city loses most journeys."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

import polars as pl

from analysis.drop_off import completion
from analysis.dwell import time_to_outcome
from analysis.journey_report import DropOff, Overview, ServiceLine
from analysis.report import journey_counts, window_of
from analysis.selection import EVER, Period, moment_text, select, with_people_numbered
from analysis.step_table import StepTable, table_of_steps
from analysis.suppression import MIN_K, check_k
from journeys.errors import DisclosureError
from journeys.service import HELSINKI
from projections.frames import Frames

WEEKS = 4
"""Mature entry weeks that are read as one, lately and before."""


class _Weeks(NamedTuple):
    rate: float | None
    n: int | None


def overview(
    services: Sequence[Frames],
    *,
    window: Period = EVER,
    k: int = MIN_K,
    public_log: bool = False,
) -> Overview:
    """Put all services in a line each, and rank their steps by journeys lost.

    Args:
        services: At least one; all as of the same moment, as known at the same position.
        window: Journey starts.
        k: Least number of people of a row that is shown.
        public_log: The log holds nobody's data, so k may be below 5.

    Returns:
        Services by key, one of fewer than k people left out; the steps at which most journeys were
        lost first, as far as the reports of the services show them.

    Raises:
        DisclosureError: k is too small.
    """
    check_k(k, public_log=public_log)
    lines: list[ServiceLine] = []
    drop_offs: list[DropOff] = []
    hidden: Counter[str] = Counter()
    for frames in sorted(services, key=lambda frames: frames.service.key):
        try:
            selected = with_people_numbered(select(frames, period=window, k=k))
        except DisclosureError:
            hidden["services"] += 1
            continue
        steps = table_of_steps(selected, k=k)
        line = _line(selected, steps, k=k)
        lines.append(line)
        drop_offs.extend(_drop_offs(selected, steps))
        hidden["drop_offs"] += len(steps.hidden)
        hidden["weeks"] += (line.recent_n is None) + (line.earlier_n is None)
    return Overview(
        as_of=moment_text(services[0].as_of),
        position=services[0].position,
        k=k,
        window=window_of(window),
        services=lines,
        drop_offs=sorted(drop_offs, key=lambda row: (-row.dropped, row.service, row.step)),
        hidden={what: rows for what, rows in sorted(hidden.items()) if rows},
    )


def _line(selected: Frames, steps: StepTable, *, k: int) -> ServiceLine:
    journeys, as_of = selected.journeys, selected.as_of
    current = selected.service.at(as_of)
    counts = journey_counts(journeys)
    done = completion(journeys, horizon=current.horizon_days, as_of=as_of)
    losing = [row for row in steps.shown if row.dropped]
    grown = _newest_mature_end(as_of, horizon=current.horizon_days)
    recent, earlier = (
        _weeks_before(selected, grown - timedelta(weeks=weeks), horizon=current.horizon_days, k=k)
        for weeks in (0, WEEKS)
    )
    return ServiceLine(
        service=selected.service.key,
        division=current.division,
        draft=not current.outcomes_confirmed,
        started=counts.started,
        completed=counts.succeeded + counts.refused,
        lost=counts.cancelled + counts.expired + counts.abandoned,
        open=counts.open,
        rate=done.rate,
        low=done.low,
        high=done.high,
        n=done.n,
        day=done.day,
        note=done.note,
        median_s=time_to_outcome(journeys, k=k).median_s,
        worst_step=max(losing, key=lambda row: row.dropped).step if losing else None,
        recent_rate=recent.rate,
        recent_n=recent.n,
        earlier_rate=earlier.rate,
        earlier_n=earlier.n,
    )


def _drop_offs(selected: Frames, steps: StepTable) -> list[DropOff]:
    return [
        DropOff(
            service=selected.service.key,
            step=row.step,
            dropped=row.dropped,
            drop_off_rate=row.drop_off_rate,
            low=row.low,
            high=row.high,
            n=row.n,
            day=row.day,
        )
        for row in steps.shown
        if row.dropped
    ]


def _newest_mature_end(as_of: datetime, *, horizon: int) -> datetime:
    """Return the local midnight that ends the newest mature week; a local time, naive."""
    grown = (as_of - timedelta(days=horizon)).astimezone(HELSINKI)
    monday = grown.date() - timedelta(days=grown.weekday())
    return datetime.combine(monday, time())


def _weeks_before(selected: Frames, end: datetime, *, horizon: int, k: int) -> _Weeks:
    """Read the completion of `WEEKS` entry weeks that end at a local midnight."""
    first, last = (
        moment.replace(tzinfo=HELSINKI).astimezone(UTC)
        for moment in (end - timedelta(weeks=WEEKS), end)
    )
    started = pl.col("started_at")
    part = selected.journeys.filter((started >= first) & (started < last))
    if 0 < part["people"].n_unique() < k:
        return _Weeks(None, None)
    mature = completion(part, horizon=horizon, as_of=selected.as_of).mature
    return _Weeks(mature.rate, mature.n)
