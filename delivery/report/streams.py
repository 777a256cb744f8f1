"""How the streams are: what is silent, how far topics are read, and what of them is missing."""

from datetime import datetime, timedelta

from msgspec import Struct

from delivery.report.language import ENGLISH
from delivery.report.page import Page
from delivery.report.wording import agree, count, counted
from ingest.kafka_lag import PartitionLag, TopicLag
from ingest.kafka_topic import POSITIONS, topics_read
from journeys.event_log import EventLog
from journeys.proof import recorded_gaps, source_positions
from journeys.records import SourceGapRecorded, moment_of
from journeys.silences import Hearing, Silence, silences

WAITS_FOR = timedelta(hours=1)
MOST_GAPS = 20
"""Gaps on a page, the newest ones; JSON has them all."""

_HEARING = {
    Hearing.HEARD: "",
    Hearing.SILENT: "silent",
    Hearing.ENDED: "ended",
    Hearing.TOO_YOUNG: "too young to judge",
}
_REASONS = {
    "retention": "deleted before they were read",
    "truncated": "lost by the broker afterwards",
    "recreated": "the topic was made again",
}


class SourceHealth(Struct, frozen=True, kw_only=True):
    """A source that came by a stream.

    Attributes:
        source: Its name.
        last_arrival_at: Beginning of the hour of its last touchpoint, ISO 8601.
        silent_hours: Whole hours since.
        usual_hours: So many are not long for it; None where there is too little to tell.
        state: `heard`, `silent`, `ended` (after four weeks of silence) or `too_young`.
    """

    source: str
    last_arrival_at: str
    silent_hours: int
    usual_hours: int | None
    state: str


class PartitionHealth(Struct, frozen=True, kw_only=True):
    """A partition of a topic.

    Attributes:
        topic: Its name.
        partition: Its number.
        position: The offset that the log reads next; None if it has read nothing.
        end: The offset behind the last on the topic; None if the broker was not asked.
        behind: Offsets that wait; None if the broker was not asked.
    """

    topic: str
    partition: int
    position: int | None
    end: int | None
    behind: int | None


class GapHealth(Struct, frozen=True, kw_only=True):
    """Offsets that a topic has lost; see `SourceGapRecorded`."""

    topic: str
    partition: int
    begin: int
    end: int | None
    reason: str
    recorded_at: str


class StreamHealth(Struct, frozen=True, kw_only=True):
    """The streams of an installation.

    Attributes:
        sources: Those that came by a stream; a file is never silent.
        partitions: Of the topics that the log has read, and of the one that was asked for.
        gaps: What is missing, in the order in which it was recorded.
        unanswered: Why the broker did not tell how much waits; empty if it did or was not asked.
    """

    sources: list[SourceHealth]
    partitions: list[PartitionHealth]
    gaps: list[GapHealth]
    unanswered: str


def streams_of(
    log: EventLog, asked: TopicLag | None, *, now: datetime
) -> tuple[StreamHealth, list[str]]:
    """Look at the streams, and say what is ill.

    Ill is: a source that is silent; records that have waited while nothing was recorded for over an
    hour; and what would end the next run of `polku ingest kafka`. A gap is not: it is recorded, and
    will be there for ever.

    Args:
        log: What was recorded.
        asked: What the broker said of a topic; None if none is configured.
        now: The moment to judge at, aware.

    Returns:
        How they are, and sentences about what is ill; none if all is well.
    """
    found = silences(log.arrivals(), now=now)
    ills = [_silent(one) for one in found if one.hearing is Hearing.SILENT]
    if asked is not None:
        ills += asked.problems
        newest = log.newest_recorded_at()
        if asked.behind and newest is not None and now - newest > WAITS_FOR:
            ills.append(
                f"{counted(asked.behind, 'record')} {agree(asked.behind, 'wait')} on topic "
                f"{asked.topic}, and nothing has been recorded since {ENGLISH.moment(newest)}. "
                "Hint: start polku ingest kafka, or see why it has stopped"
            )
    health = StreamHealth(
        sources=[_source(one) for one in found],
        partitions=_partitions(log, asked),
        gaps=[_gap(gap) for gap in recorded_gaps(log)],
        unanswered="" if asked is None else asked.away,
    )
    return health, ills


def add_streams(page: Page, streams: StreamHealth) -> None:
    """Write how the streams are."""
    if streams.unanswered:
        page.line(f"How much waits is not known: {streams.unanswered}")
    page.table(
        "What comes by a stream",
        ("source", "last touchpoint", "", "silent for", "usual up to"),
        [
            (
                one.source,
                ENGLISH.moment(datetime.fromisoformat(one.last_arrival_at)),
                _HEARING[Hearing(one.state)],
                f"{count(one.silent_hours)} h",
                "-" if one.usual_hours is None else f"{count(one.usual_hours)} h",
            )
            for one in streams.sources
        ],
        left=3,
    )
    page.table(
        "How far topics are read",
        ("topic", "partition", "next offset", "end", "behind"),
        [
            (
                one.topic,
                str(one.partition),
                *("-" if n is None else count(n) for n in (one.position, one.end, one.behind)),
            )
            for one in streams.partitions
        ],
        left=1,
    )
    gaps = streams.gaps
    page.table(
        "What topics have lost"
        + (f", the newest {MOST_GAPS} of {count(len(gaps))}" if len(gaps) > MOST_GAPS else ""),
        ("topic", "partition", "offsets", "why", "recorded"),
        [
            (
                gap.topic,
                str(gap.partition),
                f"{gap.begin} on" if gap.end is None else f"{gap.begin} to {gap.end - 1}",
                _REASONS.get(gap.reason, gap.reason),
                ENGLISH.moment(datetime.fromisoformat(gap.recorded_at)),
            )
            for gap in gaps[-MOST_GAPS:]
        ],
        left=5,
    )


def _silent(one: Silence) -> str:
    return (
        f"source {one.source} has been silent for {counted(one.hours, 'hour')}, since "
        f"{ENGLISH.moment(one.last)}; up to {count(one.allowed or 0)} are usual for it. Hint: is "
        "polku ingest kafka running? If it is, ask whoever runs the source whether it sends"
    )


def _source(one: Silence) -> SourceHealth:
    return SourceHealth(
        source=one.source,
        last_arrival_at=one.last.isoformat(),
        silent_hours=one.hours,
        usual_hours=one.allowed,
        state=one.hearing,
    )


def _partitions(log: EventLog, asked: TopicLag | None) -> list[PartitionHealth]:
    """What the broker said of a topic; of the others where they were left."""
    told = [] if asked is None else [_told(asked.topic, lag) for lag in asked.partitions]
    known = {partition.topic for partition in told}
    return told + [
        PartitionHealth(topic=topic.name, partition=number, position=at, end=None, behind=None)
        for topic in topics_read(source_positions(log, POSITIONS))
        if topic.name not in known
        for number, at in sorted(topic.positions.items())
    ]


def _told(topic: str, lag: PartitionLag) -> PartitionHealth:
    return PartitionHealth(
        topic=topic,
        partition=lag.partition,
        position=lag.position,
        end=lag.end,
        behind=lag.behind,
    )


def _gap(gap: SourceGapRecorded) -> GapHealth:
    return GapHealth(
        topic=gap.topic,
        partition=gap.partition,
        begin=gap.begin,
        end=gap.end,
        reason=gap.reason,
        recorded_at=moment_of(gap.recorded_at).isoformat(),
    )
