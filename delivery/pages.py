"""The overview and the report of every service, as pages in a folder."""

from datetime import datetime
from pathlib import Path

from analysis.overview import overview
from analysis.report import journey_report
from delivery.app import frames_of_all, open_house, told_of_service
from delivery.report.html_overview import overview_html
from delivery.report.html_report import report_html
from delivery.report.language import Language
from delivery.report.wording import Names
from delivery.rewriting import write_whole
from delivery.settings import Settings

OVERVIEW = "overview.html"


def write_pages(settings: Settings, folder: Path, *, as_of: datetime, lang: str) -> list[Path]:
    """Write a page for the overview and one for each service, all of one state.

    Args:
        settings: The installation.
        folder: Is made if need be.
        as_of: The moment the pages pretend it is now.
        lang: `fi`, `sv` or `en`.

    Returns:
        The pages, the overview first.

    Raises:
        SettingsError: A page cannot be written.
    """
    language = Language(lang)
    with open_house(settings) as house:
        frames = frames_of_all(house, as_of=as_of, position=None)
        told = [told_of_service(house, one) for one in frames]
    names = {one.service.key: Names(one.service, lang) for one in frames}
    pages = {folder / OVERVIEW: overview_html(overview(frames), names, language)}
    for one, of_log in zip(frames, told, strict=True):
        key = one.service.key
        found = journey_report(one, told=of_log)
        pages[folder / f"{key}.html"] = report_html(found, names[key], language)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(pages)
    return list(pages)
