"""The house rules that a machine can keep."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOMS = ("journeys", "ingest", "projections", "analysis", "delivery")
NO_NOUNS = {"utils", "helpers", "common", "core", "base", "manager", "misc"}
LONGEST = 400

# Written in pieces, so that this file does not find itself.
ADDRESSES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "repo1.maven" + ".org",
    "repo.maven" + ".apache.org",
    "proxy.golang" + ".org",
    "deb.debian" + ".org",
    "static.crates" + ".io",
    "--index" + "-url",
    "--find" + "-links",
    "--trusted" + "-host",
)
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:work|root|opt/wheels|home/\w+|Users/\w+)(?:/|\b)")


def test_no_python_file_is_longer_than_a_reader_can_hold(
    house: Path, tracked: tuple[Path, ...]
) -> None:
    lengths = {
        str(file.relative_to(house)): len(file.read_text(encoding="utf-8").splitlines())
        for file in tracked
        if file.suffix == ".py"
    }

    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST}

    assert lengths
    assert too_long == {}


def test_every_module_is_named_by_a_noun_of_its_own(house: Path, tracked: tuple[Path, ...]) -> None:
    names = {file: {*file.relative_to(house).parts[:-1], file.stem} for file in tracked}

    homeless = [
        str(file) for file, parts in names.items() if file.suffix == ".py" and parts & NO_NOUNS
    ]

    assert homeless == []


def test_a_package_says_what_it_is_and_imports_nothing(
    house: Path, tracked: tuple[Path, ...]
) -> None:
    packages = [file for file in tracked if file.name == "__init__.py"]

    wrong = [
        str(file.relative_to(house))
        for file in packages
        if not _is_one_docstring(file.read_text(encoding="utf-8"))
    ]

    assert {file.parent.name for file in packages} >= set(ROOMS)
    assert wrong == []


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    ended = subprocess.run([linter, "--no-cache"], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout


def test_tracked_text_names_no_registry_and_no_path_of_a_machine(
    house: Path, tracked: tuple[Path, ...]
) -> None:
    found = [
        f"{file.relative_to(house)}:{number}: {line.strip()[:80]}"
        for file in tracked
        for number, line in enumerate(_text_of(file).splitlines(), 1)
        if any(address in line for address in ADDRESSES) or MACHINE_PATH.search(line)
    ]

    assert found == []


def _is_one_docstring(source: str) -> bool:
    tree = ast.parse(source)
    return len(tree.body) == 1 and ast.get_docstring(tree) is not None


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
