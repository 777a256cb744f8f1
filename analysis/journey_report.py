"""The journey report and the overview: the public contract of `--format json`.

*Counts* are of all journeys started in the window, as they stand at `as_of`. *Rates* are at the
horizon: each has its own `n` and `day`, and is null where fewer than ten journeys could tell. What
fewer than k people share is missing from the lists and counted in `hidden`. Times are seconds.
`docs/report.schema.json` and `docs/overview.schema.json` are generated from these types.
"""

from msgspec import UNSET, Struct, UnsetType, field

from analysis.sections import (
    Channels,
    Comparison,
    FunnelOptions,
    GroupReach,
    GroupTime,
    Next,
    Quality,
    Recording,
    Time,
)


class Window(Struct, frozen=True):
    """Journey starts selected, ISO 8601 in UTC: `from` included, `to` not; null: no bound."""

    from_: str | None = field(name="from")
    to: str | None


class JourneyCounts(Struct, frozen=True, kw_only=True):
    """Journeys by where they stand; succeeded .. open add up to started."""

    started: int
    succeeded: int
    refused: int
    cancelled: int
    expired: int
    abandoned: int
    open: int
    cancelled_afterwards: int
    resurrected: int
    broken_promise: int


class MatureRate(Struct, frozen=True, kw_only=True):
    """A share of the journeys of mature weeks alone; Wilson interval."""

    rate: float | None
    low: float | None
    high: float | None
    n: int


class Completion(Struct, frozen=True, kw_only=True):
    """Succeeded or refused by the horizon; `note` says why a rate is missing."""

    rate: float | None
    low: float | None
    high: float | None
    n: int
    method: str | None
    day: int | None
    note: str | None
    mature: MatureRate


class FunnelStep(Struct, frozen=True, kw_only=True):
    """One step of the funnel; an optional step carries `reached` alone.

    Between required steps reached = next reached + lost + open + finished. `low` and `high` are the
    Wilson interval of `of_entry`.
    """

    step: str
    reached: int
    lost: int | UnsetType = UNSET
    finished: int | UnsetType = UNSET
    open: int | UnsetType = UNSET
    of_entry: float | UnsetType | None = UNSET
    of_previous: float | UnsetType | None = UNSET
    low: float | UnsetType | None = UNSET
    high: float | UnsetType | None = UNSET
    median_s: float | UnsetType | None = UNSET
    p90_s: float | UnsetType | None = UNSET


class RouteFunnel(Struct, frozen=True, kw_only=True):
    """The funnel of the journeys that took one route."""

    route: str
    started: int
    funnel: list[FunnelStep]


class TrendWeek(Struct, frozen=True, kw_only=True):
    """One ISO week of starts, Europe/Helsinki; `completed` as it stands, `rate` by the horizon."""

    week: str
    started: int
    completed: int
    rate: float | None
    low: float | None
    high: float | None
    n: int
    mature: bool
    note: str | None


class Causes(Struct, frozen=True, kw_only=True):
    """Drop-offs at a step by how the journey ended."""

    cancelled: int
    expired: int
    abandoned: int


class StepRow(Struct, frozen=True, kw_only=True):
    """One step: entered = advanced + dropped + open; `contribution` = dropped of all started.

    `next` is null where nobody dropped off.
    """

    step: str
    actor: str
    entered: int
    advanced: int
    dropped: int
    open: int
    causes: Causes
    drop_off_rate: float | None
    low: float | None
    high: float | None
    n: int
    method: str | None
    day: int | None
    note: str | None
    contribution: float | None
    median_s: float | None
    p90_s: float | None
    next: Next | None


class GroupStep(Struct, frozen=True, kw_only=True):
    """One step in one group of a breakdown."""

    step: str
    entered: int
    dropped: int
    drop_off_rate: float | None
    low: float | None
    high: float | None
    n: int
    day: int | None
    note: str | None


class Group(Struct, frozen=True, kw_only=True):
    """The journeys of one value; rates are read at a day common to all groups.

    completed = succeeded + refused, lost = cancelled + expired + abandoned.
    """

    value: str
    started: int
    completed: int
    succeeded: int
    refused: int
    lost: int
    cancelled: int
    expired: int
    abandoned: int
    open: int
    rate: float | None
    low: float | None
    high: float | None
    n: int
    day: int | None
    note: str | None
    time: GroupTime
    funnel: list[GroupReach]
    steps: list[GroupStep]


class Breakdown(Struct, frozen=True, kw_only=True):
    """Groups by an attribute at first touch, or as `analysis.touch` says; null: none asked for."""

    attribute: str | None
    groups: list[Group]


class Start(Struct, frozen=True, kw_only=True):
    """Journeys by the step of their first visit."""

    step: str
    count: int


class Transition(Struct, frozen=True, kw_only=True):
    """Consecutive visits; times from the last touchpoint of one to the first of the next."""

    from_: str = field(name="from")
    to: str
    count: int
    median_s: float | None
    p90_s: float | None


class End(Struct, frozen=True, kw_only=True):
    """Journeys by the step of their last visit and where they stand."""

    step: str
    outcome: str
    count: int


class Variant(Struct, frozen=True, kw_only=True):
    """One sequence of visits really walked.

    `share` is of the journeys that have a visit, null below ten of them.
    """

    steps: list[str]
    count: int
    share: float | None


class UnmappedName(Struct, frozen=True, kw_only=True):
    """A raw name that no definition covers."""

    name: str
    touchpoints: int


class JourneyReport(Struct, frozen=True, kw_only=True):
    """Everything `polku report SERVICE --format json` says.

    `outside_funnel` counts the journeys that never reached the first required step; it is null
    where it would give away how many did. `touchpoints` are those of the journeys; `unlinked` and
    `unmapped` count those of no journey, too, that occurred in the window. `hidden` counts the rows
    left out of each list; `by_steps` and `by_funnel` are steps of groups, `by_time` groups without
    times, `route_funnels` rows of routes' funnels, `next` counts of what people did next and
    `next_events` what they came to elsewhere, `channels` rows of its lists, `quality` figures of it
    and of `recording`, `comparison` its rows, and `time` stands for all of `time` but its steps.
    `recording` is null where the log was not asked.
    `draft`: nobody has confirmed the outcomes of the definition valid at `as_of`, so the abandoned
    only ended without a known outcome.
    """

    service: str
    draft: bool
    as_of: str
    position: int
    k: int
    public_log: bool
    where: dict[str, str]
    window: Window
    journeys: JourneyCounts
    touchpoints: int
    unmapped: int
    unmapped_names: list[UnmappedName]
    unlinked: int
    horizon_days: int
    assumed_deadlines: list[str]
    completion: Completion
    funnel_options: FunnelOptions
    funnel: list[FunnelStep]
    outside_funnel: int | None
    routes: list[RouteFunnel]
    trend: list[TrendWeek]
    by: Breakdown
    comparison: Comparison
    steps: list[StepRow]
    before_first_step: int
    starts: list[Start]
    transitions: list[Transition]
    ends: list[End]
    variants: list[Variant]
    variants_total: int
    variants_coverage: float | None
    time: Time
    channels: Channels
    quality: Quality
    recording: Recording | None
    hidden: dict[str, int]


class ServiceLine(Struct, frozen=True, kw_only=True):
    """One service of the overview; `worst_step` is where most journeys were lost.

    `draft`: nobody has confirmed its outcomes yet, so the lost may only have ended without a known
    one.

    `recent` are the last four mature entry weeks, `earlier` the four before; `n` is null where
    fewer than k people share them.
    """

    service: str
    division: str
    draft: bool
    started: int
    completed: int
    lost: int
    open: int
    rate: float | None
    low: float | None
    high: float | None
    n: int
    day: int | None
    note: str | None
    median_s: float | None
    worst_step: str | None
    recent_rate: float | None
    recent_n: int | None
    earlier_rate: float | None
    earlier_n: int | None


class DropOff(Struct, frozen=True, kw_only=True):
    """One (service, step) of the city's ranking, most journeys lost first."""

    service: str
    step: str
    dropped: int
    drop_off_rate: float | None
    low: float | None
    high: float | None
    n: int
    day: int | None


class Overview(Struct, frozen=True, kw_only=True):
    """All services, one line each, and where the city loses most journeys."""

    as_of: str
    position: int
    k: int
    window: Window
    services: list[ServiceLine]
    drop_offs: list[DropOff]
    hidden: dict[str, int]
