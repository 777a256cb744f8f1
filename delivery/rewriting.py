"""Answers kept in files: written whole, and written anew from time to time until told to stop.

A file is never seen half written: the new one is made beside it and takes its place.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from delivery.options import ReportFormat
from delivery.progress import say
from ingest.patience import sentence
from journeys.errors import PolkuError, SettingsError

FORMATS = {
    ".txt": ReportFormat.TEXT,
    ".json": ReportFormat.JSON,
    ".csv": ReportFormat.CSV,
    ".md": ReportFormat.MD,
    ".html": ReportFormat.HTML,
}
"""By the ending of a file's name."""

AGAIN_S = 30.0
"""How long to wait at most where an answer could not be made: a log may be there soon."""


def write_whole(answers: Mapping[Path, str]) -> None:
    """Put each answer into its file.

    Raises:
        SettingsError: A file cannot be written.
    """
    for path, text in answers.items():
        with replacing(path, called=str(path)) as draft:
            draft.write_text(text, encoding="utf-8")


@contextmanager
def replacing(path: Path, *, called: str) -> Iterator[Path]:
    """Give a draft to write, which takes the place of a file; nothing of it stays if that fails.

    Args:
        path: The file.
        called: What the file is called where it cannot be written.

    Raises:
        SettingsError: The file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            yield draft
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{called}: {error.strerror}. "
            "Hint: its folder must be there, and this user must be able to write into it"
        ) from error


def keep_written(answers: Callable[[], Mapping[Path, str]], *, every_s: float, stop: Event) -> None:
    """Write answers at once and every so many seconds until `stop` is set.

    One that cannot be made leaves the files as they are: why is said once, and that it is over.
    """
    again_s = min(every_s, AGAIN_S)
    trouble = ""
    while not stop.is_set():
        try:
            write_whole(answers())
            said = ""
        except PolkuError as error:
            said = sentence(error)
        if said and said != trouble:
            say(f"Not written: {said} Trying again every {again_s:g} seconds.")
        elif trouble and not said:
            say("Written again.")
        trouble = said
        stop.wait(again_s if trouble else every_s)
