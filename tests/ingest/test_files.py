"""Files of JSON Lines, whole, packed and broken."""

import gzip
import hashlib
import os
import random
import threading
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.envelope import MAX_BYTES
from ingest.files import LARGEST_BATCH, JsonLinesSource
from ingest.sources import RawBatch, RawRecord, Source, UnreadRecord
from journeys.errors import SourceError

LINES = [f'{{"line": {number}, "text": "{number * 7919}"}}'.encode() for number in range(1, 201)]
TEXT = b"\n".join(LINES) + b"\n"
RECORDS = list(enumerate(LINES, 1))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "touchpoints.jsonl"


def batches(*paths: Path, piece: int = 1 << 20) -> list[RawBatch]:
    source: Source = JsonLinesSource(paths, piece=piece)
    return list(source.batches())


def records(*paths: Path, piece: int = 1 << 20) -> list[tuple[int, bytes | None]]:
    return [
        (record.place, record.value)
        for batch in batches(*paths, piece=piece)
        for record in batch.records
    ]


def unread(*paths: Path, piece: int = 1 << 20) -> list[UnreadRecord]:
    return [record for batch in batches(*paths, piece=piece) for record in batch.unread]


def test_each_line_is_a_record_with_its_number(file: Path) -> None:
    file.write_bytes(TEXT)

    assert records(file) == RECORDS
    assert unread(file) == []


def test_origin_is_the_files_name(file: Path) -> None:
    file.write_bytes(TEXT)

    assert {batch.origin for batch in batches(file)} == {"file:touchpoints.jsonl"}


def test_last_line_needs_no_line_feed(file: Path) -> None:
    file.write_bytes(TEXT[:-1])

    assert records(file) == RECORDS


def test_blank_lines_count_and_are_passed_over(file: Path) -> None:
    file.write_bytes(b"\n \t\r\n{}\r\n\n[]\n\n")

    assert records(file) == [(3, b"{}\r"), (5, b"[]")]


@pytest.mark.parametrize("text", [b"", b"\n\n", b" "])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_file_without_records_has_none(file: Path, text: bytes, pack: type[bytes]) -> None:
    file.write_bytes(pack(text))

    assert records(file) == []
    assert unread(file) == []


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_byte_order_mark_is_no_part_of_the_first_record(
    file: Path, pack: type[bytes], piece: int
) -> None:
    file.write_bytes(pack(b"\xef\xbb\xbf{}\n\xef\xbb\xbf[]"))

    assert records(file, piece=piece) == [(1, b"{}"), (2, b"\xef\xbb\xbf[]")]


@pytest.mark.parametrize("name", ["touchpoints.jsonl.gz", "touchpoints.jsonl"])
def test_packed_file_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(TEXT))

    assert records(tmp_path / name) == RECORDS


def test_plain_file_named_as_packed_is_read(tmp_path: Path) -> None:
    (tmp_path / "plain.gz").write_bytes(TEXT)

    assert records(tmp_path / "plain.gz") == RECORDS


def test_packed_file_of_several_members_and_padding_is_read(file: Path) -> None:
    half = len(TEXT) // 2
    packed = gzip.compress(TEXT[:half]) + b"\0" * 512 + gzip.compress(TEXT[half:]) + b"\0" * 512

    file.write_bytes(packed)

    for piece in (1, 3, 100, 1 << 20):
        assert records(file, piece=piece) == RECORDS
        assert unread(file, piece=piece) == []


@given(st.binary(max_size=300).map(lambda text: text.replace(b"a", b"\n")), st.integers(1, 40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_make_no_difference(file: Path, text: bytes, piece: int) -> None:
    text = b"{" + text
    file.write_bytes(text)
    plain = records(file, piece=piece)
    file.write_bytes(gzip.compress(text))
    packed = records(file, piece=piece)

    lines = enumerate(text.split(b"\n"), 1)
    assert plain == packed == [(number, line) for number, line in lines if line.strip()]


# -- lines too long


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("piece", [1 << 20, 100_000])
def test_line_too_long_is_skipped_and_its_neighbours_read(
    file: Path, pack: type[bytes], piece: int
) -> None:
    long = b"x" * 5_000_000
    file.write_bytes(pack(b"{}\n" + long + b"\n[]\n" + long))

    assert records(file, piece=piece) == [(1, b"{}"), (3, b"[]")]
    assert unread(file, piece=piece) == [
        UnreadRecord(
            line,
            "too_large",
            "the value is longer than 1,048,576 bytes",
            hashlib.sha256(long).digest(),
        )
        for line in (2, 4)
    ]


def test_line_as_long_as_a_message_may_be_is_read(file: Path) -> None:
    file.write_bytes(b"x" * MAX_BYTES + b"\n{}\n")

    assert [place for place, _ in records(file)] == [1, 2]
    assert unread(file) == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_line_of_any_length_takes_little_memory(file: Path, pack: type[bytes]) -> None:
    file.write_bytes(pack(b"x" * 60_000_000))

    tracemalloc.start()
    assert len(unread(file)) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8_000_000


def test_batches_of_short_lines_are_bounded(file: Path) -> None:
    file.write_bytes(b"{}\n" * (2 * LARGEST_BATCH + 1))

    sizes = [len(batch.records) for batch in batches(file)]

    assert max(sizes) == LARGEST_BATCH
    assert sum(sizes) == 2 * LARGEST_BATCH + 1


# -- torn files


@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_packed_file_cut_off_anywhere_gives_what_is_there(file: Path, piece: int) -> None:
    packed = gzip.compress(TEXT)

    for length in range(2, len(packed), 13 if piece == 7 else 5):
        file.write_bytes(packed[:length])
        read = records(file, piece=piece)
        (torn,) = unread(file, piece=piece)

        there = zlib.decompressobj(31).decompress(packed[:length])
        complete, begun = there[: there.rfind(b"\n") + 1], there[there.rfind(b"\n") + 1 :]
        assert read == RECORDS[: complete.count(b"\n")]
        assert torn == UnreadRecord(
            len(read) + 1,
            "bad_row",
            "the gzip data is cut off here",
            hashlib.sha256(begun).digest(),
        )


def test_damaged_packed_file_gives_what_stands_before_the_damage(file: Path) -> None:
    text = b"".join(b'{"digest": "%s"}\n' % _digest(number) for number in range(30_000))
    packed = bytearray(gzip.compress(text))
    middle = len(packed) // 2
    packed[middle : middle + 2000] = random.Random(0).randbytes(2000)  # noqa: S311 - no secret
    file.write_bytes(packed)

    read = records(file)
    (torn,) = unread(file)

    whole = list(enumerate(text.splitlines(), 1))
    pairs = zip(read, whole, strict=False)
    good = next(place for place, (one, other) in enumerate(pairs) if one != other)
    assert 0.45 < good / len(whole) < 0.55
    assert len(read) - good < 100  # what passes for text before the damage is noticed
    assert torn.place == len(read) + 1
    assert (torn.reason, torn.detail) == ("bad_row", "the gzip data is damaged here")


@pytest.mark.parametrize("behind", [2, 6])
def test_wrong_checksum_is_a_tear_at_the_end(file: Path, behind: int) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-behind] ^= 1
    file.write_bytes(packed)

    (torn,) = unread(file)

    assert "does not match its checksum" in torn.detail
    assert records(file) == RECORDS[: torn.place - 1]


def test_what_follows_packed_data_is_a_tear(file: Path) -> None:
    file.write_bytes(gzip.compress(TEXT) + b"and so on")

    assert records(file) == RECORDS
    (torn,) = unread(file)
    assert (torn.place, torn.detail) == (201, "the gzip data is damaged here")


def test_tear_within_a_line_too_long_is_one_record(file: Path) -> None:
    packed = gzip.compress(b"{}\n" + os.urandom(3_000_000).replace(b"\n", b" "))
    file.write_bytes(packed[:-1000])

    assert records(file) == [(1, b"{}")]
    assert [(torn.place, torn.reason) for torn in unread(file)] == [(2, "bad_row")]


# -- several files, progress, pipes


def test_files_are_read_in_the_order_given(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_bytes(f'"{name}"\n"{name}"'.encode())

    read = [(batch.origin, batch.records) for batch in batches(tmp_path / "b", tmp_path / "a")]

    assert [origin for origin, rows in read for _ in rows] == ["file:b"] * 2 + ["file:a"] * 2


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_share_done_grows_to_one(tmp_path: Path, pack: type[bytes]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(pack(TEXT))

    done = [batch.done for batch in batches(tmp_path / "a", tmp_path / "b", piece=500)]

    assert done == sorted(done)  # type: ignore[type-var]
    assert done[-1] == 1.0


def test_source_can_be_read_again(file: Path) -> None:
    file.write_bytes(TEXT)
    source = JsonLinesSource([file])

    assert list(source.batches()) == list(source.batches())


def test_pipe_is_read_without_an_end_in_sight(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = JsonLinesSource([pipe])
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(TEXT),))
    writer.start()

    read = list(source.batches())
    writer.join()

    assert [(r.place, r.value) for batch in read for r in batch.records] == RECORDS
    assert {batch.done for batch in read} == {None}


def test_name_that_is_no_text_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.jsonl")
    path.write_bytes(b"{}")

    assert batches(path)[-1].origin == "file:?.jsonl"


def test_records_show_their_place_and_nothing_else(file: Path) -> None:
    file.write_bytes(b'"secret"\n')

    (batch, *_) = batches(file)

    assert "secret" not in repr(batch)
    assert repr(batch.records) == "[RawRecord(place=1)]"
    assert "secret" not in repr(RawRecord(1, b"", [("secret", b"secret")]))


# -- files that cannot be read


def test_missing_file_is_said_with_the_nearest_name(file: Path) -> None:
    file.write_bytes(TEXT)

    with pytest.raises(SourceError, match=r"there is none\. Hint: did you mean .*points\.jsonl\?"):
        JsonLinesSource([file.with_name("touchpoint.jsonl")])


def test_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is none\. Hint: "):
        JsonLinesSource([tmp_path / "none" / "a.jsonl"])


def test_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"it is a folder\. Hint: name its files, .*/\*\.jsonl"):
        JsonLinesSource([tmp_path])


@pytest.mark.parametrize(
    ("begins", "what"),
    [
        (b"PK\x03\x04", "an Excel workbook or a zip archive"),
        (b"BZh9", "packed with bzip2"),
        (b"\xfd7zXZ\x00", "packed with xz"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"PAR1", "a Parquet file"),
    ],
)
def test_other_formats_are_told_apart(file: Path, begins: bytes, what: str) -> None:
    file.write_bytes(begins + b"\n" * 100)

    with pytest.raises(SourceError, match=f"it is {what}. Hint: "):
        JsonLinesSource([file])


def test_every_file_is_looked_at_before_the_first_is_read(file: Path) -> None:
    file.write_bytes(TEXT)

    with pytest.raises(SourceError):
        JsonLinesSource([file, file.with_name("none")])


def test_file_that_goes_away_is_said(file: Path) -> None:
    file.write_bytes(TEXT)
    source = JsonLinesSource([file])
    file.unlink()

    with pytest.raises(SourceError, match="there is none"):
        list(source.batches())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read_is_said(file: Path) -> None:
    file.write_bytes(TEXT)
    file.chmod(0)

    with pytest.raises(SourceError, match=r"Permission denied\. Hint: look at its permissions"):
        JsonLinesSource([file])


def _digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).hexdigest().encode()
