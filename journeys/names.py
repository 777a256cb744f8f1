"""Raw names of source systems, and what they stand for.

A *pattern* is a name, or a glob: `*` stands for any characters, `?` for one; everything else,
brackets too, for itself. Every pattern also matches its own text, so that a raw name with a `*` in
it can be given as it is. The *literal* of a glob is what is left without `*` and `?`.

An exact name beats a glob, a longer literal a shorter. Two globs of one length that share a name
are *tied*: nobody could say which is meant.
"""

import re
from collections.abc import Iterable
from fnmatch import translate
from itertools import combinations
from typing import Generic, TypeVar

T = TypeVar("T")


class NameMap(Generic[T]):
    """What raw names stand for, by patterns; of two that are tied, the first given counts."""

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, T] = {}
        globs: list[tuple[str, T]] = []
        for pattern, target in pairs:
            self._exact.setdefault(pattern, target)
            if is_glob(pattern):
                globs.append((pattern, target))
        globs.sort(key=lambda glob: -literal_length(glob[0]))
        self._globs = [(_compiled(pattern), target) for pattern, target in globs]

    def find(self, name: str) -> T | None:
        """Return what a name stands for, None if no pattern covers it."""
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        return next((target for glob, target in self._globs if glob.match(name)), None)


def is_glob(pattern: str) -> bool:
    """Tell whether a pattern can match more than its own text."""
    return "*" in pattern or "?" in pattern


def literal_length(pattern: str) -> int:
    """Count the characters of a pattern that stand for themselves.

    Examples:
        >>> literal_length("form.*"), literal_length("form.sen?")
        (5, 8)
    """
    return len(pattern) - pattern.count("*") - pattern.count("?")


def are_tied(one: str, other: str) -> bool:
    """Tell whether two globs match a common name, and neither has the longer literal.

    Examples:
        >>> are_tied("form.*", "*.save"), are_tied("form.*", "mail.*")
        (True, False)
    """
    return literal_length(one) == literal_length(other) and _share_a_name(one, other)


def tied_pairs(patterns: Iterable[tuple[str, T]]) -> list[tuple[str, T, str, T]]:
    """List the ties between globs of different targets, in the order given."""
    globs = [(pattern, target) for pattern, target in patterns if is_glob(pattern)]
    return [
        (one, first, other, second)
        for (one, first), (other, second) in combinations(globs, 2)
        if first != second and one != other and are_tied(one, other)
    ]


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))


def _share_a_name(one: str, other: str) -> bool:
    """Walk both globs at once; a state is how much of each is used up."""
    seen: set[tuple[int, int]] = set()
    ahead = [(0, 0)]
    while ahead:
        state = ahead.pop()
        if state == (len(one), len(other)):
            return True
        if state not in seen:
            seen.add(state)
            ahead.extend(_next_states(one, other, *state))
    return False


def _next_states(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    first, second = one[i : i + 1], other[j : j + 1]
    states = []
    if "*" in (first, second):
        # A star stands for nothing, or takes one character (or a star) of the other glob.
        if first:
            states.append((i + 1, j))
        if second:
            states.append((i, j + 1))
    elif first and second and ("?" in (first, second) or first == second):
        states.append((i + 1, j + 1))
    return states
