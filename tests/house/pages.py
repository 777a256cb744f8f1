"""Pages of the documentation, followed as a reader would: block by block, in one folder.

A `console` block shows commands, each after `$ `, with what they print; `...` on a line of its own
stands for anything. An `sh` block shows commands alone. A comment `# exit code 1` says how a
command ends that does not end well. A block right below `<!-- not run: ... -->` needs what only
the reader has.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from delivery.cli import main

_FENCE = re.compile(r"^\s*```(\w*)")
_ANYTHING = "(anything)"
_SHELL_SIGNS = re.compile(r"[|<>]|&&|\$\(")


class Shown(NamedTuple):
    """A command of a page.

    Attributes:
        line: Where it begins, from 1.
        command: On one line.
        output: What the page shows of it; None where it shows nothing.
        is_run: Whether it needs nothing that only the reader has.
    """

    line: int
    command: str
    output: str | None
    is_run: bool

    @property
    def exit_code(self) -> int:
        said = re.search(r"# exit code (\d)$", self.command)
        return int(said[1]) if said else 0


def shown_commands(text: str) -> Iterator[Shown]:
    """Yield the commands of a page in order."""
    for language, is_run, block in _blocks(text):
        if language == "sh":
            lines = [(number, line) for number, line in block if not line.lstrip().startswith("#")]
            for number, command in _joined(lines):
                yield Shown(number, command, None, is_run)
        elif language == "console":
            yield from _with_output(block, is_run=is_run)


class Reader:
    """Somebody at a terminal in a folder of their own; `make demo` makes a small city there."""

    def __init__(self, folder: Path) -> None:
        """Sit down.

        Args:
            folder: The current one of this process.
        """
        self._folder = folder
        self._told: dict[str, str] = {}

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; its exit code, and what both its streams print."""
        if command == "make demo":
            command = "polku demo --journeys 600"
        if command == "make test":
            return 0, ""
        said, _, target = command.partition(" > ")
        words = shlex.split(said, comments=True)
        if words[0] == "export":
            self._told |= dict([word.split("=", 1) for word in words[1:]])
            return 0, ""
        own: dict[str, str] = {}
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            own[name] = value
        if words[0].rpartition("/")[2] == "polku" and not _SHELL_SIGNS.search(said):
            code, out, both = self._polku(list(self._matched(words[1:])), own)
            if target:
                (self._folder / target.partition(" #")[0].strip()).write_text(out, encoding="utf-8")
            return code, both.replace(out, "") if target else both
        return self._shell(command, own)

    def _polku(self, words: list[str], own: dict[str, str]) -> tuple[int, str, str]:
        out, both = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("POLKU_")]:
                patch.delenv(name)
            for name, value in {**self._polku_told(), **own}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["polku", *words])
            patch.setattr(sys, "stdout", _Both(out, both))
            patch.setattr(sys, "stderr", both)
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0), out.getvalue(), both.getvalue()
        return 0, out.getvalue(), both.getvalue()

    def _shell(self, command: str, own: dict[str, str]) -> tuple[int, str]:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        ended = subprocess.run(
            ["sh", "-c", command],
            cwd=self._folder,
            env={**os.environ, **self._polku_told(), **own, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return ended.returncode, ended.stdout

    def _polku_told(self) -> dict[str, str]:
        return {name: value for name, value in self._told.items() if name.startswith("POLKU_")}

    def _matched(self, words: list[str]) -> Iterator[str]:
        for word in words:
            found = sorted(self._folder.glob(word)) if "*" in word and "=" not in word else []
            yield from [str(path.relative_to(self._folder)) for path in found] or [word]


class _Both(StringIO):
    """What is written here is written to two places: a stream, and the screen."""

    def __init__(self, *places: StringIO) -> None:
        super().__init__()
        self._places = places

    def write(self, text: str) -> int:
        return max(place.write(text) for place in self._places)


def difference(shown: str, printed: str) -> str | None:
    """Compare what a page shows with what was printed; None if they agree.

    Moments, keys and the breaking of lines may differ.
    """
    wanted = re.escape(f" {_plain(re.sub(r'(?m)^ *[.]{3}$', _ANYTHING, shown))} ")
    pattern = wanted.replace(re.escape(f" {_ANYTHING} "), " (?:.* )?")
    if re.fullmatch(pattern, f" {_plain(printed)} "):
        return None
    return f"the page shows\n{shown}\nand this was printed\n{printed}"


def _plain(text: str) -> str:
    text = re.sub(r"\d{1,2} [A-Z][a-z]+ \d{4} \d\d:\d\d(?= \(Hels|[;.,])", "MOMENT", text)
    text = re.sub(r"\b(?:[0-9a-f]{8}|[0-9a-f]{32,64})\b", "KEY", text)
    return " ".join(re.sub(r"[─█▏▎▍▌▋▊▉]+", " ", text).split())


def _blocks(text: str) -> Iterator[tuple[str, bool, list[tuple[int, str]]]]:
    language, above, is_run = "", "", True
    block: list[tuple[int, str]] = []
    is_inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and is_inside:
            yield language, is_run, block
            is_inside = False
        elif fence:
            is_inside, language, block = True, fence[1], []
            is_run = not above.startswith("<!-- not run:")
        elif is_inside:
            block.append((number, line))
        above = line if line.strip() else above


def _with_output(block: list[tuple[int, str]], *, is_run: bool) -> Iterator[Shown]:
    starts = [place for place, (_, line) in enumerate(block) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
        number, _ = block[start]
        last = next(place for place in range(start, end) if not block[place][1].endswith("\\"))
        told = [(line, text.removeprefix("$ ")) for line, text in block[start : last + 1]]
        [(_, command)] = _joined(told)
        output = "\n".join(line for _, line in block[last + 1 : end])
        yield Shown(number, command, output, is_run)


def _joined(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    begun, command = 0, ""
    for number, line in lines:
        begun = begun if command else number
        if line.endswith("\\"):
            command += line[:-1].lstrip() if command else line[:-1]
        elif (command + line).strip():
            yield begun, (command + (line.lstrip() if command else line)).strip()
            command = ""
