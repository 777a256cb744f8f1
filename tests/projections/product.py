"""The product's answer in the words of the worked examples and of the oracle."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import polars as pl

from journeys.service import ServiceHistory
from journeys.touchpoint import Touchpoint
from projections.frames import Frames, frames_of
from projections.shapes import TOUCHPOINTS
from projections.trace import trace_journeys
from tests.projections.example_service import days
from tests.projections.example_standing import Journey, Standing
from tests.projections.journey_oracle import AtStep

LOST = {"cancelled", "expired", "abandoned"}


def frame(touchpoints: Iterable[Touchpoint], as_of: datetime) -> pl.DataFrame:
    """The touchpoints that exist at a moment, as `trace_journeys` takes them."""
    rows = [
        (
            t.source,
            t.id,
            t.occurred_at,
            t.name,
            t.channel,
            t.status == "error",
            t.case,
            t.person,
            "{}",
        )
        for t in touchpoints
        if t.occurred_at < as_of
    ]
    return pl.DataFrame(rows, schema=TOUCHPOINTS, orient="row")


def frames(touchpoints: Iterable[Touchpoint], history: ServiceHistory, as_of: datetime) -> Frames:
    trace = trace_journeys(frame(touchpoints, as_of), history)
    return frames_of(trace, history, as_of=as_of, position=0)


def standing(found: Frames) -> Standing:
    """All that a worked example may say."""
    unlinked = found.strays.filter("unlinked").height
    unmapped = Counter(found.strays.filter("unmapped")["name"].to_list())
    return Standing(
        journeys=tuple(
            Journey(
                outcome=row["outcome"],
                start=days(row["started_at"]),
                end=None if row["ended_at"] is None else days(row["ended_at"]),
                last=row["last_customer_step"],
                force=row["force_step"],
                broken_since=days(row["deadline_at"]) if row["broken_promise"] else None,
                resurrected=row["resurrected"],
                cancelled_afterwards=row["cancelled_afterwards"],
            )
            for row in found.journeys.iter_rows(named=True)
        ),
        steps=at_steps(found),
        unlinked=unlinked,
        unmapped=dict(unmapped),
    )


def at_steps(found: Frames) -> dict[str, AtStep]:
    counts: dict[str, Counter[str]] = {}
    joined = found.visits.select("journey", "step").unique().join(found.journeys, on="journey")
    for row in joined.iter_rows(named=True):
        if row["outcome"] in LOST and row["last_customer_step"] == row["step"]:
            stands = "dropped"
        elif row["outcome"] == "open" and row["force_step"] == row["step"]:
            stands = "open"
        else:
            stands = "advanced"
        counts.setdefault(row["step"], Counter())[stands] += 1
    return {
        step: AtStep(count.total(), count["advanced"], count["dropped"], count["open"])
        for step, count in counts.items()
    }
