"""Drop-off against a known truth: what the estimate misses by, and how often its interval covers.

Entries come evenly over twelve weeks. A share of people stop; the stop becomes known once the
deadline has passed. The others complete, some only after a long wait for the city. The truth is the
cumulative incidence at the day that the row states, known in closed form.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from analysis.rates import DAY_S, Rate, rate_at_horizon

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)
WEEKS = 12
NEWEST_DAYS = 42


class World(NamedTuple):
    """One service: the deadline of its step, in days, and the share of people who stop there."""

    deadline: float
    lost: float

    @property
    def horizon(self) -> int:
        return int(np.ceil(2 * self.deadline))

    def truth(self, day: int) -> float:
        """The share lost by a day: those who stop stay an exponential time first."""
        beyond = max(day - self.deadline, 0.0)
        return self.lost * (1 - np.exp(-beyond / self.stay))

    @property
    def stay(self) -> float:
        """Mean days from entry to the last touchpoint of those who stop."""
        return 0.25 * self.deadline


MINUTES_10 = World(deadline=10 / 1440, lost=0.2)
DAYS_14 = World(deadline=14.0, lost=0.2)
DAYS_30 = World(deadline=30.0, lost=0.25)
NEARLY_NONE = World(deadline=14.0, lost=0.02)


def entries_of(world: World, n: int, rng: np.random.Generator) -> pl.DataFrame:
    """One log: `age_s`, `end_s`, `event` of each entry, as `analysis.drop_off` gives them."""
    age = rng.uniform(0, WEEKS * 7, n)
    lost = rng.random(n) < world.lost
    stops = rng.exponential(world.stay, n) + world.deadline
    completes = np.where(
        rng.random(n) < 0.1, rng.exponential(40, n), rng.exponential(world.deadline / 4, n)
    )
    ends = np.where(lost, stops, completes)
    return pl.DataFrame({"age_s": age * DAY_S, "end_s": ends * DAY_S, "event": lost}).with_columns(
        end_s=pl.when(pl.col("end_s") < pl.col("age_s")).then("end_s"),
        event=pl.col("event") & (pl.col("end_s") < pl.col("age_s")),
    )


def newest(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.filter(pl.col("age_s") <= NEWEST_DAYS * DAY_S)


def bias(world: World, n: int, logs: int) -> tuple[float, float]:
    """Mean miss in the newest six entry weeks, pooled: of the estimate, and of the naive share."""
    rng = np.random.default_rng(20261102)
    ours, naive = [], []
    for _ in range(logs):
        entries = newest(entries_of(world, n, rng))
        rate = rate_at_horizon(entries, horizon=world.horizon)
        assert rate.value is not None
        assert rate.day is not None
        ours.append(rate.value - world.truth(rate.day))
        naive.append((~entries["end_s"].is_not_null() | entries["event"]).mean() - world.lost)
    return float(np.mean(ours)), float(np.mean(naive))


def coverage(world: World, n: int, logs: int) -> tuple[float, int]:
    """Share of logs whose interval holds the truth, and how many logs showed no loss at all."""
    rng = np.random.default_rng(20261103)
    held = without = 0
    for _ in range(logs):
        rate: Rate = rate_at_horizon(entries_of(world, n, rng), horizon=world.horizon)
        assert rate.day is not None
        assert rate.low is not None
        assert rate.high is not None
        held += rate.low <= world.truth(rate.day) <= rate.high
        without += rate.value == 0
    return held / logs, without


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("world", [MINUTES_10, DAYS_14, DAYS_30], ids=["10min", "14d", "30d"])
def test_the_newest_six_weeks_are_not_biased_by_their_youth(world: World, n: int) -> None:
    ours, naive = bias(world, n, logs=200)

    assert abs(ours) <= 0.015, f"ours {ours:+.4f}, naive {naive:+.4f}"


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize(
    "world", [MINUTES_10, DAYS_14, DAYS_30, NEARLY_NONE], ids=["10min", "14d", "30d", "rare"]
)
def test_intervals_cover_the_truth_in_93_to_97_percent_of_logs(world: World, n: int) -> None:
    share, without = coverage(world, n, logs=1000)

    assert 0.93 <= share <= 0.97, f"covered {share:.3f}; {without} logs without any loss"
