"""Seeds for the rows of the matrix, a ledger for each test, and the table at the end."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from journeys.event_log import EventLog
from tests.faults.matrix import ROWS, Ledger, Results, is_full, seeds_of, table

ANSWER = Path("build/faults.json")
RESULTS = Results()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of a row its seeds; those beyond the fast set are marked `faults`.

    Tests with a broker share one, but in `make faults`: there each of two workers has its own.
    """
    mark = metafunc.definition.get_closest_marker("row")
    if mark is None or "seed" not in metafunc.fixturenames:
        return
    row = ROWS[mark.args[0]]
    row = row._replace(**mark.kwargs)  # a part of a row that takes longer has fewer seeds
    shares = is_full() and metafunc.definition.get_closest_marker("xdist_group") is not None

    def marks(seed: int) -> list[pytest.MarkDecorator]:
        group = [pytest.mark.xdist_group(f"broker-{seed % 2}")] if shares else []
        return [*group, pytest.mark.faults] if seed >= row.fast else group

    seeds = range(max(1, seeds_of(row)))
    metafunc.parametrize("seed", [pytest.param(seed, marks=marks(seed)) for seed in seeds])


@pytest.fixture
def chosen(seed: int) -> Random:
    """Decides moments, sizes and orders."""
    return Random(seed)  # noqa: S311 - no secret


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Takes what a test finds into the results of its row."""
    ledger = Ledger()
    (number,) = request.node.get_closest_marker("row").args
    found = {"row": number, "seed": request.node.callspec.params.get("seed", 0)}
    request.node.user_properties.append(("fault", found))
    request.node.stash[_LEDGER] = ledger
    return ledger


_LEDGER = pytest.StashKey[Ledger]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Take what the ledger holds into the report, which travels to where the table is made."""
    if _LEDGER in item.stash:
        dict(item.user_properties)["fault"].update(vars(item.stash[_LEDGER]))
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count a test for its row."""
    found = dict(report.user_properties).get("fault")
    if report.when == "call" and not report.skipped and isinstance(found, dict):
        RESULTS.add({**found, "seconds": report.duration, "failed": report.failed})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table and write it as JSON, where the matrix was run as such."""
    if is_full() and RESULTS.rows():
        terminalreporter.section("fault matrix")
        terminalreporter.write_line("\n".join(table(RESULTS.rows())))
        RESULTS.write(ANSWER)
        terminalreporter.write_line(f"As JSON: {ANSWER}")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """A new log in a file."""
    with EventLog.open(tmp_path / "log.db") as opened:
        yield opened
