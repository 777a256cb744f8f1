"""Somebody's own files, opened as they were told to be: by options, else by the definition."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

from delivery.app import open_log
from delivery.options import LifecycleChoice
from delivery.progress import progress
from delivery.settings import Settings, now, present_key
from ingest.dry_run import DryRun, dry_run
from ingest.own_log import RowSource, conventional_columns
from ingest.pipeline import Progress
from ingest.privacy import Pseudonyms
from ingest.tables import open_table
from ingest.times import TimeReader
from journeys.errors import NoLogError, PolkuError, UnknownServiceError
from journeys.event_log import EventLog
from journeys.service import FileForm, Service


class FileOptions(NamedTuple):
    """What a user says of a file.

    Attributes:
        columns: Column by role.
        form: How it is written; what is not told has its default.
        source: What its source is called.
    """

    columns: Mapping[str, str]
    form: FileForm
    source: str | None = None

    @property
    def told(self) -> bool:
        """Whether anything was said."""
        return bool(self.columns) or self.form != FileForm() or self.source is not None


def pairs(told: Sequence[str] | None) -> dict[str, str]:
    """Read NAME=VALUE options; `delivery.options` has checked their form."""
    return {name: value for name, _, value in (pair.partition("=") for pair in told or ())}


def file_form(
    zone: str | None,
    time_format: str | None,
    encoding: str | None,
    delimiter: str | None,
    lifecycle: LifecycleChoice | None,
) -> FileForm:
    """Put together what options say of a file's form; `delivery.options` has checked it."""
    return FileForm(
        encoding=encoding,
        delimiter=delimiter,
        zone=zone,
        time_format=time_format,
        lifecycle="complete" if lifecycle is None else lifecycle.value,
    )


def service_of_files(services: Mapping[str, Sequence[Service]], key: str, path: Path) -> Service:
    """Look up the definition that rows are read by: the newest.

    Raises:
        PolkuError: There is none; the message says how to get one.
    """
    if key in services:
        return services[key][-1]
    unknown = UnknownServiceError(key, services)
    raise PolkuError(f"{unknown}. If {key!r} is new: polku services draft {path} --service {key}")


def open_rows(
    path: Path, key: str, options: FileOptions, *, by_usual_names: bool = False
) -> RowSource:
    """Open a file as a source of rows.

    Args:
        path: The file.
        key: The service its rows are about.
        options: What is known of it.
        by_usual_names: Columns that nobody named go by their usual names. So they do, too, where
            nobody named any.

    Raises:
        SourceError: It cannot be read so; the message says what to say.
    """
    form = options.form
    table = open_table(
        path, encoding=form.encoding, delimiter=form.delimiter, lifecycle=form.lifecycle
    )
    usual: dict[str, str] = {}
    if by_usual_names or not options.columns:
        usual = conventional_columns(table.columns)
    if "person" in options.columns:
        usual.pop("case", None)
    source = RowSource(
        table,
        service=key,
        columns={**usual, **options.columns},
        times=TimeReader(zone=form.zone, time_format=form.time_format),
        source=options.source,
    )
    source.check_times()
    return source


def by_definition(service: Service, options: FileOptions) -> FileOptions:
    """Fill in what an option does not say by what the definition does."""
    told = {
        name: value
        for name, value in msgspec.structs.asdict(options.form).items()
        if value != getattr(FileForm(), name)
    }
    return FileOptions(
        {**service.columns, **options.columns},
        msgspec.structs.replace(service.file, **told),
        options.source,
    )


def look_through(
    source: RowSource,
    settings: Settings,
    services: Mapping[str, Sequence[Service]],
    *,
    wanted: bool,
) -> DryRun | None:
    """Look through a file before anything of it is stored.

    Args:
        source: The file.
        settings: Where the log may be.
        services: The definitions in use.
        wanted: Look in any case. Else None is returned where nothing can be doubtful: its rows are
            numbered, and the log has none of the service.
    """
    with ExitStack() as stack:
        log: EventLog | None = None
        with suppress(NoLogError):
            log = stack.enter_context(open_log(settings))
        if not wanted and source.is_numbered and not (log and log.has_touchpoints(source.service)):
            return None
        folder = stack.enter_context(TemporaryDirectory(prefix="polku-"))
        scratch = stack.enter_context(EventLog.open(Path(folder) / "scratch.db"))
        report = stack.enter_context(progress("Looking through"))

        def show(step: Progress) -> None:
            report(step.done, f"{step.read:,} rows")

        return dry_run(
            source,
            log,
            scratch=scratch,
            services=services,
            pseudonyms=Pseudonyms(present_key(settings)),
            clock=now,
            progress=show,
        )
