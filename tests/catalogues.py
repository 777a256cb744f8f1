"""The sentences of the code and their translations: `make messages`.

Reads every sentence that is said through `delivery.report.language` and brings the catalogues of
`delivery/locale` up to date: a new sentence comes in without a translation, one that is no longer
said goes out. Translate in `polku.po` with any editor, and run it again.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "delivery" / "locale"
TRANSLATIONS = ("fi", "sv")
WHERE = [("report/**.py", "python"), ("report/templates/**", "jinja2")]
SAID_BY = {
    "text": None,
    "say": None,
    "marked": None,
    "word": ((1, "c"), 2),
    "plural": (1, 2),
    "marked_plural": (1, 2),
}


def catalogue_of(code: str) -> Path:
    """Where the translations of a language are."""
    return LOCALE / code / "LC_MESSAGES" / "polku.po"


def sentences() -> Catalog:
    """Read the sentences of the code, by the file they are said in."""
    found = Catalog(charset="utf-8")
    for file, _, message, comments, context in extract_from_dir(
        ROOT / "delivery", WHERE, keywords=SAID_BY, comment_tags=("Translators:",)
    ):
        where = ROOT.joinpath("delivery", file).relative_to(ROOT).as_posix()
        found.add(message, locations=[(where, None)], context=context, auto_comments=comments)
    return found


def translated(code: str) -> Catalog:
    """Read the translations of a language."""
    with catalogue_of(code).open("rb") as file:
        return read_po(file, locale=code, domain="polku")


def bring_up_to_date(code: str) -> int:
    """Write the catalogue of a language anew, and what gettext reads of it.

    Returns:
        How many sentences have no translation yet.
    """
    catalogue = translated(code)
    catalogue.update(sentences(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.project, catalogue.version, catalogue.msgid_bugs_address = "Polku", "1", ""
    catalogue.last_translator = catalogue.language_team
    for message in catalogue:
        message.locations = sorted(set(message.locations))
    with catalogue_of(code).open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, ignore_obsolete=True)
    with catalogue_of(code).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return sum(not all(forms(message.string)) for message in catalogue if message.id)


def forms(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """The singular and the plural of a sentence or of its translation, or the only form."""
    return tuple(string) if isinstance(string, tuple | list) else (string or "",)


if __name__ == "__main__":
    for language in TRANSLATIONS:
        print(f"{language}: {bring_up_to_date(language)} to translate")  # noqa: T201
