"""Why a message is not recorded."""

from typing import Literal, NamedTuple, get_args

Reason = Literal[
    "payload_not_json",
    "not_cloudevent",
    "unsupported_specversion",
    "missing_time",
    "bad_time",
    "naive_time",
    "time_out_of_range",
    "unknown_service",
    "missing_reference",
    "personal_data",
    "conflict",
    "too_large",
    "too_deep",
    "tombstone",
    "bad_row",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Every reason there is.

`conflict` is found by the log. `bad_row` is a CloudEvent whose content breaks the contract in a way
that no other word says, or a row that could not be read whole.
"""


class Rejection(NamedTuple):
    """A message refused.

    Attributes:
        reason: One word, counted in reports.
        detail: The field and the rule, for whoever mends the producer; never a value.
        service: Key of a known service, or empty: an unknown key could be anything.
    """

    reason: Reason
    detail: str
    service: str = ""


class RefusedError(Exception):
    """Ends the reading of a message; never leaves the decoder."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.detail = detail
