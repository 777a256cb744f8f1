"""What people did next: after they dropped off at a step, in five classes that exclude each other.

A journey is watched from the last touchpoint of its last visit to the step at which it dropped off,
for 30 days or up to the as-of time. It belongs to the first class that fits:

* *completed in another channel*: the person began a later journey there, which is completed;
* *switched channel*: a later visit of this journey to a customer's or a help step, or a later
  journey's start, in another channel;
* *returned later*: a later journey, or a customer step of this one after its end;
* *went elsewhere*: a help step, a touchpoint whose name means nothing, or one that no journey
  holds; the first of them is named;
* *no further action*: nothing that this service recorded.

A channel is another one if both are known. The person is known within one service alone, so what
they did at another service cannot be said; without a person there is only the journey itself. Who
has more journeys than one person has (`projections.linking`) is told no later journeys.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import polars as pl

from analysis.drop_off import COMPLETED, LOST
from analysis.lookup import of_journeys
from analysis.sections import Next, NextEvent
from analysis.suppression import hidden_rows
from journeys.service import Actor
from projections.frames import Frames
from projections.linking import MANY_CASES

WITHIN_DAYS = 30

CLASSES = (
    "completed_in_another_channel",
    "switched_channel",
    "returned_later",
    "went_elsewhere",
    "no_further_action",
)
"""In the order in which they are asked for."""

_COMPLETED, _SWITCHED, _RETURNED, _ELSEWHERE, _NOTHING = range(len(CLASSES))


class AfterDropOff(NamedTuple):
    """By step; steps that nobody dropped off at are missing. `hidden` counts counts and names."""

    steps: dict[str, Next]
    hidden: Counter[str]


def after_drop_off(
    selected: Frames, *, everybody: Frames, k: int, left_out: Sequence[Frames] = ()
) -> AfterDropOff:
    """Say what those who dropped off did next.

    All classes of a step are shown where k people or more dropped off, else none. Which names they
    went to is a list with a total, and hides as such.

    Args:
        selected: The journeys to report on.
        everybody: All journeys of the service: who returns may do so outside the selection.
        k: Least number of people of a count that is shown.
        left_out: What a filter leaves out, `analysis.selection.left_out`.
    """
    found = classified(selected, everybody=everybody)
    beside = [classified(part, everybody=everybody) for part in left_out]
    steps: dict[str, Next] = {}
    hidden: Counter[str] = Counter()
    for (step,), part in found.group_by("step"):
        others = [other.filter(pl.col("step") == step) for other in beside]
        shown = not any(0 < one["people"].n_unique() < k for one in (part, *others))
        counts = Counter[str](part["class"].to_list())
        elsewhere, names_hidden = _elsewhere(part, others, k=k) if shown else ([], 0)
        steps[str(step)] = Next(
            within_days=WITHIN_DAYS,
            elsewhere=elsewhere,
            **{name: counts[name] if shown else None for name in CLASSES},
        )
        hidden += Counter(next=0 if shown else len(CLASSES), next_events=names_hidden)
    return AfterDropOff(steps, hidden)


def classified(selected: Frames, *, everybody: Frames) -> pl.DataFrame:
    """Put each journey that dropped off into its class.

    Args:
        selected: As for `after_drop_off`.
        everybody: As for `after_drop_off`.

    Returns:
        `journey`, `people`, `step`, `class` (of `CLASSES`), `event` (what those who went elsewhere
        came to first, else null).
    """
    dropped = _dropped(selected, everybody)
    single = _one_person(dropped, everybody)
    acts = pl.concat(
        [
            _own_visits(dropped, everybody),
            _later_journeys(single, everybody),
            _strays(dropped, single, everybody),
        ]
    ).filter(
        (pl.col("at") > pl.col("left_at"))
        & (pl.col("at") <= pl.col("left_at") + timedelta(days=WITHIN_DAYS))
    )
    first = (
        acts.sort("at", "event")
        .group_by("journey")
        .agg(pl.col("rank").min(), pl.col("event").drop_nulls().first())
    )
    rank = pl.col("rank").fill_null(_NOTHING)
    return dropped.join(first, on="journey", how="left").select(
        "journey",
        "people",
        "step",
        rank.replace_strict(dict(enumerate(CLASSES)), return_dtype=pl.String).alias("class"),
        event=pl.when(rank == _ELSEWHERE).then("event"),
    )


def _dropped(selected: Frames, everybody: Frames) -> pl.DataFrame:
    """One row a journey that dropped off: `people`, `step`, `last`, `channel`, `left_at`."""
    visits = selected.visits
    lost = selected.journeys.filter(pl.col("outcome").is_in(LOST))
    ends = of_journeys(lost, visits["journey"], "ended_at", "last_customer_step")
    there = visits.select("journey", "step", "channel", "left_at", last="visit").filter(
        (visits["step"] == ends["last_customer_step"]) & (visits["entered_at"] <= ends["ended_at"])
    )
    dropped = there.filter(pl.col("journey").ne_missing(pl.col("journey").shift(-1)))
    # With the pseudonyms: the selection may have but numbers for its people.
    people = of_journeys(everybody.journeys, dropped["journey"], "journey_id", "people")
    return dropped.with_columns(pl.col("step", "channel").cast(pl.String)).hstack(people)


def _own_visits(dropped: pl.DataFrame, everybody: Frames) -> pl.DataFrame:
    service = everybody.service
    helps = [key for key in service.step_keys if service.step(key).help]
    theirs = [
        key
        for key in service.step_keys
        if service.step(key).help or service.step(key).actor is Actor.CUSTOMER
    ]
    visits = everybody.visits
    last = of_journeys(dropped, visits["journey"], "last")["last"]
    later = visits.select(
        "journey", "step", at=pl.col("entered_at"), there=pl.col("channel").cast(pl.String)
    ).filter((visits["visit"] > last) & visits["step"].is_in(theirs))
    since = of_journeys(dropped, later["journey"], "channel", "left_at")
    kind = pl.when(pl.col("step").is_in(helps)).then(_ELSEWHERE).otherwise(_RETURNED)
    return _acts(
        later.hstack(since),
        pl.when(_in_another_channel()).then(_SWITCHED).otherwise(kind),
        pl.col("step").cast(pl.String),
    )


def _later_journeys(single: pl.DataFrame, everybody: Frames) -> pl.DataFrame:
    others = everybody.journeys.select(
        "people",
        "outcome",
        other=pl.col("journey"),
        at=pl.col("started_at"),
        there=pl.col("channel"),
    )
    later = single.join(others, on="people", how="inner").filter(
        pl.col("other") != pl.col("journey")
    )
    return _acts(
        later,
        pl.when(_in_another_channel() & pl.col("outcome").is_in(COMPLETED))
        .then(_COMPLETED)
        .when(_in_another_channel())
        .then(_SWITCHED)
        .otherwise(_RETURNED),
        pl.lit(None, dtype=pl.String),
    )


def _strays(dropped: pl.DataFrame, single: pl.DataFrame, everybody: Frames) -> pl.DataFrame:
    strays = everybody.strays.select(
        "journey_id", "people", "unlinked", "name", at=pl.col("occurred_at")
    )
    within = dropped.join(
        strays.filter(~pl.col("unlinked")).drop("people", "unlinked"), on="journey_id"
    )
    beside = single.join(strays.filter("unlinked").drop("journey_id", "unlinked"), on="people")
    columns = ("journey", "at", "left_at", "name")
    both = pl.concat([within.select(columns), beside.select(columns)])
    return _acts(both, pl.lit(_ELSEWHERE), pl.col("name"))


def _one_person(dropped: pl.DataFrame, everybody: Frames) -> pl.DataFrame:
    """Leave out organisations and shared logins: their journeys do not follow each other."""
    many = everybody.journeys.group_by("people").len().filter(pl.col("len") > MANY_CASES)
    return dropped.join(many, on="people", how="anti")


def _in_another_channel() -> pl.Expr:
    here, there = pl.col("channel"), pl.col("there")
    return (here != there) & (here != "") & (there != "")


def _acts(rows: pl.DataFrame, rank: pl.Expr, event: pl.Expr) -> pl.DataFrame:
    return rows.select("journey", "at", "left_at", rank=rank.cast(pl.Int32), event=event)


def _elsewhere(
    part: pl.DataFrame, others: Sequence[pl.DataFrame], *, k: int
) -> tuple[list[NextEvent], int]:
    named, *beside = (one.filter(pl.col("event").is_not_null()) for one in (part, *others))
    gone = hidden_rows(named, row="event", k=k, beside=beside)
    events = Counter(named["event"].to_list())
    rows = [NextEvent(name=name, count=events[name]) for name in events if name not in gone]
    return sorted(rows, key=lambda row: (-row.count, row.name)), len(gone)
