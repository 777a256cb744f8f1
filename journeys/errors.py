"""Everything Polku raises on purpose.

```
PolkuError                    an expected failure: one line, exit code 1
├── SettingsError             options or environment that cannot be used
├── ServiceDefinitionError    a catalogue that cannot be used; lists every problem at once
├── UnknownServiceError       no such service, with the nearest names
├── UnknownStepError          no such step, with the steps there are
├── LogError                  the log cannot be used as it is
│   ├── FencedError           another writer moved a source's position first
│   ├── LogAwayError          its database does not answer now, and may later
│   ├── NoLogError            there is none yet
│   └── UnknownSourceError    no touchpoint of such a source, with the nearest names
├── SourceError               a source that cannot be read at all
│   ├── RetentionGapError     a topic's records were deleted before they were read
│   ├── TruncatedTopicError   a topic ends before the position it was read to
│   └── RecreatedTopicError   a topic was deleted and another one made under its name
├── ProjectionError           the read models cannot answer
└── DisclosureError           an answer would show fewer than k people
```

A message says what, where and why, then `Hint:` with a value that would work. It never holds a
customer reference or a payload.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple


class PolkuError(Exception):
    """An expected failure: a sentence for the user, no traceback."""


class SettingsError(PolkuError):
    """Options or environment variables that cannot be used."""


class ServiceDefinitionError(PolkuError):
    """One or more service definitions cannot be used."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownServiceError(PolkuError):
    """A service key that no definition has."""

    def __init__(self, key: str, known: Iterable[str]) -> None:
        self.key = key
        self.known = tuple(known)
        super().__init__(f"service {key!r} is not known. {_hint('services', key, self.known)}")


class UnknownStepError(PolkuError):
    """A step key that the service does not have."""

    def __init__(self, step: str, service: str, known: Iterable[str]) -> None:
        self.step = step
        self.known = tuple(known)
        hint = _hint("steps", step, self.known)
        super().__init__(f"step {step!r} is not a step of service {service!r}. {hint}")


class LogError(PolkuError):
    """The log cannot be used as it is."""


class FencedError(LogError):
    """Another writer moved a source's position since it was read; nothing was stored."""


class LogAwayError(LogError):
    """The log's database does not answer, or is held by another process: later it may do."""


class NoLogError(LogError):
    """There is no log, and none was to be made: nothing has been recorded yet."""


class UnknownSourceError(LogError):
    """A source that has recorded no touchpoint."""

    def __init__(self, source: str, known: Iterable[str]) -> None:
        self.source = source
        self.known = tuple(known)
        hint = _hint("sources", source, self.known, most=10)
        super().__init__(f"source {source!r} has recorded no touchpoint. {hint}")


class SourceError(PolkuError):
    """A source that cannot be read at all; single bad records are quarantined instead."""


class RetentionGapError(SourceError):
    """A topic's records were deleted before they were read: some are missing for good."""


class TruncatedTopicError(SourceError):
    """A topic ends before the position it was read to: the broker has lost records."""


class RecreatedTopicError(SourceError):
    """A topic was deleted and another one made under its name; its positions mean nothing there."""


class ProjectionError(PolkuError):
    """The read models cannot answer."""


class ReadModelsAwayError(ProjectionError):
    """The database of the read models does not answer, or is held: later it may do."""


class DisclosureError(PolkuError):
    """An answer would show, or let a reader work out, something about fewer than k people."""


class Trouble(NamedTuple):
    """What a database says, before it becomes an error of a log's or of read models.

    Attributes:
        why: In one line, without any value of a row.
        hint: What to do.
        is_away: It may answer later.
    """

    why: str
    hint: str
    is_away: bool


def _hint(what: str, wanted: str, known: Sequence[str], *, most: int | None = None) -> str:
    if not known:
        return f"Hint: there are no {what} yet"
    listed = ", ".join(known[:most])
    if most is not None and len(known) > most:
        listed += f" and {len(known) - most:,} more"
    near = get_close_matches(wanted, known, n=1)
    if near:
        return f"Hint: did you mean {near[0]!r}? Known {what}: {listed}"
    return f"Hint: known {what}: {listed}"
