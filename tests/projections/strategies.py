"""Generated touchpoints of the example service, to set two readings of the rules side by side.

`questions()` draws a recording and a moment to judge it at; `HISTORIES` are the definitions it can
be judged by: the example's, one with every awkward step, one that changes on the way.

`recordings()` draws the touchpoints of cases C, D and E and persons P and Q: alone, together, and
across. Times are a walk over gaps that lie on, just under and just over the deadlines and windows,
with ties; identifiers are drawn, so that ties come in every order; the list comes in any order of
arrival. `moments_for(recording)` draws when to ask: at, on and just past whatever could matter.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec
from hypothesis import strategies as st

from journeys.service import Actor, Link, Outcome, Service, ServiceHistory
from journeys.touchpoint import Status, Touchpoint
from tests.projections.example_service import (
    DAY_0,
    EXAMPLE_HISTORY,
    EXAMPLE_SERVICE,
    step,
)

STEP_NAMES = tuple(step.key for step in EXAMPLE_SERVICE.steps)
OUTCOME_NAMES = ("granted", "refused", "cancelled", "expired")
UNMAPPED_NAME = "unheard-of"

_Kind = TypeVar("_Kind")

# --- services -----------------------------------------------------------------------------------

CHANGED_SERVICE = Service(
    key=EXAMPLE_SERVICE.key,
    version=2,
    valid_from=date(2026, 3, 12),
    name=EXAMPLE_SERVICE.name,
    division=EXAMPLE_SERVICE.division,
    visits="each",
    link=Link(before=timedelta(days=3), after=timedelta(days=5)),
    steps=(
        step("form", Actor.CUSTOMER, timedelta(days=2)),
        step("identify", Actor.CUSTOMER, timedelta(days=1), touchpoints=("identify", "search")),
        step("files", Actor.CUSTOMER, timedelta(days=3)),
        step("handling", Actor.STAFF, timedelta(days=14)),
        step("review", Actor.STAFF, timedelta(days=30), touchpoints=("review", "ask")),
        step("pay", Actor.CUSTOMER, timedelta(days=1), passes_to=Actor.STAFF),
        step("mail", Actor.SYSTEM, timedelta(days=1)),
        step("call", Actor.CUSTOMER, None, help=True),
    ),
    outcomes={
        Outcome.SUCCEEDED: ("granted", "sign"),
        Outcome.REFUSED: ("refused",),
        Outcome.EXPIRED: ("expired",),
    },
)
"""From day 10 on: steps gone, new, moved and made required; other names, windows and deadlines."""

TWO_VERSIONS = ServiceHistory([EXAMPLE_SERVICE, CHANGED_SERVICE])

AWKWARD_SERVICE = msgspec.structs.replace(
    EXAMPLE_SERVICE,
    visits="each",
    steps=(
        step("search", Actor.CUSTOMER, timedelta(days=1), optional=True, passes_to=Actor.CUSTOMER),
        step("form", Actor.CUSTOMER, timedelta(days=1), touchpoints=("form", "expired")),
        step("files", Actor.CUSTOMER, timedelta(days=3), optional=True, passes_to=Actor.SYSTEM),
        step("pay", Actor.CUSTOMER, None, passes_to=Actor.SYSTEM, touchpoints=("pay", "granted")),
        step("handling", Actor.STAFF, timedelta(days=7), touchpoints=("handling", "refused")),
        step("ask", Actor.SYSTEM, timedelta(days=7), passes_to=Actor.CUSTOMER),
        step("sign", Actor.CUSTOMER, timedelta(days=3), passes_to=Actor.CUSTOMER),
        step("mail", Actor.SYSTEM, timedelta(days=3), passes_to=Actor.STAFF),
        step("call", Actor.STAFF, timedelta(days=14), help=True),
    ),
)
"""Every `passes_to` that the example lacks, names that are both step and outcome, staff's help."""

AWKWARD_HISTORY = ServiceHistory([AWKWARD_SERVICE])

HISTORIES = {
    "example": EXAMPLE_HISTORY,
    "awkward": AWKWARD_HISTORY,
    "two versions": TWO_VERSIONS,
}

# --- touchpoints --------------------------------------------------------------------------------

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

GAPS = (
    timedelta(0),
    timedelta(0),
    10 * _MINUTE,
    30 * _MINUTE,
    40 * _MINUTE,
    _HOUR,
    2 * _HOUR,
    _DAY / 2,
    _DAY,
    _DAY + _HOUR,
    3 * _DAY,
    4 * _DAY,
    7 * _DAY,
    8 * _DAY,
    14 * _DAY,
    14 * _DAY + _HOUR,
    15 * _DAY,
    30 * _DAY,
    31 * _DAY,
)
"""The deadlines and windows of the example (30 min, 1 h, 1, 3, 7, 14, 30 days), under and over."""

CARRIERS: tuple[tuple[str | None, str | None], ...] = (
    ("C", "P"),
    ("C", "P"),
    (None, "P"),
    (None, "P"),
    (None, "P"),
    ("D", "P"),
    ("E", "P"),
    ("C", None),
    ("C", "Q"),
    ("E", "Q"),
    (None, "Q"),
)

NAMES = (
    *STEP_NAMES,
    *OUTCOME_NAMES,
    *("form", "form", "form", "pay", "pay", "granted"),  # or few journeys get far
    *("identify", "review"),  # of the second version
    UNMAPPED_NAME,
)


STATUSES: tuple[Status, ...] = ("ok", "ok", "ok", "ok", "ok", "error")


def _some(kinds: Sequence[_Kind]) -> st.SearchStrategy[list[_Kind]]:
    return st.one_of(st.just(list(kinds)), st.lists(st.sampled_from(kinds), min_size=2, max_size=5))


@st.composite
def recordings(draw: st.DrawFn, max_size: int = 14) -> list[Touchpoint]:
    """Draw touchpoints with distinct identities, in any order of arrival."""
    # Few kinds at a time: what depends on three things meeting is then drawn often enough.
    names, carriers, gaps = draw(_some(NAMES)), draw(_some(CARRIERS)), draw(_some(GAPS))
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(gaps),
                st.sampled_from(names),
                st.sampled_from(carriers),
                st.sampled_from(STATUSES),
                st.sampled_from(("web", "web", "phone")),
            ),
            min_size=1,
            max_size=max_size,
        )
    )
    identifiers = draw(st.permutations(range(len(rows))))
    occurred_at = DAY_0 + draw(st.sampled_from((timedelta(0), 9 * _DAY)))  # the version changes
    recording: list[Touchpoint] = []
    for (gap, name, (case, person), status, channel), number in zip(rows, identifiers, strict=True):
        occurred_at += gap
        recording.append(
            Touchpoint(
                source=f"urn:example:{'ab'[number % 2]}",
                id=f"{number:03}",
                service=EXAMPLE_SERVICE.key,
                occurred_at=occurred_at,
                name=name,
                channel=channel,
                status=status,
                case=case,
                person=person,
            )
        )
    return draw(st.permutations(recording))


def moments_for(recording: Sequence[Touchpoint]) -> st.SearchStrategy[datetime]:
    """Draw when to ask: at a touchpoint, or a deadline or window after it, exactly or just past."""
    instant = timedelta(microseconds=1)
    offsets = sorted({*GAPS, *(gap + instant for gap in GAPS), 400 * _DAY})
    return st.builds(
        datetime.__add__,
        st.sampled_from(sorted({touchpoint.occurred_at for touchpoint in recording})),
        st.sampled_from(offsets),
    )


class Question(NamedTuple):
    """What was recorded, and when it is judged."""

    recording: list[Touchpoint]
    as_of: datetime


@st.composite
def questions(draw: st.DrawFn, max_size: int = 14) -> Question:
    """Draw a recording and a moment to judge it at."""
    recording = draw(recordings(max_size))
    return Question(recording, draw(moments_for(recording)))
