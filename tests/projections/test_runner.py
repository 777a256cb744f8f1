"""Keeping up: once, following, several at a time; and how the read models are."""

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest

from journeys.errors import ProjectionError
from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint
from projections.read_models import ReadModels
from projections.runner import BACKLOG, BATCH, Status, follow, project, rebuild, status_of
from projections.tables import LIVE
from tests.projections.example_service import EXAMPLE_SERVICE, moment, touchpoints
from tests.projections.stored import NOW, begin, dump, open_models, rebuilt, record

pytestmark = pytest.mark.usefixtures("each_store")

RECORDING = touchpoints("c: form.0 pay.0 handling.1; p: form.10, pay.10; q: call.3 unheard-of.4")


def numbered(count: int) -> list[Touchpoint]:
    return [
        Touchpoint(
            source="urn:many",
            id=f"{n:06}",
            service=EXAMPLE_SERVICE.key,
            occurred_at=moment(n % 90),
            name="form",
            case=f"C{n // 3}",
        )
        for n in range(count)
    ]


def test_each_call_projects_what_is_new(log: EventLog, models: ReadModels) -> None:
    positions = []
    for touchpoint in RECORDING:
        record(log, [touchpoint], [EXAMPLE_SERVICE])
        positions.append(project(log, models))

    assert positions == list(range(2, len(RECORDING) + 2))
    assert dump(models) == rebuilt(log)


def test_a_backlog_is_projected_in_batches_with_progress(log: EventLog, models: ReadModels) -> None:
    record(log, numbered(BATCH + 10), [EXAMPLE_SERVICE])
    begin(models)
    told = []

    project(log, models, progress=lambda done, total: told.append((done, total)))

    assert told == [(BATCH, BATCH + 11), (BATCH + 11, BATCH + 11)]


def test_a_long_backlog_is_built_anew(log: EventLog, models: ReadModels) -> None:
    record(log, numbered(BACKLOG + 1), [EXAMPLE_SERVICE])
    begin(models)
    told = []

    project(log, models, progress=lambda done, _total: told.append(done))

    assert BATCH not in told
    assert models.position() == told[-1] == BACKLOG + 2


def test_it_goes_up_to_a_position_and_no_further_than_the_log(
    log: EventLog, models: ReadModels
) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])

    assert project(log, models, until=4) == 4
    assert project(log, models, until=2) == 4
    assert project(log, models, until=99) == len(RECORDING) + 1


def test_runners_on_one_set_of_tables_go_on_from_each_other(log: EventLog, data: Path) -> None:
    record(log, numbered(2 * BATCH + 10), [EXAMPLE_SERVICE])
    with open_models(data) as models:
        begin(models)

    def another() -> None:
        with open_models(data) as models:
            project(log, models)

    runners = [Thread(target=another) for _ in range(3)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()

    with open_models(data) as models:
        assert models.position() == log.head()
        assert dump(models) == rebuilt(log)


def test_a_follower_projects_what_arrives_until_it_is_stopped(
    log: EventLog, models: ReadModels
) -> None:
    stop, arriving = Event(), [*RECORDING]
    record(log, services=[EXAMPLE_SERVICE])

    def next_one() -> None:
        if arriving:
            record(log, [arriving.pop()])
        elif models.position() == log.head():
            stop.set()

    follow(log, models, stop=stop, poll_s=0, watch=next_one)

    assert models.position() == log.head()
    assert dump(models) == rebuilt(log)


def test_a_runner_that_is_stopped_before_it_begins_does_nothing(
    log: EventLog, models: ReadModels
) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])
    stop = Event()
    stop.set()

    follow(log, models, stop=stop)

    assert project(log, models, stop=stop) is None


def test_tables_that_know_more_than_the_log_are_refused(log: EventLog, models: ReadModels) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])
    project(log, models)
    with models.writing() as connection:
        connection.execute(LIVE.position.update().values(position=1_000))

    with pytest.raises(ProjectionError, match=r"another log.* Hint: polku project --rebuild"):
        project(log, models)


def test_the_status_says_how_far_and_how_much(log: EventLog, models: ReadModels) -> None:
    other = msgspec.structs.replace(EXAMPLE_SERVICE, key="other")
    lost = msgspec.structs.replace(RECORDING[-2], service="other", source="urn:other")
    record(log, [*RECORDING, lost], [EXAMPLE_SERVICE, other])

    nothing = status_of(log, models)
    project(log, models)
    record(log, numbered(3))
    status = status_of(log, models)

    assert nothing == Status(position=None, head=10, misfit=None, services=())
    assert nothing.behind == 10
    assert (status.position, status.head, status.behind) == (10, 13, 3)
    example, beside = status.services
    assert (example.service, beside.service) == ("example", "other")
    assert (example.touchpoints, example.journeys) == (7, 2)
    assert (example.unlinked, example.unmapped) == (2, 1)  # a call and an unheard-of name of Q
    assert (beside.touchpoints, beside.journeys, beside.unlinked, beside.unmapped) == (1, 0, 1, 0)


def test_read_models_are_of_no_log_that_came_back_from_a_copy_and_went_on(
    log: EventLog, models: ReadModels, tmp_path: Path
) -> None:
    record(log, RECORDING, [EXAMPLE_SERVICE])
    project(log, models)
    with EventLog.open(tmp_path / "restored.db") as restored:
        record(restored, RECORDING[:3], [EXAMPLE_SERVICE])
        later = NOW + timedelta(seconds=1)
        restored.append_batch(RECORDING[3:], recorded_at=later)  # the same, recorded once more
        restored.append_batch(numbered(3), recorded_at=later)

        with pytest.raises(ProjectionError, match=r"the event at position 8 is not .* --rebuild"):
            project(restored, models)
        misfit = status_of(restored, models).misfit
        rebuild(restored, models)

        assert misfit is not None
        assert dump(models) == rebuilt(restored)
        assert status_of(restored, models).misfit is None
        assert project(restored, models) == restored.head()
