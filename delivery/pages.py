"""The overview and the report of every service, all of one state: as text, and as pages."""

from datetime import datetime
from pathlib import Path

from analysis.overview import overview
from analysis.report import journey_report
from delivery.app import frames_of_all, open_house, told_of_service
from delivery.report.html_overview import overview_html
from delivery.report.html_report import report_html
from delivery.report.language import Language
from delivery.report.overview import overview_text
from delivery.report.wording import Names
from delivery.rewriting import write_whole
from delivery.settings import Settings

OVERVIEW = "overview.html"


class Pages:
    """What there is to tell of an installation.

    Args:
        settings: The installation.
        as_of: The moment the pages pretend it is now.
        lang: `fi`, `sv` or `en`.
    """

    def __init__(self, settings: Settings, *, as_of: datetime, lang: str) -> None:
        with open_house(settings) as house:
            self._frames = frames_of_all(house, as_of=as_of, position=None)
            self._told = [told_of_service(house, one) for one in self._frames]
        self._names = {one.service.key: Names(one.service, lang) for one in self._frames}
        self._language = Language(lang)
        self._overview = overview(self._frames)

    def overview_text(self) -> str:
        """Return the overview, for a terminal."""
        return overview_text(self._overview, self._names, self._language)

    def write(self, folder: Path) -> list[Path]:
        """Write a page for the overview and one for each service.

        Args:
            folder: Is made if need be.

        Returns:
            The pages, the overview first.

        Raises:
            SettingsError: A page cannot be written.
        """
        pages = {folder / OVERVIEW: overview_html(self._overview, self._names, self._language)}
        for frames, told in zip(self._frames, self._told, strict=True):
            key = frames.service.key
            found = journey_report(frames, told=told)
            pages[folder / f"{key}.html"] = report_html(found, self._names[key], self._language)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(pages)
        return list(pages)
