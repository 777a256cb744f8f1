"""One answer, written as it was asked for."""

from collections.abc import Callable

from delivery.options import Format


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
