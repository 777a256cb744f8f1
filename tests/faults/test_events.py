"""Events of other releases, and times that no clock should show."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from eventsourcing.utils import register_topic

from journeys.errors import LogError
from journeys.event_log import EventLog
from tests.faults.matrix import Ledger
from tests.ingest.messages import RECEIVED_AT, structured
from tests.ingest.test_pipeline import ingest_lines

HELSINKI = ZoneInfo("Europe/Helsinki")


@dataclass(frozen=True, kw_only=True)
class ThirdEdition:
    """A record that has changed twice: `words` was `word` once, and had no `lang`."""

    TOPIC: ClassVar[str] = "third-edition"
    class_version: ClassVar[int] = 3

    words: str
    lang: str
    originator_id: UUID
    originator_version: int = 1

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["words"] = state.pop("word")

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["lang"] = "fi"


register_topic(ThirdEdition.TOPIC, ThirdEdition)

STATES = {
    1: {"word": "1"},
    2: {"words": "2", "class_version": 2},
    3: {"words": "3", "lang": "sv", "class_version": 3},
}


def put(log: EventLog, topic: str, state: dict[str, object]) -> None:
    """Write an event as a release that knows it would."""
    recorder = log.application.recorder
    row = (uuid4().hex, 1, topic, json.dumps(state, separators=(",", ":")).encode())
    with recorder.writing() as c:
        recorder.note_kinds(c, {(topic, int(str(state.get("class_version", 1))))})
        recorder.insert_rows(c, [(str(UUID(row[0])), *row[1:])])


@pytest.mark.row(19)
def test_older_events_are_read_and_newer_ones_refused(
    tmp_path: Path, ledger: Ledger, seed: int, chosen: random.Random
) -> None:
    versions = chosen.choices(sorted(STATES), k=12)
    newer: tuple[str, dict[str, object]] = chosen.choice(
        [
            (ThirdEdition.TOPIC, {"words": "4", "class_version": chosen.randint(4, 9)}),
            ("touchpoint", {"source": "s", "id": "i", "class_version": chosen.randint(2, 9)}),
            (f"unheard-of-{seed}", {"source": "s"}),
        ]
    )
    with EventLog.open(tmp_path / "log.db") as log:
        for version in versions:
            put(log, ThirdEdition.TOPIC, STATES[version])
        read = [event for _, event in log.read()]
        assert [(e.words, e.lang) for e in read] == [  # type: ignore[attr-defined]
            (str(version), "sv" if version == 3 else "fi") for version in versions
        ]
        put(log, *newer)
        with pytest.raises(LogError, match="a newer release has written to it"):
            log.read()
    with pytest.raises(LogError, match=r"a newer release .*Hint: install the release"):
        EventLog.open(tmp_path / "log.db")
    ledger.made += 1


def moments(chosen: random.Random) -> list[tuple[str, datetime | None]]:
    """Times as a message has them, and the moment each means; None where it is to be refused."""
    night = datetime(2025, 10, 26, 3, chosen.randrange(60), tzinfo=HELSINKI)  # it comes twice
    spring = datetime(2026, 3, 29, 2, 59, chosen.randrange(60), tzinfo=HELSINKI)
    ahead = timedelta(minutes=chosen.randint(1, 24 * 60 - 1))
    zone = chosen.choice(["+14:00", "-12:00", "+05:45"])
    local = f"2026-02-03T04:05:{chosen.randrange(60):02}.{chosen.randrange(10**6):06}"
    good = [night, night.replace(fold=1), spring, spring + timedelta(seconds=61)]
    good += [RECEIVED_AT + ahead, RECEIVED_AT - timedelta(days=chosen.randint(0, 13_000))]
    told: list[tuple[str, datetime | None]] = [(moment.isoformat(), moment) for moment in good]
    told.append((local + zone, datetime.fromisoformat(local + zone)))
    beyond = RECEIVED_AT + timedelta(days=1, seconds=chosen.randint(1, 10**9))
    bad = [beyond.isoformat(), f"1970-01-01T00:00:{chosen.randrange(60):02}Z", "0000-00-00T00:00Z"]
    bad += ["9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "1700000000", local, local + "+25:00"]
    told += [(text, None) for text in bad]
    chosen.shuffle(told)
    return told


@pytest.mark.row(20)
def test_impossible_times_are_kept_aside_and_the_others_mean_what_they_say(
    tmp_path: Path, ledger: Ledger, chosen: random.Random
) -> None:
    told = moments(chosen)
    lines = [structured(id=str(n), time=text) for n, (text, _) in enumerate(told)]
    frames = []
    for name in ("first", "replay"):
        with EventLog.open(tmp_path / f"{name}.db") as log:
            result = ingest_lines(lines, tmp_path / "told.jsonl", log)
            again = ingest_lines(lines, tmp_path / "told.jsonl", log)
            assert (again.recorded, again.newly_rejected) == (0, 0)
            frames.append(log.read_touchpoints())
            ledger.made += sum(result.rejected.values())
    found = dict(frames[0].select("id", "occurred_at").rows())

    wanted = {str(n): moment for n, (_, moment) in enumerate(told) if moment is not None}
    ledger.settle(wanted, found)
    assert {id_: at.astimezone(UTC) for id_, at in wanted.items()} == found
    assert frames[0].equals(frames[1])
