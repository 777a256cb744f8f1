"""Any journeys, and any way to ask of them: what the laws of a report are tried with."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from analysis.funnel_rules import MODES, FunnelRules
from analysis.journey_report import JourneyReport
from analysis.passes import ORDERS
from analysis.report import journey_report
from projections.frames import Frames

STEPS = "search? form pay>staff handling:staff call~"
ROUTES = {"paid": "search form pay", "handled": "search form handling"}
NAMES = ["search", "form", "pay", "handling", "call"]
LAST = ["", "granted", "refused", "cancelled", "granted cancelled", "refused form"]
K = 5

# One example makes one or two reports, each of many frames.
HEAVY = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def cities(draw: st.DrawFn) -> str:
    """Lines of equal journeys; a few belong to one person."""
    lines = []
    for _ in range(draw(st.integers(1, 10))):
        walk = draw(st.lists(st.sampled_from(NAMES), min_size=0, max_size=4))
        names = [*walk, *draw(st.sampled_from(LAST)).split()] or ["form"]
        step = draw(st.sampled_from([0.1, 0.5, 2.0]))
        options = [
            f"week={draw(st.integers(0, 3))}",
            draw(st.sampled_from(["lang=fi", "lang=sv", "channel=phone", "device=x"])),
            *(["person=P"] if draw(st.integers(0, 5)) == 0 else []),
        ]
        there = draw(st.sampled_from(["", "", "@office"]))
        touchpoints = [
            f"{name}.{place * step:.1f}{there if place else ''}" for place, name in enumerate(names)
        ]
        times = draw(st.sampled_from([1, 2, 3, 4, 6, 9, 14]))
        lines.append(" ".join([f"{times} *", *options, *touchpoints]))
    return "\n".join(lines)


def everything(frames: Frames) -> JourneyReport:
    return journey_report(frames, by="lang", k=1, public_log=True)


def with_enough_people(text: str) -> str:
    """Add what makes a report be answered at all."""
    return f"{text}\n 5 * lang=fi form.0 pay.0.1 granted.1"


@st.composite
def funnel_rules(draw: st.DrawFn) -> FunnelRules:
    modes = st.sampled_from(MODES)
    exclude = draw(st.lists(st.sampled_from(["search", "call", "handling"]), unique=True))
    return FunnelRules(
        order=draw(st.sampled_from(ORDERS)),
        window=draw(st.sampled_from([None, timedelta(hours=3), timedelta(days=1)])),
        exclude=tuple((step, draw(modes)) for step in exclude),
    )
