"""What reading somebody's own file would do, found out without storing anything.

A file keeps no position: it is read whole, and what is known is dropped. That is right as long as a
row is still the same row. So a file is looked through first, and nothing of it is stored if

* over a tenth of its known rows say something else now: its *rows have moved*;
* over a tenth of its rows have the id of an earlier row of the file: the column is *no id*;
* over a tenth of its rows are in the log as other ones: the file has *another name* now, or its
  rows are told apart in another way.
"""

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from ingest.batch_decoder import BatchDecoder
from ingest.own_log import RowSource
from ingest.pipeline import IngestResult, Progress, Tally
from ingest.privacy import Pseudonyms
from journeys.batches import Appended
from journeys.errors import SourceError
from journeys.event_log import EventLog
from journeys.records import microseconds_of
from journeys.service import Service
from journeys.touchpoint import Touchpoint

MOST_DIFFERING = 0.1
"""Share of rows above which a file is not what it was, or not what it is said to be."""

MOST_ALIKE = 0.9
"""Share of known rows above which it is no rows that have changed, but the key to all of them."""

SAMPLED_ROWS = 50_000
"""Rows whose content is looked for under other sources; of a longer file, a sample."""

ROWS_AT_ONCE = 50_000
"""Touchpoints of the log that are looked at at a time."""


class DryRun(NamedTuple):
    """What a file would come to.

    Attributes:
        result: As `run_ingest` would answer; the position is that of the log as it is.
        known: Rows known by their source and id.
        changed: Those of `known` that say something else now.
        repeated: Rows that have the id of an earlier row of the file, and say something else.
        copies: Share of all rows that are new by source and id, and whose content the log has all
            the same: by the source it is from.
    """

    result: IngestResult
    known: int
    changed: int
    repeated: int
    copies: dict[str, float]


def dry_run(  # noqa: PLR0913 - as `run_ingest`
    source: RowSource,
    log: EventLog | None,
    *,
    scratch: EventLog,
    services: Mapping[str, Sequence[Service]],
    pseudonyms: Pseudonyms,
    clock: Callable[[], datetime],
    progress: Callable[[Progress], None] | None = None,
) -> DryRun:
    """Look through a file.

    Args:
        source: The file; it is read whole.
        log: What is known; None if nothing is. Is only read.
        scratch: An empty log, thrown away afterwards: it finds ids that come twice in the file.
        services: The versions of each service, by key.
        pseudonyms: The deployment's keyed hashes.
        clock: The time now, aware.
        progress: Called after each batch.

    Raises:
        SourceError: The source cannot be read.
    """
    decoder, tally, rows = BatchDecoder(services, pseudonyms), Tally(), _Sample()
    changed = repeated = known = 0
    for batch in source.batches():
        now = clock()
        decoded = decoder.decode(batch, now=now)
        new: Sequence[Touchpoint] = decoded.touchpoints
        duplicates = conflicts = 0
        if log is not None:
            new, duplicates, conflicts = log.compare(new)
            rows.add(new)
            changed += conflicts
            known += duplicates + conflicts
        recorded = len(new)
        if new and not source.is_numbered:
            appended = scratch.append_batch(new, recorded_at=now)
            recorded = appended.recorded
            duplicates += appended.duplicates
            conflicts += appended.conflicts
            repeated += appended.conflicts
        tally.add(
            decoded,
            Appended(
                recorded=recorded,
                duplicates=duplicates,
                conflicts=conflicts,
                rejected=len(decoded.rejections),
                position=0,
            ),
        )
        if progress is not None:
            progress(Progress(tally.read, tally.recorded, batch.done))
    return DryRun(
        result=tally.result(
            dropped_attributes=decoder.dropped_attributes,
            definitions=0,
            position=0 if log is None else log.head(),
        ),
        known=known,
        changed=changed,
        repeated=repeated,
        copies={} if log is None else rows.found_in(log, source, among=tally.read),
    )


def refuse_doubtful(found: DryRun, source: RowSource, *, is_named: bool) -> None:
    """Refuse a file whose rows would be stored as what they are not.

    Args:
        found: What it would come to.
        source: The file.
        is_named: Whether somebody said what the source is called, and so means it.

    Raises:
        SourceError: Its rows have moved, its id column is none, or it is known under another name.
    """
    path, name = source.table.path, source.name
    if found.repeated > MOST_DIFFERING * found.result.read:
        raise SourceError(
            f"file {path}: column {source.columns['id']!r} is no id: {found.repeated:,} of "
            f"{found.result.read:,} rows have there what an earlier row has, and say something "
            "else. Nothing was stored. Hint: --column id=NAME with a column that is different in "
            "every row, or none to go by the number of the row"
        )
    retract = f"polku retract {shlex.quote(name)} first, and this file is read as new"
    if found.changed > MOST_DIFFERING * found.known:
        hint = (
            "give --column id=NAME, if a column tells the rows apart, with another --source"
            if source.is_numbered
            else "--source NAME, if this is another system's file"
        )
        if found.changed > MOST_ALIKE * found.known:
            hint = f"if the pseudonym key is another one than then, bring that back; else {hint}"
        raise SourceError(
            f"file {path}: rows have moved: {found.changed:,} of the {found.known:,} rows known "
            f"from {name} say something else now. Nothing was stored. Hint: {hint}; or {retract}"
        )
    other, share = max(found.copies.items(), key=lambda item: item[1], default=("", 0.0))
    if share <= MOST_DIFFERING:
        return
    if other == name:
        raise SourceError(
            f"file {path}: {share:.0%} of its rows are in the log already, from this very source "
            "but with other ids, and would count twice. Nothing was stored. Hint: tell the rows "
            f"apart as then, by their number or by the same id column; or {retract}"
        )
    if not is_named:
        raise SourceError(
            f"file {path}: {share:.0%} of its rows are in the log already, from the source "
            f"{other}, and would count twice. Nothing was stored. Hint: --source "
            f"{shlex.quote(other)} if it is the same file under another name; "
            f"--source {shlex.quote(name)} if it is not"
        )


class _Sample:
    """What rows say, without their source and id: all rows, or of many those of a few hashes."""

    def __init__(self) -> None:
        self._contents: Counter[int] = Counter()
        self._mask = 0

    def add(self, touchpoints: Sequence[Touchpoint]) -> None:
        """Take rows in."""
        for t in touchpoints:
            when = microseconds_of(t.occurred_at)
            content = hash((t.case, t.person, t.name, when, t.channel, t.status == "error"))
            if not content & self._mask:
                self._contents[content] += 1
        while len(self._contents) > SAMPLED_ROWS:
            self._mask = 2 * self._mask + 1
            self._contents = Counter(
                {key: count for key, count in self._contents.items() if not key & self._mask}
            )

    def found_in(self, log: EventLog, source: RowSource, *, among: int) -> dict[str, float]:
        """Share of so many rows that the log has under other identities, by their source."""
        if not self._contents:
            return {}
        total = among / (self._mask + 1)
        there: dict[str, set[int]] = {}
        for chunk in log.touchpoint_chunks(service=source.service, rows=ROWS_AT_ONCE):
            for origin, *content in chunk.select(*_CONTENT).iter_rows():
                if (found := hash(tuple(content))) in self._contents:
                    there.setdefault(origin, set()).add(found)
        return {
            origin: min(sum(self._contents[content] for content in found) / total, 1.0)
            for origin, found in there.items()
        }


_CONTENT = (
    *("source", "case", "person", "name"),
    pl.col("occurred_at").to_physical(),
    *("channel", "error"),
)
