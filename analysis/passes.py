"""How one walk goes through a funnel: the passes of a journey, and the best of them.

A *pass* begins at a visit and meets required rows by later visits. In which *order* is asked for:

* `ordered`: the rows one after the other; other visits may lie between;
* `strict`: the same, but between two rows only the optional steps that lie between them in the
  intended order, and help steps;
* `any`: a row is reached with all required rows before it, whichever of them came first.

A pass ends with the *window*, counted from its first visit, and before a visit to a step that stops
it. Of all passes the furthest counts; of equal ones the one complete first, then the one begun
last, each row at its first visit. A journey whose best pass holds a visit to a step that *removes*,
after its first visit and before it is complete, is not in the funnel at all.

Source: the choice of PostHog's funnels; `stop` is Mixpanel's exclusion, `remove` PostHog's.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

Order = Literal["ordered", "strict", "any"]
ORDERS: tuple[Order, ...] = ("ordered", "strict", "any")

NOWHERE = -1


class Match(NamedTuple):
    """One walk through a funnel.

    `furthest` is the last required row reached, or `NOWHERE`; `visits` are (row, place of the visit
    in the walk, place of the visit matched to the required row before or None). In any order a row
    is reached at the last of the visits that it needs. `start` is where the pass begins, None
    without one.
    """

    furthest: int
    visits: list[tuple[int, int, int | None]]
    start: int | None = None
    removed: bool = False


class Rules(NamedTuple):
    """What a pass may do, in rows of the funnel.

    `passable` are rows that never break a strict pass, `stopping` rows end a pass, `removing` ones
    take the journey out.
    """

    order: Order = "ordered"
    passable: frozenset[int] = frozenset()
    stopping: frozenset[int] = frozenset()
    removing: frozenset[int] = frozenset()


PLAIN = Rules()


class _Pass(NamedTuple):
    """`places` of the required rows met, in their order; `end` is behind the last visit of it."""

    places: list[int]
    start: int
    end: int


def match(
    walk: Sequence[int],
    required: Sequence[bool],
    *,
    counted: Sequence[bool],
    rules: Rules = PLAIN,
    until: Sequence[int] | None = None,
) -> Match:
    """Match one walk to the rows of a funnel.

    Args:
        walk: The row of each visit, in order; `NOWHERE` for a step that the funnel does not know.
        required: Which rows this journey has to pass.
        counted: Which rows are required in the funnel; all of `required` are.
        rules: What a pass may do.
        until: For each visit, the place behind the last one of a window that begins with it; None
            is no window.

    Examples:
        Rows are form, files (optional), pay; the walk is form, form, files, pay, form.

        >>> found = match([0, 0, 1, 2, 0], [True, False, True], counted=[True, False, True])
        >>> found.furthest, found.visits
        (2, [(0, 1, None), (1, 2, 1), (2, 3, 1)])
    """
    wanted = [row for row, needed in enumerate(required) if needed]
    best = max(
        _passes(walk, wanted, rules, until),
        key=lambda found: (len(found.places), -max(found.places), found.start),
        default=None,
    )
    if rules.order == "any":
        furthest, visits = _in_any_order(walk, required, counted, best)
    else:
        furthest, visits = _in_order(walk, required, counted, best)
    if best is None:
        return Match(furthest, visits)
    complete = len(best.places) == len(wanted)
    watched = walk[best.start + 1 : max(best.places) if complete else best.end]
    removed = any(row in rules.removing for row in watched)
    return Match(furthest, visits, best.start, removed)


def _passes(
    walk: Sequence[int], wanted: Sequence[int], rules: Rules, until: Sequence[int] | None
) -> Iterator[_Pass]:
    beginnings = frozenset(wanted if rules.order == "any" else wanted[:1])
    for start, row in enumerate(walk):
        if row not in beginnings:
            continue
        end = len(walk) if until is None else until[start]
        if rules.stopping:
            stops = (i for i in range(start + 1, end) if walk[i] in rules.stopping)
            end = next(stops, end)
        places = _met(walk, wanted, start, end, rules)
        if places:
            yield _Pass(places, start, end)


def _met(
    walk: Sequence[int], wanted: Sequence[int], start: int, end: int, rules: Rules
) -> list[int]:
    """Say where a pass that begins here meets the required rows, as far as it does."""
    places: list[int] = []
    cursor, before = start, NOWHERE
    for row in wanted:
        try:
            place = walk.index(row, start if rules.order == "any" else cursor, end)
        except ValueError:
            break
        if rules.order == "strict" and any(
            not before < other < row and other not in rules.passable and other != NOWHERE
            for other in walk[cursor:place]
        ):
            break
        places.append(place)
        cursor, before = place + 1, row
    return places


def _in_order(
    walk: Sequence[int], required: Sequence[bool], counted: Sequence[bool], best: _Pass | None
) -> tuple[int, list[tuple[int, int, int | None]]]:
    """Add the optional rows, looked for between the required ones."""
    wanted = [row for row, needed in enumerate(required) if needed]
    bounds = [NOWHERE, *(best.places if best else ())]
    visits: list[tuple[int, int, int | None]] = []
    previous: int | None = None
    furthest = NOWHERE
    for stage, bound in enumerate(bounds):
        cursor = bound
        if stage:
            visits.append((wanted[stage - 1], bound, previous))
            previous, furthest = bound, wanted[stage - 1]
        following = wanted[stage] if stage < len(wanted) else len(required)
        last = stage + 1 == len(bounds)
        limit = (best.end if best else len(walk)) if last else bounds[stage + 1]
        for row in range(wanted[stage - 1] + 1 if stage else 0, following):
            place = next((i for i in range(cursor + 1, limit) if walk[i] == row), None)
            if place is None:
                continue
            visits.append((row, place, previous))
            cursor = place
            if counted[row]:
                previous, furthest = place, row
    return furthest, visits


def _in_any_order(
    walk: Sequence[int], required: Sequence[bool], counted: Sequence[bool], best: _Pass | None
) -> tuple[int, list[tuple[int, int, int | None]]]:
    """Take each row at its first visit in the pass, and optional ones before it, too."""
    start, end = (best.start, best.end) if best else (0, len(walk))
    visits: list[tuple[int, int, int | None]] = []
    previous: int | None = None
    furthest, going = NOWHERE, True
    for row, needed in enumerate(required):
        first = start if counted[row] else 0
        place = next((i for i in range(first, end) if walk[i] == row), None)
        going = going and not (needed and place is None)
        if place is None or (counted[row] and not going):
            continue
        if not counted[row]:
            visits.append((row, place, previous))
            continue
        reached = place if previous is None else max(place, previous)
        visits.append((row, reached, previous))
        previous, furthest = reached, row
    return furthest, visits
