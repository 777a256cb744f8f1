"""What a run is told: where its data is, which services it knows, its key, and what time it is.

This is the one module that reads the environment, the clock and the key. Options win over
variables; a variable and its `_FILE` twin (a file that holds the value) are not both allowed.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

from journeys.errors import SettingsError
from journeys.postgres_address import PostgresAddress

DEFAULT_DATA = Path("polku-data")
MIN_KEY_BYTES = 16
LAST_PORT = 65_535

KAFKA_CLIENT = "POLKU_KAFKA_CLIENT_"
"""Before any other setting of kafka-python, in capitals: POLKU_KAFKA_CLIENT_FETCH_MAX_BYTES."""

KAFKA_VARIABLES = {
    "POLKU_KAFKA_SECURITY_PROTOCOL": "security_protocol",
    "POLKU_KAFKA_SASL_MECHANISM": "sasl_mechanism",
    "POLKU_KAFKA_USERNAME": "sasl_plain_username",
    "POLKU_KAFKA_PASSWORD": "sasl_plain_password",
    "POLKU_KAFKA_KEY_PASSWORD": "ssl_password",
}
"""Each also with `_FILE`: a file that holds it."""

KAFKA_FILES = {
    "POLKU_KAFKA_CA_FILE": "ssl_cafile",
    "POLKU_KAFKA_CERTIFICATE_FILE": "ssl_certfile",
    "POLKU_KAFKA_KEY_FILE": "ssl_keyfile",
}
"""The client reads these files itself: PEM."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Places and names of one installation.

    Attributes:
        data: The folder of the embedded database, the key and the definitions in use.
        database: Where log and read models are served from; None: from the data folder.
        services: Folder of service definitions; None: `data/services`, or what Polku brings.
        key: The pseudonym key as given, or None for the one in the data folder.
    """

    data: Path
    database: PostgresAddress | None = None
    services: Path | None = None
    key: str | None = field(default=None, repr=False)

    @property
    def location(self) -> str:
        """Where log and read models are, as people are told: without a password."""
        return str(self.database or self.data)

    @property
    def log_url(self) -> str:
        """The append-only log: a path, or an address with its password."""
        return self.database.url if self.database else str(self.data / "log.db")

    @property
    def read_models_url(self) -> str:
        """The disposable read models: a path, or an address with its password."""
        return self.database.url if self.database else str(self.data / "read-models.db")

    @property
    def cache(self) -> Path | None:
        """Where copies of the read models are kept, to be read quickly; disposable.

        None where there is no data folder: who reads from a server need not have one.
        """
        return self.data / "cache" if self.data.is_dir() else None

    @property
    def services_directory(self) -> Path | None:
        """The definitions in use; None for those that Polku brings."""
        if self.services is not None:
            return self.services
        own = self.data / "services"
        return own if any(own.glob("*.yaml")) else None

    @property
    def key_path(self) -> Path:
        """Where the data folder keeps its pseudonym key."""
        return self.data / "pseudonym.key"


def now() -> datetime:
    """Read the clock: the only place that does."""
    return datetime.now(UTC)


def read_settings(
    *,
    data: Path | None = None,
    database: str | None = None,
    services: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Put options and environment together.

    Raises:
        SettingsError: A variable and its `_FILE` twin are both set, a file cannot be read, or the
            database's address is none.
    """
    env = os.environ if environment is None else environment
    told = env.get("POLKU_SERVICES")
    return Settings(
        data=data or Path(env.get("POLKU_DATA") or DEFAULT_DATA),
        database=_database(database, env),
        services=services or (Path(told) if told else None),
        key=_value(env, "POLKU_PSEUDONYM_KEY"),
    )


@dataclass(frozen=True, kw_only=True)
class KafkaAccess:
    """Which topic, and how the client gets there.

    Attributes:
        bootstrap: `host:port` of brokers, separated by commas.
        topic: Its name.
        client: Settings of the client by kafka-python's names, as text; not in the repr.
    """

    bootstrap: str
    topic: str
    client: Mapping[str, str] = field(repr=False)


def read_kafka(
    *,
    topic: str | None = None,
    bootstrap: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> KafkaAccess:
    """Put options and environment together.

    Raises:
        SettingsError: Topic or brokers are not said, a file cannot be read, or a name is said and
            nothing that would send it.
    """
    env = os.environ if environment is None else environment
    topic = topic or env.get("POLKU_KAFKA_TOPIC")
    bootstrap = bootstrap or env.get("POLKU_KAFKA_BOOTSTRAP")
    if not topic or not bootstrap:
        wanted = "--bootstrap HOST:PORT" if topic else "--topic NAME"
        raise SettingsError(f"which topic, of which Kafka? Hint: {wanted}")
    client = {
        name.removeprefix(KAFKA_CLIENT).lower(): text
        for name, text in env.items()
        if name.startswith(KAFKA_CLIENT) and text
    }
    for name, setting in KAFKA_VARIABLES.items():
        told = _value(env, name)
        if told:
            client[setting] = told
    for name, setting in KAFKA_FILES.items():
        path = env.get(name)
        if path:
            if not os.access(path, os.R_OK):
                raise SettingsError(
                    f"{name} names a file that cannot be read: {path}. "
                    "Hint: check that it exists and that this user may read it"
                )
            client[setting] = path
    if "sasl_plain_username" in client and not (
        client.get("security_protocol", "").startswith("SASL_") and "sasl_mechanism" in client
    ):
        raise SettingsError(
            "POLKU_KAFKA_USERNAME is set, and nothing says how to send it. Hint: set "
            "POLKU_KAFKA_SECURITY_PROTOCOL=SASL_SSL and POLKU_KAFKA_SASL_MECHANISM=SCRAM-SHA-512"
        )
    return KafkaAccess(bootstrap=bootstrap, topic=topic, client=client)


@dataclass(frozen=True, kw_only=True)
class MetricsAddress:
    """Where a process tells Prometheus how it is.

    Attributes:
        host: Name or address of an interface of this machine.
        port: 0 for any that is free.
    """

    host: str
    port: int


def read_metrics(
    *,
    port: int | None = None,
    host: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> MetricsAddress | None:
    """Put options and environment together; None where no port is said.

    Raises:
        SettingsError: The port is no number of a port.
    """
    env = os.environ if environment is None else environment
    told = env.get("POLKU_METRICS_PORT")
    if port is None and told:
        if not (told.isdecimal() and int(told) <= LAST_PORT):
            raise SettingsError(
                f"POLKU_METRICS_PORT is no port: {told!r}. "
                f"Hint: a number of 0 to {LAST_PORT}, for example 9464"
            )
        port = int(told)
    if port is None:
        return None
    return MetricsAddress(
        host=host or env.get("POLKU_METRICS_HOST") or "127.0.0.1",
        port=port,
    )


def is_topic_named(topic: str | None, environment: Mapping[str, str] | None = None) -> bool:
    """Whether an option or a variable names a topic."""
    env = os.environ if environment is None else environment
    return bool(topic or env.get("POLKU_KAFKA_TOPIC"))


def make_data_folder(settings: Settings) -> None:
    """Make the data folder where there is none, for its owner alone to look into."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)


def pseudonym_key(settings: Settings) -> bytes | None:
    """Look the pseudonym key up; None where there is none yet.

    Raises:
        SettingsError: The key is too short to protect anybody.
    """
    if settings.key is not None:
        return _checked(settings.key, "POLKU_PSEUDONYM_KEY")
    path = settings.key_path
    return _checked(path.read_text(encoding="utf-8"), str(path)) if path.exists() else None


def make_pseudonym_key(settings: Settings) -> bytes:
    """Make the pseudonym key of a new installation, in its data folder, mode 600.

    Losing it means that what comes later cannot be joined to what is stored.
    """
    make_data_folder(settings)
    path = settings.key_path
    made = secrets.token_hex(32)
    draft = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Of two first runs at once one wins, and both use the winner's key.
        os.link(draft, path)
    except FileExistsError:
        return _checked(path.read_text(encoding="utf-8"), str(path))
    finally:
        draft.unlink()
    return made.encode()


def present_key(settings: Settings) -> bytes:
    """Return the pseudonym key without making one: where there is none, one that is not kept."""
    # Where no key was made, nothing is stored that it could be joined to.
    return pseudonym_key(settings) or secrets.token_bytes(MIN_KEY_BYTES)


def adopt_services(settings: Settings) -> None:
    """Give a new data folder the example definitions, to be used and edited."""
    make_data_folder(settings)
    own = settings.data / "services"
    own.mkdir(exist_ok=True)
    with as_file(files("journeys") / "catalogue") as catalogue:
        for definition in sorted(catalogue.glob("*.yaml")):
            shutil.copyfile(definition, own / definition.name)


def _database(option: str | None, env: Mapping[str, str]) -> PostgresAddress | None:
    where = "POLKU_DATABASE" if option is None else "--database"
    url = _value(env, "POLKU_DATABASE") if option is None else option
    if url is None:
        return None
    if url.startswith("sqlite"):
        raise SettingsError(
            f"{where} names a PostgreSQL database, and SQLite is the one in the data folder. "
            f"Hint: leave {where} out, and choose the folder with --data"
        )
    try:
        return PostgresAddress.of(url)
    except ValueError as error:  # it shows nothing of what was given, which may be secret
        raise SettingsError(f"{where}: {error}") from None


def _value(env: Mapping[str, str], name: str) -> str | None:
    told, path = env.get(name), env.get(f"{name}_FILE")
    if told and path:
        raise SettingsError(
            f"{name} and {name}_FILE are both set, and only one can hold. Hint: unset {name}"
        )
    if not path:
        return told or None
    try:
        held = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{name}_FILE names a file that cannot be read: {error.strerror}. "
            f"Hint: check that {path} exists and that this user may read it"
        ) from error
    if not held:  # a secret that was not filled in must not pass for one that was not wanted
        raise SettingsError(
            f"{name}_FILE names a file that holds nothing: {path}. "
            f"Hint: write the value into it, or unset {name}_FILE"
        )
    return held


def _checked(key: str, where: str) -> bytes:
    key = key.strip()
    if len(key.encode()) < MIN_KEY_BYTES:
        raise SettingsError(
            f"the pseudonym key of {where} is shorter than {MIN_KEY_BYTES} bytes and would protect "
            "nobody. Hint: make one with: "
            "python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return key.encode()
