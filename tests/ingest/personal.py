"""What the guard must find, and what it must let pass."""

_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def identity_code(born: str, sign: str, individual: str) -> str:
    """A Finnish identity code with the check character it must have."""
    return born + sign + individual + _CHECK_CHARACTERS[int(born + individual) % 31]


ONE_OF_EACH = {
    "an identity code": "131052-308T",
    "an email address": "matti.meikalainen@example.org",
    "a phone number": "040 123 4567",
    "an IBAN": "FI21 1234 5600 0007 85",
    "a licence plate": "ABC-123",
}

PERSONAL = {
    "an identity code": [
        *(identity_code("131052", sign, "308") for sign in "-+ABCDEFUVWXYabcdefuvwxy"),
        "131052\N{EN DASH}308T",
        "131052-308t",
        "henkilötunnus 131052-308T, kiitos",
        "hetu131052-308T",
        "https://hel.fi/?hetu=131052-308T&x=1",
        identity_code("010106", "A", "900"),  # a temporary one
        identity_code("290224", "A", "123"),  # born on a leap day
    ],
    "an email address": [
        "matti@example.org",
        "Matti Meikäläinen <matti.meikalainen+hel@posti.hel.fi>",
        "mailto:matti%40example.org",
        "matti (at) example.org",
        "matti[ät]example.fi",
        "äiti@ääkköset.fi",
        "\N{FULLWIDTH LATIN SMALL LETTER M}atti\N{FULLWIDTH COMMERCIAL AT}example.org",
        "ma\N{SOFT HYPHEN}tti@exa\N{ZERO WIDTH SPACE}mple.org",
    ],
    "a phone number": [
        "0401234567",
        "040 123 4567",
        "(040) 123 4567",
        "050-1234567",
        "0400 123 456",
        "0457 123 4567",
        "soita 045 1234567.",
        "+358401234567",
        "+358 40 123 4567",
        "tel:+358-40-123-4567",
        "%2B358401234567",
        "00358401234567",
        "00358 9 310 1691",
        "358401234567",
        "09 310 1691",
        "(09) 310 1691",
        "09-310 1691",
        "018 123 45",
        "+46 70 123 45 67",
        "+1 (212) 555-0100",
        "040\N{NO-BREAK SPACE}123\N{NO-BREAK SPACE}4567",
    ],
    "an IBAN": [
        "FI2112345600000785",
        "FI21 1234 5600 0007 85",
        "fi2112345600000785",
        "tili FI21-1234-5600-0007-85 kiitos",
        "IBAN:FI2112345600000785",
        "DE89370400440532013000",
        "SE4550000000058398257466",
        "EE382200221020145685",
        "NO9386011117947",
        "GB82 WEST 1234 5698 7654 32",
        "FR1420041010050500013M02606",
        "NL91ABNA0417164300",
    ],
    "a licence plate": ["ABC-123", "auto ABC-123 hinattu", "AB-12", "ÄLY-101", "(XYZ-10)"],
}

ORDINARY = [
    "8f14e45f",
    "8f14e45f-ceea-467f-a8f1-7b2d0c5e9e11",
    "8F14E45F-CEEA-467F-A8F1-7B2D0C5E9E11",
    "12345678-0401-4123-8456-131052308000",
    "5d41402abc4b2a76b9719d911017c592",
    "ad47d1cb4f095b2a5ca9db2f",
    "sha256:" + "a1" * 32,
    "R-20931",
    "R-123",
    "TP-20931",
    "tp-1",
    "tp-100",
    "evt_2026_000001",
    "V2026-00012345",
    "HEL 2026-001234",
    "2026-001-0045",
    "20260401-123456",
    "0000123456",
    "0012345678",
    "4111111111111111",
    "1 000 000",
    "2026-11-17T09:14:05.120Z",
    "2026-11-17T09:14:05+02:00",
    "2026-11-17T09:14:05.041234567Z",
    "20261117T091405+0200",
    "Tue Nov 17 2026 11:14:05 GMT+0200 (Eastern European Standard Time)",
    "2026-W47",
    "09-11-2026",
    "05.04.2026",
    "04012026",
    "Mo-Fr 09:00-15:00",
    "60.1699, 24.9384",
    "0.0412345678",
    "1.2.3",
    "pkg@1.2.3",
    "a+b=c",
    "form.submit",
    "reservation.confirmed",
    "urn:hel:varaamo",
    "https://varaamo.hel.fi/reservation-unit/123?step=1",
    "fi.hel.touchpoint.v1",
    "application/json; charset=utf-8",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "PROCESSING_TIME_TOO_LONG",
    "00100",
    "131052-308A",  # the check character is wrong
    identity_code("320152", "-", "308"),  # no such day
    identity_code("131352", "-", "308"),  # no such month
    "FI2212345600000785",  # the check digits are wrong
]
