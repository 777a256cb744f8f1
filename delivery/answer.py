"""How an answer is written: in the form that was asked for, and counts in one line."""

import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from shutil import get_terminal_size
from typing import TypeVar

Name = TypeVar("Name", bound=str)

LEAST_COLUMNS, COLUMNS, MOST_COLUMNS = 40, 80, 160
"""Of a page that is drawn for the terminal it is read on; `COLUMNS` where there is none."""


def columns() -> int:
    """Say how wide a page may be that is drawn for the terminal, if stdout is one."""
    if not sys.stdout.isatty():
        return COLUMNS
    return min(max(get_terminal_size((COLUMNS, 0)).columns, LEAST_COLUMNS), MOST_COLUMNS)


def written(content: object, output: StrEnum, **forms: Callable[[], str]) -> str:
    """Write an answer; only the form that was asked for is made.

    Args:
        content: What JSON says of it.
        output: The form.
        forms: Makes each of the others, by the name of the form.
    """
    if output.value in forms:
        return forms[output.value]()
    from delivery.report.machine import as_json  # noqa: PLC0415 - `--help` does not wait for it

    return as_json(content)


def counts_line(counts: Mapping[Name, int]) -> str:
    """Write counts by name, those that are none left out.

    Examples:
        >>> counts_line({"bad_time": 1200, "bad_row": 1, "conflict": 0})
        'bad_time 1,200, bad_row 1'
    """
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
