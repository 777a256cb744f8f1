"""Columns of journeys beside their visits, and rows in parts."""

import polars as pl

from analysis.lookup import of_journeys, split, sums_by_journey

JOURNEYS = pl.DataFrame(
    {"journey": [2, 5], "channel": ["web", "phone"]}, schema_overrides={"journey": pl.UInt32}
)


def test_columns_of_a_journey_are_found_by_its_number() -> None:
    numbers = pl.Series([5, 2, 2], dtype=pl.UInt32)

    found = of_journeys(JOURNEYS, numbers, "channel", "journey")

    assert found.rows() == [("phone", 5), ("web", 2), ("web", 2)]


def test_a_journey_that_is_not_there_has_nulls() -> None:
    numbers = pl.Series([0, 5, 9], dtype=pl.UInt32)

    assert of_journeys(JOURNEYS, numbers, "channel").rows() == [(None,), ("phone",), (None,)]
    assert of_journeys(JOURNEYS.clear(), numbers, "channel").rows() == [(None,)] * 3


def test_rows_are_split_by_name_and_keep_their_order() -> None:
    steps = pl.Enum(["form", "pay", "call"])
    rows = pl.DataFrame(
        {"step": ["call", "form", "call", "form"], "place": [1, 2, 3, 4]},
        schema_overrides={"step": steps},
    )

    found = [(step, part["place"].to_list()) for step, part in split(rows, "step")]

    assert found == [("form", [2, 4]), ("call", [1, 3])]
    assert not list(split(rows.clear(), "step"))


def test_columns_are_added_up_by_journey_and_nulls_are_nothing() -> None:
    rows = pl.DataFrame({"journey": [2, 2, 5], "waited": [3, 4, None]})

    assert sums_by_journey(rows, "waited").rows() == [(2, 7), (5, 0)]
    assert sums_by_journey(rows.clear(), "waited").is_empty()
