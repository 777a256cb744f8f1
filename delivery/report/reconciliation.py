"""A topic held against the log, for people: proved or not, partition by partition."""

from typing import Any

from msgspec import to_builtins

from delivery.report.page import Page
from delivery.report.wording import agree, count, counted
from ingest.reconcile import Gap, PartitionProof, Reconciliation

_REASONS = {
    "retention": "deleted by retention before they were read",
    "truncated": "lost by the broker after they were read",
    "recreated": "the topic was deleted and made again",
}


def reconciliation_rows(found: Reconciliation) -> list[dict[str, Any]]:
    """The partitions, a row each; gaps are counted."""
    return [
        {**to_builtins(partition), "gaps": len(partition.gaps)} for partition in found.partitions
    ]


def reconciliation_text(found: Reconciliation) -> str:
    """Write what was proved, and what differs; what to do about it comes with it."""
    page = Page()
    page.title(f"Reconciliation of topic {found.topic}")
    records = found.total("records")
    if found.is_proved:
        page.line(
            "Proved: each record that the topic still has, up to where the log has read it, is "
            "recorded once or in quarantine."
        )
    else:
        page.line("Not proved:")
        for what in _differences(found):
            page.line(f"- {what}")
    page.line(
        f"{counted(records, 'record')} {agree(records, 'were')} read again: "
        f"{count(found.total('recorded'))} recorded, {count(found.total('duplicates'))} sent twice "
        f"and dropped, {count(found.total('quarantined'))} in quarantine or settled there."
    )
    page.line(
        f"None of the log's {counted(found.touchpoints, 'touchpoint')} is there twice."
        if not found.doubled
        else f"The log has {counted(found.touchpoints, 'touchpoint')}."
    )
    page.table(
        "By partition",
        (
            *("partition", "offsets", "records", "recorded", "duplicates", "quarantined"),
            *("missing", "differing"),
        ),
        [_row(partition) for partition in found.partitions],
        left=2,
    )
    for note in _notes(found):
        page.line(note)
    page.table(
        "What differs" if _all_listed(found) else "What differs, the first of it",
        ("partition", "offset", "what", "why"),
        [(str(d.partition), str(d.offset), d.what, d.detail) for d in found.differences],
        left=4,
    )
    return page.text()


def _row(partition: PartitionProof) -> list[str]:
    counts = (
        *(partition.records, partition.recorded, partition.duplicates, partition.quarantined),
        *(partition.missing, partition.differing),
    )
    return [str(partition.partition), _offsets(partition), *map(count, counts)]


def _offsets(partition: PartitionProof) -> str:
    end = min(partition.position or partition.begin, partition.end)
    return f"{partition.begin} to {end - 1}" if end > partition.begin else "none"


def _all_listed(found: Reconciliation) -> bool:
    return len(found.differences) == found.total("missing") + found.total("differing")


def _differences(found: Reconciliation) -> list[str]:
    missing, differing = found.total("missing"), found.total("differing")
    lost, beyond = found.total("lost"), found.total("beyond")
    said = []
    if missing:
        said.append(
            f"{counted(missing, 'record')} {agree(missing, 'are')} missing: the log has neither a "
            "touchpoint nor a rejection of it. Hint: write the topic's records to a file and read "
            "that with polku ingest files; what is known is dropped"
        )
    if differing:
        said.append(
            f"{counted(differing, 'record')} {agree(differing, 'are')} recorded with another "
            "content. Hint: if it is nearly all of them, the pseudonym key is not the one they "
            "were recorded with"
        )
    if found.doubled:
        where = ", ".join(map(str, found.doubled_at))
        more = ", ..." if found.doubled > len(found.doubled_at) else ""
        said.append(
            f"{counted(found.doubled, 'touchpoint')} {agree(found.doubled, 'are')} not where "
            f"source and id belong, at position {where}{more}, and may count twice. Hint: somebody "
            "has written to the log's tables; restore it from a backup and read the topic again"
        )
    if lost:
        said.append(
            f"{counted(lost, 'offset')} {agree(lost, 'were')} deleted before the log had read "
            "them, and no gap is recorded. Hint: bring them back from a mirror or a backup of the "
            "topic, or record the gap with polku ingest kafka --allow-gap"
        )
    if beyond:
        said.append(
            f"{counted(beyond, 'offset')} that the log has read {agree(beyond, 'are')} not on the "
            "topic any more: the broker has lost the end of it. Hint: have them sent again, and "
            "polku ingest kafka --allow-gap"
        )
    return said


def _notes(found: Reconciliation) -> list[str]:
    """What is no difference and should be known."""
    notes = []
    gone = [p for p in found.partitions if p.begin]
    if gone:
        notes.append(
            f"Of {counted(len(gone), 'partition')} the first offsets are deleted "
            f"({', '.join(f'{p.partition}: up to {p.begin - 1}' for p in gone)}): of those nothing "
            "can be proved."
        )
    notes += [
        f"Partition {partition.partition}: a gap is recorded, {_gap(gap)}."
        for partition in found.partitions
        for gap in partition.gaps
    ]
    unread = found.total("unread")
    if unread:
        notes.append(
            f"{counted(unread, 'offset')} {agree(unread, 'were')} not read yet; "
            "polku ingest kafka reads on."
        )
    return notes


def _gap(gap: Gap) -> str:
    until = "onwards" if gap.end is None else f"to {gap.end - 1}"
    return f"offsets {gap.begin} {until}: {_REASONS.get(gap.reason, gap.reason)}"
