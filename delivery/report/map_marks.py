"""What the map of the journey is drawn with, in CSS pixels."""

from typing import NamedTuple

from delivery.report.lettering import width

NAME, SMALL = 15.0, 12.0
"""Sizes of letters: of the name of a step, and of all else."""

HEAD = 4.0
"""How far the head of an arrow stands out on either side of its line."""

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

    @property
    def area(self) -> Area:
        """What it covers at most, its head included."""
        beyond = self.width / 2 + HEAD
        (left, right), (top, bottom) = (
            (min(along) - beyond, max(along) + beyond) for along in zip(*self.points, strict=True)
        )
        return Area(left, top, right - left, bottom - top)


Mark = Shape | Letters | Stroke


class Figure(NamedTuple):
    """Marks that belong together, and what they say in full."""

    kind: str
    title: str
    marks: tuple[Mark, ...]

    def reaches(self, top: float, bottom: float) -> bool:
        """Say whether any of it lies between two heights."""
        return any(
            mark.area.y < bottom and top < mark.area.y + mark.area.height for mark in self.marks
        )


class Picture(NamedTuple):
    """Figures from the back to the front, and where a page may end: under a step, in no word."""

    width: float
    height: float
    figures: tuple[Figure, ...]
    cuts: tuple[float, ...] = ()
