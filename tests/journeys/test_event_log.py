import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from eventsourcing.sqlite import SQLiteConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.datastores import _Connection, _Pool
from journeys.errors import FencedError, LogError, NoLogError
from journeys.event_log import Appended, EventLog, SourcePosition
from journeys.records import TouchpointRecorded, TouchpointRejected
from journeys.touchpoint import Touchpoint

NOW = datetime.fromisoformat("2026-11-20T12:00:00Z")
Build = Callable[..., Touchpoint]


def bad_line(place: int, **changes: str) -> TouchpointRejected:
    usual = {"origin": "file:a.jsonl", "reason": "bad_time", "detail": "no time", "digest": "d"}
    return TouchpointRejected(place=place, **usual | changes)  # type: ignore[arg-type]


def identities(log: EventLog) -> list[str]:
    return log.read_touchpoints()["id"].to_list()


def test_a_batch_is_recorded_in_the_order_it_came(log: EventLog, touchpoint: Build) -> None:
    first = log.append_batch([touchpoint(2), touchpoint(1)], recorded_at=NOW)
    second = log.append_batch([touchpoint(3)], recorded_at=NOW)

    assert first == Appended(recorded=2, duplicates=0, conflicts=0, rejected=0, position=2)
    assert second == Appended(recorded=1, duplicates=0, conflicts=0, rejected=0, position=3)
    assert identities(log) == ["t-2", "t-1", "t-3"]
    assert log.head() == 3


def test_an_empty_batch_records_nothing(log: EventLog) -> None:
    appended = log.append_batch([], recorded_at=NOW)

    assert appended == Appended(recorded=0, duplicates=0, conflicts=0, rejected=0, position=0)
    assert log.head() == 0


def test_a_known_touchpoint_is_dropped_and_counted(log: EventLog, touchpoint: Build) -> None:
    log.append_batch([touchpoint(1), touchpoint(2)], recorded_at=NOW)

    again = log.append_batch(
        [touchpoint(2), touchpoint(3), touchpoint(3), touchpoint(1)],
        recorded_at=NOW + timedelta(days=1),
    )

    assert again == Appended(recorded=1, duplicates=3, conflicts=0, rejected=0, position=3)
    assert identities(log) == ["t-1", "t-2", "t-3"]


def test_other_attributes_make_no_conflict_and_the_first_stay(
    log: EventLog, touchpoint: Build
) -> None:
    log.append_batch([touchpoint(1)], recorded_at=NOW)

    again = log.append_batch([touchpoint(1, attributes={"device": "mobile"})], recorded_at=NOW)

    assert (again.duplicates, again.conflicts) == (1, 0)
    assert log.read_touchpoints()["attributes"].to_list() == ['{"lang":"fi"}']


@pytest.mark.parametrize("same_batch", [True, False])
def test_the_same_identity_with_other_content_is_quarantined(
    log: EventLog, touchpoint: Build, *, same_batch: bool
) -> None:
    first, second = touchpoint(1), touchpoint(1, name="pay", case=None, person="p")
    batches = [[first, second]] if same_batch else [[first], [second]]

    for batch in batches:
        places = [("file:a.jsonl", 6 + len(batch), f"digest of {t.name}") for t in batch]
        appended = log.append_batch(batch, recorded_at=NOW, coordinates=places)

    ((position, rejection, resolved),) = log.rejections()
    assert (appended.duplicates, appended.conflicts, appended.rejected) == (0, 1, 0)
    assert (appended.position, position, resolved) == (2, 2, False)
    assert rejection.reason == "conflict"
    assert rejection.detail == (
        "an earlier touchpoint has this source and id, with another touchpoint name, case, person"
    )
    assert (rejection.origin, rejection.place) == ("file:a.jsonl", 6 + len(batches[-1]))
    assert (rejection.digest, rejection.service) == ("digest of pay", "varaamo-booking")
    assert log.read_touchpoints()["name"].to_list() == ["form.details"]


def test_a_conflict_read_again_is_quarantined_once(log: EventLog, touchpoint: Build) -> None:
    batch = [touchpoint(1), touchpoint(1, name="pay"), touchpoint(1, name="pay")]

    first = log.append_batch(batch, recorded_at=NOW)
    again = log.append_batch(batch, recorded_at=NOW)

    assert first == Appended(recorded=1, duplicates=0, conflicts=2, rejected=0, position=2)
    assert again == Appended(recorded=0, duplicates=1, conflicts=2, rejected=0, position=2)
    assert log.count_rejections() == {"conflict": 1}


def test_two_contents_in_conflict_are_two_rejections(log: EventLog, touchpoint: Build) -> None:
    log.append_batch(
        [touchpoint(1), touchpoint(1, name="pay"), touchpoint(1, status="error")], recorded_at=NOW
    )

    details = [q.rejection.detail.partition("another ")[2] for q in log.rejections()]
    assert details == ["touchpoint name", "status"]


def test_rejections_are_stored_beside_their_neighbours(log: EventLog, touchpoint: Build) -> None:
    appended = log.append_batch(
        [touchpoint(1)], [bad_line(2), bad_line(3, reason="not_cloudevent")], recorded_at=NOW
    )

    assert appended == Appended(recorded=1, duplicates=0, conflicts=0, rejected=2, position=3)
    assert [(q.rejection.place, q.rejection.reason) for q in log.rejections()] == [
        (2, "bad_time"),
        (3, "not_cloudevent"),
    ]


def test_a_bad_line_read_again_is_rejected_once(log: EventLog) -> None:
    log.append_batch([], [bad_line(2), bad_line(2)], recorded_at=NOW)

    same = log.append_batch([], [bad_line(2, reason="naive_time")], recorded_at=NOW)
    changed = log.append_batch([], [bad_line(2, digest="e")], recorded_at=NOW)

    assert (same.rejected, changed.rejected) == (0, 1)
    assert log.count_rejections() == {"bad_time": 2}


def test_a_source_moves_with_its_batch(log: EventLog) -> None:
    assert log.position_of("file:a") is None

    log.append_batch([], recorded_at=NOW, positions=[SourcePosition("file:a", 2, None)])
    log.append_batch([], recorded_at=NOW, positions=[SourcePosition("file:a", 9, 2)])

    assert log.position_of("file:a") == 9


def test_a_batch_from_where_the_source_no_longer_is_stores_nothing(
    log: EventLog, touchpoint: Build
) -> None:
    log.append_batch([touchpoint(1)], recorded_at=NOW, positions=[SourcePosition("b", 7, None)])

    with pytest.raises(FencedError) as fenced:
        log.append_batch(
            [touchpoint(2)],
            [bad_line(3)],
            recorded_at=NOW,
            positions=[SourcePosition("b", 9, 4), SourcePosition("a", 9, None)],
        )

    assert "source 'b' is at 7 instead of 4" in str(fenced.value)
    assert "'a'" not in str(fenced.value)
    assert (log.head(), log.position_of("a"), log.position_of("b")) == (1, None, 7)


def test_a_batch_given_twice_is_fenced_the_second_time(log: EventLog, touchpoint: Build) -> None:
    position = SourcePosition("a", 5, None)
    log.append_batch([touchpoint(1)], recorded_at=NOW, positions=[position])

    with pytest.raises(FencedError, match="'a' is at 5 instead of no position"):
        log.append_batch([touchpoint(1)], recorded_at=NOW, positions=[position])


class LosesAnswers(_Connection):
    """A connection whose first commit fails, with or without having committed."""

    commits_first = True
    failures = 1

    def commit(self) -> None:
        if self.failures == 0 or self.commits_first:
            super().commit()
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")


class LosesNothingStored(LosesAnswers):
    commits_first = False


class FailsOnce(_Pool):
    """Hands out one connection of the given kind, and usual ones after it."""

    def __init__(self, path: str, kind: type[_Connection]) -> None:
        super().__init__(path, lock_timeout=1)
        self.kinds = [kind]

    def _create_connection(self) -> SQLiteConnection:
        usual = super()._create_connection()
        return self.kinds.pop()(usual._sqlite_conn, None) if self.kinds else usual


def with_failing_commit(path: Path, kind: type[_Connection]) -> EventLog:
    log = EventLog.open(path)
    log.application.recorder.datastore.pool.close()
    log.application.recorder.datastore.pool = FailsOnce(str(path), kind)
    return log


def test_a_commit_whose_answer_is_lost_counts_if_its_source_has_moved(
    log_path: Path, touchpoint: Build
) -> None:
    with with_failing_commit(log_path, LosesAnswers) as log:
        appended = log.append_batch(
            [touchpoint(1)], recorded_at=NOW, positions=[SourcePosition("a", 5, None)]
        )

        assert appended == Appended(recorded=1, duplicates=0, conflicts=0, rejected=0, position=1)
        assert (log.head(), log.position_of("a")) == (1, 5)


def test_a_commit_whose_answer_is_lost_is_an_error_without_a_source_to_tell(
    log_path: Path, touchpoint: Build
) -> None:
    with with_failing_commit(log_path, LosesAnswers) as log:
        with pytest.raises(LogError, match="disk I/O error"):
            log.append_batch([touchpoint(1)], recorded_at=NOW)

        again = log.append_batch([touchpoint(1)], recorded_at=NOW)
        assert (again.duplicates, again.position) == (1, 1)


def test_a_commit_that_failed_stores_nothing_and_can_be_repeated(
    log_path: Path, touchpoint: Build
) -> None:
    positions = [SourcePosition("a", 5, None)]
    with with_failing_commit(log_path, LosesNothingStored) as log:
        with pytest.raises(LogError, match="disk I/O error"):
            log.append_batch([touchpoint(1)], recorded_at=NOW, positions=positions)

        again = log.append_batch([touchpoint(1)], recorded_at=NOW, positions=positions)
        assert (again.recorded, again.position) == (1, 1)


def test_a_full_disk_stores_nothing_of_the_batch(log_path: Path, touchpoint: Build) -> None:
    with EventLog.open(log_path) as log:
        log.append_batch([touchpoint(1)], recorded_at=NOW)
        with log.application.recorder.reading() as c:
            c.execute("PRAGMA max_page_count=20")

        with pytest.raises(LogError, match=r"database or disk is full\. Hint: free some space"):
            log.append_batch(
                [touchpoint(n) for n in range(2, 2000)],
                recorded_at=NOW,
                positions=[SourcePosition("a", 2000, None)],
            )

        assert (log.head(), log.position_of("a")) == (1, None)


copies = st.tuples(st.integers(1, 6), st.sampled_from(["form", "pay"]), st.sampled_from("xy"))


@settings(max_examples=25)
@given(st.lists(copies, max_size=25), st.data())
def test_however_a_stream_is_cut_into_batches_the_log_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    stream: list[tuple[int, str, str]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    touchpoints = [
        Touchpoint(
            source="s",
            id=str(n),
            service="a",
            occurred_at=NOW,
            name=name,
            attributes={"lang": lang},
        )
        for n, name, lang in stream
    ]
    places = [("stream", offset, str(offset)) for offset in range(len(touchpoints))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4), label="cuts"))
    bounds = [0, *cuts, len(stream)]

    with EventLog.open(folder / "one.db") as one, EventLog.open(folder / "cut.db") as cut:
        whole = one.append_batch(touchpoints, recorded_at=NOW, coordinates=places)
        parts = [
            cut.append_batch(touchpoints[a:b], recorded_at=NOW, coordinates=places[a:b])
            for a, b in pairwise(bounds)
        ]

        # The first to come with an identity stands; the others are copies or contradict it.
        first: dict[str, str] = {}
        for t in touchpoints:
            first.setdefault(t.id, t.name)
        conflicts = sum(first[t.id] != t.name for t in touchpoints)
        assert (whole.recorded, whole.conflicts) == (len(first), conflicts)
        assert whole.recorded + whole.duplicates + whole.conflicts == len(touchpoints)
        assert whole[:3] == tuple(map(sum, zip(*(part[:3] for part in parts), strict=True)))
        columns = pl.all().exclude("position")
        assert one.read_touchpoints().select(columns).equals(cut.read_touchpoints().select(columns))
        assert dict(one.read_touchpoints().select("id", "name").iter_rows()) == first
        assert [q.rejection for q in one.rejections()] == [q.rejection for q in cut.rejections()]


def test_a_log_is_made_where_there_is_none_unless_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(NoLogError, match=r"there is none\. Hint: polku demo"):
        EventLog.open(tmp_path / "log.db", create=False)
    assert not (tmp_path / "log.db").exists()

    EventLog.open(tmp_path / "log.db").close()

    with EventLog.open(f"sqlite:///{tmp_path}/log.db", create=False) as log:
        assert log.head() == 0


def test_a_missing_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"unable to open database file\. Hint: the folder must"):
        EventLog.open(tmp_path / "nowhere" / "log.db")


def test_a_file_that_is_no_log_is_explained(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("a letter to the city, long enough to be read as a header" * 9)

    with pytest.raises(LogError, match=r"file is not a database\. Hint: name a file that Polku"):
        EventLog.open(tmp_path / "log.db")


def test_the_environment_changes_nothing(
    log_path: Path, touchpoint: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPRESSOR_TOPIC", "eventsourcing.compressor:ZlibCompressor")
    monkeypatch.setenv("SINGLE_ROW_TRACKING", "n")
    monkeypatch.setenv("SQLITE_DBNAME", "elsewhere.db")

    with EventLog.open(log_path) as log:
        log.append_batch([touchpoint(1)], recorded_at=NOW)

        assert identities(log) == ["t-1"]
        assert log_path.exists()


def test_a_dangerous_setting_is_refused_before_anything_is_made(log_path: Path) -> None:
    with pytest.raises(LogError, match="SINGLE_ROW_TRACKING"):
        EventLog.open(log_path, settings={"SINGLE_ROW_TRACKING": "n"})

    assert not log_path.exists()


def test_the_librarys_own_path_writes_what_the_fast_one_reads(
    log: EventLog, touchpoint: Build
) -> None:
    log.application.events.put([TouchpointRecorded.of(touchpoint(1), recorded_at=NOW)])

    appended = log.append_batch([touchpoint(1), touchpoint(2)], recorded_at=NOW)

    assert (appended.recorded, appended.duplicates, appended.conflicts) == (1, 1, 0)
    assert identities(log) == ["t-1", "t-2"]
