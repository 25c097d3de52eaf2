"""Works through statements that take a batch of rows each, with a transaction each."""

from __future__ import annotations

import time
from collections.abc import Mapping

from fintegrate.database import Database


def take_all(
    database: Database,
    statements: Mapping[str, str],
    parameters: Mapping[str, object],
    seconds: float,
) -> dict[str, int]:
    """Return how many rows each statement took. What is left after so many seconds is the next run's.

    A statement takes at most the parameter `batch` and returns a `count`. It is idempotent, so it may
    revive the connection.
    """
    deadline = time.monotonic() + seconds
    return {
        kind: _take(database, statement, parameters, deadline)
        for kind, statement in statements.items()
    }


def _take(
    database: Database, statement: str, parameters: Mapping[str, object], deadline: float
) -> int:
    """Take batches until one is not full."""
    taken, full = 0, True
    while full and time.monotonic() < deadline:
        row = database.fetch_one(statement, parameters, revive=True)
        count = int(row["count"]) if row else 0
        taken += count
        full = count == parameters["batch"]
    return taken
