"""From a source into the log: neighbours stored, the bad ones in quarantine, nothing personal."""

import gzip
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.files import JsonLinesSource
from ingest.pipeline import IngestResult, run_ingest
from ingest.rejections import REASONS
from ingest.sources import RawBatch, RawRecord, UnreadRecord
from journeys.event_log import EventLog
from tests.ingest.messages import (
    MISSING,
    PSEUDONYMS,
    RECEIVED_AT,
    SERVICES,
    binary,
    event,
    structured,
)
from tests.ingest.personal import ONE_OF_EACH

RAW_CASE, RAW_PERSON = "TILAUS-20931-SALAINEN", "asiakas-99887766"


class Batches:
    """A source of the batches it is given."""

    def __init__(self, *batches: RawBatch) -> None:
        self._batches = batches

    def batches(self) -> Iterator[RawBatch]:
        return iter(self._batches)


class Ticking:
    """A clock that is a minute later each time it is asked."""

    def __init__(self) -> None:
        self.now = RECEIVED_AT

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    (tmp_path / "data").mkdir()
    with EventLog.open(tmp_path / "data" / "log.db") as log:
        yield log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "touchpoints.jsonl"


def good(number: int, **changes: Any) -> bytes:  # noqa: ANN401
    data = {"case": f"{RAW_CASE}-{number % 3}", "person": RAW_PERSON, **changes.pop("data", {})}
    return structured(id=f"evt-{number}", data=data, **changes)


def ingest(source: Any, log: Any, **settings: Any) -> IngestResult:  # noqa: ANN401
    return run_ingest(
        source,
        log,
        services=settings.pop("services", SERVICES),
        pseudonyms=PSEUDONYMS,
        clock=settings.pop("clock", lambda: RECEIVED_AT),
        **settings,
    )


def ingest_lines(lines: Sequence[bytes], file: Path, log: EventLog) -> IngestResult:
    file.write_bytes(b"\n".join(lines) + b"\n")
    return ingest(JsonLinesSource([file]), log)


BAD_LINES = {
    "payload_not_json": [b"{oops", good(1).replace(b"mobile", b"\xff\xfe"), b"\x00" * 50],
    "not_cloudevent": [b'{"touchpoint": "pay"}', good(1, type="other")],
    "unsupported_specversion": [good(1, specversion="2.0")],
    "missing_time": [good(1, time=MISSING)],
    "bad_time": [good(1, time="yesterday")],
    "naive_time": [good(1, time="2026-11-17T09:14:05")],
    "time_out_of_range": [good(1, time="1970-01-01T00:00:00Z"), good(1, time="2100-01-01T00:00Z")],
    "unknown_service": [good(1, subject="nobody-knows")],
    "missing_reference": [good(1, data={"case": None, "person": None})],
    "personal_data": [
        good(1, data={field: {field: text} if field == "attributes" else text})
        for text in ONE_OF_EACH.values()
        for field in ("attributes", "touchpoint", "channel", "note")
    ]
    + [good(1, source=f"urn:{text}") for text in ONE_OF_EACH.values()],
    "too_large": [b'{"note": "' + b"x" * 2_000_000 + b'"}'],
    "too_deep": [b"[" * 100_000, b'{"a":' * 50],
    "bad_row": [good(1, data={"touchpoint": "pay\x00"}), good(1, data={"status": "failed"})],
    "conflict": [good(2, time="2026-11-16T09:14:05Z")],
}
BAD_LINES["time_out_of_range"][1] = good(1, time="2100-01-01T00:00:00Z")


def test_bad_lines_are_quarantined_and_their_neighbours_stored(file: Path, log: EventLog) -> None:
    bad = [(reason, line) for reason, lines in BAD_LINES.items() for line in lines]
    lines = [good(2)]
    for number, (_, line) in enumerate(bad):
        lines += [line, good(1000 + number)]

    result = ingest_lines(lines, file, log)

    counts = Counter(reason for reason, _ in bad)
    assert result.recorded == 1 + len(bad)
    assert result.conflicts == counts.pop("conflict")
    assert result.rejected == counts
    assert result.read == len(lines)
    found = {(entry.rejection.place, entry.rejection.reason) for entry in log.rejections()}
    assert found == {(2 + 2 * number, reason) for number, (reason, _) in enumerate(bad)}
    assert {entry.rejection.origin for entry in log.rejections()} == {"file:touchpoints.jsonl"}
    # A tombstone is a stream's; a file has none.
    assert {reason for _, reason in found} | {"tombstone"} == set(REASONS)


def test_nothing_personal_and_no_reference_is_in_the_data_folder_or_said(
    file: Path, log: EventLog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lines = [line for lines in BAD_LINES.values() for line in lines if len(line) < 100_000]
    lines += [good(number) for number in range(10)]
    lines += [
        good(20, data={"attributes": {"reason": f"see {RAW_CASE}-2", "note": RAW_PERSON}}),
        good(21, partitionkey=RAW_PERSON, data={"attributes": {"note": RAW_CASE}}),
        structured(id=f"{RAW_CASE}-0:pay", data={"case": f"{RAW_CASE}-0"}),
        structured(id="ABC-123"),
        structured(subject=RAW_PERSON, data={"person": RAW_PERSON}),
        *(
            structured(id=f"evt-{place}", data={"case": text, "person": text})
            for place, text in enumerate(ONE_OF_EACH.values(), 100)
        ),
        good(30, data={"attributes": {RAW_CASE: 1, "matti@example.org": 2}}),
    ]

    result = ingest_lines(lines, file, log)

    stored = b"".join(path.read_bytes() for path in sorted((tmp_path / "data").iterdir()))
    said = f"{result!r} {log.rejections()!r} {caplog.text}".encode()
    assert result.recorded == 18
    assert (tmp_path / "data" / "log.db-wal").stat().st_size > 0
    for raw in (RAW_CASE, RAW_PERSON, "matti@example.org", *ONE_OF_EACH.values()):
        assert raw.encode() not in stored
        assert raw.encode() not in said
        assert json.dumps(raw).encode()[1:-1] not in stored


def test_reading_a_file_again_changes_nothing(file: Path, log: EventLog) -> None:
    lines = [good(2), *(line for lines in BAD_LINES.values() for line in lines)]
    first = ingest_lines(lines, file, log)

    again = ingest_lines(lines, file, log)

    assert again.position == first.position
    assert (again.recorded, again.duplicates, again.newly_rejected) == (0, 1, 0)
    assert again.rejected == first.rejected
    assert not again.nothing_usable


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_torn_packed_file_is_stored_up_to_the_tear_and_the_tear_said(
    file: Path, log: EventLog, share: float
) -> None:
    packed = gzip.compress(b"\n".join(good(number) for number in range(500)))
    file.write_bytes(packed[: int(len(packed) * share)])

    result = ingest(JsonLinesSource([file]), log)

    (torn,) = log.rejections()
    assert result.rejected == {"bad_row": 1}
    assert torn.rejection.place == result.recorded + 1
    assert torn.rejection.detail == "the gzip data is cut off here"


def test_torn_file_sent_again_whole_adds_the_rest(file: Path, log: EventLog) -> None:
    packed = gzip.compress(b"\n".join(good(number) for number in range(500)))
    file.write_bytes(packed[: len(packed) // 2])
    torn = ingest(JsonLinesSource([file]), log)
    file.write_bytes(packed)

    whole = ingest(JsonLinesSource([file]), log)

    assert whole.duplicates == torn.recorded
    assert torn.recorded + whole.recorded == 500


def test_touchpoints_are_recorded_as_they_were_sent(file: Path, log: EventLog) -> None:
    ingest_lines([good(1, data={"attributes": {"unit": 7, "lang": "sv"}})], file, log)

    (row,) = log.read_touchpoints().to_dicts()

    assert row["case"] == PSEUDONYMS.of(f"{RAW_CASE}-1", "varaamo-booking")
    assert row["person"] == PSEUDONYMS.of(RAW_PERSON, "varaamo-booking")
    assert json.loads(row["attributes"]) == {"lang": "sv", "unit": "7"}
    assert (row["source"], row["id"], row["name"]) == ("urn:hel:varaamo", "evt-1", "pay")


def test_dropped_attributes_are_counted_by_name(file: Path, log: EventLog) -> None:
    attributes = {"browser": "x", "school": "y"}
    lines = [good(1, data={"attributes": attributes}), good(2, data={"attributes": {"browser": 1}})]

    result = ingest_lines(lines, file, log)

    assert result.dropped_attributes == {"browser": 2, "school": 1}


def test_conflict_is_told_by_the_coordinates_of_the_second(file: Path, log: EventLog) -> None:
    ingest_lines([good(1), good(2), good(1, data={"channel": "phone"})], file, log)

    (conflict,) = (entry.rejection for entry in log.rejections())

    assert (conflict.origin, conflict.place, conflict.reason) == (
        "file:touchpoints.jsonl",
        3,
        "conflict",
    )
    assert len(conflict.digest) == 64


def test_digest_is_keyed_and_of_all_that_arrived(log: EventLog) -> None:
    headers, value = binary(event(time="yesterday"))
    other_headers, _ = binary(event(time="tomorrow"))
    batch = RawBatch(
        "kafka:touchpoints/0",
        [
            RawRecord(0, value, headers),
            RawRecord(1, value, other_headers),
            RawRecord(2, value, headers),
            RawRecord(3, None),
        ],
    )

    ingest(Batches(batch), log)

    one, other, same, tombstone = (entry.rejection for entry in log.rejections())
    assert one.digest == same.digest != other.digest
    assert tombstone.reason == "tombstone"


def test_unread_records_go_to_quarantine_between_the_others(log: EventLog) -> None:
    batch = RawBatch(
        "file:x", [RawRecord(1, b"{"), RawRecord(3, b"[")], [UnreadRecord(2, "bad_row", "why", b"")]
    )

    result = ingest(Batches(batch), log)

    assert [entry.rejection.place for entry in log.rejections()] == [1, 2, 3]
    assert result.rejected == {"payload_not_json": 2, "bad_row": 1}
    assert result.newly_rejected == 3


@pytest.mark.parametrize(
    ("lines", "nothing"),
    [([b"{"], True), ([good(1), b"{"], False), ([], False), ([b"", b" "], False)],
)
def test_source_of_which_nothing_is_usable_is_told(
    file: Path, log: EventLog, lines: list[bytes], *, nothing: bool
) -> None:
    assert ingest_lines(lines, file, log).nothing_usable is nothing


def test_definitions_are_recorded_before_the_first_record(file: Path, log: EventLog) -> None:
    first = ingest_lines([good(1)], file, log)
    again = ingest_lines([good(1)], file, log)

    assert (first.definitions, again.definitions) == (3, 0)
    assert set(log.definitions(until=3)) == set(SERVICES)


def test_definitions_are_left_alone_if_the_caller_says_so(file: Path, log: EventLog) -> None:
    file.write_bytes(good(1))

    result = ingest(JsonLinesSource([file]), log, record_definitions=False)

    assert result.definitions == 0
    assert log.definitions() == {}


@pytest.mark.parametrize("name", ["matti@example.org.jsonl", "131052-308T.jsonl", "a\x00b"])
def test_origin_that_holds_personal_data_is_stored_as_its_hash(name: str, log: EventLog) -> None:
    ingest(Batches(RawBatch(f"file:{name}", [RawRecord(1, b"{")])), log)

    (entry,) = log.rejections()

    assert entry.rejection.origin == f"file:{PSEUDONYMS.of_identifier(name, 'file')}"


@given(
    numbers=st.lists(st.integers(0, 20), max_size=40),
    piece=st.integers(200, 5000),
    packed=st.booleans(),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_record_is_counted_once_however_it_is_read(
    tmp_path: Path, numbers: list[int], piece: int, *, packed: bool
) -> None:
    lines = [good(number) if number % 4 else b"bad %d" % number for number in numbers]
    text = b"\n".join(lines)
    file = tmp_path / "any.jsonl"
    file.write_bytes(gzip.compress(text) if packed else text)

    (tmp_path / "log.db").unlink(missing_ok=True)
    with EventLog.open(tmp_path / "log.db") as log:
        result = ingest(JsonLinesSource([file], piece=piece), log)

    bad = sum(line.startswith(b"bad") for line in lines)
    assert result.read == len(lines)
    assert result.recorded == len({number for number in numbers if number % 4})
    assert result.rejected == ({"payload_not_json": bad} if bad else {})
    assert result.recorded + result.duplicates + bad == len(lines)
