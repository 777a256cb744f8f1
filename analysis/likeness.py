"""Which step, or outcome, does a name look like that no definition covers?

A guess from spelling alone, for a person to judge: the nearest of step keys, touchpoint patterns
and the names that people read, with case and punctuation left aside.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

from journeys.service import Service

NEAR = 0.6
"""Least ratio of `difflib` that counts as near; its own for close matches."""

_PUNCTUATION = re.compile(r"[\W_]+")


class Likeness(NamedTuple):
    """What a name looks like: a step's key, or else an outcome."""

    step: str | None = None
    outcome: str | None = None


def likenesses(names: Iterable[str], service: Service) -> dict[str, Likeness]:
    """Guess what names stand for.

    Args:
        names: Raw names that `service` does not cover.
        service: The definition version to look in.

    Returns:
        The guess for each name that is near to anything; of two that are equally near, a step's
        before an outcome's, the earlier step's first.
    """
    words: dict[str, Likeness] = {}
    for word, likeness in _words(service):
        words.setdefault(word, likeness)
    found = {name: _nearest(_folded(name), words) for name in names}
    return {name: likeness for name, likeness in found.items() if likeness is not None}


def _nearest(name: str, words: Mapping[str, Likeness]) -> Likeness | None:
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(name)  # what it keeps of the second is used for every word
    near = []
    for word in words:
        matcher.set_seq1(word)
        if matcher.quick_ratio() >= NEAR and (ratio := matcher.ratio()) >= NEAR:
            near.append((ratio, word))
    return words[max(near, key=lambda found: found[0])[1]] if near else None


def _words(service: Service) -> Iterator[tuple[str, Likeness]]:
    for step in service.steps:
        for word in (step.key, *step.touchpoints, *step.name.values()):
            yield _folded(word), Likeness(step=step.key)
    for outcome, patterns in service.outcomes.items():
        for pattern in patterns:
            yield _folded(pattern), Likeness(outcome=outcome.value)


def _folded(word: str) -> str:
    """Leave letters and digits in lower case, parted by single spaces; a glob's stars too go.

    Examples:
        >>> _folded("Maksu.AVATTU*"), _folded("payment_open")
        ('maksu avattu', 'payment open')
    """
    return _PUNCTUATION.sub(" ", word.casefold()).strip()
