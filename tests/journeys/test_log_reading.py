from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import polars as pl
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys import touchpoint_frame
from journeys.errors import LogError
from journeys.event_log import EventLog
from journeys.records import TouchpointRecorded, TouchpointRejected, microseconds_of
from journeys.rows import touchpoint_rows
from journeys.touchpoint import Touchpoint, originator_of

NOW = datetime.fromisoformat("2026-11-20T12:00:00Z")
Build = Callable[..., Touchpoint]

COLUMNS = {
    "position": pl.Int64(),
    "source": pl.String(),
    "id": pl.String(),
    "service": pl.String(),
    "occurred_at": pl.Datetime("us", "UTC"),
    "name": pl.String(),
    "channel": pl.String(),
    "error": pl.Boolean(),
    "case": pl.String(),
    "person": pl.String(),
    "attributes": pl.String(),
}


def put(log: EventLog, topic: str, state: bytes, stream: UUID | None = None) -> None:
    log.application.recorder.insert_events([StoredEvent(stream or uuid4(), 1, topic, state)])


def newer(touchpoint: Touchpoint) -> bytes:
    ((_, _, _, state),) = touchpoint_rows([touchpoint], recorded_at=NOW)
    return state[:-1] + b',"class_version":2,"mood":"sad"}'


def test_events_are_read_with_their_positions(log: EventLog, touchpoint: Build) -> None:
    rejection = TouchpointRejected(
        origin="f",
        place=1,
        reason="bad_time",
        detail="",
        digest="",
        recorded_at=microseconds_of(NOW),
    )
    log.append_batch([touchpoint(1), touchpoint(2)], [rejection], recorded_at=NOW)
    first, second = (TouchpointRecorded.of(touchpoint(n), recorded_at=NOW) for n in (1, 2))

    assert log.read() == [(1, first), (2, second), (3, rejection)]
    assert log.read(1, 1) == [(2, second)]
    assert log.read(after=1, until=2) == [(2, second)]
    assert log.read(after=3) == []


def test_touchpoints_are_read_as_a_frame(log: EventLog) -> None:
    plain = Touchpoint(
        source="urn:hel:a", id="1", service="parking", occurred_at=NOW, name="pay", case="c"
    )
    odd = Touchpoint(
        source='urn:"hel"\\b',
        id="\u00e4\u2028\n\x00\x7f,",
        service="parking",
        occurred_at=datetime(1990, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        name='"service":"other",',
        channel="Sähköposti",
        status="error",
        person="p",
        attributes={"lang": 'f"i', "": "{}"},
    )
    log.append_batch([plain, odd], recorded_at=NOW)

    frame = log.read_touchpoints()

    assert dict(frame.schema) == COLUMNS
    assert frame.rows() == [
        (1, "urn:hel:a", "1", "parking", NOW, "pay", "web", False, "c", None, "{}"),
        (
            2,
            'urn:"hel"\\b',
            "\u00e4\u2028\n\x00\x7f,",
            "parking",
            datetime(1990, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
            '"service":"other",',
            "Sähköposti",
            True,
            None,
            "p",
            '{"":"{}","lang":"f\\"i"}',
        ),
    ]


def test_an_empty_log_is_an_empty_frame(log: EventLog) -> None:
    frame = log.read_touchpoints()

    assert dict(frame.schema) == COLUMNS
    assert frame.is_empty()
    assert list(log.touchpoint_chunks()) == []


def test_a_part_of_the_log_is_read_by_position_and_service(
    log: EventLog, touchpoint: Build
) -> None:
    services = ["parking", "parking-permit", "parking", "ä", "parking"]
    log.append_batch(
        [touchpoint(n, service=service) for n, service in enumerate(services)], recorded_at=NOW
    )

    def positions(**which: object) -> list[int]:
        return log.read_touchpoints(**which)["position"].to_list()  # type: ignore[arg-type]

    assert positions(after=2) == [3, 4, 5]
    assert positions(until=2) == [1, 2]
    assert positions(after=1, until=3) == [2, 3]
    assert positions(after=3, until=1) == []
    assert positions(service="parking") == [1, 3, 5]
    assert positions(service="parking", after=1, until=4) == [3]
    assert positions(service="ä") == [4]
    assert positions(service="none") == []


def test_rejections_and_definitions_are_no_touchpoints(log: EventLog, touchpoint: Build) -> None:
    rejection = TouchpointRejected(origin="f", place=1, reason="bad_time", detail="", digest="")
    log.append_batch([touchpoint(1)], [rejection], recorded_at=NOW)
    log.append_batch([touchpoint(2)], recorded_at=NOW)

    assert log.read_touchpoints()["position"].to_list() == [1, 3]


@pytest.mark.parametrize(
    ("rows", "sizes"), [(10, [10, 10, 3]), (23, [23]), (100, [23]), (4, [4] * 5 + [3])]
)
def test_frames_have_at_most_the_rows_asked_for(
    log: EventLog,
    touchpoint: Build,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
    sizes: list[int],
) -> None:
    monkeypatch.setattr(touchpoint_frame, "LINES", 4)
    log.append_batch([touchpoint(n) for n in range(23)], recorded_at=NOW)

    frames = list(log.touchpoint_chunks(rows=rows))

    assert [len(frame) for frame in frames] == sizes
    assert pl.concat(frames).equals(log.read_touchpoints())


def test_frames_of_one_reading_are_one_state_of_the_log(log: EventLog, touchpoint: Build) -> None:
    log.append_batch([touchpoint(n) for n in range(4)], recorded_at=NOW)

    frames = log.touchpoint_chunks(rows=2)
    begun = next(frames)
    log.append_batch([touchpoint(n) for n in range(4, 8)], recorded_at=NOW)
    rest = list(frames)

    assert [f["position"].to_list() for f in [begun, *rest]] == [[1, 2], [3, 4]]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=25)
@given(
    st.lists(
        st.builds(
            Touchpoint,
            source=texts,
            id=texts,
            service=texts,
            occurred_at=st.datetimes(
                datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
                datetime(2100, 1, 1),  # noqa: DTZ001
                timezones=st.just(UTC),
            ),
            name=texts,
            channel=texts,
            status=st.sampled_from(["ok", "error"]),
            case=st.none() | texts,
            person=st.none() | texts,
            attributes=st.dictionaries(texts, texts, max_size=2),
        ),
        unique_by=lambda t: (t.source, t.id),
        max_size=6,
    )
)
def test_the_frame_says_what_the_events_say(
    tmp_path_factory: pytest.TempPathFactory, touchpoints: Sequence[Touchpoint]
) -> None:
    with EventLog.open(tmp_path_factory.mktemp("frame") / "log.db") as log:
        log.append_batch(touchpoints, recorded_at=NOW)

        frame = log.read_touchpoints()
        services = {t.service: log.read_touchpoints(service=t.service) for t in touchpoints}

    for row, touchpoint in zip(frame.iter_rows(named=True), touchpoints, strict=True):
        assert row["error"] == (touchpoint.status == "error")
        assert msgspec.json.decode(row["attributes"]) == touchpoint.attributes
        for same in ("source", "id", "service", "occurred_at", "name", "channel", "case", "person"):
            assert row[same] == getattr(touchpoint, same)
    for service, part in services.items():
        assert part.equals(frame.filter(pl.col("service") == service))


def test_the_time_of_recording_is_known_by_position(log: EventLog, touchpoint: Build) -> None:
    later = NOW + timedelta(hours=2, microseconds=5)
    rejection = TouchpointRejected(origin="f", place=1, reason="bad_time", detail="", digest="")
    assert log.newest_recorded_at() is None
    assert log.recorded_at(1) is None

    log.append_batch([touchpoint(1)], recorded_at=NOW)
    log.append_batch([], [rejection], recorded_at=later)
    put(log, "journeys.records:Decision", b'{"timestamp":"then"}')

    assert log.newest_recorded_at() == later
    assert [log.recorded_at(p) for p in (0, 1, 2, 3)] == [NOW, NOW, later, None]


def test_a_log_with_newer_events_is_not_opened(log_url: str, touchpoint: Build) -> None:
    with EventLog.open(log_url) as log:
        put(log, "touchpoint", newer(touchpoint(1)))

    with pytest.raises(LogError, match="touchpoint events of version 2, and this release knows 1"):
        EventLog.open(log_url)


def test_a_log_with_events_of_an_unknown_kind_is_not_opened(log_url: str) -> None:
    with EventLog.open(log_url) as log:
        put(log, "journeys.surprises:Surprise", b"{}")

    with pytest.raises(LogError, match=r"unknown kind 'journeys.surprises:Surprise'.* Hint: "):
        EventLog.open(log_url)


def test_a_newer_event_that_arrives_later_is_refused_by_every_reading(
    log: EventLog, touchpoint: Build
) -> None:
    log.append_batch([touchpoint(1)], recorded_at=NOW)
    late = touchpoint(2)
    put(log, "touchpoint", newer(late), originator_of(late.source, late.id))

    for read in (log.read, log.read_touchpoints, lambda: list(log.touchpoint_chunks())):
        with pytest.raises(LogError, match="version 2"):
            read()
    assert len(log.read_touchpoints(until=1)) == 1
