"""What the synthetic city says of itself, held against its messages and the projection."""

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from typing import Any

import polars as pl
import pytest

from ingest.city import SyntheticCity
from ingest.city_truth import PLANTED, FrictionKind, PlantedFriction, Truth
from journeys.service import ServiceHistory, load_services
from projections.trace import judge, trace_journeys

pytestmark = pytest.mark.xdist_group("city-truth")

UNTIL = date(2026, 11, 23)
MIDNIGHT = datetime(2026, 11, 22, 22, tzinfo=UTC)
OUTCOMES = ("succeeded", "refused", "cancelled", "expired", "abandoned", "open")
LOSSES = ("cancelled", "expired", "abandoned")
DROP_OFFS = {(item.service, item.step) for item in PLANTED if item.kind == "drop_off"}

SCHEMA = {
    "source": pl.String,
    "id": pl.String,
    "service": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
    "name": pl.String,
    "channel": pl.String,
    "error": pl.Boolean,
    "case": pl.String,
    "person": pl.String,
    "attributes": pl.String,
}


def as_frame(city: SyntheticCity) -> pl.DataFrame:
    events = [json.loads(message) for message in city.messages()]
    rows = [
        (
            event["source"],
            event["id"],
            event["subject"],
            datetime.fromisoformat(event["time"]),
            event["data"]["touchpoint"],
            event["data"]["channel"],
            event["data"]["status"] == "error",
            event["data"].get("case"),
            event["data"].get("person"),
            json.dumps(event["data"]["attributes"]),
        )
        for event in events
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@pytest.fixture(scope="module")
def city() -> SyntheticCity:
    return SyntheticCity(seed=1, until=UNTIL)


@pytest.fixture(scope="module")
def touchpoints(city: SyntheticCity) -> pl.DataFrame:
    return as_frame(city)


@pytest.fixture(scope="module")
def truth(city: SyntheticCity, touchpoints: pl.DataFrame) -> Truth:
    assert not touchpoints.is_empty()  # its messages were made once; truth() need not do so again
    return city.truth()


def planted(truth: Truth, kind: str) -> list[Any]:
    return [item for item in truth["planted"] if item["kind"] == kind]


def test_the_projection_finds_every_journey_as_it_truly_is(
    truth: Truth, touchpoints: pl.DataFrame
) -> None:
    for key, versions in load_services().items():
        own = touchpoints.filter(pl.col("service") == key)
        trace = trace_journeys(own, ServiceHistory(versions))
        journeys = judge(trace.journeys, MIDNIGHT)

        lost = journeys.filter(pl.col("outcome").is_in(LOSSES))["last_customer_step"]
        visited = trace.visits.select("journey_id", "step").unique()["step"]
        found = {
            "started": journeys.height,
            **{outcome: (journeys["outcome"] == outcome).sum() for outcome in OUTCOMES},
            "cancelled_afterwards": journeys["cancelled_afterwards"].sum(),
            "resurrected": journeys["resurrected"].sum(),
            "touchpoints": own.height,
            "lost": Counter(step or "" for step in lost.to_list()),
            "entered": Counter(step for step in visited.to_list() if step != "contact"),
        }

        true = truth["services"][key]
        steps = {what: {k: n for k, n in true[what].items() if n} for what in ("lost", "entered")}
        assert found == true | steps, key


def test_every_service_has_journeys_of_every_outcome(truth: Truth) -> None:
    for key, counts in truth["services"].items():
        assert all(counts[outcome] > 0 for outcome in OUTCOMES), key


def test_services_are_of_comparable_size_and_the_demo_of_a_minutes(truth: Truth) -> None:
    started = [counts["started"] for counts in truth["services"].values()]

    assert max(started) < 2 * min(started)
    assert 11_900 < truth["journeys"] == sum(started) <= 12_000
    assert 80_000 < truth["touchpoints"] < 100_000


def test_the_six_planted_drop_offs_lead_the_ranking_by_number_and_by_rate(truth: Truth) -> None:
    lost = {
        (key, step): (count, count / max(counts["entered"].get(step, 0), 1))
        for key, counts in truth["services"].items()
        for step, count in counts["lost"].items()
        if step
    }

    for place in (0, 1):
        worst = sorted(lost, key=lambda at: lost[at][place], reverse=True)[:6]
        assert set(worst) == DROP_OFFS


def test_one_drop_off_is_planted_in_each_service_half_of_them_from_the_start(truth: Truth) -> None:
    drop_offs = planted(truth, "drop_off")

    assert {item["service"] for item in drop_offs} == set(truth["services"])
    assert len({item["step"] for item in drop_offs}) == 6
    assert sum(item["since"] is None for item in drop_offs) == 3


@pytest.mark.parametrize("kind", ["drop_off", "retry", "loop", "channel_switch", "re_entry"])
def test_planted_friction_strikes_the_share_it_should(truth: Truth, kind: str) -> None:
    for item in planted(truth, kind):
        met, size = item["met"], item["size"]
        # Four standard deviations of a binomial count: one false alarm in 16,000.
        assert abs(item["affected"] - met * size) < 4 * sqrt(met * size * (1 - size)) + 1, item


def test_those_a_planted_drop_off_strikes_are_lost_but_for_who_may_yet_be_silent(
    truth: Truth,
) -> None:
    for item in planted(truth, "drop_off"):
        lost_there = truth["services"][item["service"]]["lost"][item["step"]]
        assert 0.85 * item["affected"] <= item["lost"] <= item["affected"]
        assert item["lost"] <= lost_there


def test_planted_friction_begins_in_its_week_and_not_before(touchpoints: pl.DataFrame) -> None:
    """Of those who enter to pay, few fail before the week, and about three in ten from it on."""
    begins = date(2025, 8, 25) + timedelta(weeks=22)
    booking = touchpoints.filter(pl.col("service") == "varaamo-booking", pl.col("case") != "")
    cases = booking.group_by("case").agg(
        paid=pl.col("occurred_at").filter(pl.col("name") == "payment.open").min(),
        won=(pl.col("name") == "reservation.confirmed").any(),
    )
    entered = cases.filter(pl.col("paid").is_not_null(), pl.col("paid") < MIDNIGHT)
    late = pl.col("paid") >= datetime(begins.year, begins.month, begins.day, tzinfo=UTC)

    before, since = entered.filter(~late), entered.filter(late)

    assert 1 - before["won"].mean() < 0.06  # type: ignore[operator]
    assert 0.24 < 1 - since["won"].mean() < 0.36  # type: ignore[operator]


def test_a_calm_city_loses_few_at_every_step() -> None:
    calm = SyntheticCity(seed=1, until=UNTIL, planted=()).truth()

    assert calm["planted"] == []
    for key, counts in calm["services"].items():
        for step, lost in counts["lost"].items():
            entered = counts["entered"].get(step, counts["started"])
            assert lost <= 0.065 * entered + 4 * sqrt(0.065 * entered), (key, step)


def test_planting_makes_only_the_planted_step_worse() -> None:
    friction = PlantedFriction(
        service="city-grant-application", step="form", kind="drop_off", since=None, size=0.3
    )

    one = SyntheticCity(seed=3, until=UNTIL, planted=[friction]).truth()
    calm = SyntheticCity(seed=3, until=UNTIL, planted=()).truth()

    def rates(truth: Truth) -> dict[tuple[str, str], float]:
        return {
            (key, step): lost / max(counts["entered"].get(step, 0), 1)
            for key, counts in truth["services"].items()
            for step, lost in counts["lost"].items()
            if step
        }

    more = {at: rate - rates(calm)[at] for at, rate in rates(one).items()}
    assert more.pop(("city-grant-application", "form")) == pytest.approx(0.29, abs=0.05)
    assert max(map(abs, more.values())) < 0.04


@pytest.mark.parametrize(
    ("kind", "step", "size"),
    [("slow_step", "form", 3.0), ("slow_hand_off", "preparation", 3.0)],
)
def test_slow_friction_stretches_the_time_it_is_planted_in(
    kind: FrictionKind,
    step: str,
    size: float,
) -> None:
    names = {
        "form": ("form.open", "attachment.add"),
        "preparation": ("preparation.started", "decision.made"),
    }

    def median_days(planted: tuple[PlantedFriction, ...]) -> float:
        city = SyntheticCity(seed=5, until=UNTIL, journeys=4_000, planted=planted)
        grants = as_frame(city).filter(pl.col("service") == "city-grant-application")
        first, then = names[step]
        spans = (
            grants.group_by("case")
            .agg(
                begun=pl.col("occurred_at").filter(pl.col("name") == first).max(),
                done=pl.col("occurred_at").filter(pl.col("name") == then).min(),
            )
            .select((pl.col("done") - pl.col("begun")).alias("span"))
            .drop_nulls()
        )
        return spans["span"].dt.total_seconds().median() / 86_400  # type: ignore[operator]

    friction = PlantedFriction(
        service="city-grant-application", step=step, kind=kind, since=None, size=size
    )

    # Less than threefold for the city: it works on whole days.
    assert median_days((friction,)) > 2 * median_days(())


def test_repeat_contacts_follow_what_is_done(truth: Truth) -> None:
    (item,) = planted(truth, "repeat_contact")

    assert item["affected"] == pytest.approx(
        item["met"] * item["size"], abs=4 * sqrt(item["met"]) / 4
    )


def test_journeys_cross_channels_and_contacts_carry_one_reference_or_both(
    touchpoints: pl.DataFrame,
) -> None:
    contacts = touchpoints.filter(pl.col("name").str.starts_with("contact."))

    assert set(contacts["channel"]) == {"phone", "chat", "email"}
    carried = contacts.select(pl.col("case").is_null(), pl.col("person").is_null()).rows()
    counts = Counter(carried)
    assert set(counts) == {(False, False), (False, True), (True, False)}
    assert all(count > 100 for count in counts.values())
    assert set(contacts["source"]) == {"urn:polku:city:contact-centre"}


def test_some_people_have_several_cases_and_some_journeys_none(touchpoints: pl.DataFrame) -> None:
    known = touchpoints.drop_nulls(["case", "person"])
    cases = known.group_by("service", "person").agg(pl.col("case").n_unique())["case"]
    whole = touchpoints.group_by("service", "person").agg(
        cased=pl.col("case").is_not_null().any(),
        won=pl.col("name").is_in(["permit.valid", "voucher.sent"]).any(),
    )

    assert cases.max() >= 3  # type: ignore[operator]
    assert (cases > 1).sum() > 200
    assert whole.filter(~pl.col("cased") & pl.col("won")).height > 100


def test_staff_work_in_office_hours_and_on_no_holiday(touchpoints: pl.DataFrame) -> None:
    decided = touchpoints.filter(pl.col("name").is_in(["preparation.started", "handling.started"]))
    local = decided["occurred_at"].dt.convert_time_zone("Europe/Helsinki")

    assert set(local.dt.weekday()) == {1, 2, 3, 4, 5}
    assert set(local.dt.hour()) <= set(range(8, 16))
    days = set(local.dt.date())
    assert date(2025, 12, 24) not in days
    assert date(2026, 1, 6) not in days


def test_rounds_open_and_close(touchpoints: pl.DataFrame) -> None:
    begun = touchpoints.filter(pl.col("name") == "criteria.read")
    days = begun["occurred_at"].dt.convert_time_zone("Europe/Helsinki").dt.date()

    inside = days.is_between(date(2025, 9, 20), date(2025, 10, 25))
    inside |= days.is_between(date(2026, 2, 1), date(2026, 3, 15))
    inside |= days.is_between(date(2026, 9, 20), date(2026, 10, 25))
    # A few call before they begin, so that they begin up to four days later, and in the round.
    assert inside.all()


def test_a_name_changes_with_the_definition_and_its_step_does_not(
    touchpoints: pl.DataFrame,
) -> None:
    changes = datetime(2026, 4, 12, 21, tzinfo=UTC)
    opened = touchpoints.filter(pl.col("name") == "activation.opened")["occurred_at"]
    confirmed = touchpoints.filter(pl.col("name") == "activate.confirm")["occurred_at"]

    assert opened.max() < changes <= confirmed.min()  # type: ignore[operator]
    assert opened.len() > 300
    assert confirmed.len() > 200


def test_completed_journeys_go_on_to_mails_questions_and_cancellations(
    truth: Truth, touchpoints: pl.DataFrame
) -> None:
    counts = touchpoints["name"].value_counts()
    named = dict(counts.iter_rows())

    for name in ("confirmation.sent", "feedback.requested", "feedback.given", "permit.mail"):
        assert named[name] > 100
    afterwards = {key: all_["cancelled_afterwards"] for key, all_ in truth["services"].items()}
    assert sum(afterwards.values()) > 100


def test_customers_retry_turn_back_and_come_back_after_silence(
    truth: Truth, touchpoints: pl.DataFrame
) -> None:
    searches: defaultdict[int, int] = defaultdict(int)
    booking = touchpoints.filter(pl.col("name") == "search.open", ~pl.col("error"))
    for count in booking.group_by("person").len()["len"]:
        searches[count] += 1

    assert touchpoints["error"].mean() == pytest.approx(0.015, abs=0.01)
    assert searches[2] > 100
    assert sum(counts["resurrected"] for counts in truth["services"].values()) > 5


def test_attributes_are_told_from_when_they_are_known(touchpoints: pl.DataFrame) -> None:
    told = touchpoints.select(
        "service",
        "name",
        "channel",
        *(
            pl.col("attributes").str.json_path_match(f"$.{name}").alias(name)
            for name in (
                "lang",
                "device",
                "route",
                "variant",
                "district",
                "reason",
                "score",
                "field",
            )
        ),
    )

    assert set(told["lang"]) == {"fi", "sv", "en"}
    assert told["district"].n_unique() == 6
    booking = told.filter(pl.col("service") == "varaamo-booking")
    assert set(booking["variant"]) == {"calendar_list", "calendar_grid"}
    assert set(booking.filter(pl.col("name") == "search.open")["route"].head(50)) == {None}
    assert set(booking.filter(pl.col("name") == "review.open")["route"]) == {
        "free",
        "handled",
        "paid",
    }
    assert booking.filter(pl.col("channel") == "phone")["device"].null_count() > 0
    assert booking.filter(pl.col("channel") != "web")["device"].is_null().all()
    assert set(told.filter(pl.col("name") == "feedback.given")["score"]) == set("12345")
    assert told.filter(pl.col("name") == "permit.not_eligible")["reason"].null_count() == 0
    assert "child_name" in set(told["field"])
