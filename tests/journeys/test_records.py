from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from journeys.records import (
    RECORDS,
    DefinitionRecorded,
    Record,
    SourceRetracted,
    TouchpointRecorded,
    TouchpointRejected,
    definition_stream,
    microseconds_of,
    moment_of,
)
from journeys.rows import (
    Row,
    TouchpointState,
    content_digest,
    differing_fields,
    row_of,
    touchpoint_rows,
)
from journeys.touchpoint import Touchpoint, originator_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
moments = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
touchpoints = st.builds(
    Touchpoint,
    source=texts,
    id=texts,
    service=texts,
    occurred_at=moments,
    name=texts,
    channel=texts,
    status=st.sampled_from(["ok", "error"]),
    case=st.none() | texts,
    person=st.none() | texts,
    attributes=st.dictionaries(texts, texts, max_size=3),
)


def library_mapper() -> Mapper[UUID]:
    transcoder = JSONTranscoder()
    transcoder.register(DatetimeAsISO())
    return Mapper[UUID](transcoder)


def library_row(event: Record) -> Row:
    stored = library_mapper().to_stored_event(event)
    assert isinstance(stored.originator_id, UUID)
    return stored.originator_id.hex, stored.originator_version, stored.topic, stored.state


@given(touchpoints, moments)
def test_the_fast_row_of_a_touchpoint_is_the_one_the_librarys_mapper_makes(
    touchpoint: Touchpoint, recorded_at: datetime
) -> None:
    (row,) = touchpoint_rows([touchpoint], recorded_at=recorded_at)

    assert row == library_row(TouchpointRecorded.of(touchpoint, recorded_at=recorded_at))


@given(st.lists(touchpoints, max_size=5))
def test_the_fast_key_of_a_touchpoint_is_its_uuid5(batch: list[Touchpoint]) -> None:
    keys = [row[0] for row in touchpoint_rows(batch, recorded_at=NOW)]

    assert keys == [originator_of(t.source, t.id).hex for t in batch]
    assert keys == [t.originator_id.hex for t in batch]


@given(touchpoints)
def test_the_librarys_mapper_reads_a_fast_row_back(touchpoint: Touchpoint) -> None:
    ((stream, version, topic, state),) = touchpoint_rows([touchpoint], recorded_at=NOW)

    event = library_mapper().to_domain_event(StoredEvent(UUID(stream), version, topic, state))

    assert event == TouchpointRecorded.of(touchpoint, recorded_at=NOW)


def test_the_rarer_rows_are_those_the_librarys_mapper_makes() -> None:
    recorded = microseconds_of(NOW)
    rejection = TouchpointRejected(
        origin="file:ä.jsonl", place=3, reason="bad_time", detail='no "time"', digest="d1"
    )
    definition = DefinitionRecorded(
        service="parking",
        version=2,
        valid_from="2026-01-01",
        digest="d2",
        definition='{"key":"parking"}',
        originator_version=3,
    )
    retraction = SourceRetracted(source="file:ä.csv", originator_version=2)

    rows = [row_of(event, recorded_at=NOW) for event in (rejection, definition, retraction)]

    assert rows == [
        library_row(
            TouchpointRejected(
                origin="file:ä.jsonl",
                place=3,
                reason="bad_time",
                detail='no "time"',
                digest="d1",
                recorded_at=recorded,
            )
        ),
        library_row(
            DefinitionRecorded(
                service="parking",
                version=2,
                valid_from="2026-01-01",
                digest="d2",
                definition='{"key":"parking"}',
                recorded_at=recorded,
                originator_version=3,
            )
        ),
        library_row(
            SourceRetracted(source="file:ä.csv", recorded_at=recorded, originator_version=2)
        ),
    ]


def test_topics_are_short_and_stay_as_they_are() -> None:
    topics = [record.TOPIC for record in RECORDS]

    assert topics == ["touchpoint", "rejection", "resolution", "definition", "retraction", "gap"]
    assert {record.class_version for record in RECORDS} == {1}


def test_a_state_of_the_first_release_is_read() -> None:
    state = (
        b'{"source":"urn:hel:varaamo","id":"8f14e45f","service":"varaamo-booking",'
        b'"occurred_at":1795166045120000,"name":"pay","channel":"web","status":"ok",'
        b'"case":"c1","person":null,"attributes":"{\\"lang\\":\\"fi\\"}",'
        b'"recorded_at":1795166046000000}'
    )
    stream = UUID("765ca6b2-f4a5-567a-956d-73806092352b")

    event = library_mapper().to_domain_event(StoredEvent(stream, 1, "touchpoint", state))

    assert event == TouchpointRecorded(
        source="urn:hel:varaamo",
        id="8f14e45f",
        service="varaamo-booking",
        occurred_at=1_795_166_045_120_000,
        name="pay",
        channel="web",
        status="ok",
        case="c1",
        person=None,
        attributes='{"lang":"fi"}',
        recorded_at=1_795_166_046_000_000,
    )
    assert event.originator_id == originator_of("urn:hel:varaamo", "8f14e45f")


@given(moments)
def test_microseconds_keep_a_moment_exactly(moment: datetime) -> None:
    assert moment_of(microseconds_of(moment)) == moment


def test_a_moment_of_any_zone_is_the_same_number() -> None:
    helsinki = datetime.fromisoformat("2026-11-17T11:14:05.120+02:00")

    assert microseconds_of(helsinki) == 1_794_906_845_120_000
    assert moment_of(1_794_906_845_120_000) == helsinki


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        microseconds_of(datetime(2026, 11, 17))  # noqa: DTZ001 - the point of the test


def test_a_rejection_is_known_by_where_and_what_it_was_and_not_by_the_reason() -> None:
    def stream(**changes: object) -> UUID:
        usual = {"origin": "f", "place": 1, "reason": "bad_time", "detail": "", "digest": "d"}
        return TouchpointRejected(**(usual | changes)).originator_id  # type: ignore[arg-type]

    assert stream(reason="naive_time", detail="other words", service="parking") == stream()
    assert len({stream(), stream(origin="g"), stream(place=2), stream(digest="e")}) == 4


def test_the_stream_of_definitions_is_no_touchpoints() -> None:
    assert definition_stream("parking") != definition_stream("varaamo-booking")
    assert definition_stream("parking") != originator_of("definition", "parking")


@given(touchpoints, st.dictionaries(texts, texts, max_size=2), moments)
def test_attributes_and_the_time_of_recording_never_contradict(
    touchpoint: Touchpoint, attributes: dict[str, str], recorded_at: datetime
) -> None:
    other = Touchpoint(
        **{f: getattr(touchpoint, f) for f in touchpoint.__struct_fields__}
        | {"attributes": attributes}
    )

    (kept,) = touchpoint_rows([touchpoint], recorded_at=NOW)
    (given_,) = touchpoint_rows([other], recorded_at=recorded_at)

    assert differing_fields(kept[3], given_[3]) == []
    assert content_digest(kept[3]) == content_digest(given_[3])


def test_contradicting_fields_are_named() -> None:
    usual = {
        "source": "s",
        "id": "1",
        "service": "parking",
        "occurred_at": NOW,
        "name": "pay",
        "case": "c",
        "person": "p",
    }
    changes = {
        "service": "varaamo-booking",
        "occurred_at": NOW + timedelta(microseconds=1),
        "name": "form",
        "channel": "phone",
        "status": "error",
        "case": None,
        "person": "q",
    }

    (kept,) = touchpoint_rows([Touchpoint(**usual)], recorded_at=NOW)  # type: ignore[arg-type]
    for field, value in changes.items():
        (other,) = touchpoint_rows([Touchpoint(**usual | {field: value})], recorded_at=NOW)  # type: ignore[arg-type]

        assert differing_fields(kept[3], other[3]) == [field]
        assert content_digest(kept[3]) != content_digest(other[3])


def test_content_is_compared_by_value_where_a_state_was_written_in_another_order() -> None:
    touchpoint = Touchpoint(source="s", id="1", service="parking", occurred_at=NOW, name="pay")
    ((_, _, _, state),) = touchpoint_rows([touchpoint], recorded_at=NOW)
    reordered = b'{"recorded_at":0,' + state[1:].replace(b',"recorded_at":1795176000000000', b"")

    assert reordered.count(b"recorded_at") == 1
    assert differing_fields(reordered, state) == []


def test_the_fast_state_has_the_fields_of_the_event() -> None:
    event = TouchpointRecorded.of(
        Touchpoint(source="s", id="1", service="parking", occurred_at=NOW, name="pay"),
        recorded_at=NOW,
    )

    assert list(TouchpointState.__struct_fields__) == list(vars(event))[:-2]
