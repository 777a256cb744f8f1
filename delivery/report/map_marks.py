"""What the map of the journey is drawn with, in CSS pixels."""

from typing import NamedTuple

from delivery.report.lettering import width

NAME, SMALL = 15.0, 12.0
"""Sizes of letters: of the name of a step, and of all else."""

BOLD = frozenset({"name", "number", "head"})


class Area(NamedTuple):
    """A rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Shape(NamedTuple):
    """A filled rectangle."""

    kind: str
    area: Area
    round: float = 0.0


class Letters(NamedTuple):
    """A line of text: `x` is where it begins or, `at_end`, ends; `y` is its base line."""

    kind: str
    text: str
    x: float
    y: float
    at_end: bool = False

    @property
    def area(self) -> Area:
        """What it covers at most."""
        bold = self.kind in BOLD
        size = NAME if self.kind in {"name", "number"} else SMALL
        room = width(self.text, size, bold=bold)
        return Area(self.x - room if self.at_end else self.x, self.y - size, room, size * 1.25)


class Stroke(NamedTuple):
    """A line through points, with an arrow's head at its end."""

    kind: str
    points: tuple[tuple[float, float], ...]
    width: float


Mark = Shape | Letters | Stroke


class Figure(NamedTuple):
    """Marks that belong together, and what they say in full."""

    kind: str
    title: str
    marks: tuple[Mark, ...]


class Picture(NamedTuple):
    """Figures from the back to the front."""

    width: float
    height: float
    figures: tuple[Figure, ...]
