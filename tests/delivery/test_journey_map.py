"""The map of the journey: what it shows, what it folds, and that the numbers add up."""

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.journey_report import End, JourneyReport, StepRow
from delivery.report.journey_map import TABLE_ROWS, MapLayout, lay_out, map_rows
from delivery.report.map_folding import MAX_BENT, MAX_STEPS, Course
from tests.delivery.besides import beside_others
from tests.delivery.walked import OUTCOMES, Walk, report_of

STEPS = ("search", "form", "pay", "sign", "wait", "call")


def walks(steps: tuple[str, ...] = STEPS) -> st.SearchStrategy[list[Walk]]:
    """Any journeys over these steps, some of them many times over."""
    walk = st.tuples(st.lists(st.sampled_from(steps), max_size=8), st.sampled_from(OUTCOMES))
    often = st.tuples(walk, st.sampled_from([1, 1, 2, 40])).map(lambda pair: [pair[0]] * pair[1])
    return st.lists(often, max_size=12).map(
        lambda groups: [one for group in groups for one in group]
    )


def shuffled(report: JourneyReport, seed: int) -> JourneyReport:
    """The same report with its lists of starts, moves and ends in another order."""
    chance = Random(seed)  # noqa: S311 - no secret
    return msgspec.structs.replace(
        report,
        **{
            name: chance.sample(rows, len(rows))
            for name in ("starts", "transitions", "ends")
            for rows in [getattr(report, name)]
        },
    )


def flow_of(layout: MapLayout, source: str, target: str) -> Course:
    (course,) = (f.course for f in layout.flows if (f.from_, f.to) == (source, target))
    return course


@given(walks(), st.integers(0, 9))
def test_order_of_the_rows_of_a_report_does_not_matter(journeys: list[Walk], seed: int) -> None:
    report = report_of(journeys, STEPS)

    assert lay_out(shuffled(report, seed)) == lay_out(report)


@given(walks())
def test_what_comes_to_a_step_is_what_leaves_it(journeys: list[Walk]) -> None:
    layout = lay_out(report_of(journeys, STEPS))

    for step in layout.steps:
        into = sum(flow.count for flow in layout.flows if flow.to == step.step)
        out = sum(flow.count for flow in layout.flows if flow.from_ == step.step)
        ended = sum(end.count for end in step.ends)
        assert step.starts + into + step.from_elsewhere == out + step.to_elsewhere + ended


@given(walks(tuple(f"s{n:02}" for n in range(24))))
def test_drawn_and_folded_add_up_to_the_report(journeys: list[Walk]) -> None:
    order = tuple(f"s{n:02}" for n in range(24))
    report = report_of(journeys, order)

    layout = lay_out(report)

    shown = {step.step for step in layout.steps}
    between = sum(m.count for m in report.transitions if {m.from_, m.to} <= shown)
    assert layout.moves == sum(move.count for move in report.transitions)
    assert between + layout.others.moves == layout.moves
    assert len(shown) + layout.others.steps == len(order)
    starts = sum(step.starts for step in layout.steps) + layout.others.starts
    ends = sum(end.count for step in layout.steps for end in step.ends) + layout.others.ends
    assert starts == sum(start.count for start in report.starts)
    assert ends == sum(end.count for end in report.ends)


@given(walks(tuple(f"s{n:02}" for n in range(24))))
def test_table_has_every_number_of_the_report(journeys: list[Walk]) -> None:
    report = report_of(journeys, [f"s{n:02}" for n in range(24)])

    rows = map_rows(lay_out(report))

    moves = {(move.from_, move.to): (move.count, move.median_s) for move in report.transitions}
    for kind, listed in (
        ("start", report.starts),
        ("move", report.transitions),
        ("end", report.ends),
    ):
        told = [row for row in rows if row.kind == kind]
        assert sum(row.count for row in told) == sum(row.count for row in listed)
        assert sum(row.together for row in told) == len(listed)
        assert len(told) <= TABLE_ROWS + 1
    for row in rows:
        if row.kind == "move" and row.together == 1:
            assert row.from_ is not None
            assert row.to is not None
            assert moves[row.from_, row.to] == (row.count, row.median_s)


@given(walks())
def test_lane_holds_one_flow_at_a_height(journeys: list[Walk]) -> None:
    layout = lay_out(report_of(journeys, STEPS))

    rank = {step.step: place for place, step in enumerate(layout.steps)}
    taken: set[tuple[Course, int, int]] = set()
    for flow in layout.flows:
        if flow.course in {Course.SKIP, Course.RETURN}:
            top, bottom = sorted((rank[flow.from_], rank[flow.to]))
            spans = {(flow.course, flow.lane, between) for between in range(top, bottom)}
            assert not spans & taken
            taken |= spans


def test_flows_take_their_ways() -> None:
    journeys: list[Walk] = [(("search", "form", "form", "search", "form", "sign"), "succeeded")] * 9

    layout = lay_out(report_of(journeys, ("search", "form", "pay", "sign")))

    assert [step.step for step in layout.steps] == ["search", "form", "pay", "sign"]
    assert flow_of(layout, "search", "form") is Course.STRAIGHT
    assert flow_of(layout, "form", "form") is Course.LOOP
    assert flow_of(layout, "form", "search") is Course.RETURN
    assert flow_of(layout, "form", "sign") is Course.SKIP
    assert layout.coverage == 1.0


def test_rare_flow_is_folded_and_counted_at_both_its_steps() -> None:
    journeys: list[Walk] = [
        *[(("search", "form", "pay"), "succeeded")] * 99,
        (("search", "pay"), "abandoned"),
    ]

    layout = lay_out(report_of(journeys, ("search", "form", "pay")))

    search, form, pay = layout.steps
    assert [(flow.from_, flow.to) for flow in layout.flows] == [
        ("form", "pay"),
        ("search", "form"),
    ][::-1]
    assert (search.to_elsewhere, form.from_elsewhere, pay.from_elsewhere) == (1, 0, 1)
    assert layout.coverage == 198 / 199


def test_only_so_many_bent_flows_are_drawn() -> None:
    steps = [f"s{n:02}" for n in range(8)]
    journeys: list[Walk] = [((a, b), "open") for a in steps for b in steps for _ in range(5)]

    layout = lay_out(report_of(journeys, steps))

    bent = [flow for flow in layout.flows if flow.course is not Course.STRAIGHT]
    assert len(bent) == MAX_BENT
    assert len(layout.flows) == MAX_BENT + 7


def test_of_many_steps_the_rare_ones_are_folded() -> None:
    main = tuple(f"main{n}" for n in range(9))
    journeys: list[Walk] = [
        *[(main, "succeeded")] * 200,
        (("main0", "rare", "main1"), "abandoned"),
    ]

    layout = lay_out(report_of(journeys, ("rare", *main)))

    assert [step.step for step in layout.steps] == list(main)
    assert (layout.others.steps, layout.others.moves) == (1, 2)
    assert (layout.steps[0].to_elsewhere, layout.steps[1].from_elsewhere) == (1, 1)


def test_four_hundred_steps_still_fit_a_page() -> None:
    steps = [f"activity {n:03}" for n in range(398)]
    chance = Random(7)  # noqa: S311 - no secret
    journeys: list[Walk] = [
        (sorted(chance.sample(steps, 20)), chance.choice(OUTCOMES)) for _ in range(600)
    ]

    layout = lay_out(report_of(journeys, steps))

    assert len(layout.steps) == MAX_STEPS
    assert layout.others.steps == 398 - MAX_STEPS
    assert layout.coverage is not None
    assert 0 < layout.coverage < 0.1


def test_report_of_no_journey_has_no_map() -> None:
    layout = lay_out(report_of([], []))

    assert (layout.steps, layout.flows, map_rows(layout)) == ((), (), ())
    assert layout.coverage is None


def test_one_step_is_a_map() -> None:
    layout = lay_out(report_of([(("form",), "abandoned")] * 12, ["form"]))

    (step,) = layout.steps
    assert (step.starts, step.ends) == (12, (End(step="form", outcome="abandoned", count=12),))
    assert [(row.kind, row.count, row.share) for row in map_rows(layout)] == [
        ("start", 12, 1.0),
        ("end", 12, 1.0),
    ]


def test_step_whose_row_is_left_out_comes_last_and_has_no_numbers() -> None:
    journeys: list[Walk] = [(("form", "pay", "sign"), "succeeded")] * 20

    layout = lay_out(report_of(journeys, ["pay", "sign"]))

    assert [step.step for step in layout.steps] == ["pay", "sign", "form"]
    assert [isinstance(step.row, StepRow) for step in layout.steps] == [True, True, False]
    assert flow_of(layout, "form", "pay") is Course.RETURN


def test_shares_of_fewer_than_ten_are_not_given() -> None:
    layout = lay_out(report_of([(("form", "pay"), "succeeded")] * 9, ["form", "pay"]))

    assert layout.coverage is None
    assert {row.share for row in map_rows(layout)} == {None}


@pytest.mark.parametrize("sign", [-1, 0, 1, None])
def test_comparison_gives_flows_rows_and_steps_their_signs(sign: int | None) -> None:
    report = report_of([(("form", "pay", "sign"), "succeeded")] * 9, ["form", "pay", "sign"])
    compared = beside_others(report, {("form", "pay"): sign, ("pay",): sign, ("sign",): 0})

    layout = lay_out(compared)

    signs = {(flow.from_, flow.to): flow.sign for flow in layout.flows}
    assert signs == {("form", "pay"): sign, ("pay", "sign"): None}
    assert [row.sign for row in map_rows(layout) if row.kind == "move"] == [sign, None]
    assert [step.sign for step in layout.steps] == [None, sign, 0]
    assert [flow.sign for flow in lay_out(report).flows] == [None, None]
