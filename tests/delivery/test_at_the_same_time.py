"""Recording, tracing and reading one folder at once: no error and no wrong number."""

import signal
import time
from pathlib import Path

from tests.delivery.command_line import LAST_DAY, Answer, answer, numbers, process, started
from tests.delivery.conftest import City

PARTS = 4
REPORT = ("report", "varaamo-booking", "--as-of", LAST_DAY, "--format", "json")


def undisturbed(lines: Path, data: Path) -> str:
    """The report of the same lines, one thing after the other, with the same key."""
    answer("ingest", "files", lines, "--data", data)
    answer("project", "--data", data)
    return answer(*REPORT, "--data", data)


def parts_of(lines: Path, folder: Path) -> list[Path]:
    messages = lines.read_bytes().splitlines(keepends=True)
    size = -(-len(messages) // PARTS)
    paths = [folder / f"part{number}.jsonl" for number in range(PARTS)]
    for number, path in enumerate(paths):
        path.write_bytes(b"".join(messages[number * size : (number + 1) * size]))
    return paths


def test_ingest_project_and_report_do_not_disturb_each_other(
    small_city: City, tmp_path: Path
) -> None:
    # Given a folder with the first part of a city, followed by a projector
    data, alone = tmp_path / "data", tmp_path / "alone"
    first, *others = parts_of(small_city.lines, tmp_path)
    answer("ingest", "files", first, "--data", data)
    answer("project", "--data", data)
    follower = started("project", "--follow", "--data", data)

    # When the other parts are recorded, two at once, while reports are read
    done: list[Answer] = []
    ingests = [started("ingest", "files", path, "--data", data) for path in others[:2]]
    done.append(process(*REPORT, "--data", data))
    for ingest in ingests:
        out, err = ingest.communicate(timeout=60)
        done.append(Answer(ingest.returncode, out, err))
    ingest = started("ingest", "files", others[2], "--data", data)
    done.append(process("overview", "--as-of", LAST_DAY, "--data", data))
    out, err = ingest.communicate(timeout=60)
    done.append(Answer(ingest.returncode, out, err))
    _wait_until_projected(data)
    follower.send_signal(signal.SIGTERM)
    out, err = follower.communicate(timeout=60)
    done.append(Answer(follower.returncode, out, err))

    # Then nothing failed, and the numbers are those of an undisturbed run
    assert [(item.code, "Traceback" in item.err) for item in done] == [(0, False)] * len(done), done
    alone.mkdir()
    (alone / "pseudonym.key").write_bytes((data / "pseudonym.key").read_bytes())
    assert answer(*REPORT, "--data", data) == undisturbed(small_city.lines, alone)


def _wait_until_projected(data: Path) -> None:
    for _ in range(120):
        if numbers("status", "--data", data)["behind"] == 0:
            return
        time.sleep(0.25)
    raise AssertionError("the follower did not come to the head")
