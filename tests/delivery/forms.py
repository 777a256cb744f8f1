"""The forms in which a page may write the numbers of a JSON, in one language."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from delivery.moments import start_of
from delivery.report.language import NO_BREAK, Language

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95)
"""Shares that stand in sentences and heads: 95 % intervals, quantiles, the middle 80 %."""
FEWEST_FOR_A_RATE, DAYS_OF_SILENCE = 10, 14
FEWEST_TO_COMPARE, NEWEST_EVENTS = 30, 20_000
OF_METHODS = {"0.05", "0,05", "19", "20"}
"""The level below which a comparison says that something differs, and what is a long silence."""
MOST_ROWS = (6, 12, 16)
"""Of paths, moves and weeks, what Markdown and text say that they show."""

FOLDED = 24
"""A longer table says how many more rows it has."""
TICKS_S = [1, 10, 60, 600, 3600, 14400, *(86400 * days for days in (1, 7, 28, 100, 365, 3650))]
"""Marks of the scales of charts."""

SIGNS = "+\N{MINUS SIGN}-"
NUMBER = r"\d+(?:[.,\u00a0]\d+)*"


class Forms:
    """Every form in which a page may write a number of the JSON, and of its named sums."""

    def __init__(self, content: dict[str, Any], language: Language) -> None:
        self._language = language
        self.counts: set[str] = set()
        self.percents = {language.percent(level) for level in LEVELS}
        self.intervals: set[str] = set()
        self.durations: set[str] = set()
        self.moments: set[str] = set()
        self.points: set[str] = set()
        self.spans: set[str] = set()
        self._read(content)
        self.add_counts([FEWEST_FOR_A_RATE, DAYS_OF_SILENCE, *MOST_ROWS])
        self.add_counts([FEWEST_TO_COMPARE, NEWEST_EVENTS])
        self.counts |= OF_METHODS

    def add_counts(self, counts: Iterable[int]) -> None:
        self.counts |= {self._language.count(count) for count in counts}

    def add_shares(self, shares: Iterable[float | None]) -> None:
        self.percents |= {self._language.percent(share) for share in shares}

    def add_week(self, monday: date) -> None:
        year, week, _ = monday.isocalendar()
        self.moments.add(self._language.week(f"{year}-W{week:02}"))

    def _read(self, content: Any) -> None:  # noqa: ANN401
        if isinstance(content, dict):
            self._read_row(content)
            for inner in content.values():
                self._read(inner)
        elif isinstance(content, list):
            self.add_counts([len(content), max(0, len(content) - FOLDED)])
            for inner in content:
                self._read(inner)

    def _read_row(self, row: dict[str, Any]) -> None:
        language = self._language
        for name, value in row.items():
            if type(value) is int:
                self.add_counts([value])
            if isinstance(value, int | float) and name.endswith("_s"):
                self.durations.add(language.duration(value))
            elif type(value) is float:
                self.percents.add(language.percent(value))
                self.points.add(language.signed(100 * value))
                self.counts |= {language.signed(0.0)}
                time = language.duration(abs(value))  # of a comparison
                self.durations.add(time)
                self.spans |= {f"{sign}{time}" for sign in SIGNS}
            elif name == "week" and value:
                self.moments.add(language.week(value))
            elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", value):
                self.moments.add(language.moment(start_of(value)))
        if isinstance(row.get("low"), float):
            self.intervals.add(language.interval(row["low"], row["high"]))

    def unknown(self, said: str) -> list[str]:
        """The numbers of some words that are no form of a known one."""
        rest = said
        for known in sorted(self.moments, key=len, reverse=True):
            rest = rest.replace(known, " ")
        return [found[0] for found in self._pattern.finditer(rest) if not self._is_known(found)]

    @property
    def _pattern(self) -> re.Pattern[str]:
        gap = f"[ {NO_BREAK}]"
        unit = {"fi": "vrk|h|min|s", "sv": "dygn|h|min|s", "en": "d|h|min|s"}[self._language.code]
        time = rf"{NUMBER}{gap}(?:{unit})\b(?:{gap}\d+{gap}(?:{unit})\b)?"
        return re.compile(
            rf"(?P<intervals>{NUMBER}[-\N{{EN DASH}}]{NUMBER}{gap}%)"
            rf"|(?P<percents>(?:[<>]{gap})?{NUMBER}{gap}%)"
            rf"|(?P<spans>[{SIGNS}]{time})"
            rf"|(?P<durations>{time})"
            rf"|(?P<points>[{SIGNS}]{NUMBER})"
            rf"|(?P<counts>{NUMBER})"
        )

    def _is_known(self, found: re.Match[str]) -> bool:
        kind = found.lastgroup or ""
        written = found[0].replace(" ", NO_BREAK)
        return written in {form.replace(" ", NO_BREAK) for form in getattr(self, kind)}


def ticks(forms: Forms, language: Language) -> None:
    """Add the marks of the scales of charts."""
    forms.percents |= {language.text("{n} %", n=share) for share in range(101)}
    forms.add_counts(part * 10**zeros for part in (0, 1, 2, 5) for zeros in range(7))
    forms.durations |= {language.duration(seconds) for seconds in TICKS_S}
