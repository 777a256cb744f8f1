"""A first definition, drafted from somebody's own file."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple, cast

from analysis.draft import Draft, draft
from delivery.answer import counts_line
from delivery.own_files import FileOptions, open_rows
from delivery.progress import progress
from delivery.report.definition import definition_text
from delivery.settings import now
from ingest.batch_decoder import BatchDecoder
from ingest.case_sample import CaseSample
from ingest.channel_words import guess_channels
from ingest.own_log import RowSource
from ingest.privacy import Pseudonyms
from journeys.definition_rules import COLUMN_ROLES
from journeys.errors import SourceError
from journeys.service import COMMON_ATTRIBUTES, HELSINKI, Channel, Service, decode_service

_KEY = b"nothing drafted is stored"
"""Cases are told apart by their hashes; those of a draft go nowhere."""


class Drafted(NamedTuple):
    """A definition, and what it was drafted from.

    Attributes:
        text: The definition.
        source: The file.
        draft: What was guessed.
        touchpoints: How many the file has.
        names: How many names they have.
        rejected: Rows that would be quarantined, by reason.
    """

    text: str
    source: RowSource
    draft: Draft
    touchpoints: int
    names: int
    rejected: dict[str, int]


def draft_from(path: Path, key: str, options: FileOptions, channels: Mapping[str, str]) -> Drafted:
    """Draft a definition of a service from a file of its touchpoints.

    Args:
        path: A CSV or XES file.
        key: Of the service.
        options: What was said of the file; the definition keeps it.
        channels: Our channel by the source's word, as told.

    Raises:
        SourceError: The file cannot be read, or holds nothing that could be stored.
    """
    source = open_rows(path, key, options, by_usual_names=True)
    roles = [role for role in source.columns if role not in COLUMN_ROLES]
    attributes = [role for role in roles if role not in COMMON_ATTRIBUTES]
    sample, rejected = _read(source, attributes)
    if not sample.names:
        why = counts_line(rejected) or "it has none"
        raise SourceError(
            f"file {path}: none of its rows could be stored ({why}). "
            "Hint: look at --column, --zone and --time-format"
        )
    drafted = draft(sample.frame(), names=sample.names)
    told = {word: cast(Channel, channel) for word, channel in channels.items()}
    words = [word for word, _ in sample.channels.most_common() if word not in told]
    guessed, unknown = guess_channels(words)
    text = definition_text(
        drafted,
        key=key,
        valid_from=sample.first_at and sample.first_at.astimezone(HELSINKI).date(),
        columns=source.columns,
        channels={**told, **guessed},
        guessed_channels=list(guessed),
        unknown_channels=unknown,
        attributes=attributes,
        file=options.form,
        source_name=path.name,
        sampled=sample.one_in > 1,
    )
    decode_service(text, f"draft of {key}")
    return Drafted(text, source, drafted, sample.names.total(), len(sample.names), rejected)


def _read(source: RowSource, attributes: list[str]) -> tuple[CaseSample, dict[str, int]]:
    """Read a file as it would be recorded, and keep what a draft needs."""
    nameless = Service(
        key=source.service,
        version=1,
        valid_from=date.min,
        name={},
        division="",
        steps=(),
        attributes=tuple(attributes),
    )
    decoder = BatchDecoder({source.service: [nameless]}, Pseudonyms(_KEY))
    sample, rejected = CaseSample(), Counter[str]()
    with progress("Reading") as report:
        for batch in source.batches():
            decoded = decoder.decode(batch, now=now())
            sample.add(decoded.touchpoints)
            rejected.update(decoded.rejected)
            report(batch.done, f"{sample.names.total():,} touchpoints")
    return sample, dict(rejected.most_common())
