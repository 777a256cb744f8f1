"""What the city offers, as the city intends it: services, their steps and how they end.

A *definition* is one version of a service, valid from a day on (midnight in Helsinki). The history
of a service is all its versions: a touchpoint's name is read by the version valid at its time.
Equal step keys are one step across versions.

Definitions are written as YAML (`journeys.definitions` reads and checks them) and kept in the log
as canonical JSON; both give the same `Service`.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from journeys.errors import UnknownStepError
from journeys.names import NameMap

HELSINKI = ZoneInfo("Europe/Helsinki")
LANGUAGES = ("fi", "sv", "en")

Channel = Literal["web", "phone", "office", "email", "chat", "paper", "sms"]
CHANNELS: tuple[str, ...] = get_args(Channel)
Lifecycle = Literal["complete", "all"]

COMMON_ATTRIBUTES = ("lang", "device", "route", "variant", "field", "reason", "score", "district")
"""Allowed on every touchpoint, beside those of the service's own `attributes`."""

ASSUMED_DEADLINE = timedelta(days=14)
"""The silence allowed after a step whose definition gives no deadline; said as assumed."""

_DAY = timedelta(days=1)
_REMEMBERED_NAMES = 65_536  # a log holds a few hundred; a hostile one may not fill the memory


class Actor(StrEnum):
    """Who acts in a step."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SYSTEM = "system"


class Outcome(StrEnum):
    """How a journey ends by a touchpoint; *abandoned* is inferred from silence, never declared."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


COMPLETED = frozenset({Outcome.SUCCEEDED, Outcome.REFUSED})
LOSSES = frozenset({Outcome.CANCELLED, Outcome.EXPIRED})


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A piece of a definition: strict when read, canonical (no defaults) when written."""


class Step(_Part, frozen=True, kw_only=True):
    """A named stage that a service intends.

    Attributes:
        key: Stands for the step in every version and every report.
        name: Name by language: fi, sv and en.
        actor: Who acts in it.
        passes_to: Who has the ball after its last touchpoint; None: docs/journeys.md 1.
        channels: Where it can be done.
        typical: What an undisturbed visit takes.
        deadline: Silence allowed to whoever has the ball after it.
        optional: Skipping it is no drop-off.
        help: A contact for help; never progress.
        touchpoints: Raw names or globs; by default the key itself.
    """

    key: str
    name: dict[str, str]
    actor: Actor
    passes_to: Actor | None = None
    channels: tuple[Channel, ...] = ()
    typical: timedelta | None = None
    deadline: timedelta | None = None
    optional: bool = False
    help: bool = False
    touchpoints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.touchpoints:
            msgspec.structs.force_setattr(self, "touchpoints", (self.key,))

    @property
    def deadline_or_assumed(self) -> timedelta:
        """The deadline, 14 days if none is given."""
        return ASSUMED_DEADLINE if self.deadline is None else self.deadline

    @property
    def required(self) -> bool:
        """Whether a journey that skips this step has not done all of it."""
        return not (self.optional or self.help)


class Owner(_Part, frozen=True, kw_only=True):
    """Who answers for a service; alerts go here."""

    name: str
    email: str
    lang: str = "fi"


class Round(_Part, frozen=True, kw_only=True):
    """A period in which applications are taken; both days belong to it."""

    starts: date = msgspec.field(name="from")
    ends: date = msgspec.field(name="to")


class Calendar(_Part, frozen=True, kw_only=True):
    """When a service is open: public holidays of a country, hours by channel, rounds."""

    country: str = "FI"
    hours: dict[Channel, str] = {}
    rounds: tuple[Round, ...] = ()


class Link(_Part, frozen=True, kw_only=True):
    """How far before and after a case a touchpoint without one still belongs to it."""

    before: timedelta = timedelta(days=7)
    after: timedelta = timedelta(days=14)


class FileForm(_Part, frozen=True, kw_only=True):
    """How the files of a service's source are written, as far as that cannot be seen in them.

    Attributes:
        encoding: Of a CSV file; None is detected.
        delimiter: Between the cells of a CSV file; None is detected.
        zone: Of times without an offset, e.g. Europe/Helsinki; None: every time has one.
        time_format: How times are written, as for `strptime`; None: ISO 8601, or as Finns do.
        lifecycle: Of an XES log: the events that completed, or all.
    """

    encoding: str | None = None
    delimiter: str | None = None
    zone: str | None = None
    time_format: str | None = None
    lifecycle: Lifecycle = "complete"


class Service(_Part, frozen=True, kw_only=True, dict=True):
    """One version of a service's definition; the keys are those of its YAML file."""

    key: str
    version: int
    valid_from: date
    name: dict[str, str]
    division: str
    steps: tuple[Step, ...]
    owner: Owner | None = None
    calendar: Calendar = Calendar()
    visits: Literal["merged", "each"] = "merged"
    horizon: timedelta | None = None
    link: Link = Link()
    attributes: tuple[str, ...] = ()
    channels: dict[str, Channel] = {}
    columns: dict[str, str] = {}
    file: FileForm = FileForm()
    routes: dict[str, tuple[str, ...]] = {}
    outcomes: dict[Outcome, tuple[str, ...]] = {}
    outcomes_confirmed: bool = True

    @property
    def link_before(self) -> timedelta:
        """How long before a case begins a touchpoint may already belong to it."""
        return self.link.before

    @property
    def link_after(self) -> timedelta:
        """How long after its end a touchpoint may still belong to a case."""
        return self.link.after

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical content, hex: comments and the order of keys do not count."""
        return sha256(encode_service(self)).hexdigest()

    @property
    def horizon_days(self) -> int:
        """The day at which the service's rates are read, at least 1.

        The `horizon` given, else the deadlines of the required steps added up; in whole days,
        rounded up.
        """
        if self.horizon is not None:
            return _whole_days(self.horizon)
        deadlines = (step.deadline_or_assumed for step in self.steps if step.required)
        return _whole_days(sum(deadlines, timedelta()))

    def step_horizon_days(self, step_index: int) -> int:
        """Return the day from first entry at which a step's drop-off is read.

        Twice the step's deadline in whole days, rounded up; at least 1, at most `horizon_days`.
        """
        return min(_whole_days(2 * self.steps[step_index].deadline_or_assumed), self.horizon_days)

    def resolve(self, name: str) -> tuple[int | None, Outcome | None]:
        """Say what a raw touchpoint name stands for.

        The two are looked up apart: a name may be a step's, an outcome's, both or neither.

        Returns:
            The step's place in `steps`, and the outcome; None where the name is none.
        """
        return self._resolver(name)

    @cached_property
    def _resolver(self) -> Callable[[str], tuple[int | None, Outcome | None]]:
        steps = NameMap(
            (name, index) for index, step in enumerate(self.steps) for name in step.touchpoints
        )
        outcomes = NameMap(
            (name, outcome) for outcome, names in self.outcomes.items() for name in names
        )
        return lru_cache(_REMEMBERED_NAMES)(lambda name: (steps.find(name), outcomes.find(name)))


class ServiceHistory:
    """All versions of one service, as known at a position of the log.

    Attributes:
        key: The service.
        versions: By `valid_from`; of two with the same day the later given replaces the earlier.
        starts: When each version begins to be valid, aware UTC.
        step_keys: Every step of any version: the newest version's order, and each step that only
            older ones have right after its predecessor there.
    """

    def __init__(self, versions: Sequence[Service]) -> None:
        keys = {version.key for version in versions}
        if len(keys) != 1:
            raise ValueError(f"a history is of one service, not of {sorted(keys)}")
        self.key = versions[0].key
        by_day = {version.valid_from: version for version in versions}
        self.versions = tuple(by_day[day] for day in sorted(by_day))
        self.starts = [_midnight(version.valid_from) for version in self.versions]
        self.step_keys = _merged_step_keys(self.versions)

    @property
    def newest(self) -> Service:
        """The version with the latest `valid_from`; it names what reports show."""
        return self.versions[-1]

    def index_at(self, when: datetime) -> int:
        """Return the place in `versions` of the one valid at a moment; before all, the first."""
        return max(bisect_right(self.starts, when) - 1, 0)

    def at(self, when: datetime) -> Service:
        """Return the version valid at a moment; before all, the first."""
        return self.versions[self.index_at(when)]

    def step(self, key: str) -> Step:
        """Return a step as the newest version that has it defines it.

        Raises:
            UnknownStepError: No version has such a step.
        """
        for version in reversed(self.versions):
            for step in version.steps:
                if step.key == key:
                    return step
        raise UnknownStepError(key, self.key, self.step_keys)


def text(names: Mapping[str, str], lang: str) -> str:
    """Return a name in a language, else in English, else in any there is.

    Examples:
        >>> text({"fi": "Maksu", "en": "Payment"}, "sv")
        'Payment'
    """
    return names.get(lang) or names.get("en") or next(iter(names.values()))


def load_services(directory: Path | None = None) -> dict[str, tuple[Service, ...]]:
    """Read every definition of a directory (None: the packaged catalogue), by service key.

    Returns:
        The versions of each service by `valid_from`; services by key.

    Raises:
        ServiceDefinitionError: All problems of all files, each with file and path.
    """
    # YAML and the checks are loaded when a catalogue is read: `polku --help` does not pay for them.
    from journeys.definitions import load_definitions  # noqa: PLC0415

    return load_definitions(directory)


def decode_service(definition: str, where: str = "definition") -> Service:
    """Read and check one definition, YAML or JSON; `where` opens each problem's line.

    Raises:
        ServiceDefinitionError: All its problems, each with its path.
    """
    from journeys.definitions import decode_definition  # noqa: PLC0415 - as in load_services

    return decode_definition(definition, where)


def encode_service(service: Service) -> bytes:
    """Write a definition as canonical JSON: keys sorted, defaults left out, durations normal.

    A key that a later release adds with a default then changes no digest.
    """
    return msgspec.json.encode(_without_defaults(service), order="sorted")


def restore_service(definition: str | bytes) -> Service:
    """Read back what `encode_service` wrote, unchecked: what was once recorded stays readable."""
    return msgspec.json.decode(definition, type=Service)


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """List the fields of a type: msgspec finds them out anew with each question."""
    return msgspec.structs.fields(kind)


def _without_defaults(part: _Part) -> dict[str, object]:
    content: dict[str, object] = {}
    for field in fields_of(type(part)):
        value = getattr(part, field.name)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if value != default:
            content[field.encode_name] = _plain(value)
    return content


def _plain(value: object) -> object:
    if isinstance(value, _Part):
        return _without_defaults(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _whole_days(duration: timedelta) -> int:
    return max(-(-duration // _DAY), 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HELSINKI).astimezone(UTC)


def _merged_step_keys(versions: Sequence[Service]) -> tuple[str, ...]:
    merged = [step.key for step in versions[-1].steps]
    for version in reversed(versions[:-1]):
        place = 0
        for step in version.steps:
            if step.key in merged:
                place = merged.index(step.key) + 1
            else:
                merged.insert(place, step.key)
                place += 1
    return tuple(merged)
