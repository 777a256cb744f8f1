"""The compose file and the image, as far as they can be read without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from tests.parts import COMPOSE, NoSchemaError, published_schema

OURS = {"upgrade", "ingest", "projector", "reporter", "demo"}


@pytest.fixture(scope="module")
def compose(house: Path) -> dict[str, Any]:
    text = (house / "docker-compose.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_the_file_keeps_the_schema_of_compose_files(compose: dict[str, Any]) -> None:
    try:
        published = published_schema(COMPOSE)
    except NoSchemaError as missing:
        pytest.skip(str(missing))

    errors = list(Draft201909Validator(published).iter_errors(compose))

    assert errors == []


def test_up_starts_the_stream_and_the_demo_waits_for_its_profile(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert {name for name in services if "profiles" not in services[name]} == {
        *(OURS - {"demo"}),
        *("kafka", "topic", "postgres"),
    }
    assert services["demo"]["profiles"] == ["demo"]


def test_every_service_that_goes_on_is_watched_and_every_image_pinned(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]

    going_on = {name for name in services if services[name]["restart"] == "unless-stopped"}

    assert set(services) - going_on == {"topic", "upgrade", "demo"}
    assert all(
        services[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"} for name in going_on
    )
    assert services["kafka"]["image"] == services["topic"]["image"] == "apache/kafka:4.3.0"
    assert re.fullmatch(r"postgres:18\.\d+", services["postgres"]["image"])


def test_a_service_waits_for_what_is_there_and_watched(compose: dict[str, Any]) -> None:
    services = compose["services"]

    waits = [
        (name, other, how["condition"])
        for name, service in services.items()
        for other, how in service.get("depends_on", {}).items()
    ]

    assert {name for name, *_ in waits} == {"topic", *OURS}
    for _, other, condition in waits:
        once = services[other]["restart"] == "on-failure"
        assert condition == ("service_completed_successfully" if once else "service_healthy")


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
    settings = {
        name: value
        for service in compose["services"].values()
        for name, value in service.get("environment", {}).items()
    }

    secret = {name for name in settings if re.search(r"PASSWORD|SECRET|TOKEN|_KEY|DATABASE", name)}

    assert secret == {
        *("POLKU_DATABASE_FILE", "POLKU_PSEUDONYM_KEY_FILE", "POSTGRES_PASSWORD_FILE")
    }
    assert {settings[name] for name in secret} == {
        f"/run/secrets/{name}" for name in compose["secrets"]
    }
    assert all(list(secret) == ["file"] for secret in compose["secrets"].values())
    assert "secrets/" in (house / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_no_service_sees_a_secret_that_it_has_no_use_for(compose: dict[str, Any]) -> None:
    seen = {name: set(told.get("secrets", [])) for name, told in compose["services"].items()}
    named = {
        name: {value.rpartition("/")[2] for value in told.get("environment", {}).values()}
        for name, told in compose["services"].items()
    }

    assert all(secrets <= named[name] for name, secrets in seen.items())
    assert {name for name, secrets in seen.items() if "pseudonym-key" in secrets} == {"ingest"}
    assert seen["demo"] == seen["kafka"] == set()


def test_our_services_run_without_root_and_without_anything_they_do_not_need(
    compose: dict[str, Any],
) -> None:
    for name in OURS:
        service = compose["services"][name]

        assert service["user"] == "${POLKU_USER:-10001:0}"
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service


def test_the_image_brings_every_room_and_runs_without_root(house: Path) -> None:
    lines = (house / "Dockerfile").read_text(encoding="utf-8").splitlines()

    copied = {line.split()[1] for line in lines if line.startswith("COPY ")}
    allowed = (house / ".dockerignore").read_text(encoding="utf-8").splitlines()

    rooms = {"journeys", "ingest", "projections", "analysis", "delivery"}
    assert rooms | {"requirements.lock", "pyproject.toml"} <= copied
    assert {f"!{room}" for room in rooms} <= set(allowed)
    assert "USER 10001:0" in lines
    assert any("--require-hashes" in line for line in lines)
    assert not [line for line in lines if re.match(r"(ENV|ARG) .*(KEY|PASSWORD|DATABASE)", line)]
