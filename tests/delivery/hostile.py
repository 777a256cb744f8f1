"""A report whose names come from somebody who means harm, or from a careless system."""

from msgspec.structs import replace

from analysis.comparison import Segment
from analysis.journey_report import JourneyReport
from analysis.report import journey_report
from delivery.report.wording import Names
from journeys.service import Service, ServiceHistory
from projections.frames import Frames
from tests.analysis.conftest import build_service, build_world

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><b>bold</b>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe",
    "x" * 300,
    "\N{BUS}\N{ZERO WIDTH JOINER}\N{BUS}",
)
FORMULA = "=1+1<b>|x"
_KEYS = "abcdef"


def _service() -> Service:
    service = build_service(" ".join(_KEYS))
    steps = tuple(
        replace(step, name=dict.fromkeys(("fi", "sv", "en"), name))
        for step, name in zip(service.steps, HOSTILE, strict=True)
    )
    return replace(service, steps=steps, name={"en": HOSTILE[0]})


def hostile_names() -> Names:
    return Names(ServiceHistory([_service()]), "en")


def hostile_frames() -> Frames:
    """Everybody takes all steps; some stop at each."""
    lines = [
        f"{20 + place} * lang=<i>{key}</i> "
        + " ".join(f"{step}.0.{at}" for at, step in enumerate(_KEYS[: place + 1]))
        for place, key in enumerate(_KEYS)
    ]
    lines.append(f"30 * lang=<img> channel={FORMULA} stray<b>.0 +stray.0 a.0.1 granted.1@fax<u>")
    lines.append(f"40 * lang={FORMULA} a.0 granted.1")
    return build_world("\n".join(lines), _service())


def hostile_report() -> JourneyReport:
    """Report on these journeys, in groups and beside others."""
    return journey_report(hostile_frames(), by="lang", beside=Segment("lang", FORMULA))
