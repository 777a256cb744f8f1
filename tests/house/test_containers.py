"""The compose file and the image, as far as they can be read without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def compose(house: Path) -> dict[str, Any]:
    text = (house / "docker-compose.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_up_starts_the_demo_alone_and_the_stream_waits_for_its_profile(
    compose: dict[str, Any],
) -> None:
    at_once = [name for name, service in compose["services"].items() if "profiles" not in service]

    assert at_once == ["polku"]
    assert compose["services"]["polku"]["command"] == ["demo"]
    assert compose["services"]["kafka"]["profiles"] == ["stream"]
    assert compose["services"]["postgres"]["profiles"] == ["stream"]


def test_every_service_is_watched_and_every_image_pinned(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert all(service["healthcheck"]["test"][0] == "CMD" for service in services.values())
    assert services["kafka"]["image"] == "apache/kafka:4.3.0"
    assert re.fullmatch(r"postgres:18\.\d+", services["postgres"]["image"])


def test_every_volume_and_secret_in_use_is_declared(compose: dict[str, Any]) -> None:
    volumes = {
        mount.partition(":")[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", [])
    }
    secrets = {
        name for service in compose["services"].values() for name in service.get("secrets", [])
    }

    assert volumes == set(compose["volumes"])
    assert secrets == set(compose["secrets"])


def test_no_secret_stands_in_the_compose_file(house: Path, compose: dict[str, Any]) -> None:
    settings = [
        name for service in compose["services"].values() for name in service.get("environment", {})
    ]

    secret = [
        name
        for name in settings
        if re.search(r"PASSWORD|SECRET|TOKEN|_KEY", name) and not name.endswith("_FILE")
    ]

    assert secret == []
    assert all(list(secret) == ["file"] for secret in compose["secrets"].values())
    assert "secrets/" in (house / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_image_brings_every_room_and_runs_without_root(house: Path) -> None:
    lines = (house / "Dockerfile").read_text(encoding="utf-8").splitlines()

    copied = {line.split()[1] for line in lines if line.startswith("COPY ")}
    allowed = (house / ".dockerignore").read_text(encoding="utf-8").splitlines()

    rooms = {"journeys", "ingest", "projections", "analysis", "delivery"}
    assert rooms | {"requirements.lock", "pyproject.toml"} <= copied
    assert {f"!{room}" for room in rooms} <= set(allowed)
    assert "USER polku" in lines
    assert any("--require-hashes" in line for line in lines)
