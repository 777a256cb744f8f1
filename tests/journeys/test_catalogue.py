from datetime import date, timedelta

import pytest

from journeys.definitions import read_definitions
from journeys.names import is_glob
from journeys.service import (
    LANGUAGES,
    Actor,
    Outcome,
    Service,
    ServiceHistory,
    load_services,
)

CATALOGUE = load_services()
VERSIONS = [version for versions in CATALOGUE.values() for version in versions]

# Steps of domain.md 2.2 after whose last touchpoint the other side has the ball.
PASSED_ON = {
    ("varaamo-booking", "submit"): Actor.STAFF,
    ("varaamo-seasonal", "page4"): Actor.STAFF,
    ("culture-kids-enrolment", "invitation"): Actor.CUSTOMER,
    ("culture-kids-enrolment", "enrol"): Actor.STAFF,
    ("culture-kids-enrolment", "reminder"): Actor.CUSTOMER,
    ("city-grant-application", "submit"): Actor.STAFF,
    ("youth-summer-voucher", "form"): Actor.STAFF,
    ("youth-summer-voucher", "activation_mail"): Actor.CUSTOMER,
    ("youth-summer-voucher", "activate"): Actor.STAFF,
    ("youth-summer-voucher", "additional_info"): Actor.CUSTOMER,
    ("youth-summer-voucher", "info_provided"): Actor.STAFF,
}


def test_catalogue_is_the_six_services_and_leaves_nothing_open() -> None:
    reading = read_definitions()

    assert (reading.problems, reading.warnings) == ((), ())
    assert list(reading.services) == [
        "city-grant-application",
        "culture-kids-enrolment",
        "resident-parking-permit",
        "varaamo-booking",
        "varaamo-seasonal",
        "youth-summer-voucher",
    ]
    assert {versions[0].valid_from for versions in reading.services.values()} == {date(2025, 1, 1)}


@pytest.mark.parametrize(
    "service", VERSIONS, ids=lambda service: f"{service.key}-{service.version}"
)
def test_service_is_complete(service: Service) -> None:
    assert set(service.outcomes) == set(Outcome)
    assert all(set(step.name) == set(LANGUAGES) for step in service.steps)
    assert all(step.deadline and step.typical and step.channels for step in service.steps)
    assert [step.key for step in service.steps if step.help] == ["contact"]
    assert service.resolve("contact.chat") == (len(service.steps) - 1, None)


def test_ball_passes_where_the_services_say() -> None:
    passed = {
        (service.key, step.key): step.passes_to
        for service in VERSIONS
        for step in service.steps
        if step.passes_to is not None
    }

    assert passed == PASSED_ON


@pytest.mark.parametrize(
    "service", VERSIONS, ids=lambda service: f"{service.key}-{service.version}"
)
def test_mails_and_feedback_after_success_start_nothing_anew(service: Service) -> None:
    late = {"confirmed", "active", "reminder", "results", "voucher_sent", "decision_mail"}
    late |= {"feedback", "feedback_request"}

    after = [step for step in service.steps if step.key in late]

    assert len(after) >= 2
    assert all(step.actor is Actor.SYSTEM or step.optional for step in after)


def test_name_may_be_a_step_s_and_an_outcome_s() -> None:
    kids = CATALOGUE["culture-kids-enrolment"][0]
    booking = CATALOGUE["varaamo-booking"][0]

    step, outcome = kids.resolve("enrolment.attended")

    assert step is not None
    assert (kids.steps[step].key, outcome) == ("attend", Outcome.SUCCEEDED)
    assert booking.resolve("reservation.confirmed") == (None, Outcome.SUCCEEDED)


def test_free_booking_is_complete_in_six_steps_without_paying() -> None:
    free = CATALOGUE["varaamo-booking"][0].routes["free"]

    assert free == ("search", "view_unit", "pick_time", "details", "review", "submit")


def test_some_names_are_globs() -> None:
    globs = [
        name for s in VERSIONS for step in s.steps for name in step.touchpoints if is_glob(name)
    ]

    assert {"search.*", "form.*", "contact.*"} <= set(globs)


def test_new_version_renames_a_touchpoint_of_the_same_step() -> None:
    history = ServiceHistory(CATALOGUE["youth-summer-voucher"])
    old, new = history.versions
    place = history.step_keys.index("activate")

    assert new.valid_from == date(2026, 4, 13)
    assert [step.key for step in old.steps] == [step.key for step in new.steps]
    assert old.resolve("activation.opened") == (place, None)
    assert new.resolve("activate.confirm") == (place, None)
    assert new.resolve("activation.opened") == old.resolve("activate.confirm") == (None, None)


def test_horizons_are_the_deadlines_added_up_or_stated() -> None:
    horizons = {key: versions[-1].horizon_days for key, versions in CATALOGUE.items()}

    assert horizons == {
        "city-grant-application": 272,  # 30 min + 30 + 30 + 30 + 30 + 1 + 90 + 60 days
        "culture-kids-enrolment": 193,  # 30 + 7 + 14 + 120 + 14 + 7 days + 15 min
        "resident-parking-permit": 1,  # 5 x 30 min + 2 x 15 min + 2 h
        "varaamo-booking": 15,  # 3 x 30 + 15 + 3 x 10 min + 7 + 7 days + 1 h
        "varaamo-seasonal": 244,  # 7 days + 15 min + 3 x 14 + 90 + 90 + 14 days
        "youth-summer-voucher": 28,  # stated: twice the 14 days of an optional step
    }
    assert CATALOGUE["varaamo-booking"][0].steps[6].deadline == timedelta(minutes=10)
