"""Changed definitions beside those that are recorded: read, compared, and nothing written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from analysis.preview import Preview, ServicePreview, preview, preview_of_unknown
from analysis.selection import moment_text
from analysis.suppression import MIN_K, check_k
from delivery.app import open_log
from delivery.progress import progress
from delivery.settings import Settings
from journeys.service import Service, ServiceHistory, text
from projections.frames import frames_under


class Previewed(NamedTuple):
    """What changed definitions would do; `names` are those of all steps, by service and key."""

    preview: Preview
    names: dict[str, dict[str, str]]


def preview_definitions(  # noqa: PLR0913 - each is an option of the command
    settings: Settings,
    proposed: Mapping[str, Sequence[Service]],
    *,
    as_of: datetime,
    lang: str,
    k: int | None = None,
    public_log: bool = False,
) -> Previewed:
    """Compare what the head of the log says by its definitions and with these in their places.

    Args:
        settings: Where the log is.
        proposed: Versions by service; of two with one `valid_from` these count.
        as_of: Aware.
        lang: Of the names of steps.
        k: Least number of people of a row that is shown.
        public_log: The log holds nobody's data, so k may be below 5.

    Raises:
        LogError: There is no log, or it cannot be used.
        DisclosureError: k is too small.
    """
    k = MIN_K if k is None else k
    check_k(k, public_log=public_log)
    found: list[ServicePreview] = []
    names: dict[str, dict[str, str]] = {}
    with open_log(settings) as log, progress("Tracing journeys") as report:
        position = log.head()
        recorded = log.definitions(position)
        for place, (key, versions) in enumerate(proposed.items()):
            report(place / len(proposed), key)
            now = recorded.get(key)
            then = ServiceHistory([*(now.versions if now else ()), *versions])
            names[key] = _step_names(now or then, lang) | _step_names(then, lang)
            if now is None:
                found.append(preview_of_unknown(then, as_of=as_of))
            else:
                both = frames_under(log, [now, then], as_of=as_of, position=position)
                found.append(preview(*both, k=k, public_log=public_log))
    return Previewed(
        Preview(
            as_of=moment_text(as_of),
            position=position,
            k=k,
            public_log=public_log,
            services=found,
        ),
        names,
    )


def _step_names(service: ServiceHistory, lang: str) -> dict[str, str]:
    return {key: text(service.step(key).name, lang) for key in service.step_keys}
