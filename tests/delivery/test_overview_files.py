"""The overview in files, written once, or anew until told to stop."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from delivery.rewriting import keep_written
from journeys.errors import ProjectionError
from tests.delivery.command_line import LAST_DAY, answer, polku, started
from tests.delivery.conftest import City

AT = ("--as-of", LAST_DAY)


def test_the_overview_is_written_in_the_form_that_each_file_ends_with(
    small_city: City, tmp_path: Path
) -> None:
    names = [tmp_path / f"overview.{ending}" for ending in ("txt", "json", "csv")]
    told = [word for name in names for word in ("--write", name)]

    said = answer("overview", *AT, "--data", small_city.data, *told)

    assert said == ""
    assert [name.read_text(encoding="utf-8") for name in names] == [
        answer("overview", *AT, "--data", small_city.data, "--format", form)
        for form in ("text", "json", "csv")
    ]
    assert sorted(tmp_path.iterdir()) == sorted(names)  # no draft is left


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--write", "overview.doc"),
            "its ending says no form. Hint: one of .txt, .json, .csv, .md",
        ),
        (("--every", "60"), "says how often a file is written. Hint: --write FILE"),
    ],
)
def test_what_cannot_be_meant_ends_with_code_two(words: tuple[str, ...], said: str) -> None:
    done = polku("overview", *words)

    assert done.code == 2
    assert said in " ".join(done.err.replace("│", " ").split())


def test_a_folder_that_is_not_there_is_said(small_city: City, tmp_path: Path) -> None:
    done = polku(
        "overview", *AT, "--data", small_city.data, "--write", tmp_path / "no" / "overview.txt"
    )

    assert done.code == 1
    assert "overview.txt: No such file or directory. Hint: its folder must be there" in done.err


def test_a_reporter_waits_for_the_log_writes_and_ends_when_it_is_told_to(
    small_city: City, tmp_path: Path
) -> None:
    data, file = tmp_path / "data", tmp_path / "overview.json"
    reporter = started("overview", *AT, "--data", data, "--write", file, "--every", 1)

    try:
        assert reporter.stderr is not None
        first = reporter.stderr.readline()
        shutil.copytree(small_city.data, tmp_path / "copy").rename(data)
        _wait_for(file.exists)
        written = file.stat().st_mtime_ns
        _wait_for(lambda: file.stat().st_mtime_ns > written)
        reporter.send_signal(signal.SIGTERM)
        out, err = reporter.communicate(timeout=60)
    finally:
        reporter.kill()

    assert "there is none. Hint: polku demo, or polku ingest first" in first
    assert first.endswith("Trying again every 1 seconds.\n")
    assert (reporter.returncode, out, err) == (0, "", "Written again.\n")
    assert len(json.loads(file.read_text(encoding="utf-8"))["services"]) == 6


def test_trouble_is_said_once_and_leaves_the_last_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, stop = tmp_path / "overview.txt", Event()
    turns = iter(["one", "away", "away", "gone", "two"])

    def answers() -> dict[Path, str]:
        turn = next(turns)
        if turn in {"away", "gone"}:
            assert file.read_text() == "one"
            raise ProjectionError(turn)
        if turn == "two":
            stop.set()
        return {file: turn}

    keep_written(answers, every_s=0, stop=stop)

    assert file.read_text() == "two"
    assert capsys.readouterr().err.splitlines() == [
        "Not written: away. Trying again every 0 seconds.",
        "Not written: gone. Trying again every 0 seconds.",
        "Written again.",
    ]


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
