"""What is in quarantine, for people: where it is, why, and what to do."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, cast

from msgspec import Struct, to_builtins

from delivery.report.language import ENGLISH
from delivery.report.page import Page
from delivery.report.reasons import MEANS, advice
from delivery.report.wording import agree, count, counted
from ingest.rejections import Reason
from ingest.retry import Outcome, Retried
from journeys.quarantine import Quarantined
from journeys.records import moment_of
from journeys.resolutions import Resolution

MOST_SHOWN, SOME = 50, 3
"""Rows of a text answer, and positions in one of them; JSON and CSV have all."""


class Settled(Struct, frozen=True, kw_only=True):
    """How a rejection was settled.

    Attributes:
        position: Where in the log.
        how: `retried`, `mended` or `dismissed`.
        why: Of a dismissal: `mended`, `unwanted` or `lost`; else empty.
        recorded_at: ISO 8601, UTC.
    """

    position: int
    how: str
    why: str
    recorded_at: str


class Shown(Struct, frozen=True, kw_only=True):
    """One rejection.

    Attributes:
        position: Its place in the log.
        recorded_at: ISO 8601, UTC.
        origin: Where the record came from.
        place: Line or offset there.
        reason: One word.
        detail: The field and the rule.
        service: Key of the service, if it could be told.
        digest: Keyed digest of the record.
        means: The reason in words.
        advice: What to do; empty if it is settled.
        settled: How it was settled; None if it waits.
        now: What would become of the record now: an outcome of `polku quarantine retry`.
        now_detail: Why.
    """

    position: int
    recorded_at: str
    origin: str
    place: int
    reason: str
    detail: str
    service: str
    digest: str
    means: str
    advice: str
    settled: Settled | None
    now: Outcome
    now_detail: str


class Tried(Struct, frozen=True, kw_only=True):
    """What became of one record that was tried again."""

    position: int
    origin: str
    place: int
    reason: str
    outcome: Outcome
    detail: str


class RetryAnswer(Struct, frozen=True, kw_only=True):
    """What became of records that were tried again.

    Attributes:
        outcomes: How many records came to what.
        head: Position of the log afterwards.
        records: Each of them.
    """

    outcomes: dict[Outcome, int]
    head: int
    records: list[Tried]


def quarantine_rows(found: Sequence[Quarantined]) -> list[dict[str, Any]]:
    """Quarantined records, a row each: where they are, why, and when."""
    return [
        {
            "position": item.position,
            "recorded_at": moment_of(item.rejection.recorded_at).isoformat(),
            "origin": item.rejection.origin,
            "place": item.rejection.place,
            "reason": item.rejection.reason,
            "detail": item.rejection.detail,
            "service": item.rejection.service,
            "digest": item.rejection.digest,
            "settled": item.resolved,
        }
        for item in found
    ]


def quarantine_text(rows: Sequence[dict[str, Any]], *, total: int) -> str:
    """Write quarantined records as a table for each origin."""
    page = Page()
    page.title("Quarantine")
    if not rows:
        page.line("Nothing is in quarantine.")
        return page.text()
    page.line(
        f"{counted(total, 'record')} could not be stored"
        + (f", the latest {count(len(rows))} below" if len(rows) < total else "")
        + ". What was said is not kept; the place says where to look."
    )
    by_origin: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_origin.setdefault(row["origin"], []).append(row)
    for origin, own in by_origin.items():
        page.copied(f"\n{origin}")
        page.table(
            "",
            ("place", "position", "reason", "why"),
            [
                (
                    str(row["place"]),
                    str(row["position"]),
                    row["reason"],
                    f"{row['detail']} (settled)" if row["settled"] else row["detail"],
                )
                for row in own
            ],
            left=4,
        )
    first = rows[0]["position"]
    page.line(f"What to do about one of them: polku quarantine show {first} (its position)")
    return page.text()


def shown(retried: Retried, resolution: Resolution | None) -> Shown:
    """Put together what is known of a rejection, and of its record now."""
    item = retried.item
    rejection = item.rejection
    return Shown(
        position=item.position,
        recorded_at=moment_of(rejection.recorded_at).isoformat(),
        origin=rejection.origin,
        place=rejection.place,
        reason=rejection.reason,
        detail=rejection.detail,
        service=rejection.service,
        digest=rejection.digest,
        means=MEANS.get(cast(Reason, rejection.reason), ""),
        advice=""
        if resolution
        else f"polku quarantine retry {item.position}"
        if retried.outcome == "storable"
        else advice(item),
        settled=resolution
        and Settled(
            position=resolution.position,
            how=resolution.how,
            why=resolution.why,
            recorded_at=resolution.recorded_at.isoformat(),
        ),
        now=retried.outcome,
        now_detail=retried.detail,
    )


def shown_rows(found: Sequence[Shown]) -> list[dict[str, Any]]:
    """Rejections, a row each, how they were settled in columns of its own."""
    rows = []
    for one in found:
        row = to_builtins(one)
        settled = row.pop("settled") or dict.fromkeys(Settled.__struct_fields__, "")
        rows.append({**row, **{f"settled_{name}": value for name, value in settled.items()}})
    return rows


def shown_text(found: Sequence[Shown]) -> str:
    """Write rejections, each with what to do."""
    page = Page()
    for number, one in enumerate(found):
        if number:
            page.line("")
        page.title(f"Rejection at position {one.position}")
        page.copied(place_words(one.origin, one.place))
        page.line(f"Refused {_moment(one.recorded_at)}, as {one.reason}: {one.detail}")
        page.line(one.means)
        page.line(f"The record: {_now_words(one)}")
        if one.settled:
            page.line(f"{_settled_words(one.settled)} {_moment(one.settled.recorded_at)}.")
        else:
            page.line(f"What to do: {one.advice}.")
    return page.text()


def retry_answer(retried: Sequence[Retried], *, head: int) -> RetryAnswer:
    """Put together what became of records that were tried again."""
    counts = Counter(one.outcome for one in retried)
    return RetryAnswer(
        outcomes={outcome: counts[outcome] for outcome in _OUTCOMES if counts[outcome]},
        head=head,
        records=[
            Tried(
                position=one.item.position,
                origin=one.item.rejection.origin,
                place=one.item.rejection.place,
                reason=one.item.rejection.reason,
                outcome=one.outcome,
                detail=one.detail,
            )
            for one in retried
        ],
    )


def retry_rows(answer: RetryAnswer) -> list[dict[str, Any]]:
    """The records that were tried, a row each."""
    return [to_builtins(one) for one in answer.records]


def retry_text(answer: RetryAnswer) -> str:
    """Write what became of records that were tried again; of those not stored, why."""
    page = Page()
    total = len(answer.records)
    if not total:
        page.line("Nothing is in quarantine.")
        return page.text()
    parts = ", ".join(_OUTCOMES[outcome](number) for outcome, number in answer.outcomes.items())
    page.line(f"Tried {counted(total, 'record')} again: {parts}.")
    alike: dict[tuple[str, str, str], list[int]] = {}
    for one in answer.records:
        if one.outcome != "stored":
            alike.setdefault((one.origin, one.outcome, one.detail), []).append(one.position)
    page.table(
        "Not stored" + (f", the first {MOST_SHOWN} kinds" if len(alike) > MOST_SHOWN else ""),
        ("from", "now", "why", "positions"),
        [(*what, _some(positions)) for what, positions in islice(alike.items(), MOST_SHOWN)],
        left=4,
    )
    page.line(f"The log is at position {count(answer.head)}.")
    return page.text()


def place_words(origin: str, place: int) -> str:
    """Name the place of a record as its kind of source does.

    Examples:
        >>> place_words("kafka:touchpoints/3", 17), place_words("file:a.jsonl", 5)
        ('topic touchpoints, partition 3, offset 17', 'file a.jsonl, line 5')
        >>> place_words("export", 5)
        'source export, line 5'
    """
    kind, _, name = origin.partition(":")
    topic, _, partition = name.rpartition("/")
    if kind == "kafka" and topic:
        return f"topic {topic}, partition {partition}, offset {place}"
    if kind == "file" and not topic:
        return f"file {name}, line {place}"
    return f"source {origin}, line {place}"


_OUTCOMES: dict[Outcome, Callable[[int], str]] = {
    "stored": lambda number: f"{count(number)} stored",
    "storable": lambda number: f"{count(number)} could be stored",
    "refused": lambda number: f"{count(number)} refused again",
    "conflict": lambda number: f"{count(number)} {agree(number, 'are contradicted by the log')}",
    "changed": lambda number: f"{count(number)} changed since",
    "gone": lambda number: f"{count(number)} gone",
    "unread": lambda number: f"{count(number)} could not be looked up",
}


def _some(positions: Sequence[int]) -> str:
    some = ", ".join(map(str, positions[:SOME]))
    return some if len(positions) <= SOME else f"{some} and {count(len(positions) - SOME)} more"


def _now_words(one: Shown) -> str:
    is_as_it_was = one.now_detail == f"{one.reason}: {one.detail}"
    detail = "" if is_as_it_was else f" ({one.now_detail})"
    match one.now:
        case "stored":
            return "it is still there, and what it says is in the log."
        case "storable":
            return "it is still there, unchanged, and can be stored now."
        case "refused":
            return f"it is still there, unchanged, and would be refused again{detail}."
        case "conflict":
            return f"it is still there, unchanged, and contradicts the log{detail}."
        case "unread":
            return f"it was not looked up: {one.now_detail}"
    return f"{one.now_detail}."


def _settled_words(settled: Settled) -> str:
    match settled.how:
        case "retried":
            how = "Settled: it was read again, and what it says is in the log since"
        case "mended":
            how = "Settled: the row at its place was mended, and is in the log since"
        case _:
            how = f"Dismissed as {settled.why}"
    return how


def _moment(text: str) -> str:
    return ENGLISH.moment(datetime.fromisoformat(text))
