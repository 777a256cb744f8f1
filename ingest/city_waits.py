"""How long people, offices and machines take."""

import numpy as np

from ingest.city_behaviour import Wait
from ingest.city_calendar import DAY, HOUR, MINUTE, SECOND, CityCalendar, Floats, Times
from ingest.city_script import StageRule

HOLIDAY_DELAY = 0.3  # how much slower offices are while schools are closed


class Waits:
    """Draws when waits are over."""

    def __init__(self, calendar: CityCalendar, rng: np.random.Generator) -> None:
        self._calendar, self._rng = calendar, rng

    def over(
        self,
        now: Times,
        wait: Wait,
        *,
        closes: Times,
        rule: StageRule | None = None,
        slower: Floats | float = 1.0,
    ) -> Times:
        """When waits that begin now are over: later than now.

        Where the customer has the ball, the wait for what comes next ends within the deadline.

        Args:
            now: One time a journey.
            wait: The same for all.
            closes: When each one's round closes.
            rule: Of the stage they wait in; None: no deadline.
            slower: Factor of the time.
        """
        drawn = wait.median * np.exp(self._rng.normal(0.0, wait.spread, len(now))) * slower
        if wait.kind == "deadline":
            deadline = 0 if rule is None else rule.deadline
            return now + deadline + (drawn * MINUTE).astype(np.int64) + SECOND
        if wait.kind == "close":
            return np.maximum(closes, now) + (drawn * MINUTE).astype(np.int64) + SECOND
        at = self._drawn_over(now, wait, drawn, closes)
        if rule is not None and rule.with_customer:
            longest = (rule.deadline * self._rng.uniform(0.7, 0.97, len(now))).astype(np.int64)
            at = np.minimum(at, now + longest)
        return at

    def spans(self, count: int, shortest: int, longest: int) -> Times:
        """Draw short spans, each as likely as the other."""
        return self._rng.integers(shortest, longest, count)

    def _drawn_over(self, now: Times, wait: Wait, drawn: Floats, closes: Times) -> Times:
        calendar, rng = self._calendar, self._rng
        match wait.kind:
            case "active":
                return now + (drawn * MINUTE).astype(np.int64) + SECOND
            case "machine":
                return now + (drawn * SECOND).astype(np.int64) + SECOND
            case "office" | "round":
                begun = np.maximum(closes, now) if wait.kind == "round" else now
                slow = calendar.school_holidays[calendar.day_of(begun)]
                days = drawn * (1 + HOLIDAY_DELAY * slow)
                return calendar.after_business_days(begun, days, rng)
            case _:
                soon = now + (drawn * DAY).astype(np.int64) + MINUTE
                days = calendar.day_of(soon)
                same_day = days <= calendar.day_of(now)
                if wait.kind == "event":
                    days = np.minimum(days + same_day, len(calendar.dates) - 1)
                    return calendar.midnights[days] + self.spans(len(now), 9 * HOUR, 18 * HOUR)
                return np.where(
                    same_day, calendar.awake(soon, rng), calendar.customer_time(days, rng)
                )
