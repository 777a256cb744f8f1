"""What a name without a meaning looks like."""

from collections.abc import Callable

import msgspec
import pytest

from analysis.likeness import Likeness, likenesses
from journeys.service import Outcome, Service

ServiceOf = Callable[..., Service]


@pytest.fixture
def permit(service_of: ServiceOf) -> Service:
    service = service_of("form pay call~")
    form, pay, call = service.steps
    return msgspec.structs.replace(
        service,
        steps=(
            msgspec.structs.replace(form, touchpoints=("application.*", "draft_saved")),
            msgspec.structs.replace(pay, name={"fi": "Maksu", "sv": "Betalning", "en": "Payment"}),
            call,
        ),
        outcomes={Outcome.SUCCEEDED: ("permit.granted",)},
    )


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("forms", "form"),
        ("Application", "form"),
        ("DRAFT-SAVE", "form"),
        ("maksut", "pay"),
        ("betalning:", "pay"),
        ("payments", "pay"),
    ],
)
def test_name_looks_like_the_step_with_the_nearest_word(
    permit: Service, name: str, step: str
) -> None:
    assert likenesses([name], permit) == {name: Likeness(step=step)}


def test_name_may_look_like_an_outcome(permit: Service) -> None:
    assert likenesses(["permit_grantd"], permit) == {"permit_grantd": Likeness(outcome="succeeded")}


def test_name_that_is_near_to_nothing_is_not_guessed_at(permit: Service) -> None:
    assert likenesses(["xyzzy", "-", "formality of the third degree"], permit) == {}


def test_equally_near_is_the_earlier_step(service_of: ServiceOf) -> None:
    assert likenesses(["page3"], service_of("page1 page2")) == {"page3": Likeness(step="page1")}
