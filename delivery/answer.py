"""How an answer is written: in the form that was asked for, and counts in one line."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from delivery.options import Format

Name = TypeVar("Name", bound=str)


def written(
    content: object, output: Format, *, csv: Callable[[], str], text: Callable[[], str]
) -> str:
    """Write an answer; only the form that was asked for is made.

    Args:
        content: What JSON says of it.
        output: The form.
        csv: Makes the table.
        text: Makes the page.
    """
    if output is Format.CSV:
        return csv()
    if output is Format.TEXT:
        return text()
    from delivery.report.machine import as_json  # noqa: PLC0415 - `--help` does not wait for it

    return as_json(content)


def counts_line(counts: Mapping[Name, int]) -> str:
    """Write counts by name, those that are none left out.

    Examples:
        >>> counts_line({"bad_time": 1200, "bad_row": 1, "conflict": 0})
        'bad_time 1,200, bad_row 1'
    """
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
