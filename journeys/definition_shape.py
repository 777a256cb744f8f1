"""Is a definition of the right shape: known keys, none missing, values of the right kind?

A decoder stops at its first error; who writes a definition wants all of them. So the parts are
decoded one by one along the types of `journeys.service`, and what could be read is handed on to
`journeys.definition_rules`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from journeys.service import Outcome, fields_of

_KINDS = {
    str: "text. Hint: put it in quotes",
    int: "a whole number. Hint: for example 1",
    bool: "true or false",
    date: "a date. Hint: for example 2026-01-01",
    timedelta: "a duration. Hint: days, hours, minutes, seconds as in P14D, PT30M or P1DT12H",
}
_SHOWN = 60


class Shape(NamedTuple):
    """What could be read of a definition.

    Attributes:
        parts: The fields that could be read, by name. Lists keep their length and mappings their
            keys, with None for what could not be read.
        problems: One line each, `path: why. Hint: a value that works`.
    """

    parts: dict[str, Any]
    problems: list[str]


def read_shape(raw: object, kind: type[msgspec.Struct]) -> Shape:
    """Read what YAML gave along the fields of a struct, noting every problem on the way."""
    problems: list[str] = []
    parts = _read_struct(raw, kind, "", problems)
    return Shape(parts or {}, problems)


def one_of(choices: Sequence[str]) -> str:
    """Write two or more choices as a phrase.

    Examples:
        >>> one_of(["customer", "staff", "system"])
        'customer, staff or system'
    """
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def nearest(wanted: str, known: Sequence[str], what: str) -> str:
    """Hint at the name that was probably meant, and at all there are."""
    near = get_close_matches(wanted, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"Hint: {meant}{what}: {', '.join(known)}"


def shown(value: object) -> str:
    """Write a value nearly as its author did, cut where it gets long."""
    if value is None:
        return "nothing"
    written = str(value).lower() if isinstance(value, bool) else repr(value)
    return written if len(written) <= _SHOWN else f"{written[:_SHOWN]}..."


def _read(raw: object, kind: object, path: str, problems: list[str]) -> object:
    """Return a part as far as it could be read; None, with a problem, if it could not."""
    if isinstance(kind, UnionType):
        if raw is None:
            return None
        kind = next(member for member in get_args(kind) if member is not NoneType)
    if get_origin(kind) is tuple:
        return _read_list(raw, get_args(kind)[0], path, problems)
    if get_origin(kind) is dict:
        return _read_mapping(raw, get_args(kind), path, problems)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _read_struct(raw, kind, path, problems)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        problems.append(f"{path}: {shown(raw)} is not {_described(kind)}")
        return None


def _read_list(raw: object, kind: object, path: str, problems: list[str]) -> list[object] | None:
    if not isinstance(raw, list):
        problems.append(f"{path}: {shown(raw)} is not a list. Hint: write it as [one, another]")
        return None
    return [_read(item, kind, f"{path}[{place}]", problems) for place, item in enumerate(raw)]


def _read_mapping(
    raw: object, kinds: tuple[object, ...], path: str, problems: list[str]
) -> dict[object, object] | None:
    if not isinstance(raw, dict):
        problems.append(f"{path}: {shown(raw)} is not a mapping. Hint: write it as {{key: value}}")
        return None
    parts: dict[object, object] = {}
    for key, value in raw.items():
        inner = f"{path}.{key}"
        key_part = _read(key, kinds[0], inner, problems)
        part = _read(value, kinds[1], inner, problems)
        if key_part is not None:
            parts[key_part] = part
    return parts


def _read_struct(
    raw: object, kind: type[msgspec.Struct], path: str, problems: list[str]
) -> dict[str, object] | None:
    at = f"{path}: " if path else ""
    if not isinstance(raw, dict):
        problems.append(f"{at}{shown(raw)} is not a mapping. Hint: write it as key: value")
        return None
    fields = {field.encode_name: field for field in fields_of(kind)}
    for key in raw:
        if key not in fields:
            hint = nearest(str(key), list(fields), "keys")
            problems.append(f"{_below(path, key)}: is not a key of a {_noun(kind)}. {hint}")
    parts: dict[str, object] = {}
    for name, field in fields.items():
        if name in raw:
            part = _read(raw[name], field.type, _below(path, name), problems)
            if part is not None:
                parts[field.name] = part
        elif field.required:
            problems.append(f"{_below(path, name)}: is missing")
    return parts


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _noun(kind: type) -> str:
    return kind.__name__.lower()


def _described(kind: object) -> str:
    if kind is Outcome:
        choices = one_of([outcome.value for outcome in Outcome])
        return f"{choices}. Hint: abandoned is inferred from silence, never declared"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return one_of([member.value for member in kind])
    if get_origin(kind) is Literal:
        return one_of(get_args(kind))
    return next(words for known, words in _KINDS.items() if known is kind)
