"""What reading a file would do, found out without storing anything."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import dry_run as dry_runs
from ingest.dry_run import DryRun, dry_run, refuse_doubtful
from ingest.own_log import RowSource
from ingest.pipeline import run_ingest
from ingest.tables import open_table
from ingest.times import TimeReader
from journeys.errors import SourceError
from journeys.event_log import EventLog
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, service

SERVICES = {"own": (service("own"),)}
COLUMNS = {"case": "case", "touchpoint": "name", "time": "time"}
BY_ID = {**COLUMNS, "id": "id"}

Table = Sequence[Sequence[str]]


class House:
    """A log, and a file beside it."""

    def __init__(self, folder: Path, log: EventLog) -> None:
        self.folder, self.log = folder, log

    def source(
        self, rows: Table, columns: dict[str, str] = COLUMNS, *, name: str = "a.csv"
    ) -> RowSource:
        path = self.folder / name
        path.write_text("\n".join(["case,name,time,id", *map(",".join, rows)]) + "\n")
        return RowSource(open_table(path), service="own", columns=columns, times=TimeReader())

    def look(self, source: RowSource, log: EventLog | None = None) -> DryRun:
        scratch = self.folder / "scratch.db"
        scratch.unlink(missing_ok=True)
        with EventLog.open(scratch) as other:
            return dry_run(
                source,
                log or self.log,
                scratch=other,
                services=SERVICES,
                pseudonyms=PSEUDONYMS,
                clock=lambda: RECEIVED_AT,
            )

    def read(self, source: RowSource) -> None:
        run_ingest(
            source,
            self.log,
            services=SERVICES,
            pseudonyms=PSEUDONYMS,
            clock=lambda: RECEIVED_AT,
            record_definitions=False,
        )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with EventLog.open(tmp_path / "log.db") as log:
        yield House(tmp_path, log)


def table(count: int, *, name: str = "haku") -> list[list[str]]:
    return [
        [f"c{row}", name, f"2026-06-01T09:{row % 60:02}:{row // 60:02}Z", f"i{row}"]
        for row in range(count)
    ]


def test_a_tenth_of_changed_rows_is_let_through_and_more_is_not(house: House) -> None:
    house.read(house.source(table(20)))

    for changed, refused in ((2, False), (3, True)):
        source = house.source([*table(changed, name="maksu"), *table(20)[changed:]])
        found = house.look(source)

        assert (found.known, found.changed) == (20, changed)
        assert found.result.conflicts == changed
        if refused:
            with pytest.raises(SourceError, match="rows have moved: 3 of the 20 rows"):
                refuse_doubtful(found, source, is_named=False)
        else:
            refuse_doubtful(found, source, is_named=False)


def test_ids_that_name_other_rows_now_are_refused_too(house: House) -> None:
    house.read(house.source(table(20), BY_ID))
    moved = [[*row[:3], f"i{19 - place}"] for place, row in enumerate(table(20))]
    source = house.source(moved, BY_ID)

    with pytest.raises(SourceError, match=r"rows have moved.* else --source NAME, if this is"):
        refuse_doubtful(house.look(source), source, is_named=True)


def test_an_id_that_comes_again_within_the_file_is_counted(house: House) -> None:
    rows = [*table(10), *table(1), *table(1, name="maksu")]
    source = house.source(rows, BY_ID)

    found = house.look(source)

    assert (found.result.recorded, found.result.duplicates, found.result.conflicts) == (10, 1, 1)
    assert (found.known, found.repeated) == (0, 1)
    refuse_doubtful(found, source, is_named=False)
    house.read(source)
    assert house.log.head() == 10 + 1


def test_a_file_under_another_name_is_found_whatever_its_order(house: House) -> None:
    house.read(house.source(table(20)))
    source = house.source([*reversed(table(20)), *table(30)[20:]], name="b.csv")

    found = house.look(source)

    assert found.copies == {"file:own/a.csv": 20 / 30}
    with pytest.raises(SourceError, match="67% of its rows are in the log already"):
        refuse_doubtful(found, source, is_named=False)
    refuse_doubtful(found, source, is_named=True)


def test_rows_told_apart_in_another_way_are_no_new_rows(house: House) -> None:
    house.read(house.source(table(20)))
    source = house.source(table(20), BY_ID)

    with pytest.raises(SourceError, match="from this very source but with other ids"):
        refuse_doubtful(house.look(source), source, is_named=True)


def test_where_all_rows_have_changed_the_key_is_asked_about(house: House) -> None:
    house.read(house.source(table(20)))
    source = house.source(table(20, name="maksu"))

    with pytest.raises(SourceError, match="if the pseudonym key is another one than then"):
        refuse_doubtful(house.look(source), source, is_named=False)


def test_new_rows_that_repeat_what_a_grown_file_says_are_found(house: House) -> None:
    house.read(house.source(table(20)))
    source = house.source([*table(20), *table(20)])

    with pytest.raises(SourceError, match="50% of its rows are in the log already"):
        refuse_doubtful(house.look(source), source, is_named=False)


def test_a_few_rows_in_common_are_chance(house: House) -> None:
    house.read(house.source(table(2)))
    source = house.source(table(20), name="b.csv")

    refuse_doubtful(house.look(source), source, is_named=False)


def test_of_many_rows_a_sample_is_looked_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_runs, "SAMPLED_ROWS", 100)
    house.read(house.source(table(1500)))

    found = house.look(
        house.source([*table(1500), *table(3000, name="maksu")[1500:]], name="b.csv")
    )

    assert 0.2 < found.copies["file:own/a.csv"] < 0.8


def test_rows_of_another_service_or_retracted_ones_are_no_copies(house: House) -> None:
    house.read(house.source(table(20)))
    house.log.retract("file:own/a.csv", recorded_at=RECEIVED_AT)

    found = house.look(house.source(table(20), name="b.csv"))

    assert found.copies == {}
    assert house.look(house.source(table(20))).result.recorded == 20


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["haku", "maksu"])), max_size=12
    ),
    after=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["haku", "maksu", "", "040 1234567"])),
        max_size=20,
    ),
    by_id=st.booleans(),
)
def test_a_dry_run_counts_what_a_real_one_then_does(
    before: list[tuple[str, str]],
    after: list[tuple[str, str]],
    by_id: bool,  # noqa: FBT001
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    def rows(told: list[tuple[str, str]]) -> Table:
        return [("c1", name, "2026-06-01T09:00Z", identity) for identity, name in told]

    folder = tmp_path_factory.mktemp("law")
    columns = BY_ID if by_id else COLUMNS
    with EventLog.open(folder / "log.db") as log:
        house = House(folder, log)
        house.read(house.source(rows(before), columns))
        source = house.source(rows(after), columns)
        head = log.head()

        dry = house.look(source).result

        assert log.head() == head
        real = run_ingest(
            source,
            log,
            services=SERVICES,
            pseudonyms=PSEUDONYMS,
            clock=lambda: RECEIVED_AT,
            record_definitions=False,
        )
        assert (dry.read, dry.recorded, dry.duplicates, dry.conflicts, dry.rejected) == (
            real.read,
            real.recorded,
            real.duplicates,
            real.conflicts,
            real.rejected,
        )


def test_without_a_log_all_is_new(house: House, tmp_path: Path) -> None:
    steps: list[int] = []
    with EventLog.open(tmp_path / "other.db") as scratch:
        found = dry_run(
            house.source(table(5)),
            None,
            scratch=scratch,
            services=SERVICES,
            pseudonyms=PSEUDONYMS,
            clock=lambda: RECEIVED_AT,
            progress=lambda step: steps.append(step.read),
        )

    assert found.result.recorded == 5
    assert found.result.position == 0
    assert steps == [5]
