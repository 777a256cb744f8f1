"""Sections of the journey report: what people did next, time, channels, quality.

Part of the contract of `analysis.journey_report`; a null count is one that too few people share.
"""

from msgspec import Struct, field


class NextEvent(Struct, frozen=True, kw_only=True):
    """The first contact of those who went elsewhere: a help step, or a raw name."""

    name: str
    count: int


class Next(Struct, frozen=True, kw_only=True):
    """What people did after dropping off at a step, up to `within_days` after they left it.

    The five counts add up to `dropped`; each journey counts in the first that fits, in this order.
    All are null, and `elsewhere` is empty, where fewer than k people dropped off. `elsewhere` names
    what the first contact was of those who `went_elsewhere`, where k people or more came to it.
    """

    within_days: int
    completed_in_another_channel: int | None
    switched_channel: int | None
    returned_later: int | None
    went_elsewhere: int | None
    no_further_action: int | None
    elsewhere: list[NextEvent]


class TimeBucket(Struct, frozen=True, kw_only=True):
    """Times from `from_s` up to `to_s`, the latter excluded; null: no bound."""

    from_s: float
    to_s: float | None
    count: int


class Spent(Struct, frozen=True, kw_only=True):
    """How long it took; null and without a histogram where fewer than k people took part.

    The buckets of the histogram add up to `n`. Neighbours are one bucket where fewer than k people
    are in one of them.
    """

    n: int
    p10_s: float | None
    p25_s: float | None
    median_s: float | None
    p75_s: float | None
    p90_s: float | None
    histogram: list[TimeBucket]


class StepTime(Struct, frozen=True, kw_only=True):
    """Stays at a step in which the customer, or the city, had a part; `n` counts stays."""

    step: str
    customer: Spent
    city: Spent


class Time(Struct, frozen=True, kw_only=True):
    """Start to outcome of completed journeys, and whose time it was; `steps`: of all journeys."""

    total: Spent
    customer: Spent
    city: Spent
    steps: list[StepTime]


class Typical(Struct, frozen=True, kw_only=True):
    """Times of the completed journeys of a group; null where fewer than k people completed."""

    n: int
    median_s: float | None
    p90_s: float | None


class GroupTime(Struct, frozen=True, kw_only=True):
    """Start to outcome of the completed journeys of a group, and whose time it was."""

    total: Typical
    customer: Typical
    city: Typical


class GroupReach(Struct, frozen=True, kw_only=True):
    """One step of the common funnel in one group.

    `of_entry` with its Wilson interval is null below ten journeys, where the entry is left out, and
    at an optional step.
    """

    step: str
    reached: int
    of_entry: float | None
    low: float | None
    high: float | None


class ChannelStart(Struct, frozen=True, kw_only=True):
    """The journeys that began in a channel; rates are read at a day common to all."""

    channel: str
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


class ChannelVisits(Struct, frozen=True, kw_only=True):
    """Visits by the channel of their first touchpoint; `share` is null below ten visits."""

    channel: str
    visits: int
    share: float | None


class ChannelMove(Struct, frozen=True, kw_only=True):
    """Consecutive visits of a journey in two channels, both of them known."""

    from_: str = field(name="from")
    to: str
    count: int


class Channels(Struct, frozen=True, kw_only=True):
    """Where journeys begin, where their visits are, and how they move between channels.

    `moves_total` counts all moves; null where it would give too few people away.
    """

    starts: list[ChannelStart]
    visits: list[ChannelVisits]
    moves: list[ChannelMove]
    moves_total: int | None


class Quality(Struct, frozen=True, kw_only=True):
    """How far the data can be trusted. Shares are null below ten, counts below k people.

    `touchpoints` are those of the journeys and the unlinked ones of the window; `unmapped_share`
    and `unlinked_share` are of them. `errors` counts the failed touchpoints at steps, `error_share`
    is of the `step_touchpoints`. `without_person` counts journeys that no person is known of.
    """

    touchpoints: int
    unmapped: int
    unmapped_share: float | None
    unlinked: int
    unlinked_share: float | None
    step_touchpoints: int
    errors: int | None
    error_share: float | None
    without_person: int | None
    without_person_share: float | None


class LongSilence(Struct, frozen=True, kw_only=True):
    """From the hour of one touchpoint to that of the next, and how much is usual."""

    from_: str = field(name="from")
    to: str
    hours: int
    usual_hours: int


class WaitingRecords(Struct, frozen=True, kw_only=True):
    """Records in quarantine, by why: of this service, and of none that could be told."""

    reason: str
    of_service: int
    of_unknown: int


class LostRecords(Struct, frozen=True, kw_only=True):
    """Offsets of a topic that were lost unread; `end` is not among them, null: it is not known."""

    topic: str
    partition: int
    begin: int
    end: int | None
    reason: str
    recorded_at: str


class Recording(Struct, frozen=True, kw_only=True):
    """What may be missing, of the whole service and not of the selection.

    `newest_at` is the hour of the newest touchpoint before `as_of`, `silent_hours` have passed
    since, `usual_hours` are not long for the service; null where there are too few to tell.
    `state` is heard, silent, ended (after four weeks), too_young, or nothing. `silences`
    were longer than usual, and shorter than four weeks: the newest ones. `looked_at` counts the
    service's touchpoints among the newest events of the log, `late` those of them that were
    recorded more than `late_after_s` after they occurred, null where fewer than k people share
    them or the others. `waiting` and `lost` are what the log holds at `position`; who the lost were
    of nobody knows.
    """

    newest_at: str | None
    silent_hours: int | None
    usual_hours: int | None
    state: str
    silences: list[LongSilence]
    looked_at: int
    late: int | None
    late_share: float | None
    late_after_s: float
    waiting: list[WaitingRecords]
    lost: list[LostRecords]


class FunnelOptions(Struct, frozen=True, kw_only=True):
    """How the funnels were asked for: `order` is ordered, strict or any.

    The steps in `stop` end a pass through a funnel, those in `remove` take its journey out.
    `window_s` runs from the first step to the last; `complete_p95_s` is how long 95 % of those took
    that reached the last required step without a window, null without a window or below ten of
    them. `removed` counts the journeys that a step took out of the common funnel.
    """

    order: str
    window_s: float | None
    complete_p95_s: float | None
    stop: list[str]
    remove: list[str]
    removed: int


class ComparedSide(Struct, frozen=True, kw_only=True):
    """One side of a comparison: `side` is base or other; the window as in the report."""

    side: str
    where: dict[str, str]
    from_: str | None = field(name="from")
    to: str | None
    started: int


class ComparedRow(Struct, frozen=True, kw_only=True):
    """One figure of both sides, read at a `day` common to both; `difference` is other less base.

    `what` is completion, drop_off (of those who entered the step), reached (journeys that came to
    the step), moved (journeys that moved from `step` to `to`), or a median in seconds: time,
    customer_time, city_time of completed journeys, stay at a step. `n` are journeys or stays.
    `verdict`: differs, no clear difference, or too few, and then there is no difference; `q` is
    the p-value adjusted for everything compared. The figures are null below ten journeys.
    """

    what: str
    step: str | None
    to: str | None
    base: float | None
    base_n: int
    other: float | None
    other_n: int
    difference: float | None
    low: float | None
    high: float | None
    q: float | None
    day: int | None
    verdict: str


class Comparison(Struct, frozen=True, kw_only=True):
    """The journeys of the report beside others; no rows if none were asked for.

    `rest`: the others are among the report's, so the base are the report's journeys without them.
    """

    rest: bool
    sides: list[ComparedSide]
    rows: list[ComparedRow]
