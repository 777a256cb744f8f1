"""The command that lists the journeys behind a number."""

from typing import TYPE_CHECKING, Annotated

import typer

from delivery.answer import columns, written
from delivery.commands.selection import (
    DroppedAt,
    Outcome,
    ServiceKey,
    Variant,
    as_of_moment,
    conditions_of,
    path_of,
    period_between,
    say_what_is_behind,
)
from delivery.options import (
    AsOf,
    Data,
    Database,
    From,
    InLanguage,
    K,
    Lang,
    Position,
    PublicLog,
    ReportFormat,
    ReportOutput,
    Services,
    To,
    Where,
)
from delivery.settings import read_settings

if TYPE_CHECKING:
    from analysis.listing import JourneyList
    from delivery.report.language import Language
    from delivery.report.wording import Names


def journeys(
    service: ServiceKey,
    output: ReportOutput = ReportFormat.TEXT,
    as_of: AsOf = None,
    position: Position = None,
    from_: From = None,
    to: To = None,
    where: Where = None,
    outcome: Outcome = None,
    dropped_at: DroppedAt = None,
    variant: Variant = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list, the latest first.")] = 50,
    lang: InLanguage = Lang.EN,
    k: K = None,
    public_log: PublicLog = False,  # noqa: FBT002 - a flag of the command line
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """List the journeys behind a number, pseudonymous; a rare path shows outcome and week only."""
    from analysis.listing import list_journeys
    from analysis.suppression import MIN_K
    from delivery.app import frames_of_service, open_house
    from delivery.report.language import Language
    from delivery.report.listing import listing_csv, listing_text, written_listing
    from delivery.report.markdown import MarkdownPage
    from delivery.report.wording import Names

    settings = read_settings(data=data, database=database, services=services)
    with open_house(settings) as house:
        frames = frames_of_service(house, service, as_of=as_of_moment(as_of), position=position)
        say_what_is_behind(house, position)
    found = list_journeys(
        frames,
        window=period_between(from_, to),
        where=conditions_of(where),
        outcome=outcome,
        dropped_at=dropped_at,
        variant=path_of(variant),
        limit=limit,
        k=MIN_K if k is None else k,
        public_log=public_log,
    )
    names, language = Names(frames.service, lang.value), Language(lang.value)
    answer = written(
        found,
        output,
        csv=lambda: listing_csv(found),
        text=lambda: listing_text(found, names, language, width=columns()),
        md=lambda: written_listing(MarkdownPage(), found, names, language),
        html=lambda: _listing_html(found, names, language),
    )
    typer.echo(answer, nl=False)


def _listing_html(found: "JourneyList", names: "Names", language: "Language") -> str:
    from delivery.report.html_listing import listing_html  # templates are slow to import

    return listing_html(found, names, language)
