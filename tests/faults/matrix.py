"""The fault matrix: what is broken, what must hold, with how many seeds, and what came of it.

A test of a row is marked `row(number)` and takes `seed`; `random.Random(seed)` decides its moments,
sizes and orders. `make test` runs a row's `fast` seeds, `make faults` all of them;
`POLKU_FAULT_SEEDS=20` at most so many. What a test finds goes into its `Ledger`.
"""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

WITHOUT_RESTART, WITH_RESTART = 200, 20
"""Seeds of a row in `make faults`: fewer where each has to start a server again, or to wait."""


class Row(NamedTuple):
    """One fault.

    Attributes:
        fault: What is broken, in words.
        holds: What must hold.
        fast: Seeds in `make test`; 0 where ordinary tests and row 25 have it.
        seeds: Seeds in `make faults`.
        note: How the fault is made here, where that is not plain.
    """

    fault: str
    holds: str
    fast: int = 1
    seeds: int = WITHOUT_RESTART
    note: str = ""


ROWS: Mapping[int, Row] = {
    1: Row(
        "ingest is killed with -9, anywhere",
        "nothing lost, nothing doubled",
        fast=3,
        note="after a number of calls of functions, in whichever thread",
    ),
    2: Row(
        "ingest sleeps (SIGSTOP) while another takes its partitions, and wakes",
        "what it then writes is refused and counted",
        fast=2,
        note="a fifth of the seeds in a group, which has to notice; else two at one topic",
    ),
    3: Row(
        "members of a group come and go all the time",
        "nothing lost, nothing doubled; it gets on",
        seeds=WITH_RESTART,
        note="cooperative assignment, the only one Polku uses; 20 seeds, as each takes seconds",
    ),
    4: Row(
        "the broker is killed with -9 and comes back; its last segment is cut",
        "ingest goes on; a cut ends the run with a named error, or is a recorded gap",
        fast=0,
        seeds=WITH_RESTART,
    ),
    5: Row(
        "the broker is slow, or cut off",
        "no exit, little CPU, bounded memory, goes on by itself",
        seeds=WITH_RESTART,
        note="20 seeds, as each takes seconds; the first of them is cut off for 60 s",
    ),
    6: Row("the Kafka client sits still", "it is made anew", fast=5),
    7: Row(
        "PostgreSQL stops at once, or ends a session during an insert",
        "an answer that is lost is looked up; nothing lost, nothing doubled",
        note="stopped with 20 seeds; sessions ended, and commits without an answer, with 200",
    ),
    8: Row(
        "every connection of the follower is ended",
        "it goes on within its poll interval; nothing is passed over",
        note="Polku does not LISTEN: it polls",
    ),
    9: Row(
        "a writer holds its transaction open",
        "no reader passes it, and the next writer waits for it",
    ),
    10: Row(
        "the log is restored from an older copy",
        "it is read again from its own position, which is said",
    ),
    11: Row(
        "records are deleted before they are read",
        "the run ends with a named error; allowed, the gap is recorded",
    ),
    12: Row(
        "the topic is deleted and made again",
        "noticed by its id; the run ends with a named error",
    ),
    13: Row(
        "transactions are taken back, and offsets are sparse",
        "what was taken back is not recorded; positions are right",
    ),
    14: Row("a producer sends messages again", "one touchpoint; the copies are counted"),
    15: Row("one id, two contents", "the first is kept, the second is in quarantine"),
    16: Row(
        "messages out of order, or late by days",
        "the read models are those of the run in order",
        fast=3,
    ),
    17: Row(
        "poison in the stream",
        "its neighbours are stored; it is in quarantine by its coordinates, is read again by them, "
        "and stored once it can be",
    ),
    18: Row(
        "one service's journeys cannot be traced",
        "the run stops, nothing is half written; once mended it goes on",
        note="events are not parked one by one: a report without them would be silently wrong",
    ),
    19: Row(
        "events of another release",
        "older ones are read; newer ones are refused before anything is misread",
    ),
    20: Row(
        "clocks are wrong: the future, 1970, another zone, the nights of DST",
        "out of range is in quarantine; never a crash; a replay gives the same",
    ),
    21: Row(
        "a rebuild is killed; there are two; there is nothing to build",
        "done again; one waits for the other; completes",
        fast=3,
    ),
    22: Row(
        "the disk is full, or read-only",
        "the run ends with a named error, no half batch; goes on when there is room",
        note="full: a limit to the size of files (RLIMIT_FSIZE); read-only: a user who may not",
    ),
    23: Row("partitions are added", "read from their first record, none left out"),
    24: Row(
        "two processes at one SQLite log",
        "one waits for the other; nothing lost, nothing torn",
    ),
    25: Row(
        "all at once: 240,000 touchpoints, ingest killed 50 times, a zombie woken 10 times, broker "
        "and PostgreSQL killed 5 times each",
        "0 missing, 0 double",
        seeds=1,
        note="a twentieth of it in `make test`",
    ),
}


def seeds_of(row: Row) -> int:
    """How many seeds of a row are to be run."""
    told = os.environ.get("POLKU_FAULT_SEEDS")
    if not told:
        return row.fast
    return row.seeds if told == "all" else min(row.seeds, int(told))


def is_full() -> bool:
    """Whether this is more than the fast set."""
    return bool(os.environ.get("POLKU_FAULT_SEEDS"))


@dataclass
class Ledger:
    """What became of the records of one test.

    Attributes:
        made: How often the fault really happened.
        lost: Records that were sent and are not kept.
        doubled: Records that are kept more than once, or were never sent.
    """

    made: int = 0
    lost: int = 0
    doubled: int = 0

    def settle(self, sent: Collection[object], kept: Iterable[object]) -> None:
        """Compare what was sent, each once, with what is kept; both are to be the same."""
        wanted, found = Counter(dict.fromkeys(sent, 1)), Counter(iter(kept))
        missing, surplus = wanted - found, found - wanted
        self.lost += missing.total()
        self.doubled += surplus.total()
        assert not missing, f"lost: {sorted(map(str, missing))[:10]}"
        assert not surplus, f"doubled: {sorted(map(str, surplus))[:10]}"


class Result(NamedTuple):
    """What came of a row."""

    row: int
    fault: str
    seeds: int
    made: int
    failed: int
    lost: int
    doubled: int
    seconds: float


@dataclass
class Results:
    """What has come of the matrix so far."""

    _runs: dict[int, list[Mapping[str, float]]] = field(default_factory=dict)

    def add(self, run: Mapping[str, float]) -> None:
        """Add a test: its row, seed, made, lost, doubled, seconds, and whether it failed."""
        self._runs.setdefault(int(run["row"]), []).append(run)

    def rows(self) -> list[Result]:
        """One for each row that was run, in order."""
        return [
            Result(
                row=number,
                fault=ROWS[number].fault,
                seeds=len({run["seed"] for run in runs}),
                made=int(sum(run["made"] for run in runs)),
                failed=sum(bool(run["failed"]) for run in runs),
                lost=int(sum(run["lost"] for run in runs)),
                doubled=int(sum(run["doubled"] for run in runs)),
                seconds=round(sum(run["seconds"] for run in runs), 1),
            )
            for number, runs in sorted(self._runs.items())
        ]

    def write(self, file: Path) -> None:
        """Write them as JSON: a list of objects, one a row."""
        file.parent.mkdir(exist_ok=True)
        rows = [result._asdict() for result in self.rows()]
        file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def table(results: Sequence[Result]) -> list[str]:
    """The lines of a table of results, in Markdown."""
    lines = ["| row | fault | seeds | made | lost | doubled | seconds |"]
    lines.append("|--:|---|--:|--:|--:|--:|--:|")
    for result in results:
        failed = f" ({result.failed} FAILED)" if result.failed else ""
        lines.append(
            f"| {result.row} | {result.fault} | {result.seeds}{failed} | {result.made} "
            f"| {result.lost} | {result.doubled} | {result.seconds:,.1f} |"
        )
    return lines
