"""Ratios within one run: contestants take turns, and medians are compared round by round."""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Target:
    """What a figure must be: at least, or at most, so much."""

    says: str
    figure: list[float]
    bound: float
    at_most: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.figure)

    @property
    def met(self) -> bool:
        return self.median <= self.bound if self.at_most else self.median >= self.bound


def options(
    description: str | None, *, size: int, rounds: int, broker: bool = False
) -> argparse.Namespace:
    known = parser(description, size=size, rounds=rounds)
    if broker:
        known.add_argument("--bootstrap", help="a Kafka broker to use, else one is started")
    return known.parse_args()


def parser(description: str | None, *, size: int, rounds: int) -> argparse.ArgumentParser:
    """The options of every benchmark."""
    known = argparse.ArgumentParser(description=description)
    known.add_argument("--size", type=int, default=size, help="journeys of the made-up city")
    known.add_argument("--rounds", type=int, default=rounds)
    known.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    return known


def take_turns(
    contestants: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Run each contestant once a round; it returns its own seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            seconds[name].append(run())
    return seconds


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Seconds of one against seconds of the other, round by round."""
    return [one / other for one, other in zip(over, under, strict=True)]


def finish(
    name: str,
    *,
    seconds: Mapping[str, list[float]],
    touchpoints: int | None,
    targets: list[Target],
    check: bool,
) -> None:
    """Print the tables, write the JSON, and exit 1 for a missed target if that was asked for."""
    print(f"{name}" + (f": {touchpoints:,} touchpoints" if touchpoints else ""))
    for contestant, taken in seconds.items():
        median = statistics.median(taken)
        rate = f"{touchpoints / median:>12,.0f}/s" if touchpoints else ""
        print(f"  {contestant:<34}{median:>9.3f} s{rate}")
    for target in targets:
        word = "at most" if target.at_most else "at least"
        print(
            f"  {target.says:<46}{target.median:>11,.2f}"
            f"  ({min(target.figure):,.2f}-{max(target.figure):,.2f})"
            f"  target {word} {target.bound:,g}: {'met' if target.met else 'MISSED'}"
        )
    RESULTS.mkdir(exist_ok=True)
    content = {
        "touchpoints": touchpoints,
        "seconds": seconds,
        "targets": [
            {
                "says": target.says,
                "median": target.median,
                "low": min(target.figure),
                "high": max(target.figure),
                "bound": target.bound,
                "at_most": target.at_most,
                "met": target.met,
            }
            for target in targets
        ],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    if check and not all(target.met for target in targets):
        sys.exit(1)
