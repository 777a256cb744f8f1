"""Files with records that cannot be stored: said, counted, listed, and nowhere kept."""

import csv
import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from ingest.rejections import REASONS
from tests.delivery.command_line import answer, numbers, polku, process
from tests.delivery.stores import Store
from tests.ingest.messages import MISSING, event, structured
from tests.ingest.personal import ONE_OF_EACH

CASE, PERSON = "R-raw-case-reference", "raw-person-reference"


def good(number: int) -> bytes:
    data = {"case": f"{CASE}-{number}", "person": f"{PERSON}-{number}", "touchpoint": "search.open"}
    return structured(id=f"good-{number}", time="2026-03-02T10:00:00Z", data=data)


def bad(**changes: Any) -> bytes:  # noqa: ANN401
    """A message that would be good, but for the changes."""
    data = {"case": CASE, "person": PERSON, **changes.pop("data", {})}
    return structured(**{"id": "bad", "time": "2026-03-02T10:00:00Z", **changes, "data": data})


def without_data(**data: Any) -> bytes:  # noqa: ANN401
    message = event(id="bad", time="2026-03-02T10:00:00Z")
    message["data"] = data
    return json.dumps(message).encode()


BAD: list[tuple[str, bytes]] = [
    ("payload_not_json", b"not json " + CASE.encode()),
    ("payload_not_json", b"\xff\xfe" + CASE.encode()),
    ("not_cloudevent", b'{"case": "' + CASE.encode() + b'"}'),
    ("unsupported_specversion", bad(specversion="0.3")),
    ("missing_time", bad(time=MISSING)),
    ("bad_time", bad(time="soon " + CASE)),
    ("naive_time", bad(time="2026-03-02T10:00:00")),
    ("time_out_of_range", bad(time="1970-01-01T00:00:00Z")),
    ("time_out_of_range", bad(time="2100-01-01T00:00:00Z")),
    ("unknown_service", bad(subject=CASE)),
    ("missing_reference", without_data(touchpoint="search.open", channel="web")),
    ("bad_row", bad(data={"touchpoint": "search\0open"})),
    ("personal_data", bad(data={"channel": CASE})),  # its own reference, where it does not belong
    ("too_large", b'{"pad": "' + CASE.encode() * 120_000 + b'"}'),
    ("too_deep", b"[" * 2_000 + b"]" * 2_000),
    *(("personal_data", bad(data={"touchpoint": value})) for value in ONE_OF_EACH.values()),
    *(
        ("personal_data", bad(data={"attributes": {"reason": value}}))
        for value in ONE_OF_EACH.values()
    ),
    ("personal_data", bad(source="urn:matti.x@example.org")),
    ("conflict", good(1).replace(b"search.open", b"search.other")),
]


def mixed(records: list[tuple[str, bytes]]) -> bytes:
    """Every bad record between two good ones."""
    lines = [good(1)]
    for number, (_, record) in enumerate(records, 2):
        lines += [record, good(number)]
    return b"\n".join(lines) + b"\n"


@pytest.fixture(scope="module")
def folder(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(f"bad-{type(store).__name__}")


@pytest.fixture(scope="module")
def told(folder: Path, store: Store) -> str:
    path = folder / "touchpoints.jsonl"
    path.write_bytes(mixed(BAD))
    done = polku("ingest", "files", path, *store.at(folder / "data"))
    assert done.code == 0
    return done.out


@pytest.fixture
def at(folder: Path, store: Store, told: str) -> tuple[object, ...]:
    assert told
    return store.at(folder / "data")


def counted() -> dict[str, int]:
    reasons = [reason for reason, _ in BAD]
    return {reason: reasons.count(reason) for reason in REASONS if reason in reasons}


def test_neighbours_are_stored_and_reasons_are_counted(told: str) -> None:
    assert told.startswith(f"Recorded {len(BAD) + 1} touchpoints; ")
    assert f"{len(BAD)} are in quarantine (" in told
    for reason, number in counted().items():
        assert f"{reason} {number}" in told


def test_quarantine_lists_reason_and_coordinates(at: tuple[object, ...]) -> None:
    rows = numbers("quarantine", "list", *at)

    # The line of the nth bad record is 2n: good ones stand between them.
    wanted = {(2 * n, reason) for n, (reason, _) in enumerate(BAD, 1)}
    assert {(row["place"], row["reason"]) for row in rows} == wanted
    assert {row["origin"] for row in rows} == {"file:touchpoints.jsonl"}
    assert all(row["detail"] and row["digest"] for row in rows)


def test_quarantine_is_listed_by_reason_latest_first_and_not_endlessly(
    at: tuple[object, ...],
) -> None:
    words = ("quarantine", "list", *at)

    rows = numbers(*words, "--reason", "personal_data")
    few = list(csv.DictReader(StringIO(answer(*words, "--limit", 2, "--format", "csv"))))
    text = answer(*words, "--limit", 2, "--days", 1)

    assert {row["reason"] for row in rows} == {"personal_data"}
    assert len(rows) == counted()["personal_data"]
    positions = [row["position"] for row in numbers(*words)]
    assert positions == sorted(positions, reverse=True)
    assert [int(row["position"]) for row in few] == positions[:2]
    assert f"{len(BAD)} records could not be stored, the latest 2 below." in text


def test_no_personal_value_and_no_reference_is_kept_anywhere(
    at: tuple[object, ...], folder: Path, store: Store
) -> None:
    answer("project", *at)
    polku("report", "varaamo-booking", *at)
    raw = [*ONE_OF_EACH.values(), "matti.x@example.org", CASE, PERSON]
    kept = {name: content.lower() for name, content in store.contents(folder / "data")}

    for name, content in kept.items():
        for value in raw:
            assert value.lower().encode() not in content, (name, value)
            assert value.lower().encode("utf-16-le") not in content, (name, value)
    assert any(b"search.open" in content for content in kept.values())


def test_same_file_again_adds_nothing(at: tuple[object, ...], folder: Path) -> None:
    head = numbers("quarantine", "list", *at)

    told = answer("ingest", "files", folder / "touchpoints.jsonl", *at)

    assert f"{len(BAD) + 1} were known already" in told
    assert numbers("quarantine", "list", *at) == head


def test_nothing_stored_is_an_expected_failure(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"\n".join(record for reason, record in BAD if reason != "conflict") + b"\n")

    done = process("ingest", "files", path, "--data", tmp_path / "data")

    assert done.code == 1
    assert "in quarantine" in done.out
    assert done.err.splitlines()[-1].startswith("polku: nothing could be stored of bad.jsonl")
    assert CASE not in done.out + done.err


def test_truncated_gz_gives_what_can_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl.gz"
    whole = b"\n".join(good(number) for number in range(200)) + b"\n"
    path.write_bytes(gzip.compress(whole)[:-200])

    done = polku("ingest", "files", path, "--data", tmp_path / "data")

    assert done.code == 0
    rows = numbers("quarantine", "list", "--data", tmp_path / "data")
    assert [row["reason"] for row in rows] == ["bad_row"]
    assert "cut off" in rows[0]["detail"]
    recorded = int(done.out.split()[1])
    assert 0 < recorded < 200
    assert rows[0]["place"] == recorded + 1
