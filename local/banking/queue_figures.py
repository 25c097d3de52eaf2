"""Asks the broker how full every queue is and keeps the answer, as the platform does each minute.

For harnesses that run only some of the functions, and whose time is compressed.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import httpx

from chalicelib.banking.broker.observations import keep
from fintegrate.database import Database

COLUMNS = "name,messages_ready,messages_unacknowledged,consumers"


class Figures(NamedTuple):
    """The figures of one queue; None if the broker has not counted."""

    name: str
    ready: int | None
    unacknowledged: int | None
    consumers: int | None = None


def figures(management_url: str) -> list[Figures]:
    """The figures of every queue of the default virtual host."""
    with httpx.Client(trust_env=False, timeout=5) as client:
        answer = client.get(f"{management_url}/api/queues/%2F", params={"columns": COLUMNS})
        answer.raise_for_status()
    return [
        Figures(
            queue["name"],
            queue.get("messages_ready"),
            queue.get("messages_unacknowledged"),
            queue.get("consumers"),
        )
        for queue in answer.json()
    ]


def observe(database_url: str, management_url: str) -> None:
    """Keep the figures of every consumer's queue."""
    asked_at = time.monotonic()
    seen = figures(management_url)
    database = Database(database_url)
    try:
        keep(database, seen, time.monotonic() - asked_at)
    finally:
        database.close()
