"""Rows that the table leaves open about which journey a touchpoint belongs to, as they are read.

They are held to like the table's own; `says` is the reading.
"""

from tests.projections.example_service import HOUR
from tests.projections.example_standing import Example, ended, is_open, stands
from tests.projections.worked_examples import BOOKED, HANDLED

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
        "ended-at-one-time",
        "at one last moment the later begun, though it may end first",
        "c: form.0; d: form.0.5 granted.1; c: granted.1; p: cancelled.1.5",
        {
            2: stands(
                "form=aa",
                ended("succeeded", 1, "form"),
                ended("succeeded", 1, "form", start="0.5", cancelled_afterwards=True),
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
        "own-city-silent-exactly",
        "passed by exactly `after` it is still a look back",
        "p: form.0 pay.0 form.337/24",
        {15: stands("form=a pay=o", is_open("pay", "form", broken_since=HOUR))},
    ),
    Example(
        "own-begun-last",
        "only the own journey begun last goes on, even if it has ended and an older is open",
        "c: handling.-99 expired.-98; p: form.0 pay.0 form.20 cancelled.20.5 granted.21",
        {
            22: stands(
                "handling=a form=aa pay=o",
                ended("expired", -98, None, start=-99),
                is_open("pay", "pay", broken_since=HOUR),
                ended("succeeded", 21, "form", start=20),
            )
        },
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

BELONGING = (*LINKED, *OWN)
