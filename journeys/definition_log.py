"""Service definitions in the log: recorded when they change, so that old reports can be made again.

All versions of a service share one stream, in the order of recording. Which one counts is decided
by `valid_from`; of two with the same one, the later recorded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper

from journeys.errors import LogError
from journeys.recorders import Cursor, LogRecorder
from journeys.records import DefinitionRecorded
from journeys.rows import Row, row_of
from journeys.service import Service, ServiceHistory, encode_service, restore_service


def recorded_definitions(
    recorder: LogRecorder,
    c: Cursor,
    mapper: Mapper[UUID],
    *,
    after: int = 0,
    until: int | None = None,
) -> list[DefinitionRecorded]:
    """The definitions recorded in (after, until], in order."""
    placed = recorder.rare_events(c, DefinitionRecorded.TOPIC, after=after, until=until)
    return [cast(DefinitionRecorded, mapper.to_domain_event(p.stored)) for p in placed]


def changed_definitions(
    recorded: Iterable[DefinitionRecorded],
    services: Mapping[str, Sequence[Service]],
    *,
    recorded_at: datetime,
) -> list[Row]:
    """Encode definitions that differ from the last one of their service and `valid_from`."""
    lengths: Counter[str] = Counter()
    digests: dict[tuple[str, str], str] = {}
    for event in recorded:
        lengths[event.service] += 1
        digests[event.service, event.valid_from] = event.digest
    given = {
        (service.key, service.valid_from.isoformat()): service
        for versions in services.values()
        for service in versions
    }
    rows = []
    for (key, valid_from), service in given.items():
        if digests.get((key, valid_from)) != service.digest:
            lengths[key] += 1
            event = DefinitionRecorded(
                service=key,
                version=service.version,
                valid_from=valid_from,
                digest=service.digest,
                definition=encode_service(service).decode(),
                originator_version=lengths[key],
            )
            rows.append(row_of(event, recorded_at=recorded_at))
    return rows


def histories_of(recorded: Iterable[DefinitionRecorded]) -> dict[str, ServiceHistory]:
    """Gather the recorded definitions by service, sorted by key.

    Raises:
        LogError: A newer release recorded one that this one does not understand.
    """
    versions: dict[str, list[Service]] = {}
    for event in recorded:
        try:
            service = restore_service(event.definition)
        except msgspec.ValidationError as error:
            raise LogError(
                f"the log holds a definition of {event.service} that this release cannot read "
                f"({error}): a newer one recorded it. Hint: install that release, or a later one"
            ) from None
        versions.setdefault(event.service, []).append(service)
    return {key: ServiceHistory(versions[key]) for key in sorted(versions)}
