"""What would a changed definition do to the report: which numbers move, before it is recorded?

The same touchpoints are read twice, by the definitions that are recorded and by those with the
changed ones in their places; two journey reports are made and compared (`analysis.moves`).

**Nothing about fewer than k people.** Both reports keep their own rules, and two reports beside
each other say a third thing: who is read *otherwise*. So

* a row that either report leaves out is left out of both, and counted in `hidden`;
* if the people whose journeys are read otherwise are 1 to k - 1, no number is shown at all (if
  there are none, those of touchpoints that are unlinked or unmapped in one report alone);
* a step at which 1 to k - 1 people stand otherwise is left out, and so is an unmapped name, with
  the next smallest, as `analysis.suppression` does where a total is shown; how many reach a step
  in order is left out with the step, and by the same rule if too few reach it in one report alone;
* the totals of a report, which are shown at any size, are so here, and so are the cells of a step
  that is shown: their differences may be small.

Other subtractions, of this preview and the next, are no more covered than subtraction over time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import polars as pl
from msgspec import Struct

from analysis.drop_off import step_entries
from analysis.funnel import plan_funnel, trace_funnel
from analysis.journey_report import JourneyReport
from analysis.likeness import Likeness, likenesses
from analysis.moves import Hidden, Move, moves_between, rows_of
from analysis.report import journey_report
from analysis.suppression import MIN_K, check_k, hidden_rows
from analysis.variants import walks
from journeys.errors import DisclosureError
from journeys.service import Service, ServiceHistory
from projections.frames import Frames

_WHOLE = ""
"""In the place of a step: the journey itself. No step has an empty key."""

Note = Literal["not recorded", "no touchpoints", "too few people"]


class Renamed(Struct, frozen=True, kw_only=True):
    """A step that has another key and the same touchpoints."""

    was: str
    step: str


class VersionChange(Struct, frozen=True, kw_only=True):
    """A definition that the log does not know, and its steps beside those of the one before.

    `replaces` is the version recorded with the same `valid_from`, null where there is none: then
    the steps are compared with those of the version valid until then. `begun` says whether it is
    valid by the as-of time. `same_number_as` is the `valid_from` of another version with this
    number: a folder that holds both is refused. Steps are keys.
    """

    version: int
    valid_from: str
    replaces: int | None
    begun: bool
    same_number_as: str | None
    added: list[str]
    gone: list[str]
    renamed: list[Renamed]


class UnmappedLike(Struct, frozen=True, kw_only=True):
    """A name that has no meaning then; `now` counts those of its touchpoints that have none now.

    `step`, or else `outcome`, is what it looks like; both null: like nothing.
    """

    name: str
    touchpoints: int
    now: int
    step: str | None
    outcome: str | None


class ServicePreview(Struct, frozen=True, kw_only=True):
    """What changed definitions of one service would do.

    `note` says why there are no numbers: the log does not know the service, has no touchpoints of
    it, or too few people are concerned. `hidden` counts the rows left out of each list. `draft`:
    nobody has confirmed the outcomes then, as in the journey report.
    """

    service: str
    draft: bool
    versions: list[VersionChange]
    moves: list[Move]
    unmapped_names: list[UnmappedLike]
    hidden: dict[str, int]
    note: Note | None


class Preview(Struct, frozen=True, kw_only=True):
    """Everything `polku services check FILE --preview --format json` says."""

    as_of: str
    position: int
    k: int
    public_log: bool
    services: list[ServicePreview]


def preview(
    now: Frames, then: Frames, *, k: int = MIN_K, public_log: bool = False
) -> ServicePreview:
    """Say which numbers other definitions of a service move.

    Args:
        now: The service under the definitions that are recorded.
        then: The same touchpoints, as of the same moment, under the others.
        k: Least number of people of a row that is shown.
        public_log: The log holds nobody's data, so k may be below 5.

    Returns:
        Moves in the order of a report, unmapped names by count.

    Raises:
        DisclosureError: k is too small.
    """
    check_k(k, public_log=public_log)
    changes = _version_changes(now, then)
    current = then.service.at(then.as_of)
    if now.journeys.is_empty() and now.strays.is_empty():
        return _without_numbers(current, changes, "no touchpoints")
    renamed = _new_keys(changes, now.service, then.service)
    otherwise = _read_otherwise(now, then, renamed)
    if _concerns_few(now, then, otherwise, k=k):
        return _without_numbers(current, changes, "too few people")
    try:
        reports = [journey_report(frames, k=k, public_log=public_log) for frames in (now, then)]
    except DisclosureError:
        return _without_numbers(current, changes, "too few people")
    before = rows_of(reports[0], known_steps=now.service.step_keys, renamed=renamed)
    after = rows_of(reports[1], known_steps=then.service.step_keys, renamed={})
    hidden = before.hidden | after.hidden | _hidden_steps(otherwise, now, then, renamed, k=k)
    names, names_hidden = _unmapped_names(reports, now, then, k=k)
    counts = {
        "steps": len(hidden.steps),
        "funnel": len(hidden.funnel - hidden.steps),
        "unmapped_names": names_hidden,
    }
    return ServicePreview(
        service=current.key,
        draft=not current.outcomes_confirmed,
        versions=changes,
        moves=moves_between(before, after, hidden=hidden),
        unmapped_names=names,
        hidden={what: rows for what, rows in counts.items() if rows},
        note=None,
    )


def preview_of_unknown(service: ServiceHistory, *, as_of: datetime) -> ServicePreview:
    """Say of a service that the log does not know that there is nothing to compare with."""
    changes = [_change(service, place, None, as_of) for place in range(len(service.versions))]
    return _without_numbers(service.at(as_of), changes, "not recorded")


def _without_numbers(current: Service, changes: list[VersionChange], note: Note) -> ServicePreview:
    return ServicePreview(
        service=current.key,
        draft=not current.outcomes_confirmed,
        versions=changes,
        moves=[],
        unmapped_names=[],
        hidden={},
        note=note,
    )


# --- the definitions ----------------------------------------------------------------------------


def _version_changes(now: Frames, then: Frames) -> list[VersionChange]:
    recorded = {version.valid_from: version.digest for version in now.service.versions}
    return [
        _change(then.service, place, now.service, then.as_of)
        for place, version in enumerate(then.service.versions)
        if recorded.get(version.valid_from) != version.digest
    ]


def _change(
    service: ServiceHistory, place: int, recorded: ServiceHistory | None, as_of: datetime
) -> VersionChange:
    version, start = service.versions[place], service.starts[place]
    base = None if recorded is None else recorded.at(start)
    before = {step.key: step for step in (base or version).steps}
    after = {step.key: step for step in version.steps}
    added = [key for key in after if key not in before]
    gone = [key for key in before if key not in after]
    renamed = [
        Renamed(was=was, step=step)
        for was in gone
        for step in added
        if before[was].touchpoints == after[step].touchpoints
    ]
    old, new = {pair.was for pair in renamed}, {pair.step for pair in renamed}
    replaced = base is not None and base.valid_from == version.valid_from
    return VersionChange(
        version=version.version,
        valid_from=version.valid_from.isoformat(),
        replaces=base.version if base is not None and replaced else None,
        begun=start < as_of,
        same_number_as=next(
            (
                other.valid_from.isoformat()
                for other in service.versions
                if other.version == version.version and other is not version
            ),
            None,
        ),
        added=[key for key in added if key not in new],
        gone=[key for key in gone if key not in old],
        renamed=renamed,
    )


def _new_keys(
    changes: Sequence[VersionChange], now: ServiceHistory, then: ServiceHistory
) -> dict[str, str]:
    """Pair the keys of steps that go by another key in every version: their rows are one row."""
    return {
        pair.was: pair.step
        for change in changes
        for pair in change.renamed
        if pair.was not in then.step_keys and pair.step not in now.step_keys
    }


# --- who is read otherwise ----------------------------------------------------------------------


def _read_otherwise(now: Frames, then: Frames, renamed: Mapping[str, str]) -> pl.DataFrame:
    """One row a journey and step at which it stands otherwise: `journey_id`, `step`, `people`.

    `step` is `_WHOLE` for the journey itself: whether there is one, and how it stands.
    """
    before = _standing(now).with_columns(pl.col("step").replace(renamed))
    both = _in_one_only(before, _standing(then), ["journey_id", "step", "stands"])
    return both.group_by("journey_id", "step").agg(pl.col("people").min())


def _standing(frames: Frames) -> pl.DataFrame:
    flags = ("cancelled_afterwards", "resurrected", "broken_promise")
    journeys = frames.journeys.select(
        "journey_id",
        "people",
        step=pl.lit(_WHOLE),
        stands=pl.concat_str("outcome", *flags, separator=" "),
    )
    entries = step_entries(frames.journeys, frames.visits, as_of=frames.as_of)
    steps = entries.join(frames.journeys.select("journey", "journey_id"), on="journey").select(
        "journey_id",
        "people",
        pl.col("step").cast(pl.String),
        stands=pl.when("open_here")
        .then(pl.lit("open"))
        .otherwise(pl.col("cause").cast(pl.String).fill_null("")),
    )
    return pl.concat([journeys, steps])


def _reaching(frames: Frames) -> pl.DataFrame:
    """Count the journeys of each person that reach each step of the funnel."""
    service = frames.service
    plan = plan_funnel(service, as_of=frames.as_of)
    walked = walks(frames.visits)
    funnel = trace_funnel(frames.journeys, frames.visits, walked, plan=plan, service=service)
    reached = [
        funnel.reaching(row).select("people", step=pl.lit(step))
        for row, step in enumerate(plan.rows)
    ]
    return pl.concat(reached).group_by("people", "step").len()


def _hidden_steps(
    otherwise: pl.DataFrame, now: Frames, then: Frames, renamed: Mapping[str, str], *, k: int
) -> Hidden:
    """Choose the rows of too small a difference."""
    before = _reaching(now).with_columns(pl.col("step").replace(renamed))
    reaching = _in_one_only(before, _reaching(then), ["people", "step", "len"])
    return Hidden(
        hidden_rows(otherwise.filter(pl.col("step") != _WHOLE), row="step", k=k),
        hidden_rows(reaching, row="step", k=k),
    )


def _unmapped(frames: Frames) -> pl.DataFrame:
    return frames.strays.filter("unmapped")


def _in_one_only(one: pl.DataFrame, other: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    return pl.concat([one.join(other, on=on, how="anti"), other.join(one, on=on, how="anti")])


def _concerns_few(now: Frames, then: Frames, otherwise: pl.DataFrame, *, k: int) -> bool:
    if otherwise.is_empty():
        strays = _in_one_only(now.strays, then.strays, ["source", "id", "unlinked", "unmapped"])
        return _few(strays, k)
    return _few(otherwise, k)


def _few(rows: pl.DataFrame, k: int) -> bool:
    return 0 < rows["people"].n_unique() < k


# --- names without a meaning --------------------------------------------------------------------


def _unmapped_names(
    reports: Sequence[JourneyReport], now: Frames, then: Frames, *, k: int
) -> tuple[list[UnmappedLike], int]:
    """List the names without a meaning then, and how many of them are left out."""
    before, after = (
        {row.name: row.touchpoints for row in report.unmapped_names} for report in reports
    )
    every = set(_unmapped(then)["name"])
    left_out = (every - set(after)) | (set(_unmapped(now)["name"]) - set(before))
    otherwise = _in_one_only(_unmapped(now), _unmapped(then), ["source", "id"])
    hidden = hidden_rows(otherwise, row="name", k=k, already=left_out)
    shown = {name: count for name, count in after.items() if name not in hidden}
    like = likenesses(shown, then.service.newest)
    rows = [
        UnmappedLike(
            name=name,
            touchpoints=count,
            now=before.get(name, 0),
            step=like.get(name, Likeness()).step,
            outcome=like.get(name, Likeness()).outcome,
        )
        for name, count in shown.items()
    ]
    return rows, len(hidden & every)
