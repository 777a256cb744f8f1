"""A page in HTML as a reader has it: its tables, what charts say, and all words."""

from html.parser import HTMLParser
from typing import NamedTuple

UNSEEN = {"head", "style"}
NOT_CLOSED = {"meta", "link", "br", "hr", "img", "input", "wbr"}
BLOCKS = {"p", "li", "dt", "dd", "td", "th", "caption", "text", "title", "desc", "summary", "div"}
BLOCKS |= {"h1", "h2", "h3", "h4", "a", "tspan"}
KEPT = ("span", "kept")
"""Keeps words in one line, and does not part them."""

SPOKEN = {"aria-label", "title", "alt"}


class Shown(NamedTuple):
    """A table: what it shows, and its rows of cells without the head."""

    caption: str
    rows: list[list[str]]


class WrittenPage(HTMLParser):
    """Reads a page.

    Attributes:
        tables: From top to bottom; a folded part is a table of its own, with the same caption.
        charts: What stands in pictures of charts.
        words: Everything else, the words that are only read aloud too.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Shown] = []
        self.charts: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self._open: list[tuple[str, str]] = []
        self._said: list[str] = []
        self._head = False
        self.feed(html)
        self.close()

    def rows(self, caption: str) -> list[list[str]]:
        """The rows of all tables with this caption, the folded ones last."""
        return [row for table in self.tables if table.caption == caption for row in table.rows]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        known = dict(attrs)
        if (tag, known.get("class")) == KEPT:
            self._open.append(KEPT)
            return
        self._end_of_words()
        self.words += [known[name] or "" for name in sorted(SPOKEN & {*known})]
        if tag == "table":
            self.tables.append(Shown("", []))
        elif tag in {"thead", "tbody"}:
            self._head = tag == "thead"
        elif tag == "tr" and not self._head:
            self.tables[-1].rows.append([])
        elif tag in {"td", "th"} and not self._head:
            self.tables[-1].rows[-1].append("")
        if tag not in NOT_CLOSED:
            self._open.append((tag, known.get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == KEPT:
            self._open.pop()
            return
        self._end_of_words()
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in NOT_CLOSED:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if not UNSEEN & {tag for tag, _ in self._open}:
            self._said.append(data)

    def close(self) -> None:
        super().close()
        self._end_of_words()

    def _end_of_words(self) -> None:
        said, self._said = "".join(self._said).strip(), []
        if not said:
            return
        tags = [tag for tag, _ in self._open]
        if "caption" in tags:
            self.tables[-1] = self.tables[-1]._replace(caption=said)
        elif {"td", "th"} & {*tags} and not self._head:
            self.tables[-1].rows[-1][-1] += said + ("\n" if "li" in tags else "")
        drawn = any(tag == "svg" and "chart" in kind.split() for tag, kind in self._open)
        (self.charts if drawn else self.words).append(said)
