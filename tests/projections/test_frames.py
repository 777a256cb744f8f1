"""The analysts' door: from the tables or from the log, the same frames."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.errors import ProjectionError, UnknownServiceError
from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint
from projections.frames import (
    Frames,
    frames_of,
    frames_under,
    read_every_service,
    read_frames,
)
from projections.read_models import ReadModels
from projections.rows import read_touchpoints
from projections.runner import follow, project, rebuild
from projections.tables import LIVE
from projections.trace import trace_journeys
from tests.projections import product
from tests.projections.example_service import (
    EXAMPLE_HISTORY,
    EXAMPLE_SERVICE,
    moment,
    touchpoints,
)
from tests.projections.stored import dump, folder, rebuilt, record
from tests.projections.strategies import (
    CHANGED_SERVICE,
    TWO_VERSIONS,
    Question,
    questions,
    recordings,
)

pytestmark = pytest.mark.usefixtures("each_store")

RECORDING = touchpoints("c: form.0 pay.0 handling.1; p: form.10, pay.10; q: call.3")
OTHER_SERVICE = msgspec.structs.replace(EXAMPLE_SERVICE, key="other")
LATER = moment(1_000)


def contents(frames: Frames) -> tuple[object, ...]:
    """All that an analyser can see, to be compared to the byte."""
    shown = (frames.journeys, frames.visits, frames.strays)
    return (
        frames.service.step_keys,
        [version.digest for version in frames.service.versions],
        frames.as_of,
        frames.position,
        *(frame.schema for frame in shown),
        *(frame.write_ndjson() for frame in shown),
    )


def traced(recording: list[Touchpoint], as_of: datetime, position: int) -> Frames:
    trace = trace_journeys(product.frame(recording, as_of), EXAMPLE_HISTORY)
    return frames_of(trace, EXAMPLE_HISTORY, as_of=as_of, position=position)


# --- the tables and the log give the same -------------------------------------------------------


@settings(max_examples=50)
@given(questions(20))
def test_tables_and_log_give_the_frames_of_the_touchpoints_that_exist(question: Question) -> None:
    with folder() as (log, models):
        position = record(log, question.recording, [EXAMPLE_SERVICE])
        project(log, models)

        found = read_frames(log, models, "example", as_of=question.as_of)

    assert contents(found) == contents(traced(question.recording, question.as_of, position))


def test_the_last_moment_that_has_a_touchpoint_is_not_read_from_the_tables(
    log: EventLog, models: ReadModels
) -> None:
    position = record(log, RECORDING, [EXAMPLE_SERVICE])
    project(log, models)
    last = max(t.occurred_at for t in RECORDING)

    for as_of in (last, last + timedelta(microseconds=1)):
        found = read_frames(log, models, "example", as_of=as_of)

        assert contents(found) == contents(traced(RECORDING, as_of, position))


def test_what_the_tables_answer_is_not_traced_again(log: EventLog, models: ReadModels) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])
    project(log, models)
    with models.writing() as connection:
        connection.execute(LIVE.journey.update().values(channel="pigeon"))

    stored = read_frames(log, models, "example", as_of=LATER)
    again = read_frames(log, models, "example", as_of=LATER, position=log.head() - 1)

    assert stored.journeys["channel"].unique().to_list() == ["pigeon"]
    assert again.journeys["channel"].unique().to_list() == ["web"]


# --- two clocks ---------------------------------------------------------------------------------


@settings(max_examples=25)
@given(recordings(20), st.data())
def test_a_moment_and_a_position_give_the_frames_of_then(
    recording: list[Touchpoint], data: st.DataObject
) -> None:
    known = data.draw(st.integers(1, len(recording)))
    latest = max(t.occurred_at for t in recording) + timedelta(days=1)
    as_of = data.draw(st.sampled_from([latest, *sorted(t.occurred_at for t in recording)]))
    with folder() as (log, models):
        position = record(log, recording[:known], [EXAMPLE_SERVICE])
        project(log, models)
        then = contents(read_frames(log, models, "example", as_of=as_of))

        record(log, recording[known:])  # later ones, late ones, and a new definition
        record(log, services=[CHANGED_SERVICE])
        behind = contents(read_frames(log, models, "example", as_of=as_of, position=position))
        project(log, models)
        now = contents(read_frames(log, models, "example", as_of=as_of, position=position))
        today = read_frames(log, models, "example", as_of=as_of)

        assert then == behind == now
        trace = trace_journeys(product.frame(recording, as_of), TWO_VERSIONS)
        known_today = frames_of(trace, TWO_VERSIONS, as_of=as_of, position=log.head())
        assert contents(today) == contents(known_today)


def test_the_head_is_the_last_projected_position(log: EventLog, models: ReadModels) -> None:
    record(log, RECORDING[:3], [EXAMPLE_SERVICE])
    project(log, models)
    record(log, RECORDING[3:])

    projected = read_frames(log, models, "example", as_of=LATER)
    recorded = read_frames(log, models, "example", as_of=LATER, position=log.head())

    assert (projected.position, projected.journeys.height) == (4, 1)
    assert (recorded.position, recorded.journeys.height) == (7, 2)


def test_every_service_is_read_of_one_state(log: EventLog, models: ReadModels) -> None:
    record(log, RECORDING, [OTHER_SERVICE, EXAMPLE_SERVICE])
    project(log, models)

    read = []
    for frames in read_every_service(log, models, as_of=LATER):
        record(log, touchpoints(f"z{len(read)}: form.20"))
        project(log, models)
        read.append(frames)

    assert [(f.service.key, f.position, f.journeys.height) for f in read] == [
        ("example", 8, 2),
        ("other", 8, 0),
    ]


def test_readers_see_no_wrong_number_while_others_write_follow_and_rebuild(data: Path) -> None:
    stop, arriving = Event(), touchpoints("; ".join(f"c{n}: form.{n} pay.{n}" for n in range(30)))
    with folder(data) as (log, models):
        record(log, RECORDING, [EXAMPLE_SERVICE])
        project(log, models)

    def write() -> None:
        with folder(data) as (log, _):
            for number, touchpoint in enumerate(arriving):
                record(log, [msgspec.structs.replace(touchpoint, id=f"w{number}")])
        stop.set()

    def follow_on() -> None:
        with folder(data) as (log, models):
            follow(log, models, stop=stop, poll_s=0.001)

    def rebuild_often() -> None:
        with folder(data) as (log, models):
            while not stop.is_set():
                rebuild(log, models)

    threads = [Thread(target=job) for job in (write, follow_on, rebuild_often)]
    for thread in threads:
        thread.start()
    positions = []
    with folder(data) as (log, models):
        while not stop.is_set():
            found = read_frames(log, models, "example", as_of=LATER)
            recorded = read_touchpoints(log, until=found.position)
            trace = trace_journeys(recorded, EXAMPLE_HISTORY)
            expected = frames_of(trace, EXAMPLE_HISTORY, as_of=LATER, position=found.position)
            assert contents(found) == contents(expected)
            positions.append(found.position)
        for thread in threads:
            thread.join()
        project(log, models)

        assert positions == sorted(positions)
        assert dump(models) == rebuilt(log)


def test_a_service_without_touchpoints_has_empty_frames(log: EventLog, models: ReadModels) -> None:
    record(log, services=[EXAMPLE_SERVICE])
    project(log, models)

    found = read_frames(log, models, "example", as_of=LATER)

    assert contents(found) == contents(traced([], LATER, 1))


# --- what cannot be answered --------------------------------------------------------------------


def test_services_are_known_from_the_position_of_their_definition(
    log: EventLog, models: ReadModels
) -> None:
    record(log, services=[EXAMPLE_SERVICE])
    record(log, services=[OTHER_SERVICE])
    project(log, models)

    at_the_head = read_every_service(log, models, as_of=LATER)
    at_the_first = read_every_service(log, models, as_of=LATER, position=1)
    assert [found.service.key for found in at_the_head] == ["example", "other"]
    assert [found.service.key for found in at_the_first] == ["example"]
    with pytest.raises(ProjectionError, match=r"'other' at position 1.* recorded later\. Hint: "):
        read_frames(log, models, "other", as_of=LATER, position=1)
    with pytest.raises(UnknownServiceError, match="did you mean 'example'"):
        read_frames(log, models, "exmple", as_of=LATER)


def test_nothing_is_read_before_anything_is_projected(log: EventLog, models: ReadModels) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])

    with pytest.raises(ProjectionError, match=r"nothing is projected yet\. Hint: polku project"):
        read_frames(log, models, "example", as_of=LATER)
    assert read_frames(log, models, "example", as_of=LATER, position=4).journeys.height == 1


@pytest.mark.parametrize("position", [-1, 8])
def test_a_position_the_log_does_not_have_is_refused(
    log: EventLog, models: ReadModels, position: int
) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])
    project(log, models)

    with pytest.raises(ProjectionError, match=f"position {position}: .* Hint: 0 to 7"):
        read_frames(log, models, "example", as_of=LATER, position=position)


def test_tables_of_another_log_are_not_read(log: EventLog, models: ReadModels) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])
    project(log, models)
    with models.writing() as connection:
        connection.execute(LIVE.position.update().values(position=1_000))

    with pytest.raises(ProjectionError, match="another log"):
        read_frames(log, models, "example", as_of=LATER)


# --- definitions that are not recorded ----------------------------------------------------------


@settings(max_examples=15)
@given(questions(20))
def test_frames_under_a_definition_are_what_they_are_once_it_is_recorded(
    question: Question,
) -> None:
    with folder() as (log, models):
        position = record(log, question.recording, [EXAMPLE_SERVICE])
        now, then = frames_under(
            log, [EXAMPLE_HISTORY, TWO_VERSIONS], as_of=question.as_of, position=position
        )
        project(log, models)
        before = read_frames(log, models, "example", as_of=question.as_of)

        assert log.head() == position
        record(log, services=[CHANGED_SERVICE])
        project(log, models)
        after = read_frames(log, models, "example", as_of=question.as_of)

    assert contents(now) == contents(before)
    assert contents(replace(then, position=after.position)) == contents(after)


def test_frames_under_a_definition_know_nothing_behind_the_position(log: EventLog) -> None:
    position = record(log, RECORDING, [EXAMPLE_SERVICE])
    record(log, touchpoints("d: form.20"))

    (then,) = frames_under(log, [TWO_VERSIONS], as_of=LATER, position=position)

    assert then.journeys["started_at"].max() < moment(20)
