"""`polku quarantine list`: what people copy from it stands there whole."""

from typing import Any

import pytest

from delivery.report.quarantine import quarantine_text

LATEST = "file:allotment-plot/palstahakemukset.csv"
LONG = "file:allotment-plot/" + "Kopio palstahakemukset kevät " * 6 + ".csv"


def refused(origin: str, place: int, detail: str = "time: there is no such day") -> dict[str, Any]:
    return {
        "position": 412,
        "origin": origin,
        "place": place,
        "reason": "missing_reference",
        "detail": detail,
        "settled": False,
    }


@pytest.mark.parametrize("origin", [LATEST, LONG])
def test_an_origin_is_never_broken(origin: str) -> None:
    text = quarantine_text([refused(origin, 1234567, "why " * 60)], total=1)

    lines = text.splitlines()
    assert origin in lines
    assert max(len(line) for line in lines if line != origin) <= 100
    # The place is typed into an editor: no thin groups of three.
    (row,) = [line.split() for line in lines if "1234567" in line]
    assert row[:4] == ["1234567", "412", "missing_reference", "why"]


def test_each_origin_heads_its_own_records_the_latest_first() -> None:
    rows = [refused(LATEST, 9), refused("kafka:city/0", 7), refused(LATEST, 5)]

    text = quarantine_text(rows, total=3)

    told = [word for word in text.split() if word in {LATEST, "kafka:city/0", "9", "7", "5"}]
    assert told == [LATEST, "9", "5", "kafka:city/0", "7"]
