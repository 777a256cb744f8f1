"""A drafted definition as YAML: whatever the names are, it is read back; a guess is marked."""

from collections.abc import Sequence
from datetime import date

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.draft import Basis, Draft, DraftStep
from delivery.report.definition import definition_text
from journeys.definition_rules import warnings_of
from journeys.errors import ServiceDefinitionError
from journeys.names import tied_pairs
from journeys.service import Actor, FileForm, Outcome, Service, decode_service

ODD = [
    "no",
    "null",
    "~",
    "true",
    "1.0",
    "0x1F",
    "1_000",
    "12:30:00",
    "2026-01-05",
    "=",
    "<<",
    "-",
    "?",
    "*",
    "&a",
    "!b",
    "|",
    ">",
    "%",
    "@",
    "`",
    "",
    " leading and trailing ",
    "colon: in it",
    "hash # in it",
    "'single' and \"double\"",
    "[1, 2]",
    "{a: b}",
    "a, b",
    "back\\slash",
    "line\nbreak",
    "\ttab\r",
    "\u2028\x85\ufeff\x00\x7f",
    "hätävarjelun liioittelu 🙂",
    "--- ",
    "...",
    "x" * 200,
    "pitkä nimi " * 20,
]
NAMES = st.one_of(
    st.text(min_size=1, max_size=30),
    st.text(alphabet="ab*?[]: #'\"\n-", min_size=1, max_size=8),
    st.sampled_from(ODD),
)


def drafted(*names: str, **changes: object) -> Draft:
    return Draft(
        cases=1434,
        touchpoints=8577,
        steps=[step(name, **changes) for name in names],
        horizon_days=41,
        ended=1402,
        first_day=date(2026, 1, 5),
    )


def step(name: str, **changes: object) -> DraftStep:
    usual = DraftStep(
        name=name,
        cases=1400,
        share=1400 / 1434,
        position=0.2,
        place=2,
        places=6,
        optional=False,
        deadline_days=9,
        gaps=1230,
        basis="step",
        ended=1300,
        ends=900,
        is_outcome=False,
    )
    return msgspec.structs.replace(usual, **changes)


def text_of(*names: str, **options: object) -> str:
    return definition_text(drafted(*names), key="permit", **options)  # type: ignore[arg-type]


def service_of(*names: str, **options: object) -> Service:
    return decode_service(text_of(*names, **options))


def usable(names: Sequence[str]) -> list[str]:
    """Names that a definition can hold, as plain counting has them."""
    held: list[str] = []
    for name in names:
        ties = tied_pairs((pattern, pattern) for pattern in [*held, name])
        if name.strip() and not [tie for tie in ties if name in (tie[0], tie[2])]:
            held.append(name)
    return held


@settings(max_examples=80, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=8, unique=True),
    outcomes=st.sets(st.integers(0, 7)),
    sampled=st.booleans(),
)
@example(names=ODD, outcomes={0, 12, 13, 30}, sampled=True)
@example(names=["a*", "*a", "a?", "??", "?a", "aa"], outcomes={0, 1, 2, 3, 4}, sampled=False)
def test_any_names_are_read_back_as_steps_in_order(
    names: list[str], outcomes: set[int], *, sampled: bool
) -> None:
    draft = drafted()
    draft.steps.extend(
        step(name, is_outcome=place in outcomes, optional=place % 2 == 1)
        for place, name in enumerate(names)
    )
    held = usable(names)

    text = definition_text(draft, key="permit", source_name=names[0], sampled=sampled)

    if not held:
        assert "steps: []" in text
        return
    service = decode_service(text)
    assert [step.key for step in service.steps] == held
    assert [step.optional for step in service.steps] == [
        names.index(name) % 2 == 1 for name in held
    ]
    assert all(set(step.name.values()) == {step.key} for step in service.steps)
    assert service.outcomes_confirmed is False
    # Every name stands for its own step, and is an outcome only if it was found to be one.
    for place, name in enumerate(held):
        index, outcome = service.resolve(name)
        assert index == place
        assert outcome is None or names.index(name) in outcomes


@settings(max_examples=40, deadline=None)
@given(
    words=st.lists(st.text(min_size=1, max_size=200).filter(str.strip), max_size=5, unique=True),
    attributes=st.lists(NAMES.filter(str.strip), max_size=3, unique=True),
    delimiter=st.characters(exclude_categories=["Cs"]),
)
@example(words=["🙂" * 199 + "\n", "k" * 1200], attributes=[], delimiter="\t")
def test_any_words_of_a_file_are_read_back(
    words: list[str], attributes: list[str], delimiter: str
) -> None:
    columns = dict(zip(("case", "touchpoint", "time", *attributes), ODD, strict=False))
    form = FileForm(delimiter=delimiter, time_format="%d/%m: %H#%M")

    service = service_of(
        "a",
        columns=columns,
        channels=dict.fromkeys(words, "web"),
        guessed_channels=words[:2],
        unknown_channels=words,
        attributes=attributes,
        file=form,
        source_name="\n".join(words),
    )

    assert service.columns == columns
    assert service.channels == dict.fromkeys(words, "web")
    assert service.attributes == tuple(attributes)
    assert service.file == form


def test_service_is_what_was_drafted() -> None:
    service = decode_service(
        definition_text(
            drafted("form"),
            key="permit-2",
            channels={"Internet": "web"},
            columns={"case": "Asia", "touchpoint": "Vaihe"},
            file=FileForm(zone="Europe/Helsinki", lifecycle="all"),
        )
    )

    assert (service.key, service.version, service.valid_from) == ("permit-2", 1, date(2026, 1, 5))
    assert (service.visits, service.horizon_days) == ("each", 41)
    assert service.name == {"fi": "permit-2", "sv": "permit-2", "en": "permit-2"}
    (form,) = service.steps
    assert (form.actor, form.passes_to, form.deadline_or_assumed.days) == (Actor.CUSTOMER, None, 9)
    assert service.channels == {"Internet": "web"}
    assert service.columns == {"case": "Asia", "touchpoint": "Vaihe"}
    assert service.file == FileForm(zone="Europe/Helsinki", lifecycle="all")


def test_head_says_what_this_is_and_what_to_do() -> None:
    text = text_of("form", source_name="Lupa hakemukset.csv")

    head = text.split("\n\n", 1)[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "drafted from Lupa hakemukset.csv" in head
    assert "8,577 touchpoints of 1,434 cases" in head
    assert "sample" not in head
    for told in ("order", "actor is", "passes_to", "Finnish", "outcomes_confirmed: true"):
        assert told in head
    assert "polku services check THIS-FILE --preview" in head
    assert "of 1,434 cases, a sample of it" in text_of("form", sampled=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "in 1,400 of 1,434 cases, typically as touchpoint 2 of 6; after 9 silent days"),
        (
            {},
            "days at most 1 in 20 comes back (from 1,230 silences after this step)",
        ),
        (
            {"basis": "service", "gaps": 1, "deadline_days": 1},
            "after 1 silent day at most 1 in 20 comes back (from all steps together:",
        ),
        (
            {"deadline_days": 60},
            "after 60 silent days, the most proposed, over 1 in 20 may still come back",
        ),
        (
            {"basis": "assumed", "gaps": 7},
            "too few silences for a deadline (only 7 silences follow this one), so 14 days are",
        ),
        ({"cases": 0, "basis": "service", "gaps": 0}, "in none of the sampled cases; after"),
        (
            {"cases": 0, "basis": "service", "gaps": 0},
            "(from all steps together: no silence follows this one)",
        ),
        ({"basis": "service", "gaps": 1}, "(from all steps together: only 1 silence follows this"),
    ],
)
def test_every_step_says_what_it_was_guessed_from(changes: dict[str, object], said: str) -> None:
    text = definition_text(drafted("form", **changes), key="permit")

    guess = text.split("\nsteps:\n  # ", 1)[1].split("\n  - key: ", 1)[0].replace("\n  # ", " ")
    assert guess.startswith("guess: ")
    assert said in guess
    assert "gap" not in text


@pytest.mark.parametrize(("basis", "given"), [("step", 9), ("service", 9), ("assumed", None)])
def test_deadline_that_is_only_assumed_is_not_given(basis: Basis, given: int | None) -> None:
    service = decode_service(definition_text(drafted("form", basis=basis), key="permit"))

    deadline = service.steps[0].deadline
    assert (None if deadline is None else deadline.days) == given
    assumed = [warning for warning in warnings_of(service) if "14 days are assumed" in warning]
    assert len(assumed) == (given is None)


def test_ends_are_called_succeeded_until_a_human_sorts_them() -> None:
    draft = drafted("form")
    draft.steps.append(step("granted: yes", is_outcome=True))

    text = definition_text(draft, key="permit")

    assert decode_service(text).outcomes == {Outcome.SUCCEEDED: ("granted: yes",)}
    assert "# guess: the last touchpoint of 900 of 1,300 ended cases" in text


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Hakemus hylätty", "; by its name it may be refused"),
        ("Bokning avbokad", "; by its name it may be cancelled"),
        ("offer_expired", "; by its name it may be expired"),
        ("Avain luovutettu", ""),
    ],
)
def test_an_end_whose_name_says_otherwise_is_marked_and_not_moved(name: str, hint: str) -> None:
    draft = drafted("form")
    draft.steps.append(step(name, is_outcome=True, ends=1, ended=1))

    text = definition_text(draft, key="permit")

    assert decode_service(text).outcomes == {Outcome.SUCCEEDED: (name,)}
    guess = f"# guess: the last touchpoint of 1 of 1 ended case{hint}\n"
    assert guess in text
    assert text.count("by its name") == bool(hint)


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.sampled_from(["a", "Hakemus", "hylätty", "x" * 60]), max_size=40))
def test_no_comment_is_longer_than_100_columns(words: list[str]) -> None:
    name = " ".join(words)
    draft = drafted("form", name, "a*", "*a")
    draft.steps.extend(step(f"{name} {end}", is_outcome=True) for end in ("a", "b*"))

    text = definition_text(draft, key="permit-" * 9 + "s", source_name=name)

    assert decode_service(text).steps[0].key == "form"
    assert max(len(line) for line in text.splitlines() if "# " in line) <= 100


def test_comment_that_does_not_fit_behind_its_line_stands_above_it() -> None:
    draft = drafted("form")
    draft.steps.extend(step(name, is_outcome=True) for name in ("Päätös", "Päätös " + "pitkä " * 9))

    text = definition_text(draft, key="permit")

    guess = "# guess: the last touchpoint of 900 of 1,300 ended cases"
    assert f"\n    - Päätös  {guess}\n" in text
    assert f"\n    {guess}\n    - 'Päätös pitkä " in text


def test_draft_without_an_end_says_so() -> None:
    text = text_of("form")

    assert decode_service(text).outcomes == {}
    assert "# No name was found that ends at least half" in text


def test_horizon_without_an_ended_case_says_so() -> None:
    text = definition_text(msgspec.structs.replace(drafted("form"), ended=0), key="permit")

    assert "horizon: P41D  # guess: no case has ended yet; the longest deadline" in text


def test_name_that_ties_with_an_earlier_one_is_left_out_and_said() -> None:
    text = text_of("form*", "*form", "pay")

    assert [step.key for step in decode_service(text).steps] == ["form*", "pay"]
    assert "# left out, so it counts as unmapped: '*form'; as a pattern it ties with form*" in text


def test_end_that_as_a_pattern_covers_other_names_is_left_out_and_said() -> None:
    draft = drafted("form", "done early")
    draft.steps.append(step("done*", is_outcome=True))

    text = definition_text(draft, key="permit")

    assert decode_service(text).outcomes == {}
    assert "# left out, for as a pattern it also covers other names: done*" in text


def test_only_what_is_set_of_the_file_is_said() -> None:
    assert "file:" not in text_of("form")
    assert "file:" not in text_of("form", file=FileForm())
    written = text_of("form", file=FileForm(encoding="cp1252"))
    assert "file:  # how it is written\n  encoding: cp1252\nsteps:" in written


def test_words_for_channels_are_marked_as_told_guessed_or_unknown() -> None:
    text = text_of(
        "form",
        channels={"Internet": "web", "Tiski": "office"},
        guessed_channels={"Tiski"},
        unknown_channels=["Portti"],
    )

    assert "  Internet: web\n  Tiski: office  # guess\n" in text
    assert "#   Portti: ?\n" in text
    assert "# channels:" not in text
    assert "# channels:\n#   Portti: ?\n" in text_of("form", unknown_channels=["Portti"])


@pytest.mark.parametrize(
    ("valid_from", "first_day", "day"),
    [
        (None, date(2026, 1, 5), date(2026, 1, 5)),
        (date(2025, 1, 1), date(2026, 1, 5), date(2025, 1, 1)),
        (None, date(1901, 1, 1), date(1990, 1, 1)),
        (date(2500, 1, 1), None, date(2199, 12, 31)),
        (None, None, date(2020, 1, 1)),
    ],
)
def test_definition_is_valid_from_a_day_that_it_may_have(
    valid_from: date | None, first_day: date | None, day: date
) -> None:
    draft = msgspec.structs.replace(drafted("form"), first_day=first_day)

    text = definition_text(draft, key="permit", valid_from=valid_from)

    assert decode_service(text).valid_from == day


@pytest.mark.parametrize("key", ["no", "1.0", "2026-01-05", "null", "kesäseteli", "permit.v2"])
def test_key_is_text_whatever_it_looks_like(key: str) -> None:
    text = definition_text(drafted("form"), key=key)

    if key.isascii():
        assert decode_service(text).key == key
    else:
        with pytest.raises(ServiceDefinitionError, match="not usable in a file name"):
            decode_service(text)
