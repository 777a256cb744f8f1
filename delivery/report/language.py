"""Finnish, Swedish and English: sentences, and numbers and dates as each language writes them.

Source sentences are English and stand in the code. Their translations are the gettext catalogues of
`delivery/locale`, which `make messages` brings up to date. A sentence is translated whole, with
its values in it, for Finnish bends words that English only puts beside each other.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from gettext import NullTranslations, translation
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from journeys.service import HELSINKI

if TYPE_CHECKING:
    from babel.core import Locale

LANGUAGES = ("fi", "sv", "en")
DOMAIN = "polku"
CATALOGUES = Path(__file__).parents[1] / "locale"
SOURCE = "en"
"""The language of the sentences in the code."""

NOTHING = "-"
"""Stands for a number that there is none of."""

MINUTE, HOUR, DAY = 60, 3600, 86_400
NO_BREAK = "\N{NO-BREAK SPACE}"


class _Manner(NamedTuple):
    """How a language writes what Babel's data do not say, or say otherwise than the city does.

    Attributes:
        locale: Whose symbols and months Babel knows.
        gap: Between a number and its unit.
        dash: Between the ends of an interval.
        day: Date; `month` is the name of the month.
        moment: Date and time of day.
        week: ISO week.
        units: Of days, hours, minutes and seconds.
        points: Unit of a difference between two shares.
    """

    locale: str
    gap: str
    dash: str
    day: str
    moment: str
    week: str
    units: tuple[str, str, str, str]
    points: str


_MANNERS = {
    "fi": _Manner(
        locale="fi_FI",
        gap=NO_BREAK,
        dash="\N{EN DASH}",
        day="{at.day}.{at.month}.{at.year}",
        moment="{day} klo {at.hour}.{at:%M}",
        week="vko {week}/{year}",
        units=("vrk", "h", "min", "s"),
        points="prosenttiyksikköä",
    ),
    "sv": _Manner(
        locale="sv_FI",
        gap=NO_BREAK,
        dash="\N{EN DASH}",
        day="{at.day}.{at.month}.{at.year}",
        moment="{day} kl. {at.hour}.{at:%M}",
        week="v. {week}/{year}",
        units=("dygn", "h", "min", "s"),
        points="procentenheter",
    ),
    "en": _Manner(
        locale="en_GB",
        gap=" ",
        dash="-",
        day="{at.day} {month} {at.year}",
        moment="{day} {at:%H:%M}",
        week="{year}-W{week:02}",
        units=("d", "h", "min", "s"),
        points="percentage points",
    ),
}


def marked(message: str) -> str:
    """Mark a sentence of a table for translation, where no language is at hand yet."""
    return message


def marked_plural(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence about a number of things, as `marked`."""
    return one, many


WHY_NO_RATE: Mapping[str, str] = {
    "too few": marked("too few to tell"),
    "too young": marked("too young to tell"),
    "not a customer step": "",
}
"""What to say in the place of a rate, by the note of the report."""


class Language:
    """One of the three languages of the city.

    Args:
        code: `fi`, `sv` or `en`.

    Raises:
        KeyError: Another code.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._manner = _MANNERS[code]
        self._sentences: NullTranslations = (
            NullTranslations()
            if code == SOURCE
            else translation(DOMAIN, localedir=CATALOGUES, languages=[code])
        )

    def text(self, message: str, /, **values: object) -> str:
        """Say a sentence.

        Args:
            message: The English sentence, a literal: it is what the catalogues are made from.
            values: What stands in its braces; a whole number is written as a count.
        """
        return self._filled(self._sentences.gettext(message), values)

    def word(self, context: str, message: str, /, **values: object) -> str:
        """Say a word or two that are not translated alike everywhere.

        Args:
            context: Where it stands, for translators: `column`, `outcome`.
            message: As of `text`.
            values: As of `text`.
        """
        return self._filled(self._sentences.pgettext(context, message), values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Say a sentence about a number of things; `{n}` in it is the number, as a count.

        Args:
            one: The English sentence about one.
            many: The English sentence about none, or more than one.
            n: How many.
            values: As of `text`.
        """
        return self._filled(self._sentences.ngettext(one, many, n), {"n": n, **values})

    def listed(self, parts: Sequence[str]) -> str:
        """List parts of a sentence, at least one.

        Examples:
            >>> Language("en").listed(["one", "two", "three"])
            'one, two and three'
        """
        *most, last = parts
        return self.text("{most} and {last}", most=", ".join(most), last=last) if most else last

    def count(self, number: int) -> str:
        """Write a count in groups of three.

        Examples:
            >>> Language("en").count(12345)
            '12,345'
        """
        return self.decimal(number, 0)

    def decimal(self, number: float, decimals: int) -> str:
        """Write a number, rounded to so many decimals.

        Examples:
            >>> Language("sv").decimal(234.56, 1)
            '234,6'
        """
        return f"{number:z,.{decimals}f}".translate(self._marks)

    def percent(self, share: float | None) -> str:
        """Write a share of 0 to 1, with a decimal only where it matters.

        Examples:
            >>> english = Language("en")
            >>> [english.percent(share) for share in (0.314, 0.0042, 0.0, None)]
            ['31 %', '0.4 %', '0 %', '-']
            >>> [english.percent(share) for share in (0.0002, 0.9997)]
            ['< 0.1 %', '> 99.9 %']
        """
        if share is None:
            return NOTHING
        if 0 < share < 0.0005:
            return f"<{self._manner.gap}{self.percent(0.001)}"
        if 0.9995 <= share < 1:
            return f">{self._manner.gap}{self.percent(0.999)}"
        matters = 0 < share < 0.0995 or 0.9905 < share < 1
        return self._with_unit(self.decimal(100 * share, int(matters)), "%")

    def interval(self, low: float | None, high: float | None) -> str:
        """Write an interval of shares, with decimals where it would else be hard on an end.

        Examples:
            >>> english = Language("en")
            >>> english.interval(0.27, 0.354), english.interval(0.9981, 1.0)
            ('27-35 %', '99.8-100.0 %')
        """
        if low is None or high is None:
            return NOTHING
        decimals = int(high < 0.0995 or low > 0.9905)
        ends = (self.decimal(100 * end, decimals) for end in (low, high))
        return self._with_unit(self._manner.dash.join(ends), "%")

    def rate(
        self, value: float | None, low: float | None, high: float | None, note: str | None = None
    ) -> str:
        """Write a rate with its interval, or in words why there is none."""
        if value is None:
            return self.why_no_rate(note) if note else NOTHING
        return f"{self.percent(value)} ({self.interval(low, high)})"

    def why_no_rate(self, note: str) -> str:
        """Say why there is no rate; a note of the report that is not known is said as it is."""
        why = WHY_NO_RATE.get(note, note)
        return self.text(why) if why else ""

    def points(self, difference: float | None) -> str:
        """Write a difference of two shares, with its sign, in percentage points.

        Examples:
            >>> Language("en").points(-0.0312)
            '-3.1 percentage points'
        """
        if difference is None:
            return NOTHING
        return self._with_unit(self.signed(100 * difference), self._manner.points)

    def signed(self, number: float, decimals: int = 1) -> str:
        """Write a number with its sign; what rounds to zero has none.

        Examples:
            >>> [Language("en").signed(number) for number in (2.04, -2.0, -0.01)]
            ['+2.0', '-2.0', '0.0']
        """
        sign = "+" if round(number, decimals) > 0 else ""
        return sign + self.decimal(number, decimals)

    def duration(self, seconds: float | None) -> str:
        """Write a duration in the two units that say enough.

        Examples:
            >>> english = Language("en")
            >>> [english.duration(seconds) for seconds in (42.4, 200, 7500, 190000, None)]
            ['42 s', '3 min 20 s', '2 h 5 min', '2 d 4 h', '-']
            >>> [english.duration(seconds) for seconds in (0, 59.7, 3599, 86_000)]
            ['0 s', '1 min', '1 h', '1 d']
        """
        if seconds is None:
            return NOTHING
        sizes = (DAY, HOUR, MINUTE, 1)
        place = next((place for place, size in enumerate(sizes) if seconds >= size), 3)
        size, unit = sizes[place], self._manner.units[place]
        many, rest = divmod(int(seconds), size)
        part = 0 if size == 1 else rest // sizes[place + 1]
        if many >= 10 or not part:
            rounded = round(seconds / size)
            if place and rounded * size >= sizes[place - 1]:
                return self.duration(sizes[place - 1])
            return self._with_unit(self.count(rounded), unit)
        smaller = self._manner.units[place + 1]
        gap = self._manner.gap
        return f"{self._with_unit(str(many), unit)}{gap}{self._with_unit(str(part), smaller)}"

    def moment(self, when: datetime) -> str:
        """Write a moment in Helsinki's time.

        Examples:
            >>> from datetime import UTC
            >>> when = datetime(2026, 6, 24, 12, 0, tzinfo=UTC)
            >>> [Language(code).moment(when) for code in LANGUAGES]
            ['24.6.2026 klo 15.00', '24.6.2026 kl. 15.00', '24 June 2026 15:00']
        """
        local = when.astimezone(HELSINKI)
        return self._manner.moment.format(day=self.day(local), at=local)

    def day(self, when: date) -> str:
        """Write a date; of a moment, the date that its own zone has.

        Examples:
            >>> [Language(code).day(date(2026, 6, 24)) for code in LANGUAGES]
            ['24.6.2026', '24.6.2026', '24 June 2026']
        """
        month = self._locale.months["format"]["wide"][when.month]
        return self._manner.day.format(at=when, month=month)

    def week(self, iso: str) -> str:
        """Write an ISO week of the report.

        Examples:
            >>> [Language(code).week("2026-W06") for code in LANGUAGES]
            ['vko 6/2026', 'v. 6/2026', '2026-W06']
        """
        year, _, number = iso.partition("-W")
        return self._manner.week.format(year=year, week=int(number))

    def _filled(self, sentence: str, values: Mapping[str, object]) -> str:
        return sentence.format(
            **{
                name: self.count(value) if isinstance(value, int) else value
                for name, value in values.items()
            }
        )

    def _with_unit(self, number: str, unit: str) -> str:
        return f"{number}{self._manner.gap}{unit}"

    @cached_property
    def _locale(self) -> "Locale":
        from babel.core import Locale  # noqa: PLC0415 - what is not read in words needs no Babel

        return Locale.parse(self._manner.locale)

    @cached_property
    def _marks(self) -> Mapping[int, str]:
        """What stands in the place of the marks that Python writes in a number."""
        marks: Mapping[str, str] = self._locale.number_symbols["latn"]
        return str.maketrans(
            {",": marks["group"], ".": marks["decimal"], "-": marks["minusSign"]},
        )


ENGLISH = Language(SOURCE)
"""What is written for those who run Polku."""
