"""Recording, tracing and reading one installation at once: no error and no wrong number."""

import signal
import time
from pathlib import Path

from tests.delivery.command_line import LAST_DAY, Answer, answer, numbers, process, started
from tests.delivery.conftest import City
from tests.delivery.stores import Store

At = tuple[object, ...]

PARTS = 4
REPORT = ("report", "varaamo-booking", "--as-of", LAST_DAY, "--format", "json")


def undisturbed(lines: Path, at: At) -> str:
    """The report of the same lines, one thing after the other, with the same key."""
    answer("ingest", "files", lines, *at)
    answer("project", *at)
    return answer(*REPORT, *at)


def parts_of(lines: Path, folder: Path) -> list[Path]:
    messages = lines.read_bytes().splitlines(keepends=True)
    size = -(-len(messages) // PARTS)
    paths = [folder / f"part{number}.jsonl" for number in range(PARTS)]
    for number, path in enumerate(paths):
        path.write_bytes(b"".join(messages[number * size : (number + 1) * size]))
    return paths


def test_ingest_project_and_report_do_not_disturb_each_other(
    small_city: City, store: Store, tmp_path: Path
) -> None:
    # Given an installation with the first part of a city, followed by a projector
    data, alone = tmp_path / "data", tmp_path / "alone"
    at = store.at(data)
    first, *others = parts_of(small_city.lines, tmp_path)
    answer("ingest", "files", first, *at)
    answer("project", *at)
    follower = started("project", "--follow", *at)

    # When the other parts are recorded, two at once, while reports are read
    done: list[Answer] = []
    ingests = [started("ingest", "files", path, *at) for path in others[:2]]
    done.append(process(*REPORT, *at))
    for ingest in ingests:
        out, err = ingest.communicate(timeout=60)
        done.append(Answer(ingest.returncode, out, err))
    ingest = started("ingest", "files", others[2], *at)
    done.append(process("overview", "--as-of", LAST_DAY, *at))
    out, err = ingest.communicate(timeout=60)
    done.append(Answer(ingest.returncode, out, err))
    _wait_until_projected(at)
    follower.send_signal(signal.SIGTERM)
    out, err = follower.communicate(timeout=60)
    done.append(Answer(follower.returncode, out, err))

    # Then nothing failed, and the numbers are those of an undisturbed run
    assert [(item.code, "Traceback" in item.err) for item in done] == [(0, False)] * len(done), done
    alone.mkdir()
    (alone / "pseudonym.key").write_bytes((data / "pseudonym.key").read_bytes())
    assert answer(*REPORT, *at) == undisturbed(small_city.lines, store.at(alone))


def _wait_until_projected(at: At) -> None:
    for _ in range(120):
        if numbers("status", *at)["behind"] == 0:
            return
        time.sleep(0.25)
    raise AssertionError("the follower did not come to the head")
