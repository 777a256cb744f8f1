"""The report for machines: JSON, its JSON Schema, and the tables as CSV."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

import msgspec

from analysis.journey_report import JourneyReport, Overview
from journeys.errors import PolkuError

SECTIONS = (
    "steps",
    "funnel",
    "trend",
    "by",
    "starts",
    "transitions",
    "ends",
    "variants",
    "journeys",
    "completion",
)
"""The tables of a journey report, by the keys of its JSON."""

PATH_SEPARATOR = " > "


class UnknownSectionError(PolkuError):
    """A table that the report does not have."""

    def __init__(self, section: str) -> None:
        super().__init__(
            f"--section {section!r} is not a table of the report. "
            f"Hint: the tables are {', '.join(SECTIONS)}"
        )


def as_json(content: object) -> str:
    """Write any report as JSON, the same bytes for the same content, ending with a line break."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"


def schemas() -> dict[str, str]:
    """Return the JSON Schema documents of `docs/`, by file name."""
    return {
        "report.schema.json": schema(JourneyReport, "polku report SERVICE --format json"),
        "overview.schema.json": schema(Overview, "polku overview --format json"),
    }


def report_csv(report: JourneyReport, section: str) -> str:
    """Write one table of the report as CSV with a header; shares and times as in the JSON.

    Raises:
        UnknownSectionError: The report has no such table.
    """
    if section not in SECTIONS:
        raise UnknownSectionError(section)
    content = msgspec.to_builtins(report)[section]
    if section == "by":
        return rows_csv([_plain(group, without="steps") for group in content["groups"]])
    rows = content if isinstance(content, list) else [content]
    return rows_csv([_plain(row, without="next") for row in rows])


def overview_csv(overview: Overview) -> str:
    """Write the services of the overview as CSV."""
    return rows_csv([_plain(row) for row in msgspec.to_builtins(overview)["services"]])


def rows_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as CSV; the header has every key of any row, in order of appearance."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    out = StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _plain(row: dict[str, Any], *, without: str = "") -> dict[str, Any]:
    """Flatten one row: nested figures get their parent's name, a path becomes one cell."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key == without:
            continue
        if isinstance(value, dict):
            flat.update({f"{key}_{inner}": figure for inner, figure in value.items()})
        else:
            flat[key] = PATH_SEPARATOR.join(value) if isinstance(value, list) else value
    return flat


def schema(content: type, title: str) -> str:
    """Write the JSON Schema of what a command answers."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **msgspec.json.schema(content),
    }
    return as_json(document)
