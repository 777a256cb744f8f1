"""A page in Markdown (CommonMark with GitHub's tables), to paste into a wiki or a memo.

Names come from other systems: what Markdown or HTML would read as a sign is escaped, so that a name
is always shown as it is written.
"""

import re
from collections.abc import Iterable, Sequence

from delivery.report.page import Cell, not_bars
from delivery.report.wording import readable

_SIGNS = re.compile(r"[\\`*_{}\[\]<>|~&$@]|(?<=[a-z]):(?=//)|(?<=www)\.", re.IGNORECASE)
_AT_THE_START = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+#=])")


class MarkdownPage:
    """Headings, paragraphs and tables."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def title(self, words: str) -> None:
        self._parts.append(f"# {escaped(words)}")

    def line(self, words: str) -> None:
        if words:
            self._parts.append(_AT_THE_START.sub(_unlisted, escaped(words.strip())))

    def heading(self, words: str) -> None:
        self._parts.append(f"## {escaped(words)}")

    def table(
        self,
        heading: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        left: int,
        last_is_words: bool = False,
    ) -> None:
        cells = [[cell or "" for cell in row] for row in rows]
        if not cells:
            return
        if heading:
            self.heading(heading)
        shown = not_bars(columns, cells)  # bars are drawn for letters of one width
        words = {*range(left), *([len(columns) - 1] if last_is_words else [])}
        rule = (":---" if index in words else "---:" for index in shown)
        lines = [
            [escaped(columns[index]) for index in shown],
            list(rule),
            *([escaped(row[index]) for index in shown] for row in cells),
        ]
        self._parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def text(self) -> str:
        return "\n\n".join(self._parts) + "\n"


def escaped(words: str) -> str:
    r"""Write words so that Markdown shows them as they are.

    Examples:
        >>> escaped("<b>a|b</b>"), escaped("pay_now")
        ('\\<b\\>a\\|b\\</b\\>', 'pay\\_now')
    """
    return _SIGNS.sub(lambda sign: f"\\{sign[0]}", readable(words))


def _unlisted(found: re.Match[str]) -> str:
    """Take from the beginning of a paragraph what would make it a list or a heading."""
    return f"{found[1] or ''}\\{found[2] or found[3]}"
