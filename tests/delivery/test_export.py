"""Journeys as a process log: within the standard, the same for other readers, safe to give away."""

import gzip
import os
import re
import subprocess
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
import yaml
from msgspec.structs import replace

from analysis.choice import Choice
from analysis.export import export_journeys
from delivery.report.language import Language
from delivery.report.wording import Names
from delivery.report.xes import write_xes
from tests.analysis.conftest import build_service, build_world
from tests.delivery.command_line import LAST_DAY, answer, numbers, polku
from tests.delivery.conftest import City
from tests.delivery.hostile import HOSTILE, hostile_frames, hostile_names

CATALOGUE = Path(__file__).parents[2] / "journeys" / "catalogue"
BOOKINGS = ("varaamo-booking", "--as-of", LAST_DAY)
ORDER = ("extension", "global", "classifier", "attribute", "trace", "event")
"""Of what a log holds, by the standard's schema."""

FORMS = {
    "string": re.compile(r"(?s).*"),
    "date": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"),
    "int": re.compile(r"\d+"),
    "boolean": re.compile(r"true|false"),
}
DECLARED = {"succeeded", "refused", "cancelled", "expired"}
READ_BY_ANOTHER = """
import sys, pm4py
log = pm4py.read_xes(sys.argv[1])
for trace in pm4py.convert_to_event_log(log):
    print(trace.attributes["outcome"], *(event["concept:name"] for event in trace))
"""


class Log(NamedTuple):
    """An XES log as a reader that knows the standard alone finds it."""

    about: dict[str, str]
    traces: list[tuple[dict[str, str], list[dict[str, str]]]]

    @property
    def courses(self) -> Counter[str]:
        return Counter(
            " ".join([trace["outcome"], *(event["concept:name"] for event in events)])
            for trace, events in self.traces
        )


def read(text: str | bytes) -> Log:
    """Read a log, and hold it to the standard."""
    log = ET.fromstring(text)  # noqa: S314 - our own
    assert tag(log) == "log"
    assert log.get("xes.version") == "1849-2016"
    kinds = ["attribute" if tag(part) in FORMS else tag(part) for part in log]
    assert kinds == sorted(kinds, key=ORDER.index)
    prefixes = {part.get("prefix", "") for part in log if tag(part) == "extension"}
    everywhere = {
        part.get("scope", ""): set(attributes(part)) for part in log if tag(part) == "global"
    }
    for part in log.iter():
        if tag(part) in FORMS:
            key, value = part.attrib["key"], part.attrib["value"]
            assert FORMS[tag(part)].fullmatch(value), (key, value)
            prefix, colon, _ = key.partition(":")
            assert not colon or prefix in prefixes
    traces = []
    for trace in (part for part in log if tag(part) == "trace"):
        events = [attributes(part) for part in trace if tag(part) == "event"]
        traces.append((attributes(trace), events))
        assert everywhere["trace"] <= set(attributes(trace))
        assert all(everywhere["event"] <= set(event) for event in events)
    return Log(attributes(log), traces)


def tag(element: ET.Element) -> str:
    return element.tag.removeprefix("{http://www.xes-standard.org/}")


def attributes(element: ET.Element) -> dict[str, str]:
    pairs = [(part.attrib["key"], part.attrib["value"]) for part in element if tag(part) in FORMS]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.fixture(scope="module")
def exported(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "bookings.xes"
    done = polku("export", *BOOKINGS, "--data", city.data, "--output", path)
    assert done.code == 0, done
    assert done.out == ""
    return path


def test_log_keeps_the_standard_and_counts_what_it_leaves_out(city: City, exported: Path) -> None:
    report = numbers("report", *BOOKINGS, "--data", city.data)

    log = read(exported.read_bytes())

    started = report["journeys"]["started"]
    assert int(log.about["journeys"]) == started
    assert len(log.traces) + int(log.about["journeys_left_out"]) == started
    assert min(log.courses.values()) >= 5
    assert {trace["outcome"] for trace, _ in log.traces} >= {"succeeded", "expired", "abandoned"}
    for trace, events in log.traces:
        ends = [event for event in events if event["concept:name"].startswith("outcome.")]
        assert [event["concept:name"][8:] for event in ends] == sorted(
            DECLARED & {trace["outcome"]}
        )
        times = [event["time:timestamp"] for event in events]
        assert times == sorted(set(times))


def test_same_journeys_give_the_same_bytes_wherever_they_go(city: City, exported: Path) -> None:
    words = ("export", *BOOKINGS, "--data", city.data)
    packed = exported.with_suffix(".xes.gz")
    again = exported.with_suffix(".again.xes.gz")

    written = polku(*words)
    for path in (packed, again):
        answer(*words, "--output", path)

    assert written.out.encode() == exported.read_bytes() == gzip.decompress(packed.read_bytes())
    assert packed.read_bytes() == again.read_bytes()
    assert re.search(r"^Exported [\d,]+ of [\d,]+ journeys\.$", written.err, re.MULTILINE)
    assert "fewer than 5 people share what they did and how it ended" in written.err


def test_log_has_no_name_of_ours(city: City, exported: Path) -> None:
    listed = numbers("journeys", *BOOKINGS, "--data", city.data, "--limit", 100_000)
    shown = {row["journey"] for row in listed["journeys"]} - {None}
    text = exported.read_text(encoding="utf-8")

    named = [trace["concept:name"] for trace, _ in read(text).traces]

    assert named == [str(number) for number in range(1, len(named) + 1)]
    assert not [journey for journey in shown if journey in text]
    # Nor is any moment of a journey that is shown there the moment of an event here.
    moments = {row["started_at"][:23] for row in listed["journeys"] if row["started_at"]}
    first = {events[0]["time:timestamp"][:23] for _, events in read(text).traces}
    assert not moments & first


def test_our_own_reader_finds_the_same_journeys(exported: Path, tmp_path: Path) -> None:
    log = read(exported.read_bytes())
    definition = yaml.safe_load((CATALOGUE / "varaamo-booking.yaml").read_text(encoding="utf-8"))
    for step in definition["steps"]:
        step.pop("touchpoints")
    definition |= {
        "key": "again",
        "visits": "each",
        "columns": {
            "case": "case:concept:name",
            "touchpoint": "concept:name",
            "time": "time:timestamp",
        },
        "outcomes": {outcome: [f"outcome.{outcome}"] for outcome in sorted(DECLARED)},
    }
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "again.yaml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    place = ("--data", tmp_path)

    answer("ingest", "files", exported, "--service", "again", *place)
    answer("project", *place)
    report = numbers("report", "again", "--k", 1, "--public-log", "--as-of", LAST_DAY, *place)

    walked, ended = Counter[tuple[str, ...]](), Counter[str]()
    for trace, events in log.traces:
        ended[trace["outcome"]] += 1
        walked[tuple(event["concept:name"] for event in events if "org:role" in event)] += 1
    assert report["journeys"]["started"] == len(log.traces)
    for outcome in DECLARED:
        assert report["journeys"][outcome] == ended[outcome]
    assert {tuple(row["steps"]): row["count"] for row in report["variants"]} == walked


def test_another_reader_finds_the_same_journeys(exported: Path) -> None:
    python = os.environ.get("POLKU_PM4PY")
    if python is None:
        pytest.skip("POLKU_PM4PY names no Python that has pm4py: a virtual environment of its own")

    told = subprocess.run(
        [python, "-c", READ_BY_ANOTHER, exported], capture_output=True, text=True, check=True
    ).stdout

    lines = [
        line
        for line in told.splitlines()
        if line.partition(" ")[0] in {*DECLARED, "abandoned", "open"}
    ]
    assert Counter(lines) == read(exported.read_bytes()).courses


def test_log_says_what_was_asked_for(city: City) -> None:
    log = read(
        answer(
            *("export", *BOOKINGS, "--data", city.data, "--lang", "fi", "--from", "2026-01-01"),
            *("--where", "device=mobile", "--outcome", "succeeded", "--variant", "1"),
        )
    )

    about = log.about
    assert about["concept:name"] == "varaamo-booking"
    assert about["started_from"] == "2025-12-31T22:00:00.000+00:00"
    assert (about["where"], about["only_outcome"]) == ("device = mobile", "succeeded")
    assert about["only_variant"] == "1"
    assert {trace["outcome"] for trace, _ in log.traces} == {"succeeded"}
    names = {event["name"] for _, events in log.traces for event in events}
    assert {"Maksu", "onnistunut"} <= names


def test_hostile_names_are_text() -> None:
    frames = hostile_frames()
    out = BytesIO()

    write_xes(
        export_journeys(frames, Choice(where={"lang": "<i>a</i>"})),
        hostile_names(),
        Language("en"),
        out.write,
    )

    log = read(out.getvalue())
    names = {event["name"] for _, events in log.traces for event in events}
    assert HOSTILE[0] in names
    assert log.about["where"] == "lang = <i>a</i>"
    assert "\u202e" not in out.getvalue().decode()


def test_names_that_xml_cannot_hold_are_shown_by_a_sign() -> None:
    name = "bell\a\ufffe\ud800 'quoted\"\n&amp;"
    frames = build_world("6 * a.0 b.1", replace(build_service("a b"), name={"en": name}))
    out = BytesIO()

    write_xes(
        export_journeys(frames, Choice()), Names(frames.service, "en"), Language("en"), out.write
    )

    assert read(out.getvalue()).about["name"] == "bell??? 'quoted\"?&amp;".replace("?", "\ufffd")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("varaamo-booking", "--output", "log.csv"), 2, "its ending says no form"),
        (("varaamo-booking", "--output", "no-such/folder/log.xes"), 1, "its folder must be there"),
        (("varamo-booking",), 1, "did you mean 'varaamo-booking'"),
        (("varaamo-booking", "--k", 2), 1, "--public-log"),
        (("varaamo-booking", "--outcome", "lost"), 1, "one of succeeded"),
        (("varaamo-booking", "--variant", 999), 1, "the report shows"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_line(
    city: City, words: tuple[object, ...], code: int, said: str
) -> None:
    done = polku("export", *words, "--data", city.data)

    assert done.code == code
    assert said in re.sub(r"[\s│]+", " ", done.err)
    assert done.out == ""


def test_outcomes_of_a_draft_are_called_guesses(tmp_path: Path) -> None:
    lines = ["case,step,time"]
    lines += [
        f"{case},{step},2026-03-0{day}T10:00:00Z"
        for case in range(6)
        for day, step in enumerate(("form", "pay", "done"), 1)
    ]
    source = tmp_path / "log.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    place = ("--data", tmp_path / "data")
    answer("services", "draft", source, "--service", "own", *place)
    answer("ingest", "files", source, "--service", "own", *place)
    answer("project", *place)

    done = polku("export", "own", *place)

    assert "nobody has confirmed yet how journeys end here" in done.err
    assert read(done.out).about["draft"] == "true"
