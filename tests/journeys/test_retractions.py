"""A source taken back: what it had recorded no longer stands, and nothing of it is gone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys import touchpoint_frame
from journeys.batches import Appended, Batch, Compared
from journeys.errors import LogError, UnknownSourceError
from journeys.event_log import EventLog
from journeys.records import (
    RECORDS,
    SourceRetracted,
    TouchpointRecorded,
    TouchpointRejected,
    definition_stream,
    retraction_stream,
)
from journeys.retractions import record_retraction
from journeys.standing import StandingSource
from journeys.touchpoint import Touchpoint, originator_of

NOW = datetime.fromisoformat("2026-11-20T12:00:00Z")
Build = Callable[..., Touchpoint]

WRONG = "file:parking/wrong.csv"
OTHER = "urn:hel:other"


def told(number: int, **changes: object) -> Touchpoint:
    usual = Touchpoint(
        source=WRONG, id=f"{number:03}", service="parking", occurred_at=NOW, name="form"
    )
    return msgspec.structs.replace(usual, **changes)  # type: ignore[arg-type]


def standing(log: EventLog, until: int | None = None, **which: object) -> list[int]:
    return log.read_touchpoints(until=until, **which)["position"].to_list()  # type: ignore[arg-type]


# --- what stands --------------------------------------------------------------------------------


def test_what_a_retracted_source_recorded_stands_no_more_and_nothing_is_gone(log: EventLog) -> None:
    log.append_batch([told(1), told(2, source=OTHER), told(3)], recorded_at=NOW)

    position = log.retract(WRONG, recorded_at=NOW + timedelta(days=1))

    assert position == log.head() == 4
    assert standing(log) == [2]
    assert standing(log, until=4) == [2]
    assert standing(log, until=3) == [1, 2, 3]
    assert [type(event) for _, event in log.read()] == [
        *[TouchpointRecorded] * 3,
        SourceRetracted,
    ]
    assert log.newest_recorded_at() == log.recorded_at(4) == NOW + timedelta(days=1)


def test_what_a_source_records_after_its_retraction_is_new(log: EventLog) -> None:
    log.append_batch([told(1), told(2)], recorded_at=NOW)
    log.retract(WRONG, recorded_at=NOW)

    again = log.append_batch([told(1, name="pay"), told(2), told(2)], recorded_at=NOW)
    twice = log.append_batch([told(1, name="pay"), told(2, name="pay")], recorded_at=NOW)

    assert again == Appended(recorded=2, duplicates=1, conflicts=0, rejected=0, position=5)
    assert twice == Appended(recorded=0, duplicates=1, conflicts=1, rejected=0, position=6)
    assert standing(log) == [4, 5]
    assert log.read_touchpoints()["name"].to_list() == ["pay", "form"]
    assert log.read(3, 2) == [
        (4, TouchpointRecorded.of(told(1, name="pay"), recorded_at=NOW, version=2)),
        (5, TouchpointRecorded.of(told(2), recorded_at=NOW, version=2)),
    ]


def test_a_source_may_be_retracted_again(log: EventLog) -> None:
    positions = []
    for _ in range(3):
        log.append_batch([told(1), told(2, source=OTHER)], recorded_at=NOW)
        positions.append(log.retract(WRONG, recorded_at=NOW))
    log.append_batch([told(1)], recorded_at=NOW)

    assert positions == [3, 5, 7]
    assert [event.originator_version for _, event in log.read()] == [1, 1, 1, 2, 2, 3, 3, 4]
    assert [standing(log, until) for until in range(9)] == [
        [],
        [1],
        [1, 2],
        [2],
        [2, 4],
        [2],
        [2, 6],
        [2],
        [2, 8],
    ]
    assert log.retractions() == {WRONG: 7}
    assert log.retractions(until=6) == {WRONG: 5}
    assert log.retractions(after=7) == log.retractions(until=2) == {}


def test_sources_of_several_versions_in_one_batch_keep_their_order(log: EventLog) -> None:
    log.append_batch([told(1)], recorded_at=NOW)
    log.retract(WRONG, recorded_at=NOW)
    mixed = [told(n, source=(WRONG, OTHER)[n % 2]) for n in range(6)]

    log.append_batch(mixed, recorded_at=NOW)

    assert log.read_touchpoints()["id"].to_list() == [t.id for t in mixed]
    assert [event.originator_version for _, event in log.read(after=2)] == [2, 1, 2, 1, 2, 1]


def test_a_batch_made_ready_before_a_retraction_is_of_the_version_after_it(log: EventLog) -> None:
    log.append_batch([told(1)], recorded_at=NOW)
    ready = Batch([told(1), told(2)], (), recorded_at=NOW, coordinates=())
    log.retract(WRONG, recorded_at=NOW)

    appended = log.append(ready)

    assert (appended.recorded, appended.duplicates) == (2, 0)
    assert standing(log) == [3, 4]
    assert log.append(ready).duplicates == 2


def test_rejections_of_a_retracted_source_stay_known(log: EventLog) -> None:
    batch = [told(1), told(1, name="pay")]
    bad = TouchpointRejected(origin=WRONG, place=3, reason="bad_time", detail="", digest="d")
    log.append_batch(batch, [bad], recorded_at=NOW)
    log.retract(WRONG, recorded_at=NOW)

    again = log.append_batch(batch, [bad], recorded_at=NOW)

    assert again == Appended(recorded=1, duplicates=0, conflicts=1, rejected=0, position=5)
    assert log.count_rejections() == {"bad_time": 1, "conflict": 1}


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_no_frame_is_empty_though_all_that_was_read_for_it_is_retracted(
    log: EventLog, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(touchpoint_frame, "LINES", 4)
    log.append_batch([told(n) for n in range(11)], recorded_at=NOW)
    log.append_batch([told(n, source=OTHER) for n in range(2)], recorded_at=NOW)
    log.append_batch([told(n) for n in range(11, 22)], recorded_at=NOW)
    log.retract(WRONG, recorded_at=NOW)

    frames = list(log.touchpoint_chunks(rows=rows))

    assert [n for frame in frames for n in frame["position"]] == [12, 13]
    assert all(0 < len(frame) <= rows for frame in frames)


def test_a_service_has_touchpoints_while_one_stands(log: EventLog) -> None:
    assert not log.has_touchpoints("parking")
    log.append_batch([told(1), told(2, service="other", source=OTHER)], recorded_at=NOW)
    assert log.has_touchpoints("parking")

    log.retract(WRONG, recorded_at=NOW)

    assert not log.has_touchpoints("parking")
    assert log.has_touchpoints("other")


def test_sources_that_stand_are_listed_with_their_services(log: EventLog) -> None:
    assert log.sources() == []
    log.append_batch(
        [told(1), told(2, service="bikes"), told(3), told(1, source='odd "source":"x",')],
        recorded_at=NOW,
    )
    log.append_batch([told(4, source=OTHER)], recorded_at=NOW)
    wrong = StandingSource(WRONG, 3, ("bikes", "parking"))
    odd = StandingSource('odd "source":"x",', 1, ("parking",))
    other = StandingSource(OTHER, 1, ("parking",))

    assert log.sources() == [wrong, odd, other]
    assert [log.standing(s.source) for s in log.sources()] == [wrong, odd, other]
    assert log.sources(until=1) == [StandingSource(WRONG, 1, ("parking",))]

    log.retract(WRONG, recorded_at=NOW)

    assert log.sources() == [odd, other]
    assert log.standing(WRONG, until=5) == wrong


# --- what cannot be retracted -------------------------------------------------------------------


def test_an_unknown_source_is_told_the_nearest_one(log: EventLog) -> None:
    log.append_batch([told(1), told(1, source=OTHER)], recorded_at=NOW)

    with pytest.raises(UnknownSourceError) as unknown:
        log.retract("file:parking/wrong.cvs", recorded_at=NOW)

    assert str(unknown.value) == (
        "source 'file:parking/wrong.cvs' has recorded no touchpoint. Hint: did you mean "
        "'file:parking/wrong.csv'? Known sources: file:parking/wrong.csv, urn:hel:other"
    )
    assert log.head() == 2


def test_of_many_known_sources_ten_are_named_and_the_others_counted(log: EventLog) -> None:
    log.append_batch([told(1, source=f"s{n:02}") for n in range(13)], recorded_at=NOW)

    with pytest.raises(UnknownSourceError, match=r"sources: s00, s01, .*, s09 and 3 more$"):
        log.retract("nothing like these", recorded_at=NOW)


def test_an_empty_log_knows_no_source(log: EventLog) -> None:
    with pytest.raises(LogError, match="there are no sources yet"):
        log.retract(WRONG, recorded_at=NOW)


def test_a_source_of_which_nothing_stands_is_not_retracted_again(log: EventLog) -> None:
    log.append_batch([told(1)], recorded_at=NOW)
    log.retract(WRONG, recorded_at=NOW)

    with pytest.raises(LogError, match=r"retracted at position 2, .*\. Hint: .* --position 1$"):
        log.retract(WRONG, recorded_at=NOW)

    assert log.head() == 2


def test_of_two_who_retract_at_once_one_does(log: EventLog) -> None:
    log.append_batch([told(1)], recorded_at=NOW)
    event = SourceRetracted(source=WRONG, originator_version=1)
    recorder = log.application.recorder

    with recorder.writing() as c:
        assert record_retraction(recorder, c, event, recorded_at=NOW) == 2
    with pytest.raises(LogError, match="retracted at position 2"), recorder.writing() as c:
        record_retraction(recorder, c, event, recorded_at=NOW)

    assert log.head() == 2


# --- nothing is stored --------------------------------------------------------------------------


def test_comparing_stores_nothing(log: EventLog) -> None:
    log.append_batch([told(1), told(2)], recorded_at=NOW)

    new = [told(3), told(3), told(3, name="pay")]
    compared = log.compare([told(1), told(2, name="pay"), *new])

    assert compared == Compared(new=new, duplicates=1, conflicts=1)
    assert log.compare([]) == Compared([], 0, 0)
    assert log.head() == 2


# --- releases -----------------------------------------------------------------------------------


def test_a_retraction_is_noted_so_that_an_older_release_refuses_the_log(log: EventLog) -> None:
    log.append_batch([told(1)], recorded_at=NOW)
    log.retract(WRONG, recorded_at=NOW)

    recorder = log.application.recorder
    with recorder.reading() as c:
        assert recorder.kinds(c) == {("touchpoint", 1), ("retraction", 1)}


def test_a_retraction_of_the_next_release_is_refused(log_url: str) -> None:
    with EventLog.open(log_url) as log:
        state = b'{"source":"s","recorded_at":0,"class_version":2,"only":"March"}'
        log.application.recorder.insert_events([StoredEvent(uuid4(), 1, "retraction", state)])

    with pytest.raises(LogError, match="retraction events of version 2, and this release knows 1"):
        EventLog.open(log_url)


def test_the_stream_of_retractions_is_no_other() -> None:
    streams = {
        retraction_stream("s"),
        retraction_stream("t"),
        definition_stream("s"),
        originator_of("retraction", "s"),
    }

    assert len(streams) == 4
    assert SourceRetracted(source="s", originator_version=2).originator_id == retraction_stream("s")
    assert SourceRetracted in RECORDS


# --- the law ------------------------------------------------------------------------------------

SOURCES = ("a", "b", "ä")
messages = st.builds(
    Touchpoint,
    source=st.sampled_from(SOURCES),
    id=st.sampled_from("123"),
    service=st.just("parking"),
    occurred_at=st.just(NOW),
    name=st.sampled_from(["form", "pay"]),
)
acts = st.lists(messages, max_size=6) | st.sampled_from(SOURCES)


@settings(max_examples=30)
@given(st.lists(acts, max_size=12))
def test_after_a_retraction_all_is_as_if_its_source_had_never_spoken(
    tmp_path_factory: pytest.TempPathFactory, doings: list[list[Touchpoint] | str]
) -> None:
    in_force: dict[tuple[str, str], tuple[int, str]] = {}  # where, and what it says
    then: dict[int, list[int]] = {0: []}
    given_ = recorded = duplicates = conflicts = 0
    with EventLog.open(tmp_path_factory.mktemp("law") / "log.db") as log:
        for doing in doings:
            if isinstance(doing, str):
                mine = [identity for identity in in_force if identity[0] == doing]
                if mine:
                    log.retract(doing, recorded_at=NOW)
                else:
                    with pytest.raises(LogError):
                        log.retract(doing, recorded_at=NOW)
                for identity in mine:
                    del in_force[identity]
            else:
                compared = log.compare(doing)
                head = log.head()
                appended = log.append_batch(doing, recorded_at=NOW)
                assert len(compared.new) + sum(compared[1:]) == len(doing)
                assert len({(t.source, t.id) for t in compared.new}) == appended.recorded
                given_ += len(doing)
                recorded += appended.recorded
                duplicates += appended.duplicates
                conflicts += appended.conflicts
                for t in doing:
                    if (t.source, t.id) not in in_force:
                        head += 1
                        in_force[t.source, t.id] = (head, t.name)
            then[log.head()] = sorted(position for position, _ in in_force.values())

        for until, positions in then.items():
            assert standing(log, until) == positions
            assert sum(s.touchpoints for s in log.sources(until)) == len(positions)
        found = log.read_touchpoints().select("source", "id", "position", "name").iter_rows()
        assert {(s, i): (position, name) for s, i, position, name in found} == in_force
        assert recorded + duplicates + conflicts == given_
        events = [event for _, event in log.read(limit=1000)]
        assert sum(isinstance(event, TouchpointRecorded) for event in events) == recorded
        assert len({(e.originator_id, e.originator_version) for e in events}) == len(events)
