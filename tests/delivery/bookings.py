"""A small export as a Finnish office writes it, made up: bookings of a meeting room."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

HEADER = ("Asia", "Vaihe", "Aika", "Kanava", "Lisätieto")
CHANNELS = ("Verkkopalvelu", "Puhelin", "Käynti")

Row = Sequence[str]

_FIRST = datetime.fromisoformat("2020-06-01T09:05")


def bookings(cases: int = 40) -> list[list[str]]:
    """Every case is sent; two of three are paid, and these confirmed the day after."""
    rows = []
    for number in range(cases):
        at = _FIRST + timedelta(hours=70 * number)
        case, channel = f"HEL 2020-{number:05d}", CHANNELS[number % 3]
        steps = ["Hakemus lähetetty", "Käsittelyssä"]
        if number % 3:
            steps += ["Maksu vastaanotettu", "Päätös lähetetty"]
        for place, step in enumerate(steps):
            rows.append(
                [case, step, excel_time(at + timedelta(hours=26 * place)), channel, "Iltapäivä; ok"]
            )
    return rows


def excel_time(at: datetime) -> str:
    """As Excel in Finnish shows a time: 24.6.2020 13.05."""
    return f"{at.day}.{at.month}.{at.year} {at.hour}.{at:%M}"


def write_excel(path: Path, rows: Iterable[Row], *, header: Row = HEADER) -> Path:
    """Save as Excel in Finnish does: semicolons, Windows-1252, CRLF."""
    lines = [";".join(map(_cell, row)) for row in (header, *rows)]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode("cp1252"))
    return path


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(';"\r\n') else text
