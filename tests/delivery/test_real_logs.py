"""Three commands from somebody's log to its report, on public process logs."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.command_line import answer, numbers
from tests.real_logs import REAL_LOGS, RealLog, events_of, transitions_of, walks_of


def _report(log: RealLog, data: Path) -> Any:  # noqa: ANN401
    answer("services", "draft", log.path, "--service", "own", "--data", data)
    answer("ingest", "files", log.path, "--service", "own", "--data", data)
    answer("project", "--data", data)
    return numbers("report", "own", "--public-log", "--k", 1, "--data", data)


@pytest.mark.parametrize("log", REAL_LOGS, ids=lambda log: log.file)
def test_three_commands_count_what_plain_python_counts(log: RealLog, tmp_path: Path) -> None:
    walks = walks_of(events_of(log.path))

    report = _report(log, tmp_path)

    assert report["journeys"]["started"] == log.cases == len(walks)
    assert report["touchpoints"] == log.events == sum(map(len, walks))
    assert len(report["steps"]) == log.names == len({name for walk in walks for name in walk})
    assert report["variants_total"] == log.variants == len(set(map(tuple, walks)))
    assert _counts(report["transitions"], "from", "to") == transitions_of(walks)
    assert _counts(report["starts"], "step") == Counter((walk[0],) for walk in walks)
    ends: Counter[tuple[str, ...]] = Counter()
    for row in report["ends"]:
        ends[row["step"],] += row["count"]
    assert ends == Counter((walk[-1],) for walk in walks)
    assert report["unmapped"] == report["unlinked"] == 0
    assert report["draft"] is True
    assert sum(report["hidden"].values()) == 0


def _counts(rows: list[dict[str, Any]], *keys: str) -> Counter[tuple[str, ...]]:
    return Counter({tuple(row[key] for key in keys): row["count"] for row in rows})
