"""Pages in HTML against the JSON: every number of a page is there, and its tables have them all."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate, chain
from typing import Any

import msgspec
import pytest

from analysis.journey_report import Breakdown
from delivery.report.group_tables import attribute_of
from delivery.report.language import LANGUAGES, Language
from tests.delivery.command_line import LAST_DAY, SERVICES, answer, numbers, polku
from tests.delivery.conftest import City
from tests.delivery.forms import Forms, ticks
from tests.delivery.written_page import WrittenPage

AT = ("--as-of", LAST_DAY)
LOST = ("cancelled", "expired", "abandoned")
OUTCOMES = ("succeeded", "refused", *LOST, "open")
NEXT = (
    "no_further_action",
    "went_elsewhere",
    "returned_later",
    "switched_channel",
    "completed_in_another_channel",
)
QUANTILES = ("p10_s", "p25_s", "median_s", "p75_s", "p90_s")


def sums_of_report(report: dict[str, Any], forms: Forms) -> None:
    """Add the sums that sentences and the map say beside the JSON's own numbers."""
    journeys, started = report["journeys"], report["journeys"]["started"] or 1
    forms.add_counts([sum(journeys[cause] for cause in LOST)])
    forms.add_counts([journeys["cancelled"] + journeys["expired"]])
    forms.add_shares(journeys[outcome] / started for outcome in OUTCOMES)
    # What the paths that are shown cover.
    forms.add_shares(accumulate(row["share"] or 0 for row in report["variants"]))
    hidden = report["hidden"]
    forms.add_counts([sum(hidden.get(rows, 0) for rows in ("starts", "transitions", "ends"))])
    # The chart of weeks has a place for those that nobody, or too few, started in.
    mondays = [_monday(row["week"]) for row in report["trend"]]
    while mondays and mondays[0] < mondays[-1]:
        forms.add_week(mondays[0])
        mondays[0] += timedelta(days=7)
    # The map folds what is rarest, as a whole and at each of its steps.
    for rows in ("starts", "transitions", "ends"):
        together = sorted(row["count"] for row in report[rows])
        total = sum(together) or 1
        rarest = [sum(together[:place]) for place in range(len(together) + 1)]
        forms.add_counts(rarest)
        forms.add_shares(count / total for count in chain(together, rarest))
        forms.add_shares(1 - count / total for count in rarest)
    for end in ("from", "to"):
        for step in {row[end] for row in report["transitions"]}:
            counts = sorted(row["count"] for row in report["transitions"] if row[end] == step)
            forms.add_counts(sum(counts[:place]) for place in range(len(counts) + 1))


def _monday(week: str) -> date:
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def sums_of_overview(content: dict[str, Any], forms: Forms) -> None:
    """Add the sums of all services, and the places of the ranking."""
    for name in ("started", "lost", "open"):
        forms.add_counts([sum(line[name] for line in content["services"])])
    forms.add_counts(range(1, len(content["drop_offs"]) + 1))


def tables_of_report(
    report: dict[str, Any], language: Language
) -> Iterator[tuple[str, list[list[str]]]]:
    """What each table has to hold: its caption, and the numbers of its rows."""
    say, count, percent, time = language.text, _count(language), language.percent, language.duration
    journeys, quality = report["journeys"], report["quality"]

    def rate(row: dict[str, Any]) -> str:
        return language.rate(row["rate"], row["low"], row["high"], row["note"])

    def dropped(row: dict[str, Any]) -> str:
        return language.rate(row["drop_off_rate"], row["low"], row["high"], row["note"])

    def reached(row: dict[str, Any]) -> list[str]:
        if "lost" not in row:
            return [count(row["reached"]), *[""] * 8]
        return [
            count(row["reached"]),
            percent(row["of_entry"]),
            language.interval(row["low"], row["high"]),
            percent(row["of_previous"]),
            *(count(row[name]) for name in ("lost", "open", "finished")),
            *(time(row[name]) for name in ("median_s", "p90_s")),
        ]

    def spread(row: dict[str, Any]) -> list[str]:
        return [*(time(row[name]) for name in QUANTILES), count(row["n"])]

    yield (
        say("Where the journeys stand"),
        [
            [count(journeys[name]), percent(journeys[name] / journeys["started"])]
            for name in OUTCOMES
        ],
    )
    yield say("How far they came"), [reached(row) for row in report["funnel"]]
    for route in report["routes"]:
        caption = language.plural(
            "Route {route}: {n} journey",
            "Route {route}: {n} journeys",
            route["started"],
            route=route["route"],
        )
        yield caption, [reached(row) for row in route["funnel"]]
    customers = [row for row in report["steps"] if row["note"] != "not a customer step"]
    yield (
        say("Each step: who entered, who stopped, and how often"),
        [
            [
                count(row["entered"]),
                *(
                    [
                        count(row["dropped"]),
                        dropped(row),
                        count(row["n"]),
                        "" if row["day"] is None else count(row["day"]),
                        percent(row["contribution"]),
                    ]
                    if row in customers
                    else [""] * 5
                ),
                count(row["open"]),
                time(row["median_s"]),
            ]
            for row in report["steps"]
        ],
    )
    yield (
        say("How they ended"),
        [
            [count(row["dropped"]), *(count(row["causes"][cause]) for cause in LOST)]
            for row in customers
            if row["dropped"]
        ],
    )
    yield (
        say("What they did next, after the step that was their last"),
        [
            [
                count(row["dropped"]),
                *(count(row["next"][name]) for name in NEXT),
                count(row["next"]["within_days"]),
            ]
            for row in report["steps"]
            if row["next"]
        ],
    )
    yield (
        say("Time of completed journeys, and whose it was"),
        [spread(report["time"][whose]) for whose in ("total", "customer", "city")],
    )
    yield (
        say("Time at each step"),
        [
            spread(row[whose])
            for row in report["time"]["steps"]
            for whose in ("customer", "city")
            if row[whose]["median_s"] is not None
        ],
    )
    yield (
        say("Weeks, the latest first"),
        [
            [count(row["started"]), count(row["completed"]), rate(row), count(row["n"])]
            for row in reversed(report["trend"])
        ],
    )
    yield (
        say("Channels that journeys began in"),
        [
            [
                *(count(row[name]) for name in ("started", "completed", "lost", "open")),
                rate(row),
                *(count(row[name]) for name in ("n", "day")),
            ]
            for row in report["channels"]["starts"]
        ],
    )
    yield (
        say("Visits by channel"),
        [[count(row["visits"]), percent(row["share"])] for row in report["channels"]["visits"]],
    )
    yield (
        say("From channel to channel"),
        [[count(row["count"])] for row in report["channels"]["moves"][:12]],
    )
    yield (
        say("How far the data can be trusted"),
        [
            [count(quality[name]), percent(quality[f"{share}_share"]), count(of)]
            for name, share, of in (
                ("unmapped", "unmapped", quality["touchpoints"]),
                ("unlinked", "unlinked", quality["touchpoints"]),
                ("errors", "error", quality["step_touchpoints"]),
                ("without_person", "without_person", journeys["started"]),
            )
        ],
    )
    if report["by"]["attribute"] is None:
        return
    attribute = attribute_of(msgspec.convert(report["by"], Breakdown), language)
    groups = report["by"]["groups"]
    yield (
        say("By {attribute} (at first touch)", attribute=attribute),
        [
            [
                *(count(row[name]) for name in ("started", "completed", "lost", "open")),
                rate(row),
                count(row["n"]),
                "" if row["day"] is None else count(row["day"]),
            ]
            for row in groups
        ],
    )
    yield (
        say("How far they came, by {attribute}", attribute=attribute),
        [
            [count(row["reached"]), language.rate(row["of_entry"], row["low"], row["high"])]
            for step in dict.fromkeys(row["step"] for group in groups for row in group["funnel"])
            for group in groups
            for row in group["funnel"]
            if row["step"] == step
        ],
    )
    yield (
        say("Median times of completed journeys, by {attribute}", attribute=attribute),
        [
            [
                *(
                    time(group["time"][whose]["median_s"])
                    for whose in ("total", "customer", "city")
                ),
                count(group["time"]["total"]["n"]),
            ]
            for group in groups
        ],
    )


def tables_of_map(report: dict[str, Any], language: Language) -> dict[str, list[int]]:
    """How many start, move and end, by the name of the kind; each kind adds up on the page."""
    return {
        language.text(kind): sorted((row["count"] for row in report[rows]), reverse=True)
        for kind, rows in (("start", "starts"), ("move", "transitions"), ("end", "ends"))
    }


def _count(language: Language) -> Any:  # noqa: ANN401
    return lambda number: "-" if number is None else language.count(number)


def check_words(written: str, report: dict[str, Any], code: str) -> None:
    """Hold text, or Markdown, to the numbers of the JSON; their tables have a test of their own."""
    forms = Forms(report, Language(code))
    sums_of_report(report, forms)

    lines = written.replace("\\", "").splitlines()

    assert [(line, number) for line in lines for number in forms.unknown(line)] == []
    assert len(lines) > 100


def check_report(page: WrittenPage, report: dict[str, Any], code: str) -> None:
    language = Language(code)
    forms = Forms(report, language)
    sums_of_report(report, forms)

    assert [(said, number) for said in page.words for number in forms.unknown(said)] == []
    ticks(forms, language)
    assert [(said, number) for said in page.charts for number in forms.unknown(said)] == []
    assert len(page.words) > 300
    for caption, wanted in tables_of_report(report, language):
        told = page.rows(caption)
        assert [row[-len(cells) :] for row, cells in zip(told, wanted, strict=True)] == wanted
    paths = page.rows(language.text("Paths, most frequent first"))
    assert [row[:2] for row in paths] == [
        [language.count(row["count"]), language.percent(row["share"])] for row in report["variants"]
    ]
    on_the_map = page.rows(language.text("The same as a table: where journeys start, move and end"))
    for kind, counts in tables_of_map(report, language).items():
        told = [row[3] for row in on_the_map if row[0] == kind]
        apart = len(told) if len(told) == len(counts) else len(told) - 1
        together = [] if apart == len(counts) else [sum(counts[apart:])]
        assert told == [language.count(count) for count in (*counts[:apart], *together)]


def check_overview(page: WrittenPage, content: dict[str, Any], code: str) -> None:
    language = Language(code)
    count, percent = _count(language), language.percent
    forms = Forms(content, language)
    sums_of_overview(content, forms)

    assert [(said, number) for said in page.words for number in forms.unknown(said)] == []
    ticks(forms, language)
    assert [(said, number) for said in page.charts for number in forms.unknown(said)] == []
    services, lately, ranking = (page.rows(table.caption) for table in page.tables[:3])
    assert [row[1:4] for row in services] == [
        [count(line[name]) for name in ("started", "lost", "open")] for line in content["services"]
    ]
    assert [row[1:] for row in lately] == [
        [
            percent(line["recent_rate"]),
            count(line["recent_n"]),
            percent(line["earlier_rate"]),
            count(line["earlier_n"]),
        ]
        for line in content["services"]
    ]
    assert [row[3:] for row in ranking] == [
        [
            count(row["dropped"]),
            language.rate(row["drop_off_rate"], row["low"], row["high"]),
            count(row["n"]),
            count(row["day"]),
        ]
        for row in content["drop_offs"]
    ]


def read(*words: object) -> WrittenPage:
    return WrittenPage(answer(*words, "--format", "html"))


def test_page_of_a_report_has_the_numbers_of_the_json(city: City) -> None:
    words = ("report", "varaamo-booking", "--by", "lang", "--compare", "lang=sv", *AT)
    words = (*words, "--data", city.data)

    report = numbers(*words)

    check_report(read(*words, "--lang", "sv"), report, "sv")
    check_words(answer(*words, "--lang", "sv", "--format", "md"), report, "sv")


@pytest.mark.slow
@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES)
def test_page_of_any_report_has_the_numbers_of_the_json(
    city: City, service: str, code: str
) -> None:
    for asked in ((), ("--by", "channel"), ("--compare", "lang=sv"), ("--where", "lang=fi")):
        words = ("report", service, *asked, *AT, "--data", city.data)

        if polku(*words, "--format", "json").code:
            assert asked[0] in {"--compare", "--where"}  # too few to be told of
            continue
        report = numbers(*words)

        check_report(read(*words, "--lang", code), report, code)
        for form in ("md", "text"):
            check_words(answer(*words, "--lang", code, "--format", form), report, code)


@pytest.mark.slow
@pytest.mark.parametrize("code", LANGUAGES)
def test_page_of_the_overview_in_any_language_has_the_numbers_of_the_json(
    city: City, code: str
) -> None:
    words = ("overview", *AT, "--data", city.data)

    check_overview(read(*words, "--lang", code), numbers(*words), code)


def test_a_number_of_nowhere_is_found() -> None:
    forms = Forms({"count": 1234, "share": 0.314, "low": 0.27, "high": 0.354}, Language("fi"))

    said = forms.unknown("1\u00a0234; 31\u00a0% (27\u201335\u00a0%); 1\u00a0235; 32\u00a0%; 7 h")

    assert said == ["1\u00a0235", "32\u00a0%", "7 h"]
