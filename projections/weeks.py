"""Entry weeks: the ISO week, in Europe/Helsinki, that a journey starts in."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

ZONE = "Europe/Helsinki"


def week_of(moment: str | pl.Expr) -> pl.Expr:
    """The ISO week that moments, or those of a column, fall in, as `2026-W03`."""
    return (
        (pl.col(moment) if isinstance(moment, str) else moment)
        .dt.convert_time_zone(ZONE)
        .dt.strftime("%G-W%V")
    )


def bounds_of(week: str) -> tuple[datetime, datetime]:
    """When a week, as `2026-W03`, begins, and when the next one does."""
    year, _, number = week.partition("-W")
    monday = datetime.fromisocalendar(int(year), int(number), 1).replace(tzinfo=ZoneInfo(ZONE))
    return monday, monday + timedelta(days=7)
