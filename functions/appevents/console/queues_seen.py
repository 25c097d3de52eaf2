"""How many messages wait in each function's queue, and who reads it: asked of the broker."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.appevents.console.streams import names
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.depths import depths

SECONDS = 0.5
"""The broker may be frozen, and somebody waits."""


class Queue(NamedTuple):
    """A function's queue, and its dead letters that were not swept yet. What nobody knows is None."""

    ready: int | None = None
    readers: int | None = None
    dead: int | None = None


QueuesSeen = dict[str, Queue]
"""Every function's queue; nothing while the broker is away."""


def look(url: str) -> QueuesSeen:
    """Ask the broker now."""
    asked = {stream: (f"app.{stream}", f"app.{stream}.dlq") for stream in names()}
    try:
        found = depths(url, [name for pair in asked.values() for name in pair], SECONDS)
    except BrokerUnavailable:
        return {}
    seen = {}
    for stream, (own, letters) in asked.items():
        queue, dead = found[own], found[letters]
        seen[stream] = Queue(
            queue.messages if queue else None,
            queue.consumers if queue else None,
            dead.messages if dead else None,
        )
    return seen
