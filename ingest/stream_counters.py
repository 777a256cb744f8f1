"""What has become of a stream, counted while it runs; an operator's view, read from any thread."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class StreamCounters:
    """Sums since the run began; after a crash they begin anew, the log does not.

    Attributes:
        records: Records whose batch is in the log.
        recorded: Touchpoints of them that were new.
        duplicates: Touchpoints of them that were known.
        conflicts: Touchpoints of them that contradict a known one; in quarantine.
        rejected: Records of them that were refused, by reason; in quarantine.
        fenced: Batches refused because another process had moved on; what is in them was not lost.
        gaps: Gaps recorded.
        reconnects: How often the client was made anew.
        stalls: How often that was because it sat still.
        store_waits: How often the log did not answer.
        position: Of the log after the last batch; 0 before it.
        committed_at: When the last batch was in the log; None before it.
        lag: Offsets not yet recorded, by partition; of partitions that this process reads.
    """

    records: int = 0
    recorded: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    fenced: int = 0
    gaps: int = 0
    reconnects: int = 0
    stalls: int = 0
    store_waits: int = 0
    position: int = 0
    committed_at: datetime | None = None
    lag: dict[int, int] = field(default_factory=dict)
