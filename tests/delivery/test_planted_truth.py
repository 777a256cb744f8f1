"""The overview names what was planted in a city, and nothing in a calm one."""

from pathlib import Path
from statistics import median

from tests.delivery.command_line import LAST_DAY, answer, make_city, numbers, table
from tests.delivery.conftest import City


def test_all_planted_drop_offs_are_among_the_first_eight(city: City) -> None:
    planted = {
        (item["service"], item["step"])
        for item in city.truth["planted"]
        if item["kind"] == "drop_off"
    }

    ranking = numbers("overview", "--data", city.data, "--as-of", LAST_DAY)["drop_offs"]

    assert len(planted) == 6
    assert planted <= {(row["service"], row["step"]) for row in ranking[:8]}
    # What was planted loses the city several times what anything else does.
    assert min(row["dropped"] for row in ranking[:6]) > 3 * ranking[6]["dropped"]


def test_planted_drop_offs_are_read_in_the_text(city: City) -> None:
    text = answer("overview", "--data", city.data, "--as-of", LAST_DAY)

    ranking = "\n".join(table(text, "Where the city loses most journeys"))

    first = ranking[: ranking.index(" 9. ")]
    for step in (
        *("Booking dates", "Choose an event", "Application", "Attachments"),
        *("Identification", "Payment"),
    ):
        assert step in first


def test_calm_city_has_no_step_that_stands_out(tmp_path: Path) -> None:
    make_city(tmp_path, "--calm", "--journeys", 3000)

    ranking = numbers("overview", "--data", tmp_path, "--as-of", LAST_DAY)["drop_offs"][:8]

    rates = [row["drop_off_rate"] for row in ranking if row["drop_off_rate"] is not None]
    assert len(rates) >= 6
    assert max(rates) < 0.06  # the least of the planted ones is 18 %
    assert max(rates) < 2.5 * median(rates)
