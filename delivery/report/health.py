"""How the log, the read models and the quarantine are, for people and for monitors."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, to_builtins

from delivery.answer import counts_line
from delivery.report.language import ENGLISH
from delivery.report.page import Page
from delivery.report.streams import StreamHealth, add_streams, streams_of
from delivery.report.wording import count, counted
from ingest.kafka_lag import TopicLag
from journeys.event_log import EventLog
from projections.read_models import ReadModels
from projections.runner import status_of

BEHIND_FOR = timedelta(hours=1)
GREW_WITHIN = timedelta(hours=24)

SECTIONS = ("services", "sources", "partitions", "gaps")
"""The tables of the answer."""


class ServiceHealth(Struct, frozen=True, kw_only=True):
    """What is projected of one service."""

    service: str
    touchpoints: int
    journeys: int
    unlinked: int
    unmapped: int


class Health(Struct, frozen=True, kw_only=True):
    """The state of an installation.

    Attributes:
        head: Position of the log.
        position: Of the read models; None if nothing is projected.
        behind: Events that are not projected.
        newest_recorded_at: ISO 8601; None if nothing is recorded.
        quarantine: Records in it, by reason.
        quarantine_lately: Those of the last day.
        all_retracted: Whether touchpoints were recorded, and those projected are all retracted.
        services: Those that have touchpoints.
        streams: Sources, topics and gaps.
        ills: Sentences; none if all is well.
    """

    head: int
    position: int | None
    behind: int
    newest_recorded_at: str | None
    quarantine: dict[str, int]
    quarantine_lately: int
    all_retracted: bool
    services: list[ServiceHealth]
    streams: StreamHealth
    ills: list[str]


def health_of(
    log: EventLog, models: ReadModels, *, now: datetime, asked: TopicLag | None = None
) -> Health:
    """Look at everything and say what is ill.

    Ill is: nothing projected, unless all is retracted; events that have waited behind the head for
    over an hour; read models that know more than the log; quarantine that grew within 24 hours and
    is not resolved; and what `streams_of` finds.

    Args:
        log: The log.
        models: The read models made from it.
        now: The moment to judge at, aware.
        asked: What the broker said of the topic; None if none is configured.
    """
    status = status_of(log, models)
    newest = log.newest_recorded_at()
    quarantine = log.count_rejections(unresolved=True)
    lately = sum(log.count_rejections(since=now - GREW_WITHIN, unresolved=True).values())
    all_retracted = (
        status.position is not None
        and not status.services
        and bool(log.retractions(until=status.position))
    )
    ills = []
    if status.position is None or not (status.services or all_retracted):
        ills.append("nothing is projected yet. Hint: polku ingest, then polku project")
    elif status.misfit is not None:
        ills.append(status.misfit)
    elif status.behind > 0:
        waiting_since = log.recorded_at(status.position + 1)
        if waiting_since is not None and now - waiting_since > BEHIND_FOR:
            ills.append(
                f"{counted(status.behind, 'event')} waiting since "
                f"{ENGLISH.moment(waiting_since)} to be projected. "
                "Hint: polku project, or see why polku project --follow has stopped"
            )
    if lately:
        ills.append(
            f"{counted(lately, 'record')} went into quarantine within the last 24 hours. "
            "Hint: polku quarantine list --days 1"
        )
    streams, ills_of_streams = streams_of(log, asked, now=now)
    return Health(
        head=status.head,
        position=status.position,
        behind=max(0, status.behind),
        newest_recorded_at=None if newest is None else newest.isoformat(),
        quarantine=quarantine,
        quarantine_lately=lately,
        all_retracted=all_retracted,
        services=[
            ServiceHealth(
                service=service.service,
                touchpoints=service.touchpoints,
                journeys=service.journeys,
                unlinked=service.unlinked,
                unmapped=service.unmapped,
            )
            for service in status.services
        ],
        streams=streams,
        ills=ills + ills_of_streams,
    )


def health_rows(health: Health, section: str) -> list[dict[str, Any]]:
    """One of the `SECTIONS`, a row each."""
    tables: dict[str, Sequence[Struct]] = {
        "services": health.services,
        "sources": health.streams.sources,
        "partitions": health.streams.partitions,
        "gaps": health.streams.gaps,
    }
    return [to_builtins(row) for row in tables[section]]


def health_text(health: Health) -> str:
    """Write the state of an installation; what is ill comes first."""
    page = Page()
    page.title("Status")
    page.line("All is well." if not health.ills else "Something is ill:")
    for ill in health.ills:
        page.line(f"- {ill}")
    newest = health.newest_recorded_at
    page.line(
        f"The log is at position {count(health.head)}"
        + (f", last recorded {ENGLISH.moment(datetime.fromisoformat(newest))}" if newest else "")
        + f"; the read models are at {count(health.position or 0)}, {count(health.behind)} behind."
    )
    if health.all_retracted:
        page.line(
            "All touchpoints up to there have been retracted: reports are empty. Hint: read a file "
            "again, or see the reports of before with --position"
        )
    refused = counts_line(health.quarantine)
    page.line(f"In quarantine: {refused}." if refused else "Nothing is in quarantine.")
    page.table(
        "What is projected",
        ("service", "touchpoints", "journeys", "unlinked", "unmapped"),
        [
            (
                service.service,
                count(service.touchpoints),
                count(service.journeys),
                count(service.unlinked),
                count(service.unmapped),
            )
            for service in health.services
        ],
        left=1,
    )
    add_streams(page, health.streams)
    return page.text()
