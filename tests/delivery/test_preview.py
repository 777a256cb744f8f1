"""`polku services check FILE --preview`: the numbers of tomorrow, before anything is recorded."""

import csv
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.command_line import LAST_DAY, Answer, answer, numbers, polku
from tests.delivery.conftest import City

SERVICE = "varaamo-booking"
OF_THE_SERVICE = ("horizon_days", "touchpoints", "unmapped", "unlinked", "before_first_step")
RATE = ("low", "high", "n", "day", "note")

Edit = Callable[[str], str]


def one(old: str, new: str) -> Edit:
    """Replace what is there once."""

    def edit(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return edit


def all_of(*edits: Edit) -> Edit:
    def edit(text: str) -> str:
        for single in edits:
            text = single(text)
        return text

    return edit


EDITS: dict[str, Edit] = {
    "a deadline is shorter": one(
        "deadline: PT10M                    # src: code\n    touchpoints: [details",
        "deadline: PT1M\n    touchpoints: [details",
    ),
    "a step is gone": all_of(
        lambda text: re.sub(r"  - key: details\n.*?(?=  - key: )", "", text, flags=re.DOTALL),
        lambda text: text.replace(" details,", ""),
    ),
    "an outcome is another": all_of(
        one("refused: [reservation.denied]", "refused: [reservation.other]"),
        one("cancelled: [reservation.cancelled]", "cancelled: [reservation.*]"),
    ),
    "a glob is narrower": one('["search.*"]', "[search.filter]"),
    "a step is optional": one("typical: PT10S\n", "typical: PT10S\n    optional: true\n"),
    "a later version": all_of(
        one("valid_from: 2025-01-01", "valid_from: 2026-02-01"),
        one("version: 1", "version: 2"),
        one("[payment.open, payment.paid]", "[payment.paid]"),
        one(
            "    deadline: P7D                      # src: assumed\n    touchpoints: [res",
            "    deadline: P1D\n    touchpoints: [res",
        ),
    ),
}


@pytest.fixture
def data(small_city: City, copy_of: Callable[[City], Path]) -> Path:
    return copy_of(small_city)


@pytest.fixture
def changed(data: Path, tmp_path: Path) -> Callable[[Edit], Path]:
    """Write a changed definition of the service beside the data folder."""

    def write(edit: Edit) -> Path:
        path = tmp_path / "new.yaml"
        old = (data / "services" / f"{SERVICE}.yaml").read_text(encoding="utf-8")
        path.write_text(edit(old), encoding="utf-8")
        return path

    return write


Changed = Callable[[Edit], Path]


def check(path: Path | None, data: Path, *words: object) -> Answer:
    places = [] if path is None else [path]
    return polku("services", "check", *places, "--preview", "--data", data, *words)


def previewed(path: Path, data: Path, *words: object) -> dict[str, Any]:
    words = ("--preview", "--data", data, "--as-of", LAST_DAY, *words)
    found = numbers("services", "check", path, *words)
    (service,) = found["services"]
    return service  # type: ignore[no-any-return]


def figures(report: dict[str, Any]) -> dict[tuple[str | None, str], Any]:
    """Every number that a preview may name, out of a report."""
    found: dict[tuple[str | None, str], Any] = {
        **{(None, what): report[what] for what in OF_THE_SERVICE},
        **{(None, what): number for what, number in report["journeys"].items()},
        (None, "completion_rate"): _rate(report["completion"], "rate"),
    }
    for row in report["steps"]:
        for what in ("entered", "advanced", "dropped", "open", "median_s"):
            found[row["step"], what] = row[what]
        found[row["step"], "drop_off_rate"] = _rate(row, "drop_off_rate")
    for row in report["funnel"]:
        found[row["step"], "reached"] = row["reached"]
    return found


def _rate(row: dict[str, Any], name: str) -> Any:  # noqa: ANN401
    return None if row[name] is None else (row[name], *(row[part] for part in RATE))


def value_of(figure: dict[str, Any] | None) -> Any:  # noqa: ANN401
    if figure is None or figure["value"] is None or "n" not in figure:
        return figure and figure["value"]
    return (figure["value"], *(figure[part] for part in RATE))


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_preview_is_what_the_report_says_once_it_is_recorded(
    data: Path, changed: Changed, edit: Edit
) -> None:
    k = ("--k", 1, "--public-log")
    words = ("report", SERVICE, "--data", data, "--as-of", LAST_DAY, *k)
    path = changed(edit)
    before = figures(numbers(*words))

    found = previewed(path, data, *k)
    shutil.copy(path, data / "services" / _name_of(path))
    answer("project", "--data", data)

    after = figures(numbers(*words))
    moves = {
        (move["step"], move["what"]): (value_of(move["now"]), value_of(move["then"]))
        for move in found["moves"]
    }
    assert moves
    assert found["hidden"] == {}
    differ = {
        name: (before.get(name), after.get(name))
        for name in before | after
        if _are_different(before.get(name), after.get(name))
    }
    assert {name: _none_for_zero(pair) for name, pair in moves.items()} == {
        name: _none_for_zero(pair) for name, pair in differ.items()
    }


def _are_different(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Tell whether two numbers of reports differ; a rate by a tenth of a percentage point."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        far = any(abs(a - b) >= 0.001 for a, b in zip(one[:3], other[:3], strict=True))
        return far or one[3:] != other[3:]
    return (one or None) != (other or None)


def _none_for_zero(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    return (pair[0] or None, pair[1] or None)


def _name_of(path: Path) -> str:
    """The file that a definition takes the place of, or one of its own."""
    is_later = "version: 2" in path.read_text(encoding="utf-8")
    return f"{SERVICE}.2.yaml" if is_later else f"{SERVICE}.yaml"


def test_text_begins_with_a_sentence_and_ends_with_what_to_do(data: Path, changed: Changed) -> None:
    path = changed(EDITS["a later version"])

    done = check(path, data, "--as-of", LAST_DAY)

    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0] == "1 service, 1 definition: no problems."
    found = re.fullmatch(
        rf"Version 2 of {SERVICE} would move (\d+) numbers; nothing is recorded yet.", lines[2]
    )
    assert found
    assert int(found[1]) == len(previewed(path, data)["moves"])
    assert "Version 2, valid from 1 February 2026, is added to those recorded." in done.out
    assert re.search(
        r"^ completion rate.*  \d+ % \(\d+-\d+ %\), n \d+, day \d+$", done.out, re.MULTILINE
    )
    assert re.search(r"^ payment.open  step pay \(Payment\)  +\d+  +0$", done.out, re.MULTILINE)
    told = " ".join(done.out.split("\n\n")[-1].split())
    assert told == (
        f"Next: put {path} into {data / 'services'}; then polku project records it and reads all "
        "journeys by it."
    )
    assert max(map(len, lines)) <= 100


def test_names_of_steps_are_in_the_language_asked_for(data: Path, changed: Changed) -> None:
    path = changed(EDITS["a later version"])

    done = check(path, data, "--as-of", LAST_DAY, "--lang", "fi")

    assert "step pay (Maksu)" in done.out


def test_nothing_is_written(data: Path, changed: Changed) -> None:
    path = changed(EDITS["a later version"])
    words = ("report", SERVICE, "--data", data, "--as-of", LAST_DAY)
    before = answer(*words), numbers("status", "--data", data)["head"]

    check(path, data)

    assert (answer(*words), numbers("status", "--data", data)["head"]) == before


def test_csv_has_a_row_a_number(data: Path, changed: Changed) -> None:
    path = changed(EDITS["a later version"])
    moves = previewed(path, data)["moves"]

    done = check(path, data, "--as-of", LAST_DAY, "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["step"], row["what"]) for row in rows] == [
        (move["step"] or "", move["what"]) for move in moves
    ]
    rate = next(row for row in rows if row["what"] == "drop_off_rate")
    assert all(rate[f"then_{part}"] for part in ("low", "high", "n", "day"))
    assert done.err.startswith("1 service, 1 definition: no problems.\n")


def test_csv_of_nothing_has_its_header(data: Path, changed: Changed) -> None:
    done = check(changed(lambda text: text), data, "--format", "csv")

    assert done.out.startswith("service,what,step,now,now_low,")
    assert done.out.count("\n") == 1


def test_draft_is_told_in_the_words_of_a_draft(data: Path, changed: Changed) -> None:
    unknown = one("[reservation.expired, payment.expired]", "[reservation.gone]")
    unpaid = one("[payment.open, payment.paid]", "[payment.paid]")
    draft = all_of(unknown, unpaid, lambda text: f"outcomes_confirmed: false\n{text}")

    done = check(changed(draft), data, "--as-of", LAST_DAY)

    assert "ended without a known outcome" in done.out
    assert "stopped here" in done.out
    assert not re.search("abandoned|lost|drop-off", done.out)


def test_report_says_what_names_without_a_meaning_look_like(data: Path, changed: Changed) -> None:
    path = changed(EDITS["a later version"])
    shutil.copy(path, data / "services" / _name_of(path))
    answer("project", "--data", data)

    told = answer("report", SERVICE, "--data", data, "--as-of", LAST_DAY)

    assert re.search(r"without a meaning: payment.open \(\d+, like the step Payment\)", told)


def test_definitions_in_use_move_nothing(data: Path) -> None:
    done = check(None, data)

    assert done.code == 0
    assert done.out.count("the log knows this definition already; no number moves.") == 6
    assert "Next" not in done.out


def test_edit_in_the_services_folder_is_recorded_by_projecting(data: Path) -> None:
    path = data / "services" / f"{SERVICE}.yaml"
    path.write_text(EDITS["a glob is narrower"](path.read_text(encoding="utf-8")), encoding="utf-8")

    done = check(None, data)

    assert done.out.count("the log knows this definition already") == 5
    assert f"Version 1 of {SERVICE} would move" in done.out
    assert "takes the place of the one recorded." in done.out
    assert done.out.endswith("\nNext: polku project records it and reads all journeys by it.\n")


def test_renamed_step_moves_no_number(data: Path, changed: Changed) -> None:
    rename = all_of(
        one("  - key: details\n", "  - key: about\n"),
        lambda text: text.replace(" details,", " about,"),
    )

    done = check(changed(rename), data)

    assert f"No number moves with version 1 of {SERVICE}; nothing is recorded yet." in done.out
    assert "Steps: details is now called about." in " ".join(done.out.split())


def test_version_with_a_number_that_is_taken_is_told_so(data: Path, changed: Changed) -> None:
    done = check(changed(one("valid_from: 2025-01-01", "valid_from: 2099-01-01")), data)

    assert "valid from 1 January 2099, is added to those recorded." in done.out
    assert "That day is still to come" in done.out
    assert "Its number is also that of the version valid from 1 January 2025" in done.out


def test_service_that_the_log_does_not_know_is_said(data: Path, changed: Changed) -> None:
    done = check(changed(one(f"key: {SERVICE}\n", "key: sauna\n")), data)

    assert done.code == 0
    assert "Version 1 of sauna: the log does not know this service yet" in done.out


def test_service_without_touchpoints_is_said(data: Path, changed: Changed) -> None:
    done = check(changed(EDITS["an outcome is another"]), data, "--as-of", "2020-01-01")

    assert done.code == 0
    assert "has no touchpoints of this service, so no number moves." in done.out


def test_change_for_too_few_people_is_said(data: Path, changed: Changed) -> None:
    done = check(changed(EDITS["a glob is narrower"]), data, "--k", 100_000)

    assert done.code == 0
    assert "would move numbers, but of too few people to show them" in done.out


def test_rows_of_too_few_people_are_counted(data: Path, changed: Changed) -> None:
    done = check(changed(EDITS["a later version"]), data, "--k", 30)

    assert (
        "Left out because fewer than 30 people are behind the numbers or their move: " in done.out
    )


def test_problems_come_before_the_log_is_opened(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("key: sauna\n", encoding="utf-8")

    done = check(bad, tmp_path / "nowhere")

    assert done.code == 1
    assert "bad.yaml: steps: is missing" in done.err


def test_without_a_log_there_is_no_preview_but_a_check(
    tmp_path: Path, data: Path, changed: Changed
) -> None:
    path = changed(EDITS["a glob is narrower"])
    (data / "log.db").write_bytes(b"no log")

    done = check(path, tmp_path / "nowhere")

    assert done.code == 1
    assert "Hint: polku demo, or polku ingest first" in done.err
    assert answer("services", "check", path, "--data", data).endswith("no problems.\n")


def test_options_of_a_preview_go_with_a_preview(data: Path) -> None:
    done = polku("services", "check", "--data", data, "--format", "json")

    assert done.code == 2
    assert "Hint: add --preview" in done.err
