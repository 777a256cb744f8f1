"""The commands that answer: `overview` and `report`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery.answer import written
from delivery.commands.selection import (
    ServiceKey,
    as_of_moment,
    conditions_of,
    period_between,
    say_what_is_behind,
)
from delivery.moments import end_of, start_of
from delivery.options import (
    AsOf,
    By,
    Compare,
    Data,
    Database,
    Exclude,
    From,
    InLanguage,
    K,
    Lang,
    Order,
    OrderChoice,
    Position,
    PublicLog,
    ReportFormat,
    ReportOutput,
    Services,
    To,
    Where,
    WindowOption,
    period_of,
)
from delivery.report.machine import OVERVIEW_SECTIONS, SECTIONS
from delivery.settings import Settings, read_settings
from delivery.stopping import told_to_stop

if TYPE_CHECKING:
    from analysis.comparison import Segment
    from analysis.funnel_rules import FunnelRules
    from analysis.journey_report import JourneyReport, Overview
    from analysis.selection import Period
    from delivery.report.language import Language
    from delivery.report.wording import Names


def overview(
    output: ReportOutput = ReportFormat.TEXT,
    as_of: AsOf = None,
    position: Position = None,
    from_: From = None,
    to: To = None,
    write: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            callback=lambda paths: paths and [_writable(path) for path in paths],
            help="Write it to a file, by its ending .txt, .json, .csv, .md or .html; may be given "
            "more than once.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            min=1,
            help="With --write: write it anew this often until stopped (SIGTERM or Ctrl-C).",
            show_default=False,
        ),
    ] = None,
    section: Annotated[
        str,
        typer.Option(
            metavar="TABLE", help=f"With --format csv: one of {', '.join(OVERVIEW_SECTIONS)}."
        ),
    ] = "services",
    lang: InLanguage = Lang.EN,
    k: K = None,
    public_log: PublicLog = False,  # noqa: FBT002 - a flag of the command line
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Show all services, one line each, and where the city loses most journeys."""
    from delivery.rewriting import FORMATS, keep_written, write_whole

    settings = read_settings(data=data, database=database, services=services)
    files = write or []
    outputs = [FORMATS[path.suffix] for path in files] or [output]

    def answers() -> list[str]:
        return _overview_answers(
            settings,
            outputs,
            as_of=as_of_moment(as_of),
            position=position,
            period=period_between(from_, to),
            lang=lang,
            k=k,
            public_log=public_log,
            says_what_is_behind=every is None,
            section=section,
        )

    if every is not None:
        if not files:
            raise typer.BadParameter(
                "says how often a file is written. Hint: --write FILE", param_hint="--every"
            )
        with told_to_stop() as stop:
            keep_written(lambda: dict(zip(files, answers(), strict=True)), every_s=every, stop=stop)
    elif files:
        write_whole(dict(zip(files, answers(), strict=True)))
    else:
        typer.echo(answers()[0], nl=False)


def report(
    service: ServiceKey,
    output: ReportOutput = ReportFormat.TEXT,
    as_of: AsOf = None,
    position: Position = None,
    from_: From = None,
    to: To = None,
    where: Where = None,
    by: By = None,
    compare: Compare = None,
    order: Order = OrderChoice.ORDERED,
    window: WindowOption = None,
    exclude: Exclude = None,
    section: Annotated[
        str,
        typer.Option(metavar="TABLE", help=f"With --format csv: one of {', '.join(SECTIONS)}."),
    ] = "steps",
    lang: InLanguage = Lang.EN,
    k: K = None,
    public_log: PublicLog = False,  # noqa: FBT002 - a flag of the command line
    data: Data = None,
    database: Database = None,
    services: Services = None,
) -> None:
    """Report where the journeys of a service stop, how they go on, and how long they take."""
    from analysis.report import journey_report
    from analysis.suppression import MIN_K
    from delivery.app import frames_of_service, open_house, told_of_service
    from delivery.report.language import Language
    from delivery.report.machine import report_csv
    from delivery.report.markdown import MarkdownPage
    from delivery.report.text import report_text, written_report
    from delivery.report.wording import Names

    settings = read_settings(data=data, database=database, services=services)
    with open_house(settings) as house:
        frames = frames_of_service(house, service, as_of=as_of_moment(as_of), position=position)
        told = told_of_service(house, frames)
        say_what_is_behind(house, position)
    found = journey_report(
        frames,
        window=period_between(from_, to),
        where=conditions_of(where),
        by=by,
        beside=_beside(compare),
        funnel_rules=_funnel_rules(order, window, exclude),
        told=told,
        k=MIN_K if k is None else k,
        public_log=public_log,
    )
    names, language = Names(frames.service, lang.value), Language(lang.value)
    answer = written(
        found,
        output,
        csv=lambda: report_csv(found, section),
        text=lambda: report_text(found, names, language),
        md=lambda: written_report(MarkdownPage(), found, names, language),
        html=lambda: _report_html(found, names, language),
    )
    typer.echo(answer, nl=False)


def _report_html(found: "JourneyReport", names: "Names", language: "Language") -> str:
    from delivery.report.html_report import report_html  # what draws is slow to import

    return report_html(found, names, language)


def _overview_html(found: "Overview", names: Mapping[str, "Names"], language: "Language") -> str:
    from delivery.report.html_overview import overview_html  # as above

    return overview_html(found, names, language)


def _overview_answers(
    settings: Settings,
    outputs: Sequence[ReportFormat],
    *,
    as_of: datetime,
    position: int | None,
    period: "Period",
    lang: Lang,
    k: int | None = None,
    public_log: bool = False,
    says_what_is_behind: bool = True,
    section: str = "services",
) -> list[str]:
    """Write one overview in each of the forms."""
    from analysis.overview import overview as overview_of
    from analysis.suppression import MIN_K
    from delivery.app import frames_of_all, open_house
    from delivery.report.language import Language
    from delivery.report.machine import overview_csv
    from delivery.report.markdown import MarkdownPage
    from delivery.report.overview import overview_text, written_overview
    from delivery.report.wording import Names
    from journeys.errors import ProjectionError

    with open_house(settings) as house:
        frames = frames_of_all(house, as_of=as_of, position=position)
        if says_what_is_behind:  # whoever writes every minute would say it every minute
            say_what_is_behind(house, position)
    if not frames:
        raise ProjectionError(
            f"no service is known in {settings.location}: nothing is recorded and projected yet. "
            "Hint: polku ingest files FILE, then polku project; or polku demo"
        )
    found = overview_of(frames, window=period, k=MIN_K if k is None else k, public_log=public_log)
    names = {frame.service.key: Names(frame.service, lang.value) for frame in frames}
    language = Language(lang.value)
    return [
        written(
            found,
            output,
            csv=lambda: overview_csv(found, section),
            text=lambda: overview_text(found, names, language),
            md=lambda: written_overview(MarkdownPage(), found, names, language),
            html=lambda: _overview_html(found, names, language),
        )
        for output in outputs
    ]


def _writable(path: Path) -> Path:
    from delivery.rewriting import FORMATS

    if path.suffix not in FORMATS:
        raise typer.BadParameter(
            f"{path}: its ending says no form. Hint: one of {', '.join(FORMATS)}"
        )
    return path


def _beside(text: str | None) -> "Period | Segment | None":
    """Read what to compare with; `options` has checked its form."""
    from analysis.comparison import Segment
    from analysis.selection import Period

    if text is None:
        return None
    attribute, equals, value = text.partition("=")
    if equals:
        return Segment(attribute, value)
    first, _, last = text.partition("..")
    return Period(start_of(first), end_of(last))


def _funnel_rules(
    order: OrderChoice, window: str | None, exclude: Sequence[str] | None
) -> "FunnelRules":
    from analysis.funnel_rules import MODES, FunnelRules

    pairs = [text.partition(":") for text in exclude or ()]
    return FunnelRules(
        order=order.value,
        window=None if window is None else period_of(window),
        exclude=tuple((step, MODES[mode == "remove"]) for step, _, mode in pairs),
    )
