"""The report for machines: JSON, its JSON Schema, and every table of it as CSV."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from types import UnionType
from typing import Any, TypeGuard, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from analysis.journey_report import JourneyReport, Overview
from delivery.report.wording import readable
from journeys.errors import PolkuError

Row = dict[str, Any]

SUMMARY = "summary"
"""The section of what stands in no table of the JSON."""

PATH_SEPARATOR = " > "
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also as wide as a Chinese character: spreadsheets take those for the same."""


def sections_of(report: type[msgspec.Struct]) -> tuple[str, ...]:
    """Name the tables of a report, by the keys of its JSON.

    A list within the rows of a table is a table of its own.

    Examples:
        >>> sections_of(Overview)
        ('summary', 'window', 'services', 'drop_offs', 'hidden')
    """
    names = [SUMMARY]
    for field in msgspec.structs.fields(report):
        name, row = field.encode_name, _row_type(field)
        if row is not None:
            names += _tables_within(name, row)
        elif structs := [found for found in _types(field) if _is_struct(found)]:
            (inner,) = structs
            lists = dict(_lists_within(inner))
            names += _tables_within(name, *(lists.values() if len(lists) == 1 else [inner]))
        elif any(get_origin(found) in {list, dict} for found in _types(field)):
            names.append(name)
    return tuple(names)


def _tables_within(name: str, row: type[msgspec.Struct]) -> Iterator[str]:
    yield name
    for inner, inner_row in _lists_within(row):
        yield from _tables_within(f"{name}_{inner}", inner_row)


def _lists_within(row: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    for field in msgspec.structs.fields(row):
        inner = _row_type(field)
        if inner is not None:
            yield field.encode_name, inner
        for found in filter(_is_struct, _types(field)):
            yield from ((f"{field.encode_name}_{name}", row) for name, row in _lists_within(found))


def _row_type(field: FieldInfo) -> type[msgspec.Struct] | None:
    """The type of the rows that a field holds, if it holds rows."""
    for found in _types(field):
        if get_origin(found) is list and _is_struct(get_args(found)[0]):
            row: type[msgspec.Struct] = get_args(found)[0]
            return row
    return None


def _types(field: FieldInfo) -> tuple[Any, ...]:
    """The type of a field, or each of those it may have."""
    one_of = get_origin(field.type) in {Union, UnionType}
    return get_args(field.type) if one_of else (field.type,)


def _is_struct(found: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(found, type) and issubclass(found, msgspec.Struct)


SECTIONS = sections_of(JourneyReport)
OVERVIEW_SECTIONS = sections_of(Overview)


class UnknownSectionError(PolkuError):
    """A table that the report does not have."""

    def __init__(self, section: str, known: Sequence[str]) -> None:
        super().__init__(
            f"--section {section!r} is not a table of the report. "
            f"Hint: the tables are {', '.join(known)}"
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
    return _csv_of(report, section, SECTIONS)


def overview_csv(overview: Overview, section: str = "services") -> str:
    """Write one table of the overview as CSV.

    Raises:
        UnknownSectionError: The overview has no such table.
    """
    return _csv_of(overview, section, OVERVIEW_SECTIONS)


def _csv_of(report: msgspec.Struct, section: str, known: Sequence[str]) -> str:
    if section not in known:
        raise UnknownSectionError(section, known)
    return rows_csv(tables_of(report).get(section, []))


def tables_of(report: msgspec.Struct) -> dict[str, list[Row]]:
    """Lay a report out as tables: each of its values is a cell of one of them.

    Returns:
        Rows by section; one without a row may be missing.
    """
    tables: dict[str, list[Row]] = {SUMMARY: [{}]}
    for field in msgspec.structs.fields(type(report)):
        name, value = field.encode_name, getattr(report, field.name)
        if isinstance(value, msgspec.Struct):
            cells, lists = _split(value)
            if len(lists) == 1:
                (rows,) = lists.values()
                _add(tables, name, rows, cells)
            else:
                _add(tables, name, [value], {})
        elif _row_type(field):
            _add(tables, name, value or [], {})
        elif isinstance(value, dict):
            tables[name] = [{"name": key, "value": figure} for key, figure in value.items()]
        elif isinstance(value, list):
            tables[name] = [{"value": figure} for figure in value]
        else:
            tables[SUMMARY][0][name] = value
    return tables


def _add(
    tables: dict[str, list[Row]],
    name: str,
    rows: Sequence[msgspec.Struct],
    shared: Mapping[str, Any],
) -> None:
    """Add rows to a table, and the rows within each to theirs, with the first word of the outer."""
    for row in rows:
        cells, lists = _split(row)
        tables.setdefault(name, []).append({**shared, **cells})
        first = {key: cell for key, cell in [*cells.items()][:1] if isinstance(cell, str)}
        for inner, inner_rows in lists.items():
            _add(tables, f"{name}_{inner}", inner_rows, first)


def _split(row: msgspec.Struct) -> tuple[Row, dict[str, list[msgspec.Struct]]]:
    """Part a row into cells and lists of rows.

    Figures within figures get their name before their own, a path is one cell.
    """
    cells: Row = {}
    lists: dict[str, list[msgspec.Struct]] = {}
    for field in msgspec.structs.fields(type(row)):
        name, value = field.encode_name, getattr(row, field.name)
        if value is msgspec.UNSET:
            continue
        if _row_type(field):
            lists[name] = value or []
        elif isinstance(value, msgspec.Struct):
            inner_cells, inner_lists = _split(value)
            cells |= {f"{name}_{inner}": cell for inner, cell in inner_cells.items()}
            lists |= {f"{name}_{inner}": rows for inner, rows in inner_lists.items()}
        elif isinstance(value, dict):
            cells |= {f"{name}_{inner}": cell for inner, cell in value.items()}
        else:
            cells[name] = PATH_SEPARATOR.join(value) if isinstance(value, list) else value
    return cells, lists


def rows_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as CSV; the header has every key of any row, in order of appearance.

    Words that a spreadsheet would take for a formula get a `'` before them; a control character
    becomes a sign.
    """
    header = list(dict.fromkeys(key for row in rows for key in row))
    out = StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writerow({key: _safe(key) for key in header})
    writer.writerows({key: _safe(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = readable(value)
    return f"'{words}" if words.startswith(_FORMULA) else words


def schema(content: type, title: str) -> str:
    """Write the JSON Schema of what a command answers."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **msgspec.json.schema(content),
    }
    return as_json(document)
