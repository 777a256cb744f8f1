"""What may be missing of a service, on a page: said in words, then as tables."""

from collections.abc import Sequence
from typing import NamedTuple

from analysis.journey_report import JourneyReport
from analysis.recording import NOTHING as NO_TOUCHPOINT
from analysis.sections import LongSilence, LostRecords, Recording, WaitingRecords
from delivery.moments import start_of
from delivery.report.language import Language, marked
from delivery.report.page import Leaf
from delivery.report.wording import readable
from journeys.silences import Hearing

_REASONS = {
    "payload_not_json": marked("not JSON"),
    "not_cloudevent": marked("not the message of a touchpoint"),
    "unsupported_specversion": marked("a message of another version"),
    "missing_time": marked("no time"),
    "bad_time": marked("a time that cannot be read"),
    "naive_time": marked("a time without its zone"),
    "time_out_of_range": marked("a time too early, or yet to come"),
    "unknown_service": marked("a service without a definition"),
    "missing_reference": marked("neither case nor person"),
    "personal_data": marked("personal data where none belongs"),
    "conflict": marked("contradicts an earlier touchpoint"),
    "too_large": marked("too large"),
    "too_deep": marked("nested too deep"),
    "tombstone": marked("nothing in it"),
    "bad_row": marked("breaks the contract, or cut off"),
}
_LOSSES = {
    "retention": marked("deleted before they were read"),
    "truncated": marked("lost by the broker afterwards"),
    "recreated": marked("the topic was made again"),
}


class Listed(NamedTuple):
    """A table: its heading, heads and rows, of which so many columns are words."""

    heading: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: int


def write_missing(page: Leaf, report: JourneyReport, language: Language) -> None:
    """Write what may be missing, if the log was asked."""
    if report.recording is None:
        return
    page.heading(language.text("What may be missing"))
    for line in missing_lines(report.recording, language):
        page.line(line)
    for found in missing_tables(report.recording, language):
        page.table(found.heading, found.heads, found.rows, left=found.words)


def missing_lines(recording: Recording, language: Language) -> list[str]:
    """Say how fresh the data is, what came late, waits or is lost."""
    return [
        _newest(recording, language),
        _late(recording, language),
        _waiting(recording.waiting, language),
        _lost(recording.lost, language),
    ]


def missing_tables(recording: Recording, language: Language) -> list[Listed]:
    """List long silences, what waits and what is lost; tables may have no row."""
    return [
        _silences(recording.silences, language),
        _reasons(recording.waiting, language),
        _losses(recording.lost, language),
    ]


def _newest(recording: Recording, language: Language) -> str:
    if recording.state == NO_TOUCHPOINT:
        return language.text("No touchpoint of this service is known.")
    if recording.state == Hearing.ENDED:
        return language.text(
            "Nothing has happened for more than four weeks: the season is over, or data is missing."
        )
    if recording.newest_at is None:
        return language.text("Touchpoints are too few to tell whether some are missing.")
    hours = recording.silent_hours or 0
    newest = language.moment(start_of(recording.newest_at))
    usual = language.count(recording.usual_hours or 0)
    if recording.state == Hearing.SILENT:
        return language.plural(
            "Nothing has happened for {n} hour, since {newest}; up to {usual} are usual for this "
            "service. What happened since may be missing.",
            "Nothing has happened for {n} hours, since {newest}; up to {usual} are usual for this "
            "service. What happened since may be missing.",
            hours,
            newest=newest,
            usual=usual,
        )
    return language.plural(
        "The newest touchpoint is from the hour of {newest}, {n} hour before the as-of moment; up "
        "to {usual} are usual for this service.",
        "The newest touchpoint is from the hour of {newest}, {n} hours before the as-of moment; up "
        "to {usual} are usual for this service.",
        hours,
        newest=newest,
        usual=usual,
    )


def _late(recording: Recording, language: Language) -> str:
    if not recording.looked_at:
        return language.text(
            "How late touchpoints come cannot be told: none of the newest events of the log is of "
            "this service."
        )
    if recording.late is None:
        return language.text("How many touchpoints came late is not said: too few people.")
    if not recording.late:
        return language.plural(
            "The newest touchpoint ({n}) was recorded within a day.",
            "The newest touchpoints ({n}) were all recorded within a day.",
            recording.looked_at,
        )
    return language.plural(
        "Of the newest touchpoints ({all}), {n} was recorded more than a day after it happened "
        "({share}). Where much comes late, the newest days are not complete yet; a file brings "
        "everything late.",
        "Of the newest touchpoints ({all}), {n} were recorded more than a day after they happened "
        "({share}). Where much comes late, the newest days are not complete yet; a file brings "
        "everything late.",
        recording.late,
        all=recording.looked_at,
        share=language.percent(recording.late_share),
    )


def _waiting(waiting: Sequence[WaitingRecords], language: Language) -> str:
    own = sum(row.of_service for row in waiting)
    unknown = sum(row.of_unknown for row in waiting)
    if not own and not unknown:
        return language.text("No record of this service waits in quarantine.")
    said = language.plural(
        "{n} record of this service waits in quarantine, as it could not be used: it is in no "
        "number here.",
        "{n} records of this service wait in quarantine, as they could not be used: they are in no "
        "number here.",
        own,
    )
    if not unknown:
        return said
    more = language.plural(
        "{n} more is of no service that could be told.",
        "{n} more are of no service that could be told.",
        unknown,
    )
    return f"{said} {more}"


def _lost(lost: Sequence[LostRecords], language: Language) -> str:
    if not lost:
        return language.text("No stream has lost records.")
    return language.plural(
        "{n} stretch of a stream was lost before it was read; nobody knows whose records were in "
        "it.",
        "{n} stretches of streams were lost before they were read; nobody knows whose records were "
        "in them.",
        len(lost),
    )


def _silences(silences: Sequence[LongSilence], language: Language) -> Listed:
    say = language.text
    rows = [
        (
            language.moment(start_of(silence.from_)),
            language.moment(start_of(silence.to)),
            language.count(silence.hours),
            language.count(silence.usual_hours),
        )
        for silence in silences
    ]
    heading = say("Hours in which nothing happened, more than usual: holidays, or missing data")
    return Listed(
        heading, (say("last before"), say("first after"), say("hours"), say("usual up to")), rows, 2
    )


def _reasons(waiting: Sequence[WaitingRecords], language: Language) -> Listed:
    say = language.text
    rows = [
        (
            say(_REASONS[row.reason]) if row.reason in _REASONS else readable(row.reason),
            language.count(row.of_service),
            language.count(row.of_unknown),
        )
        for row in waiting
    ]
    heading = say("Records in quarantine, by what is wrong with them")
    return Listed(heading, (say("what is wrong"), say("this service"), say("unknown")), rows, 1)


def _losses(lost: Sequence[LostRecords], language: Language) -> Listed:
    say = language.text
    rows = [
        (
            readable(row.topic),
            say(_LOSSES[row.reason]) if row.reason in _LOSSES else readable(row.reason),
            language.moment(start_of(row.recorded_at)),
            str(row.partition),
            f"{row.begin} -" if row.end is None else f"{row.begin} - {row.end - 1}",
        )
        for row in lost
    ]
    heads = (say("topic"), say("why"), say("noticed"), say("partition"), say("offsets"))
    return Listed(say("What streams have lost"), heads, rows, 3)
