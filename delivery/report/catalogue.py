"""The catalogue as text and rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from delivery.report.page import Page
from delivery.report.wording import titled
from journeys.service import Service, text


def service_rows(services: Mapping[str, Sequence[Service]], lang: str) -> list[dict[str, Any]]:
    """Describe each service by its newest definition.

    Returns:
        `service, name, division, versions, valid_from, steps, routes, horizon_days, draft`, by
        key; a draft is one whose outcomes nobody has confirmed.
    """
    return [
        {
            "service": key,
            "name": text(versions[-1].name, lang),
            "division": versions[-1].division,
            "versions": len(versions),
            "valid_from": versions[-1].valid_from.isoformat(),
            "steps": [step.key for step in versions[-1].steps],
            "routes": sorted(versions[-1].routes),
            "horizon_days": versions[-1].horizon_days,
            "draft": not versions[-1].outcomes_confirmed,
        }
        for key, versions in sorted(services.items())
    ]


def services_text(services: Mapping[str, Sequence[Service]], lang: str) -> str:
    """Write the catalogue as text."""
    page = Page()
    page.title("Services")
    for key, versions in sorted(services.items()):
        newest = versions[-1]
        page.line(f"\n{titled(text(newest.name, lang), key)} ({newest.division})")
        if not newest.outcomes_confirmed:
            page.note("  draft: outcomes not confirmed")
        page.note(
            f"  version {newest.version}, valid from {newest.valid_from}; "
            f"rates are read at day {newest.horizon_days}"
        )
        steps = [
            text(step.name, lang)
            + (" (help)" if step.help else " (optional)" if step.optional else "")
            for step in newest.steps
        ]
        page.note(f"  steps: {', '.join(steps)}")
        if newest.routes:
            page.note(f"  routes: {', '.join(sorted(newest.routes))}")
    return page.text()
