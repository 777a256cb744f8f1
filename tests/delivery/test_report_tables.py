"""The tables of CSV and Markdown: every number is the JSON's, and every name is shown as text."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from babel.numbers import parse_decimal
from markdown_it import MarkdownIt

from analysis.journey_report import JourneyReport
from analysis.overview import overview
from analysis.report import journey_report
from delivery.report.language import LANGUAGES, NO_BREAK, NOTHING, Language
from delivery.report.machine import (
    OVERVIEW_SECTIONS,
    SECTIONS,
    as_json,
    overview_csv,
    report_csv,
    rows_csv,
)
from delivery.report.markdown import MarkdownPage, escaped
from delivery.report.overview import written_overview
from delivery.report.text import written_report
from delivery.report.wording import Names
from tests.analysis.conftest import build_service, build_world
from tests.delivery.command_line import LAST_DAY, answer, numbers
from tests.delivery.conftest import City

VOUCHER = ("report", "youth-summer-voucher", "--by", "lang", "--as-of", LAST_DAY)
HOSTILE = (
    "<script>alert(1)</script>",
    "a|b|c",
    "`code` **bold** _it_ ~~no~~",
    "[link](https://example.org) ![x](y) www.example.org https://example.org a@example.org",
    "&lt;b&gt; \\| $x$",
    "=1+1",
    "+358",
    "-2",
    "@SUM(A1)",
    "\u202egnp.exe",
    "x" * 300,
    "\N{BUS}\N{ZERO WIDTH JOINER}\N{BUS}",
)

WHOSE = ("total", "customer", "city")
NEXT = (
    "no_further_action",
    "went_elsewhere",
    "returned_later",
    "switched_channel",
    "completed_in_another_channel",
)
QUANTILES = ("p10", "p25", "median", "p75", "p90")

Table = list[list[str]]


def leaves(content: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(content, dict | list):
        for inner in content.values() if isinstance(content, dict) else content:
            yield from leaves(inner)
    else:
        yield content


def figures(cells: Iterator[Any]) -> Counter[float]:
    return Counter(float(cell) for cell in cells if type(cell) in {int, float})


def as_figure(cell: str) -> str | float:
    return float(cell) if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) else cell


def cells_of(written: str) -> Iterator[Any]:
    for row in csv.DictReader(StringIO(written)):
        yield from (as_figure(cell) for cell in row.values())


def tables(markdown: str) -> dict[str, Table]:
    """The body of each table by its heading, as a reader of Markdown shows it."""
    found: dict[str, Table] = {}
    heading = ""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            heading = shown(inline.children)
        elif token.type == "tr_open":
            found.setdefault(heading, []).append([])
        elif token.type in {"td_open", "th_open"}:
            found[heading][-1].append(shown(inline.children))
    return {heading: rows[1:] for heading, rows in found.items()}


def shown(tokens: Any) -> str:  # noqa: ANN401
    return "".join(token.content for token in tokens or ())


def number(code: str, cell: str) -> float:
    words = cell.replace(NO_BREAK, " ").replace("%", "").strip().replace(" ", NO_BREAK)
    return float(parse_decimal(words, locale="sv_FI" if code == "sv" else code, strict=True))


def test_every_number_of_the_report_is_in_one_table_of_csv(city: City) -> None:
    words = (*VOUCHER, "--data", city.data)
    told = answer(*words, "--format", "json")
    report = msgspec.json.decode(told, type=JourneyReport)

    written = {section: report_csv(report, section) for section in SECTIONS}

    found = figures(cell for table in written.values() for cell in cells_of(table))
    assert found == figures(leaves(json.loads(told)))
    assert sum(found.values()) > 500
    for section in ("summary", "steps", "by_steps"):
        assert answer(*words, "--format", "csv", "--section", section) == written[section]
    for table in written.values():
        assert all(None not in {*row, *row.values()} for row in csv.DictReader(StringIO(table)))


def test_every_number_of_the_overview_is_in_one_table_of_csv(city: City) -> None:
    words = ("overview", "--data", city.data, "--as-of", LAST_DAY)

    written = [
        answer(*words, "--format", "csv", "--section", section) for section in OVERVIEW_SECTIONS
    ]

    told = figures(cell for table in written for cell in cells_of(table))
    assert told == figures(leaves(numbers(*words)))


def test_rows_within_rows_are_a_table_with_their_row_s_name() -> None:
    world = build_world("9 * lang=fi form.0 pay.0.1\n8 * lang=sv form.0", build_service(), at=60)
    report = journey_report(world, by="lang")

    (first, *_) = csv.DictReader(StringIO(report_csv(report, "by_steps")))

    assert (first["value"], first["step"], first["entered"]) == ("fi", "form", "9")
    assert report_csv(report, "window") == "from,to\n,\n"
    assert "fewer" not in overview_csv(overview([world]), "hidden")


@pytest.mark.parametrize("code", LANGUAGES)
def test_markdown_of_the_report_has_the_numbers_of_the_json(city: City, code: str) -> None:
    words = (*VOUCHER, "--data", city.data, "--lang", code)
    report = numbers(*words)

    found = [*tables(answer(*words, "--format", "md")).values()]

    language = Language(code)
    stand, funnel, *found = found
    others, found = found[: len(report["routes"])], found[len(report["routes"]) :]
    if silences := report["recording"]["silences"]:
        *found, missing = found
        assert [number(code, row[2]) for row in missing] == [row["hours"] for row in silences]
    (
        steps,
        after,
        groups,
        _,
        reach,
        spans,
        trend,
        moves,
        paths,
        times,
        *histograms,
        starts,
        visits,
        hops,
        quality,
    ) = found
    counts = [number(code, row[1]) for row in stand]
    assert counts == [report["journeys"][key] for key in list(report["journeys"])[1:7]]
    assert [len(rows) for rows in others] == [len(route["funnel"]) for route in report["routes"]]
    for rows, content, columns in (
        (funnel, report["funnel"], {1: "reached", 4: "lost", 5: "open", 6: "finished"}),
        (steps, report["steps"], {1: "entered", 2: "dropped", 4: "n", 7: "open"}),
        (groups, report["by"]["groups"], {1: "started", 2: "completed", 3: "lost", 6: "n"}),
        (
            reach,
            [
                row
                for step in report["funnel"]
                for group in report["by"]["groups"]
                for row in group["funnel"]
                if row["step"] == step["step"]
            ],
            {2: "reached"},
        ),
        (spans, [group["time"]["total"] for group in report["by"]["groups"]], {4: "n"}),
        (trend, report["trend"][-16:], {1: "started", 2: "completed"}),
        (moves, report["transitions"][:12], {2: "count"}),
        (paths, report["variants"][:6], {0: "count"}),
        (starts, report["channels"]["starts"], {1: "started", 2: "completed", 3: "lost"}),
        (visits, report["channels"]["visits"], {1: "visits"}),
        (hops, report["channels"]["moves"][:12], {2: "count"}),
    ):
        assert len(rows) == len(content)
        for row, figures_of_row in zip(rows, content, strict=True):
            for column, key in columns.items():
                if row[column]:
                    assert number(code, row[column]) == figures_of_row[key]
    for row, step in zip(steps, report["steps"], strict=True):
        wanted = language.rate(step["drop_off_rate"], step["low"], step["high"], step["note"])
        assert row[3] == wanted
    for row, spent in zip(times, [report["time"][whose] for whose in WHOSE], strict=True):
        assert row[1:] == [
            *(language.duration(spent[f"{key}_s"]) for key in QUANTILES),
            language.count(spent["n"]),
        ]
    for rows, whose in zip(histograms, WHOSE, strict=True):
        counts = [number(code, row[1]) for row in rows]
        assert counts == [bucket["count"] for bucket in report["time"][whose]["histogram"]]
    lost = [step for step in report["steps"] if step["next"]]
    for row, step in zip(after, lost, strict=True):
        classes = [NOTHING if step["next"][key] is None else step["next"][key] for key in NEXT]
        told = [cell if cell == NOTHING else number(code, cell) for cell in row[1:]]
        assert told == [step["dropped"], *classes, step["next"]["within_days"]]
    assert [number(code, row[3]) for row in quality] == [
        *(report["quality"][key] for key in ("touchpoints", "touchpoints", "step_touchpoints")),
        report["journeys"]["started"],
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_markdown_of_the_overview_has_the_numbers_of_the_json(city: City, code: str) -> None:
    words = ("overview", "--data", city.data, "--as-of", LAST_DAY, "--lang", code)
    content = numbers(*words)

    services, lately, ranking = tables(answer(*words, "--format", "md")).values()

    for row, line in zip(services, content["services"], strict=True):
        told = [number(code, cell) for cell in row[1:4]]
        assert told == [line["started"], line["lost"], line["open"]]
        assert row[4] == Language(code).percent(line["rate"])
    for row, line in zip(lately, content["services"], strict=True):
        assert row[2] == (NOTHING if line["recent_n"] is None else str(line["recent_n"]))
    for row, line in zip(ranking, content["drop_offs"][:12], strict=True):
        assert [number(code, row[3]), number(code, row[5])] == [line["dropped"], line["n"]]


@pytest.mark.parametrize("name", HOSTILE)
def test_name_is_text_in_markdown(name: str) -> None:
    page = MarkdownPage()
    page.title(name)
    page.line(name)
    page.table(name, ("a", "path"), [(name, "1"), ("", "2")], left=1, last_is_words=True)

    html = MarkdownIt("gfm-like", {"linkify": False}).render(page.text())

    assert set(re.findall(r"<(\w+)", html)) == {
        *("h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td")
    }
    plain = name.replace("\u202e", "\N{REPLACEMENT CHARACTER}")
    assert tables(page.text()) == {plain: [[plain, "1"], ["", "2"]]}


@pytest.mark.parametrize("start", ["1. one", "12) one", "- one", "+ one", "# one", "    one"])
def test_paragraph_is_no_list_and_no_heading(start: str) -> None:
    page = MarkdownPage()
    page.line(start)

    assert MarkdownIt("gfm-like", {"linkify": False}).render(page.text()) == (
        f"<p>{start.strip()}</p>\n"
    )


def test_markdown_does_not_link_what_looks_like_an_address() -> None:
    assert escaped("https://example.org www.example.org a@b.fi") == (
        "https\\://example.org www\\.example.org a\\@b.fi"
    )


@pytest.mark.parametrize("value", ["=1+1", "+358", "-2", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_cell_of_csv_is_no_formula(value: str) -> None:
    ((cell,),) = list(csv.reader(StringIO(rows_csv([{"name": value}]), newline="")))[1:]

    assert cell in {f"'{value}", "\N{REPLACEMENT CHARACTER}x"}
    assert rows_csv([{"name": -2.5}]) == "name\n-2.5\n"


@pytest.mark.parametrize(
    "write",
    [
        lambda report, names, language: written_report(MarkdownPage(), report, names, language),
        lambda report, _names, _language: report_csv(report, "by"),
    ],
    ids=["markdown", "csv"],
)
def test_hostile_value_of_an_attribute_is_text(write: Callable[..., str]) -> None:
    name = "=<b>|x"
    world = build_world(f"9 * lang={name} form.0\n8 * lang=sv form.0", build_service(), at=60)
    report = journey_report(world, by="lang")

    written = write(report, Names(world.service, "en"), Language("en"))

    assert name in json.loads(as_json(report))["by"]["groups"][0]["value"]
    assert "<b>|x" not in written or "'=<b>|x" in written


def test_overview_in_markdown_leaves_out_the_bars() -> None:
    world = build_world("60 * form.0", build_service(), at=60)
    names: Mapping[str, Names] = {"permit": Names(world.service, "en")}

    written = written_overview(MarkdownPage(), overview([world]), names, Language("en"))

    assert "█" not in written
    assert written.startswith("# All services\n\nAs of ")
