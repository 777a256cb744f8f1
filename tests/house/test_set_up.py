"""A stranger has CPython and make; the rest is ours to bring."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

PROMISED = {"help", "demo", "test", "check", "fmt", "bench", "slow", "faults", "parts"}
OF_DEBIAN = {
    "java": "default-jre-headless",
    "mvn": "maven",
    "npm": "npm",
    "initdb": "postgresql",
    "chromium": "chromium fonts-dejavu-core",
}
TOOLS = ("sh", "make", "dirname", "cat", "cmp", "grep", "head", "sed", "awk")


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with the usual tools and no Python at all."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def test_make_lists_every_target_it_promises_with_a_sentence(
    house: Path, make_targets: dict[str, str]
) -> None:
    listed = _run(["make"], cwd=house).stdout

    assert make_targets.keys() >= PROMISED
    assert all(f"make {name} " in listed and text in listed for name, text in make_targets.items())


def test_every_target_without_a_sentence_is_an_inner_one(house: Path) -> None:
    makefile = (house / "Makefile").read_text(encoding="utf-8")

    silent = re.findall(r"^([a-z-]+):(?![^\n]*##)", makefile, re.MULTILINE)

    assert set(silent) == {"run-setup", "dev-setup"}


@pytest.mark.parametrize(("target", "part"), [("demo", "run"), ("test", "dev"), ("check", "dev")])
def test_a_command_sets_up_what_it_needs_first(house: Path, target: str, part: str) -> None:
    first, *then = _run(["make", "--dry-run", target], cwd=house).stdout.splitlines()

    assert first == f'sh .ci/setup ".venv" {part}'
    assert then


def test_the_demo_keeps_to_its_own_folder(house: Path) -> None:
    shown = _run(["make", "--dry-run", "demo"], cwd=house, POLKU_DATA="precious").stdout

    assert 'POLKU_DATA="demo-data" ".venv/bin/polku" demo' in shown
    assert "precious" not in shown
    assert "rm " not in shown


def test_ci_runs_check_and_test_and_says_that_it_is_ci(house: Path) -> None:
    script = (house / ".ci/run").read_text(encoding="utf-8")

    steps = re.findall(r"^ *(?:if )?(export CI=true|make \w+)\b", script, re.MULTILINE)

    assert steps == ["export CI=true", "make check", "make parts", "make test"]
    assert os.access(house / ".ci/run", os.X_OK)


def test_tests_that_share_a_server_run_in_one_worker(house: Path, tmp_path: Path) -> None:
    for target in ("test", "slow", "faults"):
        shown = _run(["make", "--dry-run", target], cwd=house).stdout

        assert "-n 2 --dist loadgroup" in shown
    (tmp_path / "test_shared.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('number', range(8))\n"
        "def test_it(number, worker_id):\n"
        f"    with open({str(tmp_path / 'workers')!r}, 'a') as workers:\n"
        "        print(worker_id, file=workers)\n"
    )
    _run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-c", os.devnull, "."],
        cwd=tmp_path,
    )

    workers = (tmp_path / "workers").read_text().split()

    assert len(workers) == 8
    assert len(set(workers)) == 1


def test_a_kafka_in_use_is_kept_from_the_tests_and_the_jars_are_not(
    house: Path, tmp_path: Path
) -> None:
    asking = tmp_path / "Makefile"
    asking.write_text(f"include {house}/Makefile\nasked:\n\t@env\n")

    told = _run(
        ["make", "--no-print-directory", "-f", str(asking), "asked"],
        cwd=house,
        POLKU_KAFKA_TOPIC="precious",
        POLKU_KAFKA_CLIENT_RETRIES="1",
        POLKU_DATABASE="precious",
        POLKU_KAFKA_JARS="jars",
    ).stdout

    assert [line for line in told.splitlines() if "POLKU_" in line] == ["POLKU_KAFKA_JARS=jars"]


def test_ci_ends_with_the_closing_line_of_pytest(house: Path, tmp_path: Path) -> None:
    clone = _clone_with_fake_make(
        house, tmp_path, "echo '== 2 failed, 7 passed in 3.21s =='; echo coverage; exit 2"
    )

    ended = _run_ci(clone, there=OF_DEBIAN)

    assert ended.stdout.splitlines()[-1] == "== 2 failed, 7 passed in 3.21s =="
    assert ended.returncode == 2
    assert not (clone / "installed").exists()


@pytest.mark.parametrize("tool", ["java", "mvn", "npm", "chromium"])
def test_ci_installs_what_a_new_machine_lacks(house: Path, tmp_path: Path, tool: str) -> None:
    clone = _clone_with_fake_make(house, tmp_path, "echo '== 7 passed in 3.21s =='")

    ended = _run_ci(clone, there=set(OF_DEBIAN) - {tool})

    assert ended.returncode == 0
    assert (clone / "installed").read_text().splitlines() == [
        "-qq update",
        f"-qq install --yes --no-install-recommends {OF_DEBIAN[tool]}",
    ]


def test_ci_says_what_is_lacking_to_somebody_who_cannot_install(
    house: Path, tmp_path: Path
) -> None:
    clone = _clone_with_fake_make(house, tmp_path, "echo '== 7 passed in 3.21s =='")

    ended = _run_ci(clone, there=set(OF_DEBIAN) - {"java"}, user=1000)

    assert ended.returncode == 1
    assert "Hint: apt-get install default-jre-headless" in ended.stderr
    assert not (clone / "installed").exists()


def test_ci_asks_a_registry_again_that_did_not_answer(house: Path, tmp_path: Path) -> None:
    clone = _clone_with_fake_make(house, tmp_path, "echo '== 7 passed in 3.21s =='", parts="exit 2")

    ended = _run_ci(clone, there=OF_DEBIAN)

    assert ended.returncode == 0  # the tests say what could not be fetched
    assert (clone / "asked").read_text().split() == ["parts"] * 3


def test_a_machine_without_a_suitable_python_is_told_which_are(
    house: Path, bare_path: Path
) -> None:
    python = bare_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)

    ended = _setup(house, bare_path.parent / "venv", PATH=str(bare_path))

    assert ended.returncode == 1
    assert "CPython 3.11, 3.12 or 3.13 is needed. Hint: install one" in ended.stderr
    assert not (bare_path.parent / "venv").exists()


def test_a_python_without_venv_is_named_with_what_to_install(house: Path, bare_path: Path) -> None:
    python = bare_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    python.chmod(0o755)

    ended = _setup(house, bare_path.parent / "venv", PATH=str(bare_path))

    assert ended.returncode == 1
    assert "python3 lacks venv, ensurepip or sqlite3. Hint: on Debian" in ended.stderr


def test_a_folder_that_is_not_ours_is_left_alone(house: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "venv"
    (theirs / "bin").mkdir(parents=True)
    (theirs / "notes.txt").write_text("mine")

    ended = _setup(house, theirs)

    assert ended.returncode == 1
    assert "is no environment of CPython 3.11 to 3.13. Hint: move it away" in ended.stderr
    assert (theirs / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("installed", ["run", "dev"])
def test_nothing_is_installed_again_until_the_lock_changes(
    house: Path, tmp_path: Path, installed: str
) -> None:
    folder = _environment(tmp_path, marks=tmp_path / "calls")
    stamp = folder / f".polku-{installed}"
    stamp.write_text(f"{house}\n{(house / 'requirements.lock').read_text()}")

    unchanged = _setup(house, folder)
    calls_unchanged = (tmp_path / "calls").exists()
    stamp.write_text(f"{house}\nolder==1.0\n")
    changed = _setup(house, folder)

    assert (unchanged.returncode, unchanged.stderr, calls_unchanged) == (0, "", False)
    assert changed.returncode == 0
    assert "pip install" in (tmp_path / "calls").read_text()
    assert (folder / ".polku-run").read_text().startswith(f"{house}\n# Written by 'make lock'")


def test_a_demo_installs_nothing_that_only_tests_need(house: Path, tmp_path: Path) -> None:
    folder = _environment(tmp_path, marks=tmp_path / "calls")

    _setup(house, folder)

    names = re.findall(r"^([a-z0-9-]+)==", (folder / "run.lock").read_text(), re.MULTILINE)
    assert {"polars", "eventsourcing", "typer"} <= set(names)
    assert not {"pytest", "mypy", "lifelines", "pandas"} & set(names)
    assert "--require-hashes" in (tmp_path / "calls").read_text()


def _run(
    command: list[str], *, cwd: Path, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run as from a fresh shell, not as from within the make that runs these tests."""
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MAKE") and name not in {"VENV", "DEMO_DATA", "WORKERS"}
    }
    return subprocess.run(
        command,
        cwd=cwd,
        check=check,
        capture_output=True,
        text=True,
        timeout=60,
        env={**outer, "PYTHON": "", **environment},
    )


def _setup(house: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return _run(["sh", ".ci/setup", str(folder), "run"], cwd=house, check=False, **environment)


def _environment(tmp_path: Path, *, marks: Path) -> Path:
    """An environment whose Python installs nothing and writes down what pip was told."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" != -m ] || echo "$2 $3 $*" >> "{marks}"\n')
    python.chmod(0o755)
    return folder


def _clone_with_fake_make(house: Path, tmp_path: Path, on_test: str, parts: str = "") -> Path:
    clone = tmp_path / "clone"
    for folder in (clone / ".ci", clone / "bin"):
        folder.mkdir(parents=True)
    shutil.copy(house / ".ci/run", clone / ".ci/run")
    _fake(
        clone,
        "make",
        f'if [ "$1" = parts ]; then echo parts >> "{clone}/asked"; {parts or "exit 0"}; fi\n'
        f'[ "$1" = test ] || exit 0\n{on_test}',
    )
    _fake(clone, "apt-get", f'echo "$*" >> "{clone}/installed"')
    return clone


def _run_ci(
    clone: Path, *, there: Collection[str], user: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run CI on a machine that has only the usual tools and those that are there."""
    for tool in there:
        _fake(clone, tool, "")
    _fake(clone, "id", f"echo {user}")
    for tool in ("bash", "dirname", "mktemp", "rm", "tee", "grep", "tail"):
        found = shutil.which(tool)
        assert found is not None
        (clone / "bin" / tool).symlink_to(found)
    return _run(["bash", ".ci/run"], cwd=clone, check=False, PATH=f"{clone}/bin")


def _fake(clone: Path, tool: str, script: str) -> None:
    file = clone / "bin" / tool
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
