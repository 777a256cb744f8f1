"""A law: whatever is done to a log, both kinds of database say the same of it, positions too."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.errors import LogError
from journeys.event_log import EventLog, SourcePosition
from journeys.records import TouchpointRejected
from journeys.touchpoint import Touchpoint
from tests.journeys.conftest import NOW
from tests.postgres import PostgresServer

copies = st.tuples(st.sampled_from("st"), st.integers(1, 5), st.sampled_from(["form", 'pa"y,\\ö']))
bad_lines = st.lists(st.integers(1, 3), max_size=2)
batches = st.tuples(st.lists(copies, max_size=6), bad_lines)
doings = st.lists(batches | st.sampled_from("st"), max_size=6)


def do(log: EventLog, what: Sequence[Any]) -> list[object]:
    """Append batches and retract sources; say all that the log says."""
    said: list[object] = []
    at: int | None = None
    for step, doing in enumerate(what, 1):
        when = NOW + timedelta(hours=step)
        if isinstance(doing, str):
            try:
                said.append(log.retract(doing, recorded_at=when))
            except LogError as error:
                said.append(type(error))
            continue
        touchpoints = [
            Touchpoint(source=source, id=str(n), service="a", occurred_at=NOW, name=name)
            for source, n, name in doing[0]
        ]
        rejections = [
            TouchpointRejected(origin="o", place=n, reason="bad_time", detail="d", digest="e")
            for n in doing[1]
        ]
        position = SourcePosition("kafka/0", step, at)
        appended = log.append_batch(touchpoints, rejections, recorded_at=when, positions=[position])
        said.append((appended, log.compare(touchpoints)))
        at = step
    frames = [log.read_touchpoints(), log.read_touchpoints(after=2, until=7, service="a")]
    said += [frame.rows() for frame in frames]
    said += [log.read(), log.rejections(), log.sources(), log.arrivals(), log.retractions()]
    said += [log.head(), log.position_of("kafka/0"), log.newest_recorded_at(), log.recorded_at(3)]
    return said


@settings(max_examples=12)
@given(doings)
def test_both_kinds_of_database_say_the_same(
    postgres: PostgresServer,
    empty_log: str,
    tmp_path_factory: pytest.TempPathFactory,
    what: list[Any],
) -> None:
    with EventLog.open(tmp_path_factory.mktemp("alike") / "log.db") as log:
        on_sqlite = do(log, what)
    with EventLog.open(postgres.new_database(empty_log)) as log:
        on_postgresql = do(log, what)

    assert on_postgresql == on_sqlite
