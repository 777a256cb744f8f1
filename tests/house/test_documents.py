"""Documents that keep their promises to one another."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest


@pytest.fixture(scope="module")
def records(house: Path) -> list[Path]:
    return sorted((house / "docs/adr").glob("[0-9]*.md"))


def test_the_index_lists_every_decision_once_and_in_order(house: Path, records: list[Path]) -> None:
    index = (house / "docs/adr/README.md").read_text(encoding="utf-8")

    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+?) \| .+ \|$", index, re.MULTILINE)

    assert records
    assert [(number, name) for number, name, _ in listed] == [
        (file.name[:4], file.name) for file in records
    ]
    assert [f"# {number}. {title}" for number, _, title in listed] == [
        file.read_text(encoding="utf-8").splitlines()[0] for file in records
    ]


def test_decisions_are_numbered_without_a_gap(records: list[Path]) -> None:
    assert [int(file.name[:4]) for file in records] == list(range(1, len(records) + 1))


def test_a_decision_has_its_status_and_three_parts(records: list[Path]) -> None:
    shape = re.compile(
        r"^# \d{4}\. .+\n\nStatus: (Accepted|Superseded by \d{4}) \(\d{4}-\d\d-\d\d\)\n\n"
        r"## Context\n.+\n\n## Decision\n.+\n\n## Consequences\n.+",
        re.DOTALL,
    )

    shapeless = [file.name for file in records if not shape.match(file.read_text(encoding="utf-8"))]

    assert shapeless == []


def test_every_link_between_documents_leads_somewhere(
    house: Path, tracked: tuple[Path, ...]
) -> None:
    links = [
        (file, target)
        for file in tracked
        if file.suffix == ".md"
        for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8"))
        if not re.match(r"https?:|mailto:", target)
    ]

    broken = [
        f"{file.relative_to(house)}: {target}"
        for file, target in links
        if not (file.parent / unquote(target).partition("#")[0]).exists()
    ]

    assert links
    assert broken == []


def test_the_changelog_has_a_place_for_the_next_release(house: Path) -> None:
    changelog = (house / "CHANGELOG.md").read_text(encoding="utf-8")

    assert "## [Unreleased]" in changelog
    assert set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) <= {
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
        "Fixed",
        "Security",
    }
