"""The tables built anew beside those in use."""

from pathlib import Path
from threading import Event, Thread

import msgspec
import polars as pl
import pytest
from sqlalchemy import Table, event, func, inspect, select

from journeys.errors import ProjectionError
from journeys.event_log import EventLog
from projections.projector import project_batch
from projections.read_models import ReadModels, position_of
from projections.rebuild import build
from projections.runner import project, rebuild
from projections.tables import LIVE, NEXT, PAST
from tests.projections.example_service import EXAMPLE_SERVICE, touchpoints
from tests.projections.stored import (
    begin,
    delete_models,
    dump,
    folder,
    open_models,
    place_of_models,
    project_in_steps,
    rebuilt,
    record,
)

pytestmark = pytest.mark.usefixtures("each_store")

RECORDING = touchpoints(
    "c: form.0 pay.0 handling.1; p: form.10, pay.10; d: handling.11; c: sign.12; q: form.3 call.4"
)
OTHER_SERVICE = msgspec.structs.replace(EXAMPLE_SERVICE, key="other")
RECORDING += [
    msgspec.structs.replace(t, service="other", source="urn:other") for t in RECORDING[:7]
]
LATER = [
    msgspec.structs.replace(t, id=f"later-{t.id}")
    for t in touchpoints("e/r: form.40 pay.40; r: call.41; c: sign.42")
]


@pytest.fixture
def recorded(log: EventLog) -> EventLog:
    record(log, RECORDING, [EXAMPLE_SERVICE, OTHER_SERVICE])
    return log


def tables_of(models: ReadModels) -> set[str]:
    with models.reading() as connection:
        return set(inspect(connection).get_table_names())


def test_tables_built_anew_are_those_the_batches_made(
    recorded: EventLog, models: ReadModels
) -> None:
    begin(models)
    project_in_steps(recorded, models, 2)
    in_batches = dump(models)

    rebuild(recorded, models)

    assert dump(models) == in_batches
    assert tables_of(models) == {table.name for table in LIVE[1:]}


def test_deleted_read_models_come_back_to_the_byte(data: Path) -> None:
    with folder(data) as (log, models):
        record(log, RECORDING, [EXAMPLE_SERVICE, OTHER_SERVICE])
        project(log, models)
        before = dump(models)
    delete_models(data)

    with folder(data) as (log, models):
        project(log, models)

        assert dump(models) == before


def test_an_empty_log_is_projected_too(log: EventLog, models: ReadModels) -> None:
    rebuild(log, models)

    assert models.position() == 0
    assert dump(models)["journey"] == []


def test_what_no_definition_explains_is_kept_by_a_rebuild_too(
    log: EventLog, models: ReadModels
) -> None:
    record(log, RECORDING)
    begin(models)
    project_in_steps(log, models, 4)

    assert rebuilt(log) == dump(models)


def test_tables_of_an_earlier_layout_are_replaced(recorded: EventLog, models: ReadModels) -> None:
    project(recorded, models)
    expected = dump(models)
    with models.writing() as connection:
        connection.execute(LIVE.position.update().values(layout=0))
        LIVE.stray.drop(connection)  # it did not know this table

    assert models.position() is None
    project(recorded, models)

    assert dump(models) == expected


def test_what_a_killed_rebuild_left_is_thrown_away(recorded: EventLog, models: ReadModels) -> None:
    with models.writing() as connection:
        NEXT.metadata.create_all(connection)
        PAST.metadata.create_all(connection)
        connection.execute(NEXT.known_case.insert().values(service="x", person="y", case="z"))

    rebuild(recorded, models)

    assert dump(models) == rebuilt(recorded)
    assert tables_of(models) == {table.name for table in LIVE[1:]}


def test_a_rebuild_that_is_stopped_leaves_the_tables_in_use(
    recorded: EventLog, models: ReadModels
) -> None:
    project(recorded, models)
    before = dump(models)
    stop = Event()

    rebuild(recorded, models, stop=stop, progress=lambda _done, _total: stop.set())

    assert dump(models) == before


def test_what_was_projected_meanwhile_is_in_the_new_tables(
    recorded: EventLog, models: ReadModels
) -> None:
    begin(models)
    project_in_steps(recorded, models, 5)
    early = recorded.head()

    def meanwhile(_done: int, _total: int) -> None:
        if recorded.head() == early:
            record(recorded, LATER)
            project_in_steps(recorded, models, 5)

    rebuild(recorded, models, progress=meanwhile)

    assert models.position() == recorded.head() > early
    assert dump(models) == rebuilt(recorded)


def test_tables_of_another_log_are_replaced_though_they_know_more(
    recorded: EventLog, models: ReadModels
) -> None:
    project(recorded, models)
    with models.writing() as connection:
        connection.execute(LIVE.position.update().values(position=1_000))

    rebuild(recorded, models)

    assert dump(models) == rebuilt(recorded)


def test_a_reader_sees_one_state_though_the_tables_are_swapped(
    recorded: EventLog, models: ReadModels
) -> None:
    project(recorded, models)
    record(recorded, LATER)
    counted = select(func.count()).select_from(LIVE.touchpoint)
    swapping = Event()

    def note(*told: object) -> None:
        if "ACCESS EXCLUSIVE" in str(told[2]) or "RENAME" in str(told[2]):
            swapping.set()

    event.listen(models.engine, "before_cursor_execute", note)
    rebuilding = Thread(target=rebuild, args=(recorded, models))

    with models.reading() as connection:
        before = (position_of(connection), connection.scalar(counted))
        rebuilding.start()
        assert swapping.wait(20)
        after = (position_of(connection), connection.scalar(counted))
    rebuilding.join()

    assert before == after == (len(RECORDING) + 2, len(RECORDING))
    with models.reading() as connection:
        assert connection.scalar(counted) == len(RECORDING) + len(LATER)


def test_a_runner_goes_on_from_the_swapped_tables(recorded: EventLog, models: ReadModels) -> None:
    begin(models)
    project_in_steps(recorded, models, 3)
    record(recorded, LATER)

    rebuild(recorded, models)

    assert not project_batch(recorded, models, after=len(RECORDING) + 2, until=recorded.head())
    assert project(recorded, models) == recorded.head()
    assert dump(models) == rebuilt(recorded)


def test_rebuilders_wait_for_each_other(recorded: EventLog, data: Path) -> None:
    def another() -> None:
        with open_models(data) as models:
            rebuild(recorded, models)

    threads = [Thread(target=another) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with open_models(data) as models:
        assert dump(models) == rebuilt(recorded)


def test_who_waits_to_build_finds_it_done(recorded: EventLog, models: ReadModels) -> None:
    begun = Event()
    waiting = Thread(target=lambda: (begun.set(), project(recorded, models)))

    with models.building(Event()) as granted:
        waiting.start()
        begun.wait()
        build(recorded, models, until=3, stop=Event(), progress=lambda _done, _total: None)
    waiting.join()

    assert granted
    assert dump(models) == rebuilt(recorded)


def test_who_is_stopped_while_waiting_builds_nothing(
    recorded: EventLog, models: ReadModels
) -> None:
    stop = Event()
    stop.set()

    with models.building(Event()):
        assert rebuild(recorded, models, stop=stop) is None

    assert tables_of(models) == {table.name for table in LIVE[1:]}


class FullDisk(ReadModels):
    """Read models that run out of room after the first rows."""

    def load(self, into: Table, rows: pl.DataFrame) -> None:
        if into is not NEXT.touchpoint:
            raise ProjectionError("read models: database or disk is full")
        super().load(into, rows)


def test_a_rebuild_that_fails_leaves_the_tables_in_use(
    recorded: EventLog, models: ReadModels, data: Path
) -> None:
    project(recorded, models)
    before = dump(models)

    with (
        FullDisk.open(place_of_models(data)) as full,
        pytest.raises(ProjectionError, match="disk is full"),
    ):
        rebuild(recorded, full)

    assert dump(models) == before
    rebuild(recorded, models)
    assert dump(models) == before
