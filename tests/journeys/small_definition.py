"""The smallest definition that has no problem, and ways to spoil it."""

from typing import Any

import yaml

NAME = "{fi: Nimi, sv: Namn, en: Name}"
SMALL = f"""
key: permit
version: 1
valid_from: 2025-01-01
name: {NAME}
division: KYMP
owner: {{name: Omistaja, email: omistaja@example.org}}
steps:
  - {{key: form, name: {NAME}, actor: customer, deadline: P1D}}
outcomes: {{succeeded: [permit.valid]}}
"""


def small(**changes: object) -> str:
    """The small definition with keys changed, None to leave one out."""
    content = yaml.safe_load(SMALL) | changes
    return yaml.safe_dump(
        {key: value for key, value in content.items() if value is not None}, sort_keys=False
    )


def step(key: str = "form", **changes: object) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"fi": "Nimi", "sv": "Namn", "en": "Name"},
        "actor": "customer",
        "deadline": "P1D",
    } | changes
