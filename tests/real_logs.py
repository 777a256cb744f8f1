"""Public process logs, which stay outside the project: where they are, and what they hold."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

_FOLDER = Path(
    os.environ.get("POLKU_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)


class RealEvent(NamedTuple):
    case: str
    name: str
    when: datetime


class RealLog(NamedTuple):
    """What a log holds, as its README says."""

    file: str
    cases: int
    events: int
    names: int
    variants: int

    @property
    def path(self) -> Path:
        path = _FOLDER / self.file
        if not path.exists():
            pytest.skip(f"{self.file} is not at hand. POLKU_TEST_DATA names a folder that has it")
        return path


REAL_LOGS = (
    RealLog("receipt.csv", 1_434, 8_577, 27, 116),
    RealLog("helpdesk.xes.gz", 4_580, 21_348, 14, 226),
    RealLog("BPIC15_1.csv.gz", 1_199, 52_217, 398, 1_137),
)


def events_of(path: Path) -> list[RealEvent]:
    """Read a log by nothing but Python, in the order of the file."""
    if ".xes" in path.name:
        return [*_xes_events(path)]
    open_it = gzip.open if path.suffix == ".gz" else open
    with open_it(path, "rt", encoding="utf-8", newline="") as file:
        return [
            RealEvent(
                row["case:concept:name"],
                row["concept:name"],
                datetime.fromisoformat(row["time:timestamp"]),
            )
            for row in csv.DictReader(file)
        ]


def _xes_events(path: Path) -> Iterator[RealEvent]:
    with gzip.open(path) as file:
        root = ET.parse(file).getroot()  # noqa: S314 - a file that is ours to trust
    for trace in root.iterfind("{*}trace"):
        case = _values(trace)["concept:name"]
        for event in trace.iterfind("{*}event"):
            values = _values(event)
            when = datetime.fromisoformat(values["time:timestamp"])
            yield RealEvent(case, values["concept:name"], when)


def _values(element: ET.Element) -> dict[str, str]:
    return {
        child.attrib["key"]: child.attrib["value"] for child in element if "value" in child.attrib
    }


def walks_of(events: list[RealEvent]) -> list[list[str]]:
    """The names of each case in the order of time, equal times in the order of the file."""
    cases: dict[str, list[RealEvent]] = {}
    for event in events:
        cases.setdefault(event.case, []).append(event)
    return [
        [event.name for event in sorted(case, key=lambda event: event.when)]
        for case in cases.values()
    ]


def transitions_of(walks: list[list[str]]) -> Counter[tuple[str, str]]:
    return Counter(pair for walk in walks for pair in pairwise(walk))
