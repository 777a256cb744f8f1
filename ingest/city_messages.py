"""What happened in the synthetic city, as messages: CloudEvents in structured JSON, as bytes.

Everything that repeats is put together once; a message is then six pieces and its own numbers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
import numpy.typing as npt

from ingest.city_calendar import Flags
from ingest.city_script import Script
from ingest.city_telling import Told
from journeys.service import CHANNELS, Actor

LANGUAGES = ("fi", "sv", "en")
DEVICES = ("", "mobile", "desktop", "tablet")
DISTRICTS = ("kallio", "malmi", "lauttasaari", "kannelmaki", "vuosaari", "herttoniemi")

SOURCE = "urn:polku:city:"
CONTACT_CENTRE = SOURCE + "contact-centre"
EVENT_TYPE = "fi.hel.touchpoint.v1"

# Identifiers are spelt without vowels and digits: nothing in them can look like a word or a number.
_LETTERS = np.frombuffer(b"bcdfghjkmnpqrtvw", dtype=np.uint8)

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Touches:
    """Touchpoints ready to be written, one row each; all columns equally long.

    Attributes:
        at: When it happened, ms.
        arrival: When the message comes, ms.
        number: Running number in the city, for the identifier.
        service: Place in the city's scripts.
        says: Place in the pieces that say name, channel and status.
        attributes: Place in the pieces of attributes.
        extra: Place in the pieces of single attributes.
        case: Number of the case; -1: not carried.
        person: Number of the person; -1: not carried.
        by_centre: Recorded by the contact centre, not by the service's own system.
    """

    at: Numbers
    arrival: Numbers
    number: Numbers
    service: Numbers
    says: Numbers
    attributes: Numbers
    extra: Numbers
    case: Numbers
    person: Numbers
    by_centre: Numbers

    def __len__(self) -> int:
        return len(self.at)

    def rows(self, chosen: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Touches":
        """Choose rows, in the order given."""
        return Touches(*(getattr(self, column.name)[chosen] for column in fields(self)))

    @staticmethod
    def together(parts: Sequence["Touches"]) -> "Touches":
        """Put tables one below the other."""
        if not parts:
            return Touches(*(np.empty(0, dtype=np.int64) for _ in fields(Touches)))
        columns = ([getattr(part, column.name) for part in parts] for column in fields(Touches))
        return Touches(*(np.concatenate(column) for column in columns))


class Pieces:
    """The parts of messages that repeat, and where each is found."""

    def __init__(self, scripts: Sequence[Script], tag: str) -> None:
        """Put the pieces together; `tag` tells this city's identifiers from any other's."""
        self._scripts = scripts
        self._heads = [
            _head(SOURCE + script.behaviour.source) + tag + "-" for script in scripts
        ] + [_head(CONTACT_CENTRE) + tag + "-"]
        self._subjects = [f'","subject":{json.dumps(script.key)},"time":"' for script in scripts]
        self._cases = [f'"case":"{script.behaviour.prefix}-{tag[:4]}-' for script in scripts]
        self._persons = [f'"person":"P{script.behaviour.prefix}-{tag[:4]}-' for script in scripts]
        self._says: list[str] = []
        self._attributes: list[str] = []
        self._extras = [""]
        self._says_from: list[int] = []
        self._attributes_from: list[int] = []
        for script in scripts:
            self._says_from.append(len(self._says))
            self._says += _says(script)
            self._attributes_from.append(len(self._attributes))
            self._attributes += _attributes(script)

    def says(self, service: int, told: Told) -> Numbers:
        """Find the pieces that say name (by the version of that time), channel and status."""
        script = self._scripts[service]
        version = np.maximum(np.searchsorted(script.starts, told.at, side="right") - 1, 0)
        place = version * len(script.names[0]) + told.code
        return self._says_from[service] + (place * len(CHANNELS) + told.channel) * 2 + told.error

    def attributes(self, service: int, columns: Sequence[Numbers]) -> Numbers:
        """Find the pieces of attributes, by one column for each of `dimensions`."""
        place = np.zeros_like(columns[0])
        for column, (_, values) in zip(columns, dimensions(self._scripts[service]), strict=True):
            place = place * len(values) + column
        return self._attributes_from[service] + place

    def extra(self, name: str, value: str) -> int:
        """Find the piece of a single attribute."""
        piece = f",{json.dumps(name)}:{json.dumps(value)}"
        if piece not in self._extras:
            self._extras.append(piece)
        return self._extras.index(piece)

    def write(self, touches: Touches) -> list[bytes]:
        """Write the messages, one for each row."""
        heads, subjects, says = self._heads, self._subjects, self._says
        attributes, extras = self._attributes, self._extras
        services = touches.service.tolist()
        times = np.datetime_as_string(touches.at.astype("datetime64[ms]"), unit="ms")
        by_centre = touches.by_centre == 1
        return [
            (
                f"{heads[head]}{identifier}{subjects[service]}{time}Z"
                f'","data":{{{case}{person}{says[say]}{attributes[attribute]}{extras[extra]}}}}}}}'
            ).encode()
            for head, identifier, service, time, case, person, say, attribute, extra in zip(
                np.where(by_centre, len(heads) - 1, touches.service).tolist(),
                spell(touches.number),
                services,
                times.tolist(),
                _references(self._cases, services, touches.case),
                _references(self._persons, services, touches.person),
                touches.says.tolist(),
                touches.attributes.tolist(),
                touches.extra.tolist(),
                strict=True,
            )
        ]


def spell(numbers: Numbers) -> list[str]:
    """Spell numbers below 2^32 in eight letters each.

    Examples:
        >>> spell(np.array([0, 17]))
        ['bbbbbbbb', 'bbbbbbcc']
    """
    nibbles = (numbers[:, np.newaxis] >> np.arange(28, -1, -4)) & 15
    letters = np.ascontiguousarray(_LETTERS[nibbles])
    spelt: list[str] = letters.view("S8").ravel().astype("U8").tolist()
    return spelt


def dimensions(script: Script) -> list[tuple[str, tuple[str, ...]]]:
    """Attributes of a journey at one service, and the values of each; an empty value: none."""
    newest, behaviour = script.history.newest, script.behaviour
    routes = tuple(route for route in newest.routes if route in behaviour.routes.values())
    own = [(name, values) for name, values in behaviour.own.items() if name in newest.attributes]
    return [
        ("lang", LANGUAGES),
        ("district", DISTRICTS),
        ("variant", behaviour.variants or ("",)),
        *own,
        ("device", DEVICES),
        ("route", ("", *routes)),
    ]


def routes_of_paths(script: Script) -> Numbers:
    """Place of each path's route among the values of that attribute; 0: it has none."""
    _, values = dimensions(script)[-1]
    routes = (script.behaviour.routes.get(path, "") for path in script.paths)
    return np.array([values.index(route) if route in values else 0 for route in routes])


def is_on_device(script: Script, told: Told) -> Flags:
    """Whether a touchpoint is a customer's on the web: others have no device."""
    by_customer = np.zeros(len(script.names[0]), dtype=bool)
    by_customer[: len(script.rules)] = [rule.actor is Actor.CUSTOMER for rule in script.rules]
    on_device: Flags = by_customer[told.code] & (told.channel == CHANNELS.index("web"))
    return on_device


def _references(begins: Sequence[str], services: Sequence[int], numbers: Numbers) -> list[str]:
    return [
        f'{begins[service]}{number:06d}",' if number >= 0 else ""
        for service, number in zip(services, numbers.tolist(), strict=True)
    ]


def _head(source: str) -> str:
    return f'{{"specversion":"1.0","type":"{EVENT_TYPE}","source":"{source}","id":"'


def _says(script: Script) -> list[str]:
    return [
        f'"touchpoint":{json.dumps(name)},"channel":"{channel}","status":"{status}","attributes":{{'
        for names in script.names
        for by_channel in names
        for channel, name in zip(CHANNELS, by_channel, strict=True)
        for status in ("ok", "error")
    ]


def _attributes(script: Script) -> list[str]:
    names = [name for name, _ in dimensions(script)]
    return [
        ",".join(
            f"{json.dumps(name)}:{json.dumps(value)}"
            for name, value in zip(names, values, strict=True)
            if value
        )
        for values in product(*(values for _, values in dimensions(script)))
    ]
