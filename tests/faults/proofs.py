"""A topic held against a log by the product's own proof."""

from ingest.kafka import KafkaSettings
from ingest.reconcile import Reconciliation, reconcile_topic
from journeys.event_log import EventLog
from tests.ingest.messages import PSEUDONYMS, RECEIVED_AT, SERVICES


def proof_of(settings: KafkaSettings, log: EventLog) -> Reconciliation:
    """What `polku reconcile` says of a topic of the tests' messages."""
    return reconcile_topic(settings, log, services=SERVICES, pseudonyms=PSEUDONYMS, now=RECEIVED_AT)
