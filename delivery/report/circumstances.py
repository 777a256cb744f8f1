"""What surrounds a drop-off, on a page: what people did next, channels, times, the data."""

from analysis.journey_report import JourneyReport
from analysis.sections import Next, TimeBucket
from analysis.selection import NOT_STATED
from delivery.report.endings import Endings
from delivery.report.language import NOTHING, Language, marked
from delivery.report.page import Tabled
from delivery.report.wording import Names, bar

SHOWN = 12

HISTOGRAM = 30
"""Columns of the longest bar."""

CHANNELS = {
    "web": marked("web"),
    "phone": marked("phone"),
    "office": marked("office"),
    "email": marked("e-mail"),
    "chat": marked("chat"),
    "paper": marked("paper"),
    "sms": marked("text message"),
}
"""By the keys of the report."""


def channel_name(key: str, language: Language) -> str:
    """Name a channel; one that we have no word for by its key."""
    known = CHANNELS.get(key)
    return value_name(key, language) if known is None else language.text(known)


def value_name(value: str, language: Language) -> str:
    """Name a value of an attribute: as it is in the data, unless there is none."""
    return language.text("(not stated)") if value == NOT_STATED else value


def write_next(
    page: Tabled, report: JourneyReport, names: Names, words: Endings, language: Language
) -> None:
    """Write what people did after dropping off at a step."""
    say = language.text
    page.table(
        say("What they did next, after the step that was their last"),
        (
            say("step"),
            say(words.lost),
            say("nothing more"),
            say("elsewhere"),
            say("came back"),
            say("other channel"),
            say("done elsewhere"),
            say("days"),
        ),
        [
            (
                names.step(row.step),
                language.count(row.dropped),
                *(_count(number, language) for number in _classes(row.next)),
                language.count(row.next.within_days),
            )
            for row in report.steps
            if row.next is not None
        ],
        left=1,
    )


def _classes(after: Next) -> tuple[int | None, ...]:
    return (
        after.no_further_action,
        after.went_elsewhere,
        after.returned_later,
        after.switched_channel,
        after.completed_in_another_channel,
    )


def write_channels(page: Tabled, report: JourneyReport, words: Endings, language: Language) -> None:
    """Write where journeys begin and end up, and how they move between channels."""
    say, channels = language.text, report.channels
    page.table(
        say("Channels that journeys began in"),
        (
            say("channel"),
            say("started"),
            say("completed"),
            say(words.lost),
            say("open"),
            say("completion (95 %)"),
            "n",
            say("day"),
        ),
        [
            (
                channel_name(row.channel, language),
                language.count(row.started),
                language.count(row.completed),
                language.count(row.lost),
                language.count(row.open),
                language.rate(row.rate, row.low, row.high, row.note),
                language.count(row.n),
                _count(row.day, language),
            )
            for row in channels.starts
        ],
        left=1,
    )
    page.table(
        say("Visits by channel"),
        (say("channel"), say("visits"), say("share")),
        [
            (
                channel_name(row.channel, language),
                language.count(row.visits),
                language.percent(row.share),
            )
            for row in channels.visits
        ],
        left=1,
    )
    page.table(
        say("From channel to channel"),
        (say("from"), say("to"), say("moves")),
        [
            (
                channel_name(move.from_, language),
                channel_name(move.to, language),
                language.count(move.count),
            )
            for move in channels.moves[:SHOWN]
        ],
        left=2,
    )


def write_times(page: Tabled, report: JourneyReport, language: Language) -> None:
    """Write how long completed journeys took, and whose time that was."""
    say, time = language.text, report.time
    page.table(
        say("Time of completed journeys, and whose it was"),
        (
            "",
            say("10 % within"),
            say("25 % within"),
            say("median"),
            say("75 % within"),
            say("90 % within"),
            "n",
        ),
        [
            (
                whose,
                *(
                    language.duration(seconds)
                    for seconds in (
                        *(spent.p10_s, spent.p25_s, spent.median_s),
                        *(spent.p75_s, spent.p90_s),
                    )
                ),
                language.count(spent.n),
            )
            for whose, spent in (
                (say("start to outcome"), time.total),
                (say("with the customer"), time.customer),
                (say("waiting for the city"), time.city),
            )
        ],
        left=1,
    )


def write_histograms(page: Tabled, report: JourneyReport, language: Language) -> None:
    """Write how many completed journeys took how long, and whose time that was."""
    say, time = language.text, report.time
    for heading, spent in (
        (say("How many took how long, from start to outcome"), time.total),
        (say("How many took how long with the customer"), time.customer),
        (say("How many waited for the city, and how long"), time.city),
    ):
        most = max((bucket.count for bucket in spent.histogram), default=1)
        page.table(
            heading,
            (say("time"), say("journeys"), ""),
            [
                (
                    bucket_name(bucket, language),
                    language.count(bucket.count),
                    bar(bucket.count / most, HISTOGRAM),
                )
                for bucket in spent.histogram
            ],
            left=1,
        )


def bucket_name(bucket: TimeBucket, language: Language) -> str:
    """Say which times are in a bucket."""
    if bucket.to_s is None:
        return language.text("from {time}", time=language.duration(bucket.from_s))
    if not bucket.from_s:
        return language.text("under {time}", time=language.duration(bucket.to_s))
    return language.text(
        "{first} - {last}",
        first=language.duration(bucket.from_s),
        last=language.duration(bucket.to_s),
    )


def write_quality(page: Tabled, report: JourneyReport, language: Language) -> None:
    """Write how far the data can be trusted."""
    say, quality = language.text, report.quality
    rows = (
        (
            say("touchpoints with an unknown name"),
            quality.unmapped,
            quality.unmapped_share,
            quality.touchpoints,
        ),
        (
            say("touchpoints of no journey"),
            quality.unlinked,
            quality.unlinked_share,
            quality.touchpoints,
        ),
        (
            say("failed touchpoints at steps"),
            quality.errors,
            quality.error_share,
            quality.step_touchpoints,
        ),
        (
            say("journeys of an unknown person"),
            quality.without_person,
            quality.without_person_share,
            report.journeys.started,
        ),
    )
    page.table(
        say("How far the data can be trusted"),
        ("", say("number"), say("share"), "n"),
        [
            (what, _count(number, language), language.percent(share), language.count(of))
            for what, number, share, of in rows
        ],
        left=1,
    )


def _count(number: int | None, language: Language) -> str:
    return NOTHING if number is None else language.count(number)
