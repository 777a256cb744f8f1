"""Journeys as a process log in XES (IEEE 1849-2016), for the tools of process mining.

A journey is a trace, a visit an event at the time it begins, and so is an outcome that was said. A
trace is called by its place in the file, so that a journey has another name in another file. What
the log itself says: the two clocks, what was asked for, and how much is not in it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from analysis.export import Export, ExportedEvent, ExportedJourneys
from delivery.report.endings import endings
from delivery.report.language import Language
from delivery.report.lettering import legible
from delivery.report.machine import PATH_SEPARATOR
from delivery.report.wording import Names, readable

OUTCOME = "outcome."
"""Before the name of an outcome, where a step could have the same."""

_EXTENSIONS = {
    "Concept": ("concept", "http://www.xes-standard.org/concept.xesext"),
    "Time": ("time", "http://www.xes-standard.org/time.xesext"),
    "Lifecycle": ("lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    "Organizational": ("org", "http://www.xes-standard.org/org.xesext"),
}
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
"""


def write_xes(
    export: Export, names: Names, language: Language, write: Callable[[bytes], object]
) -> None:
    """Write a process log, trace by trace; the same bytes for the same journeys.

    Args:
        export: What goes out.
        names: Of the service, in the language.
        language: Of the names beside the keys.
        write: Takes a piece of it.
    """
    write(f"{_HEAD}{''.join(_preface(export, names))}".encode())
    number = 0
    for group in export.groups:
        rest = "".join(_rest_of_trace(group, export, names, language)).encode()
        for _ in range(group.journeys):
            number += 1
            write(f"<trace>{_string('concept:name', str(number))}".encode())
            write(rest)
    write(b"</log>\n")


def _preface(export: Export, names: Names) -> Iterator[str]:
    """Write what stands before the traces, in the order of the standard."""
    for name, (prefix, uri) in _EXTENSIONS.items():
        yield f'<extension name="{name}" prefix="{prefix}" uri="{uri}"/>\n'
    yield f'<global scope="trace">{_string("concept:name", "0")}{_string("outcome", "open")}'
    yield "</global>\n"
    yield f'<global scope="event">{_string("concept:name", "none")}{_string("name", "none")}'
    yield f"{_string('lifecycle:transition', 'complete')}"
    yield f"{_date('time:timestamp', datetime(1970, 1, 1, tzinfo=UTC))}</global>\n"
    yield '<classifier name="Step" scope="event" keys="concept:name"/>\n'
    yield '<classifier name="Name of the step" scope="event" keys="name"/>\n'
    for line in _about(export, names):
        yield f"{line}\n"


def _about(export: Export, names: Names) -> Iterator[str]:
    """Say of the log what it is, what was asked for, and how much is not in it."""
    window, where, outcome, dropped_at, variant = export.choice
    yield _string("concept:name", export.service.key)
    yield _string("name", names.service)
    yield _string("lifecycle:model", "standard")
    yield _date("as_of", export.as_of)
    yield _int("log_position", export.position)
    yield from (
        _date(key, when)
        for key, when in (("started_from", window.start), ("started_until", window.end))
        if when is not None
    )
    if where:
        yield _string("where", ", ".join(f"{name} = {value}" for name, value in where.items()))
    asked: Mapping[str, str | None] = {
        "only_outcome": outcome,
        "only_dropped_at": dropped_at,
        "only_variant": _path(variant),
    }
    yield from (_string(key, value) for key, value in asked.items() if value is not None)
    if export.draft:
        yield _boolean("draft")
    yield _int("k", export.k)
    yield _int("journeys", export.total)
    yield _int("journeys_left_out", export.left_out)
    yield _string("times", f"means of groups of {export.k} people or more with the same course")


def _path(variant: object) -> str | None:
    if variant is None:
        return None
    return PATH_SEPARATOR.join(variant) if isinstance(variant, list) else str(variant)


def _rest_of_trace(
    group: ExportedJourneys, export: Export, names: Names, language: Language
) -> Iterator[str]:
    """Write what all journeys of a group have in common: all but their names."""
    words = endings(draft=export.draft)
    yield f"{_string('outcome', group.outcome)}\n"
    for event in group.events:
        if event.step is None:
            stands = words.stands(group.outcome, language)
            yield _event(event, f"{OUTCOME}{group.outcome}", stands)
        else:
            role = export.service.step(event.step).actor.value
            yield _event(event, event.step, names.step(event.step), _string("org:role", role))
    yield "</trace>\n"


def _event(event: ExportedEvent, key: str, name: str, more: str = "") -> str:
    return (
        f"<event>{_string('concept:name', key)}{_string('name', name)}"
        f"{_date('time:timestamp', event.at)}{_string('lifecycle:transition', 'complete')}"
        f"{more}</event>\n"
    )


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(legible(readable(value)))}/>'


def _date(key: str, when: datetime) -> str:
    moment = when.astimezone(UTC).isoformat(timespec="milliseconds")
    return f'<date key="{key}" value="{moment}"/>'


def _int(key: str, value: int) -> str:
    return f'<int key="{key}" value="{value}"/>'


def _boolean(key: str) -> str:
    return f'<boolean key="{key}" value="true"/>'
