"""What is in quarantine, for people: where it is, why, and what to do."""

from collections.abc import Sequence
from typing import Any

from delivery.report.page import Page
from delivery.report.wording import count, counted
from journeys.quarantine import Quarantined
from journeys.records import moment_of


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
            ("place", "reason", "why"),
            [(str(row["place"]), row["reason"], row["detail"]) for row in own],
            left=3,
        )
    return page.text()
