"""How does a journey end, by the words of its last name?

Of a drafted end nobody has said yet whether it is a good one. Its name often does, in Finnish,
Swedish or English: *Hakemus hylätty*, *Bokning avbokad*, `request_withdrawn`. What this finds is a
hint to the person who sorts the outcomes; no number moves by it.
"""

import re
from unicodedata import normalize

from journeys.service import Outcome

_BEGINNINGS = {
    Outcome.REFUSED: (
        *("hylät", "hylkä", "kielte"),
        *("avslag", "avslog", "avslå", "nekad", "nekat"),
        *("reject", "refus", "denied", "denial", "deny"),
    ),
    Outcome.CANCELLED: (
        *("perutt", "peruut", "perunut", "perumi"),
        *("återtag", "återtog", "avbok"),
        *("cancel", "withdraw", "withdrew"),
    ),
    Outcome.EXPIRED: (
        *("vanhentu", "rauen", "rauke"),
        *("utgången", "utgånget", "utgångna", "förfall"),
        *("expir", "timeout"),
    ),
}
"""Beginnings of words. None may also begin a word of a good end, as `avsl` begins *avslutad*."""

_HUMP = re.compile(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])")
_WORD = re.compile(r"[^\W\d_]+")


def outcome_by_name(name: str) -> Outcome | None:
    """Say how a journey may have ended that ended with this name; the first word that says counts.

    Returns:
        Refused, cancelled or expired; None where no word says any of them.

    Examples:
        >>> outcome_by_name("Hakemus HYLÄTTY")
        <Outcome.REFUSED: 'refused'>
        >>> outcome_by_name("Avslutad") is None
        True
    """
    for word in _WORD.findall(_HUMP.sub(" ", normalize("NFC", name))):
        for outcome, beginnings in _BEGINNINGS.items():
            if word.casefold().startswith(beginnings):
                return outcome
    return None
