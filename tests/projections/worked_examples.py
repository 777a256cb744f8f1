"""The worked examples of what makes a journey, as data: any implementation can be held to them.

`EXAMPLES` is the table of the rules, row by row: touchpoints in the notation of `example_service`,
and what is so at moments (`as_of`, in days). What the table leaves open is in `unclear_examples`.
"""

from tests.projections.example_service import HOUR
from tests.projections.example_standing import Example, ended, is_open, stands

HANDLED = "c: form.0 pay.0 handling.1"
BOOKED = "c: form.0 pay.0 granted.2"

EXAMPLES = (
    Example(
        "1",
        "succeeded; nothing dropped; optional steps skipped",
        f"{HANDLED} granted.5",
        {6: stands("form=a pay=a handling=a", ended("succeeded", 5, "pay"))},
    ),
    Example(
        "2",
        "open with the city, a broken promise",
        HANDLED,
        {400: stands("form=a pay=a handling=o", is_open("handling", "pay", broken_since=31))},
    ),
    Example(
        "3",
        "open, then abandoned by silence",
        "c: form.0",
        {
            "0.9": stands("form=o", is_open("form", "form")),
            "1.1": stands("form=d", ended("abandoned", 1, "form")),
        },
    ),
    Example(
        "4",
        "a later touchpoint takes an abandonment back",
        "c: form.0 form.40 pay.40",
        {
            30: stands("form=d", ended("abandoned", 1, "form")),
            41: stands(
                "form=a pay=o", is_open("pay", "pay", broken_since=40 + HOUR, resurrected=True)
            ),
        },
    ),
    Example(
        "5",
        "an optional step may allow the longer silence",
        "c: form.0 files.0.1",
        {
            5: stands("form=a files=o", is_open("files", "files")),
            8: stands("form=a files=d", ended("abandoned", "7.1", "files")),
        },
    ),
    Example(
        "6",
        "a look back takes no ball",
        f"{HANDLED} form.3",
        {
            30: stands("form=a pay=a handling=o", is_open("handling", "form")),
            40: stands("form=a pay=a handling=o", is_open("handling", "form", broken_since=31)),
        },
    ),
    Example(
        "7",
        "an optional step leaves the ball with the city",
        f"{HANDLED} files.3",
        {30: stands("form=a pay=a handling=o files=a", is_open("handling", "files"))},
    ),
    Example(
        "8",
        "the city's mails keep nothing alive",
        "c: form.0 mail.0.5 mail.7 mail.14",
        {8: stands("form=d mail=a", ended("abandoned", 1, "form"))},
    ),
    Example(
        "9",
        "staff passes the ball to the customer",
        "c: form.0 pay.0 ask.2",
        {
            15: stands("form=a pay=a ask=o", is_open("ask", "pay")),
            17: stands("form=a pay=d ask=a", ended("abandoned", 16, "pay")),
        },
    ),
    Example(
        "10",
        "after a completion a loss changes nothing but cancelled_afterwards",
        f"{BOOKED} mail.2 files.3 cancelled.9",
        {
            10: stands(
                "form=a pay=a mail=a files=a",
                ended("succeeded", 2, "pay", cancelled_afterwards=True),
            )
        },
    ),
    Example(
        "11",
        "the sweep after it is not the customer's",
        "c: form.0 pay.0 expired.1 cancelled.1.1",
        {2: stands("form=a pay=d", ended("expired", 1, "pay"))},
    ),
    Example(
        "12",
        "reopened after a loss: open with the city, however long, until the next outcome",
        "c: form.0 pay.0 expired.1 form.5 pay.5 granted.7",
        {
            4: stands("form=a pay=d", ended("expired", 1, "pay")),
            6: stands("form=a pay=o", is_open("pay", "pay", broken_since=5 + HOUR)),
            8: stands("form=a pay=a", ended("succeeded", 7, "pay")),
        },
    ),
    Example(
        "13",
        "who only looks at another time has not lost the booking",
        f"{BOOKED} form.30",
        {
            "30.5": stands("form=o pay=a", is_open("form", "form")),
            40: stands("form=a pay=a", ended("succeeded", 2, "pay")),
        },
    ),
    Example(
        "14",
        "the later completion counts",
        "c: form.0 pay.0 refused.2 granted.20",
        {
            10: stands("form=a pay=a", ended("refused", 2, "pay")),
            21: stands("form=a pay=a", ended("succeeded", 20, "pay")),
        },
    ),
    Example(
        "15",
        "calls before, during and after belong to the case",
        "p: call.-3; c: form.0 pay.0; p: call.30; c: granted.40; p: call.50, call.60",
        {61: stands("call=a form=a pay=a", ended("succeeded", 40, "pay", start=-3), unlinked=1)},
    ),
    Example("16", "a call alone is no journey", "p: call.0", {30: stands("", unlinked=1)}),
    Example(
        "17",
        "after an outcome a required customer step begins a new own journey",
        "p: form.0 pay.0 granted.3 form.5",
        {
            "5.5": stands(
                "form=ao pay=a", ended("succeeded", 3, "pay"), is_open("form", "form", start=5)
            )
        },
    ),
    Example(
        "18",
        "after a silence, too",
        "p: form.0, form.3",
        {
            5: stands(
                "form=dd", ended("abandoned", 1, "form"), ended("abandoned", 4, "form", start=3)
            )
        },
    ),
    Example(
        "19",
        "a new attempt is not the old case's",
        f"{HANDLED}; p: form.10, pay.10",
        {
            30: stands(
                "form=aa pay=ao handling=o",
                is_open("handling", "pay"),
                is_open("pay", "pay", start=10, broken_since=10 + HOUR),
            )
        },
    ),
    Example(
        "20",
        "but the next one's",
        f"{HANDLED}; p: form.10, pay.10; d: handling.11",
        {
            30: stands(
                "form=aa pay=aa handling=oo",
                is_open("handling", "pay"),
                is_open("handling", "pay", start=10),
            )
        },
    ),
    Example(
        "21",
        "an error is no outcome",
        "c: form!.0 cancelled!.0.1",
        {3: stands("form=d", ended("abandoned", "1.1", "form"))},
    ),
    Example(
        "22",
        "a call restarts the silence, and is no customer step",
        "p: form.0 call.0.5",
        {3: stands("form=d call=a", ended("abandoned", "1.5", "form"))},
    ),
    Example(
        "23",
        "staff on paper",
        "c: handling.0 refused.1",
        {2: stands("handling=a", ended("refused", 1, None))},
    ),
    Example(
        "24",
        "lost before the first step",
        "c: handling.0 expired.9",
        {10: stands("handling=a", ended("expired", 9, None))},
    ),
    Example(
        "25",
        "a gap in the mapping is no drop-off",
        "c: call.0, unheard-of.1",
        {30: stands("", unlinked=2, unmapped={"unheard-of": 1})},
    ),
    Example(
        "26",
        "a linked call reopens nothing",
        f"{BOOKED} form.30; p: call.31.5",
        {40: stands("form=a pay=a call=a", ended("succeeded", 2, "pay"))},
    ),
    Example(
        "27",
        "a completion is not lost by waiting for more",
        f"{BOOKED} form.3 pay.3",
        {
            "3.01": stands("form=a pay=o", is_open("pay", "pay")),
            400: stands("form=a pay=a", ended("succeeded", 2, "pay")),
        },
    ),
    Example(
        "28",
        "a look shortens no deadline",
        "c: form.0 search.0.01",
        {
            "0.9": stands("form=o search=a", is_open("form", "search")),
            2: stands("form=a search=d", ended("abandoned", "1.01", "search")),
        },
    ),
    Example(
        "29",
        "a look back begins no new own journey",
        "p: form.0 pay.0 form.0.5 handling.2 granted.5",
        {6: stands("form=a pay=a handling=a", ended("succeeded", 5, "form"))},
    ),
    Example(
        "30",
        "what follows an own journey belongs to it, not to the case begun before",
        f"{HANDLED}; p: form.10 pay.10 call.11 granted.12",
        {
            13: stands(
                "form=aa pay=aa handling=o call=a",
                is_open("handling", "pay"),
                ended("succeeded", 12, "pay", start=10),
            )
        },
    ),
    Example(
        "31",
        "a call takes back the abandonment of an own journey, as in a case",
        "p: form.0, call.10",
        {
            11: stands("form=o call=a", is_open("form", "form", resurrected=True)),
            40: stands("form=d call=a", ended("abandoned", 11, "form")),
        },
    ),
    Example(
        "32",
        "a completion after a loss, without a customer step before it",
        "c: expired.0 files.3 granted.4",
        {5: stands("files=a", ended("succeeded", 4, None))},
    ),
    Example(
        "33",
        "a draft's sweep loses no booking",
        f"{BOOKED} form.30 expired.30.5",
        {
            "30.2": stands("form=o pay=a", is_open("form", "form")),
            "30.6": stands("form=a pay=a", ended("succeeded", 2, "pay", cancelled_afterwards=True)),
        },
    ),
    Example(
        "34",
        "of what has ended, the latest goes on",
        "c: form.0 pay.0 refused.1; p: form.5 pay.5 expired.6 granted.7",
        {
            8: stands(
                "form=aa pay=aa",
                ended("refused", 1, "pay"),
                ended("succeeded", 7, "pay", start=5),
            )
        },
    ),
    Example(
        "35",
        "the city's mail restarts its own silence, and shortens nothing",
        f"{HANDLED} mail.2",
        {
            10: stands("form=a pay=a handling=o mail=a", is_open("handling", "pay")),
            40: stands(
                "form=a pay=a handling=o mail=a", is_open("handling", "pay", broken_since=32)
            ),
        },
    ),
    Example(
        "36",
        "a later step takes the ball",
        f"{HANDLED} sign.3",
        {
            5: stands("form=a pay=a handling=a sign=o", is_open("sign", "sign")),
            7: stands("form=a pay=a handling=a sign=d", ended("abandoned", 6, "sign")),
        },
    ),
    Example(
        "37",
        "what the city begins, the customer can leave",
        "c: mail.0 form.1",
        {
            "1.5": stands("mail=a form=o", is_open("form", "form")),
            3: stands("mail=a form=d", ended("abandoned", 2, "form")),
        },
    ),
)
