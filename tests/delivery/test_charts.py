"""Every form of chart is Vega-Lite by its schema, which is not asked while a page is written."""

import json
from typing import Any

import altair as alt
import pytest
from jsonschema import ValidationError

from delivery.report.chart_svg import NARROW, WIDE, Drawing, drawn, specification
from delivery.report.chart_ticks import durations, numbers, percents
from delivery.report.charts import Bar, Range, Spread, Week, bars, counts, ranges, spreads, weeks
from delivery.report.language import Language

ENGLISH = Language("en")
TIMES_S = (60.0, 600.0, 3600.0, 7200.0, 90_000.0)
BARS = [Bar("Form", "120 of 200", [("finished", 120), ("lost", 80)]), Bar("Pay", "0", [("on", 0)])]
FORMS = {
    "bars": bars(BARS),
    "counts": counts(BARS),
    "ranges": ranges(
        [Range("Form", "60 %", 0.6, 0.5, 0.7), Range("Pay", "too few", None, None, None)],
        percents(0.7, ENGLISH),
    ),
    "spreads": spreads([Spread("Form", "1 h", "city", TIMES_S)], durations(TIMES_S, ENGLISH)),
    "weeks": weeks(
        [Week("1", 40, 0.6, 0.5, 0.7, mature=True), Week("2", 9, None, None, None, mature=False)],
        rates=percents(0.7, ENGLISH),
        counts=numbers(40, ENGLISH),
    ),
}


def sent(draw: Drawing, across: int) -> Any:  # noqa: ANN401
    return json.loads(json.dumps(specification(draw, across)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("across", [WIDE, NARROW])
def test_every_form_is_as_the_schema_says(form: str, across: int) -> None:
    told = sent(FORMS[form], across)

    alt.Root.validate(told)


def test_schema_refuses_what_is_no_chart() -> None:
    told = sent(FORMS["bars"], WIDE)
    told["layer"][0]["mark"]["size"] = "large"

    with pytest.raises(ValidationError):
        alt.Root.validate(told)


def test_drawing_a_chart_again_gives_the_same_bytes_in_both_widths() -> None:
    draw: Drawing = FORMS["weeks"]

    once = drawn(draw, "so many")

    assert once == drawn(draw, "so many")
    assert [once.count(f'class="chart {kind}"') for kind in ("wide", "narrow")] == [1, 1]
