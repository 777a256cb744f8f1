"""What a journey brings along: its first-touch attributes, its person, and its route.

Routes are named sub-sequences of the steps. A journey's route is its `route` attribute, else the
only one that holds all its steps; while several do, it is undecided. Steps that are in no route at
all, such as help steps, decide nothing.
"""

from collections.abc import Sequence

import msgspec
import polars as pl

from journeys.service import ServiceHistory


def first_touch(rows: pl.DataFrame) -> pl.DataFrame:
    """Give each journey the first value of each attribute, its first channel and first person.

    Args:
        rows: Touchpoints sorted by journey and order; `journey_id, channel, person, attributes`.

    Returns:
        One row a journey: `journey_id, channel, person, attributes` (a JSON object, keys sorted).
    """
    by_journey = rows.group_by("journey_id", maintain_order=True).agg(
        pl.col("channel").first(),
        pl.col("person").drop_nulls().first(),
        pl.col("attributes").unique(maintain_order=True),
    )
    # Few sets of values are distinct: each is merged once.
    known: dict[tuple[str, ...], str] = {}
    merged = []
    for values in by_journey["attributes"].to_list():
        if len(values) == 1:
            merged.append(values[0])
            continue
        key = tuple(values)
        if key not in known:
            known[key] = _merge(key)
        merged.append(known[key])
    return by_journey.with_columns(attributes=pl.Series(merged, dtype=pl.String))


def routes_of(
    journeys: pl.DataFrame, touched: pl.DataFrame, visits: pl.DataFrame, service: ServiceHistory
) -> pl.DataFrame:
    """Decide the route of each journey.

    Args:
        journeys: `journey_id, journey_version`.
        touched: As `first_touch` returns.
        visits: `journey_id, step`.
        service: The definition versions.

    Returns:
        `journey_id, route`; null where it is undecided or the service has no routes.
    """
    steps = visits.group_by("journey_id").agg(pl.col("step").unique().sort())
    known = journeys.join(steps, on="journey_id", how="left").join(
        touched.select("journey_id", "attributes"), on="journey_id", how="left"
    )
    cases = known.select("journey_version", "attributes", "step").unique()
    routes = [
        _route(service, version, attributes, list_or_none or [])
        for version, attributes, list_or_none in cases.iter_rows()
    ]
    decided = cases.with_columns(route=pl.Series(routes, dtype=pl.String))
    return known.join(
        decided, on=["journey_version", "attributes", "step"], how="left", nulls_equal=True
    ).select("journey_id", "route")


def _merge(attributes: Sequence[str]) -> str:
    values: dict[str, str] = {}
    for text in attributes:
        for name, value in msgspec.json.decode(text).items():
            values.setdefault(name, value)
    return msgspec.json.encode(values, order="sorted").decode()


def _route(service: ServiceHistory, version: int, attributes: str, steps: list[str]) -> str | None:
    routes = service.versions[version].routes
    stated = msgspec.json.decode(attributes).get("route") if '"route"' in attributes else None
    if stated in routes:
        return str(stated)
    routed = {step for route in routes.values() for step in route}
    walked = {step for step in steps if step in routed}
    holding = [name for name, route in routes.items() if walked <= set(route)]
    return holding[0] if len(holding) == 1 else None
