"""What must be traced again when touchpoints arrive: their connected group.

A journey of a case depends on the touchpoints that carry it and on those its people left without a
case; where one of these belongs depends on all cases of its person (docs/journeys.md 3). So the
unit is a group of cases and people, connected where a person is known in a case.

Two things keep groups small, and both are exact: a person who left nothing without a case connects
nothing, and neither does a *crowded* one, with more than `MANY_CASES`. Who becomes crowded by what
arrives still connects, once: the links made before are taken back.
"""

from collections.abc import Collection
from typing import NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, func, select

from projections.linking import MANY_CASES
from projections.read_models import is_among
from projections.rows import select_frame
from projections.shapes import TOUCHPOINTS
from projections.tables import NONE, Tables


class Group(NamedTuple):
    """Connected cases and people; of the people, what they left without a case."""

    cases: frozenset[str]
    people: frozenset[str]


class StoredService:
    """The touchpoints of one service as the tables hold them, within one transaction."""

    def __init__(self, connection: Connection, tables: Tables, service: str) -> None:
        self._connection = connection
        self._touchpoint = tables.touchpoint.c
        self._known = tables.known_case.c
        self._service = service

    def group_of(
        self, cases: Collection[str], people: Collection[str], *, crowded: Collection[str]
    ) -> Group:
        """Find what is connected with touchpoints that have been stored just now.

        Args:
            cases: Those of the new touchpoints.
            people: Those of the new touchpoints.
            crowded: Those of `people` who were crowded before.
        """
        arrived = frozenset(people)
        seen: set[str] = set()
        linking: set[str] = set()
        reached: set[str] = set()
        next_people, next_cases = set(people), set(cases)
        while next_people or next_cases:
            reached |= next_cases
            found = (next_people | self._people_in(next_cases)) - seen
            seen |= found
            shut = self.crowded(found - arrived) | (found & set(crowded))
            connecting = self._without_case(found - shut)
            linking |= connecting
            next_people, next_cases = set(), self._cases_of(connecting) - reached
        return Group(frozenset(reached), frozenset(linking))

    def crowded(self, people: Collection[str]) -> set[str]:
        """Tell who of these people is known in too many cases to link anything."""
        known = self._known
        return self._values(
            select(known.person)
            .where(known.service == self._service, is_among(known.person, people))
            .group_by(known.person)
            .having(func.count() > MANY_CASES),
            of=people,
        )

    def touchpoints(self, group: Group | None = None) -> pl.DataFrame:
        """Read the touchpoints of a group, or all, as in `projections.shapes.TOUCHPOINTS`."""
        if group is None:
            return self._read()
        touchpoint = self._touchpoint
        return pl.concat(
            [
                self._read(is_among(touchpoint.case, group.cases)),
                self._read(touchpoint.case == NONE, is_among(touchpoint.person, group.people)),
            ]
        )

    def _people_in(self, cases: Collection[str]) -> set[str]:
        touchpoint = self._touchpoint
        return self._values(
            select(touchpoint.person)
            .where(
                touchpoint.service == self._service,
                is_among(touchpoint.case, cases),
                touchpoint.person != NONE,
            )
            .distinct(),
            of=cases,
        )

    def _without_case(self, people: Collection[str]) -> set[str]:
        touchpoint = self._touchpoint
        return self._values(
            select(touchpoint.person)
            .where(
                touchpoint.service == self._service,
                touchpoint.case == NONE,
                is_among(touchpoint.person, people),
            )
            .distinct(),
            of=people,
        )

    def _cases_of(self, people: Collection[str]) -> set[str]:
        known = self._known
        return self._values(
            select(known.case)
            .where(known.service == self._service, is_among(known.person, people))
            .distinct(),
            of=people,
        )

    def _values(self, statement: Select[str], *, of: Collection[str]) -> set[str]:
        return set(self._connection.scalars(statement)) if of else set()

    def _read(self, *conditions: ColumnElement[bool]) -> pl.DataFrame:
        touchpoint = self._touchpoint
        statement = select(*(touchpoint[name] for name in TOUCHPOINTS)).where(
            touchpoint.service == self._service, *conditions
        )
        return select_frame(self._connection, statement, TOUCHPOINTS)
