"""A drafted definition as YAML that people will edit.

Every scalar is written by the YAML library, also those in comments: a raw name may hold anything.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from textwrap import wrap

import msgspec
import yaml

from analysis.draft import Draft, DraftStep
from analysis.outcome_words import outcome_by_name
from analysis.silence import LONGEST_DAYS
from delivery.report.wording import WIDTH, count, counted
from journeys.names import NameMap, are_tied, is_glob
from journeys.service import CHANNELS, LANGUAGES, Channel, FileForm

FIRST_VALID, LAST_VALID = date(1990, 1, 1), date(2199, 12, 31)
"""Days that a definition may be valid from."""

_LONGEST_PLAIN_KEY = 1000  # YAML looks no further than 1,024 characters for the colon
_UNDATED = date(2020, 1, 1)
_HEAD = """\
#
# It is complete enough to report with. Every line marked "guess" is one: nobody has said yet what
# the names mean. To make it yours:
#   1. Check the order of the steps: it is the order in which they typically come.
#   2. Say who acts in each step: actor is customer, staff or system. Where the next move is someone
#      else's, add passes_to, e.g. passes_to: staff. As long as everything is the customer's, a case
#      that waits for the city looks as if the customer had left.
#   3. Give names in Finnish, Swedish and English. The key of a step stays as it is.
#   4. Sort the outcomes into succeeded, refused, cancelled and expired, then write
#      outcomes_confirmed: true. Until then reports say "ended without a known outcome" where they
#      would say "abandoned".
#   5. See what your changes move: polku services check THIS-FILE --preview
"""


def definition_text(  # noqa: PLR0913 - each is a part of a definition
    draft: Draft,
    *,
    key: str,
    valid_from: date | None = None,
    columns: Mapping[str, str] | None = None,
    channels: Mapping[str, Channel] | None = None,
    guessed_channels: Collection[str] = (),
    unknown_channels: Collection[str] = (),
    attributes: Sequence[str] = (),
    file: FileForm | None = None,
    source_name: str = "a log",
    sampled: bool = False,
) -> str:
    """Write a drafted definition.

    Args:
        draft: Has at least one step, or the text is no definition yet.
        key: Of the service; also its name, for want of one.
        valid_from: By default the day of the draft's first touchpoint; moved to the nearest day
            that a definition may have.
        columns: Column by role, as for `--column`.
        channels: Our channel by the source's word, told or guessed.
        guessed_channels: Those words of `channels` that nobody told.
        unknown_channels: Words of the source that have no channel of ours.
        attributes: Allowed beside the common ones.
        file: How the file is written; only what is set is said.
        source_name: Of the file, as people know it.
        sampled: The draft is from some of the file's cases only.

    Returns:
        Commented YAML, ending with a line break, that `journeys.service.decode_service` reads: its
        steps are those of the draft, in order. A name that a definition cannot hold (blank, or a
        pattern that ties with an earlier one) stands in a comment instead.
    """
    day = min(max(valid_from or draft.first_day or _UNDATED, FIRST_VALID), LAST_VALID)
    steps, untold = _told_apart(draft.steps)
    of_which = f"{counted(draft.touchpoints, 'touchpoint')} of {counted(draft.cases, 'case')}"
    about = [
        *_comment(f"A first definition of {key}, drafted from {_scalar(source_name)}:"),
        f"# {of_which}{', a sample of it' if sampled else ''}.",
    ]
    head = "\n".join([*about, _HEAD])
    lines = chain(
        [
            f"key: {_scalar(key)}",
            "version: 1",
            f"valid_from: {day.isoformat()}  # the day of the first touchpoint",
            f"name: {_names(key)}",
            "division: unknown  # fill in: the division that answers for it, e.g. KUVA",
            "visits: each  # every touchpoint is a visit; merged: equal ones in a row are one",
        ],
        _commented(f"horizon: P{draft.horizon_days}D", f"guess: {_about_horizon(draft)}"),
        _source(columns or {}, attributes, file or FileForm()),
        _channels(channels or {}, guessed_channels, unknown_channels),
        _steps(steps, untold, draft),
        _outcomes(steps, draft),
    )
    return head + "\n" + "\n".join(lines) + "\n"


def _told_apart(steps: Sequence[DraftStep]) -> tuple[list[DraftStep], list[tuple[str, str]]]:
    """Part the names that a definition can hold from those it cannot.

    Returns:
        The steps, and each other name with why.
    """
    told: list[DraftStep] = []
    untold: list[tuple[str, str]] = []
    patterns: list[str] = []
    for step in steps:
        tie = None
        if is_glob(step.name):
            tie = next((other for other in patterns if are_tied(step.name, other)), None)
        if not step.name.strip():
            untold.append((step.name, "it is blank"))
        elif tie is not None:
            untold.append((step.name, f"as a pattern it ties with {_scalar(tie)}"))
        else:
            told.append(step)
            patterns += [step.name] if is_glob(step.name) else []
    return told, untold


def _source(columns: Mapping[str, str], attributes: Sequence[str], file: FileForm) -> Iterator[str]:
    if attributes:
        yield f"attributes: [{', '.join(map(_scalar, attributes))}]"
    if columns:
        yield "columns:  # of the file, so that polku ingest files need not be told"
        yield from _pairs(columns)
    form = {
        field: getattr(file, field)
        for field in msgspec.structs.asdict(FileForm())
        if getattr(file, field) != getattr(FileForm(), field)
    }
    if form:
        yield "file:  # how it is written"
        yield from _pairs(form)


def _channels(
    channels: Mapping[str, Channel], guessed: Collection[str], unknown: Collection[str]
) -> Iterator[str]:
    if channels:
        yield "channels:  # the source's words: ours"
        for word, channel in channels.items():
            yield _pair(word, channel) + ("  # guess" if word in guessed else "")
    if unknown:
        yield "# Words for channels that stay as they are. To say which of ours each means,"
        yield f"# take it in, with one of {', '.join(CHANNELS)}:"
        if not channels:
            yield "# channels:"
        yield from (f"#   {_scalar(word)}: ?" for word in unknown)


def _steps(
    steps: Sequence[DraftStep], untold: Sequence[tuple[str, str]], draft: Draft
) -> Iterator[str]:
    yield "steps:" if steps else "steps: []  # none was found"
    for step in steps:
        yield from _comment(f"guess: {_about_step(step, draft)}", indent="  ")
        yield f"  - key: {_scalar(step.name)}"
        yield f"    name: {_names(step.name)}"
        yield "    actor: customer"
        if step.basis != "assumed":
            yield f"    deadline: P{step.deadline_days}D"
        if step.optional:
            yield "    optional: true"
    for name, why in untold:
        left_out = f"left out, so it counts as unmapped: {_scalar(name)}; {why}"
        yield from _comment(left_out, indent="  ")


def _about_step(step: DraftStep, draft: Draft) -> str:
    if step.cases:
        found = f"in {count(step.cases)} of {count(draft.cases)} cases"
        where = f"{found}, typically as touchpoint {count(step.place)} of {count(step.places)}"
    else:
        where = "in none of the sampled cases"
    if step.basis == "step":
        silences = counted(step.gaps, "silence")
        return f"{where}; {_comes_back(step.deadline_days)} (from {silences} after this step)"
    if step.basis == "service":
        few = _follow(step.gaps)
        return f"{where}; {_comes_back(step.deadline_days)} (from all steps together: {few})"
    return (
        f"{where}; too few silences for a deadline ({_follow(step.gaps)}), so 14 days are assumed"
    )


def _follow(silences: int) -> str:
    if not silences:
        return "no silence follows this one"
    return (
        f"only {counted(silences, 'silence')} {'follows' if silences == 1 else 'follow'} this one"
    )


def _comes_back(days: int) -> str:
    if days == LONGEST_DAYS:
        return f"after {days} silent days, the most proposed, over 1 in 20 may still come back"
    return f"after {days} silent {'day' if days == 1 else 'days'} at most 1 in 20 comes back"


def _about_horizon(draft: Draft) -> str:
    if not draft.ended:
        return "no case has ended yet; the longest deadline"
    return (
        f"95 % of the {count(draft.ended)} cases that ended had by then; at least the longest "
        "deadline"
    )


def _outcomes(steps: Sequence[DraftStep], draft: Draft) -> Iterator[str]:
    """Write the ends; a pattern that would also cover a name that is no end stands in a comment."""
    ends = [step for step in steps if step.is_outcome]
    others = [step.name for step in draft.steps if not step.is_outcome]
    covering = [step.name for step in ends if is_glob(step.name) and _covers(step.name, others)]
    usable = [step for step in ends if step.name not in covering]
    if usable:
        yield "# guess: each of these ends at least half of the cases that have it. Sort them into"
        yield "# succeeded, refused, cancelled and expired; take out what is no end."
        yield "outcomes:"
        yield "  succeeded:"
        for step in usable:
            item = f"    - {_scalar(step.name)}"
            yield from _commented(item, f"guess: {_about_end(step)}", indent="    ")
    else:
        yield "# No name was found that ends at least half of the cases it is in. To add one:"
        yield "# outcomes: {succeeded: [NAME], refused: [NAME]}"
    for name in covering:
        yield from _comment(
            f"left out, for as a pattern it also covers other names: {_scalar(name)}"
        )
    yield "outcomes_confirmed: false  # true, once you have looked at them"


def _about_end(step: DraftStep) -> str:
    last = f"the last touchpoint of {count(step.ends)} of {counted(step.ended, 'ended case')}"
    by_name = outcome_by_name(step.name)
    return last if by_name is None else f"{last}; by its name it may be {by_name}"


def _covers(pattern: str, names: Sequence[str]) -> bool:
    one = NameMap([(pattern, True)])
    return any(one.find(name) for name in names)


def _commented(line: str, words: str, *, indent: str = "") -> Iterator[str]:
    """Write a comment behind a line, or above it where both do not fit."""
    whole = f"{line}  # {words}"
    if len(whole) <= WIDTH:
        yield whole
    else:
        yield from _comment(words, indent=indent)
        yield line


def _comment(words: str, *, indent: str = "") -> list[str]:
    """Write a comment, in lines of at most `WIDTH` columns but for a longer word."""
    mark = f"{indent}# "
    return wrap(
        words,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=mark,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _names(name: str) -> str:
    return "{" + ", ".join(f"{lang}: {_scalar(name)}" for lang in LANGUAGES) + "}"


def _pairs(mapping: Mapping[str, str]) -> Iterator[str]:
    return (_pair(key, value) for key, value in mapping.items())


def _pair(key: str, value: str) -> str:
    written = _scalar(key)
    if len(written) > _LONGEST_PLAIN_KEY:
        return f"  ? {written}\n  : {_scalar(value)}"
    return f"  {written}: {_scalar(value)}"


def _scalar(text: str) -> str:
    """Write text on one line, so that it can stand anywhere: in a list, a mapping, a comment."""
    written: str = yaml.safe_dump(
        [text],
        default_flow_style=True,
        allow_unicode=True,
        width=float("inf"),
        # What cannot be seen is escaped.
        default_style=None if text.isprintable() else '"',
    )
    return written.rstrip("\n")[1:-1]
