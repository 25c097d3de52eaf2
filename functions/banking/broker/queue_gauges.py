"""The gauges of the consumers' queues, as `broker_admin` last saw them.

What is unknown, because nobody has asked the broker lately, is left out. It is never shown as 0. So are
messages and readers of a bank that is called: its queue is nobody's to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fintegrate.bounded_rows import bounded
from fintegrate.database import Database, Row
from fintegrate.metrics import GaugeFamily
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
FAMILIES = {
    "fintegrate_queue_messages": (
        "Messages in a consumer's queue, those included that its program has not acknowledged",
        "messages",
    ),
    "fintegrate_queue_readers": ("Programs that read a consumer's queue", "readers"),
    "fintegrate_dead_letter_queue_messages": (
        "Messages in a consumer's dead-letter queue that no sweep has taken",
        "dead_letters",
    ),
}


def queue_gauges(db: Database, observation_seconds: int, most: int) -> Iterator[GaugeFamily]:
    """The families, with at most `most` consumers by name: those that are worst off."""
    rows: Sequence[Row] = db.fetch_all(
        SQL["read_queues"], {"observation_seconds": observation_seconds}
    )
    shown = bounded(rows, most, label="consumer", trouble=_trouble, together={})
    for name, (description, column) in FAMILIES.items():
        known: dict[tuple[str, ...], float] = {
            (row["consumer"],): row[column] for row in shown if row[column] is not None
        }
        yield GaugeFamily(name, description, known, ("consumer",))


def _trouble(row: Row) -> float:
    """Dead letters first, then messages without a reader, then messages."""
    messages, dead_letters = row["messages"] or 0, row["dead_letters"] or 0
    unread = messages if row["readers"] == 0 else 0
    return float(dead_letters * 1e12 + unread * 1e6 + messages)
