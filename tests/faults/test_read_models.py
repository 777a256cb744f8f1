"""Read models of messages in any order, of a service that breaks, and of rebuilds that die."""

import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import polars as pl
import pytest

from journeys.event_log import EventLog
from journeys.touchpoint import Touchpoint
from projections import projector
from projections.runner import project, rebuild
from tests.faults.matrix import Ledger
from tests.faults.workers import Worker
from tests.postgres import PostgresServer
from tests.projections.example_service import EXAMPLE_SERVICE, touchpoints
from tests.projections.stored import Dump, begin, dump, folder, project_in_steps, rebuilt, record
from tests.projections.test_projection_kills import begun, run

NAMES = ("search", "form", "files", "pay", "handling", "ask", "sign", "mail", "call", "granted")
OTHER = msgspec.structs.replace(EXAMPLE_SERVICE, key="other")


def drawn(chosen: random.Random, number: int) -> list[Touchpoint]:
    """Touchpoints of a few cases and people over two months, in the order they happened."""
    words = "; ".join(
        f"{chosen.choice('cdepq')}: {chosen.choice(NAMES)}.{chosen.randrange(60)}"
        for _ in range(number)
    )
    return sorted(touchpoints(words), key=lambda touchpoint: touchpoint.occurred_at)


def rows(tables: Dump) -> Dump:
    """What the tables hold, but for how far they are."""
    return {name: table for name, table in tables.items() if not name.startswith("position")}


@pytest.fixture
def data(tmp_path: Path, postgres: PostgresServer, seed: int) -> Path:
    """A folder; the read models of odd seeds are on PostgreSQL."""
    if seed % 2:
        (tmp_path / "read-models.url").write_text(postgres.new_database())
    return tmp_path


@pytest.mark.row(16)
def test_order_of_arrival_changes_no_row(
    data: Path, tmp_path_factory: pytest.TempPathFactory, ledger: Ledger, chosen: random.Random
) -> None:
    in_order = drawn(chosen, 40)
    late = chosen.sample(in_order, len(in_order))
    with folder(tmp_path_factory.mktemp("in-order")) as (log, _):
        record(log, in_order, [EXAMPLE_SERVICE])
        expected = rows(rebuilt(log))

    with folder(data) as (log, models):
        record(log, services=[EXAMPLE_SERVICE])
        begin(models)
        while late:
            size = chosen.randint(1, 12)
            again = chosen.sample(in_order[: len(in_order) // 2], 2)
            record(log, [*late[:size], *(t for t in again if t not in late[size:])])
            del late[:size]
            ledger.made += 1
            if chosen.random() < 0.7:
                project_in_steps(log, models, chosen.randint(1, 10))
        project(log, models)
        ledger.settle([t.id for t in in_order], log.read_touchpoints()["id"])
        assert rows(dump(models)) == expected


@pytest.mark.row(18)
def test_service_that_cannot_be_traced_stops_the_run_and_spoils_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch, ledger: Ledger, chosen: random.Random
) -> None:
    first = [
        msgspec.structs.replace(t, service=key, source=f"urn:{key}")
        for t in drawn(chosen, 30)
        for key in ("example", "other")
    ]
    poison = msgspec.structs.replace(first[0], id="poison", service="other", source="urn:other")
    traced = projector.trace_journeys

    def breaking(frame: pl.DataFrame, *words: object) -> object:
        if "poison" in frame["id"]:
            raise ArithmeticError("as a mistake in a tracer")
        return traced(frame, *words)  # type: ignore[arg-type]

    with folder(data) as (log, models):
        at = chosen.randint(0, len(first))
        record(log, first[:at], [EXAMPLE_SERVICE, OTHER])
        begin(models)
        project(log, models)
        before = dump(models)
        record(log, [*first[at:], poison])

        with monkeypatch.context() as patch:
            patch.setattr(projector, "trace_journeys", breaking)
            with pytest.raises(ArithmeticError):
                project(log, models)
        ledger.made += 1
        assert dump(models) == before
        project(log, models)

        ledger.settle([(t.source, t.id) for t in [*first, poison]], kept(log))
        assert dump(models) == rebuilt(log)


def kept(log: EventLog) -> Sequence[tuple[str, str]]:
    return log.read_touchpoints().select("source", "id").rows()


@pytest.fixture(scope="module")
def statements(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[dict[tuple[str, bool], int]]:
    """How many statements each job takes, by job and whether it is on PostgreSQL."""
    found = {}
    for job in ("project", "rebuild"):
        for served in (False, True):
            calm = tmp_path_factory.mktemp("calm")
            if served:
                (calm / "read-models.url").write_text(postgres.new_database())
            begun(calm)
            found[job, served] = run(job, calm)
    return found


@pytest.mark.row(21)
def test_rebuild_that_is_killed_is_done_again_and_two_wait_for_each_other(
    data: Path,
    statements: dict[tuple[str, bool], int],
    ledger: Ledger,
    seed: int,
    chosen: random.Random,
) -> None:
    if seed % 10 == 0:
        (data / "empty").mkdir()
        with folder(data / "empty") as (log, models):
            assert rebuild(log, models) == project(log, models) == 0
    behind, complete = begun(data)
    with ExitStack() as stack:
        workers = []
        for _ in range(chosen.randint(1, 2)):
            job = chosen.choice(["project", "rebuild", "rebuild"])
            at = 1 + int(chosen.random() * statements[job, seed % 2 == 1])
            workers.append(stack.enter_context(Worker(run_until, job, data, at)))
        ledger.made += sum(worker.was_killed() for worker in workers)

    with folder(data) as (log, models):
        found = dump(models)
        if len(workers) == 1 and job == "rebuild":
            assert found in (behind, complete)
        rebuild(log, models)
        assert dump(models) == complete


def run_until(job: str, data: Path, at: int) -> int:
    return run(job, data, until=at)


def test_killed_means_killed(tmp_path: Path) -> None:
    begun(tmp_path)
    with Worker(run_until, "rebuild", tmp_path, 2) as worker:
        assert worker.wait() == -signal.SIGKILL
