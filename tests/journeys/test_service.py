from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.errors import UnknownStepError
from journeys.service import (
    CHANNELS,
    COMPLETED,
    LOSSES,
    Actor,
    Calendar,
    Link,
    Outcome,
    Owner,
    Round,
    Service,
    ServiceHistory,
    Step,
    encode_service,
    restore_service,
    text,
)

NAME = {"fi": "Nimi", "sv": "Namn", "en": "Name"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_step(key: str = "form", **changes: object) -> Step:
    given: dict[str, Any] = {"actor": Actor.CUSTOMER}
    return Step(key=key, name=NAME, **(given | changes))


def a_service(*steps: Step, **changes: object) -> Service:
    given: dict[str, Any] = {
        "key": "permit",
        "version": 1,
        "valid_from": date(2025, 1, 1),
        "name": NAME,
        "division": "KYMP",
        "steps": steps or (a_step(),),
    }
    return Service(**(given | changes))


def test_outcomes_are_completions_or_losses() -> None:
    assert set(Outcome) == COMPLETED | LOSSES
    assert not COMPLETED & LOSSES
    assert CHANNELS == ("web", "phone", "office", "email", "chat", "paper", "sms")


def test_step_without_a_deadline_is_left_after_an_assumed_fortnight() -> None:
    assert a_step().deadline_or_assumed == timedelta(days=14)
    assert a_step(deadline=HOUR).deadline_or_assumed == HOUR


def test_step_is_recorded_under_its_key_unless_it_has_names() -> None:
    assert a_step("pay").touchpoints == ("pay",)
    assert a_step("pay", touchpoints=("payment.*",)).touchpoints == ("payment.*",)


def test_optional_and_help_steps_are_not_required() -> None:
    steps = [a_step(), a_step(optional=True), a_step(help=True)]

    assert [step.required for step in steps] == [True, False, False]


def test_horizon_is_the_required_deadlines_in_whole_days_rounded_up() -> None:
    service = a_service(
        a_step("a", deadline=DAY),
        a_step("b", deadline=HOUR),
        a_step("c"),
        a_step("d", deadline=30 * DAY, optional=True),
        a_step("e", deadline=30 * DAY, help=True),
    )

    # 1 day + 1 hour + 14 days assumed
    assert service.horizon_days == 16


@pytest.mark.parametrize(
    ("horizon", "days"),
    [(HOUR, 1), (DAY, 1), (DAY + timedelta(microseconds=1), 2), (90 * DAY, 90)],
)
def test_given_horizon_counts_in_whole_days_rounded_up(horizon: timedelta, days: int) -> None:
    assert a_service(horizon=horizon).horizon_days == days


def test_service_of_optional_steps_has_a_horizon_of_a_day() -> None:
    assert a_service(a_step(optional=True)).horizon_days == 1


def test_horizon_of_a_step_is_twice_its_deadline_within_that_of_the_service() -> None:
    service = a_service(
        a_step("a", deadline=timedelta(minutes=10)),
        a_step("b", deadline=timedelta(hours=13)),
        a_step("c", deadline=3 * DAY, optional=True),
        horizon=4 * DAY,
    )

    # 20 min -> 1 day; 26 h -> 2 days; 6 days -> 4, the service's
    assert [service.step_horizon_days(place) for place in range(3)] == [1, 2, 4]


def test_name_is_a_step_an_outcome_both_or_neither() -> None:
    service = a_service(
        a_step("form", touchpoints=("form.*",)),
        a_step("sent", touchpoints=("voucher.sent",)),
        outcomes={Outcome.SUCCEEDED: ("voucher.sent",), Outcome.CANCELLED: ("*.withdrawn",)},
    )

    found = {
        name: service.resolve(name)
        for name in ("form.save", "voucher.sent", "form.withdrawn", "x.withdrawn", "page.print")
    }

    assert found == {
        "form.save": (0, None),
        "voucher.sent": (1, Outcome.SUCCEEDED),
        "form.withdrawn": (0, Outcome.CANCELLED),
        "x.withdrawn": (None, Outcome.CANCELLED),
        "page.print": (None, None),
    }
    assert service.resolve("form.save") == (0, None)


def test_link_windows_are_a_week_before_and_a_fortnight_after() -> None:
    assert (a_service().link_before, a_service().link_after) == (7 * DAY, 14 * DAY)
    assert a_service(link=Link(before=DAY, after=HOUR)).link_after == HOUR


def test_name_falls_back_to_english_then_to_any() -> None:
    assert text(NAME, "sv") == "Namn"
    assert text(NAME, "de") == "Name"
    assert text({"fi": "Nimi"}, "de") == "Nimi"


def test_canonical_form_leaves_out_what_is_as_by_default() -> None:
    service = a_service(
        a_step(deadline=HOUR),
        link=Link(before=timedelta(hours=168)),
        calendar=Calendar(country="FI"),
    )

    assert encode_service(service) == (
        b'{"division":"KYMP","key":"permit","name":{"en":"Name","fi":"Nimi","sv":"Namn"},'
        b'"steps":[{"actor":"customer","deadline":"PT3600S","key":"form",'
        b'"name":{"en":"Name","fi":"Nimi","sv":"Namn"},"touchpoints":["form"]}],'
        b'"valid_from":"2025-01-01","version":1}'
    )


def test_digest_is_of_the_content_whichever_way_it_was_written() -> None:
    one = a_service(name={"fi": "a", "sv": "b", "en": "c"}, horizon=timedelta(hours=24))
    same = a_service(name={"en": "c", "sv": "b", "fi": "a"}, horizon=DAY, link=Link())

    assert one.digest == same.digest
    assert len(one.digest) == 64
    assert one.digest != msgspec.structs.replace(one, version=2).digest
    assert one.digest != a_service(a_step("other")).digest


NAMES = st.fixed_dictionaries({lang: st.text(min_size=1, max_size=4) for lang in NAME})
DURATIONS = st.timedeltas(timedelta(seconds=1), timedelta(days=400))
WORDS = st.text(min_size=1, max_size=5)
STEPS = st.builds(
    Step,
    key=WORDS,
    name=NAMES,
    actor=st.sampled_from(Actor),
    passes_to=st.none() | st.sampled_from(Actor),
    channels=st.lists(st.sampled_from(CHANNELS), max_size=2).map(tuple),
    typical=st.none() | DURATIONS,
    deadline=st.none() | DURATIONS,
    optional=st.booleans(),
    help=st.booleans(),
    touchpoints=st.lists(WORDS, max_size=2).map(tuple),
)
DAYS = st.dates(date(1990, 1, 1), date(2199, 12, 31))
SERVICES = st.builds(
    Service,
    key=WORDS,
    version=st.integers(1, 99),
    valid_from=DAYS,
    name=NAMES,
    division=WORDS,
    steps=st.lists(STEPS, min_size=1, max_size=3).map(tuple),
    owner=st.none() | st.builds(Owner, name=WORDS, email=WORDS),
    calendar=st.builds(
        Calendar,
        country=WORDS,
        hours=st.dictionaries(st.sampled_from(CHANNELS), WORDS, max_size=2),
        rounds=st.lists(st.builds(Round, starts=DAYS, ends=DAYS), max_size=1).map(tuple),
    ),
    visits=st.sampled_from(["merged", "each"]),
    horizon=st.none() | DURATIONS,
    link=st.builds(Link, before=DURATIONS, after=DURATIONS),
    outcomes=st.dictionaries(st.sampled_from(Outcome), st.lists(WORDS).map(tuple), max_size=2),
    outcomes_confirmed=st.booleans(),
)


@given(SERVICES)
def test_what_the_log_gives_back_is_what_it_was_given(service: Service) -> None:
    restored = restore_service(encode_service(service))

    assert restored == service
    assert restored.digest == service.digest


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_version_is_valid_from_midnight_in_helsinki() -> None:
    history = ServiceHistory(
        [
            a_service(version=3, valid_from=date(2026, 6, 1)),
            a_service(version=1, valid_from=date(2025, 1, 1)),
            a_service(version=2, valid_from=date(2026, 1, 1)),
        ]
    )

    assert history.key == "permit"
    assert history.starts == [at(2024, 12, 31, 22), at(2025, 12, 31, 22), at(2026, 5, 31, 21)]
    assert history.at(at(2025, 12, 31, 21, 59)).version == 1
    assert history.at(at(2025, 12, 31, 22)).version == 2
    assert history.at(at(2030, 1, 1)).version == 3
    assert history.newest.version == 3


def test_time_before_the_first_version_is_read_by_it() -> None:
    history = ServiceHistory([a_service(valid_from=date(2025, 1, 1))])

    assert history.index_at(at(1999, 1, 1)) == 0


def test_same_day_recorded_again_replaces() -> None:
    history = ServiceHistory(
        [a_service(), a_service(version=2, valid_from=date(2026, 1, 1)), a_service(version=7)]
    )

    assert [version.version for version in history.versions] == [7, 2]


def test_steps_of_all_versions_keep_the_newest_order() -> None:
    def version(number: int, *keys: str) -> Service:
        steps = [a_step(key) for key in keys]
        return a_service(*steps, version=number, valid_from=date(2024 + number, 1, 1))

    history = ServiceHistory(
        [
            version(1, "start", "form", "paper", "stamp", "pay"),
            version(2, "form", "fax", "pay"),
            version(3, "pay", "form", "sign"),
        ]
    )

    # fax follows form; then start, which had no predecessor, is first; paper and stamp follow form
    assert history.step_keys == ("start", "pay", "form", "paper", "stamp", "fax", "sign")


def test_step_is_the_newest_version_s_that_has_it() -> None:
    old = a_service(a_step("form", deadline=HOUR), a_step("fax", deadline=HOUR))
    new = a_service(a_step("form", deadline=DAY), version=2, valid_from=date(2026, 1, 1))
    history = ServiceHistory([old, new])

    assert history.step("form").deadline == DAY
    assert history.step("fax").deadline == HOUR


def test_unknown_step_is_answered_with_those_there_are() -> None:
    history = ServiceHistory([a_service(a_step("form"), a_step("pay"))])

    with pytest.raises(UnknownStepError, match="did you mean 'pay'"):
        history.step("pya")


@pytest.mark.parametrize("versions", [[], [a_service(), a_service(key="other")]])
def test_history_is_of_exactly_one_service(versions: list[Service]) -> None:
    with pytest.raises(ValueError, match="a history is of one service"):
        ServiceHistory(versions)
