"""A behaviour set against the catalogue: names, ends, and where friction strikes."""

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
import pytest

from ingest.city import SyntheticCity
from ingest.city_behaviour import Behaviour, Decision, Stage
from ingest.city_script import Script, scripts_of
from ingest.city_services import BEHAVIOURS
from ingest.city_truth import PLANTED, FrictionKind, PlantedFriction
from journeys.errors import ServiceDefinitionError, UnknownServiceError, UnknownStepError
from journeys.service import CHANNELS, Outcome, Service, load_services

SERVICES = load_services()


def script(key: str, planted: Sequence[PlantedFriction] = ()) -> Script:
    (made,) = scripts_of(SERVICES, {key: BEHAVIOURS[key]}, planted)
    return made


def friction(service: str, step: str, kind: FrictionKind, size: float = 0.2) -> PlantedFriction:
    return PlantedFriction(service=service, step=step, kind=kind, since=None, size=size)


def struck(made: Script) -> list[str]:
    return [
        stage.step
        for stage, rule in zip(made.behaviour.stages, made.stages, strict=True)
        if rule is not None and isinstance(stage, Stage) and rule.planted
    ]


def without(outcome: Outcome, versions: Sequence[Service]) -> list[Service]:
    return [
        msgspec.structs.replace(
            version, outcomes={k: v for k, v in version.outcomes.items() if k is not outcome}
        )
        for version in versions
    ]


def test_every_service_of_the_catalogue_has_a_behaviour() -> None:
    assert set(BEHAVIOURS) == set(SERVICES)


@pytest.mark.parametrize("key", sorted(BEHAVIOURS))
def test_every_name_stands_for_its_step_or_outcome_in_its_version(key: str) -> None:
    made = script(key)

    for version, names in zip(made.history.versions, made.names, strict=True):
        for code, by_channel in enumerate(names):
            for name in by_channel:
                step, outcome = version.resolve(name)
                if code < len(made.rules):
                    assert step is not None
                    assert version.steps[step].key == made.rules[code].key
                    assert outcome is None, "a visit must not end the journey"
                else:
                    assert outcome is not None


def test_a_call_for_help_is_named_by_its_channel() -> None:
    made = script("varaamo-booking")

    names = made.names[0][made.codes["contact"]]

    assert names[CHANNELS.index("phone")] == "contact.phone"
    assert names[CHANNELS.index("chat")] == "contact.chat"


def test_an_outcome_is_told_by_the_name_that_fits_the_stage() -> None:
    made = script("varaamo-booking")
    stages = {stage.step: stage for stage in made.behaviour.stages if isinstance(stage, Stage)}

    def name(step: str) -> str:
        return made.names[0][made.outcome_code(Outcome.EXPIRED, stages[step])][0]

    assert name("pay") == "payment.expired"
    assert name("details") == "reservation.expired"


@pytest.mark.parametrize("key", sorted(BEHAVIOURS))
def test_only_who_has_the_ball_lets_a_journey_lapse(key: str) -> None:
    """Silence is abandonment with the customer alone: while the city works one can only cancel."""
    made = script(key)

    for stage, rule in zip(made.behaviour.stages, made.stages, strict=True):
        if isinstance(stage, Stage) and rule is not None and stage.loss:
            assert rule.with_customer or set(stage.ends) == {"cancelled"}, stage.step


@pytest.mark.parametrize("key", sorted(BEHAVIOURS))
def test_shares_of_a_behaviour_are_shares(key: str) -> None:
    behaviour: Behaviour = BEHAVIOURS[key]

    assert sum(behaviour.paths.values()) == pytest.approx(1)
    assert len(behaviour.months) == 12
    decisions = [stage for stage in behaviour.stages if isinstance(stage, Decision)]
    assert len(decisions) == 1
    for stage in behaviour.stages:
        if isinstance(stage, Stage):
            assert stage.paths <= set(behaviour.paths)
            assert 0 <= stage.loss <= 0.05
            assert sum(stage.ends.values()) == pytest.approx(1)


def test_who_is_lost_at_the_voucher_form_never_opens_the_mail() -> None:
    made = script("youth-summer-voucher", [friction("youth-summer-voucher", "form", "drop_off")])

    assert struck(made) == ["activation_mail"]


def test_friction_strikes_the_waits_it_is_about() -> None:
    key = "varaamo-booking"
    slow = script(key, [friction(key, "submit", "slow_hand_off", 2.0)])

    rules = [rule for rule in slow.stages if rule is not None and rule.planted]

    # Free bookings are not handed to anybody, so only the handled ones are slowed down.
    assert [slow.paths[place] for rule in rules for place in np.flatnonzero(rule.on_path)] == [
        "handled"
    ]


def test_a_behaviour_without_its_definition_is_an_unknown_service() -> None:
    services = {key: versions for key, versions in SERVICES.items() if key != "varaamo-booking"}

    with pytest.raises(UnknownServiceError, match="varaamo-booking"):
        SyntheticCity(seed=1, until=date(2026, 11, 23), services=services)


def test_a_behaviour_with_a_step_its_definition_lacks_is_an_unknown_step() -> None:
    (version,) = SERVICES["varaamo-booking"]
    steps = tuple(step for step in version.steps if step.key != "review")
    services = {**SERVICES, "varaamo-booking": [msgspec.structs.replace(version, steps=steps)]}

    with pytest.raises(UnknownStepError, match="review"):
        scripts_of(services, BEHAVIOURS, PLANTED)


def test_a_definition_without_an_outcome_says_which_is_missing() -> None:
    services = {
        **SERVICES,
        "varaamo-booking": without(Outcome.EXPIRED, SERVICES["varaamo-booking"]),
    }

    with pytest.raises(ServiceDefinitionError, match="varaamo-booking: outcomes: no name for"):
        SyntheticCity(seed=1, until=date(2026, 11, 23), services=services)


def test_a_service_without_a_help_step_hears_of_no_calls() -> None:
    (version,) = SERVICES["varaamo-booking"]
    steps = tuple(step for step in version.steps if not step.help)
    services = {**SERVICES, "varaamo-booking": [msgspec.structs.replace(version, steps=steps)]}
    city = SyntheticCity(seed=1, until=date(2026, 11, 23), journeys=600, services=services)

    assert not any(
        b'"varaamo-booking"' in message and b"contact" in message for message in city.messages()
    )
