"""What holds for the recorder of every kind of database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import DatabaseError, IntegrityError

from journeys.event_log import EventLog
from journeys.recorders import LogRecorder, SourceMovedError
from tests.journeys.stored import event, read_from


@pytest.fixture
def recorder(log: EventLog) -> LogRecorder:
    return log.application.recorder


def test_a_batch_moves_its_source_from_where_it_was_read(recorder: LogRecorder) -> None:
    recorder.insert_events([event()], trackings=[read_from(None, 7)])
    recorder.insert_events([event()], trackings=[read_from(7, 9)])

    assert recorder.max_tracking_id("kafka/0") == 9
    assert recorder.max_notification_id() == 2


@pytest.mark.parametrize("stale", [None, 0, 5, 9])
def test_a_batch_read_from_another_position_stores_nothing(
    recorder: LogRecorder, stale: int | None
) -> None:
    recorder.insert_events([event()], trackings=[read_from(None, 7)])

    with pytest.raises(SourceMovedError):
        recorder.insert_events([event()], trackings=[read_from(stale, 12)])

    assert recorder.max_tracking_id("kafka/0") == 7
    assert recorder.max_notification_id() == 1


def test_a_source_at_zero_is_not_one_without_a_position(recorder: LogRecorder) -> None:
    with pytest.raises(SourceMovedError):
        recorder.insert_events([event()], trackings=[read_from(0, 3)])

    recorder.insert_events([], trackings=[read_from(None, 0)])
    recorder.insert_events([event()], trackings=[read_from(0, 3)])

    assert recorder.max_tracking_id("kafka/0") == 3


def test_a_source_may_be_sent_back_by_who_knows_where_it_is(recorder: LogRecorder) -> None:
    recorder.insert_events([], trackings=[read_from(None, 7)])

    recorder.insert_events([], trackings=[read_from(7, 2)])

    assert recorder.max_tracking_id("kafka/0") == 2


def test_one_moved_source_stops_the_batch_of_several(recorder: LogRecorder) -> None:
    recorder.insert_events([], trackings=[read_from(None, 5, "b")])

    with pytest.raises(SourceMovedError):
        recorder.insert_events([event()], trackings=[read_from(4, 6, "b"), read_from(None, 6, "a")])

    assert recorder.max_tracking_id("a") is None
    assert recorder.max_notification_id() is None


def test_of_eight_writers_with_one_position_one_wins(recorder: LogRecorder) -> None:
    recorder.insert_events([], trackings=[read_from(None, 100)])
    start = Barrier(8)

    def write(writer: int) -> bool:
        start.wait()
        try:
            recorder.insert_events(
                [event() for _ in range(10)], trackings=[read_from(100, 110 + writer)]
            )
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))

    assert won.count(True) == 1
    assert recorder.max_notification_id() == 10
    assert recorder.max_tracking_id("kafka/0") == 110 + won.index(True)


def test_rows_whose_stream_is_known_are_left_out_and_use_no_position(
    recorder: LogRecorder,
) -> None:
    rows = [(uuid4().hex, 1, "touchpoint", b"%d" % n) for n in range(4)]

    with recorder.writing() as c:
        first = recorder.insert_rows(c, rows[:2])
        second = recorder.insert_rows(c, [rows[1], rows[2], rows[2], rows[0], rows[3]])
        none = recorder.insert_rows(c, [])

    assert (first, second, none) == (2, 2, 0)
    assert [n.state for n in recorder.select_notifications(1, 10)] == [b"0", b"1", b"2", b"3"]
    assert [n.id for n in recorder.select_notifications(1, 10)] == [1, 2, 3, 4]


def test_touchpoints_go_in_by_the_batch_as_they_do_by_the_row(recorder: LogRecorder) -> None:
    states = [b'{"id":"\\u0000"}', b"\xff\x00 no text", "{ö}".encode(), b"", b"x" * 70_000, b"late"]
    rows = [(uuid4().hex, 1, "touchpoint", state) for state in states]

    with recorder.writing() as c:
        by_row = recorder.insert_rows(c, rows[:1])
        by_batch = recorder.insert_touchpoints(c, [rows[1], rows[0], *rows[1:5], rows[1]])
        again = recorder.insert_touchpoints(c, rows)
        none = recorder.insert_touchpoints(c, [])

    assert (by_row, by_batch, again, none) == (1, 4, 1, 0)
    stored = recorder.select_notifications(1, 10)
    assert [(n.originator_id.hex, n.originator_version, n.topic, n.state) for n in stored] == rows


def test_a_snapshot_does_not_see_what_is_written_meanwhile(recorder: LogRecorder) -> None:
    recorder.insert_events([event()])

    with recorder.reading() as c:
        before = recorder.head(c)
        recorder.insert_events([event()])
        during = recorder.head(c)

    assert (before, during, recorder.max_notification_id()) == (1, 1, 2)


def test_no_event_can_be_deleted(recorder: LogRecorder) -> None:
    recorder.insert_events([event()])

    with pytest.raises(DatabaseError, match="events are never deleted"), recorder.writing() as c:
        c.execute("DELETE FROM stored_events")

    assert recorder.max_notification_id() == 1


def test_what_the_library_inserts_is_noted_by_kind(recorder: LogRecorder) -> None:
    recorder.insert_events([event("a"), event("b", b'{"class_version":3,"x":1}'), event("a")])

    with recorder.reading() as c:
        kinds = recorder.kinds(c)

    assert kinds == {("a", 1), ("b", 3)}


def test_streams_keep_their_uuids(recorder: LogRecorder) -> None:
    stored = event()
    recorder.insert_events([stored])

    (found,) = recorder.select_events(stored.originator_id)

    assert isinstance(found.originator_id, UUID)
    assert found == stored
