"""A made-up city with known friction, and everything its customers do: a source like any other.

The same seed and settings give the same bytes. Faults of transport (copies, disorder, lateness)
change how often and in which order messages come, never what happened. The clock is not read: the
city's last moment is given.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import date
from hashlib import blake2b
from pathlib import Path

import numpy as np

from ingest.city_messages import Pieces, spell
from ingest.city_script import scripts_of
from ingest.city_services import BEHAVIOURS
from ingest.city_truth import PLANTED, PlantedFriction, Truth
from ingest.city_weeks import Faults, Settings, Weeks
from ingest.sources import RawBatch, RawRecord
from journeys.service import Service, load_services

__all__ = ["PLANTED", "Faults", "PlantedFriction", "SyntheticCity", "write_city"]

WEEKS = 65
JOURNEYS = 12_000
MESSAGES_OF_A_BATCH = 5_000


class SyntheticCity:
    """Six services, 65 weeks, planted friction.

    Attributes:
        settings: What makes it differ from other cities.
    """

    def __init__(  # noqa: PLR0913 - each is one thing the caller decides
        self,
        *,
        seed: int,
        until: date,
        journeys: int = JOURNEYS,
        weeks: int = WEEKS,
        planted: Sequence[PlantedFriction] = PLANTED,
        faults: Faults | None = None,
        services: Mapping[str, Sequence[Service]] | None = None,
    ) -> None:
        """Set the city up; nothing happens yet.

        Args:
            seed: Of everything random, 0 or more.
            until: A Monday; nothing happens at or after its midnight in Helsinki.
            journeys: How many begin; a few have not been heard of by `until`.
            weeks: How many, Monday to Sunday.
            planted: What is wrong with it; `()` makes a calm city.
            faults: Of transport; None: every message comes once, in order.
            services: Definitions by key; None: the packaged catalogue.

        Raises:
            PolkuError: A setting that no city can have.
            UnknownServiceError: Friction is planted at a service that is not there.
            UnknownStepError: The same of a step.
            ServiceDefinitionError: A definition has no name for an outcome.
        """
        self.settings = Settings(
            seed=seed,
            until=until,
            journeys=journeys,
            weeks=weeks,
            planted=tuple(planted),
            faults=faults or Faults(),
        )
        known = load_services() if services is None else services
        self._scripts = scripts_of(known, BEHAVIOURS, self.settings.planted)
        self._truth: Truth | None = None

    def batches(self) -> Iterator[RawBatch]:
        """Tell what happens, in the order in which the messages arrive; places count from 1."""
        origin, place, gone = f"city:{self.settings.seed}", 1, 0.0
        pieces = Pieces(self._scripts, self._tag())
        weeks = Weeks(self._scripts, pieces, self.settings)
        for touches, done in weeks.blocks():
            for start in range(0, len(touches), MESSAGES_OF_A_BATCH):
                end = min(start + MESSAGES_OF_A_BATCH, len(touches))
                messages = pieces.write(touches.rows(slice(start, end)))
                records = [RawRecord(place + n, message) for n, message in enumerate(messages)]
                place += len(records)
                yield RawBatch(origin, records, done=gone + (done - gone) * end / len(touches))
            gone = done
        self._truth = weeks.truth()

    def messages(self) -> Iterator[bytes]:
        """Yield the messages alone, in the order in which they arrive."""
        for batch in self.batches():
            for record in batch.records:
                if isinstance(record, RawRecord) and record.value is not None:
                    yield record.value

    def truth(self) -> Truth:
        """Return what is true of the city; lets it happen, if it has not yet.

        Returns:
            `seed, first, until, weeks, journeys` (begun before `until`), `touchpoints, messages`;
            `faults`, touchpoints that met each; `planted`, for each `service, step, kind, size,
            since` (the Monday it begins, or None), `week, met, affected` in journeys, and for a
            drop-off `lost`: those of the affected that are lost at `until`; `services`, for each
            the counts of its journeys at `until` (`started, succeeded, refused, cancelled, expired,
            abandoned, open, cancelled_afterwards, resurrected`), its `touchpoints`, and how many
            journeys `entered` each step and were `lost` there, `""` being before the first step.
        """
        if self._truth is None:
            weeks = Weeks(self._scripts, Pieces(self._scripts, self._tag()), self.settings)
            for _ in weeks.blocks():
                pass
            self._truth = weeks.truth()
        return self._truth

    def _tag(self) -> str:
        """Eight letters that tell this city's identifiers from those of any other, faults apart."""
        settings = self.settings
        identity = [
            settings.seed,
            settings.until.isoformat(),
            settings.journeys,
            settings.weeks,
            [astuple(friction) for friction in settings.planted],
            [[version.digest for version in script.history.versions] for script in self._scripts],
        ]
        digest = blake2b(json.dumps(identity).encode(), digest_size=4).digest()
        return spell(np.array([int.from_bytes(digest)], dtype=np.int64))[0]


def write_city(city: SyntheticCity, path: Path) -> Path:
    """Write a city's messages as JSON Lines, and what is true of it beside them, as `truth.json`.

    Args:
        city: Of any size; memory does not grow with it.
        path: Compressed if it ends with `.gz`; the bytes depend on the city alone.

    Returns:
        Where the truth is.
    """
    lines = (message + b"\n" for message in city.messages())
    with path.open("wb") as file:
        if path.suffix == ".gz":
            # Neither name nor time of day in the header, else the same city gave other bytes.
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                packed.writelines(lines)
        else:
            file.writelines(lines)
    beside = path.with_name("truth.json")
    beside.write_text(json.dumps(city.truth(), indent=2) + "\n", encoding="utf-8")
    return beside
