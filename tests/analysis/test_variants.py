"""The ways that journeys really walk."""

from collections.abc import Callable

from analysis.journey_report import Variant
from analysis.variants import Variants, variants, walks
from projections.frames import Frames

World = Callable[..., Frames]


def variants_in(frames: Frames, k: int = 1) -> Variants:
    return variants(frames.journeys, walks(frames.visits), service=frames.service, k=k)


def test_each_sequence_is_counted_with_its_share(world: World) -> None:
    # 10 journeys have a visit; the one that has none walks no way.
    found = variants_in(
        world(
            """
            5 * form.0 pay.0.1 granted.1
            3 * form.0 form.0.1
            2 * form.0 pay.0.1 form.0.2
            1 * granted.0
            """
        )
    )

    assert found == Variants(
        rows=[
            Variant(steps=["form", "pay"], count=5, share=0.5),
            Variant(steps=["form"], count=3, share=0.3),
            Variant(steps=["form", "pay", "form"], count=2, share=0.2),
        ],
        total=3,
        coverage=1.0,
        hidden=0,
    )


def test_equal_counts_are_in_the_order_of_their_steps(world: World) -> None:
    found = variants_in(world("pay.0\n form.0\n form.0 call.0.1\n call.0 form.0.1"))

    assert [row.steps for row in found.rows] == [
        ["call", "form"],
        ["form"],
        ["form", "call"],
        ["pay"],
    ]


def test_rare_ways_are_left_out_and_counted_in_the_total(world: World) -> None:
    # Missing are the 2 and, as 40 - 30 would tell, the 8.
    found = variants_in(world("30 * form.0\n 8 * pay.0\n 2 * call.0 form.0.1"), k=5)

    assert [row.count for row in found.rows] == [30]
    assert (found.total, found.hidden, found.coverage) == (3, 2, 0.75)


def test_below_ten_journeys_there_is_no_share(world: World) -> None:
    found = variants_in(world("9 * form.0"))

    assert found.rows == [Variant(steps=["form"], count=9, share=None)]
    assert found.coverage is None


def test_no_journey_walks_no_way(world: World) -> None:
    assert variants_in(world("")) == Variants(rows=[], total=0, coverage=None, hidden=0)
