"""Rows that the table leaves open about one journey (ball, silence, outcomes), as they are read.

They are held to like the table's own: an implementation that reads the rules otherwise differs
here first. `says` is the reading.
"""

from fractions import Fraction

from tests.projections.example_service import HOUR
from tests.projections.example_standing import Example, ended, is_open, stands
from tests.projections.worked_examples import BOOKED, HANDLED

LOST = "c: form.0 pay.0 expired.1"

THE_BALL = (
    Example(
        "deadline",
        "silence of exactly the deadline is none yet, for who asks and for what follows",
        "c: form.0 form.1",
        {
            1: stands("form=o", is_open("form", "form")),
            "1.5": stands("form=o", is_open("form", "form")),
        },
    ),
    Example(
        "promise",
        "a promise is broken beyond its deadline, not at it",
        HANDLED,
        {
            31: stands("form=a pay=a handling=o", is_open("handling", "pay")),
            "31.1": stands("form=a pay=a handling=o", is_open("handling", "pay", broken_since=31)),
        },
    ),
    Example(
        "stepless",
        "after a first touchpoint without a step none is in force until a longer deadline comes",
        "c: unheard-of.0 files.1",
        {
            2: stands("files=a", is_open(None, "files"), unmapped={"unheard-of": 1}),
            16: stands("files=d", ended("abandoned", 15, "files"), unmapped={"unheard-of": 1}),
        },
    ),
    Example(
        "help-first",
        "a help step that begins a journey is in force until a longer deadline or the ball goes",
        "c: call.0 search.1",
        {
            2: stands("call=o search=a", is_open("call", "search")),
            16: stands("call=a search=d", ended("abandoned", 15, "search")),
        },
    ),
    Example(
        "pay-twice",
        "the step in force does not come before itself: its silence starts anew",
        "c: form.0 pay.0 pay.0.02",
        {
            "0.05": stands("form=a pay=o", is_open("pay", "pay")),
            1: stands("form=a pay=o", is_open("pay", "pay", broken_since=Fraction("0.02") + HOUR)),
        },
    ),
    Example(
        "at-one-time",
        "at one time (source, id) decides what came first, between linked and carried too",
        "p: pay.0; c: form.0",
        {1: stands("pay=o form=a", is_open("pay", "form", broken_since=HOUR))},
    ),
    Example(
        "failed-outcome",
        "an outcome that failed moves nothing while the city has the ball",
        "c: form.0 pay.0 granted!.0.02",
        {1: stands("form=a pay=o", is_open("pay", "pay", broken_since=HOUR))},
    ),
)

ABANDONED_ONCE = (
    Example(
        "by-outcome",
        "an outcome takes an abandonment back: resurrected if it is a completion",
        "c: form.0 granted.5",
        {
            4: stands("form=d", ended("abandoned", 1, "form")),
            6: stands("form=a", ended("succeeded", 5, "form", resurrected=True)),
        },
    ),
    Example(
        "by-loss",
        "a loss takes it back too, but resurrects nothing until a completion follows",
        "c: form.0 expired.5 granted.7",
        {
            6: stands("form=d", ended("expired", 5, "form")),
            8: stands("form=a", ended("succeeded", 7, "form", resurrected=True)),
        },
    ),
    Example(
        "by-staff",
        "so does a step of the city that starts the silence anew",
        "c: form.0 handling.5",
        {6: stands("form=a handling=o", is_open("handling", "form", resurrected=True))},
    ),
    Example(
        "lapses-are-none",
        "a reopening that lapsed was no abandonment",
        f"{BOOKED} form.30 form.40",
        {
            35: stands("form=a pay=a", ended("succeeded", 2, "pay")),
            "40.5": stands("form=o pay=a", is_open("form", "form")),
        },
    ),
)

OUTCOMES = (
    Example(
        "same-completion",
        "after a reopening the same outcome ends it anew",
        f"{BOOKED} form.3 pay.3 granted.3.02",
        {4: stands("form=a pay=a", ended("succeeded", "3.02", "pay"))},
    ),
    Example(
        "same-loss",
        "the same loss as well, with the last customer step of now",
        f"{LOST} form.5 expired.5.5",
        {6: stands("form=d pay=a", ended("expired", "5.5", "form"))},
    ),
    Example(
        "lapsed-then-completed",
        "after a lapse an outcome is a second one without a reopening between",
        f"{LOST} form.5 granted.9",
        {
            "5.5": stands("form=o pay=a", is_open("form", "form")),
            "6.5": stands("form=a pay=d", ended("expired", 1, "pay")),
            10: stands("form=a pay=a", ended("succeeded", 9, "pay")),
        },
    ),
    Example(
        "lapsed-then-lost",
        "so a loss after it changes nothing after a loss",
        f"{LOST} form.5 cancelled.9",
        {10: stands("form=a pay=d", ended("expired", 1, "pay"))},
    ),
    Example(
        "reopened-with-city",
        "a reopening by a step that passes the ball on lapses by the city's silence",
        f"{BOOKED} pay.10",
        {
            "10.02": stands("form=a pay=o", is_open("pay", "pay")),
            11: stands("form=a pay=a", ended("succeeded", 2, "pay")),
        },
    ),
    Example(
        "reopened-and-asked",
        "after a loss it lapses once the ball has come back to the customer",
        f"{LOST} form.5 pay.5 ask.6",
        {
            10: stands("form=a pay=a ask=o", is_open("ask", "pay")),
            21: stands("form=a pay=d ask=a", ended("expired", 1, "pay")),
        },
    ),
    Example(
        "loss-between",
        "a loss before the completion that counts now is none after it",
        f"{BOOKED} cancelled.3 refused.4",
        {
            "3.5": stands("form=a pay=a", ended("succeeded", 2, "pay", cancelled_afterwards=True)),
            5: stands("form=a pay=a", ended("refused", 4, "pay")),
        },
    ),
    Example(
        "granted-twice",
        "but the same completion again changes nothing, so the loss stays after it",
        f"{BOOKED} cancelled.3 granted.4",
        {5: stands("form=a pay=a", ended("succeeded", 2, "pay", cancelled_afterwards=True))},
    ),
    Example(
        "cancelled-then-lapsed",
        "a lapse leaves it as it stood before the reopening, with its loss",
        f"{BOOKED} cancelled.3 form.4",
        {
            "4.5": stands("form=o pay=a", is_open("form", "form")),
            6: stands("form=a pay=a", ended("succeeded", 2, "pay", cancelled_afterwards=True)),
        },
    ),
    Example(
        "given-back-then-refused",
        "what a loss gave back stands as ended: another completion counts, with the first's step",
        f"{BOOKED} form.3 cancelled.3.5 refused.3.6",
        {4: stands("form=a pay=a", ended("refused", "3.6", "pay"))},
    ),
)

CHOICES = (*THE_BALL, *ABANDONED_ONCE, *OUTCOMES)
