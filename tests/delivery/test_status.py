"""`polku status`: what a monitor is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from delivery.app import House, open_house
from delivery.report.health import health_of, health_text
from delivery.settings import Settings
from tests.delivery.command_line import answer, numbers, polku
from tests.delivery.conftest import City

Copy = Callable[[City], Path]
HOUR = timedelta(hours=1)


@contextmanager
def opened(data: Path) -> Iterator[House]:
    with open_house(Settings(data=data)) as house:
        yield house


def moment() -> datetime:
    return datetime.now(UTC)


def test_projected_city_is_well(small_city: City) -> None:
    done = polku("status", "--data", small_city.data)

    assert done.code == 0
    assert "All is well." in done.out
    assert "Nothing is in quarantine." in done.out


def test_nothing_projected_is_ill(small_city: City, tmp_path: Path) -> None:
    answer("ingest", "files", small_city.lines, "--data", tmp_path)

    done = polku("status", "--data", tmp_path)

    assert done.code == 1
    assert "Something is ill:\n- nothing is projected yet." in done.out


def test_log_of_which_all_is_retracted_is_well_and_says_so(
    tmp_path: Path, write_lines: Callable[..., Path], small_city: City
) -> None:
    lines = write_lines([small_city.messages[0] | {"source": "file:wrong.csv"}])
    answer("ingest", "files", lines, "--data", tmp_path)
    answer("project", "--data", tmp_path)
    assert "retracted" not in answer("status", "--data", tmp_path)

    answer("retract", "file:wrong.csv", "--data", tmp_path)
    answer("project", "--data", tmp_path)

    said = " ".join(answer("status", "--data", tmp_path).split())
    assert "All is well." in said
    assert "0 behind. All touchpoints up to there have been retracted: reports are empty." in said
    assert numbers("status", "--data", tmp_path)["all_retracted"] is True
    assert numbers("status", "--data", small_city.data)["all_retracted"] is False


def test_events_that_wait_are_ill_after_an_hour(
    small_city: City, copy_of: Copy, write_lines: Callable[..., Path]
) -> None:
    data, message = copy_of(small_city), small_city.messages[0]
    late = write_lines([message | {"id": "late-1"}, message | {"id": "late-2"}])
    answer("ingest", "files", late, "--data", data)

    with opened(data) as house:
        soon = health_of(house.log, house.models, now=moment())
        later = health_of(house.log, house.models, now=moment() + HOUR + timedelta(minutes=1))

    assert (soon.behind, soon.ills) == (2, [])
    assert [ill.split(" waiting")[0] for ill in later.ills] == ["2 events"]
    assert "2 behind" in health_text(later).replace("\n", " ")
    report = polku("report", "varaamo-booking", "--data", data)
    assert report.err == "Note: 2 events of the log are not projected yet. Hint: polku project\n"


def test_quarantine_is_ill_for_a_day(
    small_city: City, copy_of: Copy, write_lines: Callable[..., Path]
) -> None:
    data, message = copy_of(small_city), small_city.messages[0]
    bad = write_lines([message | {"id": "new-1"}, message | {"id": "new-2", "time": "soon"}])
    answer("ingest", "files", bad, "--data", data)
    answer("project", "--data", data)

    done = polku("status", "--data", data)
    with opened(data) as house:
        next_day = health_of(house.log, house.models, now=moment() + 24.1 * HOUR)

    assert done.code == 1
    assert "- 1 record went into quarantine within the last 24 hours." in done.out
    assert "In quarantine: bad_time 1." in done.out
    assert (next_day.quarantine_lately, next_day.ills) == (0, [])
    assert next_day.quarantine == {"bad_time": 1}
