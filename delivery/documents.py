"""The documents for machines in `docs/`, written from the types: `make schemas`."""

import sys
from pathlib import Path

from delivery.report.machine import schema, schemas
from delivery.report.quarantine import RetryAnswer, Shown
from ingest.asyncapi import asyncapi
from ingest.message_schema import touchpoint_schema
from ingest.reconcile import Reconciliation


def documents() -> dict[str, str]:
    """Return every generated document, by the name of its file."""
    return {
        **schemas(),
        "reconciliation.schema.json": schema(Reconciliation, "polku reconcile --format json"),
        "quarantine-show.schema.json": schema(list[Shown], "polku quarantine show --format json"),
        "quarantine-retry.schema.json": schema(RetryAnswer, "polku quarantine retry --format json"),
        "touchpoint.schema.json": touchpoint_schema(),
        "asyncapi.json": asyncapi(),
    }


def write(folder: Path) -> None:
    """Write them all into a folder."""
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
