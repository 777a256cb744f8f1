"""From events to rows: any order, any duplication, any batching gives the same tables."""

from collections.abc import Sequence
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.event_log import EventLog
from journeys.service import Service
from journeys.touchpoint import Touchpoint
from projections.groups import Group, StoredService
from projections.linking import MANY_CASES
from projections.projector import project_batch
from projections.read_models import ReadModels
from projections.runner import rebuild
from projections.tables import LIVE
from tests.projections.example_service import EXAMPLE_SERVICE, SOURCE, moment, touchpoints
from tests.projections.stored import begin, dump, folder, project_in_steps, rebuilt, record
from tests.projections.strategies import AWKWARD_SERVICE, CHANGED_SERVICE, recordings

pytestmark = pytest.mark.usefixtures("each_store")

OTHER_SERVICE = msgspec.structs.replace(EXAMPLE_SERVICE, key="other")


def group(cases: set[str], people: set[str]) -> Group:
    return Group(frozenset(cases), frozenset(people))


def of_service(key: str, recording: Sequence[Touchpoint]) -> list[Touchpoint]:
    return [msgspec.structs.replace(t, service=key, source=f"urn:{key}") for t in recording]


def touchpoint(number: int, **changes: object) -> Touchpoint:
    usual = Touchpoint(
        source=SOURCE,
        id=f"n{number:05}",
        service=EXAMPLE_SERVICE.key,
        occurred_at=moment(number),
        name="form",
    )
    return msgspec.structs.replace(usual, **changes)  # type: ignore[arg-type]


def in_parts(items: Sequence[Touchpoint], random: Random) -> list[list[Touchpoint]]:
    """Cut a list at random into three."""
    cuts = sorted(random.choices(range(len(items) + 1), k=2))
    return [list(items[i:j]) for i, j in zip([0, *cuts], [*cuts, len(items)], strict=True)]


# --- order, duplication, batching ---------------------------------------------------------------


@settings(max_examples=30)
@given(
    recordings(30),
    st.sampled_from(
        [
            (EXAMPLE_SERVICE, OTHER_SERVICE),
            (EXAMPLE_SERVICE, CHANGED_SERVICE),
            (AWKWARD_SERVICE, OTHER_SERVICE),
        ]
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_duplication_and_batching_give_the_same_rows(
    recording: list[Touchpoint], services: tuple[Service, ...], random: Random
) -> None:
    told = [*recording, *of_service("other", recording[:8])]
    with folder() as once:
        record(once.log, told, services)
        expected = rebuilt(once.log)

    with folder() as again:
        begin(again.models)
        arriving = [*told, *random.choices(told, k=4)]
        random.shuffle(arriving)
        later = random.sample(services, k=random.randint(0, 2))
        record(again.log, services=[s for s in services if s not in later])
        for part in in_parts(arriving, random):
            record(again.log, part, [later.pop()] if later else [])
            project_in_steps(again.log, again.models, random.randint(3, 25))
        found = dump(again.models)

    assert found == expected


@settings(max_examples=12)
@given(st.integers(-2, 12), st.integers(3, 25), st.randoms(use_true_random=False))
def test_a_person_with_too_many_cases_links_nothing_whenever_that_comes_out(
    beyond: int, size: int, random: Random
) -> None:
    cases = [
        touchpoint(n % 40, id=f"c{n}", case=f"C{n}", person="P") for n in range(MANY_CASES + beyond)
    ]
    people = [
        *touchpoints("p: call.3 form.5 pay.9 call.12 granted.60; q: form.3 call.4"),
        touchpoint(3, case="C1", person="Q"),
        touchpoint(4, case="C1", person=None, name="handling"),
        touchpoint(5, case=None, person=None),
    ]
    # The limit is passed before, while or after the last ones come; some come before, too.
    last = [*cases[:6], *people[3:]]
    random.shuffle(last)

    with folder() as data:
        record(data.log, [*people[:3], *cases[6:]], [EXAMPLE_SERVICE])
        begin(data.models)
        project_in_steps(data.log, data.models, 500)
        record(data.log, last)
        project_in_steps(data.log, data.models, size)
        found, expected = dump(data.models), rebuilt(data.log)

    assert found == expected


def test_only_who_may_link_connects(log: EventLog, models: ReadModels) -> None:
    crowd = [touchpoint(n, case=f"C{n}", person="P") for n in range(MANY_CASES + 1)]
    others = touchpoints("c/q: form.1; d/q: form.2; d/r: pay.3; e/r: form.4; q: call.5; p: call.6")
    record(log, [*crowd, *others], [EXAMPLE_SERVICE])
    rebuild(log, models)

    with models.reading() as connection:
        stored = StoredService(connection, LIVE, "example")
        of_case = stored.group_of({"E"}, {"R"}, crowded=())
        through_q = stored.group_of({"C"}, (), crowded=())
        of_crowd = stored.group_of({"C7"}, (), crowded=())
        crossing = stored.group_of({"C7"}, {"P"}, crowded=())
        crowded = stored.group_of({"C7"}, {"P"}, crowded={"P"})

    assert of_case == group({"E"}, set())  # all that R left carries a case
    assert through_q == group({"C", "D"}, {"Q"})
    assert of_crowd == crowded == group({"C7"}, set())
    assert len(crossing.cases) == MANY_CASES + 1
    assert crossing.people == {"P"}


# --- one batch ----------------------------------------------------------------------------------


def test_a_batch_is_projected_with_its_position_or_not_at_all(
    log: EventLog, models: ReadModels
) -> None:
    record(log, touchpoints("c: form.0 pay.0"), [EXAMPLE_SERVICE])
    begin(models)
    nothing = dump(models)

    assert not project_batch(log, models, after=1, until=3)  # another runner has been here

    assert dump(models) == nothing
    assert project_batch(log, models, after=0, until=3)
    assert models.position() == 3
    assert len(dump(models)["journey"]) == 1


def test_touchpoints_of_a_service_without_definition_are_kept_for_it(
    log: EventLog, models: ReadModels
) -> None:
    record(log, touchpoints("c: form.0; p: call.1"))
    begin(models)

    project_in_steps(log, models, 1)

    before = dump(models)
    assert (len(before["touchpoint"]), before["journey"], before["stray"]) == (2, [], [])

    record(log, services=[EXAMPLE_SERVICE])
    project_in_steps(log, models, 1)

    assert dump(models) == rebuilt(log)
    assert [row[8] for row in dump(models)["journey"]] == [2]  # touchpoints of the one journey


def test_a_new_definition_traces_its_whole_service_again(log: EventLog, models: ReadModels) -> None:
    record(log, touchpoints("c: search.0 form.1"), [EXAMPLE_SERVICE])
    begin(models)
    project_in_steps(log, models, 10)
    before = [row[3] for row in dump(models)["visit"]]

    named = {"search": ("look",), "form": ("search", "form")}
    steps = tuple(
        msgspec.structs.replace(step, touchpoints=named.get(step.key, step.touchpoints))
        for step in EXAMPLE_SERVICE.steps
    )
    record(log, services=[msgspec.structs.replace(EXAMPLE_SERVICE, steps=steps)])
    project_in_steps(log, models, 10)

    assert before == ["search", "form"]
    assert [row[3] for row in dump(models)["visit"]] == ["form"]


def test_no_row_tells_when_a_touchpoint_arrived(log: EventLog) -> None:
    first, second = touchpoints("c: form.0; d/q: form.1")
    record(log, [first], [EXAMPLE_SERVICE])
    record(log, [second])
    expected = rebuilt(log)

    with folder() as other:
        record(other.log, [second], [EXAMPLE_SERVICE])
        record(other.log, [first])

        assert rebuilt(other.log) == expected


@pytest.mark.parametrize("reference", ["", None])
def test_an_empty_reference_is_none(
    log: EventLog, models: ReadModels, reference: str | None
) -> None:
    lost = touchpoint(1, case=reference, person=reference)
    record(log, [lost, touchpoint(2, case="C", person=reference)], [EXAMPLE_SERVICE])
    begin(models)

    project_in_steps(log, models, 1)

    assert dump(models) == rebuilt(log)
    assert [(row[1], row[2]) for row in dump(models)["stray"]] == [("", "")]
    assert dump(models)["known_case"] == []
