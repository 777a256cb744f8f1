"""What to call journeys that ended without success.

Of a drafted service nobody has said yet how its journeys end, so none of its journeys may be called
lost or abandoned. Each sentence stands here whole in both ways.
"""

from typing import NamedTuple

from delivery.report.language import Language, marked, marked_plural
from projections.shapes import ABANDONED

Plural = tuple[str, str]

OUTCOMES = {
    "succeeded": marked("succeeded"),
    "refused": marked("refused"),
    "cancelled": marked("cancelled"),
    "expired": marked("expired"),
    "abandoned": marked("abandoned"),
    "open": marked("still open"),
}
"""Where a journey stands, in a word, by the key of the report."""


class Endings(NamedTuple):
    """English source sentences, to be said by a `Language`.

    Attributes:
        abandoned: Those that fell silent; in a table.
        lost: Those that fell silent, were cancelled or expired; the head of a column.
        rate: The share of them; the head of a column.
        heading: Of what is said about the share.
        were_lost: Says how many.
        fell_silent: Says how many.
        most: Names the step that most are lost at.
        before_first_step: Says how many are lost before the first step.
        taken_back: Says how many went on after a silence.
        funnel: Says what the lost of a funnel are.
        drop_off: Heads the table of steps.
        drop_off_by: Heads the table of groups and steps.
        ranking: Heads the table of the steps that most are lost at.
        not_open: Says what the overview's figures are.
    """

    abandoned: str
    lost: str
    rate: str
    heading: str
    were_lost: Plural
    fell_silent: Plural
    most: str
    before_first_step: Plural
    taken_back: Plural
    funnel: str
    drop_off: str
    drop_off_by: str
    ranking: str
    not_open: str

    def stands(self, outcome: str, language: Language) -> str:
        """Say where a journey stands."""
        return language.text(self.abandoned if outcome == ABANDONED else OUTCOMES[outcome])


_CONFIRMED = Endings(
    abandoned=OUTCOMES[ABANDONED],
    lost=marked("lost"),
    rate=marked("drop-off rate"),
    heading=marked("Drop-off rate"),
    were_lost=marked_plural("{n} was lost", "{n} were lost"),
    fell_silent=marked_plural("{n} abandoned", "{n} abandoned"),
    most=marked("Most are lost at {step} ({n})."),
    before_first_step=marked_plural(
        "{n} more is lost before the customer's first step.",
        "{n} more are lost before the customer's first step.",
    ),
    taken_back=marked_plural(
        "{n} came back after it had been given up", "{n} came back after they had been given up"
    ),
    funnel=marked(
        'The lost here "went no further" than the step; further down they belong to the step they '
        "were last at. The two differ where people go back."
    ),
    drop_off=marked(
        "Drop-off: of those who enter a step, those who are lost with it as the last thing they did"
    ),
    drop_off_by=marked("Drop-off by {attribute}"),
    ranking=marked("Where the city loses most journeys"),
    not_open=marked(
        '"complete" is the share that succeeds or is refused within so many days; "typically" is '
        "the median time to that. Open journeys are not counted as lost."
    ),
)
_DRAFTED = Endings(
    abandoned=marked("ended without a known outcome"),
    lost=marked("stopped"),
    rate=marked("rate"),
    heading=marked("Last steps"),
    were_lost=marked_plural("{n} stopped", "{n} stopped"),
    fell_silent=marked_plural(
        "{n} ended without a known outcome", "{n} ended without a known outcome"
    ),
    most=marked("Most stop at {step} ({n})."),
    before_first_step=marked_plural(
        "{n} more stops before the customer's first step.",
        "{n} more stop before the customer's first step.",
    ),
    taken_back=marked_plural(
        "{n} went on after it had seemed to end", "{n} went on after they had seemed to end"
    ),
    funnel=marked(
        'The stopped here "went no further" than the step; further down they belong to the step '
        "they were last at. The two differ where people go back."
    ),
    drop_off=marked(
        "Last steps: of those who enter a step, those who stop with it as the last thing they did"
    ),
    drop_off_by=marked("Last steps by {attribute}"),
    ranking=marked("Where most journeys stop"),
    not_open=marked(
        '"complete" is the share that succeeds or is refused within so many days; "typically" is '
        "the median time to that. Open journeys are not counted as stopped."
    ),
)


def endings(*, draft: bool) -> Endings:
    """Choose the words: of a drafted service nobody has said yet how its journeys end."""
    return _DRAFTED if draft else _CONFIRMED
