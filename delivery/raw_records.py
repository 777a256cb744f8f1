"""The places that quarantined records came from, found again to be read once more."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from delivery.own_files import FileOptions, by_definition, open_rows, service_of_files
from ingest.batch_decoder import stored_origin
from ingest.privacy import Pseudonyms
from ingest.retry import Reader, lines_reader, rows_reader, topic_reader
from ingest.sources import RawBatch
from journeys.errors import PolkuError, SourceError
from journeys.records import TouchpointRejected
from journeys.service import FileForm, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.kafka_settings import KafkaSettings


class RawRecords:
    """Files by their names, topics by theirs."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        topic: "Callable[[str], KafkaSettings]",
        services: Mapping[str, Sequence[Service]],
        pseudonyms: Pseudonyms,
    ) -> None:
        """Say where things may be.

        Args:
            paths: Files; others are looked for in the current folder.
            topic: Says how to reach a topic, or raises a `PolkuError`.
            services: The definitions in use: what is known of the columns of own files.
            pseudonyms: The deployment's keyed hashes: a file's name may be stored as one.
        """
        self._paths = paths
        self._topic = topic
        self._services = services
        self._pseudonyms = pseudonyms
        self._unreadable: dict[str, str] = {}

    def reader_of(self, rejection: TouchpointRejected) -> Reader:
        """Find what reads the origin of a rejection.

        Raises:
            SourceError: It cannot be found; the message says what to say.
        """
        kind, _, name = rejection.origin.partition(":")
        try:
            if kind == "kafka":
                topic, _, partition = name.rpartition("/")
                return self._partition(topic, int(partition))
            own = f"file:{rejection.service}/"
            if rejection.service and rejection.origin.startswith(own):
                return self._rows(rejection.origin.removeprefix(own), rejection.service)
            if kind == "file" and "/" not in name:
                return lines_reader(self._found(name))
        except SourceError:
            raise
        except PolkuError as error:
            raise SourceError(str(error)) from error
        raise SourceError(
            "it is a source that was given its name by hand. Hint: polku ingest files FILE "
            f"--service {rejection.service or 'KEY'} --source {rejection.origin} reads its file "
            "again: what is known is dropped, and what can be read now is settled"
        )

    def _partition(self, topic: str, partition: int) -> Reader:
        """Read a partition, unless another one has shown that its topic cannot be read now."""
        read = topic_reader(self._topic(topic), partition)

        def unless_known(places: Sequence[int]) -> Iterator[RawBatch]:
            if topic in self._unreadable:
                raise SourceError(self._unreadable[topic])
            try:
                yield from read(places)
            except SourceError as error:
                self._unreadable[topic] = str(error)
                raise

        return unless_known

    def _rows(self, name: str, service: str) -> Reader:
        path = self._found(name)
        options = FileOptions({}, FileForm())
        definition = service_of_files(self._services, service, path)
        return rows_reader(open_rows(path, service, by_definition(definition, options)))

    def _found(self, name: str) -> Path:
        """Find a file by its name, or by the pseudonym that is stored for it."""
        for path in (*self._paths, Path(name)):
            named = f"file:{path.name.encode(errors='replace').decode()}"
            if f"file:{name}" in (named, stored_origin(named, self._pseudonyms)) and path.exists():
                return path
        raise SourceError(f"file {name}: it is not here. Hint: --file PATH says where it is")
