"""Kafka for the tests: a real broker from its jars, or the mock of librdkafka where no Java is.

The jars (`tests/pom.xml`, 43 MB) are fetched by Maven once into `$POLKU_KAFKA_JARS`, or a cache
folder named after the pom's digest. A broker keeps its data in a folder of its own and can be
killed and started again on it. It listens on loopback alone: one listener for all, and one that
asks for a name and a password (`SASL_USER`) and lets nobody in whom no ACL lets in. One made with
`tls=True` has two more, behind a certificate of its own: one for all, and one with a password.

The mock knows no topic ids, no ACLs and no `delete_records`: tests that need them ask for
`real_broker`.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError

POM = Path(__file__).with_name("pom.xml")
SECONDS_TO_START = 60
JAVA = ("java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Java that starts quickly, rather than to run for long."""
SASL_USER, SASL_PASSWORD = "reader", "only-for-tests"

_LOGGING = """\
rootLogger.level=WARN
rootLogger.appenderRef.console.ref=CONSOLE
appender.console.type=Console
appender.console.name=CONSOLE
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1}: %m%n
"""
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners={listeners}
advertised.listeners={listeners}
listener.security.protocol.map=OPEN:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT,\
TLS:SSL,TLSGUARDED:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=OPEN
listener.name.guarded.sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=2
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=500
"""

_TLS_SETTINGS = """\
ssl.keystore.location={keystore}
ssl.keystore.type=PKCS12
ssl.keystore.password={password}
ssl.key.password={password}
listener.name.tlsguarded.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.tlsguarded.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""

_numbers = count(1)


class NoBrokerError(Exception):
    """No real broker can be had here; the message says what is missing."""


class RealBroker:
    """Apache Kafka, one process, broker and controller in one.

    Attributes:
        bootstrap: `host:port` of the open listener.
        guarded: `host:port` of the listener that asks who it is.
        tls: `host:port` of the encrypted one, if there is one.
        tls_guarded: `host:port` of the encrypted one that asks who it is: SCRAM-SHA-512.
        certificate: Who trusts it trusts the encrypted ones; PEM.
        client: Settings that every client of it needs.
    """

    client: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path, jars: Path, *, tls: bool = False) -> None:
        """Prepare a broker that keeps its data in a folder; `start` starts it."""
        names = ("OPEN", "GUARDED", "CONTROLLER", *(("TLS", "TLSGUARDED") if tls else ()))
        ports = _free_ports(len(names))
        addresses = [f"127.0.0.1:{port}" for port in ports]
        self.bootstrap, self.guarded, *_ = addresses
        self.tls, self.tls_guarded = addresses[-2:] if tls else ("", "")
        self.certificate = folder / "broker.pem"
        self.data = folder / "data"
        self._settings = folder / "server.properties"
        self._said = folder / "said.txt"
        self._process: subprocess.Popen[bytes] | None = None
        logging = folder / "log4j2.properties"
        logging.write_text(_LOGGING)
        self._settings.write_text(
            _SETTINGS.format(
                listeners=",".join(f"{n}://{a}" for n, a in zip(names, addresses, strict=True)),
                controller=ports[2],
                data=self.data,
                user=SASL_USER,
                password=SASL_PASSWORD,
            )
            + (_made_certificate(folder, self.certificate) if tls else "")
        )
        self._java = (
            *JAVA,
            f"-Dlog4j2.configurationFile={logging.as_uri()}",
            *("-cp", f"{jars}/*"),
        )

    def __repr__(self) -> str:
        return f"a real Apache Kafka at {self.bootstrap}"

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> "RealBroker":
        """Start it, on what it has; returns once it answers."""
        with self._said.open("ab") as said:
            if not self.data.exists():
                self._format(said.fileno())
            self._process = subprocess.Popen(
                [*self._java, "kafka.Kafka", str(self._settings)], stdout=said, stderr=said
            )
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Stop it as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill it and start it on the same data."""
        self.kill()
        self.start()

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """A client that may do everything."""
        with closing(KafkaAdminClient(bootstrap_servers=self.bootstrap)) as client:
            yield client

    def new_topic(self, partitions: int = 1, **configs: str) -> str:
        """Make an empty topic; `configs` with `_` for `.`. Returns its name."""
        name = f"topic-{os.getpid()}-{next(_numbers)}"
        self.create_topic(name, partitions, **configs)
        return name

    def create_topic(self, name: str, partitions: int = 1, **configs: str) -> None:
        """Make a topic of a given name; one being deleted is waited for."""
        dotted = {key.replace("_", "."): value for key, value in configs.items()}
        topic = NewTopic(name, partitions, 1, topic_configs=dotted)
        with self.admin() as admin:
            admin.create_topics([topic])

    def said(self) -> str:
        """What it has printed so far, the end of it."""
        return self._said.read_text(errors="replace")[-4000:]

    def _format(self, said: int) -> None:
        tool = [*self._java, "kafka.tools.StorageTool"]
        cluster = urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()
        user = f"SCRAM-SHA-512=[name={SASL_USER},password={SASL_PASSWORD}]"
        words = ("format", "--standalone", f"--cluster-id={cluster}", "-c", str(self._settings))
        words += ("--add-scram", user) if self.tls else ()
        subprocess.run([*tool, *words], check=True, stdout=said, stderr=said)

    def _wait(self) -> None:
        host, port = self.bootstrap.split(":")
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"the broker ended by itself: {self.said()}")
            with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                break
            time.sleep(0.05)
        while time.monotonic() < end:
            with suppress(KafkaError), self.admin() as admin:
                admin.list_topics()
                return
            time.sleep(0.05)
        raise RuntimeError(f"no answer from the broker in {SECONDS_TO_START} s: {self.said()}")

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


class MockBroker:
    """librdkafka's mock, in this process: four partitions a topic, nothing kept."""

    client: ClassVar[dict[str, Any]] = {"api_version": (2, 3)}

    def __init__(self) -> None:
        from confluent_kafka import Producer  # noqa: PLC0415 - the one place that needs it

        self._host = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1})
        (broker,) = self._host.list_topics(timeout=10).brokers.values()
        self.bootstrap = f"{broker.host}:{broker.port}"

    def __repr__(self) -> str:
        return f"librdkafka's mock of Kafka at {self.bootstrap}"

    def new_topic(self, partitions: int = 4) -> str:
        """Make an empty topic; it can have four partitions alone."""
        assert partitions == 4, "the mock gives every topic four partitions"
        name = f"topic-{os.getpid()}-{next(_numbers)}"
        self._host.list_topics(name, timeout=10)
        return name

    def stop(self) -> None:
        """Let it go."""
        del self._host


def start_real_broker(folder: Path, *, tls: bool = False) -> RealBroker:
    """Start a real broker with its data in a folder; `tls` gives it encrypted listeners too.

    Raises:
        NoBrokerError: Java, Maven or the jars cannot be had.
    """
    return RealBroker(folder, broker_jars(), tls=tls).start()


def broker_jars() -> Path:
    """The folder of the broker's jars, fetched if they are not there.

    Raises:
        NoBrokerError: Java, Maven or the jars cannot be had.
    """
    if shutil.which("java") is None:
        raise NoBrokerError("there is no java here. Hint: install a Java runtime, 17 or newer")
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polku"
    given = os.environ.get("POLKU_KAFKA_JARS")
    jars = Path(given) if given else cache / f"kafka-{digest}"
    if not jars.exists():
        jars.parent.mkdir(parents=True, exist_ok=True)
        with (jars.parent / f".{jars.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of two test processes one fetches
            if not jars.exists():
                _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    if shutil.which("mvn") is None:
        raise NoBrokerError("there is no mvn here to fetch Kafka with. Hint: install Maven")
    with tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        pom = shutil.copy(POM, folder)  # Maven writes beside its pom
        made = Path(folder) / "jars"
        fetched = subprocess.run(
            [
                *("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies"),
                *(f"-DoutputDirectory={made}", "-DincludeScope=runtime"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode:
            raise NoBrokerError(f"Maven could not fetch Kafka: {fetched.stdout[-600:]}")
        made.rename(jars)


def _made_certificate(folder: Path, exported: Path) -> str:
    """Make a key and a certificate of its own with what comes with Java; the settings for them."""
    keystore = folder / "broker.p12"
    tool = ("keytool", "-keystore", str(keystore), "-storepass", SASL_PASSWORD, "-alias", "broker")
    for words in (
        (
            *("-genkeypair", "-storetype", "PKCS12", "-keyalg", "EC", "-validity", "2"),
            *("-dname", "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1", "-ext", "BC:critical=ca:true"),
            *("-ext", "KU:critical=digitalSignature,keyCertSign"),
        ),
        ("-exportcert", "-rfc", "-file", str(exported)),
    ):
        subprocess.run([*tool, *words], check=True, capture_output=True)
    return _TLS_SETTINGS.format(keystore=keystore, password=SASL_PASSWORD)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]
    finally:
        for free in sockets:
            free.close()
