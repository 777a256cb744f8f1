"""What a changed definition would do, as text and as a table: a plain sentence first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from analysis.moves import Figure, Move
from analysis.preview import Preview, ServicePreview, UnmappedLike, VersionChange
from delivery.moments import start_of
from delivery.report.endings import endings
from delivery.report.language import ENGLISH, NOTHING
from delivery.report.machine import rows_csv
from delivery.report.page import Page
from delivery.report.wording import count, counted

MOST_DECIMALS = 3
"""Where two figures that differ would be written the same, as many as it takes up to this."""

StepNames = Mapping[str, str]
"""Names of the steps, now and then, in the reader's language, by key."""


def preview_text(
    preview: Preview, names: Mapping[str, StepNames], *, path: Path, folder: Path
) -> str:
    """Write what changed definitions would do.

    Args:
        preview: What to say.
        names: By service.
        path: Where the changed definitions are.
        folder: Where those in use are.

    Returns:
        Lines of at most 100 columns, ending with a line break.
    """
    page = Page()
    for service in preview.services:
        _service(page, service, names[service.service], preview)
    for line in _what_next(preview, path, folder):
        page.line(line)
    return page.text()


def preview_csv(preview: Preview) -> str:
    """Write the numbers that move, a row each; of a figure every part has a column of its own."""
    rows = [
        _csv_row(service.service, move) for service in preview.services for move in service.moves
    ]
    nothing = _csv_row("", Move(what="", step=None, now=None, then=None))
    return rows_csv(rows) if rows else f"{','.join(nothing)}\n"


def _csv_row(service: str, move: Move) -> dict[str, Any]:
    return (
        {"service": service, "what": move.what, "step": move.step}
        | _columns("now", move.now)
        | _columns("then", move.then)
    )


def _columns(when: str, figure: Figure | None) -> dict[str, Any]:
    parts = {} if figure is None else msgspec.to_builtins(figure)
    return {when: parts.get("value")} | {
        f"{when}_{name}": parts.get(name) for name in ("low", "high", "n", "day")
    }


def _service(page: Page, service: ServicePreview, names: StepNames, preview: Preview) -> None:
    page.line(f"\n{_headline(service)}")
    if service.note == "not recorded":
        return
    page.line(
        f"As of {ENGLISH.moment(start_of(preview.as_of))} (Helsinki), log position "
        f"{count(preview.position)}; all journeys."
    )
    for change in service.versions:
        _change(page, change)
    words = _words(draft=service.draft)
    page.table(
        "Numbers that move: the whole service",
        ("number", "now", "then"),
        [_row(move, words) for move in service.moves if move.step is None],
        left=1,
    )
    page.table(
        "Numbers that move: step by step",
        ("step", "number", "now", "then"),
        _step_rows(service.moves, names, words),
        left=2,
    )
    if any(move.what.endswith("_rate") for move in service.moves):
        page.note(
            "A rate has its 95 % interval in brackets, the n journeys it rests on, and the day it "
            "is read at."
        )
    _hidden(page, service, words, preview.k)
    if service.note is None:
        _unmapped(page, service.unmapped_names, names)


def _headline(service: ServicePreview) -> str:
    versions = [change.version for change in service.versions]
    if not versions:
        return f"{service.service}: the log knows this definition already; no number moves."
    noun = "Version" if len(versions) == 1 else "Versions"
    what = f"{noun} {' and '.join(map(str, versions))} of {service.service}"
    if service.note == "not recorded":
        return (
            f"{what}: the log does not know this service yet, so there is nothing to compare with."
        )
    if service.note == "no touchpoints":
        return f"{what}: the log has no touchpoints of this service, so no number moves."
    if service.note == "too few people":
        return (
            f"{what} would move numbers, but of too few people to show them; nothing is recorded "
            "yet."
        )
    if not service.moves:
        return f"No number moves with {what[0].lower()}{what[1:]}; nothing is recorded yet."
    return f"{what} would move {counted(len(service.moves), 'number')}; nothing is recorded yet."


def _change(page: Page, change: VersionChange) -> None:
    if change.replaces is None:
        where = "is added to those recorded"
    elif change.replaces == change.version:
        where = "takes the place of the one recorded"
    else:
        where = f"takes the place of version {change.replaces}"
    parts = [
        *(f"{pair.was} is now called {pair.step}" for pair in change.renamed),
        *([f"new: {', '.join(change.added)}"] if change.added else []),
        *([f"gone: {', '.join(change.gone)}"] if change.gone else []),
    ]
    page.line(
        f"Version {change.version}, valid from {_day(change.valid_from)}, {where}."
        + (f" Steps: {'; '.join(parts)}." if parts else "")
        + ("" if change.begun else " That day is still to come: nothing is read by it yet.")
    )
    if change.same_number_as is not None:
        page.line(
            f"Its number is also that of the version valid from {_day(change.same_number_as)}: "
            "give it another, or the folder of both will be refused."
        )


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return ENGLISH.day(day)


def _step_rows(
    moves: Sequence[Move], names: StepNames, words: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Write the moves of steps; a step's name stands in the first of its rows."""
    rows: list[tuple[str, ...]] = []
    last = None
    for move in moves:
        if move.step is not None:
            rows.append(("" if move.step == last else names[move.step], *_row(move, words)))
            last = move.step
    return rows


def _words(*, draft: bool) -> dict[str, str]:
    """Put the numbers in words, where their names in JSON are not words already."""
    ends = endings(draft=draft)
    return {
        "horizon_days": "horizon, days",
        "touchpoints": "touchpoints of journeys",
        "unmapped": "touchpoints without a meaning",
        "unlinked": "touchpoints of no journey",
        "started": "journeys started",
        "abandoned": ends.abandoned,
        "cancelled_afterwards": "cancelled after completing",
        "resurrected": "went on after they had seemed to end"
        if draft
        else "came back after they had been given up",
        "broken_promise": "waiting beyond the promise",
        "completion_rate": "completion rate",
        "before_first_step": f"{ends.lost} before the first step",
        "advanced": "went on",
        "dropped": f"{ends.lost} here",
        "drop_off_rate": ends.rate,
        "median_s": "typical stay",
        "reached": "reached in order",
    }


def _row(move: Move, words: Mapping[str, str]) -> tuple[str, str, str]:
    """Write a move; where two figures differ too little to see it, with more decimals."""
    what = words.get(move.what, move.what)
    days = {figure.day for figure in (move.now, move.then) if figure is not None and figure.day}
    day = days.pop() if len(days) == 1 else None
    now = then = ""
    for decimals in range(MOST_DECIMALS + 1):
        now, then = (
            _written(move.what, figure, decimals, says_day=day is None)
            for figure in (move.now, move.then)
        )
        if now != then:
            break
    return what if day is None else f"{what}, day {day}", now, then


def _written(what: str, figure: Figure | None, decimals: int, *, says_day: bool) -> str:
    if figure is None or (figure.value is None and figure.n is UNSET):
        return "-"
    if isinstance(figure.n, int):
        share = _share(figure, decimals)
        return f"{share}, n {count(figure.n)}" + (f", day {figure.day}" if says_day else "")
    if what.endswith("_s") and figure.value is not None:
        return f"{figure.value:,.{decimals - 1}f} s" if decimals else ENGLISH.duration(figure.value)
    return count(int(figure.value or 0))


def _share(figure: Figure, decimals: int) -> str:
    value, low, high = figure.value, figure.low, figure.high
    if value is None or not isinstance(low, float) or not isinstance(high, float):
        note = figure.note if isinstance(figure.note, str) else ""
        return ENGLISH.why_no_rate(note) or NOTHING
    if not decimals:
        return ENGLISH.rate(value, low, high)
    return f"{100 * value:.{decimals}f} % ({100 * low:.{decimals}f}-{100 * high:.{decimals}f} %)"


def _hidden(page: Page, service: ServicePreview, words: Mapping[str, str], k: int) -> None:
    said = {
        "steps": ("", "step"),
        "funnel": (f'"{words["reached"]}" of ', "step"),
        "unmapped_names": ("", "name"),
    }
    told = [
        f"{before}{counted(service.hidden[what], noun)}"
        for what, (before, noun) in said.items()
        if what in service.hidden
    ]
    if told:
        page.note(
            f"Left out because fewer than {k} people are behind the numbers or their move: "
            f"{', '.join(told)}."
        )


def _unmapped(page: Page, rows: Sequence[UnmappedLike], names: StepNames) -> None:
    if not rows:
        return
    page.table(
        "Names without a meaning then; what they look like is a guess from their spelling",
        ("name", "looks like", "touchpoints", "of them without a meaning now"),
        [(row.name, _likeness(row, names), count(row.touchpoints), count(row.now)) for row in rows],
        left=2,
    )


def _likeness(row: UnmappedLike, names: StepNames) -> str:
    if row.step is not None:
        return f"step {row.step} ({names[row.step]})"
    return "" if row.outcome is None else f"outcome {row.outcome}"


def _what_next(preview: Preview, path: Path, folder: Path) -> Iterator[str]:
    changes = [change for service in preview.services for change in service.versions]
    if not changes:
        return
    records = "polku project records it and reads all journeys by it."
    if folder.resolve() in (path.resolve(), path.resolve().parent):
        yield f"\nNext: {records}"
        return
    days = sorted({change.valid_from for change in changes if change.replaces is not None})
    place = f", in place of the file with valid_from: {' or '.join(days)}" if days else ""
    yield f"\nNext: put {path} into {folder}{place}; then {records}"
