"""The pictures of `docs/tour.md`: `make tour`.

Makes the demo city up, asks Polku what the tour asks, and takes pictures of the answers in
Chromium. City, as-of time and language are fixed, so the pictures change only when Polku does.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from playwright.sync_api import Page

from tests.browser import chromium

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "tour"
UNTIL = "2026-11-23"
CITY = ("ingest", "city", "--seed", "1", "--journeys", "12000", "--until", UNTIL)
AS_OF = ("--as-of", "2026-11-22")
COMPARED = "2025-10-01..2026-01-31"

TERMINAL = """<!doctype html><meta charset="utf-8"><title>Terminal</title><style>
body {{ margin: 0; background: #16181d; color: #e8e6e3; display: inline-block }}
pre {{ margin: 0; padding: 18px 24px; font: 14px/1.35 "DejaVu Sans Mono", monospace }}
</style><pre>$ {command}

{answer}</pre>"""


class Shot(NamedTuple):
    """One picture.

    Attributes:
        name: Of its file, without the ending.
        words: What to ask `polku`, but for data and as-of time.
        part: What to show of the page, as a CSS selector; None: the first screen of it.
        width: Of the screen, in pixels.
        height: Of the screen, in pixels.
        dark: Whether the reader prefers dark pages.
        paper: Whether it is as printed.
        lines: Of a terminal, the lines to show.
    """

    name: str
    words: tuple[str, ...]
    part: str | None = None
    width: int = 1100
    height: int = 900
    dark: bool = False
    paper: bool = False
    lines: int = 0

    @property
    def is_page(self) -> bool:
        return "html" in self.words


REPORT = ("report", "resident-parking-permit", "--format", "html")
SHOTS = (
    Shot("terminal", ("report", "resident-parking-permit"), lines=46),
    Shot("overview", ("overview", "--format", "html")),
    Shot("report", REPORT),
    Shot("stops", REPORT, part="#stops", height=1300),
    Shot("map", REPORT, part="#map"),
    Shot("time", REPORT, part="#time", height=1200),
    Shot(
        "compared",
        (
            *REPORT,
            *("--from", "2026-03-01", "--to", "2026-05-31", "--compare", COMPARED),
        ),
        part="#map",
    ),
    Shot("groups", (*REPORT, "--by", "device"), part="#groups", height=1300),
    Shot(
        "journeys",
        (
            *("journeys", "resident-parking-permit", "--dropped-at", "identify"),
            *("--limit", "12", "--format", "html"),
        ),
        height=1000,
    ),
    Shot("phone", (*REPORT, "--lang", "fi"), width=390, height=844),
    Shot("dark", (*REPORT, "--lang", "sv"), dark=True),
)


def main() -> None:
    """Make the pictures, and delete those that no tour has any more."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        taken = set(pictures(Path(folder)))
    for stale in set(PICTURES.glob("*.png")) - taken:
        stale.unlink()


def pictures(folder: Path) -> Iterator[Path]:
    """Take one picture after the other; the city is made up in `folder`."""
    ask = asking(folder / "data")
    ask(*CITY)
    ask("project")
    with chromium() as browser:
        for shot in SHOTS:
            answer = ask(*shot.words, *AS_OF)
            page = folder / f"{shot.name}.html"
            page.write_text(answer if shot.is_page else terminal(shot, answer), encoding="utf-8")
            screen = browser.new_page(
                viewport={"width": shot.width, "height": shot.height},
                color_scheme="dark" if shot.dark else "light",
            )
            screen.emulate_media(media="print" if shot.paper else "screen")
            screen.goto(page.as_uri())
            take(screen, shot)
            screen.close()
            yield file_of(shot)


def file_of(shot: Shot) -> Path:
    """Where a picture is kept."""
    return PICTURES / f"{shot.name}.png"


def take(screen: Page, shot: Shot) -> None:
    """Take the picture of a page that is open."""
    what: Any = screen
    if not shot.is_page:
        what = screen.locator("body")
    elif shot.part:
        what = screen.locator(shot.part)
    what.screenshot(path=file_of(shot), animations="disabled")


def terminal(shot: Shot, answer: str) -> str:
    """Draw a terminal with the first lines of an answer."""
    lines = answer.splitlines()[: shot.lines]
    return TERMINAL.format(
        command=escape(f"polku {' '.join(shot.words)}"), answer=escape("\n".join(lines))
    )


def asking(data: Path) -> Callable[..., str]:
    """Give what asks `polku` about a data folder and returns what it says."""
    polku = Path(sys.executable).with_name("polku")

    def ask(*words: str) -> str:
        done = subprocess.run(
            [polku, *words, "--data", data], check=True, stdout=subprocess.PIPE, encoding="utf-8"
        )
        return done.stdout

    return ask


if __name__ == "__main__":
    main()
