"""From touchpoints to journeys: the heart of the house.

`trace_journeys` is a function of the *set* of touchpoints it is given and of the definition
versions, so any order of arrival, any duplication and any batching gives the same rows. It knows no
as-of time: a journey that is silent stands in the result with its deadline and with what it becomes
once that has passed. `judge` turns that into an outcome at a moment.

The rules are those of `docs/journeys.md`; the state machine of one journey is
`projections.attempt`, the choice of journey for a touchpoint without a case is
`projections.linking`.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

import numpy as np
import polars as pl

from journeys.records import microseconds_of
from journeys.service import Outcome, ServiceHistory
from projections.attempt import Attempt, Ball, Kind, StepRule, microseconds, step_rules
from projections.linking import Named, Windows, link_person
from projections.route import first_touch, routes_of
from projections.shapes import ABANDONED, JOURNEYS, MOMENT, OPEN, STRAYS, TOUCHPOINTS, VISITS, Trace

_OUTCOMES = tuple(Outcome)


def trace_journeys(touchpoints: pl.DataFrame, service: ServiceHistory) -> Trace:
    """Rebuild the journeys of one service.

    Args:
        touchpoints: All touchpoints of the service that exist, in any order; columns as in
            `TOUCHPOINTS`. (source, id) is unique.
        service: The definition versions known.

    Returns:
        Journeys, visits and strays; each depends on the set of touchpoints alone.
    """
    if touchpoints.is_empty():
        return Trace(
            pl.DataFrame(schema=JOURNEYS), pl.DataFrame(schema=VISITS), pl.DataFrame(schema=STRAYS)
        )
    rules = step_rules(service)
    named = _name(touchpoints, service, rules)
    linked = _link(named, service, rules)
    counted, grouped = _group(linked)
    attempts, balls = _attempts(counted, grouped, service, rules)
    visits = _visits(counted.with_columns(ball=balls), grouped, service)
    journeys = _journeys(counted, attempts, visits, service)
    return Trace(
        journeys,
        visits.select(*VISITS).sort("journey_id", "visit"),
        _strays(linked, counted),
    )


def judge(journeys: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Say where each journey stands at a moment.

    Args:
        journeys: As `trace_journeys` returns them, of touchpoints before `as_of` alone.
        as_of: The moment the report pretends it is now.

    Returns:
        The same rows and columns without `lapse_*` and `was_abandoned`; `outcome` is one of
        succeeded, refused, cancelled, expired, abandoned, open, `ended_at` is null where it is
        open; `broken_promise` and `resurrected` are added.
    """
    silent = pl.col("outcome").is_null() & (pl.col("deadline_at") < pl.lit(as_of, dtype=MOMENT))
    lapsed = silent & pl.col("lapse_outcome").is_not_null()

    def standing(column: str) -> pl.Expr:
        return (
            pl.when(lapsed).then(pl.col(f"lapse_{column}")).otherwise(pl.col(column)).alias(column)
        )

    return (
        journeys.with_columns(
            standing("outcome").fill_null(OPEN),
            standing("ended_at"),
            standing("last_customer_step"),
            standing("cancelled_afterwards"),
            broken_promise=silent & pl.col("lapse_outcome").is_null(),
        )
        .with_columns(
            pl.when(pl.col("outcome") == OPEN).then("force_step").alias("force_step"),
            resurrected=pl.col("was_abandoned")
            & pl.col("outcome").is_in([OPEN, Outcome.SUCCEEDED.value, Outcome.REFUSED.value]),
        )
        .drop(
            "lapse_outcome",
            "lapse_ended_at",
            "lapse_last_customer_step",
            "lapse_cancelled_afterwards",
            "was_abandoned",
        )
    )


def _name(
    touchpoints: pl.DataFrame, service: ServiceHistory, rules: Sequence[Sequence[StepRule]]
) -> pl.DataFrame:
    """Put touchpoints in order and read each name by the version valid at its time."""
    ordered = (
        touchpoints.select(*TOUCHPOINTS)
        .sort("occurred_at", "source", "id")
        .with_row_index("row")
        .with_columns(at=pl.col("occurred_at").to_physical())
    )
    starts = np.array([microseconds_of(start) for start in service.starts])
    version = np.searchsorted(starts, ordered["at"].to_numpy(), side="right") - 1
    ordered = ordered.with_columns(
        version=pl.Series(np.maximum(version, 0), dtype=pl.Int32),
        carries=pl.col("case").is_not_null(),
    )
    ordered = _translate_channels(ordered, service)
    names = ordered.select("name", "version").unique()
    codes = {key: code for code, key in enumerate(service.step_keys)}
    meaning = []
    for name, index in names.iter_rows():
        definition = service.versions[index]
        place, outcome = definition.resolve(name)
        step = None if place is None else codes[definition.steps[place].key]
        helps = step is not None and rules[index][step].kind is Kind.HELP
        meaning.append((step, None if outcome is None else _OUTCOMES.index(outcome), helps))
    meanings = names.hstack(
        pl.DataFrame(
            meaning,
            schema={"step": pl.Int32, "outcome": pl.Int32, "helps": pl.Boolean},
            orient="row",
        )
    ).with_columns(unmapped=pl.col("step").is_null() & pl.col("outcome").is_null())
    return ordered.join(
        meanings, on=["name", "version"], how="left", maintain_order="left"
    ).with_columns(pl.when(~pl.col("error")).then("outcome").alias("outcome"))


def _translate_channels(ordered: pl.DataFrame, service: ServiceHistory) -> pl.DataFrame:
    """Give the source's words for channels our names, as the version valid then maps them."""
    words = [
        (index, word, channel)
        for index, version in enumerate(service.versions)
        for word, channel in version.channels.items()
    ]
    if not words:
        return ordered
    known = pl.DataFrame(
        words,
        schema={"version": pl.Int32, "channel": pl.String, "ours": pl.String},
        orient="row",
    )
    return ordered.join(
        known, on=["version", "channel"], how="left", maintain_order="left"
    ).with_columns(channel=pl.coalesce("ours", "channel"))


def _link(
    named: pl.DataFrame, service: ServiceHistory, rules: Sequence[Sequence[StepRule]]
) -> pl.DataFrame:
    """Add `journey_id`: the case, or person and number of an own journey; null for unlinked."""
    alone = named.filter(pl.col("case").is_null() & pl.col("person").is_not_null())
    if alone.is_empty():
        return named.with_columns(journey_id=pl.col("case"))
    people = alone.group_by("person").agg(pl.col("row").max().alias("last"))
    pairs = (
        named.filter(pl.col("carries"))
        .join(people, on="person")
        .select("person", "case", "last")
        .unique()
    )
    # Where a touchpoint belongs depends on what was before it, and on how a case begins; of most
    # cases that is nearly nothing.
    known = pairs.group_by("case").agg(pl.col("last").max())
    carrying = named.join(known, on="case", maintain_order="left").filter(
        (pl.col("row") < pl.col("last")) | pl.col("case").is_first_distinct()
    )
    windows = [
        Windows(microseconds(version.link_before), microseconds(version.link_after))
        for version in service.versions
    ]
    cases_of: dict[str, list[str]] = {}
    for person, case in zip(pairs["person"].to_list(), pairs["case"].to_list(), strict=True):
        cases_of.setdefault(person, []).append(case)
    touchpoints_of = _named_by(carrying, "case")
    rows, found = [], []
    for person, own in _named_by(alone, "person").items():
        cases = {case: touchpoints_of[case] for case in cases_of.get(person, ())}
        for link in link_person(own, cases, rules, windows):
            rows.append(link.row)
            found.append(link.case if link.own is None else f"{person}#{link.own}")
    links = pl.DataFrame(
        {"row": rows, "linked": found}, schema={"row": named.schema["row"], "linked": pl.String}
    )
    return named.join(links, on="row", how="left", maintain_order="left").with_columns(
        journey_id=pl.coalesce("case", "linked")
    )


def _named_by(touchpoints: pl.DataFrame, key: str) -> dict[str, list[Named]]:
    by: dict[str, list[Named]] = {}
    outcomes = [
        None if code is None else _OUTCOMES[code] for code in touchpoints["outcome"].to_list()
    ]
    columns = (touchpoints[name].to_list() for name in ("row", "at", "version", "step"))
    named = map(Named._make, zip(*columns, outcomes, strict=True))
    for value, touchpoint in zip(touchpoints[key].to_list(), named, strict=True):
        by.setdefault(value, []).append(touchpoint)
    return by


def _group(linked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep the touchpoints of journeys that count, together and in order; one row a journey.

    A case counts once it has an outcome or a step that is no help step; an own journey begins with
    a customer step, so it always counts.
    """
    tells = pl.col("outcome").is_not_null() | (pl.col("step").is_not_null() & ~pl.col("helps"))
    rows = (
        linked.filter(pl.col("journey_id").is_not_null())
        .with_columns(group=pl.col("journey_id").cast(pl.Categorical).to_physical())
        .sort("group", "row")
        .filter(tells.any().over("group"))
    )
    # The version of a case is that of its first touchpoint that carries it, linked ones apart.
    grouped = rows.group_by("group", maintain_order=True).agg(
        pl.len().alias("touchpoints"),
        pl.col("journey_id").first(),
        pl.col("occurred_at").first().alias("started_at"),
        pl.coalesce(
            pl.col("version").filter(pl.col("carries")).first(), pl.col("version").first()
        ).alias("journey_version"),
    )
    return rows, grouped


def _attempts(
    rows: pl.DataFrame,
    grouped: pl.DataFrame,
    service: ServiceHistory,
    rules: Sequence[Sequence[StepRule]],
) -> tuple[pl.DataFrame, pl.Series]:
    """Run the state machine over each journey; with it, who has the ball after each touchpoint."""
    at = rows["at"].to_list()
    steps = rows["step"].fill_null(-1).to_list()
    outcomes = [None if code is None else _OUTCOMES[code] for code in rows["outcome"].to_list()]
    carries = rows["carries"].to_list()
    # Index -1, no step, finds the None at the end.
    rules_or_none: list[list[StepRule | None]] = [[*row, None] for row in rules]
    touchpoints = zip(at, steps, outcomes, carries, strict=True)
    results = []
    balls: list[str | None] = []
    lengths, versions = grouped["touchpoints"].to_list(), grouped["journey_version"].to_list()
    for length, version in zip(lengths, versions, strict=True):
        attempt = Attempt()
        take, rule_of = attempt.take, rules_or_none[version]
        for moment, step, outcome, carries_case in islice(touchpoints, length):
            take(moment, rule_of[step], outcome, carries_case=carries_case)
            balls.append(None if attempt.end else _BALLS[attempt.ball])
        results.append(_row(attempt, service.step_keys))
    states = [
        pl.Series(name, [result[place] for result in results], dtype=JOURNEYS[name])
        for place, name in enumerate(_ATTEMPT_COLUMNS)
    ]
    return grouped.with_columns(states), pl.Series(balls, dtype=pl.String)


_ATTEMPT_COLUMNS = tuple(JOURNEYS)[tuple(JOURNEYS).index("outcome") :]
_BALLS = ("customer", "city")  # by their places in Ball


def _row(attempt: Attempt, keys: Sequence[str]) -> tuple[object, ...]:
    """The state of one attempt in the order of `_ATTEMPT_COLUMNS`."""

    def key(step: int | None) -> str | None:
        return None if step is None else keys[step]

    ball = _BALLS[attempt.ball]
    last = key(attempt.last_customer_step)
    end = attempt.end
    if end is not None:
        ended = (end.outcome.value, end.at, last, end.cancelled_afterwards)
        return (*ended, ball, None, None, None, None, None, None, attempt.was_abandoned)
    force = None if attempt.force is None else keys[attempt.force.step]
    deadline_at = (attempt.since or 0) + attempt.deadline
    lapse: tuple[object, ...] = (None, None, None, None)
    back = attempt.lapses_to()
    if back is not None:
        lapse = (
            back.outcome.value,
            back.at,
            key(back.last_customer_step),
            back.cancelled_afterwards,
        )
    elif attempt.ball is Ball.CUSTOMER:
        lapse = (ABANDONED, deadline_at, last, False)
    return (None, None, last, False, ball, force, deadline_at, *lapse, attempt.was_abandoned)


def _visits(rows: pl.DataFrame, grouped: pl.DataFrame, service: ServiceHistory) -> pl.DataFrame:
    """Join touchpoints into visits; `steps` are still codes in column `code`.

    An outcome that no step covers parts two visits of one step; an error is no outcome, and what
    nothing maps does not split a visit.
    """
    merged = pl.Series([version.visits == "merged" for version in service.versions])
    versions = grouped.select("group", "journey_version")
    stays = (
        rows.select(
            "group", "journey_id", "step", "outcome", "channel", "occurred_at", "ball", "error"
        )
        .filter(pl.col("step").is_not_null() | pl.col("outcome").is_not_null())
        .join(versions, on="group", how="left", maintain_order="left")
        .with_columns(merges=pl.lit(merged).gather(pl.col("journey_version")))
        .with_columns(
            begins=(pl.col("group") != pl.col("group").shift())
            | (pl.col("step") != pl.col("step").shift())
            | pl.col("step").shift().is_null()
            | ~pl.col("merges")
        )
        .filter(pl.col("step").is_not_null())
        .with_columns(number=pl.col("begins").fill_null(value=True).cum_sum())
    )
    visits = stays.group_by("number", maintain_order=True).agg(
        pl.col("group").first(),
        pl.col("journey_id").first(),
        pl.col("step").first().alias("code"),
        pl.col("channel").first(),
        pl.col("occurred_at").first().alias("entered_at"),
        pl.col("occurred_at").last().alias("left_at"),
        pl.col("ball").last(),
        pl.len().cast(pl.Int64).alias("touchpoints"),
        pl.col("error").sum().cast(pl.Int64).alias("errors"),
    )
    keys = pl.Series(service.step_keys, dtype=pl.String)
    return visits.with_columns(
        step=pl.lit(keys).gather(pl.col("code")),
        visit=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("group"),
    )


def _journeys(
    rows: pl.DataFrame, attempts: pl.DataFrame, visits: pl.DataFrame, service: ServiceHistory
) -> pl.DataFrame:
    touched = first_touch(rows)
    routes = routes_of(attempts.select("journey_id", "journey_version"), touched, visits, service)
    return (
        attempts.with_columns(version=pl.col("journey_version"))
        .join(touched, on="journey_id", how="left")
        .join(routes, on="journey_id", how="left")
        .with_columns(people=pl.coalesce("person", "journey_id"))
        .select(pl.col(name).cast(dtype) for name, dtype in JOURNEYS.items())
        .sort("started_at", "journey_id")
    )


def _strays(linked: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    held = counted.select("row", held=pl.lit(value=True))
    return (
        linked.join(held, on="row", how="left", maintain_order="left")
        .with_columns(unlinked=pl.col("held").is_null())
        .filter(pl.col("unlinked") | pl.col("unmapped"))
        .with_columns(
            people=pl.coalesce("person", "case"),
            journey_id=pl.when(~pl.col("unlinked")).then("journey_id"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in STRAYS.items())
        .sort("source", "id")
    )
