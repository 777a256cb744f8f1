"""`polku quarantine show|retry|dismiss`: an operator sees to what was refused, and is done."""

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from delivery import raw_records
from delivery.documents import documents
from delivery.raw_records import RawRecords
from delivery.report.reasons import MEANS, advice
from delivery.settings import Settings, adopt_services
from ingest.kafka_settings import KafkaSettings
from ingest.rejections import REASONS
from ingest.retry import Reader
from ingest.sources import RawBatch
from journeys.errors import SourceError
from journeys.event_log import EventLog
from journeys.quarantine import Quarantined
from journeys.records import TouchpointRejected
from tests.brokers import RealBroker
from tests.delivery.bookings import bookings, write_excel
from tests.delivery.command_line import Answer, answer, numbers, polku
from tests.ingest.messages import PSEUDONYMS, structured
from tests.ingest.streams import Sent, send

AT = {"time": "2026-03-02T10:00:00Z"}
NEW = structured(id="new", subject="new-service", **AT)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit in a folder that has none of the files."""
    here = tmp_path / "elsewhere"
    here.mkdir()
    monkeypatch.chdir(here)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that has read a file with a good line and three bad ones."""
    lines = (structured(id="good", **AT), NEW, b"not json", NEW.replace(b'"new"', b'"newer"'))
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    answer("ingest", "files", tmp_path / "a.jsonl", "--data", tmp_path / "data")
    return tmp_path / "data"


def learn(data: Path, key: str = "new-service") -> None:
    """Write the definition that was missing."""
    known = (data / "services/varaamo-booking.yaml").read_text(encoding="utf-8")
    made = known.replace("key: varaamo-booking", f"key: {key}")
    (data / f"services/{key}.yaml").write_text(made, encoding="utf-8")


def waiting(data: Path, *words: object) -> list[tuple[int, str]]:
    """Place and reason of what is listed, in order."""
    rows = numbers("quarantine", "list", "--data", data, *words)
    return sorted((row["place"], row["reason"]) for row in rows)


def position(data: Path, place: int) -> int:
    rows = numbers("quarantine", "list", "--data", data, "--all")
    return next(int(row["position"]) for row in rows if row["place"] == place)


def retry(data: Path, *words: object) -> Answer:
    return polku("quarantine", "retry", "--data", data, *words)


def shown(data: Path, *words: object) -> Any:  # noqa: ANN401
    (one,) = numbers("quarantine", "show", "--data", data, *words)
    return one


def ids(data: Path) -> list[str]:
    with EventLog.open(data / "log.db", create=False) as log:
        return sorted(log.read_touchpoints()["id"].to_list())


def test_retry_stores_what_can_be_read_now_and_takes_it_off_the_list(data: Path) -> None:
    file = ("--file", data.parent / "a.jsonl")
    learn(data)

    done = retry(data, *file)
    with EventLog.open(data / "log.db", create=False) as log:
        head = log.head()
    again = retry(data, *file)

    assert (done.code, again.code) == (0, 1)
    assert done.out.startswith("Tried 3 records again: 2 stored, 1 refused again.\n")
    assert "payload_not_json: the value is not JSON" in done.out
    assert ids(data) == ["good", "new", "newer"]
    assert waiting(data) == [(3, "payload_not_json")]
    assert len(waiting(data, "--all")) == 3
    assert f"The log is at position {head:,}." in again.out
    assert "Hint: polku quarantine show" in again.err


def test_file_in_the_current_folder_is_found(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn(data)
    monkeypatch.chdir(data.parent)

    assert "2 stored" in retry(data, "--reason", "unknown_service").out
    assert waiting(data) == [(3, "payload_not_json")]


def test_retry_of_nothing_is_well(data: Path) -> None:
    answer("quarantine", "dismiss", "--days", 1, "--because", "lost", "--data", data)

    assert retry(data).out == "Nothing is in quarantine.\n"
    assert waiting(data) == []


def test_file_that_is_not_here_is_said_with_what_helps(data: Path) -> None:
    done = retry(data)

    assert done.code == 1
    assert "Tried 3 records again: 3 could not be looked up." in done.out
    assert "Hint: --file PATH says where it is" in " ".join(done.out.split())
    assert "polku: none of them could be stored. Hint: polku quarantine show" in done.err


def test_only_what_was_chosen_is_tried(data: Path) -> None:
    learn(data)
    file = ("--file", data.parent / "a.jsonl")

    by_position = retry(data, position(data, 2), *file)
    by_origin = retry(data, "--origin", "file:a.jsonl", "--reason", "unknown_service", *file)

    assert "Tried 1 record again: 1 stored." in by_position.out
    assert "Tried 1 record again: 1 stored." in by_origin.out


def test_changed_and_lost_lines_are_told_apart(data: Path) -> None:
    file = data.parent / "a.jsonl"
    file.write_bytes(b"\nother\nnot json\n")

    outcomes = {
        row["place"]: row["outcome"]
        for row in json.loads(retry(data, "--file", file, "--format", "json").out)["records"]
    }

    assert outcomes == {2: "changed", 3: "refused", 4: "gone"}


def test_show_says_why_what_to_do_and_whether_it_is_still_there(data: Path) -> None:
    file = ("--file", data.parent / "a.jsonl")
    new = position(data, 2)

    unread = answer("quarantine", "show", new, "--data", data)
    before = answer("quarantine", "show", new, "--data", data, *file)
    learn(data)
    storable = answer("quarantine", "show", new, "--data", data, *file)
    answer("quarantine", "retry", new, "--data", data, *file)
    settled = answer("quarantine", "show", new, "--data", data, *file)

    assert before.startswith(f"Rejection at position {new}\n")
    assert "\nfile a.jsonl, line 2\n" in before
    assert "It is about a service that has no definition here." in before
    assert "it was not looked up: file a.jsonl: it is not here." in unread
    assert "it is still there, unchanged, and would be refused again." in before
    assert f"then: polku quarantine retry {new}" in " ".join(before.split())
    assert "it is still there, unchanged, and can be stored now." in storable
    assert f"What to do: polku quarantine retry {new}." in storable
    assert "it is still there, and what it says is in the log." in settled
    assert "Settled: it was read again, and what it says is in the log since" in settled
    assert "What to do" not in settled


def test_show_finds_a_record_by_its_place(data: Path) -> None:
    place = ("--origin", "file:a.jsonl", "--place", 3)

    found = shown(data, *place)
    rows = list(
        csv.DictReader(
            StringIO(answer("quarantine", "show", "--data", data, *place, "--format", "csv"))
        )
    )

    assert (found["position"], found["reason"]) == (position(data, 3), "payload_not_json")
    assert found["settled"] is None
    assert rows[0]["settled_how"] == ""
    nothing = polku("quarantine", "show", "--data", data, *place[:3], 9)
    assert nothing.code == 1
    assert "nothing was quarantined at place 9 of file:a.jsonl. Hint:" in nothing.err


@pytest.mark.parametrize(
    "words", [(), ("--place", 3), ("5", "--place", 3), ("5", "--origin", "x", "--place", 3)]
)
def test_show_wants_positions_or_a_place(data: Path, words: tuple[object, ...]) -> None:
    done = polku("quarantine", "show", "--data", data, *words)

    assert done.code == 2
    assert "Hint: polku quarantine show 412" in " ".join(done.err.split())


def test_dismissed_records_leave_list_and_status_and_keep_their_why(data: Path) -> None:
    one = position(data, 3)

    first = answer("quarantine", "dismiss", one, "--because", "mended", "--data", data)
    again = answer("quarantine", "dismiss", one, "--because", "lost", "--data", data)
    answer("quarantine", "dismiss", "--reason", "unknown_service", "--because", "unwanted",
           "--data", data)  # fmt: skip
    health = json.loads(polku("status", "--data", data, "--format", "json").out)

    assert first.startswith("Dismissed 1 record as mended. The log is at position")
    assert again.startswith("Dismissed 0 records as lost; 1 was settled before. The log")
    assert waiting(data) == []
    assert health["quarantine"] == {}
    assert shown(data, one)["settled"]["why"] == "mended"
    assert "Dismissed as mended " in answer("quarantine", "show", one, "--data", data)


def test_dismissing_everything_has_to_be_said(data: Path) -> None:
    done = polku("quarantine", "dismiss", "--because", "lost", "--data", data)

    assert done.code == 2
    assert "say which" in done.err
    assert polku("quarantine", "dismiss", 5, "--because", "so", "--data", data).code == 2
    assert len(waiting(data)) == 3


def test_wrong_choices_are_answered_with_right_ones(data: Path) -> None:
    reason = polku("quarantine", "list", "--reason", "bad", "--data", data)
    origin = polku("quarantine", "list", "--origin", "file:b.jsonl", "--data", data)
    nowhere = polku("quarantine", "show", 1, "--data", data)

    assert reason.code == 2
    assert "one of payload_not_json, " in reason.err
    assert (origin.code, nowhere.code) == (1, 1)
    assert "from 'file:b.jsonl'. Hint: for example file:a.jsonl" in origin.err
    assert "position 1: no rejection is there. Hint: polku quarantine list" in nowhere.err


def test_answers_keep_their_schemas(data: Path) -> None:
    schemas = documents()
    file = ("--file", data.parent / "a.jsonl", "--format", "json")
    learn(data)

    retried = json.loads(retry(data, *file).out)
    everything = [row["position"] for row in numbers("quarantine", "list", "--data", data, "--all")]
    all_shown = json.loads(answer("quarantine", "show", *everything, "--data", data, *file))

    jsonschema.validate(retried, json.loads(schemas["quarantine-retry.schema.json"]))
    jsonschema.validate(all_shown, json.loads(schemas["quarantine-show.schema.json"]))
    assert retried["outcomes"] == {"stored": 2, "refused": 1}
    assert [one["now"] for one in all_shown] == ["stored", "refused", "stored"]


def own_file(tmp_path: Path, *words: object) -> tuple[Path, Path]:
    """A file of bookings whose last row lies in the future, read by its definition."""
    rows = bookings(8)
    rows[-1][2] = "24.6.2099 13.05"
    path, data = write_excel(tmp_path / "varaukset.csv", rows), tmp_path / "data"
    zone = ("--zone", "Europe/Helsinki")
    answer("services", "draft", path, "--service", "own", "--data", data, *zone)
    answer("ingest", "files", path, "--service", "own", "--data", data, *words)
    return path, data


def test_row_of_an_own_file_is_tried_by_its_definition(tmp_path: Path) -> None:
    path, data = own_file(tmp_path)

    (one,) = json.loads(retry(data, "--file", path, "--format", "json").out)["records"]

    assert (one["origin"], one["place"]) == ("file:own/varaukset.csv", len(bookings(8)) + 1)
    assert (one["outcome"], one["detail"][:17]) == ("refused", "time_out_of_range")


def test_row_of_a_source_named_by_hand_is_left_to_ingest(tmp_path: Path) -> None:
    path, data = own_file(tmp_path, "--source", "export")

    done = retry(data, "--file", path, "--format", "json")

    assert done.code == 1
    (one,) = json.loads(done.out)["records"]
    assert "polku ingest files FILE --service own --source export" in one["detail"]


def test_row_whose_service_has_no_definition_any_more_is_said(tmp_path: Path) -> None:
    path, data = own_file(tmp_path)
    adopt_services(Settings(data=data.parent / "other"))
    (data / "services").rename(data / "before")
    (data.parent / "other/services").rename(data / "services")

    (one,) = json.loads(retry(data, "--file", path, "--format", "json").out)["records"]

    assert one["outcome"] == "unread"
    assert "service 'own' is not known" in one["detail"]


def test_file_named_after_somebody_is_found_by_its_pseudonym(tmp_path: Path) -> None:
    path, data = tmp_path / "matti.x@example.org.jsonl", tmp_path / "data"
    path.write_bytes(structured(id="good", **AT) + b"\n" + NEW + b"\n")
    answer("ingest", "files", path, "--data", data)
    learn(data)

    (row,) = numbers("quarantine", "list", "--data", data)
    done = retry(data, "--file", path)

    assert "matti" not in row["origin"]
    assert "1 stored" in done.out


def test_without_definitions_in_use_those_in_the_log_stand(data: Path) -> None:
    learn(data)
    file = ("--file", data.parent / "a.jsonl")
    retry(data, position(data, 2), *file)
    with EventLog.open(data / "log.db", create=False) as log:
        head = log.head()
    (data / "services").rename(data / "before")

    done = retry(data, *file)

    assert "1 stored, 1 refused again" in done.out
    with EventLog.open(data / "log.db", create=False) as log:
        assert log.head() == head + 2  # the touchpoint and its settlement, no definition


@pytest.mark.xdist_group("kafka")
def test_record_of_a_topic_is_tried_by_its_offset(real_broker: RealBroker, tmp_path: Path) -> None:
    topic = real_broker.new_topic(2)
    send(real_broker, topic, structured(id="good", **AT), Sent(b"no", partition=1))
    send(real_broker, topic, Sent(NEW, partition=1))
    broker = ("--bootstrap", real_broker.bootstrap)
    answer("ingest", "kafka", "--topic", topic, *broker, "--data", tmp_path, "--until-end")
    learn(tmp_path)
    of_partition = ("--origin", f"kafka:{topic}/1", "--data", tmp_path)

    without = polku("quarantine", "retry", *of_partition, "--format", "json")
    text = answer("quarantine", "show", *of_partition, "--place", 1, *broker)
    done = polku("quarantine", "retry", *of_partition, *broker)

    assert without.code == 1
    assert "Hint: --bootstrap HOST:PORT" in without.out
    assert f"\ntopic {topic}, partition 1, offset 1\n" in text
    assert "can be stored now" in text
    assert "Tried 2 records again: 1 stored, 1 refused again." in done.out
    assert ids(tmp_path) == ["good", "new"]


def test_topic_that_cannot_be_read_is_not_waited_for_again_at_each_partition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def reader(_settings: object, partition: int) -> Reader:
        def read(_places: Sequence[int]) -> Iterator[RawBatch]:
            asked.append(partition)
            raise SourceError("topic t: nobody answers")
            yield

        return read

    monkeypatch.setattr(raw_records, "topic_reader", reader)
    raw = RawRecords(
        [], topic=lambda name: KafkaSettings(bootstrap="b", topic=name), services={},
        pseudonyms=PSEUDONYMS,
    )  # fmt: skip

    for origin in ("kafka:t/0", "kafka:t/1", "kafka:u/0"):
        rejection = TouchpointRejected(origin=origin, place=1, reason="", detail="", digest="")
        with pytest.raises(SourceError, match="nobody answers"):
            list(raw.reader_of(rejection)([1]))

    assert asked == [0, 0]


def test_every_reason_has_its_words_and_its_advice() -> None:
    assert tuple(MEANS) == REASONS
    for origin in ("kafka:t/0", "file:a.jsonl", "file:own/a.csv"):
        for reason in REASONS:
            rejection = TouchpointRejected(
                origin=origin, place=1, reason=reason, detail="", digest=""
            )
            told = advice(Quarantined(412, rejection, resolved=False))

            assert "polku quarantine dismiss 412 --because " in told
