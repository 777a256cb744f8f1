"""The service of the worked examples, and their notation.

`c: form.0 pay.0 handling.1; p: call.30` is three touchpoints of case C and person P at day 0, 0 and
1, then one of person P alone at day 30. Touchpoints at one time are in the order written. `form!.0`
failed (status error), `form.1/24` is an hour after day 0. Any other letter than p and q is another
case of P, `q:` is another person; anything else is written out: `c/q:` is case C with person Q,
`c/-:` the case without a person.
"""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from journeys.service import Actor, Outcome, Service, ServiceHistory, Step
from journeys.touchpoint import Touchpoint

DAY_0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SOURCE = "urn:example:worked"
_MICROSECONDS_A_DAY = 86_400_000_000

Days = int | str | Fraction
"""Days from `DAY_0`; as text with decimals, or a fraction: `40 + HOUR`."""

HOUR = Fraction(1, 24)


def moment(days: Days) -> datetime:
    """Return the moment a number of days after day 0."""
    return DAY_0 + timedelta(microseconds=int(Fraction(days) * _MICROSECONDS_A_DAY))


def days(when: datetime) -> Fraction:
    """Return how many days after day 0 a moment is, exactly."""
    return Fraction((when - DAY_0) // timedelta(microseconds=1), _MICROSECONDS_A_DAY)


# --- the service --------------------------------------------------------------------------------


def step(
    key: str,
    actor: Actor,
    deadline: timedelta | None,
    *,
    passes_to: Actor | None = None,
    optional: bool = False,
    help: bool = False,  # noqa: A002 - the definition's own word
    touchpoints: tuple[str, ...] = (),
) -> Step:
    """Build a step whose name is its key in all languages."""
    return Step(
        key=key,
        name=dict.fromkeys(("fi", "sv", "en"), key),
        actor=actor,
        passes_to=passes_to,
        deadline=deadline,
        optional=optional,
        help=help,
        touchpoints=touchpoints,
    )


EXAMPLE_SERVICE = Service(
    key="example",
    version=1,
    valid_from=date(2020, 1, 1),
    name={"fi": "Esimerkki", "sv": "Exempel", "en": "Example"},
    division="KUVA",
    steps=(
        step("search", Actor.CUSTOMER, timedelta(minutes=30), optional=True),
        step("form", Actor.CUSTOMER, timedelta(days=1)),
        step("files", Actor.CUSTOMER, timedelta(days=7), optional=True),
        step("pay", Actor.CUSTOMER, timedelta(hours=1), passes_to=Actor.STAFF),
        step("handling", Actor.STAFF, timedelta(days=30)),
        step("ask", Actor.STAFF, timedelta(days=14), passes_to=Actor.CUSTOMER),
        step("sign", Actor.CUSTOMER, timedelta(days=3)),
        step("mail", Actor.SYSTEM, timedelta(days=1)),
        step("call", Actor.CUSTOMER, timedelta(days=14), help=True),
    ),
    outcomes={
        Outcome.SUCCEEDED: ("granted",),
        Outcome.REFUSED: ("refused",),
        Outcome.CANCELLED: ("cancelled",),
        Outcome.EXPIRED: ("expired",),
    },
)
EXAMPLE_HISTORY = ServiceHistory([EXAMPLE_SERVICE])

# --- the notation -------------------------------------------------------------------------------


def touchpoints(notation: str) -> list[Touchpoint]:
    """Read the notation of the table; identifiers follow the order written."""
    read: list[Touchpoint] = []
    for part in notation.split(";"):
        carrier, _, names = part.partition(":")
        case, person = _carried(carrier.strip())
        for name_and_day in names.replace(",", " ").split():
            name, _, day = name_and_day.partition(".")
            read.append(
                Touchpoint(
                    source=SOURCE,
                    id=f"{len(read):05}",
                    service=EXAMPLE_SERVICE.key,
                    occurred_at=moment(day),
                    name=name.removesuffix("!"),
                    status="error" if name.endswith("!") else "ok",
                    case=case,
                    person=person,
                )
            )
    return read


def _carried(carrier: str) -> tuple[str | None, str | None]:
    if carrier in {"p", "q"}:
        return None, carrier.upper()
    case, _, person = carrier.partition("/")
    case, person = case.upper(), (person or "p").upper()
    return None if case == "-" else case, None if person == "-" else person
