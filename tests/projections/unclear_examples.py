"""Rows that the table of worked examples leaves open, each with the reading chosen.

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

LINKED = (
    Example(
        "just-before",
        "within `before` is at most `before`, not less",
        "p: call.-7.01 call.-7; c: form.0",
        {"0.5": stands("call=a form=o", is_open("form", "form", start=-7), unlinked=1)},
    ),
    Example(
        "just-after",
        "`after` is at most, too",
        f"{BOOKED}; p: call.16 call.16.01",
        {17: stands("form=a pay=a call=a", ended("succeeded", 2, "pay"), unlinked=1)},
    ),
    Example(
        "last-moment",
        "a touchpoint that carries the case after its end prolongs `after`, a linked one does not",
        f"{BOOKED} mail.10; p: call.23 call.24 call.24.01",
        {25: stands("form=a pay=a mail=a call=a", ended("succeeded", 2, "pay"), unlinked=1)},
    ),
    Example(
        "ended-before-it-begins",
        "a linked outcome can end a case before it begins; its first step then reopens it",
        "p: cancelled.0; c: form.1",
        {
            "1.5": stands("form=o", is_open("form", "form")),
            3: stands("form=a", ended("cancelled", 0, None)),
        },
    ),
    Example(
        "judged-alone",
        "a case is running although a linked outcome ended it; what is linked reopens nothing",
        "c: form.0; p: cancelled.0.2 form.0.3",
        {"0.5": stands("form=d", ended("cancelled", "0.2", "form"))},
    ),
    Example(
        "prolongs-a-reopening",
        "what is linked while a case is reopened takes part, and keeps it open",
        f"{BOOKED} form.30; p: call.30.5",
        {
            "31.2": stands("form=o pay=a call=a", is_open("form", "form")),
            "31.6": stands("form=a pay=a call=a", ended("succeeded", 2, "pay")),
        },
    ),
    Example(
        "customer-has-the-ball",
        "a required customer step goes on with the running case that waits for the customer",
        "c: form.0; p: pay.0.5",
        {"0.52": stands("form=a pay=o", is_open("pay", "pay"))},
    ),
    Example(
        "next-before-running",
        "but first of all with the next case to begin",
        "c: form.0; p: form.0.5; d: form.3",
        {
            "3.5": stands(
                "form=do",
                ended("abandoned", 1, "form"),
                is_open("form", "form", start="0.5", resurrected=True),
            )
        },
    ),
    Example(
        "running-before-next",
        "anything else goes first to what is running",
        "c: form.0; p: call.0.5; d: form.3",
        {
            "3.5": stands(
                "form=do call=a",
                ended("abandoned", "1.5", "form"),
                is_open("form", "form", start=3),
            )
        },
    ),
    Example(
        "latest-begun",
        "of two running the latest begun",
        f"{HANDLED}; d: form.5 pay.5 handling.6; p: granted.7",
        {
            8: stands(
                "form=aa pay=aa handling=ao",
                is_open("handling", "pay"),
                ended("succeeded", 7, "pay", start=5),
            )
        },
    ),
    Example(
        "latest-last-moment",
        "of two ended the one with the latest last moment, not the latest end",
        "c: form.0 pay.0 granted.1; d: form.2 pay.2 granted.3; c: mail.5; p: cancelled.6",
        {
            7: stands(
                "form=aa pay=aa mail=a",
                ended("succeeded", 1, "pay", cancelled_afterwards=True),
                ended("succeeded", 3, "pay", start=2),
            )
        },
    ),
    Example(
        "counted-by-a-link",
        "a linked step makes a case of calls count",
        "c: call.0; p: form.1",
        {
            "0.5": stands("", unlinked=1),
            "1.5": stands("call=a form=o", is_open("form", "form")),
        },
    ),
    Example(
        "whose-case",
        "a case is that of everyone it was ever carried with, and of nobody else",
        "c/-: form.0; c/q: form.0.2; p: call.0.5; q: call.0.6",
        {"1.3": stands("form=o call=a", is_open("form", "form"), unlinked=1)},
    ),
)

OWN = (
    Example(
        "own-too-early",
        "before the first customer step there is no own journey",
        "p: mail.0 form.1",
        {"1.5": stands("form=o", is_open("form", "form", start=1), unlinked=1)},
    ),
    Example(
        "own-optional",
        "an optional customer step begins one as well",
        "p: search.0",
        {"0.01": stands("search=o", is_open("search", "search"))},
    ),
    Example(
        "own-city-silent",
        "the city's deadline passed by more than `after`: a required step begins a new one",
        "p: form.0 pay.0 form.20",
        {
            "20.5": stands(
                "form=ao pay=o",
                is_open("pay", "pay", broken_since=HOUR),
                is_open("form", "form", start=20),
            )
        },
    ),
    Example(
        "own-city-silent-optional",
        "an optional one takes part, however late",
        "p: form.0 pay.0 files.20",
        {"20.5": stands("form=a pay=o files=a", is_open("pay", "files", broken_since=HOUR))},
    ),
    Example(
        "own-optional-in-time",
        "an optional step at exactly `after` takes an abandonment back",
        "p: form.0 files.15",
        {16: stands("form=a files=o", is_open("files", "files", resurrected=True))},
    ),
    Example(
        "own-optional-late",
        "beyond `after` it begins a new one",
        "p: form.0 files.15.1",
        {
            16: stands(
                "form=d files=o",
                ended("abandoned", 1, "form"),
                is_open("files", "files", start="15.1"),
            )
        },
    ),
    Example(
        "own-outcome-late",
        "beyond `after` an outcome belongs to nothing",
        "p: form.0 granted.15.1",
        {16: stands("form=d", ended("abandoned", 1, "form"), unlinked=1)},
    ),
    Example(
        "own-never-reopened",
        "an own journey is never reopened: the step begins another",
        "p: form.0 pay.0 granted.0.02 pay.0.03",
        {
            "0.05": stands(
                "form=a pay=ao",
                ended("succeeded", "0.02", "pay"),
                is_open("pay", "pay", start="0.03"),
            )
        },
    ),
    Example(
        "200-cases",
        "a person with 200 cases has own journeys",
        "; ".join(f"n{number}/p: form.0" for number in range(200)) + "; p: form.5",
        {
            "5.5": stands(
                "form=" + 200 * "d" + "o",
                *(200 * [ended("abandoned", 1, "form")]),
                is_open("form", "form", start=5),
            )
        },
    ),
    Example(
        "201-cases",
        "with more, nothing that carries the person alone is linked",
        "; ".join(f"n{number}/p: form.0" for number in range(201)) + "; p: form.5",
        {"5.5": stands("form=" + 201 * "d", *(201 * [ended("abandoned", 1, "form")]), unlinked=1)},
    ),
)

CHOICES = (*THE_BALL, *ABANDONED_ONCE, *OUTCOMES, *LINKED, *OWN)
