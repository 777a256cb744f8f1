"""The read models as tables: what the log comes to, ready to be read.

```
touchpoint    the touchpoints, to trace a journey again when one more of it arrives
known_case    which cases each person is known in
journey       one row a journey, as `projections.shapes.JOURNEYS`
visit         one row a visit, as `projections.shapes.VISITS`
stray         touchpoints without a journey or a meaning, as `projections.shapes.STRAYS`
extent        how many touchpoints each service has, and how far in time they reach
slice         which version of the journeys of each entry week, and of the strays, there is
position      the place in the log up to which all of these know, and a mark of the event there
```

Rows depend on the set of touchpoints and on the definitions, and on nothing else: but for the last
two tables, no column says when something arrived, and no key is counted up. Times are microseconds
since 1970 UTC. A touchpoint without a case or person has `""` there, because both are part of its
key: so the touchpoints of a case stand together, and so do those that carry a person alone.

While the tables are built anew they exist twice: `NEXT` beside `LIVE`; `PAST` is thrown away.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl
from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from projections.shapes import JOURNEYS, STRAYS, TOUCHPOINTS, VISITS

LAYOUT = 3
"""Counted up when columns change or when the same touchpoints come to other rows: tables of another
layout are built anew."""

IDENTITY = ("service", "case", "person", "source", "id")
"""The key of a touchpoint; (source, id) alone would do, but this keeps together what is read
together."""

STRAYS_SLICE = "strays"
"""The slice of the strays; the others are entry weeks, as `2026-W03`."""

NONE = ""
"""What stands for no case and no person."""

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared byte by byte, as SQLite does, whatever the language of the server."""

_EXTENT = {"touchpoints": pl.Int64(), "latest_at": pl.Int64()}
_VERSION = {"version": pl.String()}
_POSITION = {"position": pl.Int64(), "layout": pl.Int64(), "mark": pl.String()}

_NULLABLE = frozenset(
    {
        "journey_id",  # of a stray
        "route",
        "outcome",
        "ended_at",
        "last_customer_step",
        "ball",
        "force_step",
        "deadline_at",
        "lapse_outcome",
        "lapse_ended_at",
        "lapse_last_customer_step",
        "lapse_cancelled_afterwards",
    }
)


class Tables(NamedTuple):
    """One set of tables."""

    metadata: MetaData
    touchpoint: Table
    known_case: Table
    journey: Table
    visit: Table
    stray: Table
    extent: Table
    slice: Table
    position: Table


def tables_called(suffix: str) -> Tables:
    """Describe the tables under their names followed by a suffix."""
    metadata = MetaData()

    def table(name: str, key: Sequence[str], columns: Mapping[str, pl.DataType]) -> Table:
        kinds = {**dict.fromkeys(key, pl.String()), **columns}
        return Table(
            name + suffix,
            metadata,
            *(_column(column, kind, is_key=column in key) for column, kind in kinds.items()),
            sqlite_with_rowid=False,  # the key is the order of the rows
        )

    # The people of a stray are in its key.
    strays = {name: kind for name, kind in STRAYS.items() if name != "people"}
    return Tables(
        metadata=metadata,
        touchpoint=table("touchpoint", IDENTITY, TOUCHPOINTS),
        known_case=table("known_case", ("service", "person", "case"), {}),
        journey=table("journey", ("service", "journey_id"), JOURNEYS),
        visit=table("visit", ("service", "journey_id", "visit"), VISITS),
        stray=table("stray", IDENTITY, strays),
        extent=table("extent", ("service",), _EXTENT),
        slice=table("slice", ("service", "slice"), _VERSION),
        position=table("position", ("reader",), _POSITION),
    )


def _column(name: str, kind: pl.DataType, *, is_key: bool) -> Column[object]:
    sql = _TEXT if kind == pl.String else Boolean() if kind == pl.Boolean else BigInteger()
    return Column(
        name,
        sql,
        primary_key=is_key,
        nullable=name in _NULLABLE and not is_key,
        autoincrement=False,
    )


LIVE = tables_called("")
NEXT = tables_called("_next")
PAST = tables_called("_past")
