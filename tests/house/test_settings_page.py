"""Every setting is on the page for those who run it, and nothing else is."""

import re
from pathlib import Path

from delivery.settings import KAFKA_FILES, KAFKA_VARIABLES

VARIABLE = re.compile(r"POLKU_[A-Z][A-Z_]*[A-Z]")


def test_every_setting_is_in_the_table_and_no_other(house: Path) -> None:
    page = (house / "docs/running.md").read_text(encoding="utf-8")

    table = page.partition("## Settings")[2].partition("\n## ")[0]
    listed = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in VARIABLE.findall(line.split("|")[1])
    }
    read = {
        name
        for file in (house / "delivery").rglob("*.py")
        for name in VARIABLE.findall(file.read_text(encoding="utf-8"))
        if not name.startswith("POLKU_KAFKA_CLIENT")
    }

    twins = {f"{name}_FILE" for name in KAFKA_VARIABLES}
    twins |= {"POLKU_DATABASE_FILE", "POLKU_PSEUDONYM_KEY_FILE"}
    assert listed - {"POLKU_KAFKA_CLIENT"} == read | twins
    assert "POLKU_KAFKA_CLIENT_" in table
    assert set(KAFKA_FILES) <= listed


def test_the_compose_file_sets_nothing_that_is_not_a_setting(house: Path) -> None:
    page = (house / "docs/running.md").read_text(encoding="utf-8")
    compose = (house / "docker-compose.yml").read_text(encoding="utf-8")

    assert set(VARIABLE.findall(compose)) <= set(VARIABLE.findall(page))
