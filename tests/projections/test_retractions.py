"""A source taken back: the rows are those of a log that never heard of what it had said."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Event

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from journeys.errors import LogError
from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint
from projections.frames import Frames, frames_of, read_frames
from projections.linking import MANY_CASES
from projections.projector import project_batch
from projections.read_models import ReadModels
from projections.rebuild import build
from projections.rows import read_touchpoints
from projections.runner import project, rebuild, status_of
from projections.trace import trace_journeys
from tests.projections.example_service import EXAMPLE_SERVICE, moment, touchpoints
from tests.projections.stored import (
    NOW,
    Dump,
    begin,
    count_asked,
    dump,
    folder,
    project_in_steps,
    rebuilt,
    record,
)
from tests.projections.strategies import CHANGED_SERVICE, recordings

pytestmark = pytest.mark.usefixtures("each_store")

ROOT = Path(__file__).parents[2]
OTHER_SERVICE = msgspec.structs.replace(EXAMPLE_SERVICE, key="other")
SERVICES = (EXAMPLE_SERVICE, OTHER_SERVICE)
GOOD, WRONG = "urn:good", "urn:wrong"
LATER = moment(1_000)

KEPT = touchpoints("c: form.0 pay.0; p: form.10, call.12; q: form.3 call.4")
MISTAKEN = touchpoints("c: handling.1 granted.2; d: form.11; q: pay.5 granted.6; c/q: call.3")


def of(source: str, recording: Sequence[Touchpoint], **changes: object) -> list[Touchpoint]:
    return [msgspec.structs.replace(t, source=source, **changes) for t in recording]


def rows_of(tables: Dump) -> Dump:
    return {name: rows for name, rows in tables.items() if name != "position"}


def rows_without(recording: Sequence[Touchpoint], services: Sequence[object] = SERVICES) -> Dump:
    """What a log that holds these touchpoints alone comes to."""
    with folder() as fresh:
        record(fresh.log, recording, services)  # type: ignore[arg-type]
        return rows_of(rebuilt(fresh.log))


def contents(frames: Frames) -> tuple[object, ...]:
    shown = (frames.journeys, frames.visits, frames.strays)
    return (frames.position, *(frame.write_ndjson() for frame in shown))


def traced(log: EventLog, service: str, position: int) -> tuple[object, ...]:
    """The frames of a service, traced from the log and nothing else."""
    history = log.definitions(position)[service]
    trace = trace_journeys(read_touchpoints(log, until=position, service=service), history)
    return contents(frames_of(trace, history, as_of=LATER, position=position))


@pytest.fixture
def mistaken(log: EventLog, models: ReadModels) -> EventLog:
    """A log and tables that hold what a wrong source said, too."""
    record(log, [*of(GOOD, KEPT), *of(WRONG, MISTAKEN)], SERVICES)
    begin(models)
    project_in_steps(log, models, 100)
    return log


# --- the laws -----------------------------------------------------------------------------------


def project_some(log: EventLog, models: ReadModels, random: Random) -> int:
    """Project a batch or two, not always to the head; the position reached."""
    for _ in range(random.randint(0, 2)):
        after = models.position()
        assert after is not None
        until = random.choice([log.head(), random.randint(after, log.head())])
        assert project_batch(log, models, after=after, until=until)
    return models.position() or 0


def taken_back(log: EventLog, source: str) -> None:
    try:
        log.retract(source, recorded_at=NOW)
    except LogError:  # nothing of it stands
        assert source not in {s.source for s in log.sources()}


@settings(max_examples=10)
@given(recordings(24), st.randoms(use_true_random=False))
def test_however_it_came_the_rows_are_those_of_what_stands(
    recording: list[Touchpoint], random: Random
) -> None:
    others = [
        msgspec.structs.replace(t, service="other", id=f"o{t.id}", source=random.choice("ab"))
        for t in recording[:8]
    ]
    told = [*recording, *others]
    sources = sorted({t.source for t in told})
    then: dict[int, list[tuple[object, ...]]] = {}
    stood: dict[tuple[str, str], Touchpoint] = {}

    with folder() as (log, models):
        begin(models)
        later = random.sample(SERVICES, k=random.randint(0, 1))
        record(log, services=[s for s in SERVICES if s not in later])
        for _ in range(random.randint(2, 7)):
            part = random.sample(told, k=random.randint(0, len(told) // 2))
            part += random.choices(part, k=2) if part else []
            taken = random.sample(sources, k=random.choice([0, 0, 1, 1, 2]))
            record(log, part)
            stood |= {(t.source, t.id): t for t in part}
            for source in taken:
                taken_back(log, source)
                stood = {key: t for key, t in stood.items() if key[0] != source}
            if random.random() < 0.3:
                record(log, services=[later.pop() if later else CHANGED_SERVICE])
            reached = project_some(log, models, random)
            then[reached] = [
                contents(read_frames(log, models, key, as_of=LATER))
                for key in sorted(log.definitions(reached))
            ]
        project_in_steps(log, models, random.randint(1, 25))

        assert dump(models) == rebuilt(log)
        for position, frames in then.items():
            keys = sorted(log.definitions(position))
            assert frames == [traced(log, key, position) for key in keys]
        defined = [v for history in log.definitions().values() for v in history.versions]
        assert rows_of(dump(models)) == rows_without([*stood.values()], defined)
        assert sum(s.touchpoints for s in status_of(log, models).services) == len(stood)


@settings(max_examples=8)
@given(recordings(20), st.integers(1, 25), st.randoms(use_true_random=False))
def test_a_source_read_again_after_its_retraction_is_as_if_read_once(
    recording: list[Touchpoint], size: int, random: Random
) -> None:
    again = random.sample(recording, k=len(recording))
    with folder() as (log, models):
        begin(models)
        record(log, random.sample(recording, k=len(recording) // 2), [EXAMPLE_SERVICE])
        project_in_steps(log, models, size)
        for source in log.sources():
            log.retract(source.source, recorded_at=NOW)
        record(log, again[:5])
        project_in_steps(log, models, size)
        record(log, again)
        project_in_steps(log, models, size)

        assert rows_of(dump(models)) == rows_without(recording, [EXAMPLE_SERVICE])


# --- one batch ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_was_retracted_leaves_the_tables(
    mistaken: EventLog, models: ReadModels, size: int
) -> None:
    mistaken.retract(WRONG, recorded_at=NOW)

    project_in_steps(mistaken, models, size)

    assert rows_of(dump(models)) == rows_without(of(GOOD, KEPT))
    assert dump(models) == rebuilt(mistaken)


@pytest.mark.parametrize("size", [1, 4, 100])
def test_what_came_again_in_the_batch_of_its_retraction_is_taken(
    mistaken: EventLog, models: ReadModels, size: int
) -> None:
    mended = of(WRONG, [MISTAKEN[0], *MISTAKEN[3:5]], name="sign")
    mistaken.retract(WRONG, recorded_at=NOW)
    record(mistaken, mended)

    project_in_steps(mistaken, models, size)

    assert rows_of(dump(models)) == rows_without([*of(GOOD, KEPT), *mended])


def test_what_came_and_was_retracted_in_one_batch_is_never_seen(
    log: EventLog, models: ReadModels
) -> None:
    record(log, [*of(GOOD, KEPT), *of(WRONG, MISTAKEN)], SERVICES)
    log.retract(WRONG, recorded_at=NOW)
    begin(models)

    project_in_steps(log, models, 100)

    assert rows_of(dump(models)) == rows_without(of(GOOD, KEPT))


def test_a_retraction_behind_the_batch_is_not_taken_early(
    mistaken: EventLog, models: ReadModels
) -> None:
    before = mistaken.head()
    record(mistaken, of(GOOD, KEPT[:1], id="late"))
    mistaken.retract(WRONG, recorded_at=NOW)

    project_batch(mistaken, models, after=before, until=before + 1)
    found = contents(read_frames(mistaken, models, "example", as_of=LATER))
    project_in_steps(mistaken, models, 100)
    again = read_frames(mistaken, models, "example", as_of=LATER, position=before + 1)

    assert found == contents(again) == traced(mistaken, "example", before + 1)
    assert found != contents(read_frames(mistaken, models, "example", as_of=LATER))


def test_a_service_of_which_nothing_is_left_has_no_extent(
    log: EventLog, models: ReadModels
) -> None:
    record(log, [*of(GOOD, KEPT), *of(WRONG, MISTAKEN, service="other")], SERVICES)
    project(log, models)
    assert [s.service for s in status_of(log, models).services] == ["example", "other"]

    log.retract(WRONG, recorded_at=NOW)
    project(log, models)

    assert [s.service for s in status_of(log, models).services] == ["example"]
    assert dump(models) == rebuilt(log)
    found = read_frames(log, models, "other", as_of=LATER)
    assert found.journeys.is_empty()


def test_a_log_of_which_nothing_stands_is_built(log: EventLog, models: ReadModels) -> None:
    record(log, of(WRONG, MISTAKEN), SERVICES)
    log.retract(WRONG, recorded_at=NOW)

    rebuild(log, models)

    assert rows_of(dump(models)) == rows_without([])


def test_a_service_without_definition_loses_what_is_retracted(
    log: EventLog, models: ReadModels
) -> None:
    record(log, [*of(GOOD, KEPT), *of(WRONG, MISTAKEN)])
    begin(models)
    project_in_steps(log, models, 100)
    log.retract(WRONG, recorded_at=NOW)
    project_in_steps(log, models, 100)
    assert dump(models) == rebuilt(log)

    record(log, services=[EXAMPLE_SERVICE])
    project_in_steps(log, models, 100)

    assert rows_of(dump(models)) == rows_without(of(GOOD, KEPT), [EXAMPLE_SERVICE])


def test_a_service_that_the_source_never_told_of_is_left_alone(
    mistaken: EventLog, models: ReadModels
) -> None:
    record(mistaken, of(GOOD, KEPT, service="other", case="O"))
    record(mistaken, of("urn:third", KEPT[:2], service="other", case="T"))
    project_in_steps(mistaken, models, 100)
    asked: list[str] = []
    event.listen(models.engine, "before_cursor_execute", lambda *words: asked.append(str(words[3])))

    mistaken.retract(WRONG, recorded_at=NOW)
    project_in_steps(mistaken, models, 100)

    assert any("example" in words for words in asked)
    assert not any("other" in words for words in asked)


def test_who_was_crowded_by_a_mistake_links_again(log: EventLog, models: ReadModels) -> None:
    crowd = [
        Touchpoint(
            source=WRONG,
            id=f"{n:04}",
            service="example",
            occurred_at=moment(n % 40),
            name="form",
            case=f"X{n}",
            person="P",
        )
        for n in range(MANY_CASES + 1)
    ]
    record(log, [*of(GOOD, KEPT), *crowd], [EXAMPLE_SERVICE])
    begin(models)
    project_in_steps(log, models, 500)
    assert len(dump(models)["known_case"]) == MANY_CASES + 2

    log.retract(WRONG, recorded_at=NOW)
    project_in_steps(log, models, 500)

    assert rows_of(dump(models)) == rows_without(of(GOOD, KEPT), [EXAMPLE_SERVICE])


# --- builders, other runners, kills -------------------------------------------------------------


def test_what_is_retracted_while_the_tables_are_built_anew_is_not_in_them(
    mistaken: EventLog, models: ReadModels
) -> None:
    early = mistaken.head()

    def meanwhile(_done: int, _total: int) -> None:
        if mistaken.head() == early:
            mistaken.retract(WRONG, recorded_at=NOW)
            project_in_steps(mistaken, models, 5)

    build(mistaken, models, until=early, stop=Event(), progress=meanwhile)

    assert models.position() == mistaken.head() > early
    assert rows_of(dump(models)) == rows_without(of(GOOD, KEPT))


def test_a_second_runner_takes_nothing_back_again(mistaken: EventLog, models: ReadModels) -> None:
    before = models.position()
    assert before is not None
    mistaken.retract(WRONG, recorded_at=NOW)
    project(mistaken, models)
    expected = dump(models)

    assert not project_batch(mistaken, models, after=before, until=mistaken.head())

    assert dump(models) == expected


RUN = """
import sys
from pathlib import Path
from tests.projections.test_retractions import run

run(Path(sys.argv[1]), until=int(sys.argv[2]))
"""


def run(data: Path, *, until: int | None = None) -> int:
    """Project and count the statements and commits; with `until`, die before that one."""
    with folder(data) as (log, models):
        asked = count_asked(models, until=until)
        project(log, models)
        return asked()


def retracted_in(data: Path) -> Dump:
    """A log with a retraction that its tables do not know yet: what these hold."""
    data.mkdir(exist_ok=True)
    with folder(data) as (log, models):
        record(log, [*of(GOOD, KEPT), *of(WRONG, MISTAKEN)], SERVICES)
        project(log, models)
        log.retract(WRONG, recorded_at=NOW)
        record(log, of(WRONG, MISTAKEN[:1]))
        return dump(models)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_who_is_killed_taking_back_leaves_all_of_it_or_nothing(
    share: float, tmp_path: Path
) -> None:
    retracted_in(tmp_path / "calm")
    statements = run(tmp_path / "calm")
    before = retracted_in(tmp_path / "killed")

    at = 1 + int(share * statements)
    words = [sys.executable, "-c", RUN, str(tmp_path / "killed"), str(at)]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -signal.SIGKILL

    with folder(tmp_path / "killed") as (log, models):
        assert dump(models) in (before, rebuilt(log))
        project(log, models)
        assert rows_of(dump(models)) == rows_without([*of(GOOD, KEPT), *of(WRONG, MISTAKEN[:1])])
