"""What becomes known of the journeys of a cohort: touchpoints, with references and channels.

Whoever walks the journeys tells here what happens. At or after the city's last moment nothing is
told. So the journeys under way then are those that would be.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.city_behaviour import Stage
from ingest.city_calendar import CityCalendar, Flags, Floats, Times
from ingest.city_script import Script
from ingest.city_truth import Places, Standing
from journeys.service import CHANNELS, Actor, Outcome

CASE, PERSON = 1, 2
"""Which references a touchpoint carries, added up."""

BY_PHONE, BY_MAIL = 0.7, 0.25  # in office hours by phone; of the others by mail
NAMES_PERSON, NAMES_CASE = 0.4, 0.35  # shares of the contacts that carry one reference alone
SCORES = (0.05, 0.07, 0.13, 0.35, 0.4)  # of satisfaction, 1 to 5

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Journeys that begin in one span of weeks, by their start; one row each.

    Attributes:
        start: When each begins.
        path: Place in the script's paths.
        frailty: How much more easily than an average customer each gives up.
        channel: Number of the channel each customer prefers.
        caseless: Those whose case never gets a number.
        nameless: Those who give no person.
        regular: Those whose person has several cases.
        closes: End of the round each begins in; of a service without rounds, far away.
    """

    start: Times
    path: Codes
    frailty: Floats
    channel: Codes
    caseless: Flags
    nameless: Flags
    regular: Flags
    closes: Times

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, one row a touchpoint, in no order; all columns equally long.

    Attributes:
        journey: Row of the cohort.
        at: When.
        code: Of the script.
        channel: Number of the channel.
        error: 1 if the attempt failed.
        refs: `CASE`, `PERSON` or both.
        routed: 1 if the route is known.
        extra: 0, or 1 + place in the teller's `extras`.
    """

    journey: Codes
    at: Times
    code: Codes
    channel: Codes
    error: Codes
    refs: Codes
    routed: Codes
    extra: Codes

    def __len__(self) -> int:
        return len(self.at)


class Teller:
    """Tells what happens, and keeps how the journeys stand.

    Attributes:
        standing: How the journeys stand at the end.
        extras: Attributes of single touchpoints: name and value.
    """

    def __init__(
        self,
        script: Script,
        cohort: Cohort,
        *,
        calendar: CityCalendar,
        until: int,
        rng: np.random.Generator,
    ) -> None:
        self.standing = Standing(script.rules, len(cohort), until)
        self.extras: list[tuple[str, str]] = []
        self._script, self._cohort, self._calendar = script, cohort, calendar
        self._until, self._rng = until, rng
        self._cased = np.zeros(len(cohort), dtype=bool)
        self._routed = np.zeros(len(cohort), dtype=bool)
        self._rows: list[tuple[Codes, ...]] = []

    @property
    def told(self) -> Told:
        """All that was told so far."""
        if not self._rows:
            return Told(*(np.empty(0, dtype=np.int64) for _ in range(8)))
        return Told(*(np.concatenate(column) for column in zip(*self._rows, strict=True)))

    def is_cased(self, who: Places) -> Flags:
        """Whose case has a number by now."""
        return self._cased[who]

    def reach(self, who: Places, step: str) -> None:
        """Say that journeys come to a step: a case may get its number, a route may become known."""
        if step == self._script.behaviour.case_from:
            self._cased[who] = ~self._cohort.caseless[who]
        if step == self._script.behaviour.routed_at:
            self._routed[who] = True

    def touch(
        self, who: Places, at: Times, code: int, *, stage: Stage | None = None, error: bool = False
    ) -> None:
        """Tell touchpoints of a step; of which stage, if it asks for a datum or a score."""
        channel = self._channels(who, code)
        if stage is None or not stage.scored:
            extra = 0 if stage is None else self._extra("field", stage.datum)
            self._tell(who, at, code, channel=channel, error=error, extra=extra)
            return
        scores = self._rng.choice(len(SCORES), len(who), p=SCORES)
        for score in range(len(SCORES)):
            some = scores == score
            extra = self._extra("score", str(score + 1))
            self._tell(who[some], at[some], code, channel=channel[some], extra=extra)

    def contact(self, who: Places, at: Times, *, before: bool = False) -> None:
        """Tell contacts for help: by phone in office hours, else by chat or mail.

        A service without a help step hears of none. `before` the case begins, only the person is
        known.
        """
        code = self._script.help_code
        if code is None:
            return
        draws = self._rng.random(len(who))
        by_phone = self._calendar.is_open(at) & (draws < BY_PHONE)
        by_mail = ~by_phone & (self._rng.random(len(who)) < BY_MAIL)
        wanted = ("chat", "phone", "email")
        numbers = np.array([self._script.channel(code, name) for name in wanted])
        channel = numbers[np.where(by_phone, 1, np.where(by_mail, 2, 0))]
        refs = np.full(len(who), PERSON) if before else self._contact_refs(who)
        self._tell(who, at, code, channel=channel, refs=refs)

    def end(self, who: Places, at: Times, outcome: Outcome, *, stage: Stage | None = None) -> None:
        """Tell outcomes, with a reason where people give one."""
        code = self._script.outcome_code(outcome, stage)
        step = self._script.visited_by(code)
        wanted = CHANNELS.index("email") if step is None else self._script.channel(step, "")
        reasons = self._script.behaviour.reasons.get(outcome.value, ())
        picks = self._rng.integers(0, max(len(reasons), 1), len(who))
        for number, reason in enumerate(reasons or (None,)):
            some = who[picks == number]
            extra = self._extra("reason", reason)
            channel = np.full(len(some), wanted)
            self._tell(some, at[picks == number], code, channel=channel, extra=extra)
        if step is not None:
            self.standing.step(who, at, step)
        self.standing.outcome(who, at, outcome)

    def _tell(  # noqa: PLR0913 - a column each
        self,
        who: Places,
        at: Times,
        code: int,
        *,
        channel: Codes,
        error: bool = False,
        extra: int = 0,
        refs: Codes | None = None,
    ) -> None:
        exists = at < self._until
        if not exists.any():
            return
        refs = self._refs(who) if refs is None else refs
        if code < len(self._script.rules):
            self.standing.step(who, at, code)
        who = who[exists]
        self._rows.append(
            (
                who,
                at[exists],
                np.full(len(who), code),
                channel[exists],
                np.full(len(who), int(error)),
                refs[exists],
                self._routed[who].astype(np.int64),
                np.full(len(who), extra),
            )
        )

    def _refs(self, who: Places) -> Codes:
        """The case once it has a number, and the person, but for those who give none."""
        cohort = self._cohort
        numbered = self._cased[who] | cohort.nameless[who] | cohort.regular[who]
        return np.where(numbered, CASE, 0) + np.where(cohort.nameless[who], 0, PERSON)

    def _contact_refs(self, who: Places) -> Codes:
        """A call is known by its case or its caller, seldom by both.

        Only a person with one case is ever named alone: which of several cases a call is about,
        nobody could say.
        """
        known = self._refs(who)
        draws = self._rng.random(len(who))
        single = np.where(draws < NAMES_PERSON + NAMES_CASE, CASE, CASE | PERSON)
        single = np.where((draws < NAMES_PERSON) & ~self._cohort.regular[who], PERSON, single)
        return np.where(known == (CASE | PERSON), single, known)

    def _channels(self, who: Places, code: int) -> Codes:
        """The customer's own channel, if the step has it; for staff and systems its first."""
        if self._script.rules[code].actor is not Actor.CUSTOMER:
            return np.full(len(who), self._script.channel(code, ""))
        offered = np.array([self._script.channel(code, wanted) for wanted in CHANNELS])
        return offered[self._cohort.channel[who]]

    def _extra(self, name: str, value: str | None) -> int:
        if value is None:
            return 0
        if (name, value) not in self.extras:
            self.extras.append((name, value))
        return 1 + self.extras.index((name, value))
