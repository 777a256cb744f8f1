"""Records in quarantine, tried again: stored once, whoever tries, and in whichever order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.files import JsonLinesSource
from ingest.own_log import RowSource
from ingest.retry import Reader, Retried, lines_reader, ranges, retry, rows_reader
from ingest.tables import open_table
from ingest.times import TimeReader
from journeys.errors import SourceError
from journeys.event_log import EventLog
from journeys.quarantine import Quarantined
from journeys.records import TouchpointRejected
from journeys.resolutions import dismiss, resolution_of
from journeys.service import Service
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES, structured
from tests.ingest.test_pipeline import ingest

BOOKINGS = {"varaamo-booking": SERVICES["varaamo-booking"]}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.jsonl"


def grant(number: int, **changes: object) -> bytes:
    """A message of a service that is not known at first."""
    return structured(id=f"g-{number}", subject="city-grant-application", **changes)


def read(log: EventLog, file: Path, *lines: bytes) -> None:
    """Read a file while the grants are not known yet."""
    file.write_bytes(b"\n".join(lines) + b"\n")
    ingest(JsonLinesSource([file]), log, services=BOOKINGS)


def tried(
    log: EventLog,
    file: Path,
    items: Sequence[Quarantined] | None = None,
    *,
    services: Mapping[str, Sequence[Service]] = SERVICES,
    reader: Reader | None = None,
    store: bool = True,
    report: Callable[[float, str], None] = lambda _share, _words: None,
) -> list[Retried]:
    def reader_of(_rejection: TouchpointRejected) -> Reader:
        return reader or lines_reader(file)

    return retry(
        log.rejections() if items is None else items,
        log,
        reader_of=reader_of,
        services=services,
        pseudonyms=PSEUDONYMS,
        clock=lambda: RECEIVED_AT,
        store=store,
        report=report,
    )


def outcomes(retried: list[Retried]) -> list[tuple[int, str]]:
    return [(one.item.rejection.place, one.outcome) for one in retried]


def stored(log: EventLog) -> list[str]:
    return sorted(log.read_touchpoints()["id"].to_list())


def test_what_can_be_read_now_is_stored_and_its_rejection_settled(
    log: EventLog, file: Path
) -> None:
    read(log, file, structured(id="a"), grant(1), b"not json", grant(2))

    first = tried(log, file)
    head = log.head()
    second = tried(log, file)

    assert outcomes(first) == [(2, "stored"), (3, "refused"), (4, "stored")]
    assert [one.detail for one in first] == ["", "payload_not_json: the value is not JSON", ""]
    assert stored(log) == ["a", "g-1", "g-2"]
    (left,) = log.rejections(unresolved=True)
    assert left.rejection.place == 3
    resolution = resolution_of(log, log.rejections()[0])
    assert resolution is not None
    assert (resolution.how, resolution.recorded_at) == ("retried", RECEIVED_AT)
    assert outcomes(second) == outcomes(first)
    assert log.head() == head


def test_definitions_in_use_are_recorded_with_what_they_made_readable(
    log: EventLog, file: Path
) -> None:
    read(log, file, grant(1))

    tried(log, file)

    assert sorted(log.definitions()) == sorted(SERVICES)


def test_looking_stores_nothing(log: EventLog, file: Path) -> None:
    read(log, file, structured(id="a"), grant(1), b"not json", grant(2))
    head = log.head()
    said: list[tuple[float, str]] = []

    looked = tried(log, file, store=False, report=lambda share, words: said.append((share, words)))

    assert said == [(1.0, "3 records")]
    assert outcomes(looked) == [(2, "storable"), (3, "refused"), (4, "storable")]
    assert log.head() == head


def test_refused_again_says_the_reason_of_now(log: EventLog, file: Path) -> None:
    read(log, file, grant(1, time="2100-01-01T00:00:00Z"))

    (one,) = tried(log, file)

    assert one.item.rejection.reason == "unknown_service"
    assert (one.outcome, one.detail.split(":")[0]) == ("refused", "time_out_of_range")


def test_another_record_at_the_place_is_not_taken_for_it(log: EventLog, file: Path) -> None:
    read(log, file, grant(1), grant(2), b"x")
    file.write_bytes(grant(7) + b"\nother\n\n")

    retried = tried(log, file)

    assert outcomes(retried) == [(1, "changed"), (2, "changed"), (3, "gone")]
    assert stored(log) == []
    assert len(log.rejections(unresolved=True)) == 3


def test_what_contradicts_the_log_waits_on(log: EventLog, file: Path) -> None:
    read(log, file, grant(1))
    other = file.with_name("b.jsonl")
    other.write_bytes(grant(1, data={"touchpoint": "other"}) + b"\n")
    ingest(JsonLinesSource([other]), log)

    for store in (False, True):
        (one,) = tried(log, file, store=store)

        assert (one.outcome, one.detail) == ("conflict", "the log has it with another name")
    assert len(log.rejections(unresolved=True)) == 1


def test_source_that_cannot_be_read_is_said_and_the_others_are_tried(
    log: EventLog, file: Path
) -> None:
    other = file.with_name("b.jsonl")
    read(log, file, grant(1))
    read(log, other, grant(2))
    other.unlink()

    def reader_of(rejection: TouchpointRejected) -> Reader:
        if rejection.origin == "file:b.jsonl":
            raise SourceError("file b.jsonl: there is none")
        return lines_reader(file)

    first, second = retry(
        log.rejections(),
        log,
        reader_of=reader_of,
        services=SERVICES,
        pseudonyms=PSEUDONYMS,
        clock=lambda: RECEIVED_AT,
    )

    assert (first.outcome, second.outcome) == ("stored", "unread")
    assert second.detail == "file b.jsonl: there is none"


def test_source_that_breaks_off_leaves_what_was_read_before(log: EventLog, file: Path) -> None:
    read(log, file, grant(1), grant(2))

    def breaks(places: Sequence[int]) -> Iterator:  # type: ignore[type-arg]
        yield from lines_reader(file)(places[:1])
        raise SourceError("it broke")

    def only_first(places: Sequence[int]) -> Iterator:  # type: ignore[type-arg]
        for batch in breaks(places):
            yield batch._replace(records=batch.records[:1])

    retried = tried(log, file, reader=only_first)

    assert outcomes(retried) == [(1, "stored"), (2, "unread")]


def test_dismissed_record_can_be_stored_after_all(log: EventLog, file: Path) -> None:
    read(log, file, grant(1))
    dismiss(log, log.rejections(), why="lost", recorded_at=RECEIVED_AT)

    retried = tried(log, file)

    assert outcomes(retried) == [(1, "stored")]
    assert stored(log) == ["g-1"]
    resolution = resolution_of(log, log.rejections()[0])
    assert resolution is not None
    assert resolution.how == "dismissed"


def test_row_is_tried_by_its_line_and_a_mended_one_is_left_to_ingest(
    log: EventLog, tmp_path: Path
) -> None:
    path = tmp_path / "own.csv"

    def source(*cells: str) -> RowSource:
        path.write_text("\n".join(("asia,vaihe,aika", *cells)) + "\n")
        roles = {"case": "asia", "touchpoint": "vaihe", "time": "aika"}
        return RowSource(
            open_table(path), service="varaamo-booking", columns=roles, times=TimeReader()
        )

    late = "A-1,pay,2026-11-20T10:00:00Z"  # more than a day after it is received
    ingest(source(late, "A-2,pay,never"), log)

    def again(reader: Reader, **changes: object) -> list[Retried]:
        given = {"clock": lambda: RECEIVED_AT.replace(day=25), **changes}
        return retry(
            log.rejections(),
            log,
            reader_of=lambda _: reader,
            services=SERVICES,
            pseudonyms=PSEUDONYMS,
            **given,  # type: ignore[arg-type]
        )

    mended = again(rows_reader(source(late, "A-2,pay,2026-03-02T10:00:00Z")))
    bad = again(rows_reader(source(late, "A-2,pay,never")))

    assert outcomes(mended) == [(2, "stored"), (3, "changed")]
    assert outcomes(bad) == [(2, "stored"), (3, "refused")]
    assert stored(log) == ["000000000001"]


def test_file_is_read_no_further_than_the_last_place(log: EventLog, file: Path) -> None:
    lines = [grant(1), *(structured(id=f"t-{number}") for number in range(20_000))]
    read(log, file, *lines)

    places = [batch.records[0].place for batch in lines_reader(file)([1])]

    assert places == [1]


def test_places_far_apart_are_read_in_several_goes() -> None:
    assert list(ranges([5])) == [(5, 5)]
    assert list(ranges([1, 10_001, 20_002])) == [(1, 10_001), (20_002, 20_002)]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cut=st.integers(0, 6))
def test_any_order_and_any_number_of_tries_store_the_same(
    tmp_path: Path, order: list[int], cut: int
) -> None:
    folder = Path(mkdtemp(dir=tmp_path))
    file = folder / "a.jsonl"
    with EventLog.open(folder / "log.db") as log:
        read(log, file, *(grant(number) for number in range(5)), b"not json")
        waiting = log.rejections()
        shuffled = [waiting[index] for index in order]

        for part in (shuffled[:cut], shuffled, shuffled[cut:]):
            assert [one.item for one in tried(log, file, part)] == part

        assert stored(log) == [f"g-{number}" for number in range(5)]
        assert [i.rejection.place for i in log.rejections(unresolved=True)] == [6]
        assert log.head() == len(waiting) + len(BOOKINGS["varaamo-booking"]) + 1 + 5 + 5


def test_two_at_once_store_it_once(log: EventLog, file: Path, tmp_path: Path) -> None:
    read(log, file, *(grant(number) for number in range(30)))
    retried: list[list[Retried]] = []

    def again() -> None:
        with EventLog.open(tmp_path / "log.db") as own:
            retried.append(tried(own, file))

    threads = [Thread(target=again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [{one.outcome for one in found} for found in retried] == [{"stored"}] * 4
    assert stored(log) == sorted(f"g-{number}" for number in range(30))
    assert log.rejections(unresolved=True) == []
