"""Small worlds for the analysers: a service and its journeys in a few words, by the real trace.

A service: `search? form pay>staff handling:staff call~` - `?` optional, `~` help, `:actor`
(customer if none), `>` has the ball after it. Outcomes: granted, refused, cancelled, expired.

Journeys: one line for equal ones, `12 * lang=fi form.0 pay.0.5 granted.2`. Each has a case and a
person of its own, unless `person=` names one; `case=-` has no case, `person=-` no person. `week=2`
begins two weeks later; `channel=` and `attribute=value` belong to the first touchpoint; `form!.0`
failed, `form.0@phone` was there (web, if nothing is said). Days count from `DAY_0`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import polars as pl
import pytest

from journeys.service import Actor, Outcome, Service, ServiceHistory, Step
from projections.frames import Frames, frames_of
from projections.shapes import TOUCHPOINTS
from projections.trace import trace_journeys

DAY_0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A Monday."""

PERMIT = "search? form files? pay>staff handling:staff call~"
_STEP = re.compile(r"(?P<key>\w+)(?P<marks>[?~]*)(:(?P<actor>\w+))?(>(?P<passes_to>\w+))?")
_OUTCOMES = {
    Outcome.SUCCEEDED: ("granted",),
    Outcome.REFUSED: ("refused",),
    Outcome.CANCELLED: ("cancelled",),
    Outcome.EXPIRED: ("expired",),
}
_DEADLINES = {Actor.CUSTOMER: 1, Actor.STAFF: 10, Actor.SYSTEM: 1}

ServiceOf = Callable[..., Service]
World = Callable[..., Frames]


def day(days: float) -> datetime:
    return DAY_0 + timedelta(days=days)


def build_service(
    steps: str = PERMIT,
    *,
    key: str = "permit",
    routes: Mapping[str, str] | None = None,
    valid_from: date = date(2020, 1, 1),
    horizon: int | None = 7,
    no_deadline: Sequence[str] = (),
    attributes: Sequence[str] = (),
) -> Service:
    return Service(
        key=key,
        version=1,
        valid_from=valid_from,
        name={"fi": key, "sv": key, "en": key},
        division="KUVA",
        steps=tuple(_step(text, no_deadline) for text in steps.split()),
        routes={name: tuple(keys.split()) for name, keys in (routes or {}).items()},
        horizon=None if horizon is None else timedelta(days=horizon),
        attributes=tuple(attributes),
        outcomes=_OUTCOMES,
    )


def _step(text: str, no_deadline: Sequence[str]) -> Step:
    found = _STEP.fullmatch(text)
    assert found, text
    actor = Actor(found["actor"] or "customer")
    return Step(
        key=found["key"],
        name=dict.fromkeys(("fi", "sv", "en"), found["key"]),
        actor=actor,
        passes_to=Actor(found["passes_to"]) if found["passes_to"] else None,
        deadline=None if found["key"] in no_deadline else timedelta(days=_DEADLINES[actor]),
        optional="?" in found["marks"],
        help="~" in found["marks"],
    )


def touchpoints_of(text: str) -> pl.DataFrame:
    rows: list[tuple[object, ...]] = []
    number = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        times, star, rest = line.partition(" * ")
        words = (rest if star else line).split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        names = [word for word in words if "=" not in word]
        shift = 7 * int(options.pop("week", "0"))
        channel = options.pop("channel", "web")
        person, case = options.pop("person", None), options.pop("case", None)
        for _ in range(int(times) if star else 1):
            number += 1
            for place, word in enumerate(names):
                what, stated, there = word.partition("@")
                name, _, days = what.partition(".")
                rows.append(
                    (
                        "urn:example",
                        f"{len(rows):06}",
                        day(shift + float(days or 0)),
                        name.removesuffix("!"),
                        there if stated else channel if place == 0 else "web",
                        name.endswith("!"),
                        None if case == "-" else f"{case or 'case'}-{number}",
                        None if person == "-" else person or f"person-{number}",
                        msgspec.json.encode(options, order="sorted").decode()
                        if place == 0
                        else "{}",
                    )
                )
    return pl.DataFrame(rows, schema=dict(TOUCHPOINTS), orient="row")


def build_world(text: str, *versions: Service, at: float = 400.0, position: int = 1) -> Frames:
    service = ServiceHistory(versions or [build_service()])
    touchpoints = touchpoints_of(text).filter(pl.col("occurred_at") < day(at))
    trace = trace_journeys(touchpoints, service)
    return frames_of(trace, service, as_of=day(at), position=position)


@pytest.fixture(scope="session")
def at_day() -> Callable[[float], datetime]:
    return day


@pytest.fixture(scope="session")
def service_of() -> ServiceOf:
    return build_service


@pytest.fixture(scope="session")
def world() -> World:
    return build_world


@pytest.fixture(scope="session")
def touchpoints() -> Callable[[str], pl.DataFrame]:
    return touchpoints_of
