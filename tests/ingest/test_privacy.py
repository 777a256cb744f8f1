"""Pseudonyms, the allow-list and the guard."""

import hashlib
import hmac
import json
import random
import uuid
from datetime import UTC, date, datetime, timezone
from datetime import timedelta as td

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.privacy import (
    Pseudonyms,
    allowed_attributes,
    find_personal_data,
    pseudonymise,
    shows_car_plate,
    shows_reference,
)
from journeys.errors import PolkuError
from journeys.service import COMMON_ATTRIBUTES
from tests.ingest.messages import KEY, SERVICES
from tests.ingest.personal import ORDINARY, PERSONAL, identity_code


def test_pseudonym_is_the_keyed_hash_of_service_and_reference() -> None:
    message = json.dumps(["varaamo-booking", "R-ä"], separators=(",", ":"), ensure_ascii=False)

    pseudonym = pseudonymise("R-ä", key=KEY, service="varaamo-booking")

    assert pseudonym == hmac.new(KEY, message.encode(), hashlib.sha256).hexdigest()[:32]


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_references_have_different_pseudonyms(one: str, other: str) -> None:
    pseudonyms = Pseudonyms(KEY)

    same = pseudonyms.of(one, "varaamo-booking") == pseudonyms.of(other, "varaamo-booking")

    assert same == (one == other)


def test_one_person_has_another_pseudonym_in_each_service() -> None:
    pseudonyms = Pseudonyms(KEY)

    assert pseudonyms.of("a1b2c3", "one") != pseudonyms.of("a1b2c3", "other")


def test_services_and_references_cannot_be_shifted_into_each_other() -> None:
    pseudonyms = Pseudonyms(KEY)

    assert pseudonyms.of("b", "a") != pseudonyms.of('","b', "a")
    assert pseudonyms.of_identifier("b", "a") != pseudonyms.of("b", "a")
    assert pseudonyms.digest(b'["a","b"]')[:32] != pseudonyms.of("b", "a")


def test_references_are_hashed_as_sent() -> None:
    pseudonyms = Pseudonyms(KEY)

    assert len({pseudonyms.of(sent, "s") for sent in ("R-1", " R-1", "r-1", "R-1 ")}) == 4


def test_short_key_is_refused_without_being_shown() -> None:
    with pytest.raises(PolkuError, match=r"it has 11 bytes.*Hint: ") as refused:
        Pseudonyms(b"abracadabra")

    assert "abracadabra" not in str(refused.value)


def test_pseudonyms_show_neither_key_nor_references() -> None:
    pseudonyms = Pseudonyms(KEY)

    pseudonyms.of("R-20931", "varaamo-booking")

    assert repr(pseudonyms) == "Pseudonyms()"


def test_any_version_of_a_service_lets_an_attribute_through() -> None:
    allowed = allowed_attributes(SERVICES["varaamo-booking"])

    assert allowed == {*COMMON_ATTRIBUTES, "unit", "floor"}


@pytest.mark.parametrize(
    ("text", "reference", "shown"),
    [
        ("r-20931-pay", "r-20931", True),
        ("r-931001", "r-931", True),
        ("x1234y", "1234", True),
        ("order-17-pay", "17", True),
        ("17", "17", True),
        ("8f14e45f", "14", False),
        ("order_17", "17", True),
        ("order-171", "17", False),
        ("pay", "r-20931", False),
        ("a.b", "a", True),
    ],
)
def test_reference_is_found_anywhere_but_a_short_one_as_a_word(
    *, text: str, reference: str, shown: bool
) -> None:
    assert shows_reference(text, reference) is shown


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in PERSONAL.items() for text in texts]
)
def test_personal_data_is_found(kind: str, text: str) -> None:
    assert find_personal_data(text) == kind


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_passes(text: str) -> None:
    assert find_personal_data(text) is None


@given(
    st.dates(),
    st.sampled_from("-+ABCDEFUVWXYabcdefuvwxy"),
    st.integers(min_value=2, max_value=999),
    st.sampled_from(["", " ", "hetu: ", "/", "(", "_"]),
    st.sampled_from(["", " ", ".", "/x", ")", "_"]),
)
def test_every_identity_code_is_found(
    born: date, sign: str, individual: int, before: str, after: str
) -> None:
    code = identity_code(f"{born:%d%m}{born.year % 100:02}", sign, f"{individual:03}")

    assert find_personal_data(before + code + after) == "an identity code"


@given(st.dates(), st.integers(min_value=2, max_value=999), st.integers(1, 30))
def test_code_with_another_check_character_passes(born: date, individual: int, shift: int) -> None:
    code = identity_code(f"{born:%d%m}{born.year % 100:02}", "A", f"{individual:03}")
    signs = "0123456789ABCDEFHJKLMNPRSTUVWXY"
    wrong = code[:-1] + signs[(signs.index(code[-1]) + shift) % 31]

    assert find_personal_data(wrong) is None


@given(st.integers(0, 10**14 - 1))
def test_every_finnish_iban_is_found_and_no_other_check_digits(account: int) -> None:
    digits = f"{account:014}"
    check = 98 - int(digits + "151800") % 97  # F is 15, I is 18
    wrong = check - 1 if check > 2 else check + 1

    assert find_personal_data(f"FI{check:02}{digits}") == "an IBAN"
    assert find_personal_data(f"FI{wrong:02}{digits}") != "an IBAN"


@given(st.uuids())
def test_uuids_pass_in_every_notation(identifier: uuid.UUID) -> None:
    for text in (str(identifier), str(identifier).upper(), identifier.hex, identifier.urn):
        assert find_personal_data(text) is None


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is drawn
    st.sampled_from([UTC, timezone(td(hours=2)), timezone(td(hours=-5)), None]),
)
def test_times_pass(when: datetime, zone: timezone | None) -> None:
    stamped = when.replace(tzinfo=zone)

    for text in (stamped.isoformat(), f"{stamped:%Y%m%d%H%M%S%z}", f"{stamped:%d.%m.%Y %H.%M}"):
        assert find_personal_data(text) is None


def test_ordinary_identifiers_are_hardly_ever_taken_for_personal() -> None:
    drawn = random.Random(20931)  # noqa: S311 - nothing secret
    identifiers = [
        form
        for _ in range(5_000)
        for form in (
            f"{drawn.getrandbits(64):016x}",
            f"{drawn.getrandbits(64):016X}",
            f"{drawn.getrandbits(96):024x}",
            f"{drawn.getrandbits(160):040x}",
            f"R-{drawn.randrange(10**8)}",
            f"{drawn.randrange(10**10)}",
            f"HEL {drawn.randrange(2015, 2027)}-{drawn.randrange(10**6):06}",
        )
    ]

    taken = [identifier for identifier in identifiers if find_personal_data(identifier)]

    assert taken == []


@pytest.mark.parametrize(
    "text",
    ["a" * 200_000, "@" * 200_000, "0401" * 50_000, "FI21 " * 40_000, "a@b." * 50_000, "%" * 9],
)
def test_guard_reads_a_text_of_any_length(text: str) -> None:
    assert find_personal_data(text) is None


def test_plates_can_be_left_out() -> None:
    assert find_personal_data("charset=UTF-16", plates=False) is None


@pytest.mark.parametrize(
    ("identifier", "shown"),
    [("ABC-123", True), ("permit-ABC-123-paid", True), ("INC-20", False), ("tp-123", False)],
)
def test_identifier_shows_a_plate_only_if_it_is_a_cars(*, identifier: str, shown: bool) -> None:
    assert shows_car_plate(identifier) is shown
