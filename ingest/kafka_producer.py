"""Messages onto a topic, each once, those of one case in one partition and so in their order."""

from collections.abc import Callable, Iterable
from contextlib import closing

import msgspec
from kafka import errors as kafka_errors
from kafka.admin import NewTopic

from ingest.kafka_settings import KafkaSettings
from ingest.kafka_topic import explained
from journeys.errors import SourceError

TELL_EVERY = 1_000


class _Data(msgspec.Struct):
    case: str | None = None
    person: str | None = None


class _Message(msgspec.Struct):
    data: _Data


_decode = msgspec.json.Decoder(_Message).decode


def key_of(message: bytes) -> bytes:
    """The key that keeps a journey in one partition: its case, or the person where it has none.

    Examples:
        >>> key_of(b'{"data": {"case": "R-1", "person": "p"}}')
        b'R-1'
        >>> key_of(b'{"data": {"person": "p"}}')
        b'p'
    """
    data = _decode(message).data
    return (data.case or data.person or "").encode()


def make_topic(settings: KafkaSettings, partitions: int) -> bool:
    """Make a topic if there is none of its name; whether it was made now.

    Raises:
        SourceError: It cannot be made.
    """
    try:
        with closing(settings.admin()) as admin:
            (found,) = admin.describe_topics([settings.topic])
            if not found["error_code"]:
                return False
            admin.create_topics([NewTopic(settings.topic, partitions, -1)])
    except kafka_errors.TopicAlreadyExistsError:
        return False
    except kafka_errors.KafkaError as error:
        raise explained(error, settings) from error
    return True


def send_messages(
    messages: Iterable[bytes],
    settings: KafkaSettings,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Send messages and wait until the broker has them.

    Returns:
        How many those were.

    Raises:
        SourceError: One was not taken; those before it may have been.
    """
    failed: list[BaseException] = []
    sent = 0
    try:
        with closing(settings.producer()) as producer:
            for message in messages:
                future = producer.send(settings.topic, message, key=key_of(message))
                future.add_errback(failed.append)
                sent += 1
                if failed:
                    break
                if progress is not None and sent % TELL_EVERY == 0:
                    progress(sent)
            producer.flush()
    except kafka_errors.KafkaError as error:
        raise explained(error, settings) from error
    if failed:
        raise SourceError(
            f"topic {settings.topic} at {settings.bootstrap} did not take a message: {failed[0]}. "
            "Hint: once that is mended, send them all again; known ones are dropped"
        )
    return sent
