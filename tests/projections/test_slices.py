"""The columnar cache: it never changes an answer, and spares what has not changed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint
from projections.frames import Frames, read_frames
from projections.read_models import ReadModels
from projections.runner import project, rebuild
from projections.slices import write_copy
from projections.tables import LIVE
from tests.projections.example_service import EXAMPLE_SERVICE, touchpoints
from tests.projections.stored import begin, folder, place_of_models, record
from tests.projections.strategies import CHANGED_SERVICE, recordings
from tests.projections.test_frames import LATER, contents

pytestmark = pytest.mark.usefixtures("each_store")

RECORDING = "c/-: form.0 pay.0 handling.1; d/-: form.1; q: call.3, form.10, pay.10"
"""Two journeys of one week, one of the next, and a call that belongs to none."""

MORE = "; c/-: form.2"
"""Goes on with a journey of the first week."""


def read(log: EventLog, models: ReadModels, key: str = "example") -> Frames:
    return read_frames(log, models, key, as_of=LATER)


def files(data: Path) -> dict[str, int]:
    """The files of the cache, and when each was written."""
    return {str(file): file.stat().st_mtime_ns for file in data.glob("cache/*/*/*.parquet")}


@pytest.fixture
def cached(data: Path, log: EventLog, models: ReadModels) -> Iterator[ReadModels]:
    """Read models of an example with journeys in two weeks, that keep a cache."""
    record(log, touchpoints(RECORDING), [EXAMPLE_SERVICE])
    project(log, models)
    with caching(data) as opened:
        yield opened


def caching(data: Path) -> ReadModels:
    return ReadModels.open(place_of_models(data), cache=data / "cache")


def send_pigeons(models: ReadModels) -> None:
    """Change every journey in the tables, behind the back of the versions."""
    with models.writing() as connection:
        connection.execute(LIVE.journey.update().values(channel="pigeon"))


# --- the same answer ----------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(recordings(24), st.data())
def test_however_it_came_and_was_read_the_answer_is_that_of_the_tables(
    recording: list[Touchpoint], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(recording)))
    redefined = data.draw(st.integers(0, len(recording)))
    retracted = data.draw(st.integers(0, len(recording)))
    with folder() as (log, models), caching(Path(log.location).parent) as cached:
        begin(models)
        record(log, (), [EXAMPLE_SERVICE])
        for start in range(0, len(recording), size):
            record(log, recording[start : start + size])
            if start <= redefined < start + size:
                record(log, (), [CHANGED_SERVICE])
            if start <= retracted < start + size:
                log.retract(recording[0].source, recorded_at=LATER)
            project(log, models)

            found = contents(read(log, cached))

            assert found == contents(read(log, models))
            assert found == contents(read(log, cached)), "from the files alone"


def test_service_without_a_touchpoint_is_empty(
    cached: ReadModels, log: EventLog, models: ReadModels
) -> None:
    key = "täällä/../ei ole"
    record(log, (), [msgspec.structs.replace(EXAMPLE_SERVICE, key=key)])
    project(log, cached)

    for _ in range(2):
        found = read(log, cached, key)

        assert (found.journeys.height, found.visits.height, found.strays.height) == (0, 0, 0)
        assert contents(found) == contents(read(log, models, key))


def test_tables_built_anew_are_read_anew(
    cached: ReadModels, log: EventLog, models: ReadModels
) -> None:
    expected = contents(read(log, cached))
    send_pigeons(cached)
    record(log, touchpoints(RECORDING + MORE)[-1:])

    rebuild(log, cached)

    found = read(log, cached)
    assert contents(found) != expected
    assert contents(found) == contents(read(log, models))


# --- what is spared -----------------------------------------------------------------------------


def test_what_has_not_changed_is_read_from_its_file(cached: ReadModels, log: EventLog) -> None:
    expected = contents(read(log, cached))
    send_pigeons(cached)

    assert contents(read(log, cached)) == expected


def test_week_that_has_changed_is_read_again_and_its_old_file_deleted(
    cached: ReadModels, log: EventLog, data: Path
) -> None:
    before = read(log, cached).journeys
    written = files(data)
    send_pigeons(cached)
    record(log, touchpoints(RECORDING + MORE)[-1:])
    project(log, cached)

    after = read(log, cached).journeys

    early, late = sorted(set(before["week"]))
    read_again = after.filter(pl.col("week") == early)
    assert dict(read_again.select("journey_id", "channel").iter_rows()) == {
        "C": "web",  # traced again, too
        "D": "pigeon",
    }
    assert "pigeon" not in set(after.filter(pl.col("week") == late)["channel"])
    now = files(data)
    assert len(now) == len(written)
    assert {path for path in written.keys() - now.keys() if f"/{late}." in path} == set()
    assert {path for path in written.keys() & now.keys() if f"/{early}." in path} == set()


def test_what_belongs_to_no_journey_is_read_again_alone(
    cached: ReadModels, log: EventLog, data: Path
) -> None:
    before = read(log, cached)
    written = files(data)
    send_pigeons(cached)
    record(log, touchpoints(RECORDING + "; r: call.12")[-1:])
    project(log, cached)

    after = read(log, cached)

    assert after.journeys.equals(before.journeys)
    assert after.strays.height == before.strays.height + 1
    assert len(written.keys() - files(data).keys()) == 1


def test_another_reader_finds_the_files(cached: ReadModels, log: EventLog, data: Path) -> None:
    expected = contents(read(log, cached))
    written = files(data)
    send_pigeons(cached)

    with caching(data) as other:
        assert contents(read(log, other)) == expected
    assert files(data) == written


def test_only_the_owner_may_look_into_the_cache(
    cached: ReadModels, log: EventLog, data: Path
) -> None:
    read(log, cached)

    assert {path.stat().st_mode & 0o077 for path in data.glob("cache/*/*")} == {0}


# --- what may happen to a folder ----------------------------------------------------------------


def cut_short(cache: Path) -> None:
    for file in cache.glob("*/*/*.parquet"):
        file.write_bytes(file.read_bytes()[:100])


def deleted(cache: Path) -> None:
    shutil.rmtree(cache)


def half_deleted(cache: Path) -> None:
    next(cache.glob("*/*/*.visits.parquet")).unlink()


def a_file(cache: Path) -> None:
    shutil.rmtree(cache)
    cache.write_text("no folder")


@pytest.mark.parametrize("happens", [cut_short, deleted, half_deleted, a_file])
def test_whatever_happens_to_the_cache_the_answer_is_the_same(
    happens: Callable[[Path], None], cached: ReadModels, log: EventLog, data: Path
) -> None:
    expected = contents(read(log, cached))
    happens(data / "cache")

    assert contents(read(log, cached)) == expected
    assert contents(read(log, cached)) == expected


def test_damaged_files_are_written_again(cached: ReadModels, log: EventLog, data: Path) -> None:
    expected = contents(read(log, cached))
    cut_short(data / "cache")
    read(log, cached)

    read(log, cached)

    send_pigeons(cached)
    assert contents(read(log, cached)) == expected


def test_copy_that_cannot_be_written_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "in the way" / "of it").mkdir(parents=True)

    with pytest.raises(OSError, match="in the way"):
        write_copy(pl.DataFrame({"a": [1]}), tmp_path / "in the way")

    assert [path.name for path in tmp_path.iterdir()] == ["in the way"]
