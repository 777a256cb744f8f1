"""Finnish and Swedish are whole: `make messages` and a translation mend what fails here."""

import ast
import gettext
import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from delivery.report.language import CATALOGUES, DOMAIN, Language
from tests.catalogues import ROOT, SAID_BY, TRANSLATIONS, catalogue_of, forms, sentences, translated

in_each_translation = pytest.mark.parametrize("code", TRANSLATIONS)


def said(catalogue: Catalog) -> dict[tuple[str | None, str], Message]:
    """The messages by what they are looked up by; without the header."""
    return {
        (context_of(message), forms(message.id)[0]): message for message in catalogue if message.id
    }


def context_of(message: Message) -> str | None:
    """The context of a message, of which Babel reads bytes from a compiled catalogue."""
    context: object = message.context
    return context.decode() if isinstance(context, bytes) else message.context


def values_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@in_each_translation
def test_every_sentence_of_the_code_is_there_and_no_other(code: str) -> None:
    in_code, in_catalogue = said(sentences()), said(translated(code))

    assert sorted(in_code, key=str) == sorted(in_catalogue, key=str)
    for key, message in in_code.items():
        assert forms(in_catalogue[key].id) == forms(message.id)


def test_no_sentence_is_said_where_it_is_not_found() -> None:
    """Babel does not look into f-strings."""
    found = {form for message in sentences() for form in forms(message.id)}

    for path in sorted((ROOT / "delivery" / "report").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and _called(call) in SAID_BY:
                literals = [
                    word.value
                    for word in call.args
                    if isinstance(word, ast.Constant) and isinstance(word.value, str)
                ]
                said = literals[1:] if _called(call) == "word" else literals
                assert set(said) <= found, path


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


@in_each_translation
def test_every_sentence_is_translated_and_by_nobody_s_guess(code: str) -> None:
    messages = said(translated(code))

    assert [key for key, message in messages.items() if not all(forms(message.string))] == []
    assert [key for key, message in messages.items() if message.fuzzy] == []
    assert not translated(code).obsolete


@in_each_translation
def test_translation_has_the_values_of_its_sentence(code: str) -> None:
    for message in said(translated(code)).values():
        wanted = values_of(forms(message.id)[-1])
        # One of something need not say that it is one.
        for form in forms(message.string):
            assert values_of(form) - {"n"} == wanted - {"n"}, form
        assert values_of(forms(message.string)[-1]) == wanted


@in_each_translation
def test_translation_ends_as_its_sentence(code: str) -> None:
    for message in said(translated(code)).values():
        for form in forms(message.string):
            mark = re.compile(r"[.:;,?!]?$")
            last, wanted = (mark.findall(text)[0] for text in (form, forms(message.id)[-1]))
            assert last == wanted, form
            assert form == form.strip()
            assert "  " not in form


@in_each_translation
def test_what_the_program_reads_is_what_the_translators_wrote(code: str) -> None:
    with catalogue_of(code).with_suffix(".mo").open("rb") as file:
        read = said(read_mo(file))

    written = said(translated(code))
    assert {key: forms(message.string) for key, message in read.items()} == {
        key: forms(message.string) for key, message in written.items()
    }


@in_each_translation
def test_catalogue_is_found_and_says_what_it_has(code: str) -> None:
    assert gettext.find(DOMAIN, localedir=str(CATALOGUES), languages=[code])
    assert Language(code).text("too few to tell") not in {"", "too few to tell"}
