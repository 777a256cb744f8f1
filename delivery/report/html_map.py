"""The map of the journey on a page in HTML, with a table of the same content."""

from analysis.journey_report import JourneyReport
from delivery.report.html_parts import Block, How, Picture, Section, Table, table
from delivery.report.journey_map import MapLayout, MapRow, lay_out, map_rows
from delivery.report.language import Language
from delivery.report.map_speech import MapSpeech, sign_words
from delivery.report.map_svg import map_pages, map_svg
from delivery.report.wording import Names


def way(
    report: JourneyReport, names: Names, language: Language, beside: tuple[Block, ...]
) -> Section:
    """Draw the map, with what is said beside it; no blocks where no journey has a step."""
    say = language.text
    layout = lay_out(report)
    heading = say("The map of the journey")
    if not layout.steps:
        return Section("map", heading, ())
    drawing = map_svg(layout, language, names, styled=False)
    on_paper = map_pages(layout, language, names)
    block = Block(
        say("How people move from step to step"),
        How(
            say(
                "An arrow counts the moves from one step to the next one that a journey came to; a "
                "journey that goes back and forth counts each time."
            ),
            say("Shares in the table are of all starts, moves or ends that are listed."),
            say(
                "Counted. The time at an arrow is the median from the last touchpoint of one step "
                "to the first of the next. The rarest arrows are folded; the map says how much it "
                "shows."
            ),
        ),
        pictures=(Picture(drawing + on_paper, form="map"),),
        tables=(_table(layout, names, language),),
    )
    return Section("map", heading, (block, *beside))


def _table(layout: MapLayout, names: Names, language: Language) -> Table:
    say = language.text
    speech = MapSpeech(layout, language, names)
    kinds = {"start": say("start"), "move": say("move"), "end": say("end")}
    compared = layout.compared
    rows = [
        (
            kinds[row.kind],
            _step(row.from_, row.together, names, language),
            speech.outcome(row.outcome)
            if row.outcome is not None
            else _step(row.to, row.together, names, language),
            language.count(row.count),
            language.percent(row.share),
            language.duration(row.median_s) if row.kind == "move" else "",
            *([sign_words(row.sign, language) if _is_a_move(row) else ""] if compared else ()),
        )
        for row in map_rows(layout)
    ]
    return table(
        say("The same as a table: where journeys start, move and end"),
        (
            *(say("kind"), say("from"), say("to"), say("number"), say("share"), say("median")),
            *([say("share of the others")] if compared else ()),
        ),
        rows,
        language,
        left=3,
        last_is_words=compared,
    )


def _is_a_move(row: MapRow) -> bool:
    return row.kind == "move" and row.together == 1


def _step(key: str | None, together: int, names: Names, language: Language) -> str:
    if key is not None:
        return names.step(key)
    if together > 1:
        return language.plural("{n} rarer one", "{n} rarer ones", together)
    return ""
