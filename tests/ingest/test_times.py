"""Times of tables: the forms known, the forms stated, and the two nights a year."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.rejections import RefusedError
from ingest.times import TimeReader
from journeys.errors import SettingsError

HELSINKI = ZoneInfo("Europe/Helsinki")


def read(text: str, **stated: str) -> datetime:
    return TimeReader(**stated).read(text)


def refusal(text: str, **stated: str) -> tuple[str, str]:
    with pytest.raises(RefusedError) as refused:
        read(text, **stated)
    return refused.value.reason, refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "2020-06-24T13:05:00+03:00",
        "2020-06-24 13:05:00+03:00",
        "2020-06-24 13:05+0300",
        "2020-06-24 13:05:00 +03",
        "2020-06-24T10:05:00Z",
        "2020-06-24t10:05z",
        "2020-06-24 10:05:00 UTC",
        "2020-06-24 05:35:00-04:30",
        "2020-06-24T13:05:00.000+03:00",
        "2020-06-24T13:05:00,0000000+03:00",
    ],
)
def test_offset_in_the_text_says_which_hour_is_meant(text: str) -> None:
    expected = datetime(2020, 6, 24, 10, 5, tzinfo=UTC)

    assert read(text) == expected
    assert read(text, zone="America/New_York") == expected
    assert read(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2020-06-24T13:05:00",
        "2020-06-24 13:05",
        "24.6.2020 13.05",
        "24.06.2020 13:05:00",
        "24.6.2020 klo 13.05",
        "24.6.2020 KLO 13.05.00",
        "24.6.2020 kl. 13:05",
        "24.6.2020, 13:05",
        "\t 24.6.2020\u00a013.05 \n",
    ],
)
def test_zone_says_which_hour_is_meant_where_the_text_does_not(text: str) -> None:
    assert read(text, zone="Europe/Helsinki") == datetime(2020, 6, 24, 10, 5, tzinfo=UTC)
    assert read(text, zone="UTC") == datetime(2020, 6, 24, 13, 5, tzinfo=UTC)
    assert refusal(text) == ("naive_time", "time: it has no UTC offset, and no --zone says its")


@pytest.mark.parametrize("text", ["24.6.2020", "2020-06-24", " 24.06.2020 "])
def test_date_alone_is_its_midnight(text: str) -> None:
    assert read(text, zone="Europe/Helsinki") == datetime(2020, 6, 23, 21, tzinfo=UTC)
    assert refusal(text)[0] == "naive_time"


def test_fractions_of_a_second_are_kept_to_the_microsecond() -> None:
    time = datetime(2020, 6, 24, 10, 5, 1, 123456, tzinfo=UTC)

    assert read("2020-06-24T10:05:01.1234567Z") == time
    assert read("2020-06-24 13:05:01,123456", zone="Europe/Helsinki") == time


@pytest.mark.parametrize("text", ["", " ", "\t\u00a0"])
def test_nothing_is_a_missing_time(text: str) -> None:
    assert refusal(text, zone="UTC") == ("missing_time", "time: missing")
    assert refusal(text, time_format="%Y-%m-%d") == ("missing_time", "time: missing")


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "24.6.20 13.05",
        "25.6.2021 13",
        "24.6.2020 13.5",
        "6/24/2020 13:05",
        "2021-06-24T13",
        "20200624",
        "159299430",
        "15929943010",
        "44006.545",
        "٢٤.٦.٢٠٢٠",
        "2020-06-24 13:05 EET",
    ],
)
def test_anything_else_is_a_bad_time_and_not_repeated(text: str) -> None:
    reason, detail = refusal(text, zone="Europe/Helsinki")

    assert reason == "bad_time"
    assert "expected 2020-06-24T13:05:00+03:00 or 24.6.2020 13.05" in detail
    assert "--time-format" in detail
    assert text not in detail


@pytest.mark.parametrize(
    "text",
    [
        "31.6.2020",
        "24.13.2020",
        "24.6.2020 24.05",
        "2020-06-31",
        "2020-06-24T25:00",
        "2020-06-24T13:05:60Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:00:00-05:00",
    ],
)
def test_a_day_or_hour_that_the_calendar_lacks_is_said_to_be_none(text: str) -> None:
    told = ("bad_time", "time: there is no such day or hour")

    assert refusal(text, zone="Europe/Helsinki") == told


@pytest.mark.parametrize("text", ["1592993101", "1592993101000", "1592993101000000"])
def test_time_since_1970_is_read_in_seconds_and_what_is_finer(text: str) -> None:
    assert TimeReader().read(text) == datetime(2020, 6, 24, 10, 5, 1, tzinfo=UTC)
    assert TimeReader(zone="Europe/Helsinki").read(f" {text} ") == TimeReader().read(text)


def test_stated_format_takes_the_place_of_those_known() -> None:
    stated = {"zone": "Europe/Helsinki", "time_format": "%m/%d/%Y %I:%M %p"}

    assert read(" 06/24/2020 01:05 PM ", **stated) == datetime(2020, 6, 24, 10, 5, tzinfo=UTC)
    assert refusal("2020-06-24T13:05:00Z", **stated) == (
        "bad_time",
        "time: not of the form that --time-format says",
    )
    assert refusal("06/24/2020 01:05 PM", time_format="%m/%d/%Y %I:%M %p")[0] == "naive_time"


def test_stated_format_may_have_an_offset() -> None:
    time = read("24-06-20 13:05 +0300", time_format="%d-%m-%y %H:%M %z")

    assert time == datetime(2020, 6, 24, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time_format", "why"),
    [
        ("%H:%M", "it has no full date"),
        ("%Y", "it has no full date"),
        ("", "it has no full date"),
        ("dd.mm.yyyy", "it has no full date"),
        ("%Q", "no time can be read by it"),
        ("%d.%m.%Y %", "no time can be read by it"),
        ("%Y-%m-%d %H:%M %Z", "names of zones cannot be read"),
    ],
)
def test_format_that_reads_no_time_is_refused(time_format: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"{re.escape(why)}.* ?Hint: "):
        TimeReader(time_format=time_format)


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Helsinki", r"did you mean Europe/Helsinki\?"),
        ("Europe/Helsinky", r"did you mean Europe/Helsinki\?"),
        ("../../etc/passwd", "Hint: "),
        ("/etc", "Hint: "),
        ("", "for example Europe/Helsinki"),
        ("Europe", "Hint: "),
        ("a\0b", "Hint: "),
    ],
)
def test_zone_that_is_none_is_refused(zone: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=f"there is none of that name.*{hint}"):
        TimeReader(zone=zone)


# -- the two nights


def test_doubled_hour_is_the_earlier_and_each_time_counted() -> None:
    reader = TimeReader(zone="Europe/Helsinki")

    times = [
        reader.read(text)
        for text in ("25.10.2020 2.59", "25.10.2020 3.00", "25.10.2020 3.59", "25.10.2020 4.00")
    ]
    again = [reader.read("25.10.2020 3.59") for _ in range(3)]

    assert [f"{time:%H:%M}" for time in times] == ["23:59", "00:00", "00:59", "02:00"]
    assert again == [times[2]] * 3
    assert reader.doubled == 5


def test_offset_tells_the_doubled_hours_apart() -> None:
    reader = TimeReader(zone="Europe/Helsinki")

    assert reader.read("2020-10-25T03:30:00+03:00").hour == 0
    assert reader.read("2020-10-25T03:30:00+02:00").hour == 1
    assert reader.doubled == 0


def test_hour_that_the_clocks_skip_is_a_bad_time() -> None:
    stated = {"zone": "Europe/Helsinki"}

    assert refusal("29.3.2020 3.00", **stated) == refusal("2020-03-29T03:59:59", **stated)
    assert refusal("29.3.2020 3.00", **stated) == (
        "bad_time",
        "time: it does not exist: the clocks skipped it",
    )
    assert f"{read('29.3.2020 2.59', **stated):%H:%M}" == "00:59"
    assert f"{read('29.3.2020 4.00', **stated):%H:%M}" == "01:00"


def test_every_quarter_of_a_year_is_what_its_clock_showed() -> None:
    reader = TimeReader(zone="Europe/Helsinki")
    start = datetime(2020, 1, 1, tzinfo=UTC)
    quarters = [start + timedelta(minutes=15 * number) for number in range(366 * 96)]
    shown: dict[str, datetime] = {}  # the first moment at which the clock showed it
    for moment in quarters:
        local = moment.astimezone(HELSINKI)
        shown.setdefault(f"{local.day}.{local.month}.{local.year} {local:%H.%M}", moment)

    assert all(reader.read(text) == moment for text, moment in shown.items())
    assert len(quarters) - len(shown) == reader.doubled == 4
    skipped = [f"29.3.2020 3.{minute:02}" for minute in (0, 15, 30, 45)]
    assert not shown.keys() & set(skipped)
    for text in skipped:
        assert refusal(text, zone="Europe/Helsinki")[0] == "bad_time"


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001
    st.sampled_from(
        ["Europe/Helsinki", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    ),
)
def test_time_is_read_as_its_zone_has_it(local: datetime, zone: str) -> None:
    local = local.replace(microsecond=0)
    aware = local.replace(tzinfo=ZoneInfo(zone))
    exists = aware.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    texts = [
        local.isoformat(),
        local.isoformat(" "),
        f"{local.day}.{local.month}.{local.year} {local.hour}.{local:%M.%S}",
    ]

    for text in texts:
        if exists:
            assert read(text, zone=zone) == aware.astimezone(UTC)
        else:
            assert refusal(text, zone=zone)[0] == "bad_time"


def test_same_text_is_worked_out_once() -> None:
    reader = TimeReader(time_format="%Y-%m-%d", zone="UTC")
    counted: list[str] = []
    parse = reader._parse
    reader._parse = lambda text: counted.append(text) or parse(text)  # type: ignore[func-returns-value]

    for _ in range(3):
        reader.read("2020-06-24")
        with pytest.raises(RefusedError):
            reader.read("soon")

    assert counted == ["2020-06-24", "soon"]
