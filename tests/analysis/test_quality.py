"""How far the data can be trusted."""

from collections.abc import Callable

import pytest

from analysis.quality import quality_of
from analysis.sections import Quality
from projections.frames import Frames

World = Callable[..., Frames]


def test_every_figure(world: World) -> None:
    # Touchpoints: 6 * 3 + 5 * 2 + 4 of journeys, and 7 calls of nobody's journey.
    frames = world(
        "6 * form.0 form!.0.1 brochure.0.2\n 5 * form!.0 pay!.0.1\n 4 * form.0\n 7 * case=- call.0"
    )

    found = quality_of(frames, k=5)

    assert found.quality == Quality(
        touchpoints=39,
        unmapped=6,
        unmapped_share=pytest.approx(6 / 39),
        unlinked=7,
        unlinked_share=pytest.approx(7 / 39),
        step_touchpoints=26,
        errors=16,
        error_share=pytest.approx(16 / 26),
        without_person=0,
        without_person_share=0.0,
    )
    assert found.hidden == 0


def test_journeys_that_no_person_is_known_of(world: World) -> None:
    found = quality_of(world("6 * person=- form.0\n 9 * form.0"), k=5)

    assert (found.quality.without_person, found.quality.without_person_share) == (6, 0.4)


@pytest.mark.parametrize(
    "text", ["3 * person=- form.0\n 9 * form.0", "3 * form.0\n 9 * person=- form.0"]
)
def test_neither_few_without_a_person_nor_few_with_one_are_told(text: str, world: World) -> None:
    found = quality_of(world(text), k=5)

    assert (found.quality.without_person, found.quality.without_person_share) == (None, None)
    assert found.hidden == 1


def test_the_errors_of_few_are_not_told(world: World) -> None:
    found = quality_of(world("20 * form.0\n 3 * form!.0 form!.0.1"), k=5)

    assert (found.quality.errors, found.quality.error_share, found.hidden) == (None, None, 1)


def test_below_ten_touchpoints_there_are_no_shares(world: World) -> None:
    quality = quality_of(world("9 * form!.0"), k=5).quality

    assert (quality.errors, quality.error_share, quality.unmapped_share) == (9, None, None)


def test_no_journey_has_nothing_wrong(world: World) -> None:
    quality = quality_of(world(""), k=5).quality

    assert (quality.touchpoints, quality.errors, quality.without_person) == (0, 0, 0)
