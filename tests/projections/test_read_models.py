"""The database of the read models: opened, refused, waited for."""

from pathlib import Path
from threading import Event, Timer

import polars as pl
import pytest
from sqlalchemy import select

from journeys.errors import ProjectionError
from projections import rows, sqlite_store
from projections.read_models import ReadModels, is_among
from projections.rows import select_frame, stored_form
from projections.shapes import VISITS
from projections.tables import LIVE
from tests.projections.example_service import DAY_0

each_store = pytest.mark.usefixtures("each_store")


def test_a_new_file_has_the_tables_and_nothing_projected(tmp_path: Path) -> None:
    with ReadModels.open(tmp_path / "read-models.db") as models:
        assert models.position() is None


def test_a_url_names_the_file_too(tmp_path: Path) -> None:
    with ReadModels.open(f"sqlite:///{tmp_path}/read-models.db"):
        pass

    with ReadModels.open(tmp_path / "read-models.db", create=False) as models:
        assert models.location == f"{tmp_path}/read-models.db"


@pytest.mark.parametrize(
    ("where", "create", "why"),
    [
        ("mysql://city/polku", True, "SQLite or PostgreSQL"),
        ("{}/none.db", False, "there are none. Hint: polku project"),
        ("{}/no/folder/read-models.db", True, "unable to open .* Hint: the folder must exist"),
        ("{}/letter.txt", True, "not a database. Hint: they can be deleted"),
    ],
)
def test_what_cannot_be_opened_is_explained(
    tmp_path: Path, where: str, *, create: bool, why: str
) -> None:
    (tmp_path / "letter.txt").write_text("Dear city, " * 1000)

    with pytest.raises(ProjectionError, match=why):
        ReadModels.open(where.format(tmp_path), create=create)


def test_half_a_file_that_a_killed_load_left_is_thrown_away(tmp_path: Path) -> None:
    left = tmp_path / "read-models.db-loading"
    left.write_text("half a file")
    row = pl.DataFrame({"service": ["s"], "person": ["p"], "case": ["c"]})

    with ReadModels.open(tmp_path / "read-models.db") as models:
        models.load(LIVE.known_case, row)

    assert not left.exists()


@each_store
def test_a_transaction_that_fails_leaves_nothing(models: ReadModels) -> None:
    known = LIVE.known_case
    row = {"service": "s", "person": "p", "case": "of a customer"}

    def twice() -> None:
        with models.writing() as connection:
            connection.execute(known.insert(), row)
            connection.execute(known.insert(), row)

    with pytest.raises(ProjectionError, match=r"(?i)unique") as failed:
        twice()

    assert "of a customer" not in str(failed.value)
    with models.reading() as connection:
        assert connection.execute(select(known)).all() == []


@each_store
def test_one_process_builds_and_the_others_wait_until_they_are_stopped(models: ReadModels) -> None:
    stop = Event()
    with models.building(stop) as first:
        timer = Timer(0.01, stop.set)
        timer.start()
        with models.building(stop) as second:
            pass
        timer.join()
    with models.building(stop) as third:
        pass

    assert (first, second, third) == (True, False, True)


@each_store
def test_any_number_of_values_can_be_asked_for(models: ReadModels) -> None:
    known = LIVE.known_case
    wanted = [f"p'{n}\n\"%{{}}\\" for n in range(100_000)]
    columns = dict.fromkeys(("service", "person", "case"), pl.String())
    with models.writing() as connection:
        connection.execute(
            known.insert(),
            [{"service": "s", "person": p, "case": "c"} for p in (wanted[7], "nobody")],
        )
        statement = select(*known.c).where(is_among(known.c.person, wanted))

        assert [row.person for row in connection.execute(statement)] == [wanted[7]]
        assert select_frame(connection, statement, columns)["person"].to_list() == [wanted[7]]


@each_store
def test_what_is_known_already_may_come_again(models: ReadModels) -> None:
    known = LIVE.known_case
    frame = pl.DataFrame({"service": ["s"] * 2, "person": ["p", "'\n"], "case": ["c"] * 2})
    with models.writing() as connection:
        rows.insert_rows(connection, known, frame[:1])
        rows.insert_rows(connection, known, frame, known_ok=True)
        rows.insert_rows(connection, known, frame[:0])

        assert len(connection.execute(select(known)).all()) == 2


@each_store
@pytest.mark.parametrize("loaded", [True, False])
def test_a_frame_comes_back_from_a_table_as_it_went_in(
    models: ReadModels, monkeypatch: pytest.MonkeyPatch, *, loaded: bool
) -> None:
    monkeypatch.setattr(sqlite_store, "ROWS_AT_ONCE", 2)
    frame = pl.DataFrame(
        {
            "journey_id": ["a", "b'", 'c"', "d\n\\"],
            "visit": [1, 2, 3, 4],
            "step": ["form", "ä ö", "\U0001f600", "null"],
            "channel": ["web", "", "true", "1"],
            "entered_at": [DAY_0] * 4,
            "left_at": [DAY_0.replace(microsecond=1)] * 4,
            "ball": ["city", None, "customer", None],
            "touchpoints": [1, 2, 3, 2**40],
            "errors": [0, 0, 0, 1],
        },
        schema=VISITS,
    )
    visit = LIVE.visit
    stored = stored_form(frame, visit, service="s")
    if loaded:
        models.load(visit, stored)
    with models.writing() as connection:
        if not loaded:
            rows.insert_rows(connection, visit, stored)
        statement = select(*(visit.c[name] for name in VISITS))

        assert select_frame(connection, statement, VISITS).sort("visit").equals(frame)
