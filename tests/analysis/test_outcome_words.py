"""What the name of an end says of it, in three languages."""

from unicodedata import normalize

import pytest

from analysis.outcome_words import outcome_by_name

REFUSED = """
    Hakemus hylätty|Hylkäys|Hylkäyspäätös|Kielteinen päätös|Avslag|Ansökan avslagen|AVSLAGSBESLUT
    application.rejected|REFUSED|A_DENIED|RequestRejected|Hakemus HYLÄTTY
"""
CANCELLED = """
    Peruttu|Varaus peruutettu|Asiakas perunut|Peruutus|Återtagen|Bokning avbokad|O_CANCELLED
    canceled|Cancellation|request_withdrawn|withdrawnByCustomer
"""
EXPIRED = """
    Vanhentunut|Tarjous rauennut|Utgången|Erbjudandet förfallet|Förfallen|Expired|offer-expired2
    payment_timeout|Timeout|Raukeaminen
"""
NOTHING = """
    Päätös|Myönnetty|Avslutad|Beviljad|Granted|Perusopetus|Peruste|Utgång|Avgjord|Closed|uncancelled
    T06 Determine necessity of stop advice|403|
"""


def said(text: str) -> list[str]:
    words = (word.strip() for line in text.splitlines() for word in line.split("|"))
    return [word for word in words if word]


@pytest.mark.parametrize(
    ("names", "outcome"), [(REFUSED, "refused"), (CANCELLED, "cancelled"), (EXPIRED, "expired")]
)
def test_an_end_that_says_so_is_seen(names: str, outcome: str) -> None:
    for name in said(names):
        for written in (name, normalize("NFD", name)):
            assert outcome_by_name(written) == outcome, written


@pytest.mark.parametrize("name", ["", *said(NOTHING)])
def test_a_name_that_says_nothing_of_the_kind_is_left_alone(name: str) -> None:
    assert outcome_by_name(name) is None


def test_the_first_word_that_says_counts() -> None:
    assert outcome_by_name("expired: rejected by timeout") == "expired"
    assert outcome_by_name("Rejected (timeout)") == "refused"
