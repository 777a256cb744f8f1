"""How long must a customer be silent before hardly any come back?

A *gap* is the time from one touchpoint of a case to its next. The last touchpoint of a case has no
next yet: its gap is *censored* at the moment the log was extracted. Whoever has not come back
within `FOLLOWED_DAYS` counts as never coming back.

What this finds proposes a deadline. The definition decides, and no report moves by itself.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FOLLOWED_DAYS = 90
"""A return later than this counts as none."""

RETURNING = 0.05
"""The deadline is where at most one in twenty of those still silent comes back."""

MIN_GAPS = 200
"""Below this many gaps a curve says too little."""

SHORTEST_DAYS, LONGEST_DAYS = 1, 60
"""Bounds of a proposed deadline."""

_ROUNDING = 1e-12  # of the quotient, so that exactly one in twenty is not missed

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


class Curve(NamedTuple):
    """Who is still silent, by Kaplan-Meier: a step function, 1 before the first of `days`.

    `days` are the distinct lengths of silence at which somebody came back, ascending; `silent` is
    the share still silent right after each.
    """

    days: Floats
    silent: Floats


def silence_curve(days: Floats, returned: Booleans) -> Curve:
    """Estimate the share still silent after each length of silence.

    Args:
        days: Length of each gap, not negative.
        returned: Whether the gap ended with a touchpoint; if not, it was cut off by the extract. Of
            equal lengths, returns come first.

    Returns:
        The curve up to `FOLLOWED_DAYS`; empty if nobody came back by then.

    Source: Kaplan & Meier (1958), Nonparametric estimation from incomplete observations, 2.
    """
    order = np.sort(days)
    moments, returns = np.unique(days[returned & (days <= FOLLOWED_DAYS)], return_counts=True)
    at_risk = len(days) - np.searchsorted(order, moments, side="left")
    return Curve(moments, np.cumprod(1.0 - returns / at_risk, dtype=np.float64))


def chance_of_return(curve: Curve) -> Floats:
    """Return the chance to come back within `FOLLOWED_DAYS`, right after each of `curve.days`.

    With F the share that has come back, R(t) = (F(L) - F(t)) / (1 - F(t)): of those silent for t,
    the share that returns later, by day L. Where nobody is left, 0.
    """
    silent = curve.silent
    never = silent[-1:]
    return 1 - np.divide(never, silent, out=np.ones_like(silent), where=silent > 0)


def silence_deadline(curve: Curve) -> int:
    """Return the silence, in whole days rounded up, after which at most 1 in 20 comes back.

    Returns:
        `SHORTEST_DAYS` to `LONGEST_DAYS`.

    Source: the return-probability rule, R(t) <= 5 %, on a curve with censoring; compare Halfaker et
    al. (2015), User session identification based on strong regularities in inter-activity time.

    Examples:
        Of 20 people 10 come back after 2 days, 9 after 5, and one never does. After 2 days 9 of the
        10 still silent come back; after 5 nobody does.

        >>> days = np.array([2.0] * 10 + [5.0] * 9 + [80.0])
        >>> silence_deadline(silence_curve(days, days < 80))
        5
    """
    # Before anybody came back, the chance is the share that comes back at all.
    if not len(curve.days) or 1 - curve.silent[-1] <= RETURNING + _ROUNDING:
        return SHORTEST_DAYS
    first = int(np.argmax(chance_of_return(curve) <= RETURNING + _ROUNDING))
    return int(np.clip(np.ceil(curve.days[first]), SHORTEST_DAYS, LONGEST_DAYS))
