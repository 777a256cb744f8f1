"""A city through Apache Kafka into PostgreSQL reads as it does through a file into SQLite."""

import re
import shutil

import pytest

from tests.brokers import RealBroker
from tests.delivery.command_line import LAST_DAY, SERVICES, UNTIL, answer
from tests.delivery.conftest import SMALL, City
from tests.postgres import PostgresServer

pytestmark = pytest.mark.xdist_group("kafka")

At = tuple[object, ...]

READINGS = [
    (*words, "--as-of", LAST_DAY, "--format", output)
    for words in [*(("report", service) for service in SERVICES), ("overview",)]
    for output in ("text", "json")
]
LISTS = [("journeys", service, "--as-of", LAST_DAY) for service in SERVICES[3:]]


@pytest.fixture(scope="module")
def from_file(small_city: City, tmp_path_factory: pytest.TempPathFactory) -> At:
    data = tmp_path_factory.mktemp("from-file")
    shutil.copy(small_city.data / "pseudonym.key", data)
    answer("ingest", "files", small_city.lines, "--data", data)
    answer("project", "--data", data)
    return ("--data", data)


@pytest.fixture(scope="module")
def from_topic(
    small_city: City,
    real_broker: RealBroker,
    postgres: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> At:
    data = tmp_path_factory.mktemp("from-topic")
    shutil.copy(small_city.data / "pseudonym.key", data)
    at = ("--data", data, "--database", postgres.new_database())
    topic = ("--topic", "a-served-city", "--bootstrap", real_broker.bootstrap)
    answer("ingest", "city", "--until", UNTIL, *SMALL, "--to", "kafka", *topic, *at)
    answer("ingest", "kafka", "--until-end", *topic, *at)
    answer("project", *at)
    return at


def test_reports_of_all_services_are_the_same_but_for_the_position(
    from_file: At, from_topic: At
) -> None:
    for words in [*READINGS, *LISTS]:
        told = answer(*words, *from_file)
        assert len(told) > 1_000, words
        assert _unplaced(answer(*words, *from_topic)) == _unplaced(told), words


def _unplaced(text: str) -> str:
    """Leave out the position in the log: the topic's partitions are told one after the other."""
    text, json_places = re.subn(r'"position": \d+', "", text)
    text, text_places = re.subn(r"log position [\d,]+", "", text)
    assert json_places + text_places == 1
    return text
