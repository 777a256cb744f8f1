"""Two groups of journeys beside each other: what differs, what does not, and what nobody can tell.

The base are the report's journeys, the others start in another period or began with another value.
Others that are among the report's are compared with the rest of them; a group and itself are
compared as they are. Both sides are read at one day after the start, so that the younger side does
not look worse: only journeys that old count, and what they did up to that day.

What is left out of the report of either side, or is about fewer than k people on one, is not
compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from analysis.compared_rows import Group, compared_rows
from analysis.sections import ComparedSide, Comparison
from analysis.selection import Period, left_out, moment_text, numbered_alike, select
from journeys.errors import SettingsError
from projections.frames import Frames

NOT_COMPARED = Comparison(rest=False, sides=[], rows=[])


class Segment(NamedTuple):
    """Journeys that began with this."""

    attribute: str
    value: str


class Compared(NamedTuple):
    """`hidden` counts the rows left out."""

    comparison: Comparison
    hidden: int


def compare(
    frames: Frames,
    *,
    window: Period,
    where: Mapping[str, str],
    other: Period | Segment,
    k: int,
) -> Compared:
    """Compare the journeys of a report with others of the service.

    Args:
        frames: All of the service.
        window: Journey starts of the report.
        where: First values that its journeys began with.
        other: Another period with the same conditions, or another condition in the same period.
        k: Least number of people of a row that is shown.

    Raises:
        DisclosureError: A filter of either side is not answered.
        SettingsError: The periods overlap, or there is no such attribute.
    """
    if isinstance(other, Segment):
        wanted, period = {**where, other.attribute: other.value}, window
    else:
        wanted, period = dict(where), other
        _check_apart(window, other)
    reported = select(frames, period=window, where=where, k=k)
    others = select(frames, period=period, where=wanted, k=k)
    remaining = _without(reported, others)
    rest = 0 < remaining.journeys.height < reported.journeys.height
    base = remaining if rest else reported
    whole = _group(reported, left_out(frames, period=window, where=where), k=k)
    sides = (
        _group(base, (), k=k) if rest else whole,
        _group(others, left_out(frames, period=period, where=wanted), k=k),
    )
    rows, hidden = compared_rows(*sides, whole=whole, k=k)
    return Compared(
        Comparison(
            rest=rest,
            sides=[_side("base", where, window, base), _side("other", wanted, period, others)],
            rows=rows,
        ),
        hidden,
    )


def _group(journeys: Frames, beside: Sequence[Frames], *, k: int) -> Group:
    own, *others = numbered_alike(journeys, *beside)
    return Group(own, k=k, left_out=others)


def _check_apart(base: Period, other: Period) -> None:
    later = base.end is not None and other.start is not None and other.start >= base.end
    earlier = base.start is not None and other.end is not None and other.end <= base.start
    if base != other and not later and not earlier:
        raise SettingsError(
            "--compare: its period and that of the report overlap, so journeys would be on both "
            "sides. Hint: --from and --to for the report, and days before or after them here"
        )


def _without(selected: Frames, others: Frames) -> Frames:
    gone = others.journeys.select("journey")
    return replace(
        selected,
        journeys=selected.journeys.join(gone, on="journey", how="anti", maintain_order="left"),
        visits=selected.visits.join(gone, on="journey", how="anti", maintain_order="left"),
    )


def _side(side: str, where: Mapping[str, str], window: Period, group: Frames) -> ComparedSide:
    return ComparedSide(
        side=side,
        where=dict(where),
        from_=None if window.start is None else moment_text(window.start),
        to=None if window.end is None else moment_text(window.end),
        started=group.journeys.height,
    )
