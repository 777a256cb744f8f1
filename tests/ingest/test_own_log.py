"""Rows of somebody's own file, by a column map."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch_decoder import BatchDecoder, DecodedBatch
from ingest.own_log import ROWS_OF_A_BATCH, RowSource, conventional_columns
from ingest.sources import RawBatch, RowRecord
from ingest.tables import open_table
from ingest.times import TimeReader
from journeys.errors import SourceError
from journeys.touchpoint import Touchpoint
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, service

COLUMNS = {"case": "Asia", "touchpoint": "Vaihe", "time": "Aika"}
HEADER = "Asia,Vaihe,Aika,Kanava,Tila,Hakija,Nro,Kieli"
SERVICES = {"own": (service("own", attributes=("library",)),)}

Written = Callable[..., RowSource]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(
        *rows: str, name: str = "asiat.csv", source: str | None = None, **columns: str
    ) -> RowSource:
        path = tmp_path / name
        path.write_text("\n".join((HEADER, *rows)) + "\n")
        return RowSource(
            open_table(path),
            service="own",
            columns={**COLUMNS, **columns},
            times=TimeReader(),
            source=source,
        )

    return write


def decoded(source: RowSource) -> list[DecodedBatch]:
    decoder = BatchDecoder(SERVICES, PSEUDONYMS)
    return [decoder.decode(batch, now=RECEIVED_AT) for batch in source.batches()]


def touchpoints(source: RowSource) -> list[Touchpoint]:
    return [touchpoint for batch in decoded(source) for touchpoint in batch.touchpoints]


def refusals(source: RowSource) -> list[tuple[int, str, str]]:
    return [
        (rejection.place, rejection.reason, rejection.detail)
        for batch in decoded(source)
        for rejection in batch.rejections
    ]


def test_a_row_says_what_its_mapped_columns_say_and_nothing_else(written: Written) -> None:
    row = "A-1,Haku,2026-06-01T09:00+03:00,Puhelin,error,010101-123N,T7,sv"

    (told,) = touchpoints(written(row, channel="Kanava", status="Tila", lang="Kieli"))

    assert told == Touchpoint(
        source="file:own/asiat.csv",
        id="000000000001",
        service="own",
        occurred_at=told.occurred_at,
        name="Haku",
        channel="Puhelin",
        status="error",
        case=PSEUDONYMS.of("A-1", "own"),
        attributes={"lang": "sv"},
    )


def test_a_person_alone_will_do(written: Written) -> None:
    source = written("A-1,Haku,2026-06-01T09:00Z,,,Matti,,", person="Hakija")
    del source.columns["case"]

    (told,) = touchpoints(
        RowSource(source.table, service="own", columns=source.columns, times=TimeReader())
    )

    assert (told.case, told.person) == (None, PSEUDONYMS.of("Matti", "own"))


def test_rows_are_numbered_whatever_the_number_looks_like(written: Written) -> None:
    """A reference that a number shows would have it hashed, and the order of the file be lost."""
    source = written(
        "0001,Haku,2026-06-01T09:00Z,,,,,", "000000000002,Maksu,2026-06-01T09:00Z,,,,,"
    )

    assert [told.id for told in touchpoints(source)] == ["000000000001", "000000000002"]
    assert refusals(source) == []


def test_the_source_is_the_reader_s_word_and_no_row_is_refused_for_it(written: Written) -> None:
    source = written("2020-1234,Haku,2026-06-01T09:00Z,,,,,", name="asia 2020-1234.csv")

    assert [told.source for told in touchpoints(source)] == ["file:own/asia 2020-1234.csv"]


def test_ids_of_the_producer_are_guarded_as_in_a_message(written: Written) -> None:
    source = written(
        "A-1,Haku,2026-06-01T09:00Z,,,,T7,",
        "KOPO-22,Maksu,2026-06-01T09:00Z,,,,KOPO-22/1,",
        "A-1,Päätös,2026-06-01T09:00Z,,,,matti@example.org,",
        id="Nro",
    )

    plain, hashed = touchpoints(source)

    assert not source.is_numbered
    assert plain.id == "T7"
    assert len(hashed.id) == 32
    assert refusals(source) == [(4, "personal_data", "id holds an email address")]


def test_what_cannot_be_stored_is_refused_with_its_line(written: Written) -> None:
    source = written(
        ",Haku,2026-06-01T09:00Z,,,,,",
        "A-1,Haku,,,,,,",
        "A-1,Haku,2026-06-01 09:00,,,,,",
        "A-1,Haku,pian,,,,,",
        "A-1,,2026-06-01T09:00Z,,,,,",
        "A-1,soita 040 123 4567,2026-06-01T09:00Z,,,,,",
        "A-1,Haku,1970-01-01T00:00Z,,,,,",
        "A-1,Haku,2026-06-01T09:00Z,,ehkä,,,",
        "A-1,Haku,2026-06-01T09:00Z,,OK,,,",
        "A-1,Haku",
        status="Tila",
    )

    assert len(touchpoints(source)) == 1
    assert [(place, reason) for place, reason, _ in refusals(source)] == [
        (2, "missing_reference"),
        (3, "missing_time"),
        (4, "naive_time"),
        (5, "bad_time"),
        (6, "bad_row"),
        (7, "personal_data"),
        (8, "time_out_of_range"),
        (9, "bad_row"),
        (11, "bad_row"),
    ]
    assert all(
        (rejection.origin, rejection.service) == ("file:own/asiat.csv", "own")
        for batch in decoded(source)
        for rejection in batch.rejections
    )


def test_a_refused_row_is_found_again_by_the_digest_of_its_line(written: Written) -> None:
    row = 'A-1,"Haku\nkaksi riviä",pian,,,,,'

    (batch,) = decoded(written("A-0,Haku,2026-06-01T09:00Z,,,,,", row))

    (rejection,) = batch.rejections
    assert rejection.place == 3
    assert rejection.digest == PSEUDONYMS.digest(sha256(row.encode()).digest())


def test_a_name_broken_over_lines_is_one_name(written: Written) -> None:
    source = written(
        'A-1,"Hakemus\n  saapui",2026-06-01T09:00Z,"Verkko\xa0palvelu",,,,', channel="Kanava"
    )

    (told,) = touchpoints(source)

    assert (told.name, told.channel) == ("Hakemus saapui", "Verkko palvelu")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (
            {"case": "Foo"},
            "there is no column 'Foo' (for case). Hint: --column case=NAME with one of these",
        ),
        (
            {"case": "Asja"},
            "Hint: did you mean 'Asia'? --column case=NAME with one of these: 'Asia', ",
        ),
        ({"lang": "Kielet"}, "no column 'Kielet' (for lang). Hint: did you mean 'Kieli'?"),
    ],
)
def test_a_wrong_column_is_answered_with_those_there_are(
    columns: dict[str, str], why: str, written: Written
) -> None:
    with pytest.raises(SourceError) as refused:
        written(**columns)

    assert why in str(refused.value)
    assert "'Tila', 'Hakija', 'Nro', 'Kieli'" in str(refused.value)


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        ("touchpoint", "what happened"),
        ("time", "when it happened"),
        ("case", "whose journey it is"),
    ],
)
def test_a_role_that_nothing_works_without_is_asked_for(
    missing: str, what: str, written: Written
) -> None:
    source = written()
    del source.columns[missing]

    with pytest.raises(SourceError, match=f"no column is named that says {what}"):
        RowSource(source.table, service="own", columns=source.columns, times=TimeReader())


def test_of_many_columns_forty_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{number}" for number in range(100)) + "\n")

    with pytest.raises(SourceError, match="'c39' and 60 more"):
        RowSource(open_table(path), service="own", columns={}, times=TimeReader())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("matti.meikalainen@example.org.csv", "it holds an email address"),
        ("a\tb.csv", "it has a character that cannot be printed"),
    ],
)
def test_a_file_name_that_may_not_be_stored_asks_for_another(
    name: str, why: str, written: Written
) -> None:
    with pytest.raises(SourceError, match=why):
        written(name=name)

    assert written(name=name, source="vienti").name == "vienti"


def test_a_source_has_a_length(written: Written) -> None:
    with pytest.raises(SourceError, match=r"longer than 200 characters. Hint: another --source"):
        written(source="x" * 201)


def test_a_file_of_which_no_time_can_be_read_is_refused_at_the_door(written: Written) -> None:
    written("A-1,Haku,,,,,,", "A-1,Haku,pian,,,,,", "A-1,Haku,2026-06-01T09:00Z,,,,,").check_times()
    written("A-1,Haku,,,,,,").check_times()
    written().check_times()

    with pytest.raises(SourceError, match="--zone Europe/Helsinki"):
        written("A-1,Haku,2026-06-01 09:00,,,,,", "A-1,Haku").check_times()
    with pytest.raises(SourceError, match="--time-format"):
        written("A-1,Haku,2026-06-01 09:00,,,,,", "A-1,Haku,06/31/2026,,,,,").check_times()


def test_a_long_file_comes_in_batches(written: Written) -> None:
    rows = [f"A-{number},Haku,2026-06-01T09:00Z,,,,," for number in range(2 * ROWS_OF_A_BATCH + 1)]

    batches = [*written(*rows).batches()]

    assert [len(batch.records) for batch in batches] == [ROWS_OF_A_BATCH, ROWS_OF_A_BATCH, 1]
    assert [batch.done for batch in batches] == sorted(batch.done or 0 for batch in batches)
    assert batches[-1].done == 1.0


def test_long_rows_make_small_batches(written: Written) -> None:
    cell = "x" * 110_000
    rows = [f"A-{number},Haku,2026-06-01T09:00Z" + 5 * f",{cell}" for number in range(9)]

    assert [len(batch.records) for batch in written(*rows).batches()] == [4, 4, 1]


def test_a_record_shows_where_it_is_and_not_what_it_says(written: Written) -> None:
    (batch,) = written("SALAISUUS,Haku,2026-06-01T09:00Z,,,,,").batches()

    (record,) = batch.records

    assert isinstance(record, RowRecord)
    assert repr(record) == "RowRecord(place=2)"


@settings(max_examples=30)
@given(
    cut=st.integers(0, 40), lines=st.lists(st.sampled_from(["good", "bad", "short"]), max_size=40)
)
def test_a_file_that_grows_keeps_its_rows(
    cut: int, lines: Sequence[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = {"good": "A-1,Haku,2026-06-01T09:00Z", "bad": "A-1,Haku,pian", "short": "A-1"}
    path = tmp_path_factory.mktemp("grown") / "a.csv"

    def read(lines: Sequence[str]) -> list[RawBatch]:
        path.write_text("\n".join(["Asia,Vaihe,Aika", *(rows[line] for line in lines)]) + "\n")
        table = open_table(path)
        source = RowSource(table, service="own", columns=COLUMNS, times=TimeReader())
        return [*source.batches()]

    (before,), (after,) = read(lines[:cut]), read(lines)

    assert before.records == after.records[: len(before.records)]
    assert before.unread == after.unread[: len(before.unread)]
    assert len(after.records) + len(after.unread) == len(lines)


def test_day_and_hour_may_be_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "ärenden.csv"
    path.write_text(
        "Datum;Ärende;Händelse;Tid\n2026-06-01;D-1;Ansökan;13:05\n1.6.2026;D-2;Beslut;9.15\n"
    )
    table = open_table(path)
    columns = conventional_columns(table.columns)
    times = TimeReader(zone="Europe/Stockholm")

    source = RowSource(table, service="own", columns=columns, times=times)
    source.check_times()

    assert columns == {"case": "Ärende", "touchpoint": "Händelse", "time": "Datum + Tid"}
    assert [f"{told.occurred_at:%d.%m. %H.%M} {told.name}" for told in touchpoints(source)] == [
        "01.06. 11.05 Ansökan",
        "01.06. 07.15 Beslut",
    ]
    with pytest.raises(SourceError, match=r"no column 'Datum \+ Klockan'"):
        RowSource(table, service="own", columns={**columns, "time": "Datum + Klockan"}, times=times)


def test_usual_names_of_columns_are_known_in_any_case() -> None:
    assert conventional_columns(["CASE:Concept:Name", " concept:name ", "time:timestamp"]) == {
        "case": "CASE:Concept:Name",
        "touchpoint": " concept:name ",
        "time": "time:timestamp",
    }
    assert conventional_columns(["foo"]) == {}
    assert conventional_columns(["ga_session_id", "Event-Name", "EVENT_TIMESTAMP"]) == {
        "case": "ga_session_id",
        "touchpoint": "Event-Name",
        "time": "EVENT_TIMESTAMP",
    }
