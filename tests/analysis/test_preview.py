"""Which numbers a changed definition moves, and nothing about fewer than k people."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from analysis.moves import Figure, Move
from analysis.preview import Renamed, ServicePreview, UnmappedLike, preview, preview_of_unknown
from journeys.errors import DisclosureError
from journeys.service import Outcome, Service, ServiceHistory
from projections.frames import Frames

World = Callable[..., Frames]
ServiceOf = Callable[..., Service]
At = Callable[[float], datetime]

CITY = """
    40 * form.0 pay.0.1 handling.1 granted.3
    12 * form.0
    10 * form.0 pay.0.1
"""
STEPS = "form pay>staff handling:staff"


@pytest.fixture
def edited(world: World, service_of: ServiceOf) -> Callable[..., ServicePreview]:
    """Compare a city under `STEPS` and under those with changes."""

    def compare(
        change: Callable[[Service], Service],
        *,
        city: str = CITY,
        steps: str = STEPS,
        at: float = 400.0,
        **options: Any,  # noqa: ANN401
    ) -> ServicePreview:
        old = service_of(steps)
        return preview(world(city, old, at=at), world(city, change(old), at=at), **options)

    return compare


Edited = Callable[..., ServicePreview]


def with_step(service: Service, key: str, /, **changes: Any) -> Service:  # noqa: ANN401
    steps = tuple(
        msgspec.structs.replace(step, **changes) if step.key == key else step
        for step in service.steps
    )
    return msgspec.structs.replace(service, steps=steps)


def moved(found: ServicePreview) -> dict[tuple[str | None, str], tuple[Any, Any]]:
    return {
        (move.step, move.what): (move.now and move.now.value, move.then and move.then.value)
        for move in found.moves
    }


# --- what moves ---------------------------------------------------------------------------------


def test_same_definition_moves_nothing(edited: Edited) -> None:
    found = edited(lambda service: service)

    assert (found.versions, found.moves, found.hidden, found.note) == ([], [], {}, None)


def test_name_that_loses_its_step_moves_what_hangs_on_it_and_nothing_else(edited: Edited) -> None:
    # Paying is no step any more: 40 are at the city by its own step, 10 stay with the form.
    found = edited(lambda service: with_step(service, "pay", touchpoints=("payment",)))

    assert moved(found) == {
        (None, "unmapped"): (0, 50),
        (None, "abandoned"): (12, 22),
        (None, "open"): (10, 0),
        (None, "broken_promise"): (10, 0),
        ("form", "advanced"): (50, 40),
        ("form", "dropped"): (12, 22),
        ("form", "drop_off_rate"): (12 / 62, 22 / 62),
        ("form", "median_s"): (pytest.approx(8640.0), 86400.0),
        ("pay", "entered"): (50, 0),
        ("pay", "advanced"): (40, 0),
        ("pay", "open"): (10, 0),
        ("pay", "drop_off_rate"): (0.0, None),
        ("pay", "median_s"): (pytest.approx(77760.0), None),
        ("pay", "reached"): (50, 0),
        ("handling", "reached"): (40, 0),
    }
    assert found.unmapped_names == [
        UnmappedLike(name="pay", touchpoints=50, now=0, step="pay", outcome=None)
    ]


def test_rate_moves_with_its_interval_n_and_day(edited: Edited) -> None:
    # All that succeed do so at day 3.
    found = edited(lambda service: msgspec.structs.replace(service, horizon=timedelta(days=2)))

    assert moved(found).keys() == {(None, "horizon_days"), (None, "completion_rate")}
    move = found.moves[1]
    assert move.now == Figure(
        value=40 / 62,
        low=pytest.approx(0.521, abs=1e-3),
        high=pytest.approx(0.753, abs=1e-3),
        n=62,
        day=7,
        note=None,
    )
    assert move.then == Figure(
        value=0.0, low=0.0, high=pytest.approx(0.058, abs=1e-3), n=62, day=2, note=None
    )


def test_outcome_that_moves_changes_the_completion_rate(edited: Edited) -> None:
    outcomes = {Outcome.CANCELLED: ("granted",)}

    found = edited(lambda service: msgspec.structs.replace(service, outcomes=outcomes))

    numbers = moved(found)
    assert numbers[None, "succeeded"] == (40, 0)
    assert numbers[None, "cancelled"] == (0, 40)
    assert numbers[None, "completion_rate"] == (40 / 62, 0.0)
    rate = next(move.now for move in found.moves if move.what == "completion_rate")
    assert rate is not None
    assert (rate.n, rate.day) == (62, 7)
    assert numbers["pay", "dropped"] == (0, 40)


def test_renamed_step_is_one_row_and_moves_nothing(edited: Edited) -> None:
    found = edited(lambda service: with_step(service, "pay", key="payment", touchpoints=("pay",)))

    assert found.moves == []
    assert found.hidden == {}
    assert found.versions[0].renamed == [Renamed(was="pay", step="payment")]
    assert (found.versions[0].added, found.versions[0].gone) == ([], [])


def test_added_step_has_no_number_now_and_a_gone_one_none_then(edited: Edited) -> None:
    def swap(service: Service) -> Service:
        form, pay, handling = service.steps
        look = msgspec.structs.replace(pay, key="look", touchpoints=("look", "pay"))
        return msgspec.structs.replace(service, steps=(form, look, handling))

    found = edited(swap)

    assert (found.versions[0].added, found.versions[0].gone) == (["look"], ["pay"])
    assert moved(found)["look", "entered"] == (None, 50)
    assert moved(found)["pay", "entered"] == (50, None)
    assert Move(what="reached", step="pay", now=Figure(value=50), then=None) in found.moves


def test_step_that_nobody_comes_to_is_no_number(edited: Edited, service_of: ServiceOf) -> None:
    more = service_of(f"{STEPS} survey?").steps[-1]

    found = edited(lambda service: msgspec.structs.replace(service, steps=(*service.steps, more)))

    assert found.versions[0].added == ["survey"]
    assert found.moves == []


# --- which versions -----------------------------------------------------------------------------


def test_later_version_is_compared_with_the_one_valid_until_then(
    world: World, service_of: ServiceOf
) -> None:
    old = service_of(STEPS)
    new = msgspec.structs.replace(
        with_step(old, "pay", key="payment", touchpoints=("pay",)),
        version=2,
        valid_from=date(2026, 1, 12),
    )
    city = f"{CITY}\n 20 * week=1 form.0 pay.0.1 handling.1 granted.3"

    found = preview(world(city, old), world(city, old, new))

    (change,) = found.versions
    assert (change.version, change.valid_from, change.replaces) == (2, "2026-01-12", None)
    assert (change.begun, change.same_number_as) == (True, None)
    assert change.renamed == [Renamed(was="pay", step="payment")]
    # Its key lives on in the journeys of before, so both are steps.
    assert moved(found)["pay", "entered"] == (70, 50)
    assert moved(found)["payment", "entered"] == (None, 20)


def test_version_that_replaces_another_and_has_not_begun_says_so(
    world: World, service_of: ServiceOf
) -> None:
    old = service_of(STEPS)
    later = msgspec.structs.replace(old, version=2, valid_from=date(2030, 1, 1))
    changed = msgspec.structs.replace(later, version=3, horizon=timedelta(days=1))

    found = preview(world(CITY, old, later), world(CITY, old, changed))

    (change,) = found.versions
    assert (change.version, change.replaces, change.begun) == (3, 2, False)
    assert found.moves == []


def test_number_of_another_version_is_told(world: World, service_of: ServiceOf) -> None:
    old = service_of(STEPS)
    new = msgspec.structs.replace(old, valid_from=date(2026, 1, 12))

    found = preview(world(CITY, old), world(CITY, old, new))

    assert found.versions[0].same_number_as == "2020-01-01"


def test_service_that_the_log_does_not_know_has_nothing_to_compare(
    service_of: ServiceOf, at_day: At
) -> None:
    found = preview_of_unknown(ServiceHistory([service_of(STEPS)]), as_of=at_day(0))

    assert found.note == "not recorded"
    assert [(change.replaces, change.added) for change in found.versions] == [(None, [])]


def test_service_without_touchpoints_has_no_numbers(edited: Edited) -> None:
    found = edited(lambda service: with_step(service, "pay", touchpoints=("paid",)), city="")

    assert (found.note, found.moves) == ("no touchpoints", [])
    assert len(found.versions) == 1


# --- nothing about fewer than k people ----------------------------------------------------------

FEW = f"{CITY}\n 3 * form.0 extra.0.5 pay.0.6 handling.1 granted.3"


def test_change_that_concerns_too_few_people_shows_no_number(
    edited: Edited,
) -> None:
    def cover(service: Service) -> Service:
        return with_step(service, "pay", touchpoints=("pay", "extra"))

    for rare in ("abandon.0.5", "form.0"):
        # One more step for three people, or three people's only contact: either would say it.
        city = f"{CITY}\n 3 * extra.0 {rare}"
        found = edited(cover, city=city)

        assert (found.note, found.moves, found.unmapped_names) == ("too few people", [], [])
        assert edited(cover, city=city, k=1, public_log=True).moves


def test_touchpoints_of_too_few_people_are_not_told_where_no_journey_changes(
    edited: Edited,
) -> None:
    # Covered by a step that they visit anyway, three people's names leave the unmapped ones.
    def cover(service: Service) -> Service:
        return with_step(service, "form", touchpoints=("form", "extra"))

    city = f"{CITY}\n 3 * form.0 extra.0 form.0 pay.0.1 granted.3"

    assert edited(cover, city=city).note == "too few people"
    assert edited(cover, city=city.replace("3 *", "5 *")).note is None


def test_report_that_is_not_answered_has_no_preview(edited: Edited) -> None:
    found = edited(
        lambda service: msgspec.structs.replace(service, horizon=timedelta(days=1)),
        city="3 * form.0",
    )

    assert found.note == "too few people"


def test_step_that_changes_for_too_few_people_is_left_out_with_the_next_smallest(
    edited: Edited,
) -> None:
    # 3 people more come to `look`, 9 more to `note`, whose number would tell that of the other.
    city = f"""{CITY}
        20 * form.0 look.0.1
        20 * form.0 note.0.1
        3 * form.0 peek.0.1
        9 * form.0 jot.0.1
    """
    steps = "form look? note? pay>staff handling:staff"

    def change(service: Service) -> Service:
        looking = with_step(service, "look", touchpoints=("look", "peek"))
        return with_step(looking, "note", touchpoints=("note", "jot"))

    found = edited(change, city=city, steps=steps)
    everything = edited(change, city=city, steps=steps, k=1, public_log=True)

    assert {move.step for move in everything.moves} == {None, "form", "look", "note"}
    # Whoever went on from the form are 12 people.
    assert {move.step for move in found.moves} == {None, "form"}
    assert found.hidden == {"steps": 2}


def test_funnel_row_that_too_few_reach_anew_is_left_out_alone(edited: Edited) -> None:
    # 3 who never came to `sign` in order, for want of the mail between, come to it then.
    city = f"""{CITY}
        20 * form.0 mail.0.1 pay.0.2 granted.1
        3 * form.0 letter.0.1 pay.0.2 granted.1
        9 * form.0 letter.0.1
    """

    def change(service: Service) -> Service:
        return with_step(service, "mail", touchpoints=("mail", "letter"))

    found = edited(change, city=city, steps="form mail pay>staff")

    assert ("pay", "reached") not in moved(found)
    assert moved(found)["mail", "entered"] == (20, 32)
    assert found.hidden == {"funnel": 2}


def test_step_hidden_in_one_report_is_shown_in_neither(edited: Edited) -> None:
    # 3 people come to `look` now, 23 then: what the report of today hides stays hidden.
    city = f"{CITY}\n 3 * form.0 look.0.1\n 20 * form.0 peek.0.1"
    steps = "form look? pay>staff handling:staff"

    def change(service: Service) -> Service:
        return with_step(service, "look", touchpoints=("look", "peek"))

    found = edited(change, city=city, steps=steps)

    assert "look" not in {move.step for move in found.moves}
    assert found.hidden["steps"] >= 2
    assert moved(edited(change, city=city, steps=steps, k=1, public_log=True))[
        "look", "entered"
    ] == (3, 23)


def test_name_hidden_in_one_report_is_shown_in_neither(edited: Edited) -> None:
    # Today `rare` is hidden, and `common` with it; with `rare` covered `common` alone would tell.
    city = f"{CITY}\n 3 * form.0 rare.0.1 pay.0.2\n 9 * form.0 common.0.1\n 20 * form.0 odd.0.1"

    def change(service: Service) -> Service:
        return with_step(service, "pay", touchpoints=("pay", "rare", "odd"))

    found = edited(change, city=city)

    assert found.unmapped_names == []
    assert found.hidden["unmapped_names"] == 1


def test_too_small_a_k_is_refused(edited: Edited) -> None:
    with pytest.raises(DisclosureError, match="public-log"):
        edited(lambda service: service, k=1)
