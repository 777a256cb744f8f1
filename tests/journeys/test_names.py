from fnmatch import fnmatchcase
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from journeys.names import NameMap, are_tied, is_glob, literal_length, tied_pairs

GLOBS = st.text("ab*?", max_size=3)
NAMES = ["".join(letters) for size in range(7) for letters in product("ab", repeat=size)]


def test_exact_name_beats_a_glob() -> None:
    names = NameMap([("form.*", "any"), ("form.save", "save")])

    assert names.find("form.save") == "save"
    assert names.find("form.open") == "any"


def test_longer_literal_beats_a_shorter_one_wherever_it_stands() -> None:
    names = NameMap([("*", "rest"), ("form.page*", "page"), ("form.*", "form")])

    found = [names.find(name) for name in ("form.page2", "form.open", "mail")]

    assert found == ["page", "form", "rest"]


def test_name_that_nothing_covers_is_nothing() -> None:
    assert NameMap([("form.?", 0)]).find("form.save") is None


def test_target_that_is_false_is_still_a_target() -> None:
    assert NameMap([("form", 0)]).find("form") == 0


def test_brackets_dots_and_case_stand_for_themselves() -> None:
    names = NameMap([("T02 [check].*", "check")])

    assert names.find("T02 [check].start") == "check"
    assert names.find("T02 c.start") is None
    assert names.find("t02 [check].start") is None


def test_glob_matches_its_own_text_before_any_longer_glob() -> None:
    names = NameMap([("Paid?*", "longer"), ("Paid?", "paid")])

    assert names.find("Paid?") == "paid"


def test_glob_reads_over_line_breaks() -> None:
    assert NameMap([("note*", "note")]).find("note\nmore") == "note"


def test_first_given_counts_of_two_that_are_tied() -> None:
    names = NameMap([("a*", "first"), ("*b", "second"), ("c", "third"), ("c", "fourth")])

    assert names.find("ab") == "first"
    assert names.find("c") == "third"


def test_many_stars_do_not_stop_the_clock() -> None:
    names = NameMap([("*a" * 20 + "b", "hostile")])

    assert names.find("a" * 5_000) is None


def test_ties_are_listed_between_targets_only() -> None:
    patterns = [("a*", "x"), ("*b", "y"), ("*c", "x"), ("a*", "z"), ("long.*", "y"), ("ab", "w")]

    # a* and *c have one target; the second a* is a repeated name, and no tie with the first, but it
    # ties with *b and *c.
    assert tied_pairs(patterns) == [
        ("a*", "x", "*b", "y"),
        ("*b", "y", "a*", "z"),
        ("*c", "x", "a*", "z"),
    ]


@given(GLOBS, GLOBS)
def test_tie_is_one_length_and_a_shared_name(one: str, other: str) -> None:
    # Two globs of at most three characters that share a name share one of at most six.
    shared = any(fnmatchcase(name, one) and fnmatchcase(name, other) for name in NAMES)

    assert are_tied(one, other) == (literal_length(one) == literal_length(other) and shared)
    assert are_tied(one, other) == are_tied(other, one)


@given(st.lists(GLOBS, max_size=4), st.sampled_from(NAMES))
def test_finding_is_taking_the_longest_of_those_that_match(patterns: list[str], name: str) -> None:
    found = NameMap((pattern, pattern) for pattern in patterns).find(name)

    matching = [pattern for pattern in patterns if fnmatchcase(name, pattern)]
    if not matching:
        assert found is None
    else:
        assert found in matching
        assert found == name or name not in patterns
        assert literal_length(found) == max(map(literal_length, matching))
        assert is_glob(found) or found == name
