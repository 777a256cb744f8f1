"""The map of the journey as figures: boxes, letters and lines, each in its place."""

from analysis.journey_report import StepRow
from delivery.report.endings import OUTCOMES
from delivery.report.journey_map import MapFlow, MapLayout
from delivery.report.language import Language
from delivery.report.lettering import broken, fitted, width
from delivery.report.map_folding import Course
from delivery.report.map_marks import (
    NAME,
    SMALL,
    Area,
    Figure,
    Letters,
    Mark,
    Picture,
    Shape,
    Stroke,
)
from delivery.report.map_sheet import (
    BAR,
    EDGE,
    ENTRY,
    GAP,
    NAME_LINE,
    PAD,
    SMALL_LINE,
    STEP,
    STUB,
    SWATCH,
    Place,
    Row,
    Sheet,
    set_out,
)
from delivery.report.map_speech import MapSpeech, StepNames

UNDER = 7.0
"""How far under a step a page may end: over the words that stand in the gap."""

_SIGNS = {1: "more", 0: "alike", -1: "fewer"}


def draw(layout: MapLayout, language: Language, names: StepNames) -> Picture:
    """Draw all that a map shows.

    Args:
        layout: The map.
        language: The reader's.
        names: Of the steps, in that language.

    Returns:
        The same for the same arguments. A sentence where there is no step.
    """
    speech = MapSpeech(layout, language, names)
    if not layout.steps:
        words = speech.empty()
        area = Letters("note", words, EDGE, EDGE + SMALL)
        figure = Figure("footnotes", "", (area,))
        return Picture(area.area.width + 2 * EDGE, SMALL_LINE + 2 * EDGE, (figure,))
    sheet = set_out(layout, speech)
    figures = [_entry(sheet), *_bent(sheet), *_straight(sheet)]
    for place in sheet.places:
        figures += _step(place, sheet)
    bottom, ending = _ending(sheet)
    cuts = tuple(place.bottom + UNDER for place in sheet.places)
    return Picture(sheet.width, bottom + EDGE, (*figures, *ending), cuts)


def _entry(sheet: Sheet) -> Figure:
    """Draw where all begin, with the arrow to the first step."""
    words, middle = sheet.speech.begin(), sheet.middle
    room = width(words, SMALL, bold=True) + 2 * PAD
    pill = Area(middle - room / 2, EDGE, room, ENTRY)
    marks: list[Mark] = [
        Shape("pill", pill, ENTRY / 2),
        Letters("head", words, pill.x + PAD, pill.y + ENTRY * 0.65),
    ]
    if starts := sheet.places[0].step.starts:
        weight, bottom = sheet.scale(starts), EDGE + ENTRY
        marks.append(Stroke("start", ((middle, bottom), (middle, bottom + GAP)), weight))
        beside = middle + weight / 2 + PAD
        marks.append(Letters("label", sheet.speech.starts(starts), beside, bottom + GAP / 2 + 2))
    return Figure("entry", words, tuple(marks))


def _straight(sheet: Sheet) -> list[Figure]:
    """Draw the flows from a step to the one beneath it."""
    places = {place.step.step: place for place in sheet.places}
    figures = []
    for flow in sheet.layout.flows:
        if flow.course is not Course.STRAIGHT:
            continue
        start, end = places[flow.from_].bottom, places[flow.to].top
        weight = sheet.scale(flow.count)
        beside = sheet.middle + weight / 2 + PAD
        label = Letters("label", sheet.speech.label(flow), beside, (start + end) / 2 + 2)
        line = Stroke("line", ((sheet.middle, start), (sheet.middle, end)), weight)
        figures.append(Figure(_kind(flow), sheet.speech.flow(flow), (line, label)))
    return figures


def _bent(sheet: Sheet) -> list[Figure]:
    """Draw returns and skips from where they go out to where they come in, the outer ones first."""
    ends = {
        (row.kind, row.flow.from_, row.flow.to): y
        for place in sheet.places
        for row, y in place.rows()
        if row.flow is not None
    }
    figures = []
    for flow in sorted(sheet.layout.flows, key=lambda flow: -flow.lane):
        if flow.course not in {Course.RETURN, Course.SKIP}:
            continue
        lane = sheet.lanes[flow.course, flow.lane]
        edge = sheet.left if flow.course is Course.RETURN else sheet.right
        start, end = ends["out", flow.from_, flow.to], ends["in", flow.from_, flow.to]
        way = ((edge, start), (lane, start), (lane, end), (edge, end))
        line = Stroke("line", way, sheet.scale(flow.count))
        figures.append(Figure(_kind(flow), sheet.speech.flow(flow), (line,)))
    return figures


def _step(place: Place, sheet: Sheet) -> list[Figure]:
    """Draw a step with what is beside it, and its loops."""
    speech, step, row = sheet.speech, place.step, place.step.row
    box = Area(sheet.left, place.top, STEP, place.height)
    marks: list[Mark] = [Shape("box", box, 6)]
    y = place.top + PAD + NAME * 0.8
    if row is not None:
        number = speech.count(row.entered)
        marks.append(Letters("number", number, sheet.right - PAD, y, at_end=True))
    for line in place.name:
        marks.append(Letters("name", line, sheet.left + PAD, y))
        y += NAME_LINE
    for line in place.beneath:
        marks.append(Letters("note", line, sheet.left + PAD, y - 1))
        y += SMALL_LINE
    if row is not None:
        marks += _bar(row, Area(box.x, box.y + box.height - BAR, box.width, BAR))
    marks.append(Shape("rim", box, 6))
    loops = []
    for beside, height in place.rows():
        if beside.kind == "loop" and beside.flow is not None:
            loop = _loop(beside, height, sheet)
            loops.append(Figure(_kind(beside.flow), speech.flow(beside.flow), loop))
        else:
            marks += _beside(beside, height, sheet)
    actor = "unknown" if row is None else row.actor
    kind = f"step {actor}{_sign(step.sign)}"
    return [Figure(kind, speech.step(step), tuple(marks)), *loops]


def _bar(row: StepRow, room: Area) -> list[Mark]:
    """Share out the journeys that entered a step: who went on, dropped off, is still there."""
    marks: list[Mark] = []
    x = room.x
    for kind, number in (("on", row.advanced), ("dropped", row.dropped), ("still", row.open)):
        if number:
            part = room.width * number / row.entered
            marks.append(Shape(kind, Area(x, room.y, part, room.height)))
            x += part
    return marks


def _beside(row: Row, y: float, sheet: Sheet) -> list[Mark]:
    """Draw what stands in a row beside a step; lines of returns and skips are drawn elsewhere."""
    base = y + SMALL * 0.35
    left, right = sheet.left, sheet.right
    if row.kind == "in":
        return []
    if row.kind == "out" and row.flow is not None:
        over = y - row.weight / 2 - 5
        if row.flow.course is Course.RETURN:
            return [Letters("label", row.label, left - PAD, over, at_end=True)]
        return [Letters("label", row.label, right + PAD, over)]
    if row.kind in {"start", "from"}:
        way = ((left - STUB, y), (left, y))
        label = Letters("label", row.label, left - STUB - 5, base, at_end=True)
        return [Stroke(row.kind, way, row.weight), label]
    way = ((right, y), (right + STUB, y))
    stroke = Stroke(row.kind, way, row.weight)
    if row.kind == "to":
        return [stroke, Letters("label", row.label, right + STUB + 5, base)]
    swatch = Area(right + STUB + 5, y - SWATCH / 2, SWATCH, SWATCH)
    label = Letters("label", row.label, swatch.x + SWATCH + 5, base)
    return [stroke, Shape(f"swatch {row.outcome}", swatch, 2), label]


def _loop(row: Row, y: float, sheet: Sheet) -> tuple[Mark, ...]:
    left, out, half = sheet.left, sheet.left - STUB + 4, 6.0 + row.weight / 2
    way = ((left, y + half), (out, y + half), (out, y - half), (left, y - half))
    label = Letters("label", row.label, out - row.weight / 2 - 5, y + SMALL * 0.35, at_end=True)
    return Stroke("line", way, row.weight), label


def _ending(sheet: Sheet) -> tuple[float, list[Figure]]:
    """Draw what stands under the steps: folded steps, where all journeys stand, footnotes."""
    layout, speech = sheet.layout, sheet.speech
    figures, y = list[Figure](), sheet.places[-1].bottom + GAP
    if layout.others.steps:
        head, said = speech.other_steps()
        lines = broken(said, SMALL, STEP - 2 * PAD, lines=4)
        box = Area(sheet.left, y, STEP, PAD * 2 + (len(lines) + 1) * SMALL_LINE)
        figures.append(_panel("others", box, head, lines))
        y += box.height + PAD
    stands = [
        (outcome, number) for outcome in OUTCOMES if (number := getattr(layout.journeys, outcome))
    ]
    lists = [
        (speech.stand(), [(outcome, speech.ended(outcome, number)) for outcome, number in stands])
    ]
    if layout.compared:
        lists.append(speech.signs())
    for head, entries in lists:
        if entries:
            box = Area(sheet.left, y, STEP, PAD * 2 + (len(entries) + 1) * SMALL_LINE)
            figures.append(_listed(box, head, entries))
            y += box.height + PAD
    notes: list[Mark] = []
    for note in speech.footnotes():
        y += 4
        for line in broken(note, SMALL, sheet.width - 2 * EDGE, lines=12):
            y += SMALL_LINE
            notes.append(Letters("note", line, EDGE, y))
    return y, [*figures, Figure("footnotes", "", tuple(notes))]


def _listed(box: Area, head: str, entries: list[tuple[str, str]]) -> Figure:
    """Draw a panel of words, each beside the mark that it explains."""
    panel = _panel("stand", box, head, [])
    marks: list[Mark] = [*panel.marks]
    base = box.y + PAD + SMALL
    for kind, said in entries:
        base += SMALL_LINE
        swatch = Area(box.x + PAD, base - SWATCH + 1, SWATCH, SWATCH)
        words = fitted(said, SMALL, STEP - 3 * PAD - SWATCH)
        marks.append(Shape(f"swatch {kind}", swatch, 2))
        marks.append(Letters("note", words, swatch.x + SWATCH + 7, base))
    return panel._replace(marks=tuple(marks))


def _panel(kind: str, box: Area, head: str, lines: list[str]) -> Figure:
    marks: list[Mark] = [
        Shape("panel", box, 6),
        Letters(
            "head", fitted(head, SMALL, STEP - 2 * PAD, bold=True), box.x + PAD, box.y + PAD + SMALL
        ),
    ]
    for place, line in enumerate(lines, start=1):
        marks.append(Letters("note", line, box.x + PAD, box.y + PAD + SMALL + place * SMALL_LINE))
    return Figure(kind, "", tuple(marks))


def _kind(flow: MapFlow) -> str:
    return f"flow {flow.course}{_sign(flow.sign)}"


def _sign(sign: int | None) -> str:
    return "" if sign is None else f" {_SIGNS[sign]}"
