"""The list of journeys behind a number, as text and CSV."""

import msgspec

from analysis.listing import JourneyList
from delivery.moments import start_of
from delivery.report.machine import PATH_SEPARATOR, rows_csv
from delivery.report.page import Page
from delivery.report.wording import Names, count, counted, duration, endings, moment


def listing_text(answer: JourneyList, names: Names) -> str:
    """Write the list as text, with how long each journey took."""
    page = Page()
    words = endings(draft=answer.draft)
    shown = len(answer.journeys)
    page.title(f"{names.service} - journeys")
    page.line(
        f"{counted(answer.total, 'journey')} as of {moment(start_of(answer.as_of))} (Helsinki), "
        f"log position {count(answer.position)}"
        + (f"; the latest {count(shown)} below." if shown < answer.total else ".")
    )
    if answer.draft:
        page.note(
            "Draft: nobody has confirmed yet how journeys end here; what stands below is a guess. "
            "Hint: see the top of polku report " + answer.service
        )
    if answer.rare:
        page.note(
            f"{count(answer.rare)} walked a path that fewer than {answer.k} people share: of those "
            "only outcome and week are shown."
        )
    page.table(
        "",
        ("week", "stands", "journey", "took", "path"),
        [
            (
                journey.week,
                words.stands(journey.outcome),
                "" if journey.journey is None else journey.journey[:8],
                _took(journey.started_at, journey.ended_at),
                "(rare)"
                if journey.steps is None
                else PATH_SEPARATOR.join(names.step(step) for step in journey.steps),
            )
            for journey in answer.journeys
        ],
        left=5,
    )
    return page.text()


def listing_csv(answer: JourneyList) -> str:
    """Write the list as CSV."""
    return rows_csv(
        [
            {
                **msgspec.to_builtins(journey),
                "steps": "" if journey.steps is None else PATH_SEPARATOR.join(journey.steps),
            }
            for journey in answer.journeys
        ]
    )


def _took(start: str | None, end: str | None) -> str:
    if start is None or end is None:
        return ""
    return duration((start_of(end) - start_of(start)).total_seconds())
