"""What may be stored of a message, and under which name.

Three rules, applied before anything reaches the log:

* A *reference* (a producer's `case` or `person`) is stored as its *pseudonym*, a keyed hash over
  the service and the reference: one person cannot be followed from service to service, and nobody
  without the key can try references out. References are hashed exactly as sent, for trimming or
  changing case would merge what a producer keeps apart; white space alone is no reference.
* *Attributes* pass an allow-list, the service's own and the common ones.
* The *guard* reads every other text for Finnish identity codes, e-mail addresses, phone numbers,
  IBANs and licence plates. Check digits are verified where there are any, because ordinary
  identifiers (UUIDs, counters, times) must pass.

What the guard lets through, so that reservation numbers pass: a landline number without a space, a
mobile number of fewer than nine digits, a foreign number without `+`, and a plate other than in
capitals with a hyphen and two or three digits (`abc-123`, `ABC123`, `ABC-1`).
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Literal

import msgspec

from journeys.errors import PolkuError
from journeys.service import COMMON_ATTRIBUTES, Service

Kind = Literal[
    "an identity code", "an email address", "a phone number", "an IBAN", "a licence plate"
]

PSEUDONYM_LENGTH = 32
"""Hexadecimal characters: 128 bits.

Among a thousand million references of one service the chance that any two share a pseudonym is
about 10^-21, and guessing one back needs the key whatever the length. The other half of the hash
would only make the log's largest columns longer.
"""

MINIMUM_KEY_LENGTH = 16
"""Bytes. A shorter key could be tried out with the references, which are often just counters."""


class Pseudonyms:
    """The keyed hashes of one deployment; its repr shows neither key nor anything hashed.

    Each kind of hash has its own domain, so that none can be had through another.
    """

    __slots__ = ("_digests", "_references")

    def __init__(self, key: bytes) -> None:
        """Derive the keys of the deployment's hashes.

        Args:
            key: The deployment's secret, kept outside the database.

        Raises:
            PolkuError: The key is shorter than 16 bytes.
        """
        if len(key) < MINIMUM_KEY_LENGTH:
            raise PolkuError(
                f"pseudonym key: it has {len(key)} bytes, too few to keep references from being "
                f"guessed. Hint: at least {MINIMUM_KEY_LENGTH} random bytes, `openssl rand -hex 32`"
            )
        # A copy of a keyed hash is a third of the price of keying a new one.
        self._references = hmac.new(key, digestmod=hashlib.sha256)
        self._digests = hmac.new(
            hmac.new(key, b"polku quarantine digest", hashlib.sha256).digest(),
            digestmod=hashlib.sha256,
        )

    def __repr__(self) -> str:
        return "Pseudonyms()"

    def of(self, reference: str, service: str) -> str:
        """Hash a reference: 128 bits of HMAC-SHA-256 over the JSON array `[service, reference]`."""
        return self._hash([service, reference])

    def of_identifier(self, identifier: str, source: str) -> str:
        """Hash a producer's `id` that shows a reference.

        What is hashed is `["id", source, id]`: three elements, so it never equals a reference's
        pseudonym, and no service, so the same id sent for another service is seen as a conflict.
        """
        return self._hash(["id", source, identifier])

    def digest(self, sha256: bytes) -> str:
        """Key the SHA-256 of a rejected record, as 64 hexadecimal characters.

        A plain hash of a short record could be found by trying; this one tells only who has the key
        whether two records are the same. Sources compute the SHA-256: they need no key for it, and
        can do it while they skip a line that is too long to keep.
        """
        keyed = self._digests.copy()
        keyed.update(sha256)
        return keyed.hexdigest()

    def _hash(self, message: Sequence[str]) -> str:
        keyed = self._references.copy()
        keyed.update(msgspec.json.encode(message))
        return keyed.hexdigest()[:PSEUDONYM_LENGTH]


def pseudonymise(reference: str, *, key: bytes, service: str) -> str:
    """Hash one reference; `Pseudonyms` does many.

    Examples:
        >>> pseudonymise("R-20931", key=b"0123456789abcdef", service="varaamo-booking")
        '45758b236a37b43d8654f2be7493061f'
    """
    return Pseudonyms(key).of(reference, service)


def allowed_attributes(versions: Sequence[Service]) -> frozenset[str]:
    """Name the attributes that a service stores: any of its versions', and the common ones."""
    return frozenset(COMMON_ATTRIBUTES).union(*(version.attributes for version in versions))


def shows_reference(text: str, reference: str) -> bool:
    """Whether a text shows a reference, upper and lower case alike.

    References of four characters and more are found anywhere (`R-931` in `R-931001`); shorter ones
    as a word of their own only (`17` in `order-17-pay`), for every second identifier has a `1`.

    Args:
        text: The text, case-folded.
        reference: The reference, case-folded.
    """
    if reference not in text:
        return False
    if len(reference) >= 4:
        return True
    return re.search(rf"(?<![^\W_]){re.escape(reference)}(?![^\W_])", text) is not None


def find_personal_data(text: str, *, plates: bool = True) -> Kind | None:
    """Find the first kind of personal data that a text holds.

    Args:
        text: Any text, of any length; the time taken is linear in it.
        plates: Look for licence plates, too.

    Returns:
        What it holds, never the value; None if nothing was found.

    Examples:
        >>> find_personal_data("soita 040 123 4567")
        'a phone number'
        >>> find_personal_data("R-20931") is None
        True
    """
    if not text.isascii():
        # Full-width and other look-alikes become the characters they look like.
        text = unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKES)
    if _DIGIT_OR_SIGN.search(text) is None:
        return None
    if (len(text) == 36 and _LOWER_UUID.fullmatch(text)) or _SUSPECT.search(text) is None:
        return None
    # A UUID's groups can look like anything, and are nobody's number.
    text = _UUID.sub("\n", text)
    for kind, is_in in _KINDS:
        if is_in(text):
            return kind
    return "a licence plate" if plates and _PLATE.search(text) is not None else None


def shows_car_plate(identifier: str) -> bool:
    """Whether an `id` shows an ordinary car plate (`ABC-123`).

    In an `id` such a code is as likely a ticket's number (`INC-204`), so the record is not refused:
    the id is stored as its hash, which serves as well. Shorter plates are left alone there, else
    the first 99 tickets of every queue would be hashed.
    """
    return _CAR_PLATE.search(identifier) is not None


# What any of the kinds needs, cheap enough for every text: mostly this is all that runs, and of
# words alone no more than the first.
_DIGIT_OR_SIGN = re.compile(r"[0-9@%(\[{]")
_SUSPECT = re.compile(
    r"[@%+(\[{]|[0-9]{6}|(?<![0-9A-Za-z])(?:0[1-9]|358|00|[A-Za-z]{2}[0-9]{2}|IBAN|iban)"
    r"|[A-ZÅÄÖ]-[0-9]{2}"
)
_LOOK_ALIKES: dict[int, str | None] = {
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-"),  # hyphens, dashes, minus
    **dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),  # seen by nobody
}
_LOWER_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])",
    re.IGNORECASE,
)

# The letters for a century could be hexadecimal: with one of them nothing may touch the code.
_IDENTITY_CODE = re.compile(
    r"(?:(?<![0-9])(?P<dashed>[0-9]{6})[-+]|(?<![0-9A-Z])(?P<lettered>[0-9]{6})[A-FU-Y])"
    r"(?P<individual>[0-9]{3})(?P<check>[0-9A-Y])(?![0-9A-Z])",
    re.IGNORECASE,
)
_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# One character before the sign is enough, and keeps the search linear.
_EMAIL = re.compile(
    r"[^\s@<>(),;:\"\[\]{}](?:@|%40|\s?[(\[{]\s?(?:at|ät)\s?[)\]}]\s?)"
    r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}",
    re.IGNORECASE,
)

_PHONE = re.compile(
    r"""
    # +358 40 123 4567
    (?: (?<![0-9A-Z])\+ | %2B )\ ?[1-9](?:[ ().\-/]{0,2}[0-9]){7,14}(?![0-9A-Z])
    # 00358 9 310 1691, 358401234567
    | (?<![0-9A-Z.,])(?: 00\ ?358 (?:[ -]?[0-9]){6,11} | 358 [ -]?(?:4[0-9]|50)(?:[ -]?[0-9]){6,7} )
      (?![0-9A-Z])
    # 040 123 4567, 0457 123 4567
    | (?<![0-9A-Z.,])(?<![0-9]-)\(?0(?: 45[78](?=\)?(?:[ -]?[0-9]){7}(?![0-9])) | 4[0-9] | 50 )
      \)?(?:[ -]?[0-9]){6,7}(?![0-9A-Z])
    # 09 310 1691, (09) 3101691
    | (?<![0-9A-Z.,:/-])(?: \(0(?:[235689]|1[3-9])\)\ ? | 0(?:[235689]|1[3-9])[ -] )
      (?: [0-9]{3,4}\ [0-9]{2,4}(?:\ [0-9]{2})? | (?<=[) ])[0-9]{5,8} )(?![0-9A-Z:.-])
    """,
    re.IGNORECASE | re.VERBOSE,
)

_PLATE = re.compile(r"(?<![0-9A-Za-zÅÄÖåäö-])[A-ZÅÄÖ]{2,3}-[1-9][0-9]{1,2}(?![0-9A-Za-z-])")
_CAR_PLATE = re.compile(r"(?<![0-9A-Za-z])[A-ZÅÄÖ]{3}-[1-9][0-9]{2}(?![0-9A-Za-z])")

_IBAN_START = re.compile(
    r"(?<![0-9A-Z])(?:IBAN)?(?P<country>[A-Z]{2})(?=[0-9]{2}[ 0-9A-Z-])", re.IGNORECASE
)
# What follows the check digits, as in the IBAN registry (n digits, a letters, c either). By check
# digits alone, one in 1,800 hashes that begin with two letters would pass for an IBAN.
_IBAN_FORMATS = {
    country: form
    for form, countries in {
        "n11": "NO",
        "n12": "BE",
        "n14": "DK FI FO GL SD",
        "n15": "SI",
        "n16": "AT BA EE LT MN XK",
        "n17": "HR",
        "n18": "CR DE ME RS VA",
        "n19": "AE IL SO TL",
        "n20": "CZ ES SE SK TN",
        "n21": "LY PT ST",
        "n22": "IS",
        "n23": "BI DJ MR",
        "n24": "HU PL",
        "n25": "EG",
        "a1 n10 c12": "IT SM",
        "a2 n12": "FK",
        "a2 n16": "GE",
        "a4 c13": "LV",
        "a4 c14": "BH",
        "a4 c15": "GI",
        "a4 c16": "PK RO",
        "a4 c20": "AZ",
        "a4 c21": "PS QA",
        "a4 c22": "KW",
        "a4 c24": "LC",
        "a4 n4 c18": "JO",
        "a4 n5 c18": "MT",
        "a4 n6 c8": "BG",
        "a4 n10": "NL",
        "a4 n14": "GB IE",
        "a4 n15": "IQ",
        "a4 n16": "VG",
        "a4 n19 a3": "MU",
        "a4 n20": "HN NI SV",
        "a4 n20 a3": "SC",
        "c4 n4 c16": "BY",
        "c4 n20": "DO",
        "c20": "MD",
        "c24": "GT",
        "n2 c18": "SA",
        "n3 c10 n2": "MK",
        "n3 c13": "KZ LU",
        "n3 c16": "OM",
        "n4 c20": "LB",
        "n5 c12": "CH LI",
        "n6 c16": "TR",
        "n6 c19": "UA",
        "n7 c16": "GR",
        "n8 c12": "AD",
        "n8 c16": "AL CY",
        "n10 c11 n2": "FR MC",
        "n14 c15": "RU",
        "n23 a1 c1": "BR",
    }.items()
    for country in countries.split()
}
_IBAN_SIGNS = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}


def _is_identity_code(match: re.Match[str]) -> bool:
    born = match["dashed"] or match["lettered"]
    day, month = int(born[:2]), int(born[2:4])
    if not (1 <= month <= 12 and 1 <= day <= _DAYS_IN_MONTH[month - 1]):
        return False
    check = _CHECK_CHARACTERS[int(born + match["individual"]) % 31]
    return check == match["check"].upper()


def _iban_candidates(text: str) -> Iterator[str]:
    for start in _IBAN_START.finditer(text):
        form = _IBAN_FORMATS.get(start["country"].upper())
        rest = _iban_rest(form).match(text, start.end()) if form is not None else None
        if rest is not None:
            number = start["country"] + rest.group()
            yield number.replace(" ", "").replace("-", "").upper()


@cache
def _iban_rest(form: str) -> re.Pattern[str]:
    """Compile what follows the country, each sign with a space or hyphen before it if it likes."""
    parts = (f"(?:[ -]?{_IBAN_SIGNS[part[0]]}){{{part[1:]}}}" for part in ("n2", *form.split()))
    return re.compile("".join(parts) + "(?![0-9A-Z])", re.IGNORECASE)


def _is_iban(number: str) -> bool:
    """Verify the check digits: ISO 13616, remainder 1 modulo 97, letters as 10 to 35."""
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


_KINDS: tuple[tuple[Kind, Callable[[str], bool]], ...] = (
    ("an identity code", lambda text: any(map(_is_identity_code, _IDENTITY_CODE.finditer(text)))),
    ("an email address", lambda text: _EMAIL.search(text) is not None),
    ("a phone number", lambda text: _PHONE.search(text) is not None),
    ("an IBAN", lambda text: any(map(_is_iban, _iban_candidates(text)))),
)
