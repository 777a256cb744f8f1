"""Does a definition make sense: names that agree, durations that pass, touchpoints told apart?

A *problem* makes a definition unusable; a *warning* says what will be assumed or missing. The rules
look at whatever could be read, so that a slip in one place hides no problem in another.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from journeys.definition_shape import nearest, shown
from journeys.names import tied_pairs
from journeys.service import COMMON_ATTRIBUTES, LANGUAGES, Actor, Outcome, Service

COLUMN_ROLES = ("id", "case", "person", "touchpoint", "time", "channel", "status")
"""What a column of a file can be, beside an attribute."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_TIME = r"(?:[01]\d|2[0-4]):[0-5]\d"
_DAYS = f"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*"
_TIMES = f"{_TIME}-{_TIME}(?:,{_TIME}-{_TIME})*"
_HOURS = re.compile(f"{_DAYS} {_TIMES}(?:; ?{_DAYS} {_TIMES})*")
_LONGEST = timedelta(days=36_525)
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)

Parts = dict[str, Any]


def problems_of(parts: Parts) -> list[str]:
    """List what is wrong with a definition of which these parts could be read.

    Returns:
        One line each, `path: why. Hint: a value that works`, in the order of a definition's keys.
    """
    return [
        *_of_the_head(parts),
        *_of_the_calendar(parts.get("calendar", {})),
        *_of_the_windows(parts),
        *_of_the_source(parts),
        *_of_the_steps(parts),
        *_of_the_routes(parts),
        *_of_the_outcomes(parts.get("outcomes", {})),
        *_of_the_names(_step_names(parts), "step"),
        *_of_the_names(_outcome_names(parts), "outcome"),
    ]


def problems_of_file(form: Parts) -> Iterator[str]:
    """List what is wrong with how files are said to be written; as `problems_of`."""
    zone = form.get("zone", "UTC")
    if zone not in _zones():
        yield f"file.zone: {shown(zone)} is no time zone. Hint: Europe/Helsinki"
    encoding = form.get("encoding", "utf-8")
    if not _is_encoding(encoding):
        yield f"file.encoding: {shown(encoding)} is no encoding. Hint: utf-8 or cp1252"
    if len(form.get("delimiter", ";")) != 1:
        yield "file.delimiter: is not one character. Hint: ; or , or a tab"
    if "%" not in (form.get("time_format", "%d")):
        yield 'file.time_format: has no % in it. Hint: "%d/%m/%Y %H:%M"'


def warnings_of(service: Service) -> list[str]:
    """List what a definition leaves open, and what is assumed instead; `path: why` each.

    Of a draft this comes first, and its owner is not asked for yet.
    """
    warnings = []
    if not service.outcomes_confirmed:
        warnings.append("outcomes_confirmed: false; a draft: nobody has confirmed its outcomes yet")
    elif service.owner is None:
        warnings.append("owner: none; alerts go to the default owner")
    if Outcome.SUCCEEDED not in service.outcomes:
        warnings.append("outcomes.succeeded: none; no journey can succeed")
    if not any(step.required and step.actor == "customer" for step in service.steps):
        warnings.append("steps: none is a required step of the customer's; no journey has a start")
    for place, step in enumerate(service.steps):
        if step.deadline is None:
            warnings.append(f"steps[{place}].deadline: none; 14 days are assumed")
        if step.typical is not None and step.typical > step.deadline_or_assumed:
            warnings.append(f"steps[{place}].typical: longer than the deadline")
    warnings.extend(
        f"steps[{place}].deadline: longer than the horizon; no silence there can be seen by "
        f"day {service.horizon_days}"
        for place in _beyond_the_horizon(service)
    )
    return warnings


def _beyond_the_horizon(service: Service) -> Iterator[int]:
    """Find the steps at which a customer could fall silent and no rate would ever tell.

    Steps after the last required one follow the end of a journey, where silence loses nobody.
    """
    last = max((place for place, step in enumerate(service.steps) if step.required), default=-1)
    horizon = timedelta(days=service.horizon_days)
    for place, step in enumerate(service.steps[: last + 1]):
        waits_for_customer = (step.passes_to or step.actor) is Actor.CUSTOMER and not step.help
        if waits_for_customer and step.deadline_or_assumed > horizon:
            yield place


def _of_the_head(parts: Parts) -> Iterator[str]:
    if not _KEY.fullmatch(parts.get("key", "key")):
        yield (
            f"key: {shown(parts['key'])} is not usable in a file name and an address. "
            "Hint: letters, digits, dots and hyphens, e.g. youth-summer-voucher"
        )
    if parts.get("version", 1) < 1:
        yield f"version: {parts['version']} is below 1. Hint: versions count 1, 2, 3"
    valid_from = parts.get("valid_from", _FIRST_DAY)
    if not _FIRST_DAY <= valid_from <= _LAST_DAY:
        yield f"valid_from: {valid_from} is not between {_FIRST_DAY} and {_LAST_DAY}"
    yield from _languages(parts, "name")
    yield from _not_blank(parts.get("division"), "division", "the division, e.g. KUVA")
    owner = parts.get("owner", {})
    yield from _not_blank(owner.get("name"), "owner.name", "a name, or leave the owner out")
    if not _EMAIL.fullmatch(owner.get("email", "a@b")):
        yield "owner.email: is not an address. Hint: for example name@example.org"
    if owner.get("lang", "fi") not in LANGUAGES:
        yield f"owner.lang: {shown(owner['lang'])} is not one of {', '.join(LANGUAGES)}"


def _of_the_calendar(calendar: Parts) -> Iterator[str]:
    if not _COUNTRY.fullmatch(calendar.get("country", "FI")):
        yield f"calendar.country: {shown(calendar['country'])} is no country code. Hint: FI"
    for channel, hours in _read_pairs(calendar.get("hours", {})):
        if not _HOURS.fullmatch(hours):
            yield (
                f"calendar.hours.{channel}: {shown(hours)} are no opening hours. "
                "Hint: Mo-Fr 09:00-15:00; Sa 10:00-13:00"
            )
    for place, period in _read_items(calendar.get("rounds", [])):
        if period.get("starts", date.min) > period.get("ends", date.max):
            yield f"calendar.rounds[{place}].to: {period['ends']} is before {period['starts']}"


def _of_the_windows(parts: Parts) -> Iterator[str]:
    yield from _positive(parts.get("horizon"), "horizon")
    for key, window in parts.get("link", {}).items():
        if not timedelta() <= window <= _LONGEST:
            yield f"link.{key}: is not between nothing and a hundred years. Hint: P14D"


def _of_the_source(parts: Parts) -> Iterator[str]:
    attributes = [name for _, name in _read_items(parts.get("attributes", []))]
    for place, name in enumerate(attributes):
        yield from _not_blank(name, f"attributes[{place}]", "the name of an attribute")
    for word in parts.get("channels", {}):
        yield from _not_blank(word, "channels", "the source's own word, e.g. {Internet: web}")
    roles = [*COLUMN_ROLES, *COMMON_ATTRIBUTES, *attributes]
    for role, column in _read_pairs(parts.get("columns", {})):
        if role not in roles:
            hint = nearest(role, roles, "roles")
            yield f"columns.{role}: is no role of a column, nor an attribute. {hint}"
        yield from _not_blank(column, f"columns.{role}", "the name of the column")
    yield from problems_of_file(parts.get("file", {}))


@cache
def _zones() -> set[str]:
    """All time zones; to find them takes as long as to check a whole definition."""
    return available_timezones()


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _of_the_steps(parts: Parts) -> Iterator[str]:
    if parts.get("steps") == []:
        yield "steps: there are none. Hint: a service has at least one step"
    first_places: dict[str, int] = {}
    for place, step in _read_items(parts.get("steps", [])):
        path = f"steps[{place}]"
        key = step.get("key")
        yield from _not_blank(key, f"{path}.key", "a short key, e.g. form")
        if key is not None and first_places.setdefault(key, place) != place:
            yield f"{path}.key: {shown(key)} is the key of steps[{first_places[key]}] already"
        yield from _languages(step, f"{path}.name")
        yield from _positive(step.get("typical"), f"{path}.typical")
        yield from _positive(step.get("deadline"), f"{path}.deadline")
        if step.get("touchpoints") == []:
            yield f"{path}.touchpoints: there are none. Hint: leave it out to mean the key itself"


def _of_the_routes(parts: Parts) -> Iterator[str]:
    steps = [step.get("key") for _, step in _read_items(parts.get("steps", []))]
    order = {key: place for place, key in enumerate(steps) if key is not None}
    for route, keys in _read_pairs(parts.get("routes", {})):
        yield from _not_blank(route, "routes", "a name for the route")
        if not keys:
            yield f"routes.{route}: has no steps. Hint: the keys of its steps in order"
        before = -1
        for place, key in _read_items(keys):
            path = f"routes.{route}[{place}]"
            if key not in order:
                yield f"{path}: {shown(key)} is no step. {nearest(key, list(order), 'steps')}"
            elif order[key] <= before:
                yield f"{path}: {shown(key)} is out of order. Hint: routes keep the steps' order"
            before = max(before, order.get(key, -1))


def _of_the_outcomes(outcomes: dict[Outcome, list[str]]) -> Iterator[str]:
    for outcome, names in _read_pairs(outcomes):
        if not names:
            yield f"outcomes.{outcome}: has no touchpoints. Hint: leave it out"


def _of_the_names(named: list[tuple[str, str, str]], what: str) -> Iterator[str]:
    """Check the patterns of steps or of outcomes, each as (pattern, whose, path)."""
    places: dict[tuple[str, str], str] = {}
    first: dict[str, tuple[str, str]] = {}
    for pattern, target, path in named:
        yield from _not_blank(pattern, path, "a touchpoint's name")
        places.setdefault((pattern, target), path)
        owner, place = first.setdefault(pattern, (target, path))
        if owner != target:
            yield f"{path}: {shown(pattern)} is at {place} already. Hint: one name, one {what}"
    for one, target, other, second in tied_pairs(places):
        yield (
            f"{places[other, second]}: {shown(other)} ties with {shown(one)} at "
            f"{places[one, target]}. Hint: make one the longer, or give the names in full"
        )


def _step_names(parts: Parts) -> list[tuple[str, str, str]]:
    named = []
    for place, step in _read_items(parts.get("steps", [])):
        path = f"steps[{place}]"
        target = step.get("key", path)
        if "touchpoints" in step:
            names = _read_items(step["touchpoints"])
            named += [(name, target, f"{path}.touchpoints[{number}]") for number, name in names]
        elif "key" in step:
            named.append((target, target, f"{path}.key"))
    return named


def _outcome_names(parts: Parts) -> list[tuple[str, str, str]]:
    return [
        (name, outcome.value, f"outcomes.{outcome}[{number}]")
        for outcome, names in _read_pairs(parts.get("outcomes", {}))
        for number, name in _read_items(names)
    ]


def _read_items(items: Iterable[Any]) -> list[tuple[int, Any]]:
    """Number the items of a list, without those that could not be read."""
    return [(place, item) for place, item in enumerate(items) if item is not None]


def _read_pairs(mapping: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """List the pairs of a mapping, without those that could not be read."""
    return [(key, value) for key, value in mapping.items() if value is not None]


def _languages(parts: Parts, path: str) -> Iterator[str]:
    names = parts.get("name")
    if names is not None:
        for lang in LANGUAGES:
            words = names.get(lang, "")
            if words is not None and not words.strip():
                yield f"{path}.{lang}: is missing. Hint: every name is given in fi, sv and en"


def _positive(duration: timedelta | None, path: str) -> Iterator[str]:
    if duration is not None and not timedelta() < duration <= _LONGEST:
        yield f"{path}: is not above nothing and at most a hundred years. Hint: P14D or PT30M"


def _not_blank(words: str | None, path: str, hint: str) -> Iterator[str]:
    if words is not None and not words.strip():
        yield f"{path}: is blank. Hint: {hint}"
