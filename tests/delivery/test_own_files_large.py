"""A file of a gigabyte is read in little memory, by each command that reads files."""

from pathlib import Path

import pytest

from tests.memory import run_measured

MOST_MEMORY = 300 << 20
GIGABYTE = 1_000_000_000

_POLKU = "from delivery.cli import main; main()"


@pytest.mark.slow
def test_a_gigabyte_is_drafted_recorded_and_read_again_in_300_mb(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    rows = _write(path)
    own = ("--service", "own", "--data", tmp_path)

    draft = ("services", "draft", path, *own, "--zone", "Europe/Helsinki")
    _, drafted = run_measured(_POLKU, *draft)
    said, first = run_measured(_POLKU, "ingest", "files", path, *own)
    known, again = run_measured(_POLKU, "ingest", "files", path, *own)

    assert f"Recorded {rows:,} touchpoints" in said
    assert f"{rows:,} were known already" in known
    assert max(drafted, first, again) < MOST_MEMORY


def _write(path: Path) -> int:
    """Rows of four steps a case, with a long free text that nobody reads."""
    text = "Lisätietoja ei ole, mutta niitä on paljon. " * 24
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Asia;Vaihe;Aika;Lisätieto\r\n")
        while file.tell() < GIGABYTE:
            file.writelines(
                f"HEL-{row // 4};vaihe {row % 4};{_time(row)};{text}{row}\r\n"
                for row in range(rows, rows + 10_000)
            )
            rows += 10_000
    return rows


def _time(row: int) -> str:
    day = f"{1 + row // 40_000 % 28}.{1 + row // 1_200_000}.2020"
    return f"{day} {row // 1800 % 24}.{row // 30 % 60:02}"
