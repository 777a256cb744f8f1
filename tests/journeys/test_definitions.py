import random
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.errors import ServiceDefinitionError
from journeys.service import (
    Actor,
    Outcome,
    Owner,
    Round,
    decode_service,
    encode_service,
)
from tests.journeys.small_definition import NAME, SMALL, small, step

FULL = """
# The example of the design, with every key there is.
key: youth-summer-voucher
version: 3
valid_from: 2026-01-01
name: {fi: Nuorten kesäseteli, sv: Sommarsedel för unga, en: Summer job voucher for youth}
owner: {name: Nuorisopalvelut, email: kesaseteli@example.org, lang: fi}
division: KUVA
calendar:
  {country: FI, hours: {phone: Mo-Fr 09:00-15:00}, rounds: [{from: 2026-02-01, to: 2026-05-31}]}
visits: merged
horizon: P3D
link: {before: P7D, after: P10D}
attributes: [school]
channels: {Internet: web}
columns: {case: Asia, touchpoint: Vaihe, time: Aika, school: Koulu}
file: {encoding: cp1252, delimiter: ";", zone: Europe/Helsinki, time_format: "%d.%m.%Y"}
steps:                                 # in intended order
  - {key: form, name: {fi: Hakemus, sv: Ansökan, en: Application}, actor: customer,
     passes_to: staff, channels: [web], typical: PT5M, deadline: PT2H, touchpoints: [form.*]}
  - {key: activate, name: {fi: Vahvistus, sv: Bekräftelse, en: Activate}, actor: customer}
  - {key: manual_handling, name: {fi: Käsittely, sv: Behandling, en: Processing}, actor: staff,
     optional: true}
routes: {direct: [form, activate], handled: [form, activate, manual_handling]}
outcomes: {succeeded: [voucher.sent], refused: [application.rejected]}
outcomes_confirmed: true
"""


def problems_in(text: str) -> list[str]:
    with pytest.raises(ServiceDefinitionError) as caught:
        decode_service(text, "x.yaml")
    return [problem.removeprefix("x.yaml: ") for problem in caught.value.problems]


def test_every_key_of_the_design_is_read() -> None:
    service = decode_service(FULL)

    assert (service.key, service.version, service.valid_from) == (
        "youth-summer-voucher",
        3,
        date(2026, 1, 1),
    )
    assert service.owner == Owner(name="Nuorisopalvelut", email="kesaseteli@example.org")
    assert service.calendar.hours == {"phone": "Mo-Fr 09:00-15:00"}
    assert service.calendar.rounds == (Round(starts=date(2026, 2, 1), ends=date(2026, 5, 31)),)
    assert (service.visits, service.horizon) == ("merged", timedelta(days=3))
    assert (service.link_before, service.link_after) == (timedelta(days=7), timedelta(days=10))
    assert (service.attributes, service.channels) == (("school",), {"Internet": "web"})
    assert service.columns["touchpoint"] == "Vaihe"
    assert service.file.zone == "Europe/Helsinki"
    assert service.file.lifecycle == "complete"
    assert service.steps[0].passes_to is Actor.STAFF
    assert service.steps[0].typical == timedelta(minutes=5)
    assert service.steps[1].touchpoints == ("activate",)
    assert service.steps[2].optional
    assert service.routes["direct"] == ("form", "activate")
    assert service.outcomes[Outcome.REFUSED] == ("application.rejected",)
    assert service.outcomes_confirmed


def test_json_is_read_as_well() -> None:
    service = decode_service(FULL)

    assert decode_service(encode_service(service).decode()) == service


@settings(max_examples=10)  # YAML is slow to read
@given(st.randoms(use_true_random=False))
def test_comments_and_the_order_of_keys_change_nothing(chance: random.Random) -> None:
    def shuffled(part: object) -> object:
        if isinstance(part, dict):
            keys = list(part)
            chance.shuffle(keys)
            return {key: shuffled(part[key]) for key in keys}
        return [shuffled(item) for item in part] if isinstance(part, list) else part

    service = decode_service(FULL)
    other = decode_service("# a remark\n" + yaml.safe_dump(shuffled(yaml.safe_load(FULL))))

    assert other.digest == service.digest
    assert list(other.routes) == list(service.routes)


def test_order_of_the_steps_is_content() -> None:
    one = small(steps=[step("a"), step("b")])
    other = small(steps=[step("b"), step("a")])

    assert decode_service(one).digest != decode_service(other).digest


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    text = small(steps=None) + (
        f"steps: [{{key: no, name: {NAME}, actor: customer, touchpoints: [on, off, 2026-01-01]}}]"
    )

    service = decode_service(text)

    assert service.steps[0].key == "no"
    assert service.steps[0].touchpoints == ("on", "off", "2026-01-01")


def test_all_problems_are_listed_at_once_each_with_its_path() -> None:
    found = problems_in(
        """
key: permit
version: one
name: {fi: Nimi, sv: "", en: Name}
colour: blue
horizon: P0D
steps:
  - {key: form, name: {fi: Nimi, en: Name}, actor: citizen, deadline: 3d, touchpoints: [form.*]}
  - {key: pay, nmae: {}, actor: customer, channels: [web, fax], touchpoints: [form.*, pay]}
  - {key: form, name: {fi: Nimi, sv: Namn, en: Name}, actor: staff, deadline: -P1D}
  - nothing of the kind
routes: {paid: [form, pya]}
outcomes: {abandoned: [left], expired: [gone]}
"""
    )

    paths = [problem.split(": ")[0] for problem in found]
    assert paths == [
        "colour",
        "version",
        "valid_from",
        "division",
        "steps[0].actor",
        "steps[0].deadline",
        "steps[1].nmae",
        "steps[1].name",
        "steps[1].channels[1]",
        "steps[3]",
        "outcomes.abandoned",
        "name.sv",
        "horizon",
        "steps[0].name.sv",
        "steps[2].key",
        "steps[2].deadline",
        "routes.paid[1]",
        "steps[1].touchpoints[0]",
    ]
    assert "steps[0].actor: 'citizen' is not customer, staff or system" in found
    assert "routes.paid[1]: 'pya' is no step. Hint: did you mean 'pay'? steps: form, pay" in found


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"key": "a b/c"}, "key: 'a b/c' is not usable in a file name and an address"),
        ({"key": 7}, "key: 7 is not text. Hint: put it in quotes"),
        ({"version": 0}, "version: 0 is below 1"),
        ({"version": True}, "version: true is not a whole number"),
        ({"valid_from": "2026-13-01"}, "valid_from: '2026-13-01' is not a date"),
        ({"valid_from": "1812-04-08"}, "valid_from: 1812-04-08 is not between 1990-01-01"),
        ({"division": " "}, "division: is blank"),
        ({"name": {"fi": 5, "sv": "Namn", "en": "Name"}}, "name.fi: 5 is not text"),
        ({"owner": {"name": "", "email": "a@b"}}, "owner.name: is blank"),
        ({"owner": {"name": "O", "email": "nobody"}}, "owner.email: is not an address"),
        ({"owner": {"name": "O", "email": "a@b", "lang": "de"}}, "owner.lang: 'de' is not one of"),
        ({"owner": {"name": "O"}}, "owner.email: is missing"),
        ({"owner": "O"}, "owner: 'O' is not a mapping. Hint: write it as key: value"),
        ({"calendar": {"country": "Finland"}}, "calendar.country: 'Finland' is no country code"),
        ({"calendar": {"hours": {"web": "always"}}}, "calendar.hours.web: 'always' are no opening"),
        ({"calendar": {"hours": {"web": 9}}}, "calendar.hours.web: 9 is not text"),
        ({"calendar": {"hours": {"fax": "Mo-Fr 09:00-15:00"}}}, "calendar.hours.fax: 'fax' is not"),
        (
            {"calendar": {"rounds": [{"from": "2026-02-01", "to": "2026-01-31"}]}},
            "calendar.rounds[0].to: 2026-01-31 is before 2026-02-01",
        ),
        ({"calendar": {"rounds": [{"to": "2026-01-31"}]}}, "calendar.rounds[0].from: is missing"),
        ({"visits": "some"}, "visits: 'some' is not merged or each"),
        ({"horizon": "P2W"}, "horizon: 'P2W' is not a duration. Hint: days, hours"),
        ({"horizon": "P36526D"}, "horizon: is not above nothing and at most a hundred years"),
        ({"link": {"after": "-P1D"}}, "link.after: is not between nothing and a hundred years"),
        ({"link": {"until": "P1D"}}, "link.until: is not a key of a link. Hint: keys: before, af"),
        ({"attributes": "school"}, "attributes: 'school' is not a list"),
        ({"attributes": [""]}, "attributes[0]: is blank"),
        ({"channels": {"Internet": "net"}}, "channels.Internet: 'net' is not web, phone, office"),
        ({"channels": {"": "web"}}, "channels: is blank"),
        ({"channels": ["web"]}, "channels: ['web'] is not a mapping"),
        ({"columns": {"csae": "Asia"}}, "columns.csae: is no role of a column, nor an attribute"),
        ({"columns": {"case": ""}}, "columns.case: is blank"),
        ({"columns": {"case": 5}}, "columns.case: 5 is not text"),
        ({"file": {"zone": "Helsinki"}}, "file.zone: 'Helsinki' is no time zone"),
        ({"file": {"encoding": "ansi-ish"}}, "file.encoding: 'ansi-ish' is no encoding"),
        ({"file": {"encoding": "utf\x00"}}, "file.encoding: 'utf\\x00' is no encoding"),
        ({"file": {"delimiter": ""}}, "file.delimiter: is not one character"),
        ({"file": {"time_format": "d.m.Y"}}, "file.time_format: has no % in it"),
        ({"file": {"lifecycle": "start"}}, "file.lifecycle: 'start' is not"),
        ({"columns": {5: "Asia"}}, "columns.5: 5 is not text"),
        ({"outcomes_confirmed": "yes"}, "outcomes_confirmed: 'yes' is not true or false"),
        ({"outcomes": {"succeeded": []}}, "outcomes.succeeded: has no touchpoints"),
        ({"outcomes": {"succeeded": 1}}, "outcomes.succeeded: 1 is not a list"),
        ({"outcomes": {"succeeded": [" "]}}, "outcomes.succeeded[0]: is blank"),
        (
            {"outcomes": {"succeeded": ["done"], "refused": ["no", "done"]}},
            "outcomes.refused[1]: 'done' is at outcomes.succeeded[0] already. Hint: one name",
        ),
        (
            {"outcomes": {"succeeded": ["*.ok"], "refused": ["a.*o", None]}},
            "outcomes.refused[1]: nothing is not text",
        ),
        ({"routes": {"direct": []}}, "routes.direct: has no steps"),
        ({"routes": {"": ["form"]}}, "routes: is blank"),
        ({"routes": {"direct": "form"}}, "routes.direct: 'form' is not a list"),
        ({"routes": {"direct": ["form", "form"]}}, "routes.direct[1]: 'form' is out of order"),
        ({"steps": []}, "steps: there are none"),
        ({"steps": None}, "steps: is missing"),
        ({"steps": [step(" ")]}, "steps[0].key: is blank"),
        ({"steps": [step(typical="PT0S")]}, "steps[0].typical: is not above nothing"),
        ({"steps": [step(touchpoints=[])]}, "steps[0].touchpoints: there are none"),
        ({"steps": [step(touchpoints=["x"]) | {"key": None}]}, "steps[0].key: nothing is not text"),
        ({"steps": [step(touchpoints=[""])]}, "steps[0].touchpoints[0]: is blank"),
        ({"steps": [step(help="x" * 80)]}, "steps[0].help: '" + "x" * 59 + "... is not true or"),
    ],
)
def test_problem_is_named_with_its_path_and_a_way_out(
    changes: dict[str, Any], problem: str
) -> None:
    found = problems_in(small(**changes))

    assert [line for line in found if line.startswith(problem)], found


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ((["a"], ["b", "a"]), "steps[1].touchpoints[1]: 'a' is at steps[0].touchpoints[0] already"),
        ((None, ["one"]), "steps[1].touchpoints[0]: 'one' is at steps[0].key already"),
        (
            (["form.*"], ["*.save"]),
            "steps[1].touchpoints[0]: '*.save' ties with 'form.*' at steps[0].touchpoints[0]",
        ),
    ],
)
def test_touchpoint_belongs_to_one_step(names: tuple[Any, Any], problem: str) -> None:
    steps = [
        step(key) | ({"touchpoints": given} if given else {})
        for key, given in zip(["one", "two"], names, strict=True)
    ]

    found = problems_in(small(steps=steps))

    assert len(found) == 1
    assert found[0].startswith(problem)


def test_names_that_a_length_or_an_exact_name_tells_apart_are_fine() -> None:
    steps = [
        step("one", touchpoints=["form.*", "form.*", "*.form"]),
        step("two", touchpoints=["form.page*", "form.x"]),
    ]

    service = decode_service(small(steps=steps, outcomes={"succeeded": ["form.x", "*.orm"]}))

    assert service.resolve("form.x") == (1, Outcome.SUCCEEDED)


def test_slip_in_one_step_hides_no_problem_of_another() -> None:
    steps = [{"actor": "customer"}, "x", step("pay", touchpoints="pay")]

    found = problems_in(small(steps=steps, routes={"r": ["pay", "paid", 5]}))

    assert [problem.split(": ")[0] for problem in found] == [
        "steps[0].key",
        "steps[0].name",
        "steps[1]",
        "steps[2].touchpoints",
        "routes.r[2]",
        "routes.r[1]",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "nothing is not a mapping. Hint: write it as key: value"),
        ("- a", "['a'] is not a mapping"),
        ("key: [a", "line 2: is not YAML: while parsing a flow sequence"),
        ("a: 1\n---\nb: 2", "line 2: is not YAML: expected a single document in the stream"),
        ("key: !!python/object:os.system x", "line 1: is not YAML: could not determine"),
        ("? [a]\n: b", "line 1: is not YAML: while constructing a mapping"),
        ("key: \x07", "is not YAML: unacceptable character"),
        ("a: " + "[" * 1_000, "line 1: is not YAML: while increasing flow level"),
        ("key: " + "[" * 999 + "]" * 999, "is not YAML: maximum recursion depth"),
        ("key: \ud800", "is not YAML: 'utf-8' codec can't encode"),
        ("version: " + "1" * 5_000, "is not YAML: Exceeds the limit"),
    ],
)
def test_text_that_is_no_definition_is_refused(text: str, problem: str) -> None:
    assert problems_in(text)[0].startswith(problem)


def test_key_given_twice_is_a_problem_beside_the_others() -> None:
    found = problems_in(SMALL.replace("deadline: P1D", "deadline: P1D, deadline: 2d"))

    assert found[0] == "deadline: is given twice in the mapping that starts at line 9"
    assert found[1].startswith("steps[0].deadline: '2d' is not a duration")


def test_yaml_anchors_and_merges_are_read() -> None:
    text = (
        SMALL
        + """
routes: {r: &all [form, pay], s: *all}
"""
    )
    text = text.replace("steps:\n  - {", "steps:\n  - &first {").replace(
        "outcomes:", "  - {<<: *first, key: pay}\noutcomes:"
    )

    service = decode_service(text)

    assert [step.key for step in service.steps] == ["form", "pay"]
    assert service.routes["s"] == ("form", "pay")
