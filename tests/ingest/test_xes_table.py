"""XES logs: what is an event, what is refused, and what a broken file still gives."""

import gzip
import tracemalloc
from pathlib import Path
from xml.sax.saxutils import quoteattr

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.tables import Lifecycle, Row, open_table
from ingest.xes_table import XesTable
from journeys.errors import SourceError
from tests.ingest.table_files import cells, refusals, rows, unread

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<log xmlns="http://www.xes-standard.org/">\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.xes"


def string(key: str, value: str, inside: str = "") -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(value)}>{inside}</string>"


def event(name: str, **others: str) -> str:
    attributes = {"concept:name": name, **others}
    return f"<event>{''.join(string(*attribute) for attribute in attributes.items())}</event>\n"


def trace(case: str, *events: str) -> str:
    return f"<trace>{string('concept:name', case)}\n{''.join(events)}</trace>\n"


def log(*parts: str) -> str:
    return f"{HEAD}{''.join(parts)}</log>\n"


def table_of(file: Path, text: str | bytes, *, lifecycle: Lifecycle = "complete") -> XesTable:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = open_table(file, lifecycle=lifecycle)
    assert isinstance(table, XesTable)
    return table


NAMES = ["case:concept:name", "concept:name"]
SMALL = log(trace("A", event("one"), event("two")), trace("B", event("one")))
SMALL_CELLS = [("A", "one"), ("A", "two"), ("B", "one")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_each_event_is_a_row_with_its_case(file: Path, encoding: str, pack: type[bytes]) -> None:
    text = SMALL.replace('encoding="UTF-8"', f'encoding="{encoding.removesuffix("-sig")}"')

    table = table_of(file, pack(text.encode(encoding)))

    assert table.form == ("XES" if pack is bytes else "XES, packed with gzip")
    assert table.columns == ("case:concept:name", "concept:name")
    assert list(table.rows(NAMES)) == [
        Row(1, 4, ("A", "one"), b'[1,{"case:concept:name":"A"},{"concept:name":"one"}]'),
        Row(2, 5, ("A", "two"), b'[2,{"case:concept:name":"A"},{"concept:name":"two"}]'),
        Row(3, 8, ("B", "one"), b'[3,{"case:concept:name":"B"},{"concept:name":"one"}]'),
    ]
    assert (table.notes, table.done) == ((), 1.0)


def test_encoding_that_the_log_declares_or_that_is_stated_is_followed(file: Path) -> None:
    text = log(trace("Hämeentie", event("Päätös")))

    declared = text.replace("UTF-8", "windows-1252").encode("cp1252")
    assert cells(table_of(file, declared), NAMES) == [("Hämeentie", "Päätös")]

    file.write_bytes(text.encode("latin-1"))
    assert cells(open_table(file, encoding="iso-8859-1"), NAMES) == [("Hämeentie", "Päätös")]
    with pytest.raises(SourceError, match=r"is in an encoding that XML cannot have\. Hint: "):
        open_table(file, encoding="klingon")


def test_every_plain_attribute_is_read_and_no_nested_one(file: Path) -> None:
    kinds = ("string", "date", "int", "float", "boolean", "id")
    plain = "".join(f'<{kind} key="{kind}" value="{kind} value"/>' for kind in kinds)
    nested = string("outer", "1", string("inner", "2", string("innermost", "3")))
    listed = '<list key="l"><values><string key="listed" value="4"/></values></list>'
    odd = '<string value="no key"/><string key="no value"/><other key="o" value="5"/>'

    table = table_of(
        file, log(f"<trace>{plain}{nested}<event>{plain}{nested}{listed}{odd}</event></trace>")
    )

    own = (*kinds, "outer", "no value")
    of_case = tuple(f"case:{kind}" for kind in (*kinds, "outer"))
    assert table.columns == (*of_case, *own)
    values = (*(f"{kind} value" for kind in kinds), "1")
    assert cells(table) == [(*values, *values, "")]


def test_what_describes_the_log_is_no_event(file: Path) -> None:
    around = (
        '<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>'
        f'<global scope="trace">{string("concept:name", "name")}</global>'
        f'<global scope="event">{event("name")}{string("concept:name", "name")}</global>'
        f'<classifier name="Activity" keys="concept:name"/>{string("origin", "csv")}'
        f"<container>{trace('x', event('y'))}</container>"
    )

    table = table_of(file, log(around, trace("A", event("one"))))

    assert cells(table, NAMES) == [("A", "one")]
    assert table.columns == tuple(NAMES)


def test_prefix_of_a_namespace_makes_no_difference(file: Path) -> None:
    text = SMALL.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?")

    table = table_of(file, text.replace("xmlns=", "xmlns:x="))

    assert cells(table, NAMES) == SMALL_CELLS


def test_event_outside_traces_has_no_case(file: Path) -> None:
    table = table_of(file, log(event("loose"), trace("A", event("one")), event("loose")))

    assert cells(table, NAMES) == [("", "loose"), ("A", "one"), ("", "loose")]


def test_attribute_that_comes_after_the_first_thousand_events_can_be_asked_for(file: Path) -> None:
    many = [event("one")] * 1_000

    table = table_of(file, log(trace("A", *many, event("two", rare="yes"))))

    assert table.columns == tuple(NAMES)
    assert cells(table, ["rare", "never"])[-2:] == [("", ""), ("yes", "")]


def test_attribute_of_a_case_behind_its_events_is_counted_and_said(file: Path) -> None:
    late = f"<trace>{event('one')}{string('concept:name', 'A')}{event('two')}</trace>"

    table = table_of(file, log(late, trace("B", event("one"))))

    assert cells(table, NAMES) == [("", "one"), ("", "two"), ("B", "one")]
    (note,) = table.notes
    assert note.startswith("1 attributes of cases stand behind their events and were not read.")


# -- lifecycle


def test_events_that_are_not_complete_are_skipped_counted_and_said(file: Path) -> None:
    transitions = ("start", "complete", "COMPLETE", "", "suspend")
    events = [event(each, **{"lifecycle:transition": each}) for each in transitions]
    text = log(trace("A", *events, event("none")))

    table = table_of(file, text)
    for _ in range(2):
        assert [(row.number, row.cells[1]) for row in rows(table, NAMES)] == [
            (2, "complete"),
            (3, "COMPLETE"),
            (4, ""),
            (6, "none"),
        ]
        assert table.notes == (
            "2 events of another lifecycle than complete were skipped. Hint: --lifecycle all",
        )

    table = table_of(file, text, lifecycle="all")
    assert [row.number for row in rows(table)] == [1, 2, 3, 4, 5, 6]
    assert table.notes == ()


# -- refused at the door


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{f"&{b};" * 10}">' for b, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + f"]><log>{trace('&i;', event('&i;'))}</log>"
)
FILE_READER = '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log>&x;</log>'


@pytest.mark.parametrize(
    "text", [BOMB, FILE_READER, '<!DOCTYPE log SYSTEM "http://localhost:1/x.dtd"><log/>']
)
def test_doctype_is_refused(file: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"it has a DOCTYPE, by which.*\. Hint: .* delete it"):
        table_of(file, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html><body/></html>", "it is XML, but no XES log: its first element is 'html'"),
        ("<trace/>", "its first element is 'trace'"),
        ("<string/>", "its first element is 'string'"),
        ("<log", "it cannot be read as XML: unclosed token"),
        ("<!-- ", "it cannot be read as XML: "),
        ("< log>", "it cannot be read as XML: not well-formed"),
        ('<?xml version="1.0" encoding="x"?><log/>', "it is in an encoding that XML cannot"),
        ('<?xml version="1.0" encoding="big5"?><log/>', "it is in an encoding that XML cannot"),
    ],
)
def test_xml_that_is_no_log_is_refused(file: Path, text: str, why: str) -> None:
    with pytest.raises(SourceError, match=rf"{why}.*\. Hint: export it as CSV, or as XES"):
        table_of(file, text)


def test_log_without_events_is_a_table_without_rows(file: Path) -> None:
    table = table_of(file, log())

    assert (table.columns, rows(table), unread(table)) == ((), [], [])


# -- broken files


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ("<event>&undefined;</event>", "undefined entity"),
        ("<event></trace>", "mismatched tag"),
        ("<event><string key='a' key='b'/></event>", "duplicate attribute"),
        ("<event>\x01", "not well-formed (invalid token)"),
        ("", "no element found"),
        ("<event><string key='x", "unclosed token"),
    ],
)
def test_damage_ends_the_reading_behind_what_stands_before(
    file: Path, after: str, why: str
) -> None:
    table = table_of(file, f"{HEAD}{trace('A', event('one'))}<trace>{event('two')}{after}")

    assert cells(table, ["concept:name"]) == [("one",), ("two",)]
    assert refusals(table) == [(7, "bad_row", f"the XML cannot be read on from here: {why}")]


@given(st.integers(0, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_truncated_log_gives_the_events_that_are_whole(file: Path, length: int) -> None:
    text = SMALL[: len(HEAD) + length]

    table = table_of(file, text)

    assert cells(table, NAMES) == SMALL_CELLS[: text.count("</event>")]
    assert len(unread(table)) == ("</log>" not in text)


def test_packed_log_that_is_cut_off_gives_what_is_there(file: Path) -> None:
    many = [trace(f"case {n * 7919}", event(f"name {n * n}")) for n in range(5_000)]
    packed = gzip.compress(log(*many).encode())

    table = table_of(file, packed[: len(packed) // 2])

    read = rows(table, NAMES)
    assert 1_000 < len(read) < 4_000
    assert read[-1].cells == (f"case {(len(read) - 1) * 7919}", f"name {(len(read) - 1) ** 2}")
    ((line, reason, detail),) = refusals(table)
    assert (reason, detail) == ("bad_row", "the gzip data is cut off here")
    assert line >= read[-1].line


@pytest.mark.parametrize(
    ("begins", "repeated", "reason", "why"),
    [
        ("<event><string key='x' value='", "x" * 1000, "too_large", "a tag of more than 8,388,608"),
        ("<!-- ", "x" * 1000, "too_large", "a tag of more than 8,388,608 bytes"),
        ("", "<list>" * 100, "too_deep", "more than 64 levels of elements"),
        ("<event>", "<string key='x'>" * 100, "too_deep", "more than 64 levels of elements"),
    ],
)
def test_what_never_ends_ends_the_reading(
    file: Path, begins: str, repeated: str, reason: str, why: str
) -> None:
    with gzip.open(file, "wb", compresslevel=1) as out:
        out.write(f"{HEAD}{trace('A', event('one'))}<trace>{begins}".encode())
        for _ in range(20):
            out.write(repeated.encode() * 1_000)

    tracemalloc.start()
    table = open_table(file)
    read = list(table.rows(NAMES))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(read[0], Row)
    assert [record[1] for record in read[1:]] == [reason]
    assert why in str(read[1][2])
    assert peak < 30_000_000


def test_names_without_number_end_the_reading(file: Path) -> None:
    names = "".join(f"<name{number}/>" for number in range(20_000))

    table = table_of(file, log(trace("A", event("one"), names)))

    assert cells(table, NAMES) == [("A", "one")]
    ((_, reason, detail),) = refusals(table)
    assert (reason, detail.split(":")[0]) == ("bad_row", "more than 10,000 names of elements")


def test_event_too_large_costs_itself_alone(file: Path) -> None:
    long = {f"key {number}": "x" * 300_000 for number in range(5)}

    table = table_of(file, log(trace("A", event("one"), event("two", **long), event("three"))))

    assert [(row.number, row.cells[1]) for row in rows(table, NAMES)] == [(1, "one"), (3, "three")]
    assert refusals(table) == [(5, "too_large", "the value is longer than 1,048,576 bytes")]


def test_case_too_large_costs_its_events_alone(file: Path) -> None:
    long = "".join(string(f"key {number}", "x" * 300_000) for number in range(5))

    table = table_of(file, log(trace("A", long, event("one")), trace("B", event("one"))))

    assert cells(table, NAMES) == [("B", "one")]
    assert [reason for _, reason, _ in refusals(table)] == ["too_large"]


# -- a law

TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"
    ),
    max_size=8,
)
KEY = TEXT.filter(lambda key: not key.startswith(("case:", "lifecycle:")))
EVENTS = st.lists(st.dictionaries(KEY, TEXT, max_size=3), max_size=4)


@given(st.lists(st.tuples(st.dictionaries(KEY, TEXT, max_size=2), EVENTS), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(
    file: Path, traces: list[tuple[dict[str, str], list[dict[str, str]]]]
) -> None:
    def tag(kind: str, attributes: dict[str, str], inside: str = "") -> str:
        return f"<{kind}>{''.join(string(*each) for each in attributes.items())}{inside}</{kind}>"

    text = log(*(tag("trace", case, "".join(tag("event", e) for e in es)) for case, es in traces))

    table = table_of(file, text)
    read = [msgspec.json.decode(row.raw) for row in rows(table)]

    expected = [
        ({f"case:{k}": v for k, v in case.items()}, each) for case, es in traces for each in es
    ]
    assert read == [[number, case, each] for number, (case, each) in enumerate(expected, 1)]
    for (case, each), row in zip(expected, rows(table), strict=True):
        assert row.cells == tuple({**case, **each}.get(name, "") for name in table.columns)
