"""What the broker last said of each consumer's queue: kept for redeliver and for the dead-letter sweep.

Leaves to others how the broker is asked. Only one function may ask it, because the answer comes from the
management API, whose user may do more than the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


class QueueFigures(Protocol):
    """What the broker says of one queue.

    A figure that the broker leaves out is None, and never 0: a queue whose node is down has none.
    """

    @property
    def name(self) -> str: ...
    @property
    def ready(self) -> int | None: ...
    @property
    def unacknowledged(self) -> int | None: ...
    @property
    def consumers(self) -> int | None: ...


def keep(database: Database, seen: Iterable[QueueFigures], seconds_ago: float) -> list[str]:
    """Store the figures of every consumer's queue; returns the queues whose consumer is not known.

    `seen` must be all queues of the virtual host: a consumer whose queue is not among them has none.
    `seconds_ago` is how long ago the broker was asked, counted from before the question. The database's
    clock gives the time, so that it compares with the times of events.
    """
    by_name = {figures.name: figures for figures in seen}
    consumers = database.fetch_all(SQL["consumers"], {})
    found = [by_name.get(queue_name(consumer["name"])) for consumer in consumers]
    dead = [by_name.get(dead_letter_queue_name(consumer["name"])) for consumer in consumers]
    database.execute(
        SQL["keep"],
        {
            "consumer_ids": [consumer["consumer_id"] for consumer in consumers],
            "present": [figures is not None for figures in found],
            "ready": [figures and figures.ready for figures in found],
            "unacknowledged": [figures and figures.unacknowledged for figures in found],
            "consumers": [figures and figures.consumers for figures in found],
            "dead_letters": [figures and _messages(figures) for figures in dead],
            "seconds_ago": seconds_ago,
        },
    )
    known = {
        name(row["name"]) for row in consumers for name in (queue_name, dead_letter_queue_name)
    }
    return sorted(name for name in by_name.keys() - known if name.startswith(queue_name("")))


def _messages(figures: QueueFigures) -> int | None:
    """All messages of a queue; None if the broker left a figure out."""
    if figures.ready is None or figures.unacknowledged is None:
        return None
    return figures.ready + figures.unacknowledged


def take_absent(database: Database) -> list[Row]:
    """The consumers without a queue (their ids and `consumer_name`), each once per observation."""
    return database.fetch_all(SQL["take_absent"], {})
