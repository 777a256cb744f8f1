"""What the map of the journey says, in the reader's language."""

from typing import Protocol

from analysis.journey_report import StepRow
from delivery.report.endings import OUTCOMES
from delivery.report.journey_map import MapFlow, MapLayout, MapStep
from delivery.report.language import NO_BREAK, Language
from delivery.report.lettering import one_line
from delivery.report.map_folding import Course
from projections.shapes import ABANDONED

ISOLATE, END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
SIGNS = {1: "(+)", -1: "(\N{MINUS SIGN})"}


def sign_mark(sign: int | None) -> str:
    """How a sign is written; nothing where no clear difference is, or too few to tell."""
    return "" if sign is None else SIGNS.get(sign, "")


def sign_words(sign: int | None, language: Language) -> str:
    """A sign with what it says, in a table."""
    if sign is None:
        return language.text("too few to compare")
    if sign == 0:
        return language.text("no clear difference")
    words = language.text("larger") if sign > 0 else language.text("smaller")
    return f"{sign_mark(sign)} {words}"


class StepNames(Protocol):
    """What the map asks of the names of a service."""

    def step(self, key: str) -> str: ...


class MapSpeech:
    """The words of one map.

    Args:
        layout: What to speak about.
        language: How.
        names: What the steps are called.
    """

    def __init__(self, layout: MapLayout, language: Language, names: StepNames) -> None:
        self._layout = layout
        self._language = language
        self._names = names

    def name(self, step: str) -> str:
        """A step's whole name, in one line."""
        return one_line(self._names.step(step))

    def count(self, number: int) -> str:
        """A count."""
        return self._language.count(number)

    def title(self) -> str:
        """What the picture is."""
        return self._language.text("Map of the journey")

    def description(self) -> str:
        """The picture in words, for who cannot see it."""
        says = self._language
        opening = says.plural(
            "{n} step.",
            "{n} steps from top to bottom in the intended order, with the moves between them as "
            "arrows.",
            len(self._layout.steps),
        )
        beside = says.text("The table with the map has the same content.")
        return " ".join([opening, *map(self.flow, self._layout.flows[:3]), beside])

    def empty(self) -> str:
        """What stands in the place of a map of nothing."""
        return self._language.text("No journey of this selection has a step to show.")

    def begin(self) -> str:
        """The entry."""
        started = self._layout.journeys.started
        return self._language.plural("{n} journey begins", "{n} journeys begin", started)

    def starts(self, number: int) -> str:
        """How many start at a step."""
        return self._language.plural("{n} starts here", "{n} start here", number)

    def ended(self, outcome: str, number: int) -> str:
        """How many ended at a step, or stand anywhere, in a way."""
        return f"{self.outcome(outcome)} {self.count(number)}"

    def outcome(self, outcome: str) -> str:
        """Where journeys stand; of a drafted service nobody knows who gave up."""
        if self._layout.draft and outcome == ABANDONED:
            return self._language.text("no known outcome")
        return self._language.text(OUTCOMES[outcome])

    def from_elsewhere(self, step: MapStep) -> str:
        """Moves that come from where no arrow is drawn."""
        return self._language.text("{count} from elsewhere", count=step.from_elsewhere)

    def to_elsewhere(self, step: MapStep) -> str:
        """Moves that go where no arrow is drawn."""
        return self._language.text("{count} to elsewhere", count=step.to_elsewhere)

    def label(self, flow: MapFlow) -> str:
        """What stands at an arrow: sign, count and median wait."""
        parts = [f"{sign_mark(flow.sign)} {self.count(flow.count)}".lstrip()]
        if flow.median_s is not None:
            parts.append(self._language.duration(flow.median_s))
        return " \N{MIDDLE DOT} ".join(parts)

    def flow(self, flow: MapFlow) -> str:
        """An arrow in words."""
        says, source, target = self._language, self._apart(flow.from_), self._apart(flow.to)
        wait = says.duration(flow.median_s)
        if flow.course is Course.LOOP:
            said = says.plural(
                "{step}: {n} return to the same step, median wait {wait}.",
                "{step}: {n} returns to the same step, median wait {wait}.",
                flow.count,
                step=source,
                wait=wait,
            )
        elif flow.course is Course.RETURN:
            said = says.plural(
                "Back from {source} to {target}: {n} move, median wait {wait}.",
                "Back from {source} to {target}: {n} moves, median wait {wait}.",
                flow.count,
                source=source,
                target=target,
                wait=wait,
            )
        else:
            said = says.plural(
                "From {source} to {target}: {n} move, median wait {wait}.",
                "From {source} to {target}: {n} moves, median wait {wait}.",
                flow.count,
                source=source,
                target=target,
                wait=wait,
            )
        return said if flow.sign is None else f"{said} {self._difference(flow.sign)}"

    def beneath(self, step: MapStep) -> str:
        """The line under a step's name: its drop-off, or who acts if that is not the customer."""
        said = self._drop_off(step.row)
        return f"{sign_mark(step.sign)} {said}".lstrip()

    def _drop_off(self, row: StepRow | None) -> str:
        says = self._language
        if row is None:
            return says.text("too few people to say more")
        if row.note == "not a customer step":
            actors = {
                "staff": says.word("actor", "step of the staff"),
                "system": says.word("actor", "automatic step"),
                "customer": says.word("actor", "help for the customer"),
            }
            return actors[row.actor]
        if row.drop_off_rate is None:
            said = f"{says.why_no_rate(row.note or '')}, n = {self.count(row.n)}"
        else:
            rate = says.rate(row.drop_off_rate, row.low, row.high)
            said = (
                says.text("last step of {rate}, n = {n}", rate=rate, n=row.n)
                if self._layout.draft
                else says.text("drop-off {rate}, n = {n}", rate=rate, n=row.n)
            )
        return said.replace("n = ", f"n{NO_BREAK}={NO_BREAK}")

    def step(self, step: MapStep) -> str:
        """A step in words."""
        name, row = self._apart(step.step), step.row
        if row is None:
            return f"{name}: {self.beneath(step)}"
        counts = self._language.text(
            "{step}: {entered} entered, {advanced} went on, {dropped} dropped off, {open} are "
            "still open here.",
            step=name,
            entered=row.entered,
            advanced=row.advanced,
            dropped=row.dropped,
            open=row.open,
        )
        said = f"{counts} {self.beneath(step)}"
        return said if step.sign is None else f"{said}. {self._difference(step.sign)}"

    def stand(self) -> str:
        """The heading of where all journeys stand."""
        started = self._layout.journeys.started
        return self._language.plural(
            "Where the {n} journey stands", "Where the {n} journeys stand", started
        )

    def other_steps(self) -> tuple[str, str]:
        """The folded steps: how many, and what happens there."""
        others, says = self._layout.others, self._language
        return (
            says.plural("{n} other step", "{n} other steps", others.steps),
            says.text(
                "moves: {moves}, starts: {starts}, ends: {ends}",
                moves=others.moves,
                starts=others.starts,
                ends=others.ends,
            ),
        )

    def footnotes(self) -> list[str]:
        """How much of the moves the map shows, and how it is read."""
        says, layout = self._language, self._layout
        notes = [self._coverage()] if layout.coverage is not None else []
        if layout.hidden:
            notes.append(
                says.plural(
                    "{n} flow is left out, so that nobody can be recognised.",
                    "{n} flows are left out, so that nobody can be recognised.",
                    layout.hidden,
                )
            )
        notes.append(
            says.text(
                "At an arrow: how many moved, and the median time between the two steps. The more "
                "moved, the wider the arrow; arrows that go back stand on the left."
            )
        )
        notes.append(
            says.text(
                "In a step: how many journeys entered it, and a bar of those that went on (plain), "
                "stopped (striped) or are still open (dotted)."
            )
            if layout.draft
            else says.text(
                "In a step: how many journeys entered it, and a bar of those that went on (plain), "
                "dropped off (striped) or are still open (dotted)."
            )
        )
        return notes

    def signs(self) -> tuple[str, list[tuple[str, str]]]:
        """What the signs mean: a heading, and the words of each by its mark in the picture."""
        says = self._language
        return says.text("Beside the others"), [
            ("more", says.text("(+) a larger share of the others")),
            ("fewer", says.text("(\N{MINUS SIGN}) a smaller share of the others")),
            ("alike", says.text("no sign: no clear difference, or too few")),
        ]

    def _coverage(self) -> str:
        says, layout = self._language, self._layout
        covered = says.percent(layout.coverage)
        if layout.others.steps:
            return says.text(
                "The map shows {shown} of {all} steps and {covered} of the {moves} moves; the "
                "others are counted as from and to elsewhere.",
                shown=len(layout.steps),
                all=len(layout.steps) + layout.others.steps,
                covered=covered,
                moves=layout.moves,
            )
        return says.text(
            "The map shows {covered} of the {moves} moves; the others are counted as from and to "
            "elsewhere.",
            covered=covered,
            moves=layout.moves,
        )

    def _difference(self, sign: int) -> str:
        says = self._language
        if sign > 0:
            return says.text("A larger share of the others.")
        if sign < 0:
            return says.text("A smaller share of the others.")
        return says.text("No clear difference.")

    def _apart(self, step: str) -> str:
        """A name that cannot turn around the words beside it."""
        return f"{ISOLATE}{self.name(step)}{END_OF_ISOLATE}"
