"""A first look at a file: every name, and whole cases."""

from datetime import UTC, datetime, timedelta

import polars as pl

from ingest.case_sample import CaseSample
from ingest.channel_words import guess_channels
from journeys.touchpoint import Touchpoint

START = datetime(2026, 6, 1, tzinfo=UTC)


def rows(cases: int) -> list[Touchpoint]:
    return [
        Touchpoint(
            source="s",
            id=f"{case}-{place}",
            service="own",
            occurred_at=START + timedelta(hours=case, minutes=place),
            name=f"step {place}" if case else "once",
            channel="web" if place else "Puhelin",
            case=f"case {case}",
        )
        for case in range(cases)
        for place in range(4)
    ]


def test_a_file_of_a_common_size_is_kept_whole() -> None:
    sample = CaseSample()
    sample.add(rows(50))

    frame = sample.frame()

    assert sample.one_in == 1
    assert frame.schema == pl.Schema(
        {
            "case": pl.UInt64,
            "name": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "row": pl.Int64,
        }
    )
    assert frame["name"].to_list() == [told.name for told in rows(50)]
    assert frame["occurred_at"].to_list() == [told.occurred_at for told in rows(50)]
    assert frame["row"].to_list() == [*range(1, 201)]
    assert frame["case"].n_unique() == 50
    assert sample.first_at == START


def test_of_a_long_file_whole_cases_are_kept_and_every_name() -> None:
    sample = CaseSample(most_rows=400)
    for begin in range(0, 4000, 100):
        sample.add(rows(1000)[begin : begin + 100])

    frame = sample.frame()

    assert 100 < frame.height <= 400
    assert sample.one_in > 4
    assert set(frame.group_by("case").len()["len"]) == {4}
    assert sample.names.total() == 4000
    assert sample.names["once"] == 4
    assert sample.channels == {"web": 3000, "Puhelin": 1000}


def test_the_same_file_gives_the_same_sample() -> None:
    one, other = CaseSample(most_rows=100), CaseSample(most_rows=100)
    one.add(rows(200))
    for told in rows(200):
        other.add([told])

    assert one.frame().equals(other.frame())


def test_nothing_is_an_empty_frame() -> None:
    sample = CaseSample()

    assert sample.frame().is_empty()
    assert sample.first_at is None


def test_a_person_stands_for_a_case_that_is_not_there() -> None:
    sample = CaseSample()
    told = rows(1)[0]
    sample.add(
        [
            Touchpoint(
                source="s",
                id=person,
                service="own",
                occurred_at=told.occurred_at,
                name="n",
                person=person,
            )
            for person in ("a", "b", "a")
        ]
    )

    assert sample.frame()["case"].n_unique() == 2


def test_words_for_channels_are_guessed_in_three_languages() -> None:
    known, unknown = guess_channels(
        ["Puhelin", "E-POST", "web", " Desk", "Faksi", "Verkko  palvelu"]
    )

    assert known == {"Puhelin": "phone", "E-POST": "email", " Desk": "office"}
    assert unknown == ["Faksi", "Verkko  palvelu"]
