"""`polku ingest kafka` where the broker asks for encryption and a password: right, and wrong."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from delivery.commands.ingest_kafka import kafka_settings
from ingest.kafka_settings import check_certificates
from journeys.errors import SettingsError
from tests.brokers import SASL_PASSWORD, SASL_USER, RealBroker
from tests.delivery.command_line import Answer, process, started
from tests.ingest.messages import structured
from tests.ingest.streams import send

pytestmark = pytest.mark.xdist_group("kafka")

HASTY = {"POLKU_KAFKA_CLIENT_BOOTSTRAP_TIMEOUT_MS": 2000}
Run = Callable[..., Answer]


@pytest.fixture
def run(real_broker: RealBroker, tmp_path: Path) -> Run:
    """Run `polku ingest kafka --until-end` with variables, each after POLKU_KAFKA_.

    In a process of its own: of a broker that refuses, kafka-python leaves sockets behind.
    """
    topic = real_broker.new_topic()
    send(real_broker, topic, structured(id="one"), structured(id="two"))
    with real_broker.admin() as admin:
        pattern = ResourcePattern(ResourceType.TOPIC, topic)
        admin.create_acls(
            [
                ACL(f"User:{SASL_USER}", "*", operation, ACLPermissionType.ALLOW, pattern)
                for operation in (ACLOperation.READ, ACLOperation.DESCRIBE)
            ]
        )

    def ingest(address: str, **variables: object) -> Answer:
        words = ("--topic", topic, "--bootstrap", address, "--data", tmp_path / "data")
        return process(
            *("ingest", "kafka", *words, "--until-end"),
            variables={**HASTY, **{f"POLKU_KAFKA_{n}": v for n, v in variables.items()}},
        )

    return ingest


def password(folder: Path, text: str) -> Path:
    file = folder / "password"
    file.write_text(text + "\n")
    return file


def self_signed(folder: Path) -> Path:
    """A certificate that nobody has anything to do with."""
    store = ("-keystore", str(folder / "other.p12"), "-storepass", "only-for-tests")
    for words in (
        ("-genkeypair", "-keyalg", "EC", "-dname", "CN=other", "-alias", "other"),
        ("-exportcert", "-rfc", "-alias", "other", "-file", str(folder / "other.pem")),
    ):
        subprocess.run(["keytool", *words, *store], check=True, capture_output=True)
    return folder / "other.pem"


def test_topic_is_read_over_tls(real_broker: RealBroker, run: Run) -> None:
    done = run(real_broker.tls, SECURITY_PROTOCOL="SSL", CA_FILE=real_broker.certificate)

    assert done.code == 0, done
    assert "Recorded 2 touchpoints." in done.out


def test_who_has_the_password_reads_over_tls_and_who_has_not_is_told_so(
    real_broker: RealBroker, run: Run, tmp_path: Path
) -> None:
    guarded = {
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "SCRAM-SHA-512",
        "USERNAME": SASL_USER,
        "CA_FILE": real_broker.certificate,
    }
    right = run(real_broker.tls_guarded, **guarded, PASSWORD_FILE=password(tmp_path, SASL_PASSWORD))
    wrong = run(real_broker.tls_guarded, **guarded, PASSWORD_FILE=password(tmp_path, "a-wrong-one"))

    assert (right.code, wrong.code) == (0, 1), (right, wrong)
    assert "Recorded 2 touchpoints." in right.out
    assert "SaslAuthenticationFailedError" in wrong.err
    assert "Hint: check POLKU_KAFKA_SASL_MECHANISM, POLKU_KAFKA_USERNAME" in wrong.err
    said = "".join([*right[1:], *wrong[1:]])
    assert SASL_PASSWORD not in said
    assert "a-wrong-one" not in said


def test_broker_that_nobody_vouches_for_ends_the_run(
    real_broker: RealBroker, run: Run, tmp_path: Path
) -> None:
    refused = run(real_broker.tls, SECURITY_PROTOCOL="SSL", CA_FILE=self_signed(tmp_path))
    by_another_name = run(
        real_broker.tls.replace("127.0.0.1", "localhost"),
        SECURITY_PROTOCOL="SSL",
        CA_FILE=real_broker.certificate,
    )

    for answer in (refused, by_another_name):
        assert answer.code == 1
        assert "CERTIFICATE_VERIFY_FAILED" in answer.err
        assert "Hint: POLKU_KAFKA_CA_FILE has to hold the certificate of whoever" in answer.err
    assert "certificate is not valid for 'localhost'" in by_another_name.err


def test_who_speaks_plainly_to_an_encrypted_port_is_asked_about_tls(
    real_broker: RealBroker, tmp_path: Path
) -> None:
    words = ("--topic", "t", "--bootstrap", real_broker.tls, "--data", tmp_path)
    with started("ingest", "kafka", *words, variables=HASTY) as running:
        said: list[str] = []
        try:
            assert running.stderr is not None
            while "does not answer" not in "".join(said):
                said.append(running.stderr.readline())
                assert said[-1], said
        finally:
            running.terminate()
            _, rest = running.communicate(timeout=30)

    assert running.returncode == 0
    assert "Trying until it does. Hint: check the address 127.0.0.1" in said[-1]
    assert "POLKU_KAFKA_SECURITY_PROTOCOL: does it want TLS" in said[-1]
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"CA": "no certificate"}, "POLKU_KAFKA_CA_FILE: .* holds no certificate .*Hint: PEM"),
        (
            {"CERTIFICATE": "no certificate", "KEY": "no key"},
            "POLKU_KAFKA_CERTIFICATE_FILE: .* cannot be used with its key.*Hint: PEM",
        ),
    ],
)
def test_file_that_is_no_certificate_is_found_before_anybody_is_called(
    files: dict[str, str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setenv(f"POLKU_KAFKA_{name}_FILE", str(tmp_path / name))

    with pytest.raises(SettingsError, match=why):
        kafka_settings("t", "b:1")
    check_certificates({})
