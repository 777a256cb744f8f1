"""From an export to a report, for somebody who has never written a definition."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingest.case_sample import CaseSample
from journeys.event_log import EventLog
from journeys.service import load_services
from tests.delivery.bookings import HEADER, bookings, write_excel
from tests.delivery.command_line import answer, numbers, polku

HELSINKI = ("--zone", "Europe/Helsinki")
ROWS = bookings()


def _recorded(data: Path) -> Any:  # noqa: ANN401
    with EventLog.open(data / "log.db") as log:
        return log.read_touchpoints()


def _drafted(path: Path, data: Path, *words: object) -> str:
    return answer("services", "draft", path, "--service", "own", "--data", data, *words)


def _ingested(path: Path, data: Path, *words: object) -> str:
    return answer("ingest", "files", path, "--service", "own", "--data", data, *words)


def test_an_export_of_finnish_excel_reads_right_at_the_first_try(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset kesä.csv", ROWS)

    _drafted(path, tmp_path, *HELSINKI)
    said = _ingested(path, tmp_path)

    assert f"Recorded {len(ROWS)} touchpoints" in said
    assert "cp1252" in said
    assert "';'" in said or '";"' in said
    found = _recorded(tmp_path)
    assert set(found["name"]) == {row[1] for row in ROWS}
    assert found["case"].n_unique() == len({row[0] for row in ROWS})
    first = found.sort("id").row(0, named=True)
    assert first["occurred_at"] == datetime(2020, 6, 1, 6, 5, tzinfo=UTC)
    assert first["channel"] == "Verkkopalvelu"
    assert first["id"] == "000000000001"
    assert first["source"] == "file:own/varaukset kesä.csv"


def test_channels_in_finnish_are_understood(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)

    _drafted(path, tmp_path, *HELSINKI, "--channel", "Käynti=office")

    (service,) = load_services(tmp_path / "services")["own"]
    assert service.channels == {"Verkkopalvelu": "web", "Puhelin": "phone", "Käynti": "office"}
    _ingested(path, tmp_path)
    answer("project", "--data", tmp_path)
    report = numbers("report", "own", "--by", "channel", "--data", tmp_path)
    assert {group["value"] for group in report["by"]["groups"]} == {"web", "phone", "office"}


def test_a_draft_is_enough_for_a_report(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)

    _drafted(path, tmp_path, *HELSINKI)
    _ingested(path, tmp_path)
    answer("project", "--data", tmp_path)
    report = numbers("report", "own", "--data", tmp_path)

    assert report["draft"] is True
    assert report["journeys"]["started"] == 40
    assert report["journeys"]["succeeded"] == 26
    assert [step["step"] for step in report["steps"]] == [
        "Hakemus lähetetty",
        "Käsittelyssä",
        "Maksu vastaanotettu",
        "Päätös lähetetty",
    ]
    assert "ended without a known outcome" in answer("report", "own", "--data", tmp_path)


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [("\t", "utf-8"), (",", "utf-8-sig"), ("\t", "utf-16"), ("|", "utf-8"), (";", "utf-8-sig")],
)
def test_other_ways_to_write_a_table_come_to_the_same(
    delimiter: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "varaukset.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADER)
        writer.writerows([*row[:4], 'Kaksi "riviä"\nyhdessä; solussa'] for row in ROWS)
    plain = write_excel(tmp_path / "plain.csv", ROWS)

    for file, data in ((path, tmp_path / "one"), (plain, tmp_path / "other")):
        _drafted(file, data, *HELSINKI)
        _ingested(file, data, "--source", "s")

    columns = ("id", "occurred_at", "name", "channel")
    one, other = (_recorded(tmp_path / data).select(*columns) for data in ("one", "other"))
    assert one.equals(other)


def test_columns_of_other_names_are_told_once(tmp_path: Path) -> None:
    header = ("Nro", "Mitä", "Koska", "Miten", "Kieli")
    rows = [[*row[:4], "sv"] for row in ROWS]
    path = write_excel(tmp_path / "varaukset.csv", rows, header=header)
    told = [
        f"--column={pair}"
        for pair in ("case=Nro", "touchpoint=Mitä", "time=Koska", "channel=Miten", "lang=Kieli")
    ]

    _drafted(path, tmp_path, *told, *HELSINKI)
    _ingested(path, tmp_path)

    assert set(_recorded(tmp_path)["attributes"]) == {'{"lang":"sv"}'}


def test_an_attribute_of_the_service_s_own_is_kept(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", [[*row[:4], "Pasila"] for row in ROWS])

    _drafted(path, tmp_path, *HELSINKI, "--column", "library=Lisätieto")
    said = _ingested(path, tmp_path)

    assert "left out" not in said
    assert set(_recorded(tmp_path)["attributes"]) == {'{"library":"Pasila"}'}


def test_times_without_a_zone_are_asked_for_at_the_door(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)

    done = polku("services", "draft", path, "--service", "own", "--data", tmp_path)

    assert done.code == 1
    assert "Hint: --zone Europe/Helsinki" in done.err
    assert not (tmp_path / "services").exists()


def test_an_autumn_night_has_an_hour_twice_and_a_spring_night_lacks_one(tmp_path: Path) -> None:
    times = ["24.10.2020 3.30", "25.10.2020 3.15", "25.10.2020 3.45", "25.10.2020 4.30"]
    rows = [[f"A{place}", "Haku", time, "", ""] for place, time in enumerate(times)]
    rows.insert(2, ["A9", "Haku", "29.3.2020 3.30", "", ""])
    path = write_excel(tmp_path / "yö.csv", rows)

    _drafted(path, tmp_path, *HELSINKI)
    said = _ingested(path, tmp_path)

    assert "2 times fall into the hour that an autumn night has twice: read as the earlier" in said
    assert "1 are in quarantine (bad_time 1" in said
    zone = ZoneInfo("Europe/Helsinki")
    assert [when.astimezone(zone).utcoffset() for when in _recorded(tmp_path)["occurred_at"]] == [
        timedelta(hours=hours) for hours in (3, 3, 3, 2)
    ]
    refused = json.loads(answer("quarantine", "list", "--format", "json", "--data", tmp_path))
    assert [(row["origin"], row["place"]) for row in refused] == [("file:own/yö.csv", 4)]
    assert "does not exist" in refused[0]["detail"]


def test_a_draft_from_some_of_the_cases_is_valid_from_the_first_touchpoint_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CaseSample.__init__, "__kwdefaults__", {"most_rows": 12})
    path = write_excel(tmp_path / "varaukset.csv", ROWS)

    text = _drafted(path, tmp_path, *HELSINKI, "--output", "-")

    assert "valid_from: 2020-06-01" in text
    assert "of 40 cases" not in text


def test_a_draft_is_not_written_over_what_a_person_may_have_edited(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)
    _drafted(path, tmp_path, *HELSINKI)
    own = tmp_path / "services" / "own.yaml"
    own.write_text(own.read_text() + "# mine\n")

    again = polku("services", "draft", path, "--service", "own", "--data", tmp_path, *HELSINKI)
    shown = _drafted(path, tmp_path, *HELSINKI, "--output", "-")

    assert again.code == 1
    assert "is there already" in again.err
    assert own.read_text() == shown + "# mine\n"


def test_a_service_nobody_defined_leads_to_a_draft(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "varaukset.csv", ROWS)

    done = polku("ingest", "files", path, "--service", "own", "--data", tmp_path)
    bare = polku("ingest", "files", path, "--data", tmp_path)

    assert (done.code, bare.code) == (1, 1)
    assert f"polku services draft {path} --service own" in done.err
    assert f"polku services draft {path} --service KEY" in bare.err
    assert not (tmp_path / "log.db").exists()
