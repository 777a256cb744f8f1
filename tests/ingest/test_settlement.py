"""A rejection stops waiting by itself once its record is read again and can be decoded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.batch_decoder import BatchDecoder, together
from ingest.own_log import RowSource
from ingest.pipeline import IngestResult
from ingest.settlement import waiting_in
from ingest.sources import RawBatch, RawRecord
from ingest.tables import open_table
from ingest.times import TimeReader
from journeys.event_log import EventLog
from journeys.resolutions import resolution_of
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES, structured
from tests.ingest.test_pipeline import Batches, ingest

GRANT = structured(id="grant", subject="city-grant-application")
BOOKINGS = {"varaamo-booking": SERVICES["varaamo-booking"]}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened


def lines(*values: bytes, origin: str = "file:a.jsonl") -> Batches:
    return Batches(RawBatch(origin, [RawRecord(n, value) for n, value in enumerate(values, 1)]))


def how_settled(log: EventLog) -> list[tuple[int, str, str | None]]:
    """Place and reason of each rejection, and how it was settled."""
    found = []
    for item in log.rejections():
        resolution = resolution_of(log, item)
        how = None if resolution is None else resolution.how
        found.append((item.rejection.place, item.rejection.reason, how))
    return found


def test_same_bytes_at_the_same_place_settle_once_they_can_be_decoded(log: EventLog) -> None:
    source = lines(structured(id="a"), GRANT, b"not json")
    first = ingest(source, log, services=BOOKINGS)

    again = ingest(source, log, services=BOOKINGS)
    learnt = ingest(source, log, services=SERVICES)
    once_more = ingest(source, log, services=SERVICES)

    assert (first.newly_rejected, first.settled) == (2, 0)
    assert (again.newly_rejected, again.settled) == (0, 0)
    assert (learnt.recorded, learnt.duplicates, learnt.settled) == (1, 1, 1)
    assert (once_more.duplicates, once_more.settled) == (2, 0)
    assert how_settled(log) == [(2, "unknown_service", "retried"), (3, "payload_not_json", None)]


def test_duplicate_of_a_known_touchpoint_settles_as_well(log: EventLog) -> None:
    ingest(lines(GRANT), log, services=BOOKINGS)
    ingest(lines(GRANT, origin="file:b.jsonl"), log, services=SERVICES)

    result = ingest(lines(GRANT), log, services=SERVICES)

    assert (result.recorded, result.duplicates, result.settled) == (0, 1, 1)


def test_line_of_json_with_other_bytes_settles_nothing(log: EventLog) -> None:
    ingest(lines(b"not json"), log)

    ingest(lines(structured(id="mended")), log)

    assert how_settled(log) == [(1, "payload_not_json", None)]


def test_same_bytes_elsewhere_settle_nothing(log: EventLog) -> None:
    ingest(lines(GRANT), log, services=BOOKINGS)

    ingest(lines(GRANT, origin="file:b.jsonl"), log)
    ingest(lines(structured(id="a"), GRANT), log)

    assert how_settled(log) == [(1, "unknown_service", None)]


def test_what_contradicts_the_log_settles_nothing(log: EventLog) -> None:
    ingest(lines(GRANT), log, services=BOOKINGS)
    other = structured(id="grant", subject="city-grant-application", data={"touchpoint": "other"})
    ingest(lines(other, origin="file:b.jsonl"), log)

    result = ingest(lines(GRANT), log)

    assert (result.conflicts, result.settled) == (1, 0)
    assert how_settled(log) == [(1, "unknown_service", None)]


def rows(path: Path, *cells: str, **columns: str) -> RowSource:
    path.write_text("\n".join(("asia,vaihe,aika,nro", *cells)) + "\n")
    roles = {"case": "asia", "touchpoint": "vaihe", "time": "aika", **columns}
    table = open_table(path)
    return RowSource(table, service="varaamo-booking", columns=roles, times=TimeReader())


def read(log: EventLog, path: Path, *cells: str, **columns: str) -> IngestResult:
    return ingest(rows(path, *cells, **columns), log)


GOOD = "A-1,pay,2026-03-02T10:00:00Z,1"
BAD = "A-2,pay,2026-02-30T10:00:00Z,2"
MENDED = "A-2,pay,2026-02-28T10:00:00Z,2"


def test_row_told_by_its_number_is_mended_by_what_stands_there_now(
    log: EventLog, tmp_path: Path
) -> None:
    path = tmp_path / "own.csv"
    read(log, path, GOOD, BAD)

    result = read(log, path, GOOD, MENDED)

    assert (result.recorded, result.duplicates, result.settled) == (1, 1, 1)
    assert how_settled(log) == [(3, "bad_time", "mended")]
    assert log.rejections(unresolved=True) == []


def test_row_that_was_put_back_settles_its_conflict(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    read(log, path, GOOD)
    read(log, path, GOOD.replace("pay", "other"))

    result = read(log, path, GOOD)

    assert (result.duplicates, result.settled) == (1, 1)
    assert how_settled(log) == [(2, "conflict", "mended")]


def test_row_told_by_an_id_is_not_mended_by_another_in_its_place(
    log: EventLog, tmp_path: Path
) -> None:
    path = tmp_path / "own.csv"
    read(log, path, GOOD, BAD, id="nro")

    read(log, path, GOOD, MENDED, id="nro")
    again = read(log, path, GOOD, BAD, id="nro")

    assert again.settled == 0
    assert how_settled(log) == [(3, "bad_time", None)]


def test_of_several_parts_of_a_transaction_each_settles_its_own(log: EventLog) -> None:
    for origin in ("kafka:t/0", "kafka:t/1"):
        ingest(lines(structured(id="a"), GRANT, origin=origin), log, services=BOOKINGS)
    decoder = BatchDecoder(SERVICES, PSEUDONYMS, waiting=waiting_in(log))
    parts = [
        decoder.decode(
            RawBatch(origin, [RawRecord(1, structured(id="a")), RawRecord(2, GRANT)]),
            now=RECEIVED_AT,
        )
        for origin in ("kafka:t/0", "kafka:t/1")
    ]

    whole = together(parts)

    assert [index for index, _ in whole.settling] == [1, 3]
    streams = [item.rejection.originator_id for item in log.rejections()]
    assert [resolved.originator_id for _, resolved in whole.settling] == streams
