"""Progress of long work: a bar on a terminal, nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[float | None, str], None]
"""Called with the share done (None where there is no end) and a few words."""


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """Show how far a piece of work has come, on stderr; nothing is shown in a pipe."""
    if not sys.stderr.isatty():
        yield _show_nothing
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(title, total=1.0, words="")

        def report(share: float | None, words: str) -> None:
            if share is None:
                bar.update(task, total=None, words=words)
            else:
                bar.update(task, completed=share, words=words)

        yield report


def _show_nothing(_share: float | None, _words: str) -> None:
    """Progress in a pipe."""


def say(words: str) -> None:
    """Tell something about the run that is not its answer: on stderr."""
    print(words, file=sys.stderr)  # noqa: T201 - beside the answer, never in it
