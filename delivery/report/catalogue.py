"""The catalogue as text and rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from delivery.report.language import Language
from delivery.report.page import Page
from delivery.report.wording import readable, titled
from journeys.service import Service, Step, text


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


def services_text(services: Mapping[str, Sequence[Service]], language: Language) -> str:
    """Write the catalogue as text."""
    say = language.text
    page = Page()
    page.title(say("Services"))
    for key, versions in sorted(services.items()):
        newest = versions[-1]
        page.heading(
            f"{titled(readable(text(newest.name, language.code)), key)} ({newest.division})"
        )
        if not newest.outcomes_confirmed:
            page.line("  " + say("draft: outcomes not confirmed"))
        page.line(
            "  "
            + say(
                "version {version}, valid from {day}; rates are read at day {horizon}",
                version=str(newest.version),
                day=language.day(newest.valid_from),
                horizon=newest.horizon_days,
            )
        )
        steps = ", ".join(_step(step, language) for step in newest.steps)
        page.line("  " + say("steps: {steps}", steps=steps))
        if newest.routes:
            page.line("  " + say("routes: {routes}", routes=", ".join(sorted(newest.routes))))
    return page.text()


def _step(step: Step, language: Language) -> str:
    name = readable(text(step.name, language.code))
    if step.help:
        return language.text("{step} (help)", step=name)
    return language.text("{step} (optional)", step=name) if step.optional else name
