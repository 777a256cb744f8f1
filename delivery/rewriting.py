"""Answers kept in files: written whole, and written anew from time to time until told to stop.

A file is never seen half written: the new one is made beside it and takes its place.
"""

import os
from collections.abc import Callable, Mapping
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
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise SettingsError(
                f"{path}: {error.strerror}. "
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
