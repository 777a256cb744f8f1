"""The same question has the same bytes for an answer, in whatever process it is asked."""

from pathlib import Path

import pytest

from tests.delivery.command_line import LAST_DAY, started
from tests.delivery.conftest import City

AT = ("--as-of", LAST_DAY)
REPORT = ("report", "varaamo-booking", "--by", "lang", "--compare", "lang=sv", *AT)
FORMS = ("json", "csv", "md", "html", "txt")
APART = ({"PYTHONHASHSEED": 1, "POLARS_MAX_THREADS": 1}, {"PYTHONHASHSEED": 2})
"""In what two processes differ."""


def told_twice(*words: object) -> list[str]:
    """Run two processes beside each other; what each says on stdout."""
    running = [started(*words, variables=variables) for variables in APART]
    outs = [one.communicate(timeout=120)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0]
    return outs


def test_report_has_the_same_bytes_in_another_process(city: City) -> None:
    one, other = told_twice(*REPORT, "--data", city.data, "--format", "json")

    assert one == other
    assert one.endswith("}\n")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "md", "text", "html"])
def test_report_has_the_same_bytes_in_every_form(city: City, form: str) -> None:
    one, other = told_twice(*REPORT, "--data", city.data, "--format", form)

    assert one == other != ""


@pytest.mark.slow
def test_overview_has_the_same_bytes_in_every_form(city: City, tmp_path: Path) -> None:
    written = []
    for place, variables in enumerate(APART):
        files = [tmp_path / f"{place}.{form}" for form in FORMS]
        words = [word for file in files for word in ("--write", file)]
        with started("overview", *AT, "--data", city.data, *words, variables=variables) as running:
            running.communicate(timeout=120)
        written.append([file.read_bytes() for file in files])

    assert written[0] == written[1]
