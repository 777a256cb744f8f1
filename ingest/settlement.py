"""Which rejections a record settles by being read again.

The same bytes at the same place that can be decoded now settle their rejection: it is *retried*.
Other bytes there are another record, with one exception. A row that is told by its number is the
same row whatever it says: it is *mended*. A line of JSON is not, since files of one name may be
different files; such a rejection waits until somebody dismisses it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ingest.privacy import Pseudonyms
from ingest.sources import RawRecord, Record
from journeys.batches import Settling
from journeys.records import RejectionResolved, TouchpointRejected

if TYPE_CHECKING:
    from journeys.event_log import EventLog

Waiting = Mapping[str, Mapping[int, Sequence[TouchpointRejected]]]
"""Rejections that are not settled, by origin and place."""


def waiting_in(log: "EventLog") -> Waiting:
    """Look up the rejections of a log that wait; a few hundred bytes of memory each.

    Raises:
        LogError: The log cannot be read.
    """
    waiting: dict[str, dict[int, list[TouchpointRejected]]] = {}
    for item in log.rejections(unresolved=True):
        rejection = item.rejection
        waiting.setdefault(rejection.origin, {}).setdefault(rejection.place, []).append(rejection)
    return waiting


def settled_by(
    records: Sequence[Record],
    places: Mapping[int, Sequence[TouchpointRejected]],
    pseudonyms: Pseudonyms,
) -> Iterator[Settling]:
    """Say what records settle, each by its index, if their touchpoints stand.

    Args:
        records: Decoded records of one origin.
        places: The rejections that wait there.
        pseudonyms: Keys digests.
    """
    for index, record in enumerate(records):
        for rejection in places.get(record.place, ()):
            if rejection.digest == pseudonyms.digest(record.sha256()):
                how = "retried"
            elif not isinstance(record, RawRecord) and record.is_numbered:
                how = "mended"
            else:
                continue
            yield index, RejectionResolved(originator_id=rejection.originator_id, how=how)
