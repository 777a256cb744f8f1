"""The examples that the documentation brings are what it says they are."""

import json
import shlex
from pathlib import Path

import pytest

from journeys.service import load_services
from tests.house.pages import Reader


def test_each_service_has_messages_that_tell_a_whole_journey(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path)
    files = sorted((house / "docs/examples/messages").iterdir())

    recorded, _ = reader.run(f"polku ingest files {shlex.join(map(str, files))}")
    projected, _ = reader.run("polku project")
    code, status = reader.run("polku status --format json")
    _, overview = reader.run("polku overview --format json --public-log --k 1")

    assert (recorded, projected, code) == (0, 0, 0)
    assert [file.stem for file in files] == sorted(load_services())
    assert json.loads(status)["services"] == [
        {
            "service": file.stem,
            "touchpoints": len(file.read_text(encoding="utf-8").splitlines()),
            "journeys": 1,
            "unlinked": 0,
            "unmapped": 0,
        }
        for file in files
    ]
    assert [row["completed"] for row in json.loads(overview)["services"]] == [1] * len(files)


def test_the_export_is_as_a_finnish_excel_saves_it(house: Path) -> None:
    written = (house / "docs/examples/palstahakemukset.csv").read_bytes()

    text = written.decode("cp1252")

    assert len(written) < 60_000
    assert text.startswith("Asiatunnus;Vaihe;Ajankohta;Kanava;Kaupunginosa;Huomautus\r\n")
    assert text.count("\r\n") == 559
    with pytest.raises(UnicodeDecodeError):
        written.decode("utf-8")
