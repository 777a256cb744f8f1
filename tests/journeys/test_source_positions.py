"""How far sources were read, by their names."""

from datetime import UTC, datetime

from journeys.event_log import EventLog, SourcePosition
from journeys.proof import source_positions

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_positions_of_sources_whose_names_begin_alike_are_told(
    store_urls: tuple[str, str],
) -> None:
    with EventLog.open(store_urls[0]) as log:
        assert source_positions(log, "kafka/") == {}
        log.append_batch(
            [],
            recorded_at=NOW,
            positions=[
                SourcePosition("kafka/c/t/0", 25, None),
                SourcePosition("kafka/c/t/1", 0, None),
                SourcePosition("kafka_c", 7, None),
                SourcePosition("file:kafka/c", 9, None),
            ],
        )

        assert source_positions(log, "kafka/") == {"kafka/c/t/0": 25, "kafka/c/t/1": 0}
        assert source_positions(log, "kafka/c/t/1") == {"kafka/c/t/1": 0}
