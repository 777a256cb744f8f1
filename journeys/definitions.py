"""Service definitions from YAML files: read, checked, all problems listed at once.

One file is one version of one service; several versions of a service are several files.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from journeys.definition_rules import problems_of, warnings_of
from journeys.definition_shape import read_shape
from journeys.errors import ServiceDefinitionError
from journeys.service import Service, encode_service, restore_service

CATALOGUE = Path(__file__).parent / "catalogue"
"""The packaged example services."""


class Reading(NamedTuple):
    """A directory of definitions, as far as it could be read.

    Attributes:
        services: The usable versions by `valid_from`, by service key.
        problems: `file: path: why. Hint: ...`, one line each; any of them stops a start-up.
        warnings: `file: path: why`: what is assumed, or missing.
    """

    services: dict[str, tuple[Service, ...]]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def read_definitions(place: Path | None = None) -> Reading:
    """Read all definitions of a directory, or one file; None is the packaged catalogue."""
    place = CATALOGUE if place is None else place
    problems: list[str] = []
    found: list[tuple[str, Service]] = []
    for path in _files(place, problems):
        service = _read_file(path, problems)
        if service is not None:
            found.append((path.name, service))
    problems += _clashes(found)
    warnings = [f"{name}: {why}" for name, service in found for why in warnings_of(service)]
    return Reading(_by_key(found), tuple(problems), tuple(warnings))


def load_definitions(place: Path | None = None) -> dict[str, tuple[Service, ...]]:
    """Read all definitions, or none: see `journeys.service.load_services`."""
    reading = read_definitions(place)
    if reading.problems:
        raise ServiceDefinitionError(reading.problems)
    return reading.services


def decode_definition(text: str, where: str) -> Service:
    """Read and check one definition: see `journeys.service.decode_service`."""
    service, problems = _decode(text)
    if service is None:
        raise ServiceDefinitionError([f"{where}: {problem}" for problem in problems])
    return service


def _surprises(tag: str, first: str) -> bool:
    """Tell which of YAML's guesses nobody wants: `no` is a word, and a date is read by its key."""
    return tag.endswith(":timestamp") or (tag.endswith(":bool") and first in "yYnNoO")


class _Loader(yaml.CSafeLoader):
    """YAML as people mean it: dates, yes and no stay text; a key given twice is a problem.

    Read by libyaml, nine times as quick as by Python: every command begins with definitions.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own
        first: [(tag, form) for tag, form in resolvers if not _surprises(tag, first)]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the library's signature
        """Note the keys that YAML would silently let the last of win."""
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        line = node.start_mark.line + 1
        for key, times in keys.items():
            if times > 1:
                self.repeated.append(
                    f"{key}: is given twice in the mapping that starts at line {line}"
                )
        return super().construct_mapping(node, deep)


def _files(place: Path, problems: list[str]) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        problems.append(f"{place}: there is no such directory. Hint: --services DIR")
        return []
    names = [path for path in place.iterdir() if not path.name.startswith(".")]
    files = sorted(path for path in names if path.suffix in {".yaml", ".yml"})
    if not files:
        problems.append(f"{place}: holds no definitions. Hint: one .yaml file a service")
    return files


def _read_file(path: Path, problems: list[str]) -> Service | None:
    try:
        return decode_definition(path.read_text("utf-8-sig"), path.name)
    except ServiceDefinitionError as error:
        problems += error.problems
    except UnicodeDecodeError as error:
        problems.append(f"{path.name}: byte {error.start} is not UTF-8. Hint: save it as UTF-8")
    except OSError as error:
        problems.append(f"{path.name}: cannot be read: {error.strerror}")
    return None


def _decode(text: str) -> tuple[Service | None, list[str]]:
    """Return the service or, without one, what is wrong."""
    try:
        loader = _Loader(text)
        raw = loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, [_not_yaml(error)]
    try:
        parts, problems = read_shape(raw, Service)
    except RecursionError as error:  # nested a thousand times
        return None, [_not_yaml(error)]
    problems = [*loader.repeated, *problems, *problems_of(parts)]
    if problems:
        return None, problems
    # Through the form kept in the log, so that file and log give everything in one order.
    return restore_service(encode_service(msgspec.convert(raw, Service))), []


def _not_yaml(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        why = ", ".join(filter(None, [error.context, error.problem]))
        return f"line {error.problem_mark.line + 1}: is not YAML: {why}"
    return f"is not YAML: {str(error).splitlines()[0]}"


def _clashes(found: Sequence[tuple[str, Service]]) -> list[str]:
    """List files that claim to be the same version of a service."""
    problems = []
    first: dict[tuple[str, str, object], str] = {}
    for name, service in found:
        for key in ("version", "valid_from"):
            value = getattr(service, key)
            holder = first.setdefault((service.key, key, value), name)
            if holder != name:
                problems.append(
                    f"{name}: {key}: {holder} is {service.key} with {key} {value} already. "
                    "Hint: each file is one version, valid from its own day"
                )
    return problems


def _by_key(found: Iterable[tuple[str, Service]]) -> dict[str, tuple[Service, ...]]:
    versions: dict[str, list[Service]] = {}
    for _, service in found:
        versions.setdefault(service.key, []).append(service)
    return {
        key: tuple(sorted(versions[key], key=lambda service: service.valid_from))
        for key in sorted(versions)
    }
