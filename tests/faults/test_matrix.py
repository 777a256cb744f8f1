"""The matrix is whole, and its table and its page say what it has."""

from pathlib import Path

import pytest

from tests.faults.matrix import ROWS, Ledger, Results, seeds_of, table

HOUSE = Path(__file__).parents[2]


def test_every_row_has_a_test() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in HOUSE.glob("tests/faults/*.py"))

    assert [number for number in ROWS if f"@pytest.mark.row({number}" not in sources] == []


def test_page_tells_every_row(house_page: str) -> None:
    missing = [
        number for number, row in ROWS.items() if f"| {number} | {row.fault} |" not in house_page
    ]

    assert missing == []


@pytest.fixture
def house_page() -> str:
    return (HOUSE / "docs/faults.md").read_text(encoding="utf-8")


def test_what_is_lost_or_doubled_fails_and_is_counted() -> None:
    ledger = Ledger()
    ledger.settle(["a", "b"], ["b", "a"])
    with pytest.raises(AssertionError, match=r"lost: .*c"):
        ledger.settle(["a", "c"], ["a"])
    with pytest.raises(AssertionError, match=r"doubled: .*a"):
        ledger.settle(["a"], ["a", "a", "x"])

    assert (ledger.lost, ledger.doubled) == (1, 2)


def test_table_adds_up_what_seeds_have_found(tmp_path: Path) -> None:
    results = Results()
    run = {"row": 2, "seed": 0, "made": 3, "lost": 0, "doubled": 0, "seconds": 1.5, "failed": False}
    results.add(run)
    results.add({**run, "seed": 1, "lost": 4, "failed": True})
    results.write(tmp_path / "build" / "faults.json")

    (line,) = table(results.rows())[2:]
    assert line.endswith("| 2 (1 FAILED) | 6 | 4 | 0 | 3.0 |")
    assert '"doubled": 0' in (tmp_path / "build" / "faults.json").read_text()


def test_number_of_seeds_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS[1]
    wanted = {"": row.fast, "all": row.seeds, "7": 7, "1000": row.seeds}
    for told, seeds in wanted.items():
        monkeypatch.setenv("POLKU_FAULT_SEEDS", told)
        assert seeds_of(row) == seeds
